#include "reconciler/fleet_cache.h"

#include "support/files.h"

#include <algorithm>

#include <sys/stat.h>

namespace lab::reconciler {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kMaxImageBytes = std::size_t{1} << 30;
constexpr std::size_t kKeptImages = 8;

/// What tells one build of a program from another.
Digest program_digest(const fs::path& program, const providers::ProviderTable& providers) {
    Hasher hasher;
    hasher.part("lab.fleet-image/1");
    struct stat status {};
    if (::stat(program.c_str(), &status) == 0)
        for (const auto part :
             {static_cast<std::uint64_t>(status.st_ino), static_cast<std::uint64_t>(status.st_size),
              static_cast<std::uint64_t>(status.st_mtim.tv_sec),
              static_cast<std::uint64_t>(status.st_mtim.tv_nsec)})
            hasher.part(part);
    for (const std::string& name : providers.names())
        hasher.part(name);
    return hasher.finish();
}

fs::path image_path(const FleetCache& cache, const InventorySource& source) {
    Hasher hasher;
    hasher.part(source.repository()->git_directory().string()).part(source.prefix());
    return cache.folder / (hasher.finish().hex().substr(0, 32) + ".image");
}

bool has_place(const FleetCache& cache, const InventorySource& source) {
    return !cache.folder.empty() && source.repository() && !source.commit().empty() && !source.is_edited();
}

/// Removes the oldest images beyond the number that is kept.
void clear_old(const fs::path& folder) {
    std::vector<std::pair<fs::file_time_type, fs::path>> images;
    std::error_code failed;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
        if (entry.path().extension() == ".image")
            images.emplace_back(entry.last_write_time(failed), entry.path());
    std::sort(images.begin(), images.end());
    for (std::size_t i = 0; i + kKeptImages < images.size(); ++i) {
        fs::remove(images[i].second, failed);
        fs::remove(images[i].second.replace_extension(".settled"), failed); // reconciler/settlement.h
    }
}

} // namespace

FleetCache fleet_cache(const fs::path& home, const fs::path& program,
                       const providers::ProviderTable& providers) {
    return {.folder = home / "cache/fleets", .program = program_digest(program, providers)};
}

std::shared_ptr<const KeptImage> find_image(const FleetCache& cache, const InventorySource& source) {
    if (!has_place(cache, source)) return nullptr;
    fs::path path = image_path(cache, source);
    auto file = MappedFile::open(path, kMaxImageBytes);
    if (!file) return nullptr;
    auto image = spec::FleetImage::read(file->bytes(), cache.program);
    if (!image) return nullptr;
    return std::make_shared<const KeptImage>(KeptImage{std::move(path), *std::move(file), *image});
}

void keep_image(const FleetCache& cache, const LoadedInventory& inventory, const spec::Fleet& fleet,
                const api::FingerprintKey* key) {
    const InventorySource& source = inventory.source;
    std::error_code failed; // a LAB_HOME that is not there is not made for looking
    if (!has_place(cache, source) || !fs::exists(cache.folder.parent_path().parent_path(), failed) ||
        inventory.rest || inventory.origin.dirty)
        return;
    const auto tree = source.repository()->tree_id(source.commit(), source.prefix());
    if (!tree) return;
    const spec::FleetImage::Origin origin{
        .made_by = cache.program, .state = key ? sha256(key->bytes) : Digest(), .tree = *tree};
    if (const auto kept = find_image(cache, source);
        kept && kept->image.origin().tree == *tree && (!key || kept->image.origin().state == origin.state))
        return;
    std::vector<TreeEntry> entries;
    if (source.is_working_tree()) {
        // It must be as git has it to the byte, and git knows what the ids are.
        const auto hidden = [](const TreeEntry& folder) {
            return folder.path[folder.path.rfind('/') + 1] == '.'; // npos + 1 is 0
        };
        const auto commit = source.repository()->tree(source.commit(), source.prefix());
        if (!commit || !source.repository()->changes_in_working_tree(source.prefix(), source.tree(), hidden))
            return;
        auto listed = (*commit)->list("", hidden);
        if (!listed) return;
        entries = std::move(*listed);
    }
    const auto bytes = spec::FleetImage::write(fleet, inventory.loaded, origin, entries);
    if (!bytes || !make_directories(cache.folder, 0700)) return;
    const fs::path path = image_path(cache, source);
    if (!write_file_atomic(path, *bytes, {.mode = 0600, .durable = false})) return;
    clear_old(cache.folder);
}

} // namespace lab::reconciler
