#include "agent/detail/accounts.h"
#include "agent/detail/handlers.h"
#include "agent/detail/properties.h"
#include "agent/detail/tools.h"

#include <fmt/format.h>

namespace lab::agent {
namespace {

Result<std::optional<std::uint32_t>> wanted_id(const api::Resource& resource) {
    const auto gid = integer_property(resource.properties, "gid");
    if (!gid) return std::optional<std::uint32_t>();
    if (*gid < 0 || *gid >= std::int64_t{UINT32_MAX})
        return Error{ErrorCode::Invalid, fmt::format("'gid' of a group cannot be {}", *gid), {}, {}};
    return std::optional(static_cast<std::uint32_t>(*gid));
}

Result<void> apply_to_tree(const api::Resource& resource, const Tree& tree) {
    auto accounts = Accounts::read(tree);
    if (!accounts) return std::move(accounts).error();
    if (wants_absent(resource)) {
        const auto entry = accounts->group(resource.name);
        if (entry && accounts->is_primary_group(entry->gid))
            return Error{ErrorCode::Conflict,
                         fmt::format("group '{}' is the primary group of a user", resource.name),
                         {},
                         {}};
        accounts->remove_group(resource.name);
        return accounts->write(tree);
    }
    auto gid = wanted_id(resource);
    if (!gid) return std::move(gid).error();
    GroupEntry entry = accounts->group(resource.name).value_or(GroupEntry{resource.name, 0, {}});
    const bool exists = accounts->group(resource.name).has_value();
    if (*gid) {
        const auto owner = accounts->group_by_id(**gid);
        if (owner && owner->name != resource.name)
            return Error{
                ErrorCode::Conflict, fmt::format("gid {} belongs to group '{}'", **gid, owner->name), {}, {}};
        entry.gid = **gid;
    } else if (!exists) {
        auto next = accounts->next_group_id(boolean_property(resource.properties, "system").value_or(false));
        if (!next) return std::move(next).error();
        entry.gid = *next;
    }
    accounts->put_group(entry);
    return accounts->write(tree);
}

class GroupHandler final : public Handler {
  public:
    std::string_view type() const override { return "group"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto accounts = Accounts::read(host.tree);
        if (!accounts) return std::move(accounts).error();
        const auto entry = accounts->group(resource.name);
        if (!entry) return ValueMap{{"ensure", "absent"}};
        return ValueMap{{"ensure", "present"}, {"gid", std::int64_t{entry->gid}}};
    }

    Result<void> apply(const api::Resource& resource, const ValueMap& observed, Host& host) const override {
        LAB_TRY(check_account_name("group", resource.name));
        if (!host.live) return apply_to_tree(resource, host.tree);
        const bool exists = is_present(observed);
        std::vector<std::string> argv;
        if (wants_absent(resource)) {
            if (!exists) return {};
            argv = {"groupdel"};
        } else {
            auto gid = wanted_id(resource);
            if (!gid) return std::move(gid).error();
            argv = {exists ? "groupmod" : "groupadd"};
            if (!exists && boolean_property(resource.properties, "system").value_or(false))
                argv.emplace_back("--system");
            if (*gid) argv.insert(argv.end(), {"--gid", fmt::format("{}", **gid)});
        }
        argv.push_back(resource.name);
        auto out = tool_output(std::move(argv), host.stop);
        if (!out) return std::move(out).error();
        return {};
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

std::unique_ptr<Handler> group_handler() {
    return std::make_unique<GroupHandler>();
}

} // namespace lab::agent
