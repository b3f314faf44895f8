// `lab secret ...`: what follows from who refers to which secret.
#include "cli/commands.h"
#include "cli/places.h"
#include "cli/policy.h"
#include "support/text.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace lab::cli {
namespace {

constexpr Example kExamples[] = {
    {"lab secret audit", "secrets that nothing uses, that are missing, or that too many may read"},
    {"lab secret audit -o json", "the same as a document"},
};

Value finding_value(const spec::Fleet& fleet, const spec::Finding& finding) {
    return Value(ValueMap{{"kind", Value(to_string(finding.kind))},
                          {"secret", Value(finding.path)},
                          {"message", Value(finding.message)},
                          {"help", Value(finding.help)},
                          {"servers", Value(text_list(server_names(fleet, finding.servers)))},
                          {"source", place_value(finding.at)}});
}

std::string finding_text(const spec::Fleet& fleet, const spec::Finding& finding, const Paint& paint) {
    constexpr std::size_t kNamesShown = 5;
    std::string out = fmt::format("{} {}: secret \"{}\" {}\n", paint.yellow("⚠"), to_string(finding.kind),
                                  finding.path, escape_controls(finding.message));
    const std::vector<std::string> names = server_names(fleet, finding.servers);
    if (!names.empty()) {
        const std::vector<std::string> first(
            names.begin(), names.begin() + static_cast<std::ptrdiff_t>(std::min(names.size(), kNamesShown)));
        out += fmt::format("    on {}", fmt::join(first, ", "));
        if (names.size() > kNamesShown) out += fmt::format(" and {} more", names.size() - kNamesShown);
        out += "\n";
    }
    return out + fmt::format("    {}: {}\n", finding.at.text(), finding.help);
}

Result<int> audit(const Arguments& arguments, Context& context) {
    auto session = Session::open(arguments, context, Session::State::None);
    if (!session) return std::move(session).error();
    const spec::Fleet& fleet = (*session)->fleet();
    const auto findings = spec::audit_secrets(fleet);
    const std::size_t secrets = fleet.inventory().secrets.size();
    const int code = findings.empty() ? kExitDone : kExitFailed;
    if (context.form == Form::Json || context.form == Form::Yaml) {
        ValueList list;
        for (const spec::Finding& finding : findings)
            list.push_back(finding_value(fleet, finding));
        print_document(context, "lab.secret-audit/1",
                       {{"secrets", Value(std::uint64_t{secrets})}, {"findings", Value(std::move(list))}});
        return code;
    }
    std::string out;
    for (const spec::Finding& finding : findings)
        out += finding_text(fleet, finding, context.paint);
    if (findings.empty())
        out = secrets == 0 ? "no secrets are defined, and none is referred to\n"
                           : fmt::format("{} {}: each is referred to, defined, and read no wider "
                                         "than what refers to it asks\n",
                                         context.paint.green("✓"), counted(secrets, "secret"));
    else
        out += fmt::format("{}, {}\n", counted(secrets, "secret"), counted(findings.size(), "finding"));
    context.out.write(out);
    return code;
}

} // namespace

constinit const Command kSecretAudit{
    .words = "secret audit",
    .section = Section::Look,
    .summary = "find secrets that nothing uses, that are missing, or that are read too widely",
    .forms = kDocument,
    .examples = kExamples,
    .run = audit};

} // namespace lab::cli
