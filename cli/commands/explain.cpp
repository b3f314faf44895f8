#include "cli/blame.h"
#include "cli/commands.h"
#include "cli/details.h"
#include "cli/places.h"
#include "cli/policy.h"
#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::cli {
namespace {

constexpr Positional kPositionals[] = {
    {.name = "server/NAME[.FIELD]",
     .summary = "a server, or one of its values: params.motd.banner, labels.base, groups.all, modules.motd, "
                "file/etc/motd.mode",
     .complete = Complete::ServerPath},
    {.name = "NAME[.FIELD]",
     .summary = "where the first is the word 'server'",
     .required = false,
     .complete = Complete::Server},
};
constexpr Option kOptions[] = {
    {.name = "blame", .summary = "name the commit and the author who wrote each place"},
};
constexpr Example kExamples[] = {
    {"lab explain server/first", "every value of a server, and where it is written"},
    {"lab explain server/first.params.motd", "the params of one module, with what they won over"},
    {"lab explain server/first.file/etc/motd", "why a resource is there, and what decided its properties"},
    {"lab explain server/first --blame", "who wrote each value, and in which commit"},
};

/// What was asked for: a server and the rest of the path.
struct Question {
    spec::ServerIndex server = 0;
    std::string field; // "" for all
};

/// Names of servers may hold dots, so the longest one that fits is taken.
Result<Question> find_server(const spec::Fleet& fleet, std::string_view path) {
    for (std::size_t end = path.size();; --end) {
        if (end == path.size() || path[end] == '.')
            if (const auto index = fleet.find(path.substr(0, end)))
                return Question{*index,
                                std::string(end == path.size() ? std::string_view() : path.substr(end + 1))};
        if (end == 0) break;
    }
    return no_such(Kind::Server, path.substr(0, path.find('.')), names_of(Kind::Server, fleet));
}

/// One answer: a value, or the fact that something is there, and why.
struct Answer {
    std::string path;
    Value value; // null where being there is the whole answer
    std::vector<std::string> why;
    ValueMap document;
};

Answer answer_of(const spec::Field& field) {
    Answer answer{.path = field.path, .value = field.effective.value, .why = {}, .document = {}};
    answer.why.push_back("from " + origin_text(field.effective.origin));
    for (const auto& [value, origin] : field.effective.overrode)
        answer.why.push_back(fmt::format("over {} from {}", shown_value(value), origin_text(origin)));
    answer.document = *fields_value({field}).front().if_map();
    return answer;
}

bool below(std::string_view path, std::string_view asked) {
    return asked.empty() || path == asked || (path.starts_with(asked) && path[asked.size()] == '.');
}

std::vector<Answer> explain_groups(const spec::Fleet& fleet, spec::ServerIndex server,
                                   std::string_view asked) {
    std::vector<Answer> answers;
    const auto in = fleet.groups(server);
    for (const auto& entry : fleet.inventory().groups) {
        const std::string path = "groups." + entry.first;
        const bool member = std::find(in.begin(), in.end(), entry.first) != in.end();
        if (!below(path, asked) || (!member && asked != path)) continue; // who is out is told when asked for
        Answer answer{.path = path,
                      .value = Value(member),
                      .why = fleet.explain_membership(entry.first, server),
                      .document = {}};
        answer.document = {{"path", Value(path)},
                           {"value", Value(member)},
                           {"why", Value(text_list(answer.why))},
                           {"source", place_value(entry.second.at)}};
        answers.push_back(std::move(answer));
    }
    return answers;
}

std::vector<Answer> explain_modules(const spec::Fleet& fleet, spec::ServerIndex server,
                                    std::string_view asked) {
    std::vector<Answer> answers;
    for (const spec::ModuleUnit& unit : fleet.modules(server)) {
        const std::string path = "modules." + unit.module;
        if (!below(path, asked)) continue;
        Answer answer{.path = path, .value = text_or_null(unit.version), .why = {}, .document = {}};
        answer.why.push_back(unit.at.known() ? fmt::format("{} at {}", module_origin(unit), unit.at.text())
                                             : module_origin(unit));
        answer.document = {{"path", Value(path)},
                           {"value", answer.value},
                           {"labels", Value(text_list(unit.labels))},
                           {"required_by", Value(text_list(unit.required_by))},
                           {"source", place_value(unit.at)}};
        answers.push_back(std::move(answer));
    }
    return answers;
}

Answer answer_of(const std::string& path, const std::vector<spec::Chain>& chains, std::string_view secret) {
    Answer answer{.path = path, .value = Value(true), .why = {}, .document = {}};
    for (const spec::Chain& chain : chains)
        answer.why.push_back(chain_line(chain, secret));
    answer.document = {{"path", Value(path)}, {"value", Value(true)}, {"why", chains_value(chains)}};
    return answer;
}

std::vector<Answer> explain_alerts(const spec::Fleet& fleet, spec::ServerIndex server,
                                   std::string_view asked) {
    std::vector<Answer> answers;
    for (const spec::ServerAlert& alert : spec::alerts_of(fleet, server))
        if (const std::string path = "alerts." + alert.name; below(path, asked))
            answers.push_back(answer_of(path, alert.chains, {}));
    for (const spec::NotHere& one : spec::alerts_not_on(fleet, server)) {
        const std::string path = "alerts." + one.alert;
        if (path != asked) continue; // what is not there is told when asked for
        answers.push_back({.path = path,
                           .value = Value(false),
                           .why = {one.why},
                           .document = {{"path", Value(path)},
                                        {"value", Value(false)},
                                        {"why", Value(text_list({one.why}))}}});
    }
    return answers;
}

std::vector<Answer> explain_secrets(const spec::Fleet& fleet, spec::ServerIndex server,
                                    std::string_view asked) {
    std::vector<Answer> answers;
    for (const spec::ServerSecret& secret : spec::secrets_of(fleet, server))
        if (const std::string path = "secrets." + secret.path; below(path, asked))
            answers.push_back(answer_of(path, secret.chains, secret.path));
    return answers;
}

/// Values of resources are not printed, only where they come from: they may be private.
std::vector<Answer> explain_resources(const spec::Fleet& fleet, spec::ServerIndex server,
                                      std::string_view asked) {
    std::vector<Answer> answers;
    Diagnostics problems; // reported when the fleet was resolved
    for (const spec::ModuleUnit& unit : fleet.units(server, problems)) {
        for (const api::Resource& resource : unit.resources) {
            const std::string id = resource.id();
            if (!below(asked, id)) continue; // asked is the resource, or one of its properties
            const std::string property(asked.size() > id.size() ? asked.substr(id.size() + 1)
                                                                : std::string_view());
            if (!property.empty() && !resource.properties.contains(property)) continue;
            const auto origins = fleet.decided_by(server, unit.module, id, property);
            Answer answer{.path = std::string(asked), .value = {}, .why = {}, .document = {}};
            answer.why.push_back(
                fmt::format("written at {} in module {}", resource.source.text(), unit.module));
            answer.why.push_back(
                unit.at.known()
                    ? fmt::format("module {}: {} at {}", unit.module, module_origin(unit), unit.at.text())
                    : fmt::format("module {}: {}", unit.module, module_origin(unit)));
            ValueList decided;
            for (const spec::Origin& origin : origins) {
                answer.why.push_back("decided by " + origin_text(origin));
                decided.push_back(origin_value(origin));
            }
            answer.document = {{"path", Value(asked)},
                               {"module", Value(unit.module)},
                               {"labels", Value(text_list(unit.labels))},
                               {"required_by", Value(text_list(unit.required_by))},
                               {"decided_by", Value(std::move(decided))},
                               {"source", place_value(resource.source)}};
            answers.push_back(std::move(answer));
        }
    }
    return answers;
}

std::vector<Answer> explain(const spec::Fleet& fleet, const Question& question) {
    std::vector<Answer> answers;
    for (const spec::Field& field : fleet.fields(question.server))
        if (below(field.path, question.field) && !is_policy(field)) answers.push_back(answer_of(field));
    for (auto* more : {explain_groups, explain_modules, explain_alerts, explain_secrets, explain_resources}) {
        if (more == explain_resources && question.field.empty()) continue; // `lab show server` lists them
        for (Answer& answer : more(fleet, question.server, question.field))
            answers.push_back(std::move(answer));
    }
    return answers;
}

Error no_such_field(const spec::Fleet& fleet, const Question& question) {
    std::vector<std::string> paths;
    for (const Answer& answer : explain(fleet, {question.server, ""}))
        paths.push_back(answer.path);
    Diagnostics problems;
    for (const spec::ModuleUnit& unit : fleet.units(question.server, problems))
        for (const api::Resource& resource : unit.resources)
            paths.push_back(resource.id());
    const auto near = nearest(question.field, std::span<const std::string>(paths));
    const std::string& name = fleet.server(question.server).name;
    return {.code = ErrorCode::NotFound,
            .message = fmt::format("server '{}' has no '{}'", name, escape_controls(question.field)),
            .hint = near ? fmt::format("did you mean 'server/{}.{}'?", name, *near)
                         : fmt::format("'lab explain server/{}' lists its values", name)};
}

Result<int> print_document_of(const std::string& server, const std::vector<Answer>& answers, Blamer* blamer,
                              Context& context) {
    ValueList list;
    for (const Answer& answer : answers) {
        Value document(answer.document);
        if (blamer) {
            auto blamed = blamer->with_blame(document);
            if (!blamed) return std::move(blamed).error();
            document = *std::move(blamed);
        }
        list.push_back(std::move(document));
    }
    print_document(context, "lab.explanation/1",
                   {{"server", Value(server)}, {"fields", Value(std::move(list))}});
    return kExitDone;
}

/// All values of a server, a row each; with a blamer, who wrote what counts.
Result<int> print_table(const std::vector<Answer>& answers, Blamer* blamer, Context& context) {
    Table table{.columns = {{.title = "FIELD"}, {.title = "VALUE"}, {.title = "WHY"}}, .rows = {}};
    if (blamer) table.columns.push_back({.title = "COMMIT"});
    for (const Answer& answer : answers) {
        std::vector<Cell> row{answer.path, answer.value.is_null() ? "" : shown_value(answer.value),
                              answer.why.empty() ? std::string() : answer.why.front()};
        if (blamer) {
            const auto places = places_in(Value(answer.document));
            std::string text = "-";
            if (!places.empty()) {
                auto known = blamer->knows(places.front());
                if (!known) return std::move(known).error();
                auto commit = blamer->who(places.front());
                if (!commit) return std::move(commit).error();
                if (*known) text = blame_text(*commit);
            }
            row.push_back(std::move(text));
        }
        table.rows.push_back(std::move(row));
    }
    context.out.write(table.text(false, context.paint));
    return kExitDone;
}

/// A few values with all that was said of each; with a blamer, who wrote each place.
Result<int> print_chains(const std::string& server, const std::vector<Answer>& answers, Blamer* blamer,
                         Context& context) {
    std::string out;
    for (const Answer& answer : answers) {
        const std::string value = answer.value.is_null()
                                      ? std::string()
                                      : fmt::format(" = {}", escape_controls(shown_value(answer.value)));
        out += fmt::format(
            "{}{}\n", context.paint.bold(fmt::format("server/{}.{}", server, escape_controls(answer.path))),
            value);
        for (const std::string& why : answer.why)
            out += fmt::format("  {}\n", escape_controls(why));
        if (!blamer) continue;
        for (const Place& place : places_in(Value(answer.document))) {
            auto known = blamer->knows(place);
            if (!known) return std::move(known).error();
            if (!*known) continue;
            auto commit = blamer->who(place);
            if (!commit) return std::move(commit).error();
            const std::size_t last = blamer->last_line(place);
            out += fmt::format("  {}:{}{}: {}\n", escape_controls(place.file), place.line,
                               last > place.line ? fmt::format("-{}", last) : "", blame_text(*commit));
        }
    }
    context.out.write(out);
    return kExitDone;
}

Result<int> run_explain(const Arguments& arguments, Context& context) {
    std::string path(arguments.positional(0));
    const bool apart = !arguments.positional(1).empty();
    const auto slash = path.find('/');
    const auto kind = parse_kind(std::string_view(path).substr(0, slash));
    if (!kind) return refuse_usage(context, {kind.error().message, kind.error().hint, &kExplain});
    if (*kind != Kind::Server || (slash == std::string::npos) != apart)
        return refuse_usage(context,
                            {.message = "'lab explain' takes server/NAME, or server/NAME.FIELD for one value",
                             .command = &kExplain});
    path = apart ? std::string(arguments.positional(1)) : path.substr(slash + 1);
    auto session = Session::open(arguments, context, Session::State::None, {.path = path});
    if (!session) return std::move(session).error();
    const spec::Fleet& fleet = (*session)->fleet();
    auto question = find_server(fleet, path);
    if (!question) return std::move(question).error();
    const auto answers = explain(fleet, *question);
    if (answers.empty()) return no_such_field(fleet, *question);
    const reconciler::InventorySource& source = (*session)->inventory().source;
    if (arguments.has("blame") && !source.repository())
        return Error{.code = ErrorCode::NotFound,
                     .message =
                         fmt::format("'{}' is in no git repository, so nobody can be named", source.name()),
                     .hint = "'git init' and a commit make it one; without --blame the places are shown"};
    Blamer history(source);
    Blamer* const blamer = arguments.has("blame") ? &history : nullptr;
    const std::string& name = fleet.server(question->server).name;
    auto done = context.form == Form::Json || context.form == Form::Yaml
                    ? print_document_of(name, answers, blamer, context)
                : question->field.empty() ? print_table(answers, blamer, context)
                                          : print_chains(name, answers, blamer, context);
    if (history.cut_off())
        context.note("the clone is shallow, and does not say who wrote what is older than it: 'git fetch "
                     "--unshallow' brings its whole history");
    return done;
}

} // namespace

constinit const Command kExplain{.words = "explain",
                                 .section = Section::Look,
                                 .summary = "tell where a value of a server comes from, file, line and label",
                                 .positionals = kPositionals,
                                 .options = kOptions,
                                 .forms = kDocument,
                                 .examples = kExamples,
                                 .run = run_explain};

} // namespace lab::cli
