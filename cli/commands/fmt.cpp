#include "cli/commands.h"
#include "cli/session.h"
#include "cli/writing_turn.h"
#include "spec/format.h"
#include "support/files.h"
#include "support/text.h"
#include "support/text_diff.h"

#include <algorithm>
#include <fmt/format.h>

#include <sys/stat.h>
#include <unistd.h>

namespace lab::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxBytes = 32u << 20; // as the loader

constexpr Positional kPositionals[] = {
    {.name = "FILE",
     .summary = "YAML files; '-' reads stdin and writes stdout (default: every YAML file of the inventory)",
     .required = false,
     .repeated = true,
     .complete = Complete::File},
};
constexpr Option kOptions[] = {
    {.name = "check",
     .summary = "write nothing; list the files that would change and end with 1 if any would"},
    {.name = "diff", .summary = "write nothing; print what would change"},
};
constexpr Example kExamples[] = {
    {"lab fmt", "lay out all YAML files of the inventory"},
    {"lab fmt --check", "in CI: fail where a file is not laid out"},
    {"lab fmt --diff servers.yaml", "what would change in one file"},
    {"lab fmt - < labels.yaml", "for editors: stdin to stdout"},
};

struct File {
    std::string shown; // as the user names it
    fs::path path;
    std::string text;
    bool changed = false;
    spec::Formatted formatted;
};

std::optional<std::string> line_of(const std::string& text, std::uint32_t line) {
    const auto lines = split(text, '\n');
    if (line == 0 || line > lines.size()) return std::nullopt;
    return std::string(lines[line - 1]);
}

/// Formats in memory. Nullopt where the file is no YAML, which was printed.
std::optional<File> format_one(std::string shown, fs::path path, std::string text, Context& context) {
    Diagnostics diagnostics;
    auto formatted = spec::format_yaml(shown, text, diagnostics);
    if (!formatted) {
        const SourceLines lines = [&](const std::string&, std::uint32_t line) { return line_of(text, line); };
        context.err.write(render_text(diagnostics, lines, {.color = context.err_paint.on}));
        return std::nullopt;
    }
    if (!formatted->left.empty())
        context.note(formatted->left_line == 0
                         ? fmt::format("{} is left as it is: {}", shown, formatted->left)
                         : fmt::format("{} is left as it is: line {} has {}", shown, formatted->left_line,
                                       formatted->left));
    const bool changed = formatted->text != text;
    return File{std::move(shown), std::move(path), std::move(text), changed, *std::move(formatted)};
}

/// Replaces the file that `file.path` leads to, with the mode it has.
Result<void> write_back(const File& file, const Context& context) {
    std::error_code failed;
    const fs::path target = fs::canonical(file.path, failed);
    struct stat status {};
    if (failed || ::stat(target.c_str(), &status) != 0)
        return errno_error(fmt::format("cannot write '{}'", file.shown), failed ? failed.value() : errno);
    if (::access(target.c_str(), W_OK) != 0)
        return errno_error(fmt::format("cannot write '{}'", file.shown), errno);
    const auto turn = WritingTurn::wait(folder_of_turn(target), context);
    if (!turn) return turn.error();
    const auto now = read_file(target, kMaxBytes);
    if (!now) return now.error();
    if (*now != file.text)
        return Error{.code = ErrorCode::Conflict,
                     .message = fmt::format("'{}' was changed meanwhile: it was not written", file.shown),
                     .hint = "run the command again"};
    return write_file_atomic(target, file.formatted.text,
                             {.mode = static_cast<mode_t>(status.st_mode & 07777), .durable = false});
}

/// Folders with cases of `lab test`, with a '/' behind.
std::vector<std::string> case_folders(const spec::Inventory& inventory) {
    std::vector<std::string> folders{"tests/"};
    for (const auto& [name, module] : inventory.modules)
        if (module.tests && module.commit.empty())
            folders.push_back(
                (fs::path(module.folder) / module.tests->value / "").lexically_normal().string());
    return folders;
}

bool is_yaml(const fs::path& path) {
    return path.extension() == ".yaml" || path.extension() == ".yml";
}

/// The YAML files of the inventory itself: not those that modules copy to machines.
Result<std::vector<fs::path>> files_of_inventory(const Arguments& arguments, Context& context) {
    auto source = open_source(arguments, context);
    if (!source) return std::move(source).error();
    if (!source->is_working_tree() || source->folder().empty())
        return Error{.code = ErrorCode::Invalid,
                     .message = fmt::format("the {} cannot be written to", source->tree().describe()),
                     .hint = "run it in the inventory's folder, without --ref"};
    const spec::Loaded loaded = spec::load(source->tree());
    std::vector<fs::path> paths;
    for (const spec::LoadedFile& one : *loaded.files)
        if (const std::string file(*one.path);
            file != spec::kLockFile && // whose layout is its writer's
            (!loaded.inventory.module_files.contains(file) || fs::path(file).filename() == "module.yaml"))
            paths.push_back(source->folder() / file);
    for (const std::string& folder : case_folders(loaded.inventory))
        for (const TreeEntry& entry : loaded.others)
            if (entry.kind == EntryKind::File && entry.path.starts_with(folder) && is_yaml(entry.path))
                paths.push_back(source->folder() / entry.path);
    return paths;
}

void print_files(const std::vector<File>& files, bool writes, Context& context) {
    ValueList list;
    for (const File& file : files) {
        if (!file.changed && file.formatted.left.empty()) continue;
        ValueMap one{{"file", Value(file.shown)}, {"changed", Value(file.changed)}};
        one.set("left", file.formatted.left.empty() ? Value() : Value(file.formatted.left));
        list.emplace_back(std::move(one));
    }
    print_document(context, "lab.fmt/1",
                   {{"checked", Value(static_cast<std::int64_t>(files.size()))},
                    {"written", Value(writes)},
                    {"files", Value(std::move(list))}});
}

Result<std::string> read_stdin() {
    std::string text;
    char buffer[1 << 16];
    while (true) {
        const ssize_t count = ::read(STDIN_FILENO, buffer, sizeof buffer);
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return errno_error("cannot read stdin", errno);
        if (count == 0) return text;
        text.append(buffer, static_cast<std::size_t>(count));
        if (text.size() > kMaxBytes)
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("stdin has more than {} bytes", kMaxBytes)};
    }
}

/// stdin to stdout. What is left as it is comes back so: an editor replaces its buffer by it.
Result<int> format_stdin(bool check, bool diff, Context& context) {
    auto text = read_stdin();
    if (!text) return std::move(text).error();
    const auto file = format_one("<stdin>", {}, *std::move(text), context);
    if (!file) return kExitFailed;
    if (diff)
        context.out.write(unified_diff(file->text, file->formatted.text,
                                       {.before_name = "<stdin>", .after_name = "<stdin>"}));
    if (!check && !diff) context.out.write(file->formatted.text);
    return check && file->changed ? kExitFailed : kExitDone;
}

Result<int> format(const Arguments& arguments, Context& context) {
    const bool check = arguments.has("check"), diff = arguments.has("diff");
    const auto& named = arguments.positionals();
    if (std::find(named.begin(), named.end(), "-") != named.end()) {
        if (named.size() > 1)
            return refuse_usage(context,
                                {.message = "'-' stands alone: stdin goes to stdout", .command = &kFmt});
        return format_stdin(check, diff, context);
    }
    std::vector<fs::path> paths;
    for (const std::string& name : named)
        paths.push_back(context.directory / name);
    if (named.empty()) {
        auto found = files_of_inventory(arguments, context);
        if (!found) return std::move(found).error();
        paths = *std::move(found);
    }
    std::vector<File> files;
    bool failed = false;
    for (std::size_t i = 0; i < paths.size() && !context.stop.stop_requested(); ++i) {
        std::string shown =
            named.empty() ? paths[i].lexically_proximate(context.directory).string() : named[i];
        auto text = read_file(paths[i], kMaxBytes);
        if (!text) {
            print_error(context, text.error());
            failed = true;
            continue;
        }
        auto file = format_one(std::move(shown), paths[i], *std::move(text), context);
        failed = failed || !file;
        if (!file) continue;
        if (file->changed && !check && !diff) {
            if (auto written = write_back(*file, context); !written) {
                print_error(context, written.error());
                failed = true;
                continue;
            }
        }
        if (diff && context.form == Form::Table)
            context.out.write(unified_diff(file->text, file->formatted.text,
                                           {.before_name = file->shown, .after_name = file->shown}));
        else if (file->changed && context.form == Form::Table)
            context.out.write(file->shown + "\n");
        if (!file->changed) file->text = file->formatted.text = {}; // of many files, few are looked at again
        files.push_back(*std::move(file));
    }
    if (context.stop.stop_requested())
        return Error{.code = ErrorCode::Cancelled, .message = "not all files were looked at"};
    if (context.form != Form::Table) print_files(files, !check && !diff, context);
    const bool would_change =
        std::any_of(files.begin(), files.end(), [](const File& file) { return file.changed; });
    return failed || (check && would_change) ? kExitFailed : kExitDone;
}

} // namespace

constinit const Command kFmt{.words = "fmt",
                             .section = Section::Start,
                             .summary = "lay out YAML files in the one way, with comments and order kept",
                             .positionals = kPositionals,
                             .options = kOptions,
                             .forms = kDocument,
                             .examples = kExamples,
                             .run = format};

} // namespace lab::cli
