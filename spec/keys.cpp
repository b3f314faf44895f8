#include "spec/keys.h"

#include <algorithm>
#include <limits>

namespace lab::spec {
namespace {

using namespace std::string_view_literals;

constexpr std::int64_t kMany = std::numeric_limits<std::int32_t>::max();

constexpr std::string_view kDiskTypes[] = {"nvme", "ssd", "hdd"};
constexpr std::string_view kInstallers[] = {"kickstart", "autoinstall", "preseed", "xcpng", "image"};
constexpr std::string_view kArchitectures[] = {"amd64", "arm64", "x86_64", "aarch64"};
constexpr std::string_view kBmcTypes[] = {"ipmi", "redfish"};
constexpr std::string_view kBondModes[] = {"active-backup", "802.3ad",     "balance-rr", "balance-xor",
                                           "broadcast",     "balance-tlb", "balance-alb"};
constexpr std::string_view kPuppetModes[] = {"off", "server", "apply"};
constexpr std::string_view kReconcileModes[] = {"plan", "apply"};

// ---- sizes

constexpr KeyRule kSizeDisk[] = {
    {.key = "size", .form = Form::Bytes, .summary = "of the disk", .required = true},
    {.key = "type", .form = Form::Choice, .summary = "how it is made", .choices = kDiskTypes},
};
constexpr KeyRule kAbstract[] = {
    {.key = "cores", .form = Form::Integer, .summary = "of the processors together", .min = 1, .max = kMany},
    {.key = "memory", .form = Form::Bytes, .summary = "main memory"},
    {.key = "disk",
     .form = Form::Map,
     .summary = "the system's disk",
     .keys = kSizeDisk,
     .shorthand = "size"},
};
constexpr KeyRule kAwsSize[] = {
    {.key = "instance_type", .form = Form::Name, .summary = "what EC2 calls it", .required = true},
};
constexpr KeyRule kVirtualSize[] = {
    {.key = "cores", .form = Form::Integer, .summary = "virtual processors", .min = 1, .max = kMany},
    {.key = "memory", .form = Form::Bytes, .summary = "main memory"},
    {.key = "disk", .form = Form::Bytes, .summary = "the system's disk"},
};
constexpr KeyRule kMetalSize[] = {
    {.key = "min_cores", .form = Form::Integer, .summary = "a machine must have", .min = 1, .max = kMany},
    {.key = "min_memory", .form = Form::Bytes, .summary = "a machine must have"},
    {.key = "min_disk", .form = Form::Bytes, .summary = "a machine must have"},
    {.key = "maas_tag", .form = Form::Name, .summary = "machines with this tag"},
};
constexpr KeyRule kSizeProviders[] = {
    {.key = "aws", .form = Form::Map, .summary = "EC2", .keys = kAwsSize},
    {.key = "xcpng", .form = Form::Map, .summary = "XCP-ng", .keys = kVirtualSize},
    {.key = "proxmox", .form = Form::Map, .summary = "Proxmox", .keys = kVirtualSize},
    {.key = "baremetal", .form = Form::Map, .summary = "which machines count", .keys = kMetalSize},
};
constexpr KeyRule kSize[] = {
    {.key = "abstract", .form = Form::Map, .summary = "what it is anywhere", .keys = kAbstract},
    {.key = "providers",
     .form = Form::Map,
     .summary = "what it is at one provider",
     .keys = kSizeProviders,
     .open = true},
};

// ---- images

constexpr KeyRule kChecksums[] = {
    {.key = "kernel", .form = Form::Checksum, .summary = "of the kernel"},
    {.key = "initrd", .form = Form::Checksum, .summary = "of the initrd"},
    {.key = "archive", .form = Form::Checksum, .summary = "of the archive"},
};
constexpr KeyRule kImage[] = {
    {.key = "installer",
     .form = Form::Choice,
     .summary = "what installs it",
     .required = true,
     .choices = kInstallers},
    {.key = "arch", .form = Form::Choice, .summary = "of the processor", .choices = kArchitectures},
    {.key = "kernel", .form = Form::Location, .summary = "that is booted to install"},
    {.key = "initrd", .form = Form::Location, .summary = "that goes with the kernel"},
    {.key = "repo", .form = Form::Location, .summary = "where the packages are"},
    {.key = "archive", .form = Form::Location, .summary = "root file system, for the installer 'image'"},
    {.key = "checksums", .form = Form::Map, .summary = "of what is fetched", .keys = kChecksums},
};

// ---- clusters, apps, users

constexpr KeyRule kCluster[] = {
    {.key = "target", .form = Form::Servers, .summary = "servers that are its nodes"},
    {.key = "api", .form = Form::Url, .summary = "URL of the API server"},
    {.key = "kubeconfig", .form = Form::SecretPath, .summary = "the secret that holds it"},
    {.key = "environment", .form = Form::Name, .summary = "it counts as in, for access rules"},
    {.key = "cloud", .form = Form::Name, .summary = "it counts as in, for access rules"},
};
constexpr std::string_view kClusterNeeds[] = {"api", "kubeconfig", "target"};
constexpr KeyRule kApp[] = {
    {.key = "cluster", .form = Form::Name, .summary = "where it runs", .required = true},
    {.key = "namespace", .form = Form::DnsLabel, .summary = "of the cluster"},
    {.key = "version", .form = Form::String, .summary = "of the app"},
    {.key = "inputs", .form = Form::DataMap, .summary = "what it is told"},
};
constexpr KeyRule kUser[] = {
    {.key = "roles", .form = Form::Name, .summary = "what the user may do", .list = true},
    {.key = "ssh_keys", .form = Form::SshKey, .summary = "public keys that prove who it is", .list = true},
};

// ---- servers and environments

constexpr KeyRule kInterface[] = {
    {.key = "address", .form = Form::Address, .summary = "with the length of its network", .word = "dhcp"},
    {.key = "mac", .form = Form::Mac, .summary = "which card it is"},
    {.key = "vlan", .form = Form::Integer, .summary = "tag of its frames", .min = 1, .max = 4094},
    {.key = "mtu", .form = Form::Integer, .summary = "largest packet", .min = 576, .max = 65535},
};
constexpr KeyRule kBond[] = {
    {.key = "mode", .form = Form::Choice, .summary = "how they share", .choices = kBondModes},
    {.key = "interfaces", .form = Form::Name, .summary = "that are joined", .list = true, .required = true},
};
constexpr KeyRule kNetwork[] = {
    {.key = "interfaces", .form = Form::MapOf, .summary = "by name", .keys = kInterface},
    {.key = "gateway", .form = Form::Host, .summary = "where the rest of the world is"},
    {.key = "dns", .form = Form::Host, .summary = "name servers", .list = true},
    {.key = "ntp", .form = Form::Host, .summary = "time servers", .list = true},
    {.key = "vlan", .form = Form::Integer, .summary = "tag of all frames", .min = 1, .max = 4094},
    {.key = "bond", .form = Form::Map, .summary = "interfaces joined to one", .keys = kBond},
};
constexpr KeyRule kBmc[] = {
    {.key = "type",
     .form = Form::Choice,
     .summary = "what it speaks",
     .required = true,
     .choices = kBmcTypes},
    {.key = "address", .form = Form::Host, .summary = "where it listens", .required = true},
    {.key = "username", .form = Form::String, .summary = "to log in with"},
    {.key = "secret", .form = Form::SecretPath, .summary = "that holds the password"},
};
constexpr KeyRule kDisk[] = {
    {.key = "size", .form = Form::Bytes, .summary = "of the disk"},
    {.key = "type", .form = Form::Choice, .summary = "how it is made", .choices = kDiskTypes},
    {.key = "serial", .form = Form::String, .summary = "which one it is"},
    {.key = "wwn", .form = Form::String, .summary = "which one it is"},
    {.key = "by-id", .form = Form::String, .summary = "which one it is: a name below /dev/disk/by-id"},
};
constexpr KeyRule kMachine[] = {
    {.key = "address", .form = Form::Host, .summary = "where it is reached"},
    {.key = "mac", .form = Form::Mac, .summary = "of the card it boots from"},
    {.key = "network", .form = Form::Map, .summary = "how it is connected", .keys = kNetwork},
    {.key = "bmc", .form = Form::Map, .summary = "what switches it on", .keys = kBmc},
    {.key = "disk",
     .form = Form::Map,
     .summary = "that the system is on",
     .keys = kDisk,
     .shorthand = "size"},
};
constexpr KeyRule kReconcile[] = {
    {.key = "mode",
     .form = Form::Choice,
     .summary = "what is done without a person",
     .required = true,
     .choices = kReconcileModes},
};
constexpr KeyRule kEnvironment[] = {
    {.key = "network", .form = Form::Map, .summary = "defaults for its servers", .keys = kNetwork},
    {.key = "reconcile", .form = Form::Map, .summary = "what is done without a person", .keys = kReconcile},
    {.key = "owners", .form = Form::Name, .summary = "users who decide about it", .list = true},
    {.key = "puppet", .form = Form::Choice, .summary = "how its servers get Puppet", .choices = kPuppetModes},
};
constexpr KeyRule kRollout[] = {
    {.key = "canary", .form = Form::Share, .summary = "servers that come first"},
    {.key = "batch", .form = Form::Share, .summary = "servers at a time"},
    {.key = "health_gate", .form = Form::Duration, .summary = "how long they must be well before the next"},
};
constexpr KeyRule kPolicy[] = {
    {.key = "reconcile", .form = Form::Map, .summary = "what is done without a person", .keys = kReconcile},
    {.key = "rollout", .form = Form::Map, .summary = "how changes go through the fleet", .keys = kRollout},
};

// ---- labels

constexpr KeyRule kHealth[] = {
    {.key = "path", .form = Form::String, .summary = "asked for by HTTP"},
    {.key = "port", .form = Form::Port, .summary = "that must answer"},
    {.key = "command", .form = Form::String, .summary = "that must succeed", .list = true},
};
constexpr std::string_view kHealthNeeds[] = {"port", "path", "command"};
constexpr KeyRule kResources[] = {
    {.key = "cpu", .form = Form::Cpu, .summary = "cores, \"500m\" is half of one"},
    {.key = "memory", .form = Form::Bytes, .summary = "main memory"},
};
constexpr KeyRule kContainer[] = {
    {.key = "image", .form = Form::String, .summary = "reference of the image"},
    {.key = "build", .form = Form::Boolean, .summary = "made of the label's Puppet classes"},
    {.key = "ports", .form = Form::Port, .summary = "that it listens on", .list = true},
    {.key = "health",
     .form = Form::Map,
     .summary = "when it is well",
     .keys = kHealth,
     .some_of = kHealthNeeds},
    {.key = "replicas", .form = Form::Integer, .summary = "how many run", .min = 0, .max = 10'000},
    {.key = "resources", .form = Form::Map, .summary = "what one takes", .keys = kResources},
};
constexpr std::string_view kContainerNeeds[] = {"image", "build"};
constexpr KeyRule kSuggest[] = {
    {.key = "vendor", .form = Form::String, .summary = "of the machine; a glob"},
    {.key = "product", .form = Form::String, .summary = "name of the machine; a glob"},
    {.key = "cpu", .form = Form::String, .summary = "model of the processor; a glob"},
    {.key = "gpu", .form = Form::String, .summary = "some graphics card; a glob"},
    {.key = "min_cores", .form = Form::Integer, .summary = "at least as many", .min = 1, .max = kMany},
    {.key = "min_memory", .form = Form::Bytes, .summary = "at least as much"},
    {.key = "min_disk", .form = Form::Bytes, .summary = "some disk at least as large"},
};
constexpr KeyRule kWorkload[] = {
    {.key = "container",
     .form = Form::Map,
     .summary = "the workload it stands for",
     .keys = kContainer,
     .some_of = kContainerNeeds},
    {.key = "suggest", .form = Form::Map, .summary = "hardware it is meant for", .keys = kSuggest},
};

} // namespace

std::span<const KeyRule> size_keys() noexcept {
    return kSize;
}
std::span<const KeyRule> image_keys() noexcept {
    return kImage;
}
std::span<const KeyRule> cluster_keys() noexcept {
    return kCluster;
}
std::span<const std::string_view> cluster_needs() noexcept {
    return kClusterNeeds;
}
std::span<const KeyRule> app_keys() noexcept {
    return kApp;
}
std::span<const KeyRule> user_keys() noexcept {
    return kUser;
}
std::span<const KeyRule> machine_keys() noexcept {
    return kMachine;
}
std::span<const KeyRule> environment_keys() noexcept {
    return kEnvironment;
}
std::span<const KeyRule> policy_keys() noexcept {
    return kPolicy;
}
std::span<const KeyRule> workload_keys() noexcept {
    return kWorkload;
}

const KeyRule* find_rule(std::span<const KeyRule> rules, std::string_view key) noexcept {
    const auto found =
        std::find_if(rules.begin(), rules.end(), [&](const KeyRule& rule) { return rule.key == key; });
    return found == rules.end() ? nullptr : &*found;
}

} // namespace lab::spec
