#include "api/facts.h"

#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::api {
namespace {

using enum FactType;

constexpr std::array kFacts{Fact{"format", Text},
                            Fact{"hostname", Text},
                            Fact{"os", Map},
                            Fact{"os.id", Text},
                            Fact{"os.version_id", Text},
                            Fact{"os.codename", Text},
                            Fact{"os.name", Text},
                            Fact{"os.family", Text},
                            Fact{"package_manager", Text},
                            Fact{"init", Text},
                            Fact{"kernel", Map},
                            Fact{"kernel.release", Text},
                            Fact{"kernel.arch", Text},
                            Fact{"boot", Map},
                            Fact{"boot.mode", Text},
                            Fact{"virtualization", Map},
                            Fact{"virtualization.kind", Text},
                            Fact{"virtualization.container", Boolean},
                            Fact{"dmi", Map},
                            Fact{"dmi.vendor", Text},
                            Fact{"dmi.product", Text},
                            Fact{"dmi.version", Text},
                            Fact{"dmi.serial", Text},
                            Fact{"dmi.uuid", Text},
                            Fact{"dmi.board_vendor", Text},
                            Fact{"dmi.board", Text},
                            Fact{"dmi.board_serial", Text},
                            Fact{"dmi.chassis_serial", Text},
                            Fact{"dmi.bios_vendor", Text},
                            Fact{"dmi.bios_version", Text},
                            Fact{"cpu", Map},
                            Fact{"cpu.model", Text},
                            Fact{"cpu.vendor", Text},
                            Fact{"cpu.sockets", Integer},
                            Fact{"cpu.cores", Integer},
                            Fact{"cpu.threads", Integer},
                            Fact{"memory", Map},
                            Fact{"memory.total", Integer},
                            Fact{"memory.swap", Integer},
                            Fact{"disks", Maps},
                            Fact{"disks[].name", Text},
                            Fact{"disks[].path", Text},
                            Fact{"disks[].size", Integer},
                            Fact{"disks[].serial", Text},
                            Fact{"disks[].wwn", Text},
                            Fact{"disks[].model", Text},
                            Fact{"disks[].rotational", Boolean},
                            Fact{"disks[].transport", Text},
                            Fact{"disks[].table", Text},
                            Fact{"disks[].fs", Text},
                            Fact{"disks[].partitions", Maps},
                            Fact{"disks[].partitions[].name", Text},
                            Fact{"disks[].partitions[].path", Text},
                            Fact{"disks[].partitions[].size", Integer},
                            Fact{"disks[].partitions[].start", Integer},
                            Fact{"disks[].partitions[].fs", Text},
                            Fact{"disks[].partitions[].label", Text},
                            Fact{"disks[].partitions[].uuid", Text},
                            Fact{"disks[].partitions[].partuuid", Text},
                            Fact{"disks[].partitions[].partlabel", Text},
                            Fact{"lvm", Map},
                            Fact{"lvm.vgs", Maps},
                            Fact{"lvm.vgs[].name", Text},
                            Fact{"lvm.vgs[].uuid", Text},
                            Fact{"lvm.vgs[].size", Integer},
                            Fact{"lvm.vgs[].free", Integer},
                            Fact{"lvm.vgs[].extent", Integer},
                            Fact{"lvm.vgs[].pvs", Texts},
                            Fact{"lvm.lvs", Maps},
                            Fact{"lvm.lvs[].name", Text},
                            Fact{"lvm.lvs[].vg", Text},
                            Fact{"lvm.lvs[].uuid", Text},
                            Fact{"lvm.lvs[].path", Text},
                            Fact{"lvm.lvs[].size", Integer},
                            Fact{"lvm.lvs[].fs", Text},
                            Fact{"mounts", Maps},
                            Fact{"mounts[].target", Text},
                            Fact{"mounts[].source", Text},
                            Fact{"mounts[].fs", Text},
                            Fact{"mounts[].size", Integer},
                            Fact{"nics", Maps},
                            Fact{"nics[].name", Text},
                            Fact{"nics[].mac", Text},
                            Fact{"nics[].state", Text},
                            Fact{"nics[].mtu", Integer},
                            Fact{"nics[].speed", Integer},
                            Fact{"nics[].driver", Text},
                            Fact{"nics[].addresses", Texts},
                            Fact{"gpus", Maps},
                            Fact{"gpus[].slot", Text},
                            Fact{"gpus[].vendor", Text},
                            Fact{"gpus[].device", Text},
                            Fact{"gpus[].driver", Text},
                            Fact{"gpus[].name", Text},
                            Fact{"volatile", Map},
                            Fact{"volatile.uptime", Integer},
                            Fact{"volatile.boot_id", Text},
                            Fact{"volatile.load", Text},
                            Fact{"volatile.used", Map}};

std::string_view words_of(FactType type) {
    switch (type) {
    case Text: return "a string";
    case Integer: return "an integer";
    case Boolean: return "true or false";
    case Texts: return "a list of strings";
    case Map: return "a map";
    case Maps: return "a list of maps";
    }
    return "a value";
}

bool is_of(FactType type, const Value& value) {
    switch (type) {
    case Text: return value.if_string();
    case Integer: return value.if_int();
    case Boolean: return value.if_bool();
    case Map: return value.if_map();
    case Texts:
    case Maps: return value.if_list();
    }
    return true;
}

/// What an item of a list is to be.
FactType item_of(FactType type) {
    return type == Texts ? Text : Map;
}

class Check {
  public:
    std::vector<FactProblem> run(const Value& facts) && {
        look(facts, {});
        return std::move(problems_);
    }

  private:
    void look(const Value& value, const std::string& path) {
        const Fact* fact = find_fact(path);
        if (fact && !value.is_null() && !is_of(fact->type, value))
            return refuse(fmt::format("'{}'", keys_.back()), fact->type, value);
        if (const ValueMap* map = value.if_map())
            for (const auto& [key, below] : *map) {
                keys_.push_back(key);
                const std::string name = path.empty() ? key : path + "." + key;
                if (!find_fact(name) && !fact_names(path).empty())
                    unknown(name, fact_names(path));
                else
                    look(below, name);
                keys_.pop_back();
            }
        const ValueList* list = value.if_list();
        for (std::size_t i = 0; list && i < list->size(); ++i) {
            keys_.push_back(std::to_string(i));
            look_at_item((*list)[i], fact, path + "[]");
            keys_.pop_back();
        }
    }

    void look_at_item(const Value& item, const Fact* list, const std::string& path) {
        if (list && !is_of(item_of(list->type), item))
            refuse(fmt::format("an item of '{}'", keys_[keys_.size() - 2]), item_of(list->type), item);
        else
            look(item, path);
    }

    /// `known` stand beside it.
    void unknown(const std::string& name, const std::vector<std::string_view>& known) {
        const auto near = nearest(keys_.back(), std::span<const std::string_view>(known));
        problems_.push_back({.path = keys_,
                             .message = fmt::format("there is no fact '{}'", escape_controls(name)),
                             .help = near ? fmt::format("did you mean '{}'?", *near)
                                          : std::string("docs/facts.md lists them"),
                             .unknown = true});
    }

    void refuse(const std::string& what, FactType wanted, const Value& value) {
        const bool whole = value.is_null() || value.if_map() || value.if_list();
        const std::string found =
            whole ? with_article(value.type_name()) : fmt::format("'{}'", escape_controls(display(value)));
        problems_.push_back({.path = keys_,
                             .message = fmt::format("{} must be {}, not {}", what, words_of(wanted), found),
                             .help = {}});
    }

    std::vector<FactProblem> problems_;
    std::vector<std::string> keys_;
};

} // namespace

const Fact* find_fact(std::string_view path) noexcept {
    const auto* found =
        std::find_if(kFacts.begin(), kFacts.end(), [&](const Fact& fact) { return fact.path == path; });
    return found == kFacts.end() ? nullptr : found;
}

std::vector<std::string_view> fact_names(std::string_view path) {
    std::vector<std::string_view> names;
    for (const Fact& fact : kFacts) {
        std::string_view name = fact.path;
        if (!path.empty()) {
            if (!name.starts_with(path) || !name.substr(path.size()).starts_with('.')) continue;
            name.remove_prefix(path.size() + 1);
        }
        if (name.find_first_of(".[") == std::string_view::npos) names.push_back(name);
    }
    return names;
}

std::vector<FactProblem> check_facts(const Value& facts) {
    return Check().run(facts);
}

} // namespace lab::api
