#include "agent/answer.h"

#include "agent/destroy.h"
#include "agent/facts.h"
#include "agent/nested.h"
#include "support/text.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::agent {
namespace {

Result<Tree> open_tree(const Request& request) {
    const bool live = request.root.empty() || request.root == "/";
    if (request.create && request.mode == Mode::Apply && !live) {
        if (!request.root.starts_with('/'))
            return Error{.code = ErrorCode::Invalid,
                         .message = fmt::format("the root '{}' is no absolute path", request.root)};
        LAB_TRY(make_directories(request.root));
    }
    auto tree = Tree::open(request.root);
    if (!tree && tree.error().code == ErrorCode::NotFound && request.mode == Mode::Apply)
        return std::move(tree).error().with_hint("an apply with --create-root makes it");
    return tree;
}

/// Records what was brought about and puts the whole run on the disk.
void close_run(const Request& request, const Tree& tree, Records& records, const RunResult& run,
               api::Report& report) {
    const auto recorded = records.record(run.as_wanted, request.desired);
    if (!recorded) report.warnings.push_back(recorded.error().text());
    const bool touched =
        std::any_of(run.resources.begin(), run.resources.end(), [](const api::ResourceReport& each) {
            return each.status == api::ResourceStatus::Changed || each.status == api::ResourceStatus::Failed;
        });
    if (!touched && !(recorded && *recorded)) return;
    if (const auto synced = tree.sync(); !synced) report.warnings.push_back(synced.error().text());
}

/// A folder that is not lab's yet becomes a machine whole, with all that is in it: no other machine may be.
Result<void> check_unowned(const Request& request, const Tree& tree, const Records& records) {
    if (tree.live() || request.desired.inventory.empty() || !records.identity().server_id.empty()) return {};
    const auto inside = find_machine_inside(tree.root());
    if (!inside) return inside.error();
    if (!*inside) return {};
    return Error{.code = ErrorCode::Conflict,
                 .message = fmt::format("'{}' holds the tree of another machine: '{}'",
                                        escape_controls(tree.root()), escape_controls(**inside)),
                 .hint = "give the server a root of its own"};
}

Result<void> run_request(const Request& request, Tree& tree, const Clock& clock, const AnswerOptions& options,
                         api::Report& report) {
    auto records = Records::open(tree);
    if (!records) return std::move(records).error();
    LAB_TRY(check_unowned(request, tree, *records));
    const bool apply = request.mode == Mode::Apply;
    if (apply) LAB_TRY(records->begin(request.desired));
    report.server_id = records->identity().server_id;
    report.inventory = records->identity().inventory;
    report.desired = api::digest(request.desired).text();
    if (!apply && request.desired.server_id.empty() && !report.server_id.empty())
        if (auto applied = read_applied(tree)) report.applied = *std::move(applied);
    Host host{.tree = tree,
              .live = tree.live(),
              .facts = report.facts,
              .stop = options.kill,
              .key = request.desired.key};
    RunResult run = run_resources(request.desired, host, *records, clock,
                                  {.apply = apply, .progress = options.progress, .stop = options.stop});
    if (apply) close_run(request, tree, *records, run, report);
    report.resources = std::move(run.resources);
    report.interrupted = run.interrupted;
    return {};
}

} // namespace

std::string_view to_string(Mode mode) noexcept {
    switch (mode) {
    case Mode::Check: return "check";
    case Mode::Apply: return "apply";
    case Mode::Facts: return "facts";
    case Mode::Destroy: return "destroy";
    }
    return "check";
}

std::optional<Mode> mode_from(std::string_view text) noexcept {
    for (const Mode mode : std::array{Mode::Check, Mode::Apply, Mode::Facts, Mode::Destroy})
        if (to_string(mode) == text) return mode;
    return std::nullopt;
}

Value MachineFacts::of(const Tree& tree, const std::stop_token& stop) {
    if (tree.live()) return collect_facts(tree, stop);
    if (!machine_) {
        const auto live = Tree::open("/");
        machine_ = live ? collect_facts(*live, stop) : Value();
    }
    return tree_facts(tree, *machine_);
}

Result<api::Report> answer(Request request, MachineFacts& facts, const Clock& clock,
                           const AnswerOptions& options) {
    api::Report report{.server = request.desired.server,
                       .mode = std::string(to_string(request.mode)),
                       .at = format_time(clock.wall())};
    // Without a key nothing outside knows, fingerprints mean something only within this run.
    if (request.desired.key.bytes.empty()) request.desired.key.bytes = random_bytes(32);
    if (request.mode == Mode::Destroy) {
        LAB_TRY(destroy_tree(request.root, {.server_id = request.desired.server_id,
                                            .inventory = request.desired.inventory,
                                            .server = request.desired.server}));
        report.server_id = request.desired.server_id;
        report.inventory = request.desired.inventory;
        return report;
    }
    auto tree = open_tree(request);
    if (!tree) return std::move(tree).error();
    report.facts = facts.of(*tree, options.kill);
    if (request.mode == Mode::Facts) {
        auto identity = read_identity(*tree);
        if (!identity) return std::move(identity).error();
        report.server = identity->server;
        report.server_id = identity->server_id;
        report.inventory = identity->inventory;
        return report;
    }
    LAB_TRY(run_request(request, *tree, clock, options, report));
    return report;
}

} // namespace lab::agent
