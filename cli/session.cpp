#include "cli/session.h"

#include "cli/progress.h"
#include "support/text.h"

#include <algorithm>
#include <charconv>
#include <fmt/format.h>

#include <future>

namespace lab::cli {
namespace {

/// Prints the diagnostics; an error where there are errors among them. Of warnings alone the first few: who
/// asked for one value has not asked for them.
Result<void> report(const Diagnostics& diagnostics, const SourceLines& lines, Context& context) {
    constexpr std::size_t kFewWarnings = 3;
    if (diagnostics.empty()) return {};
    RenderStyle style{.color = context.err_paint.on};
    if (!diagnostics.has_errors()) style.limit = kFewWarnings;
    context.err.write(render_text(diagnostics, lines, style));
    if (!diagnostics.has_errors()) {
        if (diagnostics.warnings() > kFewWarnings) context.note("`lab validate` shows all warnings");
        return {};
    }
    return Error{.code = ErrorCode::Invalid,
                 .message = fmt::format("the inventory has {}: nothing was planned or done",
                                        counted(diagnostics.errors(), "error"))};
}

void add_terms(std::vector<spec::Term>& terms, const Arguments& arguments, std::string_view option) {
    for (std::string& text : arguments.values(option))
        terms.push_back({.text = std::move(text), .at = {}});
}

/// Who ran sudo, where we are root by it.
std::optional<uid_t> sudo_user(const Context& context) {
    const auto given = context.environment.find("SUDO_UID");
    if (given == context.environment.end()) return std::nullopt;
    uid_t user = 0;
    const char* end = given->second.data() + given->second.size();
    const auto read = std::from_chars(given->second.data(), end, user);
    return read.ec == std::errc{} && read.ptr == end ? std::optional(user) : std::nullopt;
}

/// A line for what takes long before anything else is said: over what Progress has open at a terminal.
std::function<void(const std::string&)> say(Context& context) {
    return [&context](const std::string& text) {
        if (context.err_is_terminal && !context.quiet) context.err.write("\r\x1b[K");
        context.note(text);
    };
}

} // namespace

api::FingerprintKey key_without_state() {
    return {.bytes = sha256("lab without a state").text()};
}

bool has_state(const std::filesystem::path& home) {
    std::error_code failed;
    return std::filesystem::exists(home / "state.db", failed) ||
           std::filesystem::exists(home / "state.id", failed);
}

Result<reconciler::InventorySource> open_source(const Arguments& arguments, Context& context) {
    return reconciler::InventorySource::open({.directory = context.directory,
                                              .inventory = context.settings.get("inventory", arguments).value,
                                              .revision = arguments.value("ref").value_or(""),
                                              .home = context.settings.home(),
                                              .sudo_user = sudo_user(context),
                                              .stop = context.stop,
                                              .modules = {.fetch = true, .progress = say(context)}});
}

namespace {

/// Never taken apart: the process is about to end, and doing it piece by piece is a tenth of a large plan. It
/// stays reachable, so that whatever looks for leaks sees it and what it owns.
template <typename T>
void leave_to_exit(std::unique_ptr<T> large) {
    static auto* const left = new std::vector<std::unique_ptr<T>>();
    left->push_back(std::move(large));
}

} // namespace

Session::~Session() {
    leave_to_exit(std::move(fleet_));
    leave_to_exit(std::move(inventory_));
}

Result<std::unique_ptr<Session>> Session::open(const Arguments& arguments, Context& context, State state,
                                               const Wanted& wanted) {
    auto source = open_source(arguments, context);
    if (!source) return std::move(source).error();
    std::unique_ptr<Session> session(new Session);
    const reconciler::FleetCache cache =
        arguments.has("no-cache")
            ? reconciler::FleetCache()
            : reconciler::fleet_cache(context.settings.home(), context.program, context.providers);
    if (wanted.any() && session->read_part(*source, context, state, wanted, cache)) return session;
    LAB_TRY(session->read(std::move(*source), context, state, wanted.unsettled));
    const api::FingerprintKey key = session->key();
    if (session->clean_)
        reconciler::keep_image(cache, *session->inventory_, *session->fleet_,
                               session->store_ ? &key : nullptr);
    session->forget_what_changed();
    return session;
}

Result<std::unique_ptr<Session>> Session::open(reconciler::InventorySource source, Context& context,
                                               State state) {
    std::unique_ptr<Session> session(new Session);
    LAB_TRY(session->read(std::move(source), context, state));
    return session;
}

Result<void> Session::read(reconciler::InventorySource source, Context& context, State state,
                           bool with_known) {
    if (!source.warning().empty()) context.warn(source.warning());
    context.trace(fmt::format("reading {}", source.tree().describe()));
    Progress progress(context);
    progress.busy("reading " + source.name());
    auto loaded = reconciler::load_inventory(std::move(source));
    progress.clear();
    if (!loaded) return std::move(loaded).error();
    inventory_ = std::move(*loaded);
    Diagnostics diagnostics = inventory_->loaded.diagnostics;
    if (diagnostics.has_errors()) {
        LAB_TRY(report(diagnostics, inventory_->loaded.lines, context));
    }
    LAB_TRY(open_state(inventory_->origin.id, context, state));
    // The rows are read by one thread, and much is resolved by one: side by side.
    std::future<Result<std::vector<store::ServerKeys>>> known;
    if (with_known && nothing_to_settle()) {
        auto moment = store_->moment();
        if (!moment) return std::move(moment).error();
        known_at_ = *std::move(moment);
        known = std::async(std::launch::async, [this] { return store_->servers(); });
    }
    fleet_ = std::make_unique<spec::Fleet>(
        reconciler::resolve_fleet(*inventory_, context.providers, key(), diagnostics));
    clean_ = diagnostics.empty();
    LAB_TRY(report(diagnostics, inventory_->loaded.lines, context));
    if (!known.valid()) return {};
    auto rows = known.get();
    if (!rows) return std::move(rows).error();
    known_ = std::make_shared<const std::vector<store::ServerKeys>>(std::move(*rows));
    return {};
}

/// What another run wrote since is read anew by whoever plans.
void Session::forget_what_changed() {
    if (!known_) return;
    const auto now = store_->moment();
    if (!now || *now != known_at_) known_ = nullptr;
}

/// Whether the part that is wanted could be read by itself. Nothing is said of it then that would not be
/// said of the whole.
bool Session::read_part(const reconciler::InventorySource& source, Context& context, State state,
                        const Wanted& wanted, const reconciler::FleetCache& cache) {
    if (!source.warning().empty() || (wanted.unsettled && !has_state(context.settings.home()))) return false;
    const auto kept = reconciler::find_image(cache, source);
    if (!kept) return false;
    const reconciler::PartReader read = reconciler::begin_part(source, kept);
    if (!read) return false;
    if (state == State::IfThere && !has_state(context.settings.home())) state = State::None;
    if (!open_state(std::string(kept->image.inventory_id()), context, state)) return false;
    reconciler::PartRequest request{.servers = wanted.servers, .path = wanted.path, .filter = wanted.filter};
    if (wanted.unsettled) {
        if (!nothing_to_settle()) return false;
        request.state = store_.get();
    }
    auto part = read(request, context.providers, key());
    if (!part) return false;
    if (wanted.unsettled)
        known_ = std::make_shared<const std::vector<store::ServerKeys>>(std::move(part->known));
    context.trace(fmt::format("reading {}", source.tree().describe()));
    inventory_ = std::move(part->inventory);
    fleet_ = std::move(part->fleet);
    return true;
}

/// Whether a plan may go by what the state knows now: nothing has to be asked or recorded before it.
bool Session::nothing_to_settle() const {
    if (!store_ || notes_.observe_all) return false;
    const auto unfinished = store_->unfinished_runs();
    return unfinished && unfinished->empty();
}

api::FingerprintKey Session::key() const {
    return store_ ? store_->key() : key_without_state();
}

Result<void> Session::open_state(const std::string& inventory, Context& context, State state) {
    if (state_of_ == inventory) return {};
    if (state == State::None || (state == State::IfThere && !has_state(context.settings.home()))) return {};
    store_ = nullptr;
    auto opened = store::Store::open(
        {.home = context.settings.home(), .inventory = inventory, .clock = &context.clock}, notes_);
    if (!opened && state == State::Open) return std::move(opened).error();
    if (opened)
        store_ = std::move(*opened);
    else
        context.warn(fmt::format("what was observed and applied is not known: {}", opened.error().text()));
    for (const std::string& warning : notes_.warnings)
        context.warn(warning);
    state_of_ = inventory;
    if (notes_.created && notes_.warnings.empty())
        context.note(fmt::format("working on the local state {}, made just now",
                                 (context.settings.home() / "state.db").string()));
    return {};
}

reconciler::Engine Session::engine(Context& context) const {
    LAB_CHECK(store_, "an engine works on a state");
    return {.store = *store_,
            .providers = context.providers,
            .clock = context.clock,
            .parallelism = 10,
            .stop = context.stop,
            .events = {}};
}

Result<const reconciler::Workspace*> Session::at_commit(const std::string& commit, Context& context) {
    const std::lock_guard hold(mutex_);
    Other& other = others_[commit];
    if (other.workspace) return other.workspace.get();
    auto source = inventory_->source.at(commit);
    if (!source) return std::move(source).error();
    auto loaded = reconciler::load_inventory(std::move(*source));
    if (!loaded) return std::move(loaded).error();
    other.inventory = std::move(*loaded);
    Diagnostics diagnostics = other.inventory->loaded.diagnostics;
    const api::FingerprintKey key = store_ ? store_->key() : key_without_state();
    other.fleet = std::make_unique<spec::Fleet>(
        reconciler::resolve_fleet(*other.inventory, context.providers, key, diagnostics));
    if (diagnostics.has_errors()) {
        auto refused = report(diagnostics, other.inventory->loaded.lines, context);
        return std::move(refused).error().during("as it was in commit " + commit.substr(0, 12));
    }
    other.workspace = std::make_unique<reconciler::Workspace>(
        reconciler::Workspace{.fleet = *other.fleet, .origin = other.inventory->origin});
    return other.workspace.get();
}

std::optional<spec::Target> target_of(const Arguments& arguments) {
    spec::Target target;
    add_terms(target.labels, arguments, "label");
    add_terms(target.groups, arguments, "group");
    add_terms(target.environments, arguments, "environment");
    add_terms(target.clouds, arguments, "cloud");
    add_terms(target.regions, arguments, "region");
    add_terms(target.providers, arguments, "provider");
    spec::Target out;
    add_terms(out.servers, arguments, "exclude");
    if (!out.servers.empty()) {
        if (target.empty()) target.servers.push_back({.text = "*", .at = {}});
        target.exclude.push_back(std::move(out));
    }
    return target.empty() ? std::nullopt : std::optional(std::move(target));
}

Result<std::optional<spec::Target>> filter_of(const Arguments& arguments, const spec::Fleet& fleet,
                                              Context& context) {
    auto target = target_of(arguments);
    if (!target) return std::optional<spec::Target>();
    Diagnostics diagnostics;
    fleet.check(*target, diagnostics);
    if (diagnostics.has_errors()) {
        const Diagnostic first = diagnostics.sorted().front();
        return Error{.code = ErrorCode::NotFound, .message = first.message, .hint = first.help};
    }
    if (!diagnostics.empty()) LAB_TRY(report(diagnostics, {}, context));
    return target;
}

ValueMap scope_of(const Arguments& arguments) {
    ValueMap scope;
    for (const std::string_view option :
         {"label", "group", "environment", "cloud", "region", "provider", "exclude", "target"}) {
        ValueList values;
        for (std::string& value : arguments.values(option))
            values.emplace_back(std::move(value));
        if (!values.empty()) scope.set(std::string(option), Value(std::move(values)));
    }
    return scope;
}

} // namespace lab::cli
