#include "agent/detail/accounts.h"
#include "agent/detail/handlers.h"
#include "agent/detail/properties.h"
#include "agent/detail/tools.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <charconv>

#include <unistd.h>

namespace lab::agent {
namespace {

constexpr mode_t kHomeMode = 0700;

/// What the resource says of the account; a field that is not set is not managed.
struct Wanted {
    std::optional<std::uint32_t> uid;
    std::optional<std::string> group, home, shell, comment, password_hash;
    std::vector<std::string> groups;
    bool system = false;
    bool create_home = false;
};

Result<Wanted> read_wanted(const api::Resource& resource) {
    LAB_TRY(check_account_name("user", resource.name));
    const ValueMap& properties = resource.properties;
    Wanted wanted;
    if (const auto uid = integer_property(properties, "uid")) {
        if (*uid < 0 || *uid >= std::int64_t{UINT32_MAX})
            return Error{ErrorCode::Invalid, fmt::format("'uid' of a user cannot be {}", *uid), {}, {}};
        wanted.uid = static_cast<std::uint32_t>(*uid);
    }
    struct Field {
        std::string_view name;
        std::optional<std::string>* target;
    };
    for (const Field& field :
         {Field{"group", &wanted.group}, Field{"home", &wanted.home}, Field{"shell", &wanted.shell},
          Field{"comment", &wanted.comment}, Field{"password_hash", &wanted.password_hash}}) {
        *field.target = text_property(properties, field.name);
        if (*field.target) LAB_TRY(check_account_field(field.name, **field.target));
    }
    wanted.groups = list_property(properties, "groups");
    for (const std::string& name : wanted.groups)
        LAB_TRY(check_account_name("group", name));
    wanted.system = boolean_property(properties, "system").value_or(false);
    wanted.create_home = boolean_property(properties, "create_home").value_or(false);
    return wanted;
}

Error no_such_group(std::string_view name) {
    return Error{ErrorCode::NotFound,
                 fmt::format("there is no group '{}'", name),
                 {},
                 "declare it as a group resource"};
}

// The live system: through the distribution's own tools, which lock the files and tell caches and audit.

std::vector<std::string> account_options(const Wanted& wanted) {
    std::vector<std::string> argv;
    const auto add = [&argv](const char* option, const std::optional<std::string>& value) {
        if (value) argv.insert(argv.end(), {option, *value});
    };
    if (wanted.uid) argv.insert(argv.end(), {"--uid", fmt::format("{}", *wanted.uid)});
    add("--gid", wanted.group);
    add("--shell", wanted.shell);
    add("--comment", wanted.comment);
    if (!wanted.groups.empty())
        argv.insert(argv.end(), {"--groups", fmt::format("{}", fmt::join(wanted.groups, ","))});
    return argv;
}

Result<void> create_live(const std::string& name, const Wanted& wanted, Host& host) {
    std::vector<std::string> argv{"useradd"};
    for (std::string& option : account_options(wanted))
        argv.push_back(std::move(option));
    if (wanted.home) argv.insert(argv.end(), {"--home-dir", *wanted.home});
    if (wanted.system) argv.emplace_back("--system");
    argv.emplace_back(wanted.create_home ? "--create-home" : "--no-create-home");
    if (!wanted.group) {
        // useradd would make a group of this name and refuses where there is one; then that one is meant.
        auto accounts = Accounts::read(host.tree);
        if (!accounts) return std::move(accounts).error();
        if (accounts->group(name)) argv.insert(argv.end(), {"--gid", name});
    }
    argv.push_back(name);
    auto out = tool_output(std::move(argv), host.stop);
    return out ? Result<void>() : std::move(out).error();
}

Result<void> modify_live(const std::string& name, const Wanted& wanted, Host& host) {
    std::vector<std::string> argv{"usermod"};
    for (std::string& option : account_options(wanted))
        argv.push_back(std::move(option));
    if (!wanted.groups.empty()) argv.emplace_back("--append");
    if (wanted.home) argv.insert(argv.end(), {"--home", *wanted.home});
    if (argv.size() == 1) return {};
    argv.push_back(name);
    auto out = tool_output(std::move(argv), host.stop);
    return out ? Result<void>() : std::move(out).error();
}

Result<void> set_password_live(const std::string& name, const std::string& hash, Host& host) {
    // On stdin: arguments can be read by every user of the machine.
    auto out =
        tool_output({"chpasswd", "--encrypted"}, host.stop, {.input = fmt::format("{}:{}\n", name, hash)});
    return out ? Result<void>() : std::move(out).error();
}

Result<void> remove_live(const std::string& name, Host& host) {
    auto result = run_tool({"userdel", name}, host.stop);
    if (!result) return std::move(result).error();
    constexpr int kLoggedIn = 8;
    if (result->exit_code == kLoggedIn)
        return tool_failed("userdel", *result).with_hint("end the user's processes, then apply again");
    if (!result->ok()) return tool_failed("userdel", *result);
    return {};
}

// A tree: its files alone.

Result<void> make_home(const Tree& tree, const UserEntry& user) {
    if (tree.exists(user.home)) return {};
    LAB_TRY(tree.make_parents(user.home));
    LAB_TRY(tree.make_directory(user.home, kHomeMode));
    if (::geteuid() != 0) return {}; // an ordinary user's tree: everything in it is his
    return tree.set_ownership(user.home, std::nullopt, user.uid, user.gid);
}

/// The id of the primary group: the one asked for, else one of the user's own name, made where it is missing.
Result<std::uint32_t> primary_group(Accounts& accounts, const std::string& user, const Wanted& wanted) {
    const std::string name = wanted.group.value_or(user);
    if (const auto entry = accounts.group(name)) return entry->gid;
    if (wanted.group) {
        std::uint32_t gid = 0;
        const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), gid);
        if (error == std::errc() && end == name.data() + name.size()) return gid;
        return no_such_group(name);
    }
    auto next = accounts.next_group_id(wanted.system);
    if (!next) return std::move(next).error();
    accounts.put_group({user, *next, {}});
    return *next;
}

Result<void> put_in_tree(const std::string& name, const Wanted& wanted, const Tree& tree) {
    auto accounts = Accounts::read(tree);
    if (!accounts) return std::move(accounts).error();
    const auto before = accounts->user(name);
    UserEntry entry = before.value_or(UserEntry{name, 0, 0, {}, {}, {}});
    if (!before || wanted.group) {
        auto gid = primary_group(*accounts, name, wanted);
        if (!gid) return std::move(gid).error();
        entry.gid = *gid;
    }
    if (wanted.uid && (!before || before->uid != *wanted.uid) && accounts->has_user_id(*wanted.uid))
        return Error{ErrorCode::Conflict, fmt::format("uid {} belongs to another user", *wanted.uid), {}, {}};
    if (wanted.uid) {
        entry.uid = *wanted.uid;
    } else if (!before) {
        auto next = accounts->next_user_id(wanted.system);
        if (!next) return std::move(next).error();
        entry.uid = *next;
    }
    entry.home = wanted.home.value_or(before ? before->home : "/home/" + name);
    entry.shell = wanted.shell.value_or(before ? before->shell : "/bin/sh");
    entry.comment = wanted.comment.value_or(before ? before->comment : "");
    accounts->put_user(entry);
    if (wanted.password_hash) accounts->set_password_hash(name, *wanted.password_hash);
    for (const std::string& group_name : wanted.groups) {
        auto group = accounts->group(group_name);
        if (!group) return no_such_group(group_name);
        if (std::find(group->members.begin(), group->members.end(), name) != group->members.end()) continue;
        group->members.push_back(name);
        accounts->put_group(*group);
    }
    if (!before && wanted.create_home) LAB_TRY(make_home(tree, entry));
    return accounts->write(tree);
}

Result<void> remove_from_tree(const std::string& name, const Tree& tree) {
    auto accounts = Accounts::read(tree);
    if (!accounts) return std::move(accounts).error();
    const auto user = accounts->user(name);
    accounts->remove_user(name);
    // As userdel does: his own group goes with him when nobody else is in it.
    const auto own = accounts->group(name);
    if (user && own && own->gid == user->gid && own->members.empty() && !accounts->is_primary_group(own->gid))
        accounts->remove_group(name);
    return accounts->write(tree);
}

/// The group's name, or its number where it has none or the resource speaks of it by number.
std::string group_word(const Accounts& accounts, std::uint32_t gid, const api::Resource& resource) {
    std::string number = fmt::format("{}", gid);
    const auto group = accounts.group_by_id(gid);
    return !group || text_property(resource.properties, "group") == number ? number : group->name;
}

class UserHandler final : public Handler {
  public:
    std::string_view type() const override { return "user"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto accounts = Accounts::read(host.tree);
        if (!accounts) return std::move(accounts).error();
        const auto entry = accounts->user(resource.name);
        if (!entry) return ValueMap{{"ensure", "absent"}};
        ValueList groups;
        for (std::string& name : accounts->supplementary_groups(resource.name))
            groups.emplace_back(std::move(name));
        ValueMap observed{{"ensure", "present"},
                          {"uid", std::int64_t{entry->uid}},
                          {"group", group_word(*accounts, entry->gid, resource)},
                          {"groups", std::move(groups)},
                          {"home", entry->home},
                          {"shell", entry->shell},
                          {"comment", entry->comment}};
        if (auto hash = accounts->password_hash(resource.name))
            observed.set("password_hash", std::move(*hash));
        return observed;
    }

    Result<void> apply(const api::Resource& resource, const ValueMap& observed, Host& host) const override {
        auto wanted = read_wanted(resource);
        if (!wanted) return std::move(wanted).error();
        const bool exists = is_present(observed);
        if (wants_absent(resource)) {
            if (!exists) return {};
            return host.live ? remove_live(resource.name, host) : remove_from_tree(resource.name, host.tree);
        }
        if (!host.live) return put_in_tree(resource.name, *wanted, host.tree);
        LAB_TRY(exists ? modify_live(resource.name, *wanted, host)
                       : create_live(resource.name, *wanted, host));
        if (wanted->password_hash && text_property(observed, "password_hash") != wanted->password_hash)
            LAB_TRY(set_password_live(resource.name, *wanted->password_hash, host));
        return {};
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

std::unique_ptr<Handler> user_handler() {
    return std::make_unique<UserHandler>();
}

} // namespace lab::agent
