#pragma once
// Structured logging to stderr: one line a record, for people at a terminal, JSON where a machine reads.

#include "support/value.h"

#include <mutex>
#include <string_view>

namespace lab {

/// By who must act: Error (the service is degraded), Warn (the operator should fix it), Info (rare
/// milestones), Debug.
enum class LogLevel { Error, Warn, Info, Debug };

class Logger {
  public:
    struct Options {
        LogLevel level = LogLevel::Warn;
        bool json = false;
        int fd = 2;
    };
    explicit Logger(Options options) : options_(options) {}
    /// `message` is fixed text; what varies goes into `fields`. Never pass a secret.
    void write(LogLevel level, std::string_view message, const ValueMap& fields = {});
    void error(std::string_view message, const ValueMap& fields = {}) {
        write(LogLevel::Error, message, fields);
    }
    void warn(std::string_view message, const ValueMap& fields = {}) {
        write(LogLevel::Warn, message, fields);
    }
    void info(std::string_view message, const ValueMap& fields = {}) {
        write(LogLevel::Info, message, fields);
    }
    void debug(std::string_view message, const ValueMap& fields = {}) {
        write(LogLevel::Debug, message, fields);
    }
    bool enabled(LogLevel level) const noexcept { return level <= options_.level; }

  private:
    Options options_;
    std::mutex mutex_; // one record is one write
};

} // namespace lab
