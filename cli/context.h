#pragma once
// What a command is given besides its arguments.

#include "cli/output.h"
#include "cli/settings.h"
#include "providers/provider.h"
#include "support/clock.h"

#include <stop_token>

namespace lab::cli {

struct Context {
    Sink& out; // data
    Sink& err; // everything else
    const Settings& settings;
    const Variables& environment;
    const providers::ProviderTable& providers;
    const Clock& clock;
    std::stop_token stop;            // asked for by Ctrl-C
    std::filesystem::path directory; // the current one
    std::filesystem::path program;   // this binary; lab-agent lies beside it
    Form form = Form::Table;         // of -o
    Paint paint;                     // of stdout
    Paint err_paint;                 // of stderr
    bool out_is_terminal = false, err_is_terminal = false, in_is_terminal = false;
    bool quiet = false, verbose = false;

    /// A line on stderr, not with --quiet.
    void note(std::string_view text);
    /// A line on stderr, only with --verbose.
    void trace(std::string_view text);
    /// A warning on stderr.
    void warn(std::string_view text);
};

/// Prints an error with its context and hint to stderr.
void print_error(Context& context, const Error& error);
/// Says what is wrong with the command line and where its help is. Gives the exit code, 64.
int refuse_usage(Context& context, const UsageError& error);

/// Prints a document as -o json or -o yaml asks: `format` becomes its first member ("lab.servers/1").
void print_document(Context& context, std::string_view format, const ValueMap& document);

} // namespace lab::cli
