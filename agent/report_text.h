#pragma once
// Reports for people at a terminal.

#include "api/report.h"

#include <string>

namespace lab::agent {

/// A line for each resource, below it what differs and why it failed; unified diffs whole; a line of counts.
std::string report_text(const api::Report& report);
/// A line for each fact: its path and value.
std::string facts_text(const Value& facts);
/// lab.applied/1: a line for each resource with its commit.
std::string applied_text(const Value& applied);

} // namespace lab::agent
