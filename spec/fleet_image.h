#pragma once
// What is kept of a fleet between two runs: enough to know, of an inventory that differs from it in few
// files, which servers may differ, without reading the others. Only an inventory without any problem has an
// image. It holds names, places in git and digests; no value of a server, nothing private.
//
// The bytes are for the machine that wrote them. read() takes none that are not whole: a checksum is part of
// them, which tells of damage, not of somebody who means ill (who could as well change lab itself).

#include "spec/fleet.h"
#include "spec/load.h"

namespace lab::spec {

class FleetImage {
  public:
    /// What an image was made from.
    struct Origin {
        Digest made_by; // the program and all else that decides what a fleet is besides its files
        Digest state;   // of the fingerprint key, which keys of servers depend on
        BlobId tree{};  // git's id of the folder
        friend bool operator==(const Origin&, const Origin&) = default;
    };
    /// Nothing where the inventory cannot have one: it has symbolic links, whose targets are no part of the
    /// tree's id, or files without a blob id.
    /// `entries` are those of the tree, where what was loaded is a working tree that is no different.
    static std::optional<std::string> write(const Fleet& fleet, const Loaded& loaded, const Origin& origin,
                                            std::span<const TreeEntry> entries = {});
    /// Nothing where the bytes are damaged, or another program's. `bytes` must stay as long as the image.
    static std::optional<FleetImage> read(std::string_view bytes, const Digest& made_by);

    const Origin& origin() const noexcept { return origin_; }
    std::string_view inventory_id() const noexcept { return id_; }

    // Servers, in the order of their names.
    std::size_t size() const noexcept { return keys_.size(); }
    std::string_view name(std::size_t server) const { return names_[server]; }
    const Digest& key(std::size_t server) const { return keys_[server]; }
    std::string_view labels(std::size_t server) const { return labels_[server]; } // as written: "a, b=c"
    std::uint32_t file_of(std::size_t server) const { return file_of_[server]; }
    std::uint32_t line(std::size_t server) const { return lines_[server]; } // of its name there
    std::optional<std::size_t> find(std::string_view name) const;
    /// Whether rules about several servers see the same of a server as when the image was made.
    bool same_identity(std::size_t server, const Fleet& fleet, ServerIndex index) const;
    /// One bit a server; nothing where no such thing was known.
    std::optional<std::span<const std::uint64_t>> set(SetKind kind, std::string_view name) const;

    // Files, in the order of their paths.
    std::size_t files() const noexcept { return digests_.size(); }
    std::string_view path(std::size_t file) const { return paths_[file]; }
    LoadedFile::Holds holds(std::size_t file) const { return static_cast<LoadedFile::Holds>(holds_[file]); }
    TreeEntry entry(std::size_t file) const;
    std::optional<std::size_t> find_file(std::string_view path) const;
    /// Loaded::others.
    std::vector<TreeEntry> others() const;
    /// Inventory::digest with these files' digests in place of theirs; each is a file of the image.
    Digest digest_with(const std::vector<LoadedFile>& changed) const;

    /// Strings one after the other.
    class Strings {
      public:
        Strings() = default;
        Strings(std::span<const std::uint32_t> ends, std::string_view text) : ends_(ends), text_(text) {}
        std::size_t size() const noexcept { return ends_.size(); }
        std::string_view operator[](std::size_t i) const {
            const std::uint32_t begin = i == 0 ? 0 : ends_[i - 1];
            return text_.substr(begin, ends_[i] - begin);
        }
        std::optional<std::size_t> find(std::string_view text) const; // sorted ones

      private:
        std::span<const std::uint32_t> ends_;
        std::string_view text_;
    };

  private:
    FleetImage() = default;
    Origin origin_;
    std::string_view id_;
    Strings names_, labels_, paths_, others_, set_names_;
    std::span<const Digest> keys_, digests_, buckets_;
    std::span<const std::uint32_t> file_of_, lines_;
    std::span<const std::uint64_t> identities_, words_;
    std::span<const std::uint8_t> holds_, file_buckets_, other_kinds_, set_kinds_;
    std::span<const BlobId> blobs_, other_blobs_;
};

} // namespace lab::spec
