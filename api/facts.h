#pragma once
// The facts of docs/facts.md: which there are, and of what type each is. What templates name and what people
// write down of machines is checked against them.

#include "support/value.h"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace lab::api {

enum class FactType { Text, Integer, Boolean, Texts, Map, Maps };

struct Fact {
    std::string_view path; // "os", "os.id", "disks", "disks[].size"
    FactType type;
};
/// Null where no machine reports it.
const Fact* find_fact(std::string_view path) noexcept;
/// The names right below a fact, or of the facts themselves where `path` is empty. None where its keys are
/// free.
std::vector<std::string_view> fact_names(std::string_view path = {});

struct FactProblem {
    std::vector<std::string> path; // {"disks", "0", "size"}
    std::string message;           // "'size' must be an integer, not a string"
    std::string help;              // "did you mean 'name'?"
    /// No fact that this version knows. Another version of an agent may have reported it; in what a person
    /// wrote it is a slip.
    bool unknown = false;
};
/// Values of another type than machines report, and names that are not known.
std::vector<FactProblem> check_facts(const Value& facts);

} // namespace lab::api
