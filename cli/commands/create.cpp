#include "cli/commands.h"
#include "cli/edits.h"
#include "support/text.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "KIND",
     .summary = "server, label, group, environment, cloud, ..., or KIND/NAME",
     .complete = Complete::Kind},
    {.name = "NAME", .summary = "what the new thing is called", .required = false}};

constexpr Option kOptions[] = {
    kSetOption,
    {.name = "file",
     .value = "FILE",
     .summary = "the definition as YAML, what stands below its name (-: stdin)",
     .complete = Complete::File},
    {.name = "label",
     .letter = 'l',
     .value = "LABEL",
     .summary = "a label that it has; several with commas or as several options",
     .repeatable = true,
     .complete = Complete::Label,
     .other = "labels"},
    {.name = "environment",
     .letter = 'e',
     .value = "ENVIRONMENT",
     .summary = "its environment",
     .complete = Complete::Environment,
     .other = "env"},
    {.name = "cloud", .value = "CLOUD", .summary = "its cloud", .complete = Complete::Cloud},
    {.name = "provider", .value = "PROVIDER", .summary = "its provider", .complete = Complete::Provider},
    {.name = "region", .value = "REGION", .summary = "its region", .complete = Complete::Region},
    {.name = "allow",
     .value = "RULE",
     .summary = "what a role allows: action:cloud:environment:server",
     .repeatable = true},
    {.name = "deny", .value = "RULE", .summary = "what a role denies", .repeatable = true},
    kInOption,
    kDryRunOption,
    kAutoApproveOption,
    kNoApplyOption,
    kCommitOption,
    kMessageOption,
    kBranchOption,
    kRefreshOption,
    kParallelismOption,
    kDetailsOption,
};

constexpr Example kExamples[] = {
    {"lab create server second --label base --provider local --set root=machines/second --dry-run",
     "the lines that would be written, and what an apply of them would do"},
    {"lab create label web --set 'modules=[motd]' --set params.motd.banner=hi --auto-approve", "a label"},
    {"lab create environment staging --set region=eu-west --auto-approve --commit -m 'staging'",
     "an environment, committed"},
    {"lab create server third -l base --provider local --set root=machines/third --auto-approve --branch "
     "third",
     "a server proposed on a branch"},
};

Result<int> run_create(const Arguments& arguments, Context& context) {
    if (const auto wrong = wrong_usage(arguments, kCreate)) return refuse_usage(context, *wrong);
    auto reference = named_definition(arguments, kCreate);
    if (!reference) return std::move(reference).error();
    const KindWords& words = words_of(reference->kind);
    const std::string& name = reference->names.front();
    auto before = open_editable(arguments, context, arguments.has("dry-run"));
    if (!before) return std::move(before).error();
    auto definitions =
        spec::Definitions::read((*before)->source.tree(), (*before)->loaded, std::string(words.many));
    if (!definitions) return std::move(definitions).error();
    if (const spec::Definition* there = definitions->find(name))
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("there is {} '{}' already, at {}", with_article(words.one), name,
                                            there->at.text()),
                     .hint =
                         fmt::format("edit it there, or see it with `lab describe {} {}`", words.one, name)};
    auto body = body_of(arguments, context);
    if (!body) return std::move(body).error();
    auto file = new_file(arguments, *definitions, name);
    if (!file) return std::move(file).error();
    auto changes = definitions->with(name, std::move(*body), *file);
    if (!changes) return std::move(changes).error();
    return carry_out_edit(
        arguments, context, **before,
        {.what = fmt::format("create {} {}", words.one, name), .changes = std::move(*changes)},
        EditUse::Apply);
}

} // namespace

constinit const Command kCreate{.words = "create",
                                .section = Section::Change,
                                .summary = "add a definition to the inventory, and apply it",
                                .positionals = kPositionals,
                                .options = kOptions,
                                .winds_down = true,
                                .forms = kDocument,
                                .examples = kExamples,
                                .run = run_create};

} // namespace lab::cli
