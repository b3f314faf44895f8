#include "cli/commands.h"
#include "cli/context.h"
#include "cli/version.h"
#include "editor/server.h"

#include <unistd.h>

namespace lab::cli {
namespace {

constexpr Example kExamples[] = {
    {"lab lsp < /dev/null", "what an editor starts; it speaks LSP over stdin and stdout"},
};

Result<int> serve_editor(const Arguments&, Context& context) {
    return editor::serve({.input = STDIN_FILENO,
                          .write = [&](std::string_view bytes) { context.out.write(bytes); },
                          .sources = {.providers = context.providers, .home = context.settings.home()},
                          .clock = context.clock,
                          .stop = context.stop,
                          .session = {.version = std::string(version_text())},
                          .frames = {}});
}

} // namespace

constinit const Command kLsp{
    .words = "lsp",
    .section = Section::Start,
    .summary = "the language server that editors start: problems, completion, hover, definitions",
    .examples = kExamples,
    .run = serve_editor};

} // namespace lab::cli
