// `lab cache clear`: what is kept below LAB_HOME/cache, removed.
#include "cli/commands.h"
#include "cli/context.h"
#include "reconciler/caches.h"
#include "support/text.h"
#include "support/units.h"

#include <algorithm>

namespace lab::cli {
namespace {

using reconciler::Cache;

constexpr std::array kNames{std::string_view("fleets"), std::string_view("modules"),
                            std::string_view("inventories")};
constexpr Positional kPositionals[] = {
    {.name = "CACHE",
     .summary = "only these: what is known of fleets, modules from git, inventories at a URL",
     .required = false,
     .repeated = true,
     .choices = kNames},
};
constexpr Example kExamples[] = {
    {"lab cache clear", "remove all that can be made or fetched anew"},
    {"lab cache clear fleets", "only what is known of fleets: the next run reads everything"},
};

bool is_asked(Cache cache, std::span<const std::string> names) {
    return names.empty() || std::find(names.begin(), names.end(), to_string(cache)) != names.end();
}

Result<int> clear(const Arguments& arguments, Context& context) {
    const std::filesystem::path home = context.settings.home();
    Table table{.columns = {{.title = "CACHE"},
                            {.title = "REMOVED", .right = true},
                            {.title = "SIZE", .right = true},
                            {.title = "LEFT", .right = true}},
                .rows = {}};
    ValueList items;
    for (const Cache cache : reconciler::kCaches) {
        if (!is_asked(cache, arguments.positionals())) continue;
        const auto cleared = reconciler::clear(cache, home);
        if (!cleared) return cleared.error();
        for (const std::string& why : cleared->left)
            context.warn(why);
        const auto& [entries, bytes] = cleared->removed;
        table.rows.push_back({std::string(to_string(cache)), std::to_string(entries), format_size(bytes),
                              std::to_string(cleared->left.size())});
        items.emplace_back(ValueMap{{"name", Value(to_string(cache))},
                                    {"path", Value(reconciler::folder_of(cache, home).string())},
                                    {"removed", Value(std::uint64_t{entries})},
                                    {"bytes", Value(bytes)},
                                    {"left", Value(std::uint64_t{cleared->left.size()})}});
    }
    if (context.form == Form::Table)
        context.out.write(table.text(false, context.paint));
    else
        print_document(context, "lab.cache-clear/1", {{"caches", Value(std::move(items))}});
    return kExitDone;
}

} // namespace

constinit const Command kCacheClear{.words = "cache clear",
                                    .section = Section::Machine,
                                    .summary = "remove what is kept below LAB_HOME/cache",
                                    .positionals = kPositionals,
                                    .forms = kDocument,
                                    .examples = kExamples,
                                    .run = clear};

} // namespace lab::cli
