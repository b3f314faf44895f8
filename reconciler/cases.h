#pragma once
// Runs the cases of `lab test`: what is given against what is expected. Pure but for reading the files that a
// case names; no machine, no state.

#include "reconciler/inventory_source.h"
#include "reconciler/what_if.h"
#include "spec/cases.h"

namespace lab::reconciler {

/// One thing that is not as expected.
struct Mismatch {
    std::string what; // "actions", "value params.motd.banner of server web-1"
    std::string expected, found;
    Span at; // of the expectation
};

struct CaseResult {
    std::string name;
    std::string module; // empty: a case of the inventory
    Span at;
    std::vector<Mismatch> mismatches;
    bool passed() const noexcept { return mismatches.empty(); }
};

/// A set of files of cases, those of the inventory or of one module.
struct CaseSet {
    std::string module;
    std::string folder;                // for people: "modules/motd/tests"
    std::vector<spec::CaseFile> files; // sorted by path
    std::size_t size() const noexcept; // cases
};

struct CaseSets {
    CaseSet inventory;
    std::vector<CaseSet> modules; // sorted by name; of each module, also one without cases
    Diagnostics diagnostics;      // with errors nothing is run
    SourceLines lines;            // of the files of cases
};
/// Reads tests/*.yaml of the inventory and of its modules.
CaseSets load_cases(const LoadedInventory& inventory);

/// What cases are run against: an inventory without errors, loaded and resolved once.
class CaseRunner {
  public:
    CaseRunner(const LoadedInventory& inventory, const spec::Fleet& fleet,
               const providers::ProviderTable& providers, const api::FingerprintKey& key);

    CaseResult run(const spec::Case& one) const;
    CaseResult run(const std::string& module, const spec::Case& one) const;

  private:
    const LoadedInventory& inventory_;
    const spec::Fleet& fleet_;
    const providers::ProviderTable& providers_;
    api::FingerprintKey key_;
};

} // namespace lab::reconciler
