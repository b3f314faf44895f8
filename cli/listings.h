#pragma once
// What `lab get` prints of each kind, in every form at once.

#include "cli/kinds.h"
#include "cli/output.h"
#include "cli/pillars.h"
#include "cli/session.h"

#include <map>

namespace lab::cli {

/// Things of one kind: rows of a table, members of a document, names, side by side. Where there may be very
/// many, rows or members are left out if the form that is printed has none.
struct Listing {
    Table table;
    std::vector<Value> items;
    std::vector<std::string> names; // "server/db-1" without the kind
    std::string note;               // for a table: why a column has no values

    void add(std::string name, std::vector<Cell> row, ValueMap item);
};

/// The servers in question, in order.
struct Selection {
    std::vector<spec::ServerIndex> servers;
    bool filtered = false; // a part of the fleet: things that none of them has are left out
};

/// Of `servers`, those that are selected; both are in order.
std::vector<spec::ServerIndex> selected(const std::vector<spec::ServerIndex>& servers,
                                        const Selection& selection);

/// Every name of a kind with its servers, in order: what is written, and what is used without being written
/// (the environment `default`). Nothing for Run, which the inventory does not know.
using Members = std::map<std::string, std::vector<spec::ServerIndex>>;
Members members_of(Kind kind, const spec::Fleet& fleet);
/// Its names.
std::vector<std::string> names_of(Kind kind, const spec::Fleet& fleet);

Listing list_servers(const Session& session, const std::vector<spec::ServerIndex>& servers, Form form,
                     WallTime now);
Listing list_labels(const spec::Fleet& fleet, const Selection& selection);
Listing list_groups(const spec::Fleet& fleet, const Selection& selection);
Listing list_environments(const spec::Fleet& fleet, const Selection& selection);
Listing list_clouds(const spec::Fleet& fleet, const Selection& selection);
Listing list_modules(const spec::Fleet& fleet, const Selection& selection);
Listing list_params(const spec::Fleet& fleet);

/// A server as the lists show it; `lab describe` says more.
ValueMap server_summary(const spec::Fleet& fleet, spec::ServerIndex index, const Pillars& pillars,
                        WallTime now);
// Things with the servers that have them.
using Servers = std::vector<spec::ServerIndex>;
ValueMap label_summary(const spec::Fleet& fleet, const std::string& label, const Servers& servers);
ValueMap group_summary(const spec::Fleet& fleet, const std::string& group, const Servers& servers);
ValueMap environment_summary(const spec::Fleet& fleet, const std::string& environment,
                             const Servers& servers);
ValueMap cloud_summary(const spec::Fleet& fleet, const std::string& cloud, const Servers& servers);
ValueMap module_summary(const spec::Fleet& fleet, const std::string& module, const Servers& servers);

/// "boolean, required", "integer from 1 to 65535, default 22".
std::string param_text(const spec::ParamSchema& param);
Value param_value(const spec::ParamSchema& param);
/// What a level gives of one kind, as written.
std::vector<std::string> given_names(const std::vector<spec::Given>& gives, spec::Provides what);
/// Names of servers.
std::vector<std::string> server_names(const spec::Fleet& fleet,
                                      const std::vector<spec::ServerIndex>& servers);
std::vector<std::string> module_names(const spec::Fleet& fleet, spec::ServerIndex index);
/// Name of the provider of a cloud; "" where nothing says.
std::string provider_of_cloud(const spec::Fleet& fleet, const std::string& cloud, const Servers& servers);

} // namespace lab::cli
