#pragma once
// Who writes to an inventory's folder, one at a time: what was read of a file is held against what is there,
// and the file replaced, with no other lab in between.

#include "cli/context.h"
#include "support/files.h"

namespace lab::cli {

/// The turn to write to one folder, until its owner goes. Taken for an instant, never while a person or a
/// network is waited for.
class WritingTurn {
  public:
    /// Waits for whoever writes there now; Conflict where that takes too long. The folder itself is locked,
    /// so that nothing new lies in it and every user's lab minds; where its file system locks no folders
    /// (NFS), a file in LAB_HOME is.
    static Result<WritingTurn> wait(const std::filesystem::path& folder, const Context& context);

  private:
    explicit WritingTurn(Descriptor folder) : folder_(std::move(folder)) {}
    explicit WritingTurn(FileLock file) : file_(std::move(file)) {}
    Descriptor folder_;
    std::optional<FileLock> file_;
};

/// The folder to take the turn of for a file: that of the inventory it lies in, else its own.
std::filesystem::path folder_of_turn(const std::filesystem::path& file);

} // namespace lab::cli
