#include "editor/session.h"

#include "editor/answers.h"
#include "editor/protocol.h"
#include "editor/uri.h"
#include "spec/document.h"
#include "spec/format.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

namespace lab::editor {
namespace {

namespace fs = std::filesystem;

/// Requests that read an inventory.
constexpr std::array kQuestions{
    std::string_view("textDocument/completion"), std::string_view("textDocument/definition"),
    std::string_view("textDocument/references"), std::string_view("textDocument/hover")};

bool is_question(std::string_view method) {
    return std::find(kQuestions.begin(), kQuestions.end(), method) != kQuestions.end();
}

Value capabilities(const std::string& version) {
    const ValueMap sync{{"openClose", Value(true)},
                        {"change", Value(2)}, // ranges
                        {"save", Value(ValueMap{{"includeText", Value(false)}})}};
    const ValueMap completion{{"triggerCharacters", Value(ValueList{Value(":"), Value(" "), Value("["),
                                                                    Value(","), Value("-"), Value("{")})}};
    return ValueMap{{"capabilities", Value(ValueMap{{"positionEncoding", Value("utf-16")},
                                                    {"textDocumentSync", Value(sync)},
                                                    {"completionProvider", Value(completion)},
                                                    {"hoverProvider", Value(true)},
                                                    {"definitionProvider", Value(true)},
                                                    {"referencesProvider", Value(true)},
                                                    {"documentFormattingProvider", Value(true)}})},
                    {"serverInfo", Value(ValueMap{{"name", Value("lab")}, {"version", Value(version)}})}};
}

Value published(const std::string& uri, ValueList diagnostics) {
    return notification("textDocument/publishDiagnostics",
                        ValueMap{{"uri", Value(uri)}, {"diagnostics", Value(std::move(diagnostics))}});
}

Value shown(int type, std::string message) {
    return notification("window/showMessage",
                        ValueMap{{"type", Value(type)}, {"message", Value(std::move(message))}});
}

/// Says that the editor shall tell of files that change on disk and may be read: YAML, lab.lock, Puppet's
/// manifests, and whatever modules have beside their module.yaml.
Value watch_request() {
    ValueList watchers;
    for (const std::string_view pattern : {"**/*.{yaml,yml,pp}", "**/lab.lock", "**/modules/**"})
        watchers.emplace_back(ValueMap{{"globPattern", Value(pattern)}});
    const ValueMap registration{
        {"id", Value("lab-files")},
        {"method", Value("workspace/didChangeWatchedFiles")},
        {"registerOptions", Value(ValueMap{{"watchers", Value(std::move(watchers))}})}};
    return ValueMap{{"jsonrpc", Value("2.0")},
                    {"id", Value("lab-register")},
                    {"method", Value("client/registerCapability")},
                    {"params", Value(ValueMap{{"registrations", Value(ValueList{Value(registration)})}})}};
}

/// One edit for the lines that differ, so that an editor's cursor and marks stay where they are.
ValueList edits_between(const Buffer& before, const std::string& after_text) {
    const Buffer after(after_text);
    const auto at = [](const Buffer& buffer, std::size_t line) {
        return line >= buffer.lines() ? buffer.whole().end : Position{static_cast<std::uint32_t>(line), 0};
    };
    const auto line = [&](const Buffer& buffer, std::size_t number) { // with its end
        const std::size_t begin = buffer.offset(at(buffer, number)),
                          end = buffer.offset(at(buffer, number + 1));
        return std::string_view(buffer.text()).substr(begin, end - begin);
    };
    const std::size_t most = std::min(before.lines(), after.lines());
    std::size_t first = 0, last = 0;
    while (first + 1 < most && line(before, first) == line(after, first))
        ++first;
    while (last + 1 < most - first &&
           line(before, before.lines() - 1 - last) == line(after, after.lines() - 1 - last))
        ++last;
    const Range range{at(before, first), at(before, before.lines() - last)};
    const std::size_t begin = after.offset(at(after, first)),
                      end = after.offset(at(after, after.lines() - last));
    return {Value(
        ValueMap{{"range", to_value(range)}, {"newText", Value(after_text.substr(begin, end - begin))}})};
}

const Value kNothing;

} // namespace

std::vector<Value> Session::receive(const Value& message, SteadyTime now) {
    const Value* id = message.get("id");
    const std::string* method = text_at(message, "method");
    if (!method) {
        const bool answer = message.get("result") || message.get("error");
        if (answer) return {}; // to what we asked for; nothing depends on it
        return {error_response(id ? *id : Value(), kInvalidRequest, "a message is an object with a method")};
    }
    const Value* params = message.get("params");
    if (!id) return notified(*method, params ? *params : kNothing, now);
    if (!id->if_int() && !id->if_string())
        return {error_response(Value(), kInvalidRequest, "an id is a number or a text")};
    return request(*method, *id, params ? *params : kNothing);
}

bool Session::ready(const Value& message) const {
    const std::string* method = text_at(message, "method");
    const Value* params = message.get("params");
    if (!method || !params || !message.get("id") || !is_question(*method)) return true;
    const File* file = file_of(*params);
    if (!file) return true;
    const auto root = roots_.find(file->root);
    return root == roots_.end() || root->second.snapshot != nullptr;
}

std::vector<Value> Session::request(const std::string& method, const Value& id, const Value& params) {
    if (shut_down_) return {error_response(id, kInvalidRequest, "the session was shut down")};
    if (method == "initialize") {
        if (initialized_) return {error_response(id, kInvalidRequest, "the session is initialized")};
        return {response(id, initialize(params))};
    }
    if (!initialized_) return {error_response(id, kNotInitialized, "'initialize' comes first")};
    if (method == "shutdown") {
        shut_down_ = true;
        return {response(id, Value())};
    }
    const bool formats = method == "textDocument/formatting";
    if (!formats && !is_question(method))
        return {error_response(id, kMethodNotFound, fmt::format("there is no method '{}'", method))};
    const File* file = file_of(params);
    if (!file) return {error_response(id, kInvalidParams, "textDocument.uri names no open file")};
    if (formats) {
        std::vector<Value> out;
        Value edits = format(params, out);
        out.insert(out.begin(), response(id, std::move(edits)));
        return out;
    }
    const auto position = position_from(params.get("position"));
    if (!position) return {error_response(id, kInvalidParams, "'position' is no position")};
    return {response(id, ask(method, params, *file, file->buffer.offset(*position)))};
}

Value Session::initialize(const Value& params) {
    initialized_ = true;
    const Value* at = &params;
    for (const std::string_view key :
         {"capabilities", "workspace", "didChangeWatchedFiles", "dynamicRegistration"})
        at = at ? at->get(key) : nullptr;
    watches_ = at && at->if_bool() && *at->if_bool();
    return capabilities(options_.version);
}

std::vector<Value> Session::notified(const std::string& method, const Value& params, SteadyTime now) {
    if (method == "exit") {
        ended_ = true;
        return {};
    }
    if (!initialized_ || shut_down_) return {};
    if (method == "initialized") {
        if (watches_) return {watch_request()};
    } else if (method == "textDocument/didOpen") {
        return opened(params, now);
    } else if (method == "textDocument/didChange") {
        return changed(params, now);
    } else if (method == "textDocument/didClose") {
        return closed(params, now);
    } else if (method == "textDocument/didSave") {
        if (const File* file = file_of(params)) reload(file->root, now, /*at_once=*/true);
    } else if (method == "workspace/didChangeWatchedFiles") {
        for (auto& [root, state] : roots_)
            reload(root, now, /*at_once=*/false);
    }
    return {}; // of others nothing is known, which LSP allows
}

fs::path Session::root_of(const fs::path& file) const {
    std::error_code failed;
    for (fs::path folder = file.parent_path();; folder = folder.parent_path()) {
        const fs::path settings = folder / "lab.yaml";
        if (files_.contains(uri_of(settings)) || fs::is_regular_file(settings, failed)) return folder;
        if (folder == folder.root_path() || folder.empty()) return {};
    }
}

const Session::File* Session::file_of(const Value& params) const {
    const std::string* uri = document_uri(params);
    const auto found = uri ? files_.find(*uri) : files_.end();
    return found == files_.end() ? nullptr : &found->second;
}

std::vector<Value> Session::opened(const Value& params, SteadyTime now) {
    const std::string* uri = document_uri(params);
    const Value* document = params.get("textDocument");
    const std::string* text = uri ? text_at(*document, "text") : nullptr;
    const auto path = uri ? path_of(*uri) : std::nullopt;
    if (!text || !path) return {};
    if (open_bytes_ + text->size() > options_.open_bytes)
        return {shown(1, fmt::format("lab: more than {} bytes in open files", options_.open_bytes))};
    const auto [file, added] = files_.insert_or_assign(*uri, File{Buffer(*text), *path, {}});
    open_bytes_ = 0;
    for (const auto& [name, one] : files_)
        open_bytes_ += one.buffer.text().size();
    file->second.root = root_of(*path);
    if (file->second.root.empty()) return check_alone(*uri, file->second);
    reload(file->second.root, now, /*at_once=*/true);
    return {};
}

std::vector<Value> Session::changed(const Value& params, SteadyTime now) {
    const std::string* uri = document_uri(params);
    const auto found = uri ? files_.find(*uri) : files_.end();
    const Value* changes = params.get("contentChanges");
    if (found == files_.end() || !changes || !changes->if_list()) return {};
    File& file = found->second;
    const std::size_t before = file.buffer.text().size();
    for (const Value& change : *changes->if_list()) {
        const std::string* text = text_at(change, "text");
        if (!text || open_bytes_ - before + file.buffer.text().size() + text->size() > options_.open_bytes)
            continue;
        if (const auto range = range_from(change.get("range")))
            file.buffer.replace(*range, *text);
        else if (!change.get("range"))
            file.buffer = Buffer(*text);
    }
    open_bytes_ = open_bytes_ - before + file.buffer.text().size();
    if (file.root.empty()) return check_alone(*uri, file);
    reload(file.root, now, /*at_once=*/false);
    return {};
}

std::vector<Value> Session::closed(const Value& params, SteadyTime now) {
    const std::string* uri = document_uri(params);
    const auto found = uri ? files_.find(*uri) : files_.end();
    if (found == files_.end()) return {};
    const fs::path root = found->second.root;
    open_bytes_ -= found->second.buffer.text().size();
    files_.erase(found);
    if (root.empty()) return {published(*uri, {})};
    reload(root, now, /*at_once=*/false); // what was not saved is gone
    return {};
}

void Session::reload(const fs::path& root, SteadyTime now, bool at_once) {
    if (root.empty()) return;
    Root& state = roots_[root];
    if (!state.since) state.since = now;
    state.due = at_once ? now : std::min(now + options_.pause, *state.since + options_.longest_wait);
}

std::optional<SteadyTime> Session::due() const {
    std::optional<SteadyTime> first;
    for (const auto& [path, root] : roots_)
        if (root.due && (!first || *root.due < *first)) first = root.due;
    return first;
}

std::vector<SnapshotRequest> Session::requests(SteadyTime now) {
    std::vector<SnapshotRequest> requests;
    for (auto& [path, root] : roots_) {
        if (!root.due || *root.due > now) continue;
        root.due = root.since = std::nullopt;
        SnapshotRequest request{.root = path, .changes = {}, .generation = ++root.asked};
        for (const auto& [uri, file] : files_)
            if (file.root == path)
                request.changes.emplace(file.path.lexically_relative(path).string(), file.buffer.text());
        requests.push_back(std::move(request));
    }
    return requests;
}

std::vector<Value> Session::loaded(const std::shared_ptr<const Snapshot>& snapshot) {
    Root& root = roots_[snapshot->root];
    root.snapshot = snapshot;
    const SourceLines lines = snapshot->inventory ? snapshot->inventory->loaded.lines : SourceLines();
    std::map<std::string, ValueList> by_uri;
    for (Diagnostic diagnostic : snapshot->diagnostics.sorted()) {
        std::error_code failed;
        std::string uri =
            diagnostic.at.known() ? uri_of(snapshot->root / *diagnostic.at.file) : std::string();
        // What is in no file here (a module from git, say) is told at the inventory's settings.
        if (uri.empty() ||
            !(files_.contains(uri) || fs::exists(snapshot->root / *diagnostic.at.file, failed))) {
            if (!uri.empty()) diagnostic.message = diagnostic.at.text() + ": " + diagnostic.message;
            diagnostic.at = {};
            uri = uri_of(snapshot->root / "lab.yaml");
        }
        by_uri[uri].push_back(to_lsp(diagnostic, lines, snapshot->root));
    }
    std::vector<Value> out;
    if (snapshot->failure) out.push_back(shown(1, "lab: " + snapshot->failure->text()));
    for (const std::string& uri : root.published)
        if (!by_uri.contains(uri)) out.push_back(published(uri, {}));
    // Open files are always told of, so that an editor knows that they were looked at.
    for (const auto& [uri, file] : files_)
        if (file.root == snapshot->root && !root.published.contains(uri)) by_uri[uri];
    root.published.clear();
    for (auto& [uri, diagnostics] : by_uri) {
        if (!diagnostics.empty()) root.published.insert(uri);
        out.push_back(published(uri, std::move(diagnostics)));
    }
    return out;
}

/// A file of no inventory: whether it is YAML at all.
std::vector<Value> Session::check_alone(const std::string& uri, const File& file) const {
    Diagnostics diagnostics;
    spec::Document::parse(file.path.filename().string(), file.buffer.text(), diagnostics);
    const SourceLines lines = [&](const std::string&, std::uint32_t line) {
        return std::optional(std::string(file.buffer.line(line - 1)));
    };
    ValueList list;
    for (const Diagnostic& diagnostic : diagnostics.sorted())
        list.push_back(to_lsp(diagnostic, lines, file.path.parent_path()));
    return {published(uri, std::move(list))};
}

Value Session::format(const Value& params, std::vector<Value>& further) const {
    const File& file = *file_of(params);
    Diagnostics diagnostics; // shown already
    const auto formatted = spec::format_yaml(file.path.filename().string(), file.buffer.text(), diagnostics);
    if (!formatted) return {};
    if (!formatted->left.empty())
        further.push_back(shown(2, fmt::format("lab: line {} has {}: the file is left as it is",
                                               formatted->left_line, formatted->left)));
    if (formatted->text == file.buffer.text()) return ValueList();
    return edits_between(file.buffer, formatted->text);
}

Value Session::ask(const std::string& method, const Value& params, const File& file,
                   std::size_t offset) const {
    const auto root = roots_.find(file.root);
    if (root == roots_.end() || !root->second.snapshot || !root->second.snapshot->fleet) return {};
    const Question question{.snapshot = *root->second.snapshot,
                            .file = file.path.lexically_relative(file.root).string(),
                            .buffer = file.buffer,
                            .offset = offset};
    if (method == "textDocument/completion") return complete(question);
    if (method == "textDocument/definition") return find_definition(question);
    if (method == "textDocument/references") {
        const Value* context = params.get("context");
        const Value* definition = context ? context->get("includeDeclaration") : nullptr;
        return find_references(question, definition && definition->if_bool() && *definition->if_bool());
    }
    return hover(question);
}

} // namespace lab::editor
