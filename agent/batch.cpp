#include "agent/batch.h"

#include "support/json.h"
#include "support/text.h"

#include <cerrno>
#include <csignal>

#include <fmt/format.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

namespace lab::agent {
namespace {

constexpr std::string_view kFormat = "lab.agent-request/1";
constexpr std::size_t kLongestLine = std::size_t{64} << 20;
constexpr std::size_t kKeptBuffer = std::size_t{1} << 20;

/// Lines of a descriptor, until its end or until `stop`.
class Lines {
  public:
    Lines(int fd, std::stop_token stop)
        : fd_(fd), wake_(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)),
          callback_(std::move(stop), Wake{wake_.get()}) {}

    /// nullopt at the end of the stream, and when stopped.
    Result<std::optional<std::string>> next() {
        while (true) {
            if (const auto end = buffer_.find('\n', searched_); end != std::string::npos) {
                std::string line = buffer_.substr(0, end);
                buffer_.erase(0, end + 1);
                searched_ = 0;
                if (buffer_.empty() && buffer_.capacity() > kKeptBuffer) buffer_ = {};
                return std::optional(std::move(line));
            }
            searched_ = buffer_.size();
            if (buffer_.size() > kLongestLine)
                return Error{.code = ErrorCode::Invalid,
                             .message = fmt::format("a request is longer than {} bytes", kLongestLine)};
            auto more = fill();
            if (!more) return std::move(more).error();
            if (!*more) return std::optional<std::string>();
        }
    }

  private:
    struct Wake {
        int fd;
        void operator()() const noexcept { ::eventfd_write(fd, 1); }
    };

    Result<bool> fill() {
        pollfd waits[2] = {{.fd = fd_, .events = POLLIN, .revents = 0},
                           {.fd = wake_.get(), .events = POLLIN, .revents = 0}};
        while (::poll(waits, 2, -1) < 0)
            if (errno != EINTR) return errno_error("cannot wait for requests", errno);
        if (waits[1].revents != 0) return false;
        char bytes[64 * 1024];
        const ssize_t got = ::read(fd_, bytes, sizeof bytes);
        if (got < 0 && (errno == EINTR || errno == EAGAIN)) return true;
        if (got < 0) return errno_error("cannot read requests", errno);
        buffer_.append(bytes, static_cast<std::size_t>(got));
        return got > 0;
    }

    int fd_;
    Descriptor wake_;
    std::stop_callback<Wake> callback_;
    std::string buffer_;
    std::size_t searched_ = 0;
};

std::string text_of(const Value& request, std::string_view key) {
    const Value* value = request.get(key);
    const std::string* text = value ? value->if_string() : nullptr;
    return text ? *text : std::string();
}

Result<Request> request_from(const Value& value) {
    const auto refused = [](std::string message) {
        return Error{.code = ErrorCode::Invalid, .message = std::move(message)};
    };
    if (text_of(value, "format") != kFormat)
        return refused(fmt::format("a request says \"format\": \"{}\"", kFormat));
    const auto mode = mode_from(text_of(value, "mode"));
    if (!mode) return refused("'mode' of a request must be 'check', 'apply', 'facts' or 'destroy'");
    Request request{.mode = *mode, .root = text_of(value, "root")};
    if (const Value* create = value.get("create")) request.create = *create == Value(true);
    if (*mode == Mode::Facts) return request;
    const Value* desired = value.get("desired");
    if (!desired) return refused("a request needs 'desired'");
    auto document = api::desired_from_value(*desired);
    if (!document) return std::move(document).error();
    request.desired = *std::move(document);
    return request;
}

class Batch {
  public:
    Batch(const BatchStreams& streams, const Clock& clock, const AnswerOptions& options)
        : streams_(streams), clock_(clock), options_(options), outer_stop_(options.stop, Stop{stop_}) {
        options_.stop = stop_.get_token();
    }

    Result<void> run() {
        Lines lines(streams_.in, options_.stop);
        while (broken_ && !options_.stop.stop_requested()) {
            auto line = lines.next();
            if (!line) return std::move(line).error();
            if (!*line) break;
            if (!trim(**line).empty()) answer_line(**line);
        }
        return broken_;
    }

  private:
    void answer_line(const std::string& line) {
        auto value = parse_json(line);
        const Value id = value && value->get("id") ? *value->get("id") : Value();
        if (!value) return say_error(id, value.error());
        auto request = request_from(*value);
        *value = Value(); // the document is in the request now
        if (!request) return say_error(id, request.error());
        AnswerOptions options = options_;
        options.progress = [&](std::string_view resource, std::string_view status) {
            say(ValueMap{
                {"id", id}, {"event", "progress"}, {"resource", Value(resource)}, {"status", Value(status)}});
        };
        auto report = answer(*std::move(request), facts_, clock_, options);
        if (!report) return say_error(id, report.error());
        say(ValueMap{{"id", id}, {"event", "report"}, {"report", api::to_value(*report)}});
    }

    void say_error(const Value& id, const Error& error) {
        say(ValueMap{{"id", id},
                     {"event", "error"},
                     {"error", ValueMap{{"code", Value(to_string(error.code))},
                                        {"message", Value(error.text())},
                                        {"hint", Value(error.hint)}}}});
    }

    /// Who asked may be gone; then the resource it is at is finished, as on a signal, and the batch ends.
    void say(const ValueMap& event) {
        if (!broken_) return;
        broken_ = write_all(streams_.out, write_json(event) + "\n");
        if (!broken_) stop_.request_stop();
    }

    struct Stop {
        std::stop_source source;
        void operator()() { source.request_stop(); }
    };

    BatchStreams streams_;
    const Clock& clock_;
    AnswerOptions options_;
    std::stop_source stop_;
    std::stop_callback<Stop> outer_stop_;
    MachineFacts facts_;
    Result<void> broken_;
};

} // namespace

Result<void> run_batch(const BatchStreams& streams, const Clock& clock, const AnswerOptions& options) {
    ::signal(SIGPIPE, SIG_IGN); // a closed stream is an error of write()
    return Batch(streams, clock, options).run();
}

} // namespace lab::agent
