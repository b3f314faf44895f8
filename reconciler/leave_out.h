#pragma once
// Files of servers with some of the servers left out, so that only the others are decoded.

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace lab::reconciler {

/// A server of a file, where its name is written.
struct WrittenServer {
    std::string_view name;
    std::uint32_t line = 0; // from 1
    bool wanted = false;
};

/// The text of a file that holds servers only, in the order of their lines, without those that are not
/// wanted. Their lines become comments: the others keep their numbers, and a scalar ends where it ended. As
/// it is where one of the names does not begin its line.
std::string leave_out(std::string text, std::span<const WrittenServer> servers);

} // namespace lab::reconciler
