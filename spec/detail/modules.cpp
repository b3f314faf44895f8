// The modules of an inventory: their order, what they depend on, where they may be used, and whether the
// params that levels give them fit.

#include "spec/detail/fleet_state.h"
#include "spec/detail/module_file.h"

#include <algorithm>
#include <queue>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

class ModuleResolver {
  public:
    ModuleResolver(FleetState& state, Reporter& reporter)
        : state_(state), table_(state.modules), reporter_(reporter) {
        for (const auto& [name, module] : state.inventory->modules) {
            table_.ids.emplace(name, static_cast<std::uint32_t>(table_.entries.size()));
            table_.entries.push_back(
                {.module = &module, .rank = 0, .closure = {}, .allowed = {}, .compiled = {}});
            names_.push_back(name);
        }
    }

    void run() {
        find_dependencies();
        order();
        close();
        for (ModuleEntry& entry : table_.entries) {
            if (entry.module->targets && !entry.module->targets->empty())
                entry.allowed = evaluate(state_, *entry.module->targets);
            entry.compiled = compile_module(*state_.inventory, *entry.module, reporter_);
        }
        attach_to_labels();
        check_levels();
    }

  private:
    std::optional<std::uint32_t> find(const Text& name) {
        if (const auto found = table_.ids.find(name.value); found != table_.ids.end()) return found->second;
        // Why a module that has a source could not be read was said there.
        if (state_.inventory->module_sources.contains(name.value)) return std::nullopt;
        std::string help = reporter_.suggest(name.value, names_);
        for (const ModuleEntry& entry : table_.entries)
            if (entry.module->folder == "modules/" + name.value)
                help = fmt::format("modules/{}/module.yaml calls itself '{}': use one of the two names",
                                   name.value, entry.module->name);
        if (help.empty()) help = fmt::format("it would be modules/{}/module.yaml", name.value);
        reporter_.error("spec/unknown-module", fmt::format("there is no module '{}'", name.value), name.at,
                        std::move(help));
        return std::nullopt;
    }

    void find_dependencies() {
        dependencies_.resize(table_.entries.size());
        for (std::size_t i = 0; i < table_.entries.size(); ++i)
            for (const Text& name : table_.entries[i].module->deps)
                if (const auto dependency = find(name)) dependencies_[i].push_back(*dependency);
    }

    /// Dependencies first, else by name. What is left in the end is part of a cycle or needs one.
    void order() {
        std::vector<std::size_t> missing(table_.entries.size());
        std::vector<std::vector<std::uint32_t>> needed_by(table_.entries.size());
        for (std::uint32_t i = 0; i < table_.entries.size(); ++i) {
            missing[i] = dependencies_[i].size();
            for (const std::uint32_t dependency : dependencies_[i])
                needed_by[dependency].push_back(i);
        }
        std::priority_queue<std::uint32_t, std::vector<std::uint32_t>, std::greater<>> ready;
        for (std::uint32_t i = 0; i < missing.size(); ++i)
            if (missing[i] == 0) ready.push(i);
        std::uint32_t rank = 0;
        while (!ready.empty()) {
            const std::uint32_t next = ready.top();
            ready.pop();
            table_.entries[next].rank = rank++;
            order_.push_back(next);
            for (const std::uint32_t after : needed_by[next])
                if (--missing[after] == 0) ready.push(after);
        }
        for (std::uint32_t i = 0; i < missing.size(); ++i)
            if (missing[i] != 0) table_.entries[i].rank = rank++;
        if (order_.size() < missing.size()) report_cycles(missing);
    }

    /// Walks along dependencies that are left: that must come back to where it has been.
    void report_cycles(const std::vector<std::size_t>& missing) {
        std::vector<bool> seen(missing.size());
        for (std::uint32_t start = 0; start < missing.size(); ++start) {
            std::vector<std::uint32_t> path;
            for (std::uint32_t at = start; missing[at] && !seen[at];) {
                seen[at] = true;
                path.push_back(at);
                const auto next =
                    std::find_if(dependencies_[at].begin(), dependencies_[at].end(),
                                 [&](std::uint32_t dependency) { return missing[dependency] != 0; });
                at = *next;
                const auto first = std::find(path.begin(), path.end(), at);
                if (first != path.end()) report_cycle({first, path.end()});
            }
        }
    }

    void report_cycle(std::vector<std::uint32_t> cycle) {
        std::rotate(cycle.begin(), std::min_element(cycle.begin(), cycle.end()), cycle.end());
        std::string text;
        std::vector<Diagnostic::Note> notes;
        for (std::size_t i = 0; i < cycle.size(); ++i) {
            const Module& module = *table_.entries[cycle[i]].module;
            const std::string& next = table_.entries[cycle[(i + 1) % cycle.size()]].module->name;
            text += module.name + " -> ";
            for (const Text& dependency : module.deps)
                if (dependency.value == next)
                    notes.push_back(
                        {fmt::format("'{}' depends on '{}' here", module.name, next), dependency.at});
        }
        const Span at = notes.front().at;
        notes.erase(notes.begin());
        reporter_.error(
            "spec/module-cycle",
            fmt::format("modules depend on each other: {}{}", text, table_.entries[cycle[0]].module->name),
            at, "remove one of the dependencies", std::move(notes));
    }

    void close() {
        for (const std::uint32_t i : order_) {
            std::vector<std::uint32_t>& closure = table_.entries[i].closure;
            closure.push_back(i);
            for (const std::uint32_t dependency : dependencies_[i]) {
                const auto& more = table_.entries[dependency].closure;
                closure.insert(closure.end(), more.begin(), more.end());
            }
            std::sort(closure.begin(), closure.end());
            closure.erase(std::unique(closure.begin(), closure.end()), closure.end());
        }
        for (std::uint32_t i = 0; i < table_.entries.size(); ++i)
            if (table_.entries[i].closure.empty()) table_.entries[i].closure.push_back(i);
    }

    void attach_to_labels() {
        table_.of_label.resize(state_.labels.declared.size());
        table_.params_of_label.resize(state_.labels.declared.size());
        for (std::size_t i = 0; i < state_.labels.declared.size(); ++i) {
            for (const Text& name : state_.labels.declared[i]->modules)
                if (const auto module = find(name)) table_.of_label[i].push_back(*module);
            for (const ParamSetting& setting : state_.labels.declared[i]->params)
                if (const auto module = table_.ids.find(setting.module); module != table_.ids.end())
                    table_.params_of_label[i].push_back(module->second);
            auto& with_params = table_.params_of_label[i];
            std::sort(with_params.begin(), with_params.end());
            with_params.erase(std::unique(with_params.begin(), with_params.end()), with_params.end());
        }
    }

    void check_levels() {
        check(state_.inventory->settings.defaults.params);
        for (const auto& [name, environment] : state_.inventory->environments)
            check(environment.params);
        for (const Label* label : state_.labels.declared)
            check(label->params);
        for (const Server& server : state_.inventory->servers)
            check(server.params);
    }

    void check(const std::vector<ParamSetting>& settings) {
        for (const ParamSetting& setting : settings) {
            const auto module = table_.ids.find(setting.module);
            if (module == table_.ids.end())
                find({setting.module, setting.module_at});
            else
                check(setting, *table_.entries[module->second].module);
        }
    }

    void check(const ParamSetting& setting, const Module& module) {
        const ParamSchema* schema = module.find_param(setting.name);
        if (!schema) {
            std::vector<std::string_view> known;
            for (const ParamSchema& param : module.params)
                known.push_back(param.name);
            std::string help = reporter_.suggest(setting.name, known);
            if (help.empty() && !known.empty()) help = fmt::format("it takes {}", listed(known));
            reporter_.error("spec/unknown-param",
                            fmt::format("module '{}' has no param '{}'", module.name, setting.name),
                            setting.name_at, std::move(help));
            return;
        }
        const std::string problem = param_problem(*schema, setting.value);
        if (!problem.empty())
            reporter_.error("spec/bad-param",
                            fmt::format("param '{}' of module '{}' {}", setting.name, module.name, problem),
                            setting.at, {}, {{"the param is declared here", schema->at}});
    }

    FleetState& state_;
    ModuleTable& table_;
    Reporter& reporter_;
    std::vector<std::string_view> names_;
    std::vector<std::vector<std::uint32_t>> dependencies_;
    std::vector<std::uint32_t> order_; // those not behind a cycle
};

} // namespace

void resolve_modules(FleetState& state, Reporter& reporter) {
    ModuleResolver(state, reporter).run();
}

} // namespace lab::spec::detail
