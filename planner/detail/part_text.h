#pragma once
// How partitions and volumes read in a plan: "10GB xfs".

#include "planner/detail/storage.h"

namespace lab::planner::detail {

/// A file system in the layout's words, and one that facts name: "lvm" for both that of a volume group.
std::string fs_text(spec::FileSystem fs);
std::string fs_text(std::string_view fact);

/// As it is written: "10GB xfs", "rest xfs"; where that is no number of bytes, with what it comes to. 0:
/// nobody knows what that is.
std::string wanted_text(const spec::LayoutPart& part, std::uint64_t bytes = 0);
/// What is there, in the words of the part that it is of the layout, where it is one.
std::string present_text(const PresentPart& part, const spec::LayoutPart* want = nullptr);
/// What is on a partition, as part of a sentence: facts without a file system do not tell that there is none.
std::string found_on(const PresentPart& part);

} // namespace lab::planner::detail
