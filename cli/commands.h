#pragma once
// The table of commands. A command is one file in cli/commands/, one line here and one in commands.cpp.

#include "cli/command.h"

namespace lab::cli {

extern const Command kApply;
extern const Command kBind;
extern const Command kCacheClear;
extern const Command kComplete;
extern const Command kCompletion;
extern const Command kConfigGet;
extern const Command kConfigList;
extern const Command kConfigPath;
extern const Command kConfigSet;
extern const Command kCreate;
extern const Command kDescribe;
extern const Command kDestroy;
extern const Command kDiff;
extern const Command kDoctor;
extern const Command kDrift;
extern const Command kExplain;
extern const Command kFmt;
extern const Command kGet;
extern const Command kHelp;
extern const Command kHistory;
extern const Command kInit;
extern const Command kLsp;
extern const Command kModulesList;
extern const Command kModulesUpdate;
extern const Command kModulesVerify;
extern const Command kPlan;
extern const Command kRecord;
extern const Command kSchema;
extern const Command kSecretAudit;
extern const Command kShow;
extern const Command kSync;
extern const Command kTargets;
extern const Command kUnbind;
extern const Command kTest;
extern const Command kValidate;
extern const Command kVersion;

/// Every command, in the order of `lab help`.
std::span<const Command* const> commands();

/// The command whose words are the longest beginning of `words`; null where there is none.
const Command* find_command(std::span<const std::string_view> words);

} // namespace lab::cli
