#pragma once
// What the state knows of an image's servers: which are settled by the keys of the image, and what a plan
// counts of those. Worked out from each row of the state once and kept beside the image, for as long as no
// row was written.

#include "reconciler/rest.h"
#include "store/store.h"

namespace lab::reconciler {

struct Settlement {
    Settled settled;
    std::string moment;                // of the state (Store::moment)
    std::vector<std::uint32_t> others; // servers of the image that are not settled, in order
};

/// Nothing where the state cannot be read, or knows an applied server that the image has no more: it may have
/// another name now.
std::optional<Settlement> settlement_of(const KeptImage& kept, const store::Store& state);

} // namespace lab::reconciler
