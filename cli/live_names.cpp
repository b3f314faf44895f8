#include "cli/completion.h"

#include "cli/commands.h"
#include "cli/help.h"

namespace lab::cli {
namespace {

std::vector<Candidate> command_names() {
    std::vector<Candidate> found;
    for (const Command* command : commands())
        if (command->section != Section::Hidden && command->words.find(' ') == std::string_view::npos)
            found.push_back({std::string(command->words), std::string(command->summary)});
    for (const Topic& topic : topics())
        found.push_back({std::string(topic.name), std::string(topic.summary)});
    return found;
}

std::vector<Candidate> setting_names() {
    std::vector<Candidate> found;
    for (const SettingRule& rule : setting_rules())
        found.push_back({std::string(rule.name), std::string(rule.summary)});
    return found;
}

std::vector<Candidate> setting_values(const PartialLine& line) {
    std::vector<Candidate> found;
    const auto rule = find_setting(line.positionals.empty() ? std::string_view() : line.positionals.front());
    if (rule)
        for (const std::string_view choice : (*rule)->choices)
            found.push_back({std::string(choice), {}});
    return found;
}

} // namespace

std::vector<Candidate> live_names(Complete what, const PartialLine& line, Context&) {
    switch (what) {
    case Complete::Command: return command_names();
    case Complete::Setting: return setting_names();
    case Complete::SettingValue: return setting_values(line);
    case Complete::Nothing:
    case Complete::File:
    case Complete::Directory:
    case Complete::Kind:
    case Complete::Reference:
    case Complete::Server:
    case Complete::ServerPath:
    case Complete::Label:
    case Complete::Group:
    case Complete::Environment:
    case Complete::Cloud:
    case Complete::Region:
    case Complete::Provider:
    case Complete::Module:
    case Complete::Run:
    case Complete::Revision: return {};
    }
    return {};
}

} // namespace lab::cli
