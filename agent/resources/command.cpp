#include "agent/detail/handlers.h"
#include "agent/detail/properties.h"
#include "agent/detail/tools.h"
#include "support/text.h"
#include "support/units.h"

#include <fmt/format.h>

#include <unistd.h>

namespace lab::agent {
namespace {

constexpr std::string_view kPath = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";

Result<std::vector<std::string>> argv_of(const api::Resource& resource, std::string_view property) {
    const Value* value = resource.properties.find(property);
    if (value && value->if_list()) return list_property(resource.properties, property);
    return Error{.code = ErrorCode::Unsupported,
                 .message = fmt::format("its '{}' is private and stands as a fingerprint here", property)};
}

struct Account {
    std::string uid, gid, home;
};

/// The user by the machine's passwd(5).
Result<Account> find_account(std::string_view user, const Tree& tree) {
    const auto text = tree.read("/etc/passwd", std::size_t{64} << 20);
    if (!text) return text.error();
    for (const std::string_view line : split(*text, '\n')) {
        const auto fields = split(line, ':');
        if (fields.size() < 6 || (fields[0] != user && fields[2] != user)) continue;
        const std::string_view home = fields[5].empty() ? std::string_view("/") : fields[5];
        return Account{
            .uid = std::string(fields[2]), .gid = std::string(fields[3]), .home = std::string(home)};
    }
    return Error{.code = ErrorCode::NotFound,
                 .message = fmt::format("there is no user '{}' in /etc/passwd", escape_controls(user))};
}

Result<Command> prepared(const api::Resource& resource, std::string_view property, const Host& host) {
    auto argv = argv_of(resource, property);
    if (!argv) return std::move(argv).error();
    Command command{.argv = *std::move(argv),
                    .directory = text_property(resource.properties, "cwd").value_or("/")};
    std::string home = "/root";
    if (const auto user = text_property(resource.properties, "user")) {
        const auto account = find_account(*user, host.tree);
        if (!account) return account.error();
        home = account->home;
        // setpriv is of util-linux, which every distribution has; it sets the groups too and starts no
        // session.
        if (account->uid != fmt::format("{}", ::geteuid()))
            command.argv.insert(command.argv.begin(), {"setpriv", "--reuid", account->uid, "--regid",
                                                       account->gid, "--init-groups", "--"});
    }
    std::vector<std::string> environment{std::string(kPath), "LANG=C.UTF-8", "HOME=" + home};
    const Value* variables = resource.properties.find("environment");
    if (variables && !variables->if_map())
        return Error{.code = ErrorCode::Unsupported,
                     .message = "its 'environment' is private and stands as a fingerprint here"};
    if (variables)
        for (const auto& [name, value] : *variables->if_map())
            environment.push_back(name + "=" + display(value));
    command.environment = std::move(environment);
    const auto timeout = parse_duration(text_property(resource.properties, "timeout").value_or("5m"));
    if (!timeout) return timeout.error();
    command.timeout = *timeout;
    return command;
}

class CommandHandler final : public Handler {
  public:
    std::string_view type() const override { return "command"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        if (const auto creates = text_property(resource.properties, "creates");
            creates && host.tree.exists(*creates))
            return ValueMap{{"done", true}};
        if (resource.properties.contains("unless")) {
            auto done = unless_succeeds(resource, host);
            if (!done) return std::move(done).error();
            if (*done) return ValueMap{{"done", true}};
        }
        // Where only a notification makes it run, there is nothing to do without one.
        const bool waits = boolean_property(resource.properties, "only_notified").value_or(false) &&
                           !resource.properties.contains("creates") &&
                           !resource.properties.contains("unless");
        return ValueMap{{"done", waits}};
    }

    Result<void> apply(const api::Resource& resource, const ValueMap&, Host& host) const override {
        auto command = prepared(resource, "run", host);
        if (!command) return std::move(command).error();
        const std::string program = list_property(resource.properties, "run").front();
        auto result = run(*command, host.stop);
        if (!result) return result.error();
        if (result->ok()) return {};
        if (resource.sensitive)
            return Error{
                .code = ErrorCode::Unavailable,
                .message = fmt::format(
                    "it failed with exit code {}; what it wrote is withheld, because it is sensitive",
                    result->exit_code)};
        return tool_failed(program, *result);
    }

    Result<void> refresh(const api::Resource& resource, Host& host) const override {
        return apply(resource, {}, host);
    }

  private:
    /// A program, user or folder that is not there yet leaves something to do: what makes it may come earlier
    /// in the run.
    static Result<bool> unless_succeeds(const api::Resource& resource, Host& host) {
        auto command = prepared(resource, "unless", host);
        if (!command && command.error().code == ErrorCode::NotFound) return false;
        if (!command) return std::move(command).error();
        auto result = run(*command, host.stop);
        if (!result && result.error().code == ErrorCode::NotFound) return false;
        if (!result) return std::move(result).error().during("while running 'unless'");
        return result->ok();
    }
};

} // namespace

std::unique_ptr<Handler> command_handler() {
    return std::make_unique<CommandHandler>();
}

} // namespace lab::agent
