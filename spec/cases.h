#pragma once
// Cases of `lab test` as they were written: what is given and what is expected. The language of their files
// is in docs/testing.md.

#include "spec/document.h"
#include "spec/inventory.h"

namespace lab::spec {

/// An action that a plan has, or must not have. What is empty says nothing.
struct ExpectedAction {
    std::string action, resource;     // "update", "server/web-*/module/motd": a glob
    std::string risk, cause, blocked; // blocked: by what, or "no"
    std::vector<Text> changes;        // each among those of the action: "file/etc/motd.content"
    std::string text;                 // as it was written
    Span at;
};

struct ExpectedActions {
    bool exactly = true; // no action but these
    std::vector<ExpectedAction> with, without;
    Span at;
};

struct ExpectedCount {
    std::string name; // of the plan's summary: "create"
    std::int64_t count = 0;
    Span at;
};

/// The servers of a group or a target, all of them.
struct ExpectedMembers {
    std::string of; // "group careful"
    Target target;
    std::vector<Text> servers;
    Span at;
};

/// A value as `lab explain server/NAME.PATH` names it. Null: there is none. Where there are values below the
/// path, a list is their names and a map some of them.
struct ExpectedValue {
    Text server;
    std::string path;
    Value value;
    Span at;
};

struct ExpectedDiagnostic {
    std::string code;
    std::string file;       // empty: any
    std::uint32_t line = 0; // 0: any
    std::string message;    // a part of it
    std::string text;       // as it was written
    Span at;
};

/// A resource of a module's document.
struct ExpectedResource {
    std::string id;
    bool present = true;
    ValueMap properties; // these among its own
    std::vector<std::pair<std::string, Span>> places;
    Span at;
};

struct Expectations {
    std::optional<ExpectedActions> actions;
    std::vector<ExpectedCount> summary;
    std::vector<Text> warnings; // parts of the plan's warnings
    std::vector<ExpectedMembers> members;
    std::vector<ExpectedValue> values;
    std::optional<std::vector<ExpectedDiagnostic>> diagnostics; // no error but these
    // Of a module's case only:
    std::optional<std::vector<Text>> resource_ids; // no resource but these
    std::vector<ExpectedResource> resources;
    Span at;
    bool empty() const noexcept {
        return !actions && summary.empty() && warnings.empty() && members.empty() && values.empty() &&
               !diagnostics && !resource_ids && resources.empty();
    }
};

struct Case {
    std::string name;
    Span at;
    // What is given.
    std::optional<Text> recording; // a file beside the case file
    Node observed;                 // or the recording itself
    std::vector<Text> fragments;   // files beside the case file with definitions
    Node overlay;                  // or the definitions themselves
    std::shared_ptr<const Document> document;
    std::optional<Target> only; // filters of the plan
    std::vector<Text> targets;  // --target
    bool everything = false;    // also servers that the recording does not name
    bool allow_destroy = false;
    // Of a module's case:
    std::optional<Server> server;
    std::optional<Text> domain;
    Value facts;
    Expectations expect;
};

struct CaseFile {
    std::shared_ptr<const Document> document; // null where the file could not be read
    std::vector<Case> cases;
};

/// Reads a file of the inventory's tests/, or with `of_module` one of a module's folder of tests.
CaseFile decode_cases(std::string_view path, std::string text, bool of_module, Diagnostics& diagnostics);

/// The inventory with definitions laid over it: each takes the place of the one with its name or is added;
/// what `remove: [server/web-1, label/x]` names is gone.
Inventory overlaid(const Inventory& base, const Document& document, const Node& overlay,
                   Diagnostics& diagnostics);

/// An inventory of one server that has the module (and what that depends on) and nothing else; what the
/// case's labels, environment and the modules' targets name is there. `base` has the modules.
Inventory inventory_of_module(const Inventory& base, const Module& module, const Case& given);

} // namespace lab::spec
