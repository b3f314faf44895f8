#include "agent/detail/handlers.h"
#include "agent/detail/paths.h"
#include "agent/detail/properties.h"

namespace lab::agent {
namespace {

class LinkHandler final : public Handler {
  public:
    std::string_view type() const override { return "link"; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto state = observe_path(host.tree, resource.name, "link");
        if (!state) return std::move(state).error();
        if (!is_present(state->observed)) return std::move(state->observed);
        auto target = host.tree.read_link(resource.name);
        if (!target) return std::move(target).error();
        state->observed.append("target", Value(*std::move(target)));
        return std::move(state->observed);
    }

    Result<void> apply(const api::Resource& resource, const ValueMap& observed, Host& host) const override {
        const auto found = text_property(observed, "ensure").value_or("absent");
        if (wants_absent(resource)) {
            if (found != "present") return other_kind(resource, found);
            return host.tree.remove(resource.name);
        }
        if (found == "directory") LAB_TRY(clear_directory(host.tree, resource.name));
        LAB_TRY(host.tree.make_parents(resource.name));
        return host.tree.link(resource.name, text_property(resource.properties, "target").value_or(""));
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }
};

} // namespace

std::unique_ptr<Handler> link_handler() {
    return std::make_unique<LinkHandler>();
}

} // namespace lab::agent
