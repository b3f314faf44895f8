#include "reconciler/rest.h"

#include "support/text.h"

#include <algorithm>

namespace lab::reconciler {
namespace {

using spec::SetKind;
using Flags = std::vector<bool>;

bool test(std::span<const std::uint64_t> words, std::size_t i) {
    return words[i / 64] >> i % 64 & 1;
}

/// The servers that each key of a target names, any of its terms.
class KeySets {
  public:
    KeySets(const spec::FleetImage& image, const spec::Target& target) : image_(image), target_(target) {}

    /// False where a name is not known.
    template <typename Use>
    bool each(Use use) const {
        if (!target_.sizes.empty()) return false; // an image has no sets of those
        const bool known = each_named(SetKind::Environment, target_.environments, use) &&
                           each_named(SetKind::Region, target_.regions, use) &&
                           each_named(SetKind::Cloud, target_.clouds, use) &&
                           each_named(SetKind::Provider, target_.providers, use) &&
                           each_named(SetKind::Group, target_.groups, use) &&
                           each_named(SetKind::Label, target_.labels, use);
        for (const spec::Term& term : target_.all_labels)
            if (!known || !each_named(SetKind::Label, {term}, use)) return false;
        if (!known || target_.servers.empty()) return known;
        const auto any = matching();
        if (any) use(*any);
        return any.has_value();
    }

  private:
    template <typename Use>
    bool each_named(SetKind kind, const std::vector<spec::Term>& terms, Use use) const {
        if (terms.empty()) return true;
        Flags any(image_.size());
        for (const spec::Term& term : terms) {
            const auto set = image_.set(kind, term.text);
            if (!set) return false;
            for (std::size_t i = 0; i < any.size(); ++i)
                if (test(*set, i)) any[i] = true;
        }
        use(any);
        return true;
    }

    std::optional<Flags> matching() const {
        Flags any(image_.size());
        for (const spec::Term& term : target_.servers) {
            const bool is_glob = term.text.find_first_of("*?") != std::string::npos;
            if (!is_glob && !image_.find(term.text)) return std::nullopt;
            for (std::size_t i = 0; i < any.size(); ++i)
                if (glob_match(term.text, image_.name(i))) any[i] = true;
        }
        return any;
    }

    const spec::FleetImage& image_;
    const spec::Target& target_;
};

} // namespace

std::optional<Flags> select_from(const spec::FleetImage& image, const spec::Target& target) {
    Flags in(image.size(), true);
    const auto keep = [&](const Flags& set, bool wanted) {
        for (std::size_t i = 0; i < in.size(); ++i)
            if (set[i] != wanted) in[i] = false;
    };
    if (!KeySets(image, target).each([&](const Flags& set) { keep(set, true); })) return std::nullopt;
    for (const spec::Target& exclude : target.exclude)
        if (!KeySets(image, exclude).each([&](const Flags& set) { keep(set, false); })) return std::nullopt;
    return in;
}

std::optional<std::size_t> Rest::find(std::string_view name) const {
    const auto found = kept_->image.find(name);
    return found && !loaded_[*found] ? found : std::nullopt;
}

bool Rest::in_use(SetKind kind, std::string_view name) const {
    const auto set = kept_->image.set(kind, name);
    if (!set) return false;
    for (std::size_t i = 0; i < loaded_.size(); ++i)
        if (!loaded_[i] && test(*set, i)) return true;
    return false;
}

} // namespace lab::reconciler
