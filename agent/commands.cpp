#include "agent/commands.h"

#include "agent/batch.h"
#include "agent/detail/interrupts.h"
#include "agent/facts.h"
#include "agent/report_text.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

namespace lab::agent {
namespace {

constexpr int kDone = 0, kFailed = 1, kDiffers = 2, kUsage = 64, kInterrupted = 130;
constexpr std::size_t kLargestDocument = std::size_t{64} << 20;

struct Options {
    std::string root;
    std::string desired; // a path; "-" is stdin
    bool create_root = false;
    bool json = false;
    bool help = false;
};

struct CommandSpec {
    std::string_view name;
    std::string_view summary;
    std::string_view takes; // options it knows: (r)oot (o)utput (d)esired (c)reate-root
    std::string_view help;
    int (*run)(const Options& options);
};

void print(std::string_view text) {
    std::fwrite(text.data(), 1, text.size(), stdout);
}

int fail(const Error& error) {
    fmt::print(stderr, "lab-agent: {}\n", escape_controls(error.text()));
    if (!error.hint.empty()) fmt::print(stderr, "  {}\n", escape_controls(error.hint));
    return kFailed;
}

int misused(std::string_view message) {
    fmt::print(stderr, "lab-agent: {}\n  try `lab-agent --help`\n", message);
    return kUsage;
}

Result<std::string> read_stdin() {
    std::string text;
    char bytes[64 * 1024];
    while (true) {
        const ssize_t got = ::read(0, bytes, sizeof bytes);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return errno_error("cannot read stdin", errno);
        if (got == 0) return text;
        text.append(bytes, static_cast<std::size_t>(got));
        if (text.size() > kLargestDocument)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("stdin has more than {} bytes", kLargestDocument)};
    }
}

Result<api::Desired> read_document(const Options& options) {
    auto text = options.desired == "-" ? read_stdin() : read_file(options.desired, kLargestDocument);
    if (!text) return std::move(text).error();
    return api::read_desired(*text);
}

int exit_code(const api::Report& report) {
    const auto any = [&](api::ResourceStatus status) {
        return std::any_of(report.resources.begin(), report.resources.end(),
                           [&](const api::ResourceReport& resource) { return resource.status == status; });
    };
    if (report.interrupted) return kInterrupted;
    if (any(api::ResourceStatus::Failed) || !report.warnings.empty()) return kFailed;
    return any(api::ResourceStatus::Drifted) ? kDiffers : kDone;
}

int run_once(Mode mode, const Options& options) {
    if (options.desired.empty()) return misused(fmt::format("{} needs --desired FILE", to_string(mode)));
    auto desired = read_document(options);
    if (!desired) return fail(desired.error());
    const Interrupts interrupts;
    MachineFacts facts;
    Request request{.mode = mode, .root = options.root, .create = options.create_root};
    request.desired = *std::move(desired);
    const auto report = answer(std::move(request), facts, system_clock(),
                               {.stop = interrupts.finish(), .kill = interrupts.kill()});
    if (!report) return fail(report.error());
    print(options.json ? write_json_pretty(api::to_value(*report)) : report_text(*report));
    return exit_code(*report);
}

int run_check(const Options& options) {
    return run_once(Mode::Check, options);
}
int run_apply(const Options& options) {
    return run_once(Mode::Apply, options);
}

int run_facts(const Options& options) {
    const auto tree = Tree::open(options.root);
    if (!tree) return fail(tree.error());
    const Value facts = collect_facts(*tree);
    print(options.json ? write_json_pretty(facts) : facts_text(facts));
    return kDone;
}

int run_applied(const Options& options) {
    const auto tree = Tree::open(options.root);
    if (!tree) return fail(tree.error());
    const auto applied = read_applied(*tree);
    if (!applied) return fail(applied.error());
    print(options.json ? write_json_pretty(*applied) : applied_text(*applied));
    return kDone;
}

int run_batch_command(const Options&) {
    const Interrupts interrupts;
    const auto done = run_batch({}, system_clock(), {.stop = interrupts.finish(), .kill = interrupts.kill()});
    if (!done) return fail(done.error());
    return interrupts.finish().stop_requested() ? kInterrupted : kDone;
}

constexpr std::array kCommands{
    CommandSpec{.name = "facts",
                .summary = "what this machine is: hardware, operating system, network",
                .takes = "ro",
                .help = R"(usage: lab-agent facts [--root DIR] [-o json|table]

Prints the facts that modules can read, as docs/facts.md lists them.

examples:
  lab-agent facts
  lab-agent facts -o json
  lab-agent facts --root /srv/machines/web-1
)",
                .run = run_facts},
    CommandSpec{.name = "check",
                .summary = "tell what an apply would change; changes nothing",
                .takes = "rod",
                .help = R"(usage: lab-agent check --desired FILE|- [--root DIR] [-o json|table]

Compares a lab.desired/1 document with this machine, or with the tree below DIR. Exit code: 0 all is as it should be,
2 there are differences, 1 something could not be looked at.

examples:
  lab-agent check --desired web-1.json
  lab-agent check --desired web-1.json --root /srv/machines/web-1 -o json
)",
                .run = run_check},
    CommandSpec{.name = "apply",
                .summary = "make this machine as a document says",
                .takes = "rodc",
                .help =
                    R"(usage: lab-agent apply --desired FILE|- [--root DIR] [--create-root] [-o json|table]

Makes this machine, or the tree below DIR, as the lab.desired/1 document says. A resource that fails skips only what
depends on it. --create-root makes DIR where it is missing. Exit code: 0 all is as it should be now, 1 something failed,
130 interrupted (the running resource was finished).

examples:
  lab-agent apply --desired web-1.json
  lab-agent apply --desired - --root /srv/machines/web-1 --create-root < web-1.json
)",
                .run = run_apply},
    CommandSpec{.name = "applied",
                .summary = "what was last brought about on this machine, and from which commit",
                .takes = "ro",
                .help = R"(usage: lab-agent applied [--root DIR] [-o json|table]

examples:
  lab-agent applied
  lab-agent applied --root /srv/machines/web-1 -o json
)",
                .run = run_applied},
    CommandSpec{.name = "batch",
                .summary = "answer requests about many machines, a line of JSON each, from stdin",
                .takes = "",
                .help = R"(usage: lab-agent batch

Reads lab.agent-request/1 lines and answers each with lines of JSON (docs/formats.md); this is how lab drives it.

example:
  echo '{"format":"lab.agent-request/1","id":1,"mode":"facts","root":"/"}' | lab-agent batch
)",
                .run = run_batch_command},
};

std::string general_help() {
    std::string out = "usage: lab-agent COMMAND [options]\n\nLooks at one machine, and makes it as lab wants "
                      "it.\n\ncommands:\n";
    for (const CommandSpec& command : kCommands)
        out += fmt::format("  {:<10}{}\n", command.name, command.summary);
    return out + R"(
options:
  --root DIR       manage the tree below DIR instead of the live system
  --desired FILE   the lab.desired/1 document; - reads it from stdin
  --create-root    make DIR where it is missing (apply)
  -o, --output     table (default) or json
  --help           this text, or that of a command
  --version        the version

examples:
  lab-agent facts -o json
  lab-agent check --desired web-1.json
  lab-agent apply --desired web-1.json --root /srv/machines/web-1 --create-root
)";
}

/// Words after the command; nullopt after saying what is wrong with them.
class Parser {
  public:
    Parser(const CommandSpec& command, std::span<const std::string> words)
        : command_(command), words_(words) {}

    std::optional<Options> parse() {
        while (at_ < words_.size() && !failed_)
            parse_word(words_[at_++]);
        return failed_ ? std::nullopt : std::optional(options_);
    }

  private:
    void parse_word(const std::string& word) {
        const auto equals = word.starts_with("--") ? word.find('=') : std::string::npos;
        const std::string name = word.substr(0, equals);
        const auto value = [&]() -> std::string {
            if (equals != std::string::npos) return word.substr(equals + 1);
            if (at_ < words_.size()) return words_[at_++];
            refuse(fmt::format("'{}' needs a value", name));
            return {};
        };
        if (name == "--help" || name == "-h") {
            options_.help = true;
        } else if (name == "--root" && takes('r')) {
            set_root(value());
        } else if ((name == "--output" || name == "-o") && takes('o')) {
            set_output(value());
        } else if (name == "--desired" && takes('d')) {
            options_.desired = value();
        } else if (name == "--create-root" && takes('c')) {
            options_.create_root = true;
        } else {
            refuse(fmt::format("'{}' takes no '{}'", command_.name, escape_controls(word)));
        }
    }

    void set_root(const std::string& root) {
        std::error_code error;
        const auto absolute = std::filesystem::absolute(root, error);
        if (root.empty() || error) return refuse("'--root' needs a directory");
        options_.root = absolute.lexically_normal().string();
        if (options_.root.size() > 1 && options_.root.back() == '/') options_.root.pop_back();
    }

    void set_output(const std::string& format) {
        options_.json = format == "json";
        if (format != "json" && format != "table")
            refuse(fmt::format("'--output' must be 'table' or 'json', not '{}'", escape_controls(format)));
    }

    bool takes(char option) const { return command_.takes.find(option) != std::string_view::npos; }

    void refuse(std::string_view message) {
        if (!failed_) misused(message);
        failed_ = true;
    }

    const CommandSpec& command_;
    std::span<const std::string> words_;
    std::size_t at_ = 0;
    Options options_;
    bool failed_ = false;
};

} // namespace

int run_command(std::span<const std::string> words, std::string_view version) {
    if (words.empty()) {
        fmt::print(stderr, "{}", general_help());
        return kUsage;
    }
    if (words[0] == "--help" || words[0] == "-h" || words[0] == "help") {
        print(general_help());
        return kDone;
    }
    if (words[0] == "--version" || words[0] == "version") {
        fmt::print("lab-agent {}\n", version);
        return kDone;
    }
    const auto command = std::find_if(kCommands.begin(), kCommands.end(),
                                      [&](const CommandSpec& each) { return each.name == words[0]; });
    if (command == kCommands.end()) {
        std::vector<std::string_view> names;
        for (const CommandSpec& each : kCommands)
            names.push_back(each.name);
        const auto guess = nearest(words[0], names);
        return misused(fmt::format("there is no command '{}'{}", escape_controls(words[0]),
                                   guess ? fmt::format(", did you mean '{}'?", *guess) : ""));
    }
    const auto options = Parser(*command, words.subspan(1)).parse();
    if (!options) return kUsage;
    if (options->help) {
        print(command->help);
        return kDone;
    }
    return command->run(*options);
}

} // namespace lab::agent
