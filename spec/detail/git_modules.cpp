#include "spec/detail/git_modules.h"

#include "spec/detail/decode.h"

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

constexpr std::size_t kMaxLockBytes = 4u << 20;

const ModulePin* find_pin(const ModuleLock& lock, const std::string& name) {
    const auto found = lock.pins.find(name);
    return found == lock.pins.end() ? nullptr : &found->second;
}

} // namespace

std::string read_lock(const FileTree& tree, const Selection& selection, Loaded& loaded,
                      Diagnostics& diagnostics) {
    const std::string path(kLockFile);
    const TreeEntry* found = find_entry(selection.entries, path);
    if (!found) return {};
    const Span file{.file = FileName(path)};
    if (found->kind != EntryKind::File) {
        add_error(diagnostics, "module/bad-lock", "lab.lock must be a regular file", file,
                  "move it away; `lab modules update` then makes the file");
        return {};
    }
    auto text = tree.read(path, kMaxLockBytes);
    if (!text) {
        add_error(diagnostics, "spec/unreadable", text.error().text(), file, text.error().hint);
        return {};
    }
    loaded.lock = read_module_lock(*text, diagnostics);
    return *std::move(text);
}

void open_modules(const ModuleTrees& modules, Loaded& loaded, Diagnostics& diagnostics) {
    for (const auto& [name, source] : loaded.inventory.module_sources) {
        if (!source.from_git()) continue;
        const ModulePin* pin = find_pin(loaded.lock, name);
        const std::string problem = pin_problem(pin, source);
        if (!problem.empty()) {
            std::vector<Diagnostic::Note> notes;
            if (pin) notes.push_back({"the pin is here", pin->at});
            add_error(diagnostics, "module/not-pinned", problem, source.at,
                      fmt::format("`lab modules update {}` pins it", name), std::move(notes));
            continue;
        }
        if (auto tree = modules.open(source, *pin, diagnostics)) loaded.module_trees.emplace(name, tree);
    }
}

} // namespace lab::spec::detail
