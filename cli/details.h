#pragma once
// One thing in full: the documents of `describe` and `show`, and their texts.

#include "cli/context.h"
#include "cli/kinds.h"
#include "cli/listings.h"

namespace lab::cli {

/// Everything lab knows of one thing. `describe` and `show` print the same document, and a text each.
struct Detail {
    std::string format; // "lab.server/1"
    ValueMap document;
    std::string described; // its own values, and where they come from
    std::string shown;     // what applies to it, and to what it applies
    std::string missing;   // which lines have no source, and why; may be empty
};

Detail server_detail(const Session& session, spec::ServerIndex index, WallTime now);
Detail label_detail(const Session& session, const std::string& label, WallTime now);
Detail group_detail(const Session& session, const std::string& group, WallTime now);
Detail environment_detail(const Session& session, const std::string& environment, WallTime now);
Detail cloud_detail(const Session& session, const std::string& cloud, WallTime now);
Detail module_detail(const Session& session, const std::string& module, WallTime now);
Detail param_detail(const Session& session, const std::string& param);

/// The thing that `reference` names; NotFound with the nearest name.
Result<Detail> detail_of(const Session& session, Kind kind, const std::string& name, const Context& context);

/// Prints a detail as -o asks; `text` where it asks for no document.
void print_detail(const Detail& detail, const std::string& text, Context& context);

/// "db-1 (local, prod)   sync unknown   config unknown ..." of each server, in columns.
std::vector<std::string> server_lines(const Session& session, const Servers& servers, WallTime now);

/// Modules of a server as values: {name, version, labels, required_by, source}.
ValueList modules_value(const spec::Fleet& fleet, spec::ServerIndex index);
/// "label base", "required by motd".
std::string module_origin(const spec::ModuleUnit& unit);
/// "Puppet classes: postfix, dovecot" of all that a level gives by name.
std::vector<std::string> given_lines(const std::vector<spec::Given>& gives);
/// The values of what is data, with their places.
std::vector<std::string> property_lines(std::span<const spec::Property> properties);
/// Effective values with where they come from and what they won over.
ValueList fields_value(const std::vector<spec::Field>& fields);

} // namespace lab::cli
