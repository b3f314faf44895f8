#include "cli/commands.h"
#include "cli/layouts.h"
#include "cli/listings.h"
#include "cli/places.h"
#include "cli/policy.h"
#include "cli/records.h"
#include "cli/runs.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "KIND",
     .summary = "servers, labels, groups, sizes, roles and more ('lab help get' lists them); or KIND/NAME",
     .complete = Complete::Kind},
    {.name = "NAME",
     .summary = "only these",
     .required = false,
     .repeated = true,
     .complete = Complete::Reference},
};
constexpr Example kExamples[] = {
    {"lab get servers", "every server and how it is"},
    {"lab get servers --label base -o wide", "servers with a label, with more columns"},
    {"lab get labels", "what labels bring, and how many servers have them"},
    {"lab get servers -o name", "one KIND/NAME a line, for scripts"},
    {"lab get alerts --catalogue", "the alerts that lab generates by itself"},
    {"lab get secrets --label base", "what servers with a label may read"},
    {"lab get runs", "what was applied"},
};
constexpr Option kOptions[] = {
    {.name = "catalogue",
     .summary = "of alerts: those that lab generates, whether or not they fire anywhere"},
};

/// `lab get` of things that only the state knows.
Result<Listing> list_runs(const Session& session, WallTime now) {
    constexpr std::size_t kNewest = 100;
    auto runs = session.has_store() ? session.store().runs(kNewest)
                                    : Result<std::vector<store::Run>>(std::vector<store::Run>());
    if (!runs) return std::move(runs).error();
    Listing listing{.table = run_table(*runs, now), .items = {}, .names = {}};
    for (const store::Run& run : *runs) {
        listing.names.push_back(run.id);
        listing.items.emplace_back(run_value(run, false));
    }
    return listing;
}

Result<Listing> list(Kind kind, const Session& session, const Selection& selection, Form form, WallTime now) {
    const spec::Fleet& fleet = session.fleet();
    switch (kind) {
    case Kind::Server: return list_servers(session, selection.servers, form, now);
    case Kind::Label: return list_labels(fleet, selection);
    case Kind::Group: return list_groups(fleet, selection);
    case Kind::Environment: return list_environments(fleet, selection);
    case Kind::Cloud: return list_clouds(fleet, selection);
    case Kind::Module: return list_modules(fleet, selection);
    case Kind::Param: return list_params(fleet);
    case Kind::Layout: return list_layouts(fleet, selection);
    case Kind::Size:
    case Kind::Image:
    case Kind::PuppetClass:
    case Kind::Container:
    case Kind::Cluster:
    case Kind::App:
    case Kind::Role:
    case Kind::User: return list_records(kind, fleet, selection);
    case Kind::Alert: return list_alerts(fleet, selection);
    case Kind::Secret: return list_secrets(fleet, selection);
    case Kind::Run: return list_runs(session, now);
    }
    return Listing();
}

/// Whether the thing is there at all, whatever a filter selects.
bool is_there(Kind kind, std::string_view name, const spec::Fleet& fleet) {
    const spec::Elsewhere* elsewhere = fleet.inventory().elsewhere;
    if (kind == Kind::Server && elsewhere && elsewhere->has_server(name)) return true;
    const auto known = names_of(kind, fleet);
    return std::find(known.begin(), known.end(), name) != known.end();
}

Error left_out(Kind kind, std::string_view name) {
    const KindWords& words = words_of(kind);
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("the filter leaves out {} '{}'", words.one, name),
            .hint = fmt::format("'lab get {} {}' shows it", words.many, name)};
}

/// Keeps only what is named; NotFound where something named is not there, or not among what the filter
/// selects of `filtered`.
Result<Listing> only(Listing all, Kind kind, const std::vector<std::string>& names,
                     const spec::Fleet* filtered = nullptr) {
    if (names.empty()) return all;
    Listing kept{
        .table = {.columns = all.table.columns, .rows = {}}, .items = {}, .names = {}, .note = all.note};
    for (const std::string& name : names) {
        const auto found = std::find(all.names.begin(), all.names.end(), name);
        if (found == all.names.end())
            return filtered && is_there(kind, name, *filtered) ? left_out(kind, name)
                                                               : no_such(kind, name, all.names);
        const auto at = static_cast<std::size_t>(found - all.names.begin());
        kept.names.push_back(name);
        if (!all.table.rows.empty()) kept.table.rows.push_back(all.table.rows[at]);
        if (!all.items.empty()) kept.items.push_back(all.items[at]);
    }
    return kept;
}

Result<Selection> selection_of(const Arguments& arguments, const spec::Fleet& fleet, Context& context) {
    auto filter = filter_of(arguments, fleet, context);
    if (!filter) return std::move(filter).error();
    Selection selection{.servers = {}, .filtered = filter->has_value()};
    if (*filter) {
        selection.servers = fleet.select(**filter);
        return selection;
    }
    for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
        selection.servers.push_back(i);
    return selection;
}

void print(const Listing& listing, Kind kind, Context& context) {
    const KindWords& words = words_of(kind);
    switch (context.form) {
    case Form::Json:
    case Form::Yaml:
        print_document(context, fmt::format("lab.{}/1", words.many),
                       {{std::string(words.many), Value(ValueList(listing.items))}});
        return;
    case Form::Name: {
        std::string out;
        for (const std::string& name : listing.names)
            out += fmt::format("{}/{}\n", words.one, name);
        context.out.write(out);
        return;
    }
    case Form::Table:
    case Form::Wide:
        if (listing.names.empty()) context.note(fmt::format("no {}", words.many));
        if (!listing.note.empty()) context.note(listing.note);
        context.out.write(listing.table.text(context.form == Form::Wide, context.paint));
    }
}

bool has_filters(const Arguments& arguments) {
    const auto options = filter_options();
    return std::any_of(options.begin(), options.end(),
                       [&](const Option& option) { return arguments.has(option.name); });
}

/// A damaged state stops what lists runs; other kinds get along without it. None is made for looking.
Session::State state_for(Kind kind, const Context& context) {
    if (kind != Kind::Run) return Session::State::IfThere;
    return has_state(context.settings.home()) ? Session::State::Open : Session::State::None;
}

/// Needs no inventory: the catalogue is the same for all.
Result<int> print_catalogue(const Arguments& arguments, const Reference& reference, Context& context) {
    if (reference.kind != Kind::Alert || has_filters(arguments))
        return refuse_usage(
            context, {.message = "--catalogue lists alerts, whatever servers there are: lab get alerts "
                                 "--catalogue",
                      .command = &kGet});
    auto wanted = only(list_catalogue(), Kind::Alert, reference.names);
    if (!wanted) return std::move(wanted).error();
    print(*wanted, Kind::Alert, context);
    return kExitDone;
}

Result<int> get(const Arguments& arguments, Context& context) {
    auto reference = parse_reference(arguments.positionals());
    if (!reference) return refuse_usage(context, {reference.error().message, reference.error().hint, &kGet});
    const Kind kind = reference->kind;
    if ((kind == Kind::Run || kind == Kind::Param) && has_filters(arguments))
        return refuse_usage(
            context,
            {.message = fmt::format("filters select servers; they say nothing about {}", words_of(kind).many),
             .command = &kGet});
    if (arguments.has("catalogue")) return print_catalogue(arguments, *reference, context);
    Session::Wanted wanted;
    if (kind == Kind::Server) wanted = {.servers = reference->names, .filter = target_of(arguments)};
    if (wanted.filter) wanted.servers.clear(); // names select among those
    auto session = Session::open(arguments, context, state_for(kind, context), wanted);
    if (!session) return std::move(session).error();
    auto selection = selection_of(arguments, (*session)->fleet(), context);
    if (!selection) return std::move(selection).error();
    auto all = list(kind, **session, *selection, context.form, context.clock.wall());
    if (!all) return std::move(all).error();
    auto chosen =
        only(std::move(*all), kind, reference->names, selection->filtered ? &(*session)->fleet() : nullptr);
    if (!chosen) return std::move(chosen).error();
    print(*chosen, kind, context);
    return kExitDone;
}

} // namespace

constinit const Command kGet{.words = "get",
                             .section = Section::Look,
                             .summary = "list servers, labels, groups, modules, runs and more",
                             .positionals = kPositionals,
                             .options = kOptions,
                             .filters = true,
                             .forms = kListing,
                             .examples = kExamples,
                             .run = get};

} // namespace lab::cli
