#pragma once
// LAB_HOME/config.yaml: a flat map of settings, read as YAML and edited by the line so that comments stay.

#include "cli/settings.h"

namespace lab::cli {

using ConfigValues = std::map<std::string, std::string, std::less<>>;

/// What the file sets; nothing where there is none. Invalid, with its place, where it is broken or names no
/// setting.
Result<ConfigValues> read_config(const std::filesystem::path& file);
/// The same of its text.
Result<ConfigValues> parse_config(const std::filesystem::path& file, std::string text);

/// The text of config.yaml with one setting given another value; comments and other lines stay. An empty
/// value removes it. Unsupported where the text is written in a style that cannot be edited by the line.
Result<std::string> edit_config(const std::string& text, std::string_view setting, std::string_view value);

} // namespace lab::cli
