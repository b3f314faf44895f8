#include "cli/arguments.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "spec/vocabulary.h"
#include "support/json.h"

#include <array>

namespace lab::cli {
namespace {

constexpr std::array kOf{std::string_view("inventory"), std::string_view("module")};
constexpr Positional kPositionals[] = {
    {.name = "OF",
     .summary = "inventory (the default): any file of one; module: a module.yaml",
     .required = false,
     .choices = kOf},
};
constexpr Example kExamples[] = {
    {"lab schema > inventory.schema.json", "for editors that check YAML against a JSON Schema"},
    {"lab schema module", "that of a module.yaml"},
};

Result<int> print_schema(const Arguments& arguments, Context& context) {
    const spec::Vocabulary vocabulary;
    const Value schema = arguments.positional(0) == "module" ? spec::module_schema(vocabulary)
                                                             : spec::inventory_schema(vocabulary);
    context.out.write(write_json_pretty(schema));
    return kExitDone;
}

} // namespace

constinit const Command kSchema{.words = "schema",
                                .section = Section::Start,
                                .summary = "print the JSON Schema of inventory files or of a module.yaml",
                                .positionals = kPositionals,
                                .examples = kExamples,
                                .run = print_schema};

} // namespace lab::cli
