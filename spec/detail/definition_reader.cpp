#include "spec/detail/definition_reader.h"

#include "spec/detail/decode.h"
#include "spec/detail/parts.h"
#include "support/parallel.h"

#include <algorithm>

#include <fmt/format.h>

namespace lab::spec::detail {
namespace {

/// Parts of files are in memory twice while they are put together: not all of them at once.
constexpr std::size_t kFirstWindow = 64, kLargestWindow = 2048; // files
constexpr std::size_t kRoomForModules = 4096; // room for so many, before the list of files moves
constexpr std::size_t kServersAWindow = 4096;

/// How many files to read next, where those before had so many servers.
std::size_t next_window(std::size_t files, std::size_t servers) {
    if (servers <= files) return kLargestWindow;
    return std::clamp(kServersAWindow * files / servers, kFirstWindow, kLargestWindow);
}

std::size_t servers_in(const std::vector<FileResult>& window) {
    std::size_t count = 0;
    for (const FileResult& result : window)
        count += result.parts.servers.size();
    return count;
}

bool holds_servers_only(const Node& root) {
    return root.is_map() && root.size() == 1 && root.key(0).text() == "servers";
}

/// Puts together what files define, a window of files at a time and in their order.
class Assembly {
  public:
    Assembly(Loaded& loaded, std::size_t files) : loaded_(&loaded), files_in_all_(files) {
        files_.reserve(files + kRoomForModules);
    }

    void add(std::vector<FileResult>& window) {
        if (window.empty()) return;
        files_read_ += window.size();
        make_room(servers_in(window), window.size());
        Inventory& inventory = loaded_->inventory;
        for (FileResult& result : window) {
            inventory.incomplete = inventory.incomplete || is_broken(result.diagnostics);
            merge_parts(std::move(result.parts), inventory, inventory.servers, loaded_->diagnostics);
            loaded_->diagnostics.append(std::move(result.diagnostics));
            if (result.file.path) files_.push_back(result.file);
        }
        window.clear();
    }

    std::vector<LoadedFile> finish() { return std::move(files_); }

  private:
    /// Servers are many and large, and a list that grows moves them about and has them twice meanwhile: room
    /// for all, if the files to come have as many as this window's.
    void make_room(std::size_t more, std::size_t files) {
        std::vector<Server>& servers = loaded_->inventory.servers;
        const std::size_t wanted = servers.size() + more + more * (files_in_all_ - files_read_) / files;
        if (wanted > servers.capacity()) servers.reserve(wanted + wanted / 16);
    }

    Loaded* loaded_;
    std::size_t files_in_all_, files_read_ = 0;
    std::vector<LoadedFile> files_;
};

} // namespace

Span whole_file(const std::string& path) {
    return {.file = FileName(path)};
}

void report_unreadable(const TreeEntry& entry, const Error& error, Diagnostics& diagnostics) {
    if (error.code == ErrorCode::Denied && entry.kind == EntryKind::Symlink)
        add_error(diagnostics, "spec/symlink", "this symbolic link leaves the inventory",
                  whole_file(entry.path),
                  "put what it points to into the inventory, or name it in lab.ignore");
    else if (entry.kind == EntryKind::Other)
        add_error(diagnostics, "spec/unreadable", "this is a pipe, socket or device, and no file",
                  whole_file(entry.path), "remove it, or name it in lab.ignore");
    else
        add_error(diagnostics, "spec/unreadable", error.text(), whole_file(entry.path), error.hint);
}

bool is_broken(const Diagnostics& diagnostics) {
    const auto& items = diagnostics.items();
    return std::any_of(items.begin(), items.end(), [](const Diagnostic& diagnostic) {
        return diagnostic.code.starts_with("yaml/") || diagnostic.code == "spec/unreadable";
    });
}

FileResult DefinitionReader::read_root(const TreeEntry& entry) {
    return decode(entry, tree_.read_entry(entry, limits_.file_bytes), /*is_root=*/true);
}

FileResult DefinitionReader::decode(const TreeEntry& entry, Result<std::string> text, bool is_root) {
    FileResult result;
    if (!text) {
        result.file.path = FileName(entry.path);
        report_unreadable(entry, text.error(), result.diagnostics);
        return result;
    }
    const auto size = static_cast<std::int64_t>(text->size());
    if (budget_.fetch_sub(size) < size) return result;
    result.file = {.path = FileName(entry.path), .digest = sha256(*text), .blob = entry.blob};
    const auto document = Document::parse(result.file.path, *std::move(text), result.diagnostics);
    if (!document) return result;
    if (holds_servers_only(document->root())) result.file.holds = LoadedFile::Holds::Servers;
    result.parts = decode_file(*document, is_root, result.diagnostics);
    return result;
}

/// Reads a few files, then decodes them.
void DefinitionReader::read_some(std::span<const TreeEntry* const> entries, std::span<FileResult> results) {
    constexpr std::size_t kBytesAtOnce = 1u << 20;
    std::vector<Result<std::string>> texts;
    for (std::size_t done = 0; done < entries.size() && budget_.load() >= 0; done += texts.size()) {
        texts.clear();
        std::size_t bytes = 0;
        tree_.read_each(entries.subspan(done), limits_.file_bytes, [&](Result<std::string> text) {
            if (text) bytes += text->size();
            texts.push_back(std::move(text));
            return bytes < kBytesAtOnce;
        });
        for (std::size_t i = 0; i < texts.size(); ++i)
            results[done + i] = decode(*entries[done + i], std::move(texts[i]));
    }
}

/// In the order of `entries`; read by as many threads as there is work and cores for, one of which does
/// `meanwhile` first.
std::vector<FileResult> DefinitionReader::read_window(std::span<const TreeEntry* const> entries,
                                                      const std::function<void()>& meanwhile) {
    constexpr std::size_t kFewFiles = 32; // are read before a thread has started
    constexpr std::size_t kPieces = 16;   // so that no thread has much left when the others are done
    const std::size_t at_once = entries.size() <= kFewFiles
                                    ? kFewFiles
                                    : std::clamp<std::size_t>(entries.size() / kPieces, 1, kFewFiles);
    std::vector<FileResult> results(entries.size());
    const std::size_t pieces = (entries.size() + at_once - 1) / at_once;
    in_parallel(1 + pieces, 1, [&](std::size_t piece, std::size_t) {
        if (piece == 0) return meanwhile();
        const std::size_t begin = (piece - 1) * at_once;
        const std::size_t count = std::min(at_once, entries.size() - begin);
        read_some(entries.subspan(begin, count), std::span(results).subspan(begin, count));
    });
    return results;
}

std::optional<std::vector<LoadedFile>> DefinitionReader::read(std::span<const TreeEntry* const> files,
                                                              std::size_t root_place, FileResult root,
                                                              Loaded& loaded) {
    Assembly assembly(loaded, files.size());
    std::size_t size = kFirstWindow, servers = 0;
    std::vector<FileResult> before; // the window that was read and is not put together yet
    for (std::size_t begin = 0; begin < files.size();) {
        const auto window = files.subspan(begin, std::min(size, files.size() - begin));
        auto results = read_window(window, [&] { assembly.add(before); });
        if (budget_.load() < 0) {
            add_error(loaded.diagnostics, "spec/limit",
                      fmt::format("the inventory is larger than {} bytes", limits_.total_bytes), {},
                      "name what is no part of it in lab.ignore");
            return std::nullopt;
        }
        if (root_place - begin < window.size()) std::swap(results[root_place - begin], root);
        begin += window.size();
        servers += servers_in(results);
        size = next_window(begin, servers);
        before = std::move(results);
    }
    assembly.add(before);
    return assembly.finish();
}

} // namespace lab::spec::detail
