// The sections that have a decoder of their own.

#include "spec/alert.h"
#include "spec/detail/vocabulary_builder.h"
#include "spec/secret.h"

#include <array>

namespace lab::spec::detail {
namespace {

using namespace std::string_view_literals;

constexpr std::array kSeverities{"info"sv, "warning"sv, "critical"sv};
constexpr std::array kSecretTypes{"static"sv, "dynamic"sv};
constexpr std::array kTables{"gpt"sv};
constexpr std::array kDiskTypes{"nvme"sv, "ssd"sv, "hdd"sv};
constexpr std::array kFileSystems{"efi"sv, "bios-boot"sv, "ext4"sv, "xfs"sv, "btrfs"sv, "swap"sv};

const Shape* alert_shape(VocabularyBuilder& builder, bool listed) {
    Shape& alert = builder.map("an alert");
    if (listed) alert.keys.push_back({"name", "of the alert", builder.name(Names::Alert), /*required=*/true});
    const Word own[] = {
        {"target", "servers it watches", target_shape(builder)},
        {"condition", "when it fires: METRIC > NUMBER", builder.text()},
        {"for", "how long it must last: 5m", builder.text()},
        {"severity", "how bad it is", builder.choice(kSeverities)},
        {"backends", "that watch; not written: all", builder.list(builder.choice(alert_backends()))}};
    alert.keys.insert(alert.keys.end(), std::begin(own), std::end(own));
    return &alert;
}

/// A partition or a volume.
const Shape* part_shape(VocabularyBuilder& builder, bool volume) {
    Shape& part = builder.map(volume ? "a volume" : "a partition");
    if (volume)
        part.keys.push_back({"name", "of the volume in its group", builder.text(), /*required=*/true});
    const Word own[] = {
        {"mount", "where it is mounted", builder.text()},
        {"vg", volume ? "the volume group it is in, where there are several" : "the volume group it holds",
         builder.text()},
        {"size", "33GB, 32GiB, 10% or rest", builder.text(), /*required=*/true},
        {"fs", "the file system on it", builder.choice(kFileSystems), /*required=*/volume},
        {"preserve", "its data outlive a reinstallation", builder.boolean()}};
    part.keys.insert(part.keys.end(), std::begin(own), std::end(own));
    return &part;
}

} // namespace

const Shape* alerts_shape(VocabularyBuilder& builder) {
    return builder.either({&builder.named("alerts", Names::Alert, alert_shape(builder, /*listed=*/false)),
                           builder.list(alert_shape(builder, /*listed=*/true))});
}

const Shape* secret_shape(VocabularyBuilder& builder) {
    Shape& secret = builder.map("a secret");
    secret.keys = {
        {"type", "static is set by someone, dynamic is made by a generator", builder.choice(kSecretTypes),
         /*required=*/true},
        {"generator", "what makes a dynamic one", builder.choice(secret_generators())},
        {"rotate_every", "how long a value is used: 30d", builder.text()},
        {"per_machine", "each server has a value of its own", builder.boolean()},
        {"set_by", "who sets a static one", builder.name(Names::User)},
        {"target", "servers that may read it besides those whose code refers to it", target_shape(builder)}};
    return &secret;
}

const Shape* disk_shape(VocabularyBuilder& builder) {
    const Word exact[] = {{"serial", "serial number of the disk", builder.text()},
                          {"wwn", "World Wide Name of the disk", builder.text()},
                          {"by-id", "name below /dev/disk/by-id", builder.text()}};
    Shape& select = builder.map("a choice of disks");
    select.keys = {{"min_size", "at least as large: 200GB", builder.text()},
                   {"max_size", "at most as large", builder.text()},
                   {"type", "how it is made", builder.choice(kDiskTypes)},
                   {"model", "a glob over its model", builder.text()}};
    select.keys.insert(select.keys.end(), std::begin(exact), std::end(exact));
    Shape& disk = builder.map("a disk");
    disk.keys = {{"select", "the one disk that has all of this", &select}};
    disk.keys.insert(disk.keys.end(), std::begin(exact), std::end(exact));
    return &disk;
}

const Shape* layout_shape(VocabularyBuilder& builder) {
    Shape& tmpfs = builder.map("a tmpfs");
    tmpfs.keys = {{"mount", "where it is mounted", builder.text(), /*required=*/true},
                  {"size", "at most: 4GB", builder.text(), /*required=*/true}};
    Shape& layout = builder.map("a layout");
    layout.keys = {
        {"disk", "which disk of a machine", disk_shape(builder)},
        {"table", "kind of the partition table", builder.choice(kTables)},
        {"partitions", "in the order of the disk", builder.list(part_shape(builder, /*volume=*/false))},
        {"volumes", "logical volumes of the volume groups",
         builder.list(part_shape(builder, /*volume=*/true))},
        {"tmpfs", "file systems in memory", builder.list(&tmpfs)},
        {"slack", "of each volume group that stays free: 1%", builder.text()}};
    return &layout;
}

} // namespace lab::spec::detail
