#include "support/url_mask.h"

#include "support/text.h"

#include <algorithm>
#include <vector>

namespace lab {
namespace {

constexpr auto kNone = std::string_view::npos;

bool is_one_of(char c, std::string_view set) {
    return set.find(c) != kNone;
}

bool is_blank(char c) {
    return is_one_of(c, " \t\r\n");
}

bool is_quote(char c) {
    return is_one_of(c, "\"'`");
}

bool is_alnum(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

bool is_of_scheme(char c) {
    return is_alnum(c) || is_one_of(c, "+-.");
}

/// A quote with no more of a text behind it.
bool closes(std::string_view text, std::size_t at) {
    return is_quote(text[at]) &&
           (at + 1 == text.size() || is_blank(text[at + 1]) || is_one_of(text[at + 1], ",:;]})"));
}

/// A quote with no more of a text before it.
bool opens(std::string_view text, std::size_t at) {
    return is_quote(text[at]) && (at == 0 || is_blank(text[at - 1]) || is_one_of(text[at - 1], ",:[{("));
}

/// Whether what is between "//" and "/" is HOST or HOST:PORT.
bool is_host(std::string_view authority) {
    const auto colon = authority.rfind(':');
    if (colon == kNone || authority.starts_with('[')) return true;
    const std::string_view port = authority.substr(colon + 1);
    return std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// Finds what to mask from the end on, so that what ends a URL is known where it begins: in one pass, however
/// hostile the text.
class Search {
  public:
    explicit Search(std::string_view text) : text_(text), depth_(text.size() + 1), end_(text.size()) {}

    std::string masked() {
        for (std::size_t at = text_.size(); at-- > 0;)
            step(at);
        word(0);
        std::string out;
        int depth = 0;
        for (std::size_t at = 0; at < text_.size();) {
            const std::size_t length = std::max<std::size_t>(utf8_length(text_.substr(at)), 1);
            depth += depth_[at];
            out += depth > 0 ? std::string_view("*") : text_.substr(at, length);
            for (const std::size_t next = at + length; ++at < next;)
                depth += depth_[at];
        }
        return out;
    }

  private:
    void step(std::size_t at) {
        const char c = text_[at];
        if (is_blank(c) || closes(text_, at)) {
            word(at + 1);
            end_ = word_end_ = at;
            last_at_ = query_ = kNone;
        } else if (opens(text_, at)) {
            word(at + 1);
            word_end_ = at;
        }
        if (c == '@' && last_at_ == kNone) last_at_ = at;
        if (c == '?') query_ = at;
        if (c != ':') return;
        for (const std::string_view slashes : {"://", ":\\/\\/"}) // as JSON may have them
            if (text_.substr(at).starts_with(slashes)) url(at, at + slashes.size());
    }

    void url(std::size_t colon, std::size_t authority) {
        std::size_t scheme = colon;
        while (scheme > 0 && is_of_scheme(text_[scheme - 1]))
            --scheme;
        if (scheme == colon) return;
        const std::size_t stop = std::min(text_.find_first_of("/\\?#\r\n", authority), text_.size());
        const std::string_view host = text_.substr(authority, stop - authority);
        if (const auto user = host.rfind('@'); user != kNone) {
            const bool name = text_.substr(scheme, colon - scheme).ends_with("ssh") &&
                              host.substr(0, user).find(':') == kNone;
            if (!name) mask(authority, authority + user);
        } else if (!is_host(host) && last_at_ != kNone) {
            mask(authority, last_at_); // a password with a '/' in it looks like a port
        }
        if (query_ != kNone) mask(query_ + 1, end_);
    }

    /// USER:PASSWORD@HOST, where no scheme says that it is one.
    void word(std::size_t begin) {
        if (begin >= word_end_) return;
        const std::string_view found = text_.substr(begin, word_end_ - begin);
        const auto colon = found.find(':'), at = found.find('@'), last = found.rfind('@');
        if (colon == 0 || at == kNone || colon > at) return;
        if (last + 1 == found.size() || (!is_alnum(found[last + 1]) && found[last + 1] != '[')) return;
        if (const auto rest = found.substr(colon); rest.starts_with("://") || rest.starts_with(":\\/"))
            return;
        mask(begin, begin + last);
    }

    void mask(std::size_t begin, std::size_t end) {
        if (begin >= end) return;
        ++depth_[begin];
        --depth_[end];
    }

    std::string_view text_;
    std::vector<int> depth_; // how many masks begin at a byte less how many end there
    std::size_t end_;        // of a URL that begins here
    std::size_t word_end_ = text_.size();
    std::size_t last_at_ = kNone, query_ = kNone; // in that URL: its last '@', its first '?'
};

} // namespace

std::string mask_url_secrets(std::string_view text) {
    if (text.find_first_of("@?") == kNone || text.find(':') == kNone) return std::string(text);
    return Search(text).masked();
}

} // namespace lab
