#include "reconciler/targets.h"

#include "support/text.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::reconciler {

Result<std::vector<std::string>> targets_of(const std::vector<std::string>& written, const spec::Fleet& fleet,
                                            const std::vector<store::ServerKeys>& known) {
    std::vector<std::string> targets;
    for (const std::string& text : written) {
        const auto parts = split(text, '/');
        const bool server = parts.size() == 2 && parts[0] == "server";
        const bool module = parts.size() == 4 && parts[0] == "server" && parts[2] == "module";
        const bool layout = parts.size() == 3 && parts[0] == "server" && parts[2] == "layout";
        if (!server && !module && !layout)
            return Error{.code = ErrorCode::Invalid,
                         .message =
                             fmt::format("'{}' is no target: expected server/NAME, server/NAME/layout or "
                                         "server/NAME/module/MODULE",
                                         text)};
        const std::string name(parts[1]);
        const auto index = fleet.find(name);
        const bool applied = std::any_of(known.begin(), known.end(), [&](const store::ServerKeys& one) {
            return one.applied && one.name == name;
        });
        if (!index && !applied) {
            std::vector<std::string> names;
            for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
                names.push_back(fleet.server(i).name);
            const auto near = nearest(name, names);
            return Error{
                .code = ErrorCode::NotFound,
                .message = fmt::format("there is no server '{}', neither in the inventory nor applied", name),
                .hint =
                    near ? fmt::format("did you mean 'server/{}'?", *near)
                         : fmt::format(
                               "`lab get servers` lists them; to make it, say what it is: `lab apply server "
                               "{} --label LABEL --provider PROVIDER`",
                               name)};
        }
        if (module && index) {
            const auto modules = fleet.modules(*index);
            if (std::none_of(modules.begin(), modules.end(),
                             [&](const auto& unit) { return unit.module == parts[3]; }))
                return Error{.code = ErrorCode::NotFound,
                             .message = fmt::format("server '{}' has no module '{}'", name, parts[3]),
                             .hint = fmt::format("`lab describe server {}` lists its modules", name)};
        }
        targets.push_back(text);
    }
    return targets;
}

} // namespace lab::reconciler
