// Reading a part of an inventory. Whatever could make it differ from the whole ends the attempt: a file that
// came or went, a definition other than a label, a name or a machine that moved, anything to complain of.
#include "reconciler/fleet_cache.h"

#include "reconciler/leave_out.h"
#include "reconciler/scope.h"
#include "reconciler/settlement.h"
#include "spec/document.h"
#include "support/subset_tree.h"

#include <algorithm>
#include <map>
#include <set>

namespace lab::reconciler {
namespace {

using spec::FleetImage;
using spec::LoadedFile;
using spec::SetKind;
using Flags = std::vector<bool>;

constexpr std::size_t kMaxFileBytes = 32u << 20; // spec::LoadLimits::file_bytes

bool in_hidden_folder(std::string_view path) {
    return path.starts_with('.') ? path.find('/') != std::string_view::npos : [&] {
        const auto dot = path.find("/.");
        return dot != std::string_view::npos && path.find('/', dot + 1) != std::string_view::npos;
    }();
}

/// Whether a file could be read as a part of some inventory, or decides what is.
bool may_matter(std::string_view path) {
    return path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".pp") ||
           path.ends_with("lab.lock") || path.starts_with("modules/") ||
           path.find("/modules/") != std::string_view::npos;
}

/// What differs from the image.
struct Changes {
    std::vector<TreeEntry> files; // of the image, as they are now
    bool dirty = false;           // the working tree differs from HEAD in one of them
};

class PartLoader {
  public:
    PartLoader(const InventorySource& source, std::shared_ptr<const KeptImage> kept)
        : source_(source), kept_(std::move(kept)), image_(kept_->image), needed_(image_.size()) {}

    bool begin() { return find_changes() && find_touched(); }
    bool is_current() { return find_changes() && changes_.files.empty(); }

    std::optional<Part> read(const PartRequest& request, const providers::ProviderTable& providers,
                             const api::FingerprintKey& key) {
        std::optional<Settlement> settlement;
        if (request.state) {
            if (image_.origin().state != sha256(key.bytes)) return std::nullopt;
            settlement = settlement_of(*kept_, *request.state);
            if (!settlement) return std::nullopt;
            for (const std::uint32_t server : settlement->others)
                needed_[server] = true;
        }
        if (!find_requested(request)) return std::nullopt;
        const auto count = static_cast<std::size_t>(std::count(needed_.begin(), needed_.end(), true));
        if (count * 2 > image_.size()) return std::nullopt; // the whole is no dearer
        const bool only_settings = request.state && count == 0 && changes_.files.empty();
        Part part;
        part.inventory = load(only_settings, request.state, settlement);
        if (!part.inventory) return std::nullopt;
        Diagnostics found;
        part.fleet = std::make_unique<spec::Fleet>(resolve_fleet(*part.inventory, providers, key, found));
        if (!only_settings && (!found.empty() || !same_machines(*part.fleet))) return std::nullopt;
        part.known = std::move(known_);
        return part;
    }

  private:
    // ---- what changed

    bool find_changes() {
        std::map<std::string, std::optional<TreeEntry>> changed;
        const auto tree = source_.repository()->tree_id(source_.commit(), source_.prefix());
        if (!tree) return false;
        auto committed = source_.repository()->changes_between(image_.origin().tree, *tree);
        if (!committed) return false;
        for (git::TreeChange& change : *committed)
            changed[std::move(change.path)] = std::move(change.now);
        if (source_.is_working_tree()) {
            const auto hidden = [](const TreeEntry& folder) {
                return folder.path[folder.path.rfind('/') + 1] == '.'; // npos + 1 is 0
            };
            auto edited =
                source_.repository()->changes_in_working_tree(source_.prefix(), source_.tree(), hidden);
            if (!edited) return false;
            for (git::TreeChange& change : *edited) {
                changes_.dirty = changes_.dirty || image_.find_file(change.path);
                changed[std::move(change.path)] = std::move(change.now);
            }
        }
        for (auto& [path, now] : changed)
            if (!in_hidden_folder(path) && !note(path, now)) return false;
        return true;
    }

    /// False where the change needs the whole to be read.
    bool note(const std::string& path, std::optional<TreeEntry>& now) {
        if (now && now->kind != EntryKind::File) return false;
        const auto file = image_.find_file(path);
        if (!file) return !in_module(path) && (!may_matter(path) || (now && was_left_out(path)));
        if (!now || image_.holds(*file) == LoadedFile::Holds::Module || path == "lab.yaml") return false;
        changes_.files.push_back(std::move(*now));
        return true;
    }

    /// A YAML file that was there and is no part of the inventory (tests, what lab.ignore names).
    bool was_left_out(std::string_view path) const {
        if (!path.ends_with(".yaml") && !path.ends_with(".yml")) return false;
        const auto others = image_.others();
        return std::any_of(others.begin(), others.end(), [&](const TreeEntry& entry) {
            return entry.path == path && entry.kind == EntryKind::File;
        });
    }

    bool in_module(std::string_view path) const {
        constexpr std::string_view kModuleFile = "/module.yaml";
        for (std::size_t i = 0; i < image_.files(); ++i) {
            if (image_.holds(i) != LoadedFile::Holds::Module) continue;
            std::string_view module = image_.path(i);
            if (!module.ends_with(kModuleFile)) continue;
            module.remove_suffix(kModuleFile.size());
            if (path.starts_with(module) && path.substr(module.size()).starts_with('/')) return true;
        }
        return false;
    }

    // ---- which servers that touches

    bool find_touched() {
        if (changes_.files.empty()) return true;
        Flags touched(image_.files());
        for (const TreeEntry& entry : changes_.files) {
            const auto file = static_cast<std::uint32_t>(*image_.find_file(entry.path));
            touched[file] = true;
            if (image_.holds(file) == LoadedFile::Holds::Definitions && !touch_labels(entry, file))
                return false;
        }
        for (std::size_t i = 0; i < image_.size(); ++i)
            if (touched[image_.file_of(i)]) needed_[i] = true;
        return true;
    }

    /// Marks the servers with a label that `entry` says something else of than before. False where it says
    /// anything else of something else.
    bool touch_labels(const TreeEntry& entry, std::size_t file) {
        const auto blobs = source_.repository()->tree(source_.commit(), source_.prefix());
        if (!blobs) return false;
        const auto before = parse((*blobs)->read_entry(image_.entry(file), kMaxFileBytes), entry.path);
        const auto now = parse(source_.tree().read_entry(entry, kMaxFileBytes), entry.path);
        if (!before || !now || before->root().size() != now->root().size()) return false;
        for (std::size_t i = 0; i < now->root().size(); ++i) {
            const std::string_view section = now->root().key(i).text();
            const spec::Node old = before->root().find(section), fresh = now->root().value(i);
            if (!old) return false;
            if (section == "labels" && old.is_map() && fresh.is_map())
                touch_differing(old, fresh);
            else if (!(old.as_value() == fresh.as_value()))
                return false;
        }
        return true;
    }

    std::shared_ptr<const spec::Document> parse(Result<std::string> text, const std::string& path) const {
        if (!text) return nullptr;
        Diagnostics problems;
        auto document = spec::Document::parse(path, *std::move(text), problems);
        return document && problems.empty() && document->root().is_map() ? document : nullptr;
    }

    void touch_differing(const spec::Node& before, const spec::Node& now) {
        for (std::size_t i = 0; i < now.size(); ++i) {
            const spec::Node old = before.find(now.key(i).text());
            if (!old || !(old.as_value() == now.value(i).as_value())) touch_label(now.key(i).text());
        }
        for (std::size_t i = 0; i < before.size(); ++i)
            if (!now.find(before.key(i).text())) touch_label(before.key(i).text());
    }

    /// Servers with any value of the label: which declaration counts for them may be another now.
    void touch_label(std::string_view label) {
        const auto set = image_.set(SetKind::Label, label.substr(0, label.find('=')));
        for (std::size_t i = 0; set && i < image_.size(); ++i)
            if ((*set)[i / 64] >> i % 64 & 1) needed_[i] = true;
    }

    // ---- which servers the command asked for

    bool find_requested(const PartRequest& request) {
        if (!request.path.empty() && !find_path(request.path)) return false;
        for (const std::string& name : request.servers) {
            const auto server = image_.find(name);
            if (!server) return false;
            needed_[*server] = true;
        }
        if (request.filter) {
            const auto selected = select_from(image_, *request.filter);
            if (!selected) return false;
            for (std::size_t i = 0; i < needed_.size(); ++i)
                if ((*selected)[i]) needed_[i] = true;
        }
        return true;
    }

    /// Names may hold dots: the longest one that fits is meant.
    bool find_path(std::string_view path) {
        for (;;) {
            if (const auto server = image_.find(path)) {
                needed_[*server] = true;
                return true;
            }
            const auto dot = path.rfind('.');
            if (dot == std::string_view::npos) return false;
            path = path.substr(0, dot);
        }
    }

    // ---- reading

    /// Null where what was read is not what was expected. `only_settings`: no server is read, and no
    /// definition.
    std::unique_ptr<LoadedInventory> load(bool only_settings, const store::Store* state,
                                          const std::optional<Settlement>& settlement) {
        std::vector<TreeEntry> entries = entries_to_read(only_settings);
        auto subset =
            std::make_unique<SubsetTree>(source_.tree(), std::move(entries), trim_for(only_settings));
        spec::Loaded loaded = spec::load(*subset, {}, only_settings ? nullptr : &source_.modules());
        spec::Inventory& inventory = loaded.inventory;
        Flags read(image_.size());
        if (only_settings) {
            inventory.servers.clear();
        } else {
            if (!loaded.diagnostics.empty() || !expected(inventory, read)) return nullptr;
        }
        loaded.diagnostics = {};
        if (settlement && !find_known(*state, *settlement, inventory.servers)) return nullptr;
        auto rest = std::make_unique<Rest>(kept_, std::move(read), settled_);
        inventory.elsewhere = rest.get();
        std::vector<LoadedFile> changed;
        for (const TreeEntry& entry : changes_.files)
            if (const LoadedFile* file = loaded.find_file(entry.path)) changed.push_back(*file);
        inventory.digest = image_.digest_with(changed);
        api::Plan::Inventory origin{.source = source_.name(),
                                    .id = inventory.settings.id,
                                    .commit = changes_.dirty ? std::string() : source_.commit(),
                                    .dirty = changes_.dirty,
                                    .digest = inventory.digest};
        return std::make_unique<LoadedInventory>(LoadedInventory{.source = source_,
                                                                 .loaded = std::move(loaded),
                                                                 .origin = std::move(origin),
                                                                 .subset = std::move(subset),
                                                                 .rest = std::move(rest)});
    }

    std::vector<TreeEntry> entries_to_read(bool only_settings) const {
        std::map<std::string, TreeEntry> entries;
        for (TreeEntry& entry : image_.others()) {
            if (only_settings && entry.path != "lab.yaml") continue;
            std::string path = entry.path;
            entries.emplace(std::move(path), std::move(entry));
        }
        for (std::size_t i = 0; i < needed_.size(); ++i)
            if (needed_[i]) {
                TreeEntry entry = image_.entry(image_.file_of(i));
                std::string path = entry.path;
                entries.emplace(std::move(path), std::move(entry));
            }
        for (const TreeEntry& entry : changes_.files)
            entries.insert_or_assign(entry.path, entry);
        std::vector<TreeEntry> sorted;
        for (auto& [path, entry] : entries)
            sorted.push_back(std::move(entry));
        return sorted;
    }

    /// Leaves servers that are not needed out of files that are as they were.
    SubsetTree::Trim trim_for(bool only_settings) const {
        std::map<std::string_view, std::vector<WrittenServer>> files;
        if (only_settings) return [](std::string_view, std::string text) { return text; };
        for (std::size_t i = 0; i < needed_.size(); ++i)
            if (const auto file = image_.file_of(i);
                needed_[i] && image_.holds(file) == LoadedFile::Holds::Servers)
                files[image_.path(file)];
        for (const TreeEntry& entry : changes_.files)
            files.erase(entry.path);
        Flags wanted(image_.files());
        for (const auto& file : files)
            wanted[*image_.find_file(file.first)] = true;
        for (std::size_t i = 0; i < needed_.size(); ++i)
            if (const auto file = image_.file_of(i); wanted[file])
                files[image_.path(file)].push_back(
                    {.name = image_.name(i), .line = image_.line(i), .wanted = needed_[i]});
        for (auto& [path, servers] : files)
            std::sort(servers.begin(), servers.end(),
                      [](const auto& left, const auto& right) { return left.line < right.line; });
        return [files = std::move(files)](std::string_view path, std::string text) {
            const auto file = files.find(path);
            return file == files.end() ? text : leave_out(std::move(text), file->second);
        };
    }

    /// Whether the files that were read hold just the servers that they held; marks them.
    bool expected(const spec::Inventory& inventory, Flags& read) const {
        Flags changed(image_.files());
        for (const spec::Server& server : inventory.servers) {
            const auto known = image_.find(server.name);
            if (!known || image_.path(image_.file_of(*known)) != *server.at.file) return false;
            read[*known] = true;
        }
        for (const TreeEntry& entry : changes_.files)
            changed[*image_.find_file(entry.path)] = true;
        for (std::size_t i = 0; i < image_.size(); ++i)
            if (!read[i] && (needed_[i] || changed[image_.file_of(i)])) return false;
        return true;
    }

    bool same_machines(const spec::Fleet& fleet) const {
        for (spec::ServerIndex i = 0; i < fleet.size(); ++i)
            if (!image_.same_identity(*image_.find(fleet.server(i).name), fleet, i)) return false;
        return true;
    }

    /// What the state knows of the servers that were read; the rest is settled. False where the state was
    /// written meanwhile.
    bool find_known(const store::Store& state, const Settlement& settlement,
                    const std::vector<spec::Server>& servers) {
        settled_ = settlement.settled;
        for (const spec::Server& server : servers) {
            auto row = state.server(server.name);
            if (!row) return false;
            if (!*row) continue;
            if (is_settled(**row, image_.key(*image_.find(server.name)))) {
                --settled_.servers;
                settled_.units -= (*row)->units;
                settled_.skipped -= (*row)->skipped;
            }
            known_.push_back(std::move(**row));
        }
        const auto now = state.moment();
        return now && *now == settlement.moment;
    }

    const InventorySource source_;
    std::shared_ptr<const KeptImage> kept_;
    const FleetImage& image_;
    Changes changes_;
    Flags needed_; // by server of the image
    std::vector<store::ServerKeys> known_;
    Settled settled_;
};

} // namespace

std::shared_ptr<const KeptImage> current_image(const FleetCache& cache, const InventorySource& source) {
    auto kept = find_image(cache, source);
    return kept && PartLoader(source, kept).is_current() ? kept : nullptr;
}

PartReader begin_part(const InventorySource& source, std::shared_ptr<const KeptImage> kept) {
    auto loader = std::make_shared<PartLoader>(source, std::move(kept));
    if (!loader->begin()) return {};
    return [loader](const PartRequest& request, const providers::ProviderTable& providers,
                    const api::FingerprintKey& key) { return loader->read(request, providers, key); };
}

} // namespace lab::reconciler
