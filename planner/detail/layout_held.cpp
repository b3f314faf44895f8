#include "planner/detail/layout_held.h"

#include <algorithm>
#include <fmt/format.h>

namespace lab::planner::detail {

using spec::FileSystem;
using spec::Layout;
using spec::LayoutPart;

namespace {

std::string group_identity(std::string_view group) {
    return fmt::format("volume group '{}'", group);
}

class Search {
  public:
    Search(const Storage& storage, const PresentDisk& disk, const std::vector<const PresentGroup*>& groups,
           const Layout& desired, const Layout* applied)
        : storage_(storage), disk_(disk), groups_(groups), desired_(desired), applied_(applied) {}

    std::vector<Holding> run() {
        for (const PresentPart& part : disk_.partitions)
            all_.push_back({.have = &part, .was = nullptr, .id = seen_as(part)});
        for (const PresentGroup* group : groups_)
            for (const PresentPart& volume : storage_.volumes)
                if (volume.group == group->name)
                    all_.push_back({.have = &volume, .was = nullptr, .id = seen_as(volume)});
        if (!applied_) return std::move(all_);
        for (std::size_t i = 0; i < all_.size(); ++i)
            all_[i].was = i < disk_.partitions.size() ? partition_was(i) : volume_was(all_[i]);
        for (Holding& each : all_)
            if (each.id.empty() && each.was) each.id = identity(*each.was);
        return std::move(all_);
    }

  private:
    bool is_known(std::string_view id) const {
        return find_identity(desired_, id) || (applied_ && find_identity(*applied_, id));
    }

    /// What the machine itself tells that it is.
    std::string seen_as(const PresentPart& part) const {
        if (!part.mount.empty() && is_known(part.mount)) return part.mount;
        for (const PresentGroup* group : groups_) {
            const auto& places = group->partitions;
            if (std::find(places.begin(), places.end(), part.name) == places.end()) continue;
            if (std::string id = group_identity(group->name); part.group.empty() && is_known(id)) return id;
        }
        return {};
    }

    /// A partition is what it is seen to be; else what was applied in its place, unless that is seen
    /// elsewhere or something else was written there since.
    const LayoutPart* partition_was(std::size_t at) const {
        const Holding& held = all_[at];
        if (!held.id.empty())
            if (const LayoutPart* part = find_identity(*applied_, held.id)) return part;
        if (disk_.partitions.size() < applied_->partitions.size()) return preserved_perhaps(*held.have);
        return at < applied_->partitions.size() && may_be(*held.have, applied_->partitions[at])
                   ? &applied_->partitions[at]
                   : nullptr;
    }

    /// Somebody removed a partition, and places tell no more which is which: any may be one that is
    /// preserved.
    const LayoutPart* preserved_perhaps(const PresentPart& have) const {
        const auto& parts = applied_->partitions;
        const auto found = std::find_if(parts.begin(), parts.end(), [&](const LayoutPart& part) {
            return part.preserve && may_be(have, part);
        });
        return found == parts.end() ? nullptr : &*found;
    }

    bool may_be(const PresentPart& have, const LayoutPart& part) const {
        return (has_fs(have, part.fs) || have.fs.empty()) && !is_seen(identity(part));
    }

    /// A volume is what its name says; one of another name what it is mounted as.
    const LayoutPart* volume_was(const Holding& held) const {
        const PresentPart& volume = *held.have;
        for (const std::string& group : applied_names(volume.group))
            if (const LayoutPart* part = applied_->find_volume(group, volume.name)) return part;
        return held.id.empty() ? nullptr : find_identity(*applied_, held.id);
    }

    /// What the applied layout may call a group that is there: its name, or that of the group that was made
    /// on its partition. A group keeps the name it has.
    std::vector<std::string> applied_names(std::string_view group) const {
        std::vector<std::string> names{std::string(group)};
        const auto found = std::find_if(groups_.begin(), groups_.end(),
                                        [&](const PresentGroup* each) { return each->name == group; });
        if (found == groups_.end()) return names;
        const auto& places = (*found)->partitions;
        for (const Holding& held : all_) {
            if (!held.was || held.was->fs != FileSystem::None) continue;
            if (places.empty() || std::find(places.begin(), places.end(), held.have->name) != places.end())
                names.push_back(held.was->group);
        }
        return names;
    }

    bool is_seen(std::string_view id) const {
        return std::any_of(all_.begin(), all_.end(), [&](const Holding& each) { return each.id == id; });
    }

    const Storage& storage_;
    const PresentDisk& disk_;
    const std::vector<const PresentGroup*>& groups_;
    const Layout& desired_;
    const Layout* applied_;
    std::vector<Holding> all_;
};

} // namespace

std::string identity(const LayoutPart& part) {
    if (!part.mount.empty()) return part.mount;
    if (part.fs == FileSystem::None) return group_identity(part.group);
    return part.group.empty() ? part.name : fmt::format("volume '{}'", part.name);
}

const LayoutPart* find_identity(const Layout& layout, std::string_view id) {
    for (const auto* parts : {&layout.partitions, &layout.volumes})
        for (const LayoutPart& part : *parts)
            if (identity(part) == id) return &part;
    return nullptr;
}

Holdings::Holdings(const Storage& storage, const PresentDisk& disk,
                   const std::vector<const PresentGroup*>& groups, const Layout& desired,
                   const Layout* applied)
    : all_(Search(storage, disk, groups, desired, applied).run()) {}

const Holding* Holdings::of(const PresentPart& part) const {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const Holding& each) { return each.have == &part; });
    return found == all_.end() ? nullptr : &*found;
}

const Holding* Holdings::holder(std::string_view id) const {
    const auto found =
        std::find_if(all_.begin(), all_.end(), [&](const Holding& each) { return each.id == id; });
    return found == all_.end() ? nullptr : &*found;
}

} // namespace lab::planner::detail
