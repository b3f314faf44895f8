#pragma once
// Section `modules`: where a module comes from that is not found by itself.

#include "support/diagnostics.h"

#include <string>
#include <string_view>

namespace lab::spec {

/// A folder of the inventory, or a git repository at a ref.
struct ModuleSource {
    std::string name;
    std::string path;     // relative to the inventory's or the repository's root; "" is the repository's root
    std::string git, ref; // URL, and a branch, tag or full commit id; empty: the inventory itself
    Span at;
    bool from_git() const noexcept { return !git.empty(); }
};

/// Why git is not asked to fetch from `url`; empty where it is. Taken are https, http, ssh and file URLs and
/// HOST:PATH as ssh writes it; refused is what carries a password, runs a program (ext::) or could be taken
/// for an option.
std::string url_problem(std::string_view url);
/// Whether the URL carries what must not be printed.
bool has_credentials(std::string_view url);
/// Why `ref` is no branch, tag or full commit id; empty where it is one.
std::string ref_problem(std::string_view ref);
bool is_commit_id(std::string_view text) noexcept;

} // namespace lab::spec
