#pragma once
// What the tests bring about on each machine.

#include "api/resource.h"

#include <vector>

namespace lab::providers::local {

inline std::vector<api::Resource> two_files() {
    std::vector<api::Resource> files(2);
    for (std::size_t i = 0; i < files.size(); ++i) {
        files[i].type = "file";
        files[i].name = i == 0 ? "/etc/motd" : "/etc/issue";
        files[i].module = "base";
        files[i].properties = {{"ensure", "present"}, {"content", "hello\n"}, {"mode", "0644"}};
    }
    return files;
}

} // namespace lab::providers::local
