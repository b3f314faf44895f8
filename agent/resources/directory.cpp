#include "agent/detail/handlers.h"
#include "agent/detail/paths.h"
#include "agent/detail/properties.h"

#include <fmt/format.h>

namespace lab::agent {
namespace {

class DirectoryHandler final : public Handler {
  public:
    std::string_view type() const override { return "directory"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto state = observe_path(host.tree, resource.name, "directory");
        if (!state) return std::move(state).error();
        return std::move(state->observed);
    }

    Result<void> apply(const api::Resource& resource, const ValueMap& observed, Host& host) const override {
        const auto found = text_property(observed, "ensure").value_or("absent");
        if (wants_absent(resource)) {
            if (found != "present") return other_kind(resource, found);
            return remove(resource, host);
        }
        const auto owner = wanted_ownership(resource, host.tree);
        if (!owner) return owner.error();
        if (found != "present") {
            LAB_TRY(host.tree.make_parents(resource.name));
            if (found != "absent") LAB_TRY(host.tree.remove(resource.name));
            LAB_TRY(host.tree.make_directory(resource.name, owner->mode.value_or(0755)));
        }
        return host.tree.set_ownership(resource.name, owner->mode, owner->uid, owner->gid);
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }

  private:
    static Result<void> remove(const api::Resource& resource, Host& host) {
        if (boolean_property(resource.properties, "recursive").value_or(false))
            return host.tree.remove_all(resource.name);
        auto removed = host.tree.remove(resource.name);
        if (!removed && removed.error().code == ErrorCode::Conflict)
            return Error{.code = ErrorCode::Conflict,
                         .message = fmt::format("'{}' is not empty", resource.name),
                         .hint = "say 'recursive: true' to remove what is in it too"};
        return removed;
    }
};

} // namespace

std::unique_ptr<Handler> directory_handler() {
    return std::make_unique<DirectoryHandler>();
}

} // namespace lab::agent
