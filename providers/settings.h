#pragma once
// What every provider checks of its settings: that each is known, where it may stand, and that none is
// missing.

#include "providers/provider.h"

namespace lab::providers {

/// One problem for each unknown, misplaced or missing setting; the values are the provider's to judge.
std::vector<Provider::SettingProblem> check_settings(const ProviderSchema& schema, const ValueMap& settings,
                                                     bool on_server);

} // namespace lab::providers
