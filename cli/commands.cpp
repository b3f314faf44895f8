#include "cli/commands.h"

#include "support/text.h"

#include <algorithm>
#include <array>

namespace lab::cli {
namespace {

constexpr std::array kForms{std::string_view("table"), std::string_view("wide"), std::string_view("json"),
                            std::string_view("yaml"), std::string_view("name")};

constexpr Option kGlobalOptions[] = {
    {.name = "inventory",
     .value = "DIR|URL",
     .summary = "the inventory to read (default: the enclosing folder with a lab.yaml)",
     .complete = Complete::Directory},
    {.name = "ref",
     .value = "REV",
     .summary = "read the inventory as it is in this commit, branch or tag, without a checkout",
     .complete = Complete::Revision},
    {.name = "output",
     .letter = 'o',
     .value = "FORMAT",
     .summary = "how to print what was found",
     .choices = kForms},
    {.name = "no-cache", .summary = "read everything anew, and keep nothing for the next run"},
    {.name = "no-color",
     .summary = "print without colors (as with NO_COLOR, or where stdout is no terminal)"},
    {.name = "quiet", .letter = 'q', .summary = "print results and errors only"},
    {.name = "verbose", .letter = 'v', .summary = "say what is read and done, on stderr"},
    {.name = "version", .summary = "print the version and end"},
    {.name = "help", .letter = 'h', .summary = "print what the command does, its options and examples"},
};

constexpr Option kFilterOptions[] = {
    {.name = "label",
     .letter = 'l',
     .value = "LABEL",
     .summary = "servers with this label (NAME, or NAME=VALUE)",
     .repeatable = true,
     .complete = Complete::Label,
     .other = "labels"},
    {.name = "group",
     .letter = 'g',
     .value = "GROUP",
     .summary = "servers in this group",
     .repeatable = true,
     .complete = Complete::Group},
    {.name = "environment",
     .letter = 'e',
     .value = "ENVIRONMENT",
     .summary = "servers of this environment",
     .repeatable = true,
     .complete = Complete::Environment,
     .other = "env"},
    {.name = "cloud",
     .value = "CLOUD",
     .summary = "servers in this cloud",
     .repeatable = true,
     .complete = Complete::Cloud},
    {.name = "region",
     .value = "REGION",
     .summary = "servers in this region",
     .repeatable = true,
     .complete = Complete::Region},
    {.name = "provider",
     .value = "PROVIDER",
     .summary = "servers of this provider",
     .repeatable = true,
     .complete = Complete::Provider},
    {.name = "exclude",
     .value = "GLOB",
     .summary = "but not servers whose name matches",
     .repeatable = true,
     .complete = Complete::Server},
};

constexpr std::array kCommands{
    &kInit,        &kValidate,      &kFmt,           &kSchema,      &kLsp,     &kTest, // start
    &kModulesList, &kModulesUpdate, &kModulesVerify, &kPlan,        &kApply,   &kDrift,
    &kDiff,        &kSync, // change
    &kCreate,      &kDestroy,       &kBind,          &kUnbind,      &kGet,     &kDescribe,
    &kShow,        &kExplain,       &kTargets,       &kSecretAudit, &kHistory, &kRecord,     // look
    &kConfigList,  &kConfigGet,     &kConfigSet,     &kConfigPath,  &kDoctor,  &kCacheClear, // this machine
    &kVersion,     &kCompletion,    &kHelp,          &kComplete,
};

} // namespace

std::span<const Option> global_options() {
    return kGlobalOptions;
}

std::span<const Option> filter_options() {
    return kFilterOptions;
}

std::vector<std::string_view> form_names(const Forms& forms) {
    std::vector<std::string_view> names;
    if (forms.table) names.push_back("table");
    if (forms.wide) names.push_back("wide");
    if (forms.json) names.push_back("json");
    if (forms.yaml) names.push_back("yaml");
    if (forms.name) names.push_back("name");
    return names;
}

std::span<const Command* const> commands() {
    return kCommands;
}

const Command* find_command(std::span<const std::string_view> words) {
    const Command* best = nullptr;
    std::size_t best_words = 0;
    for (const Command* command : kCommands) {
        const auto own = split(command->words, ' ');
        if (own.size() > best_words && own.size() <= words.size() &&
            std::equal(own.begin(), own.end(), words.begin())) {
            best = command;
            best_words = own.size();
        }
    }
    return best;
}

} // namespace lab::cli
