// file and template: one regular file. By the time an agent sees a template, its content has been rendered.

#include "agent/detail/handlers.h"
#include "agent/detail/paths.h"
#include "agent/detail/properties.h"
#include "api/content.h"
#include "support/json.h"

#include <fmt/format.h>

namespace lab::agent {
namespace {

/// Content above this is not read: no desired document can hold so much, so it differs from any.
constexpr std::size_t kLargest = std::size_t{64} << 20;

Value unread(std::size_t size) {
    return ValueMap{{"sha256", Value(api::kNotRead)}, {"bytes", Value(static_cast<std::int64_t>(size))}};
}

class FileHandler final : public Handler {
  public:
    explicit FileHandler(std::string_view type) : type_(type) {}
    std::string_view type() const override { return type_; }

    Result<ValueMap> observe(const api::Resource& resource, Host& host) const override {
        auto state = observe_path(host.tree, resource.name, "file");
        if (!state) return std::move(state).error();
        if (!is_present(state->observed)) return std::move(state->observed);
        if (state->size > kLargest) {
            state->observed.append("content", unread(state->size));
            return std::move(state->observed);
        }
        auto bytes = host.tree.read(resource.name, kLargest);
        if (!bytes) return std::move(bytes).error();
        state->observed.append("content", encode_bytes(*bytes));
        return std::move(state->observed);
    }

    Result<void> apply(const api::Resource& resource, const ValueMap& observed, Host& host) const override {
        const auto found = text_property(observed, "ensure").value_or("absent");
        if (wants_absent(resource)) {
            if (found == "directory") return other_kind(resource, found);
            return host.tree.remove(resource.name);
        }
        const auto owner = wanted_ownership(resource, host.tree);
        if (!owner) return owner.error();
        const Value* wanted = resource.properties.find("content");
        std::optional<std::string> content;
        if (wanted) {
            content = api::content_bytes(*wanted);
            if (!content)
                return Error{.code = ErrorCode::Invalid,
                             .message =
                                 "the document holds only a digest of 'content', so it cannot be written"};
        }
        if (found == "directory") LAB_TRY(clear_directory(host.tree, resource.name));
        const Value* actual = observed.find("content");
        const bool same =
            found == "present" && (!content || (actual && api::content_bytes(*actual) == content));
        if (same) return host.tree.set_ownership(resource.name, owner->mode, owner->uid, owner->gid);
        LAB_TRY(host.tree.make_parents(resource.name));
        return host.tree.write(resource.name, content.value_or(""),
                               {.mode = owner->mode, .uid = owner->uid, .gid = owner->gid});
    }

    Result<void> refresh(const api::Resource&, Host&) const override { return {}; }

  private:
    std::string_view type_; // a literal
};

} // namespace

std::unique_ptr<Handler> file_handler() {
    return std::make_unique<FileHandler>("file");
}
std::unique_ptr<Handler> template_handler() {
    return std::make_unique<FileHandler>("template");
}

} // namespace lab::agent
