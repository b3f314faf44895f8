// What the types that act on a live system read and refuse. Their deeds are tested on a booted system
// (tests/e2e/live_test.py).

#include "agent/detail/handlers.h"
#include "agent/detail/kernel_settings.h"
#include "agent/detail/packages.h"
#include "agent/detail/tools.h"
#include "agent/detail/units.h"
#include "support/json.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include <unistd.h>

namespace lab::agent {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStatus =
    "Package: chrony-doc\nStatus: install ok installed\nVersion: 9\n\n"
    "Package: chrony\nStatus: install ok installed\nArchitecture: amd64\n"
    "Description: x\n Package: fake\nVersion: 4.3-2+deb12u1\n\n"
    "Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n\n"
    "Package: half\nStatus: install ok half-configured\nVersion: 1\n\n"
    "Package: libc6\nStatus: install ok installed\nArchitecture: amd64\nVersion: 2.36\n\n"
    "Package: libc6\nStatus: hold ok installed\nArchitecture: i386\nVersion: 2.35";

TEST(Package, ReadsWhatDpkgHasInstalled) {
    EXPECT_EQ(dpkg_version(kStatus, "chrony"), "4.3-2+deb12u1");
    EXPECT_EQ(dpkg_version(kStatus, "libc6"), "2.36");
    EXPECT_EQ(dpkg_version(kStatus, "libc6:i386"), "2.35");
    EXPECT_EQ(dpkg_version(kStatus, "libc6:arm64"), std::nullopt);
    EXPECT_EQ(dpkg_version(kStatus, "gone"), std::nullopt);
    EXPECT_EQ(dpkg_version(kStatus, "half"), std::nullopt);
    EXPECT_EQ(dpkg_version(kStatus, "fake"), std::nullopt);
    EXPECT_EQ(dpkg_version("", "chrony"), std::nullopt);
}

TEST(Package, RefusesWordsThatWouldBeOptions) {
    EXPECT_TRUE(check_package_word("the name", "g++"));
    EXPECT_TRUE(check_package_word("'version'", "1:2.3-4~deb12u1"));
    for (const char* word : {"", "-y", "a b", "a;b", "vim-", "../x", "a=1"})
        EXPECT_FALSE(check_package_word("the name", word)) << word;
}

TEST(Service, ReadsUnitStates) {
    const UnitState state = parse_unit_state("LoadState=loaded\nActiveState=active\nSubState=exited\n"
                                             "UnitFileState=enabled\nNeedDaemonReload=yes\n");
    EXPECT_TRUE(state.running());
    EXPECT_TRUE(state.stale);
    EXPECT_EQ(state.file, "enabled");
    // It fails and is started again every few moments: that is not running.
    EXPECT_FALSE(parse_unit_state("ActiveState=activating\nSubState=auto-restart\n").running());
    EXPECT_FALSE(parse_unit_state("LoadState=not-found\nActiveState=inactive\nUnitFileState=\n").running());
}

TEST(Service, CompletesUnitNames) {
    EXPECT_EQ(*unit_name("chrony"), "chrony.service");
    EXPECT_EQ(*unit_name("fstrim.timer"), "fstrim.timer");
    EXPECT_EQ(*unit_name("getty@tty1"), "getty@tty1.service");
    EXPECT_EQ(*unit_name("org.example.app"), "org.example.app.service");
    for (const char* name : {"", "-x", "a b", "a/b"})
        EXPECT_FALSE(unit_name(name)) << name;
}

TEST(Sysctl, TurnsKeysIntoPaths) {
    EXPECT_EQ(*sysctl_path("net.ipv4.ip_forward"), "net/ipv4/ip_forward");
    EXPECT_EQ(*sysctl_path("net/ipv4/conf/eth0.100/forwarding"), "net/ipv4/conf/eth0.100/forwarding");
    EXPECT_EQ(*sysctl_path("net.ipv4.conf.eth0/100.forwarding"), "net/ipv4/conf/eth0.100/forwarding");
    for (const char* key : {"", "/etc/passwd", "a..b", "../x/y", "./x", "a/../b", "a b", "a=b", "a\nb"})
        EXPECT_FALSE(sysctl_path(key)) << key;
    EXPECT_EQ(sysctl_file("net.ipv4.conf.eth0/100.forwarding"),
              "/etc/sysctl.d/60-lab-net.ipv4.conf.eth0:100.forwarding.conf");
    EXPECT_EQ(sysctl_value(" 4096\t131072 \t6291456\n"), "4096 131072 6291456");
}

TEST(KernelModule, KnowsListsOfTheKernel) {
    EXPECT_TRUE(
        lists_module("br_netfilter 32768 0 - Live 0x0\nbridge 315392 1 br_netfilter\n", "br-netfilter"));
    EXPECT_FALSE(lists_module("bridge 315392 1 br_netfilter, Live\n", "br_netfilter"));
    EXPECT_TRUE(lists_builtin("kernel/fs/ext4/ext4.ko\nkernel/drivers/net/virtio-net.ko\n", "virtio_net"));
    EXPECT_FALSE(lists_builtin("kernel/fs/ext4/ext4.ko\n", "ext"));
    EXPECT_FALSE(check_module_name("../x"));
    EXPECT_FALSE(check_module_name("--remove"));
}

/// A folder that stands for the whole machine: files of /proc and /etc are ordinary ones there.
class MachineFolder : public ::testing::Test {
  protected:
    MachineFolder() {
        std::string pattern = (fs::temp_directory_path() / "lab-machine-XXXXXX").string();
        root_ = ::mkdtemp(pattern.data());
    }
    ~MachineFolder() override { fs::remove_all(root_); }
    void write(const std::string& name, std::string_view text) const {
        fs::create_directories((root_ / name).parent_path());
        std::ofstream(root_ / name) << text;
    }
    std::string text(const std::string& name) const {
        std::ifstream file(root_ / name);
        return {std::istreambuf_iterator<char>(file), {}};
    }
    /// What it says after `deed`, which gets the handler's host.
    template <typename Deed>
    std::string with_host(const Value& facts, Deed deed) const {
        auto tree = Tree::open(root_);
        if (!tree) return tree.error().text();
        Host host{*tree, true, facts, {}};
        return deed(host);
    }
    std::string observed(const Handler& handler, const api::Resource& resource,
                         const Value& facts = {}) const {
        return with_host(facts, [&](Host& host) {
            auto found = handler.observe(resource, host);
            return found ? write_json(*found) : found.error().text();
        });
    }
    std::string applied(const Handler& handler, const api::Resource& resource,
                        const Value& facts = {}) const {
        return with_host(facts, [&](Host& host) {
            auto done = handler.apply(resource, {}, host);
            return done ? std::string("ok") : done.error().text();
        });
    }
    fs::path root_;
};

api::Resource resource(std::string name, ValueMap properties) {
    api::Resource made;
    made.name = std::move(name);
    made.properties = std::move(properties);
    return made;
}

TEST_F(MachineFolder, SysctlIsSetAndKept) {
    write("proc/sys/net/ipv4/tcp_rmem", "4096\t1\t2\n");
    const auto handler = sysctl_handler();
    const api::Resource wanted =
        resource("net.ipv4.tcp_rmem", {{"ensure", "present"}, {"value", "4096 3 4"}});
    EXPECT_EQ(observed(*handler, wanted), R"({"ensure":"absent","value":"4096 1 2"})");
    EXPECT_EQ(applied(*handler, wanted), "ok");
    EXPECT_EQ(text("etc/sysctl.d/60-lab-net.ipv4.tcp_rmem.conf"),
              "# managed by lab: changes made here are undone\nnet.ipv4.tcp_rmem = 4096 3 4\n");
    EXPECT_EQ(observed(*handler, wanted), R"({"ensure":"present","value":"4096 3 4"})");
    // Set by hand: what runs and what the next boot brings are shown.
    write("proc/sys/net/ipv4/tcp_rmem", "7 8 9\n");
    EXPECT_EQ(observed(*handler, wanted),
              R"({"ensure":"present","value":{"live":"7 8 9","persisted":"4096 3 4"}})");
}

TEST_F(MachineFolder, SysctlGoesWithoutTouchingTheKernel) {
    write("proc/sys/kernel/x", "1\n");
    write("etc/sysctl.d/60-lab-kernel.x.conf", "kernel.x = 1\n");
    const auto handler = sysctl_handler();
    EXPECT_EQ(applied(*handler, resource("kernel.x", {{"ensure", "absent"}})), "ok");
    EXPECT_FALSE(fs::exists(root_ / "etc/sysctl.d/60-lab-kernel.x.conf"));
    EXPECT_EQ(text("proc/sys/kernel/x"), "1\n");
    EXPECT_EQ(applied(*handler, resource("kernel.y", {{"ensure", "present"}, {"value", "1"}})),
              "the kernel has no key 'kernel.y'");
}

TEST_F(MachineFolder, BuiltInModuleCountsAsLoaded) {
    write("proc/modules", "bridge 315392 0 - Live 0x0\n");
    write("lib/modules/6.1/modules.builtin", "kernel/fs/ext4/ext4.ko\n");
    const Value facts(ValueMap{{"kernel", ValueMap{{"release", "6.1"}}}});
    const auto handler = kernel_module_handler();
    const api::Resource wanted = resource("ext4", {{"ensure", "present"}, {"options", "a=1  b=2"}});
    EXPECT_EQ(observed(*handler, wanted, facts),
              R"({"ensure":"present","loaded":true,"persisted":false,"options":""})");
    EXPECT_EQ(applied(*handler, wanted, facts), "ok");
    EXPECT_EQ(observed(*handler, wanted, facts),
              R"({"ensure":"present","loaded":true,"persisted":true,"options":"a=1 b=2"})");
    EXPECT_EQ(text("etc/modprobe.d/lab-ext4.conf"),
              "# managed by lab: changes made here are undone\noptions ext4 a=1 b=2\n");
    EXPECT_EQ(applied(*handler, resource("ext4", {{"ensure", "absent"}}), facts),
              "'ext4' is built into the kernel and cannot be unloaded");
    EXPECT_EQ(observed(*handler, resource("absent_one", {}), facts),
              R"({"ensure":"absent","loaded":false,"persisted":false,"options":""})");
}

TEST_F(MachineFolder, TypesSayWhatTheMachineLacks) {
    EXPECT_EQ(observed(*package_handler(), resource("chrony", {})), "this machine has neither apt nor dnf");
    EXPECT_EQ(observed(*service_handler(), resource("chrony", {}), ValueMap{{"init", "runit"}}),
              "services need systemd, and this machine's init is 'runit'");
}

TEST(Tools, QuoteWhatAProgramSaidLast) {
    auto out = tool_output({"sh", "-c", "echo one >&2; printf 'two\\033[1m\\n' >&2; exit 3"}, {});
    ASSERT_FALSE(out);
    EXPECT_EQ(out.error().text(), "'sh' failed with exit code 3: one; two\\x1b[1m");
}

} // namespace
} // namespace lab::agent
