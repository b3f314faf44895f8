#include "reconciler/cases.h"

#include "reconciler/detail/expectations.h"
#include "reconciler/detail/found_values.h"
#include "reconciler/targets.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler {
namespace {

using detail::Mismatches;

constexpr std::size_t kMaxFile = 32u << 20;
constexpr std::string_view kTests = "tests";

/// A symbolic link is followed, as among the inventory's own files. What cannot be read at all is told then:
/// passed over, a case would not be run and nobody would know.
bool is_case_file(const TreeEntry& entry) {
    return entry.kind != EntryKind::Directory && entry.kind != EntryKind::Submodule &&
           (entry.path.ends_with(".yaml") || entry.path.ends_with(".yml"));
}

std::string parent_of(std::string_view path) {
    const auto slash = path.rfind('/');
    return std::string(slash == std::string_view::npos ? std::string_view() : path.substr(0, slash));
}

/// A path that stands in a file of cases: below the folder of that file.
Result<std::string> beside(const spec::Text& path) {
    const std::string folder = path.at.file ? parent_of(*path.at.file) : std::string();
    for (const std::string_view part : split(path.value, '/'))
        if (part.empty() || part == "." || part == "..")
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("'{}' is no path below {}", path.value, folder),
                         .hint = "name a file by its path from the folder of the case's file"};
    return folder + "/" + path.value;
}

/// Where cases lie, and what their paths begin with for people.
struct CaseFolder {
    const FileTree& tree;
    std::string path, shown;
};

/// Reads the case files of folders.
class Loader {
  public:
    explicit Loader(CaseSets& sets) : sets_(sets) {}

    CaseSet read(const CaseFolder& folder, const std::string& module) {
        CaseSet set{.module = module, .folder = folder.shown, .files = {}};
        auto entries = folder.tree.list(folder.path, [](const TreeEntry&) { return true; });
        if (!entries) { // no folder, no cases
            if (entries.error().code != ErrorCode::NotFound) unreadable(folder.shown, entries.error());
            return set;
        }
        for (const TreeEntry& entry : *entries)
            if (is_case_file(entry) && parent_of(entry.path) == folder.path)
                read_file(folder, entry.path, set);
        return set;
    }

    SourceLines lines() && {
        auto texts = std::make_shared<std::map<std::string, std::string>>(std::move(texts_));
        return [texts](const std::string& file, std::uint32_t line) -> std::optional<std::string> {
            const auto found = texts->find(file);
            if (found == texts->end() || line == 0) return std::nullopt;
            const auto all = split(found->second, '\n');
            return line > all.size() ? std::nullopt : std::optional(std::string(all[line - 1]));
        };
    }

  private:
    void read_file(const CaseFolder& folder, const std::string& path, CaseSet& set) {
        const std::string shown = folder.shown + path.substr(folder.path.size());
        auto text = folder.tree.read(path, kMaxFile);
        if (!text) return unreadable(shown, text.error());
        texts_.emplace(shown, *text);
        set.files.push_back(
            spec::decode_cases(shown, std::move(*text), !set.module.empty(), sets_.diagnostics));
    }

    void unreadable(const std::string& shown, const Error& error) {
        const std::string help = "every *.yaml right in the folder is a file of cases: mend it or remove it";
        sets_.diagnostics.add({.code = "spec/unreadable",
                               .message = error.text(),
                               .at = {.file = FileName(shown)},
                               .help = error.hint.empty() ? help : error.hint,
                               .notes = {}});
    }

    CaseSets& sets_;
    std::map<std::string, std::string> texts_;
};

/// The module's folder of tests. One from git has a tree of its own, which begins at its folder.
CaseFolder tests_of(const LoadedInventory& inventory, const spec::Module& module) {
    std::string name = module.tests ? module.tests->value : std::string(kTests);
    while (name.ends_with('/'))
        name.pop_back();
    const auto& trees = inventory.loaded.module_trees;
    const auto own = trees.find(module.name);
    if (own != trees.end()) return {*own->second, name, module.root + name};
    const std::string path = module.root + name;
    return {inventory.source.tree(), path, path};
}

Mismatch cannot_read(const spec::Text& file, const Error& error) {
    return {.what = "reading " + file.value, .expected = "a file", .found = error.text(), .at = file.at};
}

std::string first_error(const Diagnostics& diagnostics) {
    const std::vector<Diagnostic> all = diagnostics.sorted();
    const Diagnostic& first = *std::find_if(
        all.begin(), all.end(), [](const Diagnostic& one) { return one.severity == Severity::Error; });
    return fmt::format("{}: {}{}", first.at.text(), first.message,
                       first.help.empty() ? std::string() : " (" + first.help + ")");
}

std::string told(const Error& error) {
    return error.text() + (error.hint.empty() ? std::string() : " (" + error.hint + ")");
}

/// One case of the inventory while it runs.
class Run {
  public:
    Run(const LoadedInventory& inventory, const spec::Fleet& fleet, const providers::ProviderTable& providers,
        const api::FingerprintKey& key, const spec::Case& one)
        : inventory_(inventory), base_(fleet), providers_(providers), key_(key), case_(one) {}

    Mismatches run() && {
        if (!lay_over()) return std::move(mismatches_);
        const spec::Expectations& expect = case_.expect;
        const spec::Fleet& fleet = changed_ ? *changed_ : base_;
        if (expect.diagnostics && !diagnostics_.has_errors()) fleet.check_documents(diagnostics_);
        const bool planned = expect.actions || !expect.summary.empty() || !expect.warnings.empty();
        // What is given of machines and plan is checked also where nothing of the plan is expected.
        const bool given = case_.observed || case_.recording || case_.only || !case_.targets.empty();
        if ((planned || given) && !diagnostics_.has_errors() && !make_plan(fleet))
            return std::move(mismatches_);
        detail::compare_diagnostics(expect.diagnostics, diagnostics_, expect.at, mismatches_);
        detail::compare_members(expect.members, fleet, mismatches_);
        compare_values(fleet);
        if (planned) compare_plan();
        return std::move(mismatches_);
    }

  private:
    /// The inventory that the case is about; false where a file of the case cannot be read.
    bool lay_over() {
        if (!case_.overlay && case_.fragments.empty()) return true;
        const spec::Inventory* under = &inventory_.loaded.inventory;
        const auto lay = [&](const spec::Document& document, const spec::Node& definitions) {
            overlay_ = spec::overlaid(*under, document, definitions, diagnostics_);
            under = &*overlay_;
        };
        if (case_.overlay) lay(*case_.document, case_.overlay);
        for (const spec::Text& fragment : case_.fragments) {
            const auto path = beside(fragment);
            auto text =
                path ? inventory_.source.tree().read(*path, kMaxFile) : Result<std::string>(path.error());
            if (!text) {
                mismatches_.push_back(cannot_read(fragment, text.error()));
                return false;
            }
            const auto document = spec::Document::parse(*path, std::move(*text), diagnostics_);
            if (document) lay(*document, document->root());
        }
        if (!overlay_) return true; // a fragment that is no YAML
        changed_ = std::make_unique<spec::Fleet>(
            spec::Fleet::resolve(*overlay_, TableRules(providers_), key_, diagnostics_));
        return true;
    }

    bool make_plan(const spec::Fleet& fleet) {
        if (!read_recording(fleet)) return false;
        if (recording_.servers.empty() && !plans_everything())
            return fails("observed",
                         "no server: nothing is planned then; name one, or plan 'everything', or leave "
                         "'observed' out",
                         case_.recording ? case_.recording->at : case_.observed.span());
        if (case_.only) {
            Diagnostics unknown;
            fleet.check(*case_.only, unknown);
            if (unknown.has_errors()) return fails("plan", first_error(unknown), case_.only->at);
        }
        std::vector<store::ServerKeys> known; // targets may name what the case takes out
        for (const auto& [name, server] : recording_.servers)
            known.push_back({.name = name, .applied = server.in_order || server.applied});
        std::vector<std::string> targets;
        for (const spec::Text& target : case_.targets) {
            const auto checked = targets_of({target.value}, fleet, known);
            if (!checked) return fails("plan", told(checked.error()), target.at);
            targets.push_back(target.value);
        }
        const Workspace base{.fleet = base_, .origin = inventory_.origin};
        const Workspace now{.fleet = fleet, .origin = inventory_.origin};
        Prepared prepared = prepare_what_if(now, {.recording = recording_,
                                                  .digest = {},
                                                  .in_order = base,
                                                  .providers = providers_,
                                                  .filter = case_.only,
                                                  .targets = std::move(targets),
                                                  .scope = {},
                                                  .allow_destroy = case_.allow_destroy,
                                                  .only_recorded = !plans_everything()});
        diagnostics_.append(std::move(prepared.diagnostics));
        if (diagnostics_.has_errors()) return true; // nothing is planned then
        for (const spec::Text& target : case_.targets) {
            const std::string server(split(target.value, '/')[1]);
            if (!std::binary_search(prepared.servers.begin(), prepared.servers.end(), server))
                return fails("plan",
                             fmt::format("the case plans nothing of server '{}'{}", server, why_not()),
                             target.at);
        }
        if (case_.only && prepared.servers.empty())
            return fails("plan", "'only' selects none of the servers that the case plans", case_.only->at);
        if (prepared.servers.empty())
            return fails("plan",
                         "nothing is planned: no server of the case is in the inventory, nor was one applied",
                         case_.expect.at);
        plan_ = std::move(prepared.plan);
        return true;
    }

    /// Also servers of which nothing is recorded.
    bool plans_everything() const { return case_.everything || !(case_.observed || case_.recording); }

    /// Why a server that is there is not planned.
    std::string_view why_not() const {
        return case_.only ? ": 'only' leaves it out"
                          : ": name it in 'observed', or plan 'everything', or leave 'observed' out";
    }

    /// What is given of the machines; with nothing, all of them as the inventory without the overlay wants
    /// them.
    bool read_recording(const spec::Fleet& planned) {
        const RecordingCheck check = [&](const planner::Recording& recording) {
            auto problems = unknown_servers(recording, base_, planned);
            auto resources = unknown_resources(recording, base_, planned);
            problems.insert(problems.end(), std::make_move_iterator(resources.begin()),
                            std::make_move_iterator(resources.end()));
            const std::string& of = recording.inventory;
            if (!of.empty() && of != inventory_.origin.id)
                problems.push_back({.path = {"inventory"},
                                    .message = fmt::format("the recording is of inventory '{}', this is '{}'",
                                                           escape_controls(of), inventory_.origin.id),
                                    .help = "take its key 'inventory' out to plan on it all the same",
                                    .of_key = false});
            return problems;
        };
        if (case_.observed) {
            auto read = planner::recording_from_value(case_.observed.as_value());
            if (!read.has_errors()) read.problems = check(read.recording);
            Diagnostics wrong;
            add_recording_problems(read.problems, case_.observed, wrong);
            if (wrong.has_errors()) return fails("observed", first_error(wrong), case_.observed.span());
            recording_ = std::move(read.recording);
        } else if (case_.recording) {
            const auto path = beside(*case_.recording);
            auto text = path ? inventory_.source.tree().read(*path, std::size_t{1} << 30)
                             : Result<std::string>(path.error());
            if (!text) return fails("observed", text.error().text(), case_.recording->at);
            auto read = reconciler::read_recording(*path, std::move(*text), check);
            if (read.diagnostics.has_errors())
                return fails("observed", first_error(read.diagnostics), case_.recording->at);
            recording_ = std::move(read.recording);
        } else {
            for (spec::ServerIndex index = 0; index < base_.size(); ++index)
                recording_.servers[base_.server(index).name].in_order = true;
        }
        return true;
    }

    bool fails(std::string what, std::string found, const Span& at) {
        mismatches_.push_back({.what = std::move(what),
                               .expected = "something that can be planned on",
                               .found = std::move(found),
                               .at = at});
        return false;
    }

    void compare_plan() {
        const spec::Expectations& expect = case_.expect;
        if (!plan_) {
            mismatches_.push_back({.what = "plan",
                                   .expected = "a plan",
                                   .found = "none: the inventory has errors",
                                   .at = expect.at});
            return;
        }
        if (expect.actions) {
            detail::PlanNames names;
            names.add(base_);
            if (changed_) names.add(*changed_);
            names.add(recording_);
            detail::compare_actions(*expect.actions, *plan_, names, mismatches_);
        }
        detail::compare_summary(expect.summary, *plan_, mismatches_);
        detail::compare_warnings(expect.warnings, *plan_, mismatches_);
    }

    void compare_values(const spec::Fleet& fleet) {
        std::string server;
        std::optional<detail::FoundValues> found;
        for (const spec::ExpectedValue& wanted : case_.expect.values) {
            const auto index = fleet.find(wanted.server.value);
            const std::string what = fmt::format("value {} of server {}", wanted.path, wanted.server.value);
            if (!index) {
                mismatches_.push_back({.what = what,
                                       .expected = detail::shown(wanted.value),
                                       .found = "no such server",
                                       .at = wanted.server.at});
                continue;
            }
            if (!found || server != wanted.server.value) {
                Diagnostics said_elsewhere;
                server = wanted.server.value;
                found.emplace(fleet, *index, fleet.units(*index, said_elsewhere), base_.inventory(),
                              providers_, key_);
            }
            if (auto difference = found->difference(wanted.path, wanted.value))
                mismatches_.push_back({.what = what,
                                       .expected = detail::shown(wanted.value),
                                       .found = std::move(*difference),
                                       .at = wanted.at});
        }
    }

    const LoadedInventory& inventory_;
    const spec::Fleet& base_;
    const providers::ProviderTable& providers_;
    const api::FingerprintKey& key_;
    const spec::Case& case_;
    std::optional<spec::Inventory> overlay_;
    std::unique_ptr<spec::Fleet> changed_; // refers to overlay_
    planner::Recording recording_;
    std::optional<api::Plan> plan_;
    Diagnostics diagnostics_;
    Mismatches mismatches_;
};

/// The resources of the server in a module's case, worked out with its facts.
std::vector<spec::ModuleUnit> with_facts(std::vector<spec::ModuleUnit> units, const Value& facts) {
    for (spec::ModuleUnit& unit : units) {
        std::vector<api::Resource> kept;
        for (api::Resource& resource : unit.resources) {
            auto known = api::with_facts(resource, facts);
            if (!known)
                kept.push_back(std::move(resource)); // it reads facts that are not given: its templates stay
            else if (*known)
                kept.push_back(**std::move(known));
        }
        unit.resources = std::move(kept);
    }
    return units;
}

/// The list names what the module itself has; a map may also name what its dependencies bring.
void compare_resources(const spec::Expectations& expect, const std::string& module,
                       const std::vector<spec::ModuleUnit>& units, const detail::FoundValues& found,
                       Mismatches& mismatches) {
    std::vector<std::string> ids, own;
    for (const spec::ModuleUnit& unit : units)
        for (const api::Resource& resource : unit.resources) {
            ids.push_back(resource.id());
            if (unit.module == module) own.push_back(resource.id());
        }
    const auto has = [&](const std::string& id) {
        return std::find(ids.begin(), ids.end(), id) != ids.end();
    };
    for (const spec::ExpectedResource& wanted : expect.resources) {
        if (has(wanted.id) != wanted.present) {
            const auto near =
                wanted.present ? nearest(wanted.id, std::span<const std::string>(ids)) : std::nullopt;
            mismatches.push_back({.what = "resource " + wanted.id,
                                  .expected = wanted.present ? "to be there" : "not to be there",
                                  .found = !wanted.present ? "it is there"
                                           : near          ? "none; there is " + *near
                                                           : "none",
                                  .at = wanted.at});
            continue;
        }
        for (const auto& [name, value] : wanted.properties) {
            auto difference = found.difference(wanted.id + "." + name, value);
            if (!difference) continue;
            const auto place = std::find_if(wanted.places.begin(), wanted.places.end(),
                                            [&name = name](const auto& one) { return one.first == name; });
            mismatches.push_back({.what = fmt::format("{} of {}", name, wanted.id),
                                  .expected = detail::shown(value),
                                  .found = std::move(*difference),
                                  .at = place == wanted.places.end() ? wanted.at : place->second});
        }
    }
    if (!expect.resource_ids) return;
    std::vector<std::string> wanted;
    for (const spec::Text& id : *expect.resource_ids)
        wanted.push_back(id.value);
    for (const spec::Text& id : *expect.resource_ids)
        if (!has(id.value))
            mismatches.push_back(
                {.what = "resource " + id.value, .expected = "to be there", .found = "none", .at = id.at});
    for (const std::string& id : own)
        if (std::find(wanted.begin(), wanted.end(), id) == wanted.end())
            mismatches.push_back({.what = "resource " + id,
                                  .expected = "not to be there",
                                  .found = "it is there",
                                  .at = expect.at});
}

} // namespace

std::size_t CaseSet::size() const noexcept {
    std::size_t count = 0;
    for (const spec::CaseFile& file : files)
        count += file.cases.size();
    return count;
}

CaseSets load_cases(const LoadedInventory& inventory) {
    CaseSets sets;
    Loader loader(sets);
    const std::string tests(kTests);
    sets.inventory = loader.read({inventory.source.tree(), tests, tests}, {});
    for (const auto& [name, module] : inventory.loaded.inventory.modules)
        sets.modules.push_back(loader.read(tests_of(inventory, module), name));
    sets.lines = std::move(loader).lines();
    return sets;
}

CaseRunner::CaseRunner(const LoadedInventory& inventory, const spec::Fleet& fleet,
                       const providers::ProviderTable& providers, const api::FingerprintKey& key)
    : inventory_(inventory), fleet_(fleet), providers_(providers), key_(key) {}

CaseResult CaseRunner::run(const spec::Case& one) const {
    return {.name = one.name,
            .module = {},
            .at = one.at,
            .mismatches = Run(inventory_, fleet_, providers_, key_, one).run()};
}

CaseResult CaseRunner::run(const std::string& module, const spec::Case& one) const {
    CaseResult result{.name = one.name, .module = module, .at = one.at, .mismatches = {}};
    const spec::Inventory& base = inventory_.loaded.inventory;
    const spec::Inventory small = spec::inventory_of_module(base, base.modules.at(module), one);
    Diagnostics diagnostics;
    const auto fleet = spec::Fleet::resolve(small, TableRules(providers_), key_, diagnostics);
    std::vector<spec::ModuleUnit> units;
    if (!diagnostics.has_errors()) units = with_facts(fleet.units(0, diagnostics), one.facts);
    detail::compare_diagnostics(one.expect.diagnostics, diagnostics, one.expect.at, result.mismatches);
    if (diagnostics.has_errors()) {
        if (!one.expect.resources.empty() || one.expect.resource_ids || !one.expect.values.empty())
            result.mismatches.push_back({.what = "resources",
                                         .expected = "resources",
                                         .found = "none: there are errors",
                                         .at = one.expect.at});
        return result;
    }
    const detail::FoundValues found(fleet, 0, units, base, providers_, key_);
    compare_resources(one.expect, module, units, found, result.mismatches);
    for (const spec::ExpectedValue& wanted : one.expect.values)
        if (auto difference = found.difference(wanted.path, wanted.value))
            result.mismatches.push_back({.what = "value " + wanted.path,
                                         .expected = detail::shown(wanted.value),
                                         .found = std::move(*difference),
                                         .at = wanted.at});
    return result;
}

} // namespace lab::reconciler
