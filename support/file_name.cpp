#include "support/file_name.h"

#include "support/result.h"

#include <algorithm>
#include <array>
#include <bit>
#include <functional>
#include <limits>
#include <memory>
#include <mutex>
#include <vector>

namespace lab {
namespace {

/// Some of the names there ever were, numbered from 1. Where a name is kept is written before its number is
/// handed out and never after, in blocks that stay where they are, so that it is read without a lock.
class Shelf {
  public:
    std::uint32_t number_of(std::string_view text, std::uint32_t hash) {
        const std::lock_guard hold(mutex_);
        if (count_ >= slots_.size() / 2) grow();
        Slot& slot = slots_[slot_of(hash, text)];
        if (slot.number == 0) {
            const Place place(count_ + 1);
            if (place.index == 0) blocks_[place.block] = std::make_unique<std::string_view[]>(place.size());
            blocks_[place.block][place.index] = kept(text);
            slot = {hash, ++count_};
        }
        return slot.number;
    }

    std::string_view text(std::uint32_t number) const noexcept {
        const Place place(number);
        return blocks_[place.block][place.index];
    }

  private:
    /// Block n holds the 2^n names whose numbers have n as their highest bit.
    struct Place {
        explicit Place(std::uint32_t number)
            : block(static_cast<std::size_t>(std::bit_width(number)) - 1), index(number - size()) {}
        std::size_t size() const noexcept { return std::size_t{1} << block; }
        std::size_t block, index;
    };
    struct Slot {
        std::uint32_t hash = 0, number = 0; // 0: none
    };

    /// Where the name is, or would be: open addressing, because a fleet has a name a server and nodes cost
    /// more.
    std::size_t slot_of(std::uint32_t hash, std::string_view name) const {
        std::size_t at = hash & (slots_.size() - 1);
        while (slots_[at].number != 0 && (slots_[at].hash != hash || text(slots_[at].number) != name))
            at = (at + 1) & (slots_.size() - 1);
        return at;
    }

    std::string_view kept(std::string_view text) {
        constexpr std::size_t kTogether = 4096;
        const std::size_t size = text.size() + 1;
        if (size > room_) {
            auto more = std::make_unique_for_overwrite<char[]>(std::max(size, kTogether));
            texts_.push_back(std::move(more));
            free_ = texts_.back().get();
            room_ = std::max(size, kTogether);
        }
        char* const begin = free_;
        *std::copy(text.begin(), text.end(), begin) = 0;
        free_ += size;
        room_ -= size;
        return {begin, text.size()};
    }

    void grow() {
        std::vector<Slot> before(std::max<std::size_t>(16, 2 * slots_.size()));
        slots_.swap(before);
        for (const Slot& slot : before) {
            if (slot.number == 0) continue;
            std::size_t at = slot.hash & (slots_.size() - 1);
            while (slots_[at].number != 0)
                at = (at + 1) & (slots_.size() - 1);
            slots_[at] = slot;
        }
    }

    std::mutex mutex_;
    std::uint32_t count_ = 0;
    std::vector<Slot> slots_;
    std::array<std::unique_ptr<std::string_view[]>, 32> blocks_;
    std::vector<std::unique_ptr<char[]>> texts_; // what the views see, many in one
    std::size_t room_ = 0;                       // in the last of them
    char* free_ = nullptr;
};

/// Many, so that the threads that read a fleet do not wait for each other. An id is a number and its shelf.
class Names {
  public:
    std::uint32_t id_of(std::string_view text) {
        const std::size_t hash = std::hash<std::string_view>()(text);
        const std::size_t shelf = hash & (kShelves - 1);
        const std::uint32_t number =
            shelves_[shelf].number_of(text, static_cast<std::uint32_t>(hash >> kShelfBits));
        LAB_CHECK(number < std::numeric_limits<std::uint32_t>::max() / kShelves, "too many file names");
        return number << kShelfBits | static_cast<std::uint32_t>(shelf);
    }
    std::string_view text(std::uint32_t id) const noexcept {
        return shelves_[id & (kShelves - 1)].text(id >> kShelfBits);
    }

  private:
    static constexpr int kShelfBits = 6;
    static constexpr std::size_t kShelves = 1u << kShelfBits;
    std::array<Shelf, kShelves> shelves_;
};

/// Never destroyed: places may be looked at to the very end.
Names& names() {
    static Names* const all = new Names;
    return *all;
}

} // namespace

FileName::FileName(std::string_view path) : id_(names().id_of(path)) {}

std::string_view FileName::operator*() const noexcept {
    LAB_CHECK(id_ != 0, "asked no file for its name");
    return names().text(id_);
}

} // namespace lab
