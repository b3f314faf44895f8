// A process of its own for the crash tests: writes to a home, or holds a lock in it, until it is killed.
//
//   store_writer steps HOME            journals run after run; a line for each step that is on the disk
//   store_writer hold HOME [SERVER...] takes a lock, says "held" or "refused: ...", and waits for the end of
//   stdin store_writer record HOME SERVER    opens the home with everyone else and records one server

#include "store_fixture.h"

#include <iostream>

namespace lab::store {
namespace {

int fail(const Error& error) {
    std::cerr << error.text() << "\n";
    return 1;
}

int write_steps(Store& store) {
    auto lock = store.lock({}, "store_writer");
    if (!lock) return fail(lock.error());
    for (int round = 0;; ++round) {
        std::vector<std::string> servers;
        for (int i = 0; i < 50; ++i)
            servers.push_back("web-" + std::to_string(i));
        const auto plan = plan_for(servers, "round " + std::to_string(round));
        const auto run = store.begin_run(new_run(plan), plan, lock->get());
        if (!run) return fail(run.error());
        for (std::size_t i = 0; i < servers.size(); ++i) {
            const std::string& action = plan.actions[i].id;
            if (auto begun = store.steps_started(run->id, {action}, run->id + action); !begun)
                return fail(begun.error());
            const std::string content = run->id + servers[i];
            if (auto done = store.step_done(run->id, {action}, application(servers[i], content),
                                            observation(servers[i], system_clock().wall(), content));
                !done)
                return fail(done.error());
            std::cout << run->id << " " << action << " " << servers[i] << std::endl;
        }
        if (auto ended = store.end_run(run->id, RunState::Done, true); !ended) return fail(ended.error());
        if (auto copied = store.snapshot("apply"); !copied) return fail(copied.error());
    }
}

int hold(Store& store, const std::vector<std::string>& servers) {
    const auto lock = store.lock(servers, "store_writer hold");
    if (lock)
        std::cout << "held" << std::endl;
    else
        std::cout << "refused: " << lock.error().message << std::endl;
    for (std::string line; std::getline(std::cin, line);) {
    }
    return 0;
}

int run(const std::vector<std::string>& arguments) {
    if (arguments.size() < 2) return 64;
    OpenNotes notes;
    auto store = Store::open({.home = arguments[1], .inventory = "inv-1", .clock = nullptr}, notes);
    if (!store) return fail(store.error());
    for (const auto& warning : notes.warnings)
        std::cerr << warning << "\n";
    if (!notes.warnings.empty()) return 2;
    const std::vector<std::string> rest(arguments.begin() + 2, arguments.end());
    if (arguments[0] == "steps") return write_steps(**store);
    if (arguments[0] == "hold") return hold(**store, rest);
    if (arguments[0] == "record") {
        const auto recorded = (*store)->record_applied({application(rest.at(0))});
        return recorded ? 0 : fail(recorded.error());
    }
    return 64;
}

} // namespace
} // namespace lab::store

int main(int count, char** arguments) {
    return lab::store::run({arguments + 1, arguments + count});
}
