#pragma once
// The servers of an inventory that were not read, because nothing about them is new: what an image of the
// fleet knows of them.

#include "spec/fleet_image.h"
#include "support/clock.h"
#include "support/mapped_file.h"

#include <memory>

namespace lab::reconciler {

/// An image with the file it looks into.
struct KeptImage {
    std::filesystem::path path;
    MappedFile file;
    spec::FleetImage image;
};

/// What a plan counts of servers that are as they should be.
struct Settled {
    std::size_t servers = 0;
    std::uint64_t units = 0, skipped = 0;
    std::optional<WallTime> oldest = std::nullopt; // of when they were last asked
};

class Rest final : public spec::Elsewhere {
  public:
    /// `loaded`: of each server of the image, whether it was read after all. `settled`: of the others, where
    /// the state was asked.
    Rest(std::shared_ptr<const KeptImage> kept, std::vector<bool> loaded, Settled settled)
        : kept_(std::move(kept)), loaded_(std::move(loaded)), settled_(settled) {}

    bool has_server(std::string_view name) const override { return find(name).has_value(); }
    bool in_use(spec::SetKind kind, std::string_view name) const override;

    const Settled& settled() const noexcept { return settled_; }

  private:
    std::optional<std::size_t> find(std::string_view name) const;
    std::shared_ptr<const KeptImage> kept_;
    std::vector<bool> loaded_;
    Settled settled_;
};

/// Servers of an image that a target selects; nothing where it has a name that the image does not know.
std::optional<std::vector<bool>> select_from(const spec::FleetImage& image, const spec::Target& target);

} // namespace lab::reconciler
