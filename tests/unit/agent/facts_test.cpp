#include "agent/facts.h"

#include "agent/detail/fact_readers.h"
#include "api/facts.h"
#include "support/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace lab::agent {
namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
  public:
    TemporaryFolder() {
        std::string pattern = (fs::temp_directory_path() / "lab-facts-XXXXXX").string();
        path_ = ::mkdtemp(pattern.data());
    }
    ~TemporaryFolder() { fs::remove_all(path_); }
    const fs::path& path() const { return path_; }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((path_ / name).parent_path());
        std::ofstream(path_ / name) << text;
    }

  private:
    fs::path path_;
};

std::string file_text(const fs::path& path) {
    std::ifstream file(path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A recorded mini computer with one NVMe disk under LVM, a data disk, two network cards and a graphics chip.
FactSources metal() {
    FactSources sources;
    sources.root = std::string(LAB_TESTDATA) + "/metal";
    sources.arch = "x86_64";
    sources.output = [root =
                          sources.root](const std::vector<std::string>& argv) -> std::optional<std::string> {
        if (argv[0] == "lsblk") return file_text(root + "/lsblk.json");
        if (argv[0] == "lvm") return file_text(root + "/" + argv[1] + ".json");
        return std::nullopt;
    };
    sources.space = [](const std::string&) { return FileSystemSpace{1000, 400}; };
    sources.addresses = [] {
        return std::vector<InterfaceAddress>{{"lo", "127.0.0.1/8"},
                                             {"enp1s0", "10.0.0.5/24"},
                                             {"enp1s0", "2001:db8::5/64"},
                                             {"enp1s0", "2001:db8::89ab:123:4567:89ab/64"},
                                             {"enp1s0", "fe80::7e83:34ff:febe:102/64"},
                                             {"veth12ab", "fe80::3caa:bbff:fecc:ddee/64"}};
    };
    sources.hypervisor = [] { return std::string(); };
    return sources;
}

/// A machine of which nothing can be read but what a test adds.
FactSources empty_sources(const std::string& root) {
    FactSources sources;
    sources.root = root;
    sources.output = [](const std::vector<std::string>&) { return std::optional<std::string>(); };
    sources.space = [](const std::string&) { return std::optional<FileSystemSpace>(); };
    sources.addresses = [] { return std::vector<InterfaceAddress>(); };
    sources.hypervisor = [] { return std::string(); };
    return sources;
}

Value json(std::string_view text) {
    auto value = parse_json(text);
    EXPECT_TRUE(value) << (value ? "" : value.error().text());
    return value ? *value : Value();
}

TEST(Facts, ReadsProcessorAndMemory) {
    EXPECT_EQ(write_json(read_cpu(metal())),
              R"({"model":"AMD Ryzen 7 7840HS w/ Radeon 780M Graphics","vendor":"AuthenticAMD",)"
              R"("sockets":1,"cores":2,"threads":4})");
    EXPECT_EQ(write_json(read_memory(metal())), R"({"total":29272834048,"swap":27000827904})");
}

TEST(Facts, ReadsDisksWithPartitionsAndLeavesOutWhatIsNoDisk) {
    const ValueList disks = read_block_devices(metal()).disks;
    ASSERT_EQ(disks.size(), 2u);
    EXPECT_EQ(disks[0], json(R"({"name":"sda","path":"/dev/sda","size":4000787030016,"serial":"WD-WX12",
        "wwn":"0x50014ee2b1","model":"WDC WD40EFRX","rotational":true,"transport":"sata","fs":"xfs","partitions":[]})"));
    EXPECT_EQ(*disks[1].get("serial"), Value("S6BDNX0W123456"));
    EXPECT_EQ(*disks[1].get("table"), Value("gpt"));
    const ValueList& partitions = *disks[1].get("partitions")->if_list();
    ASSERT_EQ(partitions.size(), 3u);
    EXPECT_EQ(partitions[0], json(R"({"name":"nvme0n1p1","path":"/dev/nvme0n1p1","size":600000000,"fs":"vfat",
        "uuid":"7B77-95E7","partuuid":"aa11","partlabel":"EFI","start":1048576})"));
    EXPECT_EQ(partitions[1].get("start"), nullptr); // this kernel does not tell
}

TEST(Facts, ReadsLvm) {
    const Value lvm = read_lvm(metal(), read_block_devices(metal()));
    EXPECT_EQ(*lvm.get("vgs"), json(R"([{"name":"labvg","uuid":"OeUnkD-dWK5","size":995996565504,
        "free":4194304,"extent":4194304,"pvs":["/dev/nvme0n1p3","/dev/sdb1"]}])"));
    const ValueList& volumes = *lvm.get("lvs")->if_list();
    ASSERT_EQ(volumes.size(), 9u);
    EXPECT_EQ(volumes[0], json(R"({"name":"root","vg":"labvg","uuid":"Aq1","path":"/dev/labvg/root",
        "size":33000783872,"fs":"xfs"})"));
    EXPECT_TRUE(read_lvm(empty_sources("/nowhere"), {}).is_null());
}

TEST(Facts, TellsTheFileSystemOfAVolumeWhetherOrNotItIsMounted) {
    std::string told;
    const Value lvm = read_lvm(metal(), read_block_devices(metal()));
    for (const Value& volume : *lvm.get("lvs")->if_list()) {
        const Value* fs = volume.get("fs");
        told += *volume.get("name")->if_string() + " " + (fs ? *fs->if_string() : "-") + "\n";
    }
    // Nothing was found on the thin pool nor on the blank one; the last one is not active.
    EXPECT_EQ(told, "root xfs\nswap swap\nhome xfs\nvar-lib ext4\nvault crypto_LUKS\npool -\nthin btrfs\n"
                    "blank -\noff -\n");
    const Value alone = read_lvm(metal(), {}); // without lsblk
    EXPECT_EQ(alone.get("lvs")->if_list()->size(), 9u);
    EXPECT_EQ(alone.get("lvs")->if_list()->front().get("fs"), nullptr);
}

TEST(Facts, KeepsMountsOfDisksAndSharesOnly) {
    const Mounts mounts = read_mounts(metal());
    std::vector<std::string> targets;
    for (const Value& mount : mounts.mounts)
        targets.push_back(*mount.get("target")->if_string());
    EXPECT_EQ(targets, (std::vector<std::string>{"/", "/tmp", "/boot/efi", "/boot", "/home", "/mnt/my disk",
                                                 "/srv/share"}));
    EXPECT_EQ(mounts.mounts[0],
              json(R"({"target":"/","source":"/dev/mapper/labvg-root","fs":"xfs","size":1000})"));
    // A share is never asked for its size: its server may be away.
    EXPECT_EQ(mounts.mounts[6], json(R"({"target":"/srv/share","source":"nas:/export","fs":"nfs4"})"));
    EXPECT_FALSE(mounts.used.contains("/srv/share"));
    EXPECT_EQ(*mounts.used.find("/"), Value(400));
}

TEST(Facts, ReadsNetworkInterfaces) {
    const ValueList nics = read_nics(metal());
    ASSERT_EQ(nics.size(), 3u);
    EXPECT_EQ(nics[0],
              json(R"({"name":"br0","mac":"7c:83:34:be:01:02","mtu":1500,"addresses":[],"state":"up"})"));
    // The privacy address 2001:db8::89ab:... changes every day and is left out.
    EXPECT_EQ(nics[1], json(R"({"name":"enp1s0","mac":"7c:83:34:be:01:02","mtu":1500,"speed":2500,
        "addresses":["10.0.0.5/24","2001:db8::5/64","fe80::7e83:34ff:febe:102/64"],"driver":"igc","state":"up"})"));
    EXPECT_EQ(nics[2], json(R"({"name":"enp2s0","mac":"7c:83:34:be:01:03","mtu":1500,"addresses":[],
        "driver":"igc","state":"down"})"));
}

TEST(Facts, NamesGraphicsCardsFromPciIds) {
    EXPECT_EQ(Value(read_gpus(metal())), json(R"([{"slot":"0000:c5:00.0","vendor":"1002","device":"15bf",
        "name":"Phoenix1","driver":"amdgpu"}])"));
}

TEST(Facts, LeavesOutWhatABoardMakerDidNotFillIn) {
    const Value dmi = read_dmi(metal());
    EXPECT_EQ(*dmi.get("serial"), Value("B6K40A1234"));
    EXPECT_EQ(dmi.get("version"), nullptr);
    EXPECT_EQ(dmi.get("chassis_serial"), nullptr);
}

TEST(Facts, TellsBootModeAndInit) {
    EXPECT_EQ(read_boot_mode(metal(), false), "uefi");
    EXPECT_EQ(read_init(metal()), "systemd");
    const TemporaryFolder folder;
    folder.write("sys/firmware/acpi/tables", "");
    folder.write("proc/1/comm", "runit\n");
    FactSources sources = empty_sources(folder.path());
    EXPECT_EQ(read_init(sources), "runit");
    EXPECT_EQ(read_boot_mode(sources, false), std::nullopt); // no PC
    sources.arch = "x86_64";
    EXPECT_EQ(read_boot_mode(sources, false), "bios");
    EXPECT_EQ(read_boot_mode(sources, true), std::nullopt);
}

TEST(Facts, TellsVirtualMachinesByFirmwareThenProcessor) {
    const auto kind = [](const FactSources& sources, std::string_view dmi) {
        const Value found = read_virtualization(sources, dmi.empty() ? Value() : json(dmi));
        return found.is_null() ? std::string("unknown") : *found.get("kind")->if_string();
    };
    EXPECT_EQ(kind(metal(), ""), "none");
    const TemporaryFolder folder;
    FactSources sources = empty_sources(folder.path());
    sources.arch = "x86_64";
    EXPECT_EQ(kind(sources, ""), "unknown");
    folder.write("proc/cpuinfo", "flags\t\t: fpu sse2 hypervisor lm\n");
    EXPECT_EQ(kind(sources, ""), "other");
    EXPECT_EQ(kind(sources, R"({"vendor":"QEMU"})"), "qemu");
    sources.hypervisor = [] { return std::string("KVMKVMKVM\0\0\0", 12); };
    EXPECT_EQ(kind(sources, R"({"vendor":"QEMU"})"), "kvm");
    EXPECT_EQ(kind(sources, R"({"vendor":"Amazon EC2","product":"m5.large"})"), "amazon");
}

TEST(Facts, TellsContainers) {
    const TemporaryFolder folder;
    folder.write("run/systemd/container", "systemd-nspawn\n");
    EXPECT_EQ(read_virtualization(empty_sources(folder.path()), {}),
              json(R"({"kind":"systemd-nspawn","container":true})"));
    const TemporaryFolder other;
    other.write("proc/1/environ", std::string_view("PATH=/bin\0container=lxc\0", 24));
    EXPECT_EQ(read_virtualization(empty_sources(other.path()), {}),
              json(R"({"kind":"lxc","container":true})"));
}

TEST(Facts, ParsesOsReleaseWithItsQuotes) {
    const ValueMap entries =
        parse_os_release("# a comment\nID=debian\nNAME=\"Debian \\\"GNU\\\" \\$Linux\"\n"
                         "VERSION='12 (bookworm)'\n\nbroken line\n=x\nlower=no\nEMPTY=\nID=\"ubuntu\"\n");
    EXPECT_EQ(Value(entries), (ValueMap{{"ID", "ubuntu"},
                                        {"NAME", "Debian \"GNU\" $Linux"},
                                        {"VERSION", "12 (bookworm)"},
                                        {"EMPTY", ""}}));
}

TEST(Facts, TakesTheSystemFromTheTreeAndTheHardwareFromTheMachine) {
    const TemporaryFolder folder;
    folder.write("usr/lib/os-release",
                 "ID=rocky\nID_LIKE=\"rhel centos fedora\"\nVERSION_ID=\"9.3\"\nPRETTY_NAME=\"Rocky 9\"\n");
    folder.write("etc/hostname", "inside\n");
    folder.write("usr/bin/dnf", "");
    auto tree = Tree::open(folder.path());
    ASSERT_TRUE(tree) << tree.error().text();
    const Value facts = collect_facts(*tree, metal());
    EXPECT_EQ(*facts.get("format"), Value("lab.facts/1"));
    EXPECT_EQ(*facts.get("hostname"), Value("inside"));
    EXPECT_EQ(*facts.get("os"),
              json(R"({"id":"rocky","version_id":"9.3","name":"Rocky 9","family":"redhat"})"));
    EXPECT_EQ(*facts.get("package_manager"), Value("dnf"));
    EXPECT_EQ(facts.get("init"), nullptr);
    EXPECT_EQ(*facts.get("kernel"), json(R"({"release":"6.1.0-18-amd64","arch":"x86_64"})"));
    EXPECT_EQ(*facts.get("cpu")->get("threads"), Value(4));
}

TEST(Facts, ChooseThePackageManagerOfTheDistributionWhereBothAreThere) {
    const TemporaryFolder folder;
    folder.write("usr/bin/dnf", "");
    folder.write("usr/bin/apt-get", "");
    auto tree = Tree::open(folder.path());
    ASSERT_TRUE(tree);
    EXPECT_EQ(read_package_manager(*tree, json(R"({"family":"debian"})")), "apt");
    EXPECT_EQ(read_package_manager(*tree, json(R"({"family":"redhat"})")), "dnf");
}

TEST(Facts, KeepWhatChangesByItselfApart) {
    const TemporaryFolder folder;
    auto tree = Tree::open(folder.path());
    ASSERT_TRUE(tree);
    const Value facts = collect_facts(*tree, metal());
    const Value& passing = *facts.get("volatile");
    EXPECT_EQ(*passing.get("uptime"), Value(351735));
    EXPECT_EQ(*passing.get("load"), Value("0.12"));
    EXPECT_EQ(*passing.get("used")->get("/home"), Value(400));
    for (const api::FactProblem& problem : api::check_facts(facts))
        ADD_FAILURE() << "api/facts.cpp has it otherwise: " << problem.message;
}

TEST(Facts, OfAMachineThatShowsNothingAreEmptyNotGuessed) {
    const TemporaryFolder folder;
    auto tree = Tree::open(folder.path());
    ASSERT_TRUE(tree);
    EXPECT_EQ(collect_facts(*tree, empty_sources("/nowhere")),
              json(R"({"format":"lab.facts/1","kernel":{},"volatile":{}})"));
}

TEST(Lsblk, RefusesWhatIsNotItsOutput) {
    EXPECT_FALSE(parse_lsblk("lsblk: unknown column"));
    EXPECT_FALSE(parse_lsblk("[]"));
    EXPECT_FALSE(parse_lsblk(R"({"blockdevices": 3})"));
    EXPECT_TRUE(parse_lsblk(R"({"blockdevices": [3, {"name": 1}, {"name": "x"}]})")->disks.empty());
}

} // namespace
} // namespace lab::agent
