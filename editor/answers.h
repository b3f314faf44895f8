#pragma once
// What an editor asks about a place in a file, answered from the last snapshot. Results as LSP has them; null
// where there is nothing to say.

#include "editor/buffer.h"
#include "editor/snapshot.h"

namespace lab::editor {

struct Question {
    const Snapshot& snapshot; // with a fleet
    std::string file;         // below the inventory's root
    const Buffer& buffer;     // newer than the snapshot, perhaps
    std::size_t offset = 0;   // in the buffer, in bytes
};

/// CompletionItem[]: keys and names that may stand there.
Value complete(const Question& question);
/// Location: where what is named there is defined.
Value find_definition(const Question& question);
/// Location[]: where what is named or defined there is named; with `definition` also where it is defined.
Value find_references(const Question& question, bool definition);
/// Hover: what is named there and what it means; of a server, its effective values and where they come from.
Value hover(const Question& question);

} // namespace lab::editor
