#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "store/store.h"
#include "support/digest.h"
#include "support/files.h"
#include "support/process.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

namespace fs = std::filesystem;

constexpr Positional kPositionals[] = {
    {.name = "DIR",
     .summary = "the folder of the new inventory (default: this one)",
     .required = false,
     .complete = Complete::Directory},
};
constexpr Option kOptions[] = {
    {.name = "name", .value = "NAME", .summary = "what the inventory is called (default: as its folder)"},
    {.name = "local", .summary = "also make the state in LAB_HOME now"},
};
constexpr Example kExamples[] = {
    {"lab init homelab && cd homelab && lab validate && lab plan", "a first inventory, and what it would do"},
    {"lab init --local", "one in this folder, and the state for it"},
};

struct NewFile {
    std::string_view path;
    std::string text;
};

std::string lab_yaml(const std::string& name, const std::string& id) {
    return fmt::format(
        R"(# The settings of this inventory. Every *.yaml file below this folder belongs to it: one file for all, or one
# a server, as you like.
lab:
  format: 1
  name: {}
  id: {}  # what the state knows this inventory by: keep it, also when you rename or move
)",
        name, id);
}

/// The tree is named after the inventory: several of them may share one LAB_HOME.
std::string servers_yaml(const std::string& name) {
    return fmt::format(
        R"(# A server and what it is. This first one is a folder on this machine that stands for a server, so that a plan can
# be applied without touching anything else: it is made below LAB_HOME (~/.lab).
servers:
  first:
    environment: home
    provider: local
    root: machines/{}/first
    labels: [base]

environments:
  home: {{}}
)",
        name);
}

constexpr std::string_view kLabels = R"(# What a label brings to the servers that have it.
labels:
  base:
    modules: [motd]
    params:
      motd:
        banner: managed by lab
)";

constexpr std::string_view kModule =
    R"(# A module: what is done on each server that has it. Values in {{ }} are filled in for the server.
name: motd
version: 1.0.0
params:
  banner: {type: string, default: managed by lab}
resources:
  - file: /etc/motd
    content: "{{ params.banner }}: {{ server.name }}\n"
    mode: "0644"
tests: tests/
)";

constexpr std::string_view kModuleCases =
    R"(# What the module does with what it is given: `lab test module motd`.
cases:
  - name: the banner stands before the name
    server: {name: web-1}
    params:
      motd: {banner: hello}
    expect:
      resources:
        file/etc/motd: {content: "hello: web-1\n"}
)";

constexpr std::string_view kCases =
    R"(# What must hold of this inventory: `lab test` runs these cases, without any machine.
cases:
  - name: a message of the day that somebody edited is put back
    observed:
      servers:
        first:
          in_order: true
          resources:
            file/etc/motd: {content: "by hand\n"}
    expect:
      actions: [update server/first/module/motd]
      values:
        first: {labels: [base], params.motd.banner: managed by lab}
)";

/// What the language takes as a name, made of `text`.
std::string as_name(std::string_view text) {
    std::string name;
    for (const char c : text) {
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        name += plain || c == '-' || c == '_' || c == '.' ? c : '-';
    }
    const auto first = name.find_first_not_of("-_.");
    return first == std::string::npos ? "homelab" : name.substr(first);
}

/// Quoted where YAML would not read it as a string ("2024", "no").
std::string yaml_scalar(const std::string& text) {
    std::string line = write_yaml(Value(text));
    line.pop_back();
    return line;
}

std::vector<NewFile> files_of(const std::string& name, const std::string& id) {
    return {{"lab.yaml", lab_yaml(yaml_scalar(name), yaml_scalar(id))},
            {"servers.yaml", servers_yaml(name)},
            {"labels.yaml", std::string(kLabels)},
            {"modules/motd/module.yaml", std::string(kModule)},
            {"modules/motd/tests/motd.yaml", std::string(kModuleCases)},
            {"tests/first.yaml", std::string(kCases)}};
}

/// A repository around it, where there is none and git is there; lab works without one too.
bool make_repository(const fs::path& folder, Context& context) {
    const auto inside = run({.argv = {"git", "-C", folder.string(), "rev-parse", "--git-dir"}}, context.stop);
    if (!inside || inside->ok()) return false;
    const auto made = run(
        {.argv = {"git", "-C", folder.string(), "init", "--quiet", "--initial-branch=main"}}, context.stop);
    return made && made->ok();
}

Result<void> make_state(const std::string& id, Context& context) {
    store::OpenNotes notes;
    auto store = store::Store::open(
        {.home = context.settings.home(), .inventory = id, .clock = &context.clock}, notes);
    if (!store) return std::move(store).error().during("while making the state");
    for (const std::string& warning : notes.warnings)
        context.warn(warning);
    return {};
}

Result<void> refuse_existing(const fs::path& folder, const std::vector<NewFile>& files) {
    std::vector<std::string> there;
    std::error_code failed;
    for (const NewFile& file : files)
        if (fs::exists(fs::symlink_status(folder / file.path, failed))) there.emplace_back(file.path);
    if (there.empty()) return {};
    return Error{.code = ErrorCode::Conflict,
                 .message = fmt::format("{} {} there already in {}", fmt::join(there, ", "),
                                        there.size() == 1 ? "is" : "are", folder.string()),
                 .hint = there.front() == "lab.yaml"
                             ? "this is an inventory already: 'lab validate' checks it"
                             : "choose an empty folder: lab init DIR"};
}

Result<int> init(const Arguments& arguments, Context& context) {
    const std::string given(arguments.positional(0));
    fs::path folder = (context.directory / given).lexically_normal();
    if (!folder.has_filename()) folder = folder.parent_path(); // "." and "DIR/"
    const auto wish = arguments.value("name");
    const std::string name = wish ? *wish : as_name(folder.filename().string());
    if (name != as_name(name))
        return refuse_usage(
            context, {.message = fmt::format(
                          "'{}' is no name: it has other characters than letters, digits, '-', '_', '.'",
                          escape_controls(name)),
                      .command = &kInit});
    const std::string id = hex_encode(random_bytes(8));
    const auto files = files_of(name, id);
    LAB_TRY(refuse_existing(folder, files));
    for (const NewFile& file : files) {
        LAB_TRY(make_directories((folder / file.path).parent_path()));
        LAB_TRY(write_file_atomic(folder / file.path, file.text));
    }
    const bool repository = make_repository(folder, context);
    if (arguments.has("local")) LAB_TRY(make_state(id, context));

    std::string out = fmt::format("Made inventory '{}' in {}:\n", name, folder.string());
    std::vector<std::string> lines;
    for (const NewFile& file : files)
        lines.emplace_back(file.path);
    if (repository) lines.emplace_back(".git (an empty repository)");
    out += branches(lines);
    if (arguments.has("local"))
        out += fmt::format("State: {}\n", (context.settings.home() / "state.db").string());
    out += "Next:\n";
    if (folder != context.directory) out += fmt::format("  cd {}\n", given);
    out += "  lab validate\n  lab plan\n  lab apply\n";
    context.out.write(out);
    return kExitDone;
}

} // namespace

constinit const Command kInit{.words = "init",
                              .section = Section::Start,
                              .summary =
                                  "make a new inventory that validates, plans and applies as it stands",
                              .positionals = kPositionals,
                              .options = kOptions,
                              .examples = kExamples,
                              .run = init};

} // namespace lab::cli
