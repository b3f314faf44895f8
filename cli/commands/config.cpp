// The four `lab config` commands: small, and one table's worth of knowledge.
#include "cli/commands.h"
#include "cli/config_file.h"
#include "cli/context.h"
#include "support/files.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr std::size_t kMaxConfigBytes = 1u << 20;

std::string origin_text(const SettingRule& rule, SettingOrigin origin) {
    switch (origin) {
    case SettingOrigin::Default: return "default";
    case SettingOrigin::File: return "config.yaml";
    case SettingOrigin::Variable: return std::string(rule.variable);
    case SettingOrigin::Flag: return "flag";
    }
    return "default";
}

Result<int> list_settings(const Arguments&, Context& context) {
    Table table{.columns = {{.title = "SETTING"}, {.title = "VALUE"}, {.title = "FROM"}}, .rows = {}};
    ValueList items;
    for (const SettingRule& rule : setting_rules()) {
        const SettingValue& value = context.settings.get(rule.name);
        const std::string from = origin_text(rule, value.origin);
        table.rows.push_back({std::string(rule.name), value.value, from});
        items.emplace_back(ValueMap{{"name", Value(rule.name)},
                                    {"value", value.value.empty() ? Value() : Value(value.value)},
                                    {"from", Value(from)},
                                    {"summary", Value(rule.summary)}});
    }
    if (context.form == Form::Table)
        context.out.write(table.text(false, context.paint));
    else
        print_document(
            context, "lab.config/1",
            {{"path", Value(context.settings.file().string())}, {"settings", Value(std::move(items))}});
    return kExitDone;
}

Result<int> get_setting(const Arguments& arguments, Context& context) {
    auto rule = find_setting(arguments.positional(0));
    if (!rule) return std::move(rule).error();
    const SettingValue& value = context.settings.get((*rule)->name);
    if (value.value.empty())
        return Error{.code = ErrorCode::NotFound,
                     .message = fmt::format("'{}' is not set", (*rule)->name),
                     .hint = fmt::format("'lab config set {} VALUE' or the environment variable {} sets it",
                                         (*rule)->name, (*rule)->variable)};
    context.out.write(fmt::format("{}\n", escape_controls(value.value)));
    return kExitDone;
}

Result<int> set_setting(const Arguments& arguments, Context& context) {
    auto rule = find_setting(arguments.positional(0));
    if (!rule) return std::move(rule).error();
    std::string value(arguments.positional(1));
    if (!value.empty()) LAB_TRY(check_setting(**rule, value));
    const std::filesystem::path file = context.settings.file();
    auto text = read_file(file, kMaxConfigBytes);
    if (!text && text.error().code != ErrorCode::NotFound) return std::move(text).error();
    auto edited = edit_config(text ? *text : std::string(), (*rule)->name, value);
    if (!edited) return std::move(edited).error().during(fmt::format("while editing {}", file.string()));
    // What else is wrong in the file would be refused by the next command.
    if (auto values = parse_config(file, *edited); !values) {
        Error error = std::move(values).error().during("nothing was written");
        if (error.hint.empty()) error.hint = "mend that in an editor first";
        return error;
    }
    LAB_TRY(make_directories(file.parent_path(), 0700));
    LAB_TRY(write_file_atomic(file, *edited, {.mode = 0600}));
    const SettingValue& now = context.settings.get((*rule)->name);
    if (now.origin == SettingOrigin::Variable)
        context.note(fmt::format("{} in the environment goes over it: '{}' stays in force there",
                                 (*rule)->variable, now.value));
    return kExitDone;
}

Result<int> print_path(const Arguments&, Context& context) {
    context.out.write(fmt::format("{}\n", context.settings.file().string()));
    return kExitDone;
}

constexpr Positional kName[] = {
    {.name = "SETTING",
     .summary = "one of those that 'lab config list' prints",
     .complete = Complete::Setting},
};
constexpr Positional kNameAndValue[] = {
    {.name = "SETTING",
     .summary = "one of those that 'lab config list' prints",
     .complete = Complete::Setting},
    {.name = "VALUE",
     .summary = "what it shall be; '' goes back to the default",
     .complete = Complete::SettingValue},
};
constexpr Example kListExamples[] = {
    {"lab config list", "every setting, its value and where that comes from"},
    {"LAB_OUTPUT=wide lab config list", "the environment goes over the file"},
};
constexpr Example kGetExamples[] = {{"lab config get output", "the form in which results are printed"}};
constexpr Example kSetExamples[] = {
    {"lab config set inventory ~/inventory", "commands work on this inventory from any folder"},
    {"lab config set output wide", "print wide tables where -o is not given"},
    {"lab config set output ''", "go back to the default"},
};
constexpr Example kPathExamples[] = {{"lab config path", "where config.yaml is, or would be"}};

} // namespace

constinit const Command kConfigList{.words = "config list",
                                    .section = Section::Machine,
                                    .summary = "print all settings and where their values come from",
                                    .forms = kDocument,
                                    .examples = kListExamples,
                                    .help = "config",
                                    .run = list_settings};
constinit const Command kConfigGet{.words = "config get",
                                   .section = Section::Machine,
                                   .summary = "print the value of one setting",
                                   .positionals = kName,
                                   .examples = kGetExamples,
                                   .help = "config",
                                   .run = get_setting};
constinit const Command kConfigSet{.words = "config set",
                                   .section = Section::Machine,
                                   .summary = "keep a setting in config.yaml",
                                   .positionals = kNameAndValue,
                                   .examples = kSetExamples,
                                   .help = "config",
                                   .run = set_setting};
constinit const Command kConfigPath{.words = "config path",
                                    .section = Section::Machine,
                                    .summary = "print where config.yaml is",
                                    .examples = kPathExamples,
                                    .help = "config",
                                    .run = print_path};

} // namespace lab::cli
