#pragma once
// Who wrote what an answer speaks of: the commit behind each place of an inventory.

#include "git/repository.h"
#include "reconciler/inventory_source.h"
#include "spec/document.h"

#include <map>

namespace lab::cli {

/// Where something was written, as documents have it under "source".
struct Place {
    std::string file;
    std::size_t line = 0;
    std::size_t column = 0; // 0: of the line, whatever begins there; else a value, which may have more lines
    auto operator<=>(const Place&) const = default;
};

/// Who wrote a line, or of several the newest.
struct Writer {
    git::CommitInfo commit;
    bool or_before = false; // a shallow clone begins with the commit: the line may be older
};

/// Reads the history behind an inventory, each file once. Lives no longer than its source.
class Blamer {
  public:
    explicit Blamer(const reconciler::InventorySource& source) : source_(&source) {}

    /// Whether the place is in a file of the inventory; those of modules from git are not.
    Result<bool> knows(const Place& place);
    /// Of the lines of a value, the newest commit. Null: one of them is in no commit yet.
    Result<std::optional<Writer>> who(const Place& place);
    /// The last line of what is there: of a file that it knows.
    std::size_t last_line(const Place& place) const;

    /// The document with {"blame": {commit, author, email, at, subject, or_before} or null} beside every
    /// "source" it knows.
    Result<Value> with_blame(const Value& document);
    /// Whether some line may be older than the history of a shallow clone says.
    bool cut_off() const noexcept { return cut_off_; }

  private:
    struct File {
        std::vector<std::string> lines; // the commit of each; none where the file is not the inventory's
        std::shared_ptr<const spec::Document> document; // null where it is no YAML
    };
    Result<const File*> file_of(const std::string& file);
    Result<bool> is_newer(const std::string& one, const std::string& other);
    Result<const git::CommitInfo*> commit(const std::string& id);

    const reconciler::InventorySource* source_;
    std::map<std::string, File> files_;
    std::map<std::string, git::CommitInfo> commits_; // by id
    bool cut_off_ = false;
};

/// Every place under a "source" of the document, in order, each once; not those of defaults, which nobody
/// wrote.
std::vector<Place> places_in(const Value& document);

/// "1a2b3c4 Ann Example, 2026-03-15: labels: web has a port", "1a2b3c4 or before", or "not committed yet".
std::string blame_text(const std::optional<Writer>& writer);

} // namespace lab::cli
