#pragma once
// The sections of one file, decoded: what each definition says by itself. Putting the files together is
// load.cpp's.

#include "spec/document.h"
#include "spec/inventory.h"

#include <optional>
#include <string_view>
#include <vector>

namespace lab::spec::detail {

/// What one file defines, in written order.
struct Parts {
    std::optional<Settings> settings;
    std::vector<Environment> environments;
    std::vector<Cloud> clouds;
    std::vector<Label> labels;
    std::vector<Group> groups;
    std::vector<Layout> layouts;
    std::vector<Server> servers;
    std::vector<Record> sizes, images, apps, users;
    std::vector<Cluster> clusters;
    std::vector<Role> roles;
    std::vector<ModuleSource> module_sources;
    std::vector<Alert> alerts;
    std::vector<Secret> secrets;
};

/// `is_root_file`: whether it is the inventory's lab.yaml, the one file that may hold the section `lab`.
Parts decode_file(const Document& document, bool is_root_file, Diagnostics& diagnostics);

/// The keys of a server that are the language's own: every other is a setting of its provider.
std::span<const std::string_view> server_keys() noexcept;
/// One section of a file, added to `parts`.
void decode_section(const Document& document, const Node& key, const Node& body, bool is_root_file,
                    Parts& parts, Diagnostics& diagnostics);
/// One key of a server's definition.
void read_server_key(Server& server, const Node& key, const Node& value, Diagnostics& diagnostics);

/// `params: {MODULE: {NAME: value}}`.
std::vector<ParamSetting> read_params(const Node& node, Diagnostics& diagnostics);

} // namespace lab::spec::detail
