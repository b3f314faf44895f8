#pragma once
// What an open store holds, and the reads and writes that its parts share. All of it is guarded by `mutex`;
// the functions here expect it held and, where they write, a transaction begun.

#include "store/detail/home.h"

#include <mutex>

namespace lab::store {

struct Store::State {
    State(Options from, detail::OpenHome opened)
        : options(std::move(from)), in_use(std::move(opened.in_use)),
          connection(std::move(opened.connection)) {}

    Options options;
    Descriptor in_use; // declared before the connection, so that it is given up after it
    std::mutex mutex;  // guards what follows
    detail::Connection connection;
    std::int64_t inventory = 0;
    api::FingerprintKey key;
    std::int64_t serial = 0; // last known

    WallTime now() const { return options.clock->wall(); }
    Result<detail::Transaction> write(detail::Durability durability) {
        return detail::Transaction::begin(connection, durability);
    }
};

namespace detail {

/// The id of the document with this content, added where it is new.
Result<std::int64_t> keep_document(Connection& connection, std::string_view body);
/// Removes those of `documents` that nothing refers to any more.
Result<void> drop_unused(Connection& connection, std::vector<std::int64_t> documents);

Result<void> write_application(Connection& connection, std::int64_t inventory,
                               const Store::Application& application);
/// True where more than the time of looking is new.
Result<bool> write_observation(Connection& connection, std::int64_t inventory,
                               const Store::Observation& observation);
/// Counts a change of applied or observed state; call it once in a transaction.
Result<void> grow_serial(Connection& connection, std::int64_t inventory);

} // namespace detail
} // namespace lab::store
