// lab-agent: the program on each managed machine.

#include "agent/commands.h"

#include <cstdio>
#include <exception>
#include <string>
#include <vector>

int main(int argc, char** argv) {
    try {
        const std::vector<std::string> words(argv + 1, argv + argc);
        return lab::agent::run_command(words, LAB_VERSION);
    } catch (const std::exception& error) {
        std::fprintf(stderr, "lab-agent: internal error: %s\n", error.what());
    } catch (...) {
        std::fprintf(stderr, "lab-agent: internal error\n");
    }
    return 70;
}
