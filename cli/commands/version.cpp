#include "cli/version.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr Example kExamples[] = {
    {"lab version", "the version of this program and its providers"},
    {"lab version -o json", "the same for a script"},
};

Result<int> print_version(const Arguments&, Context& context) {
    const std::vector<std::string> names = context.providers.names();
    if (context.form == Form::Table) {
        context.out.write(version_line() + fmt::format("providers: {}\n", fmt::join(names, ", ")));
        return kExitDone;
    }
    ValueList providers;
    for (const std::string& name : names)
        providers.emplace_back(name);
    print_document(context, "lab.version/1",
                   {{"version", Value(version_text())}, {"providers", Value(std::move(providers))}});
    return kExitDone;
}

} // namespace

std::string_view version_text() {
    return LAB_VERSION;
}

std::string version_line() {
    return fmt::format("lab {}\n", version_text());
}

constinit const Command kVersion{.words = "version",
                                 .section = Section::Machine,
                                 .summary = "print the version of lab and the providers built into it",
                                 .forms = kDocument,
                                 .examples = kExamples,
                                 .run = print_version};

} // namespace lab::cli
