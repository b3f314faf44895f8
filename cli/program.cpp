#include "cli/program.h"

#include "cli/commands.h"
#include "cli/help.h"
#include "cli/version.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

Form form_from(std::string_view text) {
    if (text == "wide") return Form::Wide;
    if (text == "json") return Form::Json;
    if (text == "yaml") return Form::Yaml;
    if (text == "name") return Form::Name;
    return Form::Table;
}

bool has_form(const Forms& forms, Form form) {
    switch (form) {
    case Form::Table: return true;
    case Form::Wide: return forms.wide;
    case Form::Json: return forms.json;
    case Form::Yaml: return forms.yaml;
    case Form::Name: return forms.name;
    }
    return false;
}

bool colored(const Settings& settings, const Variables& environment, const Arguments& arguments,
             bool terminal) {
    if (arguments.has("no-color")) return false;
    const std::string& wish = settings.get("color").value;
    if (wish != "auto") return wish == "always";
    const auto no_color = environment.find("NO_COLOR"); // https://no-color.org: any value that is not empty
    if (no_color != environment.end() && !no_color->second.empty()) return false;
    const auto kind = environment.find("TERM");
    return terminal && (kind == environment.end() || kind->second != "dumb");
}

/// The form of -o, or 64 where it was asked for and the command does not print it. One that only settings ask
/// for gives way to the table.
std::variant<Form, UsageError> choose_form(const Command& command, const Settings& settings,
                                           const Arguments& arguments) {
    const SettingValue wish = settings.get("output", arguments);
    const Form form = form_from(wish.value);
    const bool takes_any = !form_names(command.forms).empty();
    if ((takes_any || wish.origin != SettingOrigin::Flag) && has_form(command.forms, form)) return form;
    if (wish.origin != SettingOrigin::Flag) return Form::Table;
    if (!takes_any) return UsageError{fmt::format("'lab {}' has no -o", command.words), {}, &command};
    return UsageError{fmt::format("'lab {}' prints {}, not {}", command.words,
                                  fmt::join(form_names(command.forms), ", "), wish.value),
                      {},
                      &command};
}

int run_command(const Arguments& arguments, Context& context) {
    const Command& command = *arguments.command();
    auto form = choose_form(command, context.settings, arguments);
    if (const auto* refused = std::get_if<UsageError>(&form)) return refuse_usage(context, *refused);
    context.form = std::get<Form>(form);
    auto done = command.run(arguments, context);
    if (done) return *done;
    if (context.stop.stop_requested() && done.error().code == ErrorCode::Cancelled) {
        context.err.write("interrupted\n");
        return kExitInterrupted;
    }
    print_error(context, done.error());
    return kExitFailed;
}

/// `config set` says itself what is wrong in the file, unless it mends that; `config path` only says where it
/// is.
bool needs_settings(const Arguments& arguments) {
    if (!arguments.command() || arguments.has("help") || arguments.has("version")) return false;
    const std::string_view words = arguments.command()->words;
    return words != "help" && words != "version" && words != "completion" && words != "config set" &&
           words != "config path";
}

/// Whether the command runs with broken settings all the same, because it helps to mend them.
bool mends_settings(const Arguments& arguments) {
    const std::string_view words = arguments.command()->words;
    return words == "doctor" || words.starts_with("config ");
}

int dispatch(const std::variant<Arguments, UsageError>& parsed, Context& context) {
    if (const auto* refused = std::get_if<UsageError>(&parsed)) return refuse_usage(context, *refused);
    const Arguments& arguments = std::get<Arguments>(parsed);
    if (arguments.has("help")) {
        context.out.write(arguments.command()         ? command_help(*arguments.command(), context.paint)
                          : arguments.group().empty() ? overview(context.paint)
                                                      : group_help(arguments.group(), context.paint));
        return kExitDone;
    }
    if (arguments.has("version")) {
        context.out.write(version_line());
        return kExitDone;
    }
    if (!arguments.command()) {
        context.err.write(overview(context.err_paint));
        return kExitUsage;
    }
    return run_command(arguments, context);
}

} // namespace

bool winds_down(const std::vector<std::string>& words) {
    const auto parsed = parse_arguments(words);
    const Arguments* arguments = std::get_if<Arguments>(&parsed);
    return arguments && arguments->command() && arguments->command()->winds_down;
}

int run_program(const std::vector<std::string>& words, Sink& out, Sink& err, const Surroundings& surroundings,
                const providers::ProviderTable& providers, const Clock& clock) {
    const auto parsed = parse_arguments(words);
    auto settings = Settings::load(surroundings.environment);
    const Arguments* arguments = std::get_if<Arguments>(&parsed);
    const Settings fallback = Settings::defaults(surroundings.environment);
    const Settings& chosen = settings ? *settings : fallback;
    Context context{.out = out,
                    .err = err,
                    .settings = chosen,
                    .environment = surroundings.environment,
                    .providers = providers,
                    .clock = clock,
                    .stop = surroundings.stop,
                    .directory = surroundings.directory,
                    .program = surroundings.program,
                    .out_is_terminal = surroundings.out_is_terminal,
                    .err_is_terminal = surroundings.err_is_terminal,
                    .in_is_terminal = surroundings.in_is_terminal};
    if (arguments) {
        context.paint.on =
            colored(chosen, surroundings.environment, *arguments, surroundings.out_is_terminal);
        context.err_paint.on =
            colored(chosen, surroundings.environment, *arguments, surroundings.err_is_terminal);
        context.quiet = arguments->has("quiet");
        context.verbose = arguments->has("verbose");
    }
    const bool broken = !settings && arguments && needs_settings(*arguments);
    if (broken) {
        Error error = settings.error();
        if (error.hint.empty()) error.hint = "'lab config set' or an editor mends it";
        print_error(context, error);
        if (!mends_settings(*arguments)) return kExitFailed;
    }
    int code = dispatch(parsed, context);
    if (broken && code == kExitDone) code = kExitFailed;
    if (const Error* failure = out.failure()) {
        print_error(context, *failure);
        return code == kExitDone ? kExitFailed : code;
    }
    return code;
}

} // namespace lab::cli
