#include "reconciler/settlement.h"

#include "reconciler/scope.h"
#include "support/checksum.h"
#include "support/files.h"

#include <cstring>

namespace lab::reconciler {
namespace {

constexpr std::string_view kMagic = "lab.settled/1\n";
constexpr std::size_t kMaxBytes = std::size_t{64} << 20;

/// The start of the file; the numbers of Settlement::others follow.
struct Header {
    char magic[16] = {};
    spec::FleetImage::Origin image;
    char moment[20] = {}; // of the state's rows
    std::uint64_t servers = 0, units = 0, skipped = 0;
    std::int64_t oldest = 0; // ms since 1970; 0: none was observed
    std::uint64_t check = 0; // checksum of it all, with 0 here
};
static_assert(std::is_trivially_copyable_v<Header>);

std::filesystem::path path_of(const KeptImage& kept) {
    return std::filesystem::path(kept.path).replace_extension(".settled");
}

std::uint64_t check_of(Header header, std::string_view others) {
    header.check = 0;
    const std::string_view head(reinterpret_cast<const char*>(&header), sizeof header);
    return checksum(head) ^ checksum(others);
}

/// Nothing where the moment is none that can be kept.
std::optional<Header> header_for(const KeptImage& kept, std::string_view moment) {
    Header header;
    if (moment.empty() || moment.size() > sizeof header.moment) return std::nullopt;
    std::memset(static_cast<void*>(&header), 0, sizeof header); // what is between the members, too
    std::memcpy(header.magic, kMagic.data(), kMagic.size());
    header.image = kept.image.origin();
    std::memcpy(header.moment, moment.data(), moment.size());
    return header;
}

std::optional<Settlement> find(const KeptImage& kept, std::string_view moment) {
    const auto wanted = header_for(kept, moment);
    if (!wanted) return std::nullopt;
    const auto bytes = read_file(path_of(kept), kMaxBytes);
    Header header;
    if (!bytes || bytes->size() < sizeof header) return std::nullopt;
    std::memcpy(static_cast<void*>(&header), bytes->data(), sizeof header);
    const std::string_view numbers = std::string_view(*bytes).substr(sizeof header);
    if (std::memcmp(header.magic, wanted->magic, sizeof header.magic) != 0 || header.image != wanted->image ||
        std::memcmp(header.moment, wanted->moment, sizeof header.moment) != 0 ||
        header.check != check_of(header, numbers))
        return std::nullopt;
    Settlement found{.settled = {.servers = header.servers, .units = header.units, .skipped = header.skipped},
                     .moment = std::string(moment),
                     .others = std::vector<std::uint32_t>(numbers.size() / sizeof(std::uint32_t))};
    if (header.oldest != 0) found.settled.oldest = WallTime(std::chrono::milliseconds(header.oldest));
    if (!found.others.empty())
        std::memcpy(found.others.data(), numbers.data(), found.others.size() * sizeof(std::uint32_t));
    return found;
}

/// As good as it goes: what cannot be written is worked out again.
void keep(const KeptImage& kept, const Settlement& settlement) {
    auto header = header_for(kept, settlement.moment);
    if (!header) return;
    header->servers = settlement.settled.servers;
    header->units = settlement.settled.units;
    header->skipped = settlement.settled.skipped;
    if (settlement.settled.oldest) header->oldest = settlement.settled.oldest->time_since_epoch().count();
    const std::string_view numbers(reinterpret_cast<const char*>(settlement.others.data()),
                                   settlement.others.size() * sizeof(std::uint32_t));
    header->check = check_of(*header, numbers);
    std::string bytes(reinterpret_cast<const char*>(&*header), sizeof *header);
    bytes += numbers;
    static_cast<void>(write_file_atomic(path_of(kept), bytes, {.mode = 0600, .durable = false}));
}

void count(const store::ServerKeys& row, Settled& settled) {
    ++settled.servers;
    settled.units += row.units;
    settled.skipped += row.skipped;
    if (row.observed_at && *row.observed_at != WallTime{} &&
        (!settled.oldest || *row.observed_at < *settled.oldest))
        settled.oldest = row.observed_at;
}

std::optional<Settlement> work_out(const spec::FleetImage& image,
                                   const std::vector<store::ServerKeys>& known) {
    Settlement result;
    std::uint32_t i = 0;
    for (const store::ServerKeys& row : known) {
        for (; i < image.size() && image.name(i) < row.name; ++i)
            result.others.push_back(i);
        const bool in_image = i < image.size() && image.name(i) == row.name;
        if (!in_image && row.applied) return std::nullopt;
        if (!in_image) continue;
        if (is_settled(row, image.key(i)))
            count(row, result.settled);
        else
            result.others.push_back(i);
        ++i;
    }
    for (; i < image.size(); ++i)
        result.others.push_back(i);
    return result;
}

} // namespace

std::optional<Settlement> settlement_of(const KeptImage& kept, const store::Store& state) {
    const auto moment = state.moment();
    if (!moment) return std::nullopt;
    if (auto found = find(kept, *moment)) return found;
    const auto known = state.servers();
    if (!known) return std::nullopt;
    auto settlement = work_out(kept.image, *known);
    if (!settlement) return std::nullopt;
    settlement->moment = *moment;
    if (const auto after = state.moment(); after && *after == *moment) // all rows are of that moment
        keep(kept, *settlement);
    return settlement;
}

} // namespace lab::reconciler
