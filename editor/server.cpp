#include "editor/server.h"

#include "editor/loader.h"
#include "editor/protocol.h"
#include "support/json.h"

#include <algorithm>
#include <deque>

#include <poll.h>
#include <unistd.h>

namespace lab::editor {
namespace {

constexpr std::size_t kMostWaiting = 10'000; // messages; an editor that sends more does not listen

class Server {
  public:
    Server(const ServerOptions& options, Loader& loader)
        : options_(options), loader_(loader), session_(options.session), frames_(options.frames) {}

    Result<int> run();

  private:
    SteadyTime now() const { return options_.clock.steady(); }
    bool next_is_ready() const { return !waiting_.empty() && session_.ready(waiting_.front()); }
    int patience() const;
    Result<void> read();
    Result<void> take_frames();
    void take(Value message);
    void send(const std::vector<Value>& messages) {
        for (const Value& message : messages)
            options_.write(frame(write_json(message)));
    }

    const ServerOptions& options_;
    Loader& loader_;
    Session session_;
    FrameReader frames_;
    std::deque<Value> waiting_;
    bool input_ended_ = false;
};

Result<int> Server::run() {
    while (!session_.ended() && !options_.stop.stop_requested()) {
        if (input_ended_ && waiting_.empty()) return session_.exit_code(); // the editor is gone
        pollfd descriptors[] = {{.fd = input_ended_ ? -1 : options_.input, .events = POLLIN, .revents = 0},
                                {.fd = loader_.descriptor(), .events = POLLIN, .revents = 0}};
        if (::poll(descriptors, 2, patience()) < 0 && errno != EINTR)
            return errno_error("cannot wait", errno);
        // What came is read before the next message is answered: it may take back that one.
        if (descriptors[0].revents != 0) LAB_TRY(read());
        if (descriptors[1].revents != 0)
            for (const auto& snapshot : loader_.take())
                send(session_.loaded(snapshot));
        if (next_is_ready()) {
            const Value message = std::move(waiting_.front());
            waiting_.pop_front();
            send(session_.receive(message, now()));
        }
        for (SnapshotRequest& request : session_.requests(now()))
            loader_.request(std::move(request));
    }
    if (options_.stop.stop_requested())
        return Error{.code = ErrorCode::Cancelled, .message = "the language server was stopped"};
    return session_.exit_code();
}

/// Milliseconds to wait for something to happen.
int Server::patience() const {
    constexpr int kLongest = 500; // a stop is looked for so often
    if (next_is_ready()) return 0;
    const auto due = session_.due();
    if (!due) return kLongest;
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(*due - now()).count();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, kLongest));
}

Result<void> Server::read() {
    char bytes[1 << 16];
    const ssize_t count = ::read(options_.input, bytes, sizeof bytes);
    if (count < 0 && (errno == EINTR || errno == EAGAIN)) return {};
    if (count < 0) return errno_error("cannot read from the editor", errno);
    if (count == 0) {
        input_ended_ = true;
        if (!frames_.idle())
            return Error{.code = ErrorCode::Invalid, .message = "the editor went in the middle of a message"};
        return {};
    }
    frames_.feed({bytes, static_cast<std::size_t>(count)});
    return take_frames();
}

Result<void> Server::take_frames() {
    while (true) {
        auto body = frames_.next();
        if (!body) return std::move(body).error();
        if (!*body) return {};
        auto message = parse_json(**body);
        if (!message)
            send({error_response(Value(), kParseError, message.error().text())});
        else
            take(*std::move(message));
        if (waiting_.size() > kMostWaiting)
            return Error{.code = ErrorCode::Invalid, .message = "the editor does not wait for answers"};
    }
}

/// Puts a message in the queue; a cancellation takes one out of it.
void Server::take(Value message) {
    const std::string* method = text_at(message, "method");
    const Value* params = message.get("params");
    const Value* id = params ? params->get("id") : nullptr;
    if (!method || *method != "$/cancelRequest" || !id) {
        waiting_.push_back(std::move(message));
        return;
    }
    const auto found = std::find_if(waiting_.begin(), waiting_.end(), [&](const Value& one) {
        return one.get("method") && one.get("id") && *one.get("id") == *id;
    });
    if (found == waiting_.end()) return; // answered already
    waiting_.erase(found);
    send({error_response(*id, kRequestCancelled, "cancelled")});
}

} // namespace

Result<int> serve(const ServerOptions& options) {
    auto loader = Loader::start(options.sources);
    if (!loader) return std::move(loader).error();
    return Server(options, **loader).run();
}

} // namespace lab::editor
