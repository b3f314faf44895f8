#pragma once
// Targets of a plan as people write them: --target, `KIND NAME`, those of a case.

#include "spec/fleet.h"
#include "store/store.h"

namespace lab::reconciler {

/// Each server/NAME, server/NAME/layout or server/NAME/module/MODULE, of a server that the fleet has or that
/// is `known` as applied.
Result<std::vector<std::string>> targets_of(const std::vector<std::string>& written, const spec::Fleet& fleet,
                                            const std::vector<store::ServerKeys>& known);

} // namespace lab::reconciler
