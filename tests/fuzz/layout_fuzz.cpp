// Layouts out of any text, on disks of any size, against any facts: every part lies inside the disk, what is
// read can be kept and read again, and no plan formats, shrinks or loses what is preserved without refusing
// to.

#include "planner/detail/layout_plan.h"
#include "spec/document.h"
#include "support/json.h"

namespace {

using namespace lab;

void check_map(const spec::Layout& layout, std::uint64_t disk) {
    const spec::DiskMap map = spec::lay_out(layout, disk);
    if (!map.fits()) return;
    std::uint64_t end = spec::kAlignment;
    for (const spec::PartPlace& part : map.partitions) {
        LAB_CHECK(part.start == end && part.bytes > 0, "partitions follow each other");
        end += part.bytes;
    }
    LAB_CHECK(end <= disk && disk - end >= spec::kTableEnd, "a partition reaches into the table at the end");
    for (const spec::GroupPlace& group : map.groups)
        LAB_CHECK(group.free <= group.extents && group.slack <= group.free, "a group holds more than it has");
}

void check_plan(const spec::Layout& layout, const Value& facts, bool reinstall) {
    const auto storage = planner::detail::storage_of(facts);
    const auto plan = planner::detail::plan_layout({.desired = layout,
                                                    .applied = nullptr,
                                                    .storage = storage ? &*storage : nullptr,
                                                    .reinstall = reinstall});
    if (!plan.problems.empty()) return;
    for (const api::PropertyChange& change : plan.changes) {
        if (change.effect != "format") continue;
        for (const auto* parts : {&layout.partitions, &layout.volumes})
            for (const spec::LayoutPart& part : *parts)
                LAB_CHECK(!part.preserve ||
                              (change.path != planner::detail::volume_path(layout, part.group, part.name) &&
                               change.path != "layout.partitions." + part.name),
                          "what is preserved would be formatted");
    }
}

} // namespace

/// A layout, and behind a line "=== facts" what a machine says, as JSON.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
    const std::string_view text{reinterpret_cast<const char*>(data), size};
    constexpr std::string_view kMark = "=== facts\n";
    const std::size_t cut = text.find(kMark);
    Diagnostics diagnostics;
    const auto document = spec::Document::parse("layout", std::string(text.substr(0, cut)), diagnostics);
    if (!document) return 0;
    const spec::Layout layout = spec::read_layout({"it", {}}, document->root(), diagnostics);
    if (diagnostics.has_errors()) return 0;
    const auto again = spec::layout_from("it", spec::to_value(layout));
    LAB_CHECK(again && spec::to_value(*again) == spec::to_value(layout),
              "a layout is not what was kept of it");
    const auto least = spec::smallest_disk(layout);
    LAB_CHECK(least && spec::lay_out(layout, *least).fits(), "a layout without errors fits on some disk");
    for (const std::uint64_t disk : {*least, *least * 2 + 12345, std::uint64_t{1} << 40})
        check_map(layout, disk);
    if (cut == std::string_view::npos) return 0;
    if (const auto facts = parse_json(text.substr(cut + kMark.size())))
        for (const bool reinstall : {false, true})
            check_plan(layout, *facts, reinstall);
    return 0;
}
