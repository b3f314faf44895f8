#include "cli/commands.h"
#include "cli/runs.h"
#include "cli/session.h"

namespace lab::cli {
namespace {

constexpr Option kOptions[] = {{.name = "limit",
                                .letter = 'n',
                                .value = "N",
                                .summary = "how many runs, newest first (default: 20)",
                                .number = true,
                                .least = 1}};
constexpr Example kExamples[] = {
    {"lab history", "who applied what, from which commit, with what result"},
    {"lab show run RUN", "one run with its steps"},
};

Result<int> run_history(const Arguments& arguments, Context& context) {
    auto session = Session::open(arguments, context, Session::State::Open);
    if (!session) return std::move(session).error();
    auto runs = (*session)->store().runs(static_cast<std::size_t>(arguments.number("limit").value_or(20)));
    if (!runs) return std::move(runs).error();
    if (context.form == Form::Json || context.form == Form::Yaml) {
        ValueList list;
        for (const store::Run& run : *runs)
            list.emplace_back(run_value(run, false));
        print_document(context, "lab.history/1", {{"runs", Value(std::move(list))}});
    } else if (context.form == Form::Name) {
        for (const store::Run& run : *runs)
            context.out.write("run/" + run.id + "\n");
    } else if (runs->empty()) {
        context.out.write("Nothing was applied yet.\n");
    } else {
        context.out.write(
            run_table(*runs, context.clock.wall()).text(context.form == Form::Wide, context.paint));
    }
    return kExitDone;
}

} // namespace

constinit const Command kHistory{.words = "history",
                                 .section = Section::Look,
                                 .summary =
                                     "list what was applied, by whom, from which commit, with what result",
                                 .options = kOptions,
                                 .forms = kListing,
                                 .examples = kExamples,
                                 .run = run_history};

} // namespace lab::cli
