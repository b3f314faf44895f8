#include "support/log.h"

#include "support/clock.h"
#include "support/files.h"
#include "support/json.h"
#include "support/text.h"

#include <algorithm>

namespace lab {
namespace {

std::string_view name_of(LogLevel level) {
    switch (level) {
    case LogLevel::Error: return "error";
    case LogLevel::Warn: return "warn";
    case LogLevel::Info: return "info";
    case LogLevel::Debug: return "debug";
    }
    return "error";
}

std::string json_line(LogLevel level, std::string_view message, const ValueMap& fields) {
    ValueMap record{{"time", Value(format_time(system_clock().wall()))},
                    {"level", Value(name_of(level))},
                    {"message", Value(message)}};
    if (!fields.empty()) record.append("fields", Value(fields));
    return write_json(Value(std::move(record)));
}

/// A value that reads as one word stays bare; anything else is quoted, so that fields cannot be forged.
std::string field_text(const Value& value) {
    const std::string* text = value.if_string();
    if (!text) return escape_controls(display(value));
    const bool bare = !text->empty() && std::all_of(text->begin(), text->end(), [](char c) {
        return c > ' ' && c != '"' && c != '=' && c != '\\' && c != 0x7f;
    });
    return escape_controls(bare ? *text : write_json(value));
}

std::string text_line(LogLevel level, std::string_view message, const ValueMap& fields) {
    std::string line(name_of(level));
    line += ": ";
    line += escape_controls(message);
    for (const auto& [key, value] : fields) {
        line += ' ';
        line += escape_controls(key);
        line += '=';
        line += field_text(value);
    }
    return line;
}

} // namespace

void Logger::write(LogLevel level, std::string_view message, const ValueMap& fields) {
    if (!enabled(level)) return;
    std::string line = options_.json ? json_line(level, message, fields) : text_line(level, message, fields);
    line += '\n';
    const std::scoped_lock lock(mutex_);
    // A log that cannot be written has nobody to be told.
    static_cast<void>(write_all(options_.fd, line));
}

} // namespace lab
