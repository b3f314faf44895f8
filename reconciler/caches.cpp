#include "reconciler/caches.h"

#include "support/files.h"

#include <algorithm>
#include <map>
#include <optional>

#include <fmt/format.h>

namespace lab::reconciler {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kImage = ".image", kSettled = ".settled", kTemporary = ".tmp",
                           kRepository = ".git", kFresh = ".new", kOld = ".old";

/// Bytes of a file, or of all files below a folder.
std::uint64_t size_of(const fs::path& path) {
    std::error_code failed;
    if (fs::is_regular_file(fs::symlink_status(path, failed))) {
        const auto size = fs::file_size(path, failed);
        return failed ? 0 : size;
    }
    std::uint64_t bytes = 0;
    for (auto at =
             fs::recursive_directory_iterator(path, fs::directory_options::skip_permission_denied, failed);
         !failed && at != fs::recursive_directory_iterator(); at.increment(failed))
        if (std::error_code gone; fs::is_regular_file(at->symlink_status(gone))) {
            const auto size = fs::file_size(at->path(), gone);
            if (!gone) bytes += size;
        }
    return bytes;
}

/// Files of a cache of images: whole ones, what is known of the state by them (reconciler/settlement.h), and
/// what a writer that was killed left behind.
bool is_of_images(const fs::directory_entry& entry) {
    std::error_code failed;
    if (!fs::is_regular_file(entry.symlink_status(failed))) return false;
    const std::string name = entry.path().filename().string();
    if (name.ends_with(kImage) || name.ends_with(kSettled)) return true;
    const auto recent = fs::file_time_type::clock::now() - std::chrono::hours(1);
    return name.ends_with(kTemporary) &&
           (name.find(kImage) != name.npos || name.find(kSettled) != name.npos) &&
           entry.last_write_time(failed) < recent;
}

/// The name under which a repository's lock is; nullopt for what is no repository of lab's: the digest of a
/// URL, of a module with ".git", while it is replaced with ".new" or ".old" after that.
std::optional<std::string> repository_of(const fs::directory_entry& entry) {
    std::error_code failed;
    if (!fs::is_directory(entry.symlink_status(failed))) return std::nullopt;
    std::string name = entry.path().filename().string();
    if (name.ends_with(kFresh) || name.ends_with(kOld)) name.resize(name.size() - kOld.size());
    std::string_view digest = name;
    if (digest.ends_with(kRepository)) digest.remove_suffix(kRepository.size());
    if (digest.size() != 20 || digest.find_first_not_of("0123456789abcdef") != digest.npos)
        return std::nullopt;
    return name;
}

/// Folders by repository.
std::map<std::string, std::vector<fs::path>> repositories_in(const fs::path& folder) {
    std::map<std::string, std::vector<fs::path>> found;
    std::error_code failed;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
        if (auto name = repository_of(entry)) found[*std::move(name)].push_back(entry.path());
    return found;
}

std::vector<fs::path> images_in(const fs::path& folder) {
    std::vector<fs::path> found;
    std::error_code failed;
    for (const fs::directory_entry& entry : fs::directory_iterator(folder, failed))
        if (is_of_images(entry)) found.push_back(entry.path());
    return found;
}

Result<void> remove_whole(const fs::path& path) {
    std::error_code failed;
    fs::remove_all(path, failed);
    if (failed) return errno_error(fmt::format("cannot remove {}", path.string()), failed.value());
    return {};
}

/// A repository goes from its name at once, so that a kill leaves none that is there by half.
Result<void> remove_repository(const fs::path& kept, const std::vector<fs::path>& folders) {
    const fs::path old = kept.string() + std::string(kOld);
    for (const fs::path& path : folders)
        if (path != kept) LAB_TRY(remove_whole(path));
    std::error_code failed;
    if (!fs::exists(kept, failed)) return {};
    fs::rename(kept, old, failed);
    if (failed) return errno_error(fmt::format("cannot remove {}", kept.string()), failed.value());
    return remove_whole(old);
}

Result<Cleared> clear_images(const fs::path& folder) {
    Cleared cleared;
    for (const fs::path& path : images_in(folder)) {
        const std::uint64_t bytes = size_of(path);
        LAB_TRY(remove_whole(path)); // whoever reads it has read it whole
        cleared.removed.bytes += bytes;
        cleared.removed.entries += path.extension() != kSettled;
    }
    return cleared;
}

/// Whoever fetches holds NAME.lock. Those files stay: a second one of the same name would be a second lock.
Result<Cleared> clear_repositories(const fs::path& folder) {
    Cleared cleared;
    for (const auto& [name, folders] : repositories_in(folder)) {
        const fs::path kept = folder / name;
        const auto lock = FileLock::try_acquire(kept.string() + ".lock", "'lab cache clear'");
        if (!lock && lock.error().code != ErrorCode::Conflict) return lock.error();
        if (!lock) {
            cleared.left.push_back(
                fmt::format("{} was left: another lab is fetching into it", kept.string()));
            continue;
        }
        std::uint64_t bytes = 0;
        for (const fs::path& path : folders)
            bytes += size_of(path);
        LAB_TRY(remove_repository(kept, folders));
        cleared.removed.bytes += bytes;
        ++cleared.removed.entries;
    }
    return cleared;
}

} // namespace

std::string_view to_string(Cache cache) noexcept {
    switch (cache) {
    case Cache::Fleets: return "fleets";
    case Cache::Modules: return "modules";
    case Cache::Inventories: return "inventories";
    }
    return "fleets";
}

fs::path folder_of(Cache cache, const fs::path& home) {
    return home / "cache" / to_string(cache);
}

Kept look_into(Cache cache, const fs::path& home) {
    const fs::path folder = folder_of(cache, home);
    Kept kept;
    if (cache == Cache::Fleets) {
        for (const fs::path& path : images_in(folder)) {
            kept.entries += path.extension() != kSettled;
            kept.bytes += size_of(path);
        }
        return kept;
    }
    for (const auto& [name, folders] : repositories_in(folder)) {
        ++kept.entries;
        for (const fs::path& path : folders)
            kept.bytes += size_of(path);
    }
    return kept;
}

Result<Cleared> clear(Cache cache, const fs::path& home) {
    const fs::path folder = folder_of(cache, home);
    std::error_code failed;
    const fs::directory_iterator listed(folder, failed);
    if (failed == std::errc::no_such_file_or_directory) return Cleared();
    if (failed) return errno_error(fmt::format("cannot list {}", folder.string()), failed.value());
    return cache == Cache::Fleets ? clear_images(folder) : clear_repositories(folder);
}

} // namespace lab::reconciler
