#pragma once
// What is secret in the URLs of a text that will be printed: diagnostics quote files, and go to the logs of
// CI.

#include <string>
#include <string_view>

namespace lab {

/// `text` with a '*' for each character of what may be secret in its URLs: who fetches (https://***@host/x,
/// or user:password before any host) and what is asked for (https://host/x?***). The name in ssh://git@host
/// and git@host:x is none. Characters keep their columns. Rather too much than too little: a URL that is not
/// well-formed may have more of its line masked.
std::string mask_url_secrets(std::string_view text);

} // namespace lab
