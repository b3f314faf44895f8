#include "cli/version.h"

#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"

#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Example kExamples[] = {
    {"lab version", "the version of this program"},
    {"lab version -o json", "the same for a script"},
};

Result<int> print_version(const Arguments&, Context& context) {
    if (context.form == Form::Table) {
        context.out.write(version_line());
        return kExitDone;
    }
    print_document(context, "lab.version/1", {{"version", Value(version_text())}});
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
