#include "cli/commands.h"
#include "cli/details.h"
#include "cli/places.h"
#include "cli/policy.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "KIND", .summary = "server; or server/NAME", .complete = Complete::ServerPath},
    {.name = "NAME", .summary = "which server", .required = false, .complete = Complete::Reference},
};
constexpr Example kExamples[] = {
    {"lab targets server first", "everything that reaches a server, and by which way"},
    {"lab targets server/first -o json", "the same as a document"},
};

std::string section(std::string_view title, const std::vector<std::vector<std::string>>& rows) {
    if (rows.empty()) return {};
    return fmt::format("\n  {} ({}):\n{}", title, rows.size(), branches(aligned(rows), "    "));
}

std::vector<std::vector<std::string>> param_rows(const std::vector<spec::Field>& fields) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::Field& field : fields)
        if (field.path.starts_with("params."))
            rows.push_back({fmt::format("{} = {}", field.path.substr(7), shown_value(field.effective.value)),
                            fmt::format("(from {})", origin_name(field.effective.origin))});
    return rows;
}

std::vector<std::vector<std::string>> alert_rows(const spec::Fleet& fleet, spec::ServerIndex index) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::ServerAlert& alert : spec::alerts_of(fleet, index))
        rows.push_back({alert.name, fmt::format("({})", origin_of(alert.chains.front()))});
    return rows;
}

std::vector<std::vector<std::string>> secret_rows(const spec::Fleet& fleet, spec::ServerIndex index) {
    std::vector<std::vector<std::string>> rows;
    for (const spec::ServerSecret& secret : spec::secrets_of(fleet, index))
        rows.push_back({secret.path, fmt::format("({})", origin_of(secret.chains.front()))});
    return rows;
}

Result<int> targets(const Arguments& arguments, Context& context) {
    auto reference = parse_reference(arguments.positionals());
    if (!reference)
        return refuse_usage(context, {reference.error().message, reference.error().hint, &kTargets});
    if (reference->kind != Kind::Server || reference->names.size() != 1)
        return refuse_usage(context, {.message = "'lab targets' takes one server: lab targets server NAME",
                                      .command = &kTargets});
    const std::string& name = reference->names.front();
    auto session = Session::open(arguments, context, Session::State::None, {.servers = {name}});
    if (!session) return std::move(session).error();
    const spec::Fleet& fleet = (*session)->fleet();
    const auto index = fleet.find(name);
    if (!index) return no_such(Kind::Server, name, names_of(Kind::Server, fleet));

    const auto fields = fleet.fields(*index);
    ValueList groups, params;
    std::vector<std::vector<std::string>> group_rows, module_rows;
    for (const std::string& group : fleet.groups(*index)) {
        const auto why = fleet.explain_membership(group, *index);
        groups.emplace_back(ValueMap{{"name", Value(group)}, {"why", Value(text_list(why))}});
        group_rows.push_back({group, why.empty() ? std::string() : fmt::format("({})", why.front())});
    }
    for (const spec::ModuleUnit& unit : fleet.modules(*index))
        module_rows.push_back({unit.module, fmt::format("({})", module_origin(unit))});
    for (const Value& field : fields_value(fields))
        if (field.get("path")->if_string()->starts_with("params.")) params.push_back(field);
    if (context.form == Form::Json || context.form == Form::Yaml) {
        print_document(context, "lab.targets/1",
                       {{"server", Value(name)},
                        {"environment", Value(fleet.environment(*index))},
                        {"labels", Value(text_list(fleet.labels(*index)))},
                        {"groups", Value(std::move(groups))},
                        {"modules", Value(modules_value(fleet, *index))},
                        {"params", Value(std::move(params))},
                        {"alerts", Value(alerts_value(fleet, *index))},
                        {"secrets", Value(secrets_value(fleet, *index))}});
        return kExitDone;
    }
    std::string out = fmt::format("Everything targeting {}:\n", name);
    out += fmt::format("  Labels:      {}\n  Environment: {}\n", bracketed(fleet.labels(*index)),
                       fleet.environment(*index));
    out += section("Groups", group_rows) + section("Modules", module_rows) +
           section("Params", param_rows(fields)) + section("Alerts", alert_rows(fleet, *index)) +
           section("Secrets", secret_rows(fleet, *index));
    context.out.write(out);
    return kExitDone;
}

} // namespace

constinit const Command kTargets{.words = "targets",
                                 .section = Section::Look,
                                 .summary = "print everything that reaches a server, and by which way",
                                 .positionals = kPositionals,
                                 .forms = kDocument,
                                 .examples = kExamples,
                                 .run = targets};

} // namespace lab::cli
