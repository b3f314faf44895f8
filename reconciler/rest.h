#pragma once
// The servers of an inventory that were not read, because nothing about them is new: what an image of the
// fleet knows of them.

#include "spec/fleet_image.h"

#include <memory>

namespace lab::reconciler {

/// An image with the bytes it looks into.
struct KeptImage {
    std::unique_ptr<const std::string> bytes;
    spec::FleetImage image;
};

class Rest final : public spec::Elsewhere {
  public:
    /// `loaded`: of each server of the image, whether it was read after all.
    Rest(std::shared_ptr<const KeptImage> kept, std::vector<bool> loaded)
        : kept_(std::move(kept)), loaded_(std::move(loaded)) {}

    bool has_server(std::string_view name) const override { return find(name).has_value(); }
    bool in_use(spec::SetKind kind, std::string_view name) const override;

    std::size_t size() const noexcept { return loaded_.size(); } // of the image
    std::string_view name(std::size_t server) const { return kept_->image.name(server); }
    /// The key of one that was not read; null where it was, or where there is no such server.
    const Digest* key(std::string_view name) const;

  private:
    std::optional<std::size_t> find(std::string_view name) const;
    std::shared_ptr<const KeptImage> kept_;
    std::vector<bool> loaded_;
};

/// Servers of an image that a target selects; nothing where it has a name that the image does not know.
std::optional<std::vector<bool>> select_from(const spec::FleetImage& image, const spec::Target& target);

} // namespace lab::reconciler
