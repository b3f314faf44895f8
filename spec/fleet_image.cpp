#include "spec/fleet_image.h"

#include "spec/detail/file_digests.h"
#include "support/checksum.h"

#include <algorithm>
#include <cstring>

namespace lab::spec {
namespace {

// A header, then sections, each at a multiple of eight bytes.
constexpr std::string_view kMagic = "lab.fleet-image/2\n";
enum Section : std::size_t {
    Id,
    Names,
    NameEnds,
    Labels,
    LabelEnds,
    Keys,
    FileOf,
    Lines,
    Identities, // servers
    Paths,
    PathEnds,
    Digests,
    Blobs,
    Held,
    FileBuckets,
    Buckets, // files
    Others,
    OtherEnds,
    OtherKinds,
    OtherBlobs,
    SetNames,
    SetNameEnds,
    SetKinds,
    Words,
    kSections
};

struct Header {
    char magic[24] = {};
    FleetImage::Origin origin;
    std::uint32_t none = 0; // for the numbers to be aligned
    std::uint64_t begins[kSections] = {}, sizes[kSections] = {};
    std::uint64_t check = 0; // checksum of it all, with 0 here
};
static_assert(std::is_trivially_copyable_v<Header> && std::is_trivially_copyable_v<Digest>);
static_assert(std::has_unique_object_representations_v<Header>); // no byte is left to chance

std::uint64_t check_of(Header header, std::string_view bytes) {
    header.check = 0;
    const std::string_view head(reinterpret_cast<const char*>(&header), sizeof header);
    return checksum(head) ^ checksum(bytes.substr(sizeof header));
}

/// Identity of a server as rules about several see it.
std::uint64_t identity_of(const Fleet& fleet, ServerIndex index) {
    std::uint64_t hash = fleet.server(index).identity;
    for (const std::string_view text : {fleet.provider(index), fleet.cloud(index)})
        for (const char c : text)
            hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3u;
    return hash;
}

struct Packed {
    std::string text;
    std::vector<std::uint32_t> ends;
    void add(std::string_view one) {
        text += one;
        ends.push_back(static_cast<std::uint32_t>(text.size()));
    }
};

class Writer {
  public:
    explicit Writer(const FleetImage::Origin& origin) : bytes_(sizeof(Header), '\0') {
        std::copy(kMagic.begin(), kMagic.end(), header_.magic);
        header_.origin = origin;
    }
    void put(Section section, std::string_view bytes) {
        bytes_.resize((bytes_.size() + 7) / 8 * 8);
        header_.begins[section] = bytes_.size();
        header_.sizes[section] = bytes.size();
        bytes_ += bytes;
    }
    template <typename T>
    void put(Section section, const std::vector<T>& values) {
        put(section,
            std::string_view(reinterpret_cast<const char*>(values.data()), values.size() * sizeof(T)));
    }
    void put(Section text, Section ends, const Packed& packed) {
        put(text, packed.text);
        put(ends, packed.ends);
    }
    std::string finish() {
        std::memcpy(bytes_.data(), &header_, sizeof header_);
        header_.check = check_of(header_, bytes_);
        std::memcpy(bytes_.data(), &header_, sizeof header_);
        return std::move(bytes_);
    }

  private:
    Header header_;
    std::string bytes_;
};

void write_servers(const Fleet& fleet, const std::vector<LoadedFile>& files, Writer& out) {
    Packed names, labels;
    std::vector<Digest> keys;
    std::vector<std::uint32_t> file_of, lines;
    std::vector<std::uint64_t> identities;
    for (ServerIndex i = 0; i < fleet.size(); ++i) {
        const Server& server = fleet.server(i);
        names.add(server.name);
        std::string written;
        for (const Text& label : server.labels)
            written.append(written.empty() ? "" : ", ").append(label.value);
        labels.add(written);
        keys.push_back(fleet.key(i));
        identities.push_back(identity_of(fleet, i));
        const auto file =
            std::lower_bound(files.begin(), files.end(), *server.at.file,
                             [](const LoadedFile& one, std::string_view path) { return *one.path < path; });
        file_of.push_back(static_cast<std::uint32_t>(file - files.begin()));
        lines.push_back(server.at.line);
    }
    out.put(Names, NameEnds, names);
    out.put(Labels, LabelEnds, labels);
    out.put(Keys, keys);
    out.put(FileOf, file_of);
    out.put(Lines, lines);
    out.put(Identities, identities);
}

void write_files(const std::vector<LoadedFile>& files, Writer& out) {
    Packed paths;
    std::vector<Digest> digests;
    std::vector<BlobId> blobs;
    std::vector<std::uint8_t> held, buckets;
    detail::FileDigests all;
    for (const LoadedFile& file : files) {
        paths.add(*file.path);
        digests.push_back(file.digest);
        blobs.push_back(file.blob.value_or(BlobId{}));
        held.push_back(static_cast<std::uint8_t>(file.holds));
        buckets.push_back(static_cast<std::uint8_t>(detail::FileDigests::bucket_of(*file.path)));
        all.add(*file.path, file.digest);
    }
    out.put(Paths, PathEnds, paths);
    out.put(Digests, digests);
    out.put(Blobs, blobs);
    out.put(Held, held);
    out.put(FileBuckets, buckets);
    out.put(Buckets, all.buckets());
}

void write_others(const std::vector<TreeEntry>& entries, Writer& out) {
    Packed paths;
    std::vector<std::uint8_t> kinds;
    std::vector<BlobId> blobs;
    for (const TreeEntry& entry : entries) {
        paths.add(entry.path);
        kinds.push_back(static_cast<std::uint8_t>(entry.kind));
        blobs.push_back(entry.blob.value_or(BlobId{}));
    }
    out.put(Others, OtherEnds, paths);
    out.put(OtherKinds, kinds);
    out.put(OtherBlobs, blobs);
}

void write_sets(const Fleet& fleet, Writer& out) {
    std::vector<Fleet::Set> sets = fleet.sets();
    const auto key = [](const Fleet::Set& set) { return std::pair(set.kind, set.name); };
    std::sort(sets.begin(), sets.end(),
              [&](const Fleet::Set& a, const Fleet::Set& b) { return key(a) < key(b); });
    Packed names;
    std::vector<std::uint8_t> kinds;
    std::vector<std::uint64_t> words;
    for (const Fleet::Set& set : sets) {
        names.add(set.name);
        kinds.push_back(static_cast<std::uint8_t>(set.kind));
        words.insert(words.end(), set.words.begin(), set.words.end());
    }
    out.put(SetNames, SetNameEnds, names);
    out.put(SetKinds, kinds);
    out.put(Words, words);
}

template <typename T>
bool view(std::string_view bytes, const Header& header, Section section, std::span<const T>& into) {
    const std::uint64_t begin = header.begins[section], size = header.sizes[section];
    if (begin % 8 != 0 || begin > bytes.size() || size > bytes.size() - begin || size % sizeof(T) != 0)
        return false;
    into = {reinterpret_cast<const T*>(bytes.data() + begin), size / sizeof(T)};
    return true;
}

bool view(std::string_view bytes, const Header& header, Section section, std::string_view& into) {
    std::span<const char> chars;
    if (!view(bytes, header, section, chars)) return false;
    into = {chars.data(), chars.size()};
    return true;
}

bool view(std::string_view bytes, const Header& header, Section text, Section ends,
          FleetImage::Strings& into) {
    std::string_view chars;
    std::span<const std::uint32_t> places;
    if (!view(bytes, header, text, chars) || !view(bytes, header, ends, places)) return false;
    if (!std::is_sorted(places.begin(), places.end())) return false;
    if (!places.empty() && places.back() != chars.size()) return false;
    into = {places, chars};
    return true;
}

bool may_have_image(const std::vector<LoadedFile>& files, const std::vector<TreeEntry>& others) {
    const auto followed = [](const TreeEntry& entry) { return entry.kind == EntryKind::Symlink; };
    if (std::any_of(others.begin(), others.end(), followed)) return false;
    return std::all_of(files.begin(), files.end(), [](const LoadedFile& file) {
        return file.blob || file.holds == LoadedFile::Holds::Module;
    });
}

/// What was read of a working tree, with the ids that git has for it. Both are sorted by path.
void add_blobs(std::span<const TreeEntry> entries, std::vector<LoadedFile>& files,
               std::vector<TreeEntry>& others) {
    others.clear();
    auto file = files.begin();
    for (const TreeEntry& entry : entries) {
        while (file != files.end() && *file->path < entry.path)
            ++file;
        const bool found = file != files.end() && *file->path == entry.path;
        if (found) file->blob = entry.blob;
        if (!found || file->holds != LoadedFile::Holds::Servers) others.push_back(entry);
    }
}

} // namespace

std::optional<std::size_t> FleetImage::Strings::find(std::string_view text) const {
    std::size_t low = 0, high = size();
    while (low < high) {
        const std::size_t middle = low + (high - low) / 2;
        if ((*this)[middle] < text)
            low = middle + 1;
        else
            high = middle;
    }
    if (low == size() || (*this)[low] != text) return std::nullopt;
    return low;
}

std::optional<std::string> FleetImage::write(const Fleet& fleet, const Loaded& loaded, const Origin& origin,
                                             std::span<const TreeEntry> entries) {
    std::vector<LoadedFile> files = *loaded.files;
    std::vector<TreeEntry> others = loaded.others;
    if (!entries.empty()) add_blobs(entries, files, others);
    if (!loaded.diagnostics.empty() || !may_have_image(files, others)) return std::nullopt;
    Writer out(origin);
    out.put(Id, fleet.inventory().settings.id);
    write_servers(fleet, files, out);
    write_files(files, out);
    write_others(others, out);
    write_sets(fleet, out);
    return out.finish();
}

std::optional<FleetImage> FleetImage::read(std::string_view bytes, const Digest& made_by) {
    Header header;
    if (bytes.size() < sizeof header) return std::nullopt;
    std::memcpy(&header, bytes.data(), sizeof header);
    if (std::string_view(header.magic, kMagic.size()) != kMagic || header.origin.made_by != made_by ||
        header.check != check_of(header, bytes))
        return std::nullopt;
    FleetImage image;
    image.origin_ = header.origin;
    const bool whole =
        view(bytes, header, Id, image.id_) && view(bytes, header, Names, NameEnds, image.names_) &&
        view(bytes, header, Labels, LabelEnds, image.labels_) && view(bytes, header, Keys, image.keys_) &&
        view(bytes, header, FileOf, image.file_of_) && view(bytes, header, Lines, image.lines_) &&
        view(bytes, header, Identities, image.identities_) &&
        view(bytes, header, Paths, PathEnds, image.paths_) && view(bytes, header, Digests, image.digests_) &&
        view(bytes, header, Blobs, image.blobs_) && view(bytes, header, Held, image.holds_) &&
        view(bytes, header, FileBuckets, image.file_buckets_) &&
        view(bytes, header, Buckets, image.buckets_) &&
        view(bytes, header, Others, OtherEnds, image.others_) &&
        view(bytes, header, OtherKinds, image.other_kinds_) &&
        view(bytes, header, OtherBlobs, image.other_blobs_) &&
        view(bytes, header, SetNames, SetNameEnds, image.set_names_) &&
        view(bytes, header, SetKinds, image.set_kinds_) && view(bytes, header, Words, image.words_);
    const std::size_t servers = image.keys_.size(), files = image.digests_.size();
    const bool fits = whole && image.names_.size() == servers && image.labels_.size() == servers &&
                      image.file_of_.size() == servers && image.lines_.size() == servers &&
                      image.identities_.size() == servers && image.paths_.size() == files &&
                      image.blobs_.size() == files && image.holds_.size() == files &&
                      image.file_buckets_.size() == files &&
                      image.buckets_.size() == detail::FileDigests::kBuckets &&
                      image.other_kinds_.size() == image.others_.size() &&
                      image.other_blobs_.size() == image.others_.size() &&
                      image.set_kinds_.size() == image.set_names_.size() &&
                      image.words_.size() == image.set_names_.size() * ((servers + 63) / 64);
    return fits ? std::optional(image) : std::nullopt;
}

std::optional<std::size_t> FleetImage::find(std::string_view name) const {
    return names_.find(name);
}
std::optional<std::size_t> FleetImage::find_file(std::string_view path) const {
    return paths_.find(path);
}

bool FleetImage::same_identity(std::size_t server, const Fleet& fleet, ServerIndex index) const {
    return identities_[server] == identity_of(fleet, index);
}

std::optional<std::span<const std::uint64_t>> FleetImage::set(SetKind kind, std::string_view name) const {
    const std::size_t words = (size() + 63) / 64;
    for (std::size_t i = 0; i < set_kinds_.size(); ++i)
        if (set_kinds_[i] == static_cast<std::uint8_t>(kind) && set_names_[i] == name)
            return words_.subspan(i * words, words);
    return std::nullopt;
}

TreeEntry FleetImage::entry(std::size_t file) const {
    TreeEntry entry{.path = std::string(paths_[file])};
    if (holds(file) != LoadedFile::Holds::Module) entry.blob = blobs_[file];
    return entry;
}

std::vector<TreeEntry> FleetImage::others() const {
    std::vector<TreeEntry> entries;
    entries.reserve(others_.size());
    for (std::size_t i = 0; i < others_.size(); ++i) {
        const auto kind = static_cast<EntryKind>(other_kinds_[i]);
        TreeEntry& entry = entries.emplace_back(TreeEntry{.path = std::string(others_[i]), .kind = kind});
        if (kind == EntryKind::File) entry.blob = other_blobs_[i];
    }
    return entries;
}

Digest FleetImage::digest_with(const std::vector<LoadedFile>& changed) const {
    std::vector<Digest> buckets(buckets_.begin(), buckets_.end());
    std::vector<std::size_t> touched;
    for (const LoadedFile& file : changed)
        touched.push_back(detail::FileDigests::bucket_of(*file.path));
    std::sort(touched.begin(), touched.end());
    touched.erase(std::unique(touched.begin(), touched.end()), touched.end());
    for (const std::size_t bucket : touched) {
        detail::FileDigests digests;
        for (std::size_t i = 0; i < files(); ++i) {
            if (file_buckets_[i] != bucket) continue;
            const auto now = std::find_if(changed.begin(), changed.end(),
                                          [&](const LoadedFile& file) { return *file.path == paths_[i]; });
            digests.add(paths_[i], now == changed.end() ? digests_[i] : now->digest);
        }
        buckets[bucket] = digests.buckets()[bucket];
    }
    return detail::FileDigests::of_buckets(buckets);
}

} // namespace lab::spec
