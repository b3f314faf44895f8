"""lab-agent itself: documents applied to trees and, in a mount namespace of its own, to a live system."""

import json
import os
import pathlib
import signal
import subprocess
import time
import unittest

from lab_harness import BIN, LabCase, main

KEY = "a2tra2tra2tra2tra2tra2tra2tra2tra2tra2tra2s="
SECRET = "hunter2-never-shown"


def namespaces():
    """Whether this user may have mounts of his own."""
    return subprocess.run(["unshare", "--mount", "true"], capture_output=True).returncode == 0


class AgentCase(LabCase):
    def document(self, resources, **more):
        return {"format": "lab.desired/1", "server": "web-1", "server_id": "id-1", "inventory": "shop", "commit": "abc123",
                "key": KEY, "resources": resources, **more}

    def save(self, resources, name="desired.json", **more):
        path = self.folder / name
        path.write_text(json.dumps(self.document(resources, **more)))
        return path

    def on_tree(self, mode, resources, code=0, create=True, **more):
        words = [mode, "--desired", self.save(resources), "--root", self.folder / "root", "-o", "json"]
        if mode == "apply" and create:
            words.append("--create-root")
        return self.agent(*words, code=code, **more)

    def in_root(self, path):
        return self.folder / "root" / path.lstrip("/")

    @staticmethod
    def statuses(ran):
        return {resource["id"]: resource["status"] for resource in ran.json()["resources"]}

    @staticmethod
    def file(path, content, **more):
        properties = {"content": content, **more.pop("properties", {})}
        return {"type": "file", "name": path, "properties": properties, **more}


EVERY_TYPE = [
    {"type": "group", "name": "www", "properties": {"gid": 4300}},
    {"type": "user", "name": "deploy", "properties": {"uid": 4242, "group": "www", "home": "/srv/deploy"},
     "after": ["group/www"]},
    {"type": "directory", "name": "/srv/www", "properties": {"mode": "2775", "owner": "deploy", "group": "www"},
     "after": ["user/deploy"]},
    {"type": "file", "name": "/srv/www/index.html", "properties": {"content": "<p>hello</p>\n", "mode": "0644"},
     "after": ["directory/srv/www"]},
    {"type": "file", "name": "/etc/key", "properties": {"content": SECRET + "\n", "mode": "0600"}},
    {"type": "template", "name": "/etc/issue",
     "properties": {"content": {"$template": "{{ server.name }} {{ facts.kernel.arch }}\n", "with": {"server": {"name": "web-1"}}}}},
    {"type": "link", "name": "/etc/localtime", "properties": {"target": "/usr/share/zoneinfo/UTC"}},
    {"type": "line", "name": "no root login",
     "properties": {"path": "/etc/ssh/sshd_config", "text": "PermitRootLogin no", "match": "PermitRootLogin *"}},
    {"type": "package", "name": "chrony"},
    {"type": "service", "name": "chrony", "properties": {"running": True, "enabled": True}},
    {"type": "sysctl", "name": "net.ipv4.ip_forward", "properties": {"value": "1"}},
    {"type": "kernel_module", "name": "br_netfilter"},
    {"type": "command", "name": "rebuild", "properties": {"run": ["/bin/false"], "creates": "/never"}},
]
LIVE_ONLY = {"package/chrony", "service/chrony", "sysctl/net.ipv4.ip_forward", "kernel_module/br_netfilter", "command/rebuild"}


class Trees(AgentCase):
    def prepare(self):
        ssh = self.in_root("/etc/ssh")
        ssh.mkdir(parents=True)
        (ssh / "sshd_config").write_text("Port 22\nPermitRootLogin yes\n")

    def test_every_type(self):
        self.prepare()
        before = self.tree(self.folder / "root", leave_out=())
        checked = self.on_tree("check", EVERY_TYPE, code=2)
        self.assertEqual(self.tree(self.folder / "root", leave_out=()), before, "a check changes nothing")

        applied = self.on_tree("apply", EVERY_TYPE)
        statuses = self.statuses(applied)
        for name, status in statuses.items():
            self.assertEqual(status, "skipped" if name in LIVE_ONLY else "changed", applied)
        for one, other in zip(checked.json()["resources"], applied.json()["resources"]):
            self.assertEqual(one.get("changes"), other.get("changes"), "what a check says is what an apply does")
        self.assertEqual((self.in_root("/etc/ssh/sshd_config")).read_text(), "Port 22\nPermitRootLogin no\n")
        self.assertEqual(os.readlink(self.in_root("/etc/localtime")), "/usr/share/zoneinfo/UTC")
        self.assertTrue(self.in_root("/etc/issue").read_text().startswith("web-1 "))
        self.assertEqual(self.in_root("/srv/www").stat().st_uid, 4242)
        self.assertEqual(self.in_root("/srv/www").stat().st_mode & 0o7777, 0o2775)

        after = self.tree(self.folder / "root", leave_out=())
        again = self.on_tree("apply", EVERY_TYPE)
        self.assertNotIn("changed", self.statuses(again).values(), again)
        self.assertEqual(self.tree(self.folder / "root", leave_out=()), after, "the second apply changes nothing")
        self.on_tree("check", EVERY_TYPE, code=0)

    def test_private_values_leave_the_machine_nowhere(self):
        self.prepare()
        outputs = [self.on_tree("check", EVERY_TYPE, code=2), self.on_tree("apply", EVERY_TYPE)]
        self.in_root("/etc/key").write_text(SECRET + " changed by hand\n")
        words = ["check", "--desired", self.save(EVERY_TYPE), "--root", self.folder / "root"]
        outputs += [self.on_tree("check", EVERY_TYPE, code=2), self.agent(*words, code=2)]
        outputs.append(self.agent("applied", "--root", self.folder / "root", "-o", "json"))
        for ran in outputs:
            self.assertNotIn(SECRET, ran.out + ran.err)
        for record in self.in_root("/var/lib/lab").iterdir():
            self.assertNotIn(SECRET, record.read_text(), record)

    def test_the_difference_of_text_is_a_unified_diff(self):
        resources = [self.file("/etc/motd", "one\ntwo\nthree\n")]
        self.on_tree("apply", resources)
        self.in_root("/etc/motd").write_text("one\n2\nthree\n")
        ran = self.agent("check", "--desired", self.save(resources), "--root", self.folder / "root", code=2)
        self.assertEqual(ran.out, """drifted  file/etc/motd
    --- /etc/motd (is)
    +++ /etc/motd (wanted)
    @@ -1,3 +1,3 @@
     one
    -2
    +two
     three
1 drifted
""")

    def test_a_failure_skips_only_what_depends_on_it(self):
        (self.in_root("/etc/taken")).mkdir(parents=True)
        (self.in_root("/etc/taken/inside")).write_text("x")
        ran = self.on_tree("apply", [
            self.file("/etc/taken", "x"), self.file("/b", "b", after=["file/etc/taken"]), self.file("/c", "c", after=["file/b"]),
            self.file("/d", "d")], code=1)
        self.assertEqual(self.statuses(ran), {"file/etc/taken": "failed", "file/b": "skipped", "file/c": "skipped",
                                              "file/d": "changed"})
        self.assertEqual(ran.json()["resources"][2]["reason"], "depends on 'file/etc/taken', which failed")

    def test_no_link_leads_out_of_the_tree(self):
        outside = self.folder / "outside"
        outside.mkdir()
        (outside / "passwd").write_text("untouched")
        root = self.folder / "root"
        root.mkdir()
        (root / "etc").symlink_to(outside)
        (root / "up").symlink_to("../outside")
        (root / "link").symlink_to(outside / "passwd")
        resources = [
            self.file("/etc/passwd", "evil"), self.file("/etc/new", "evil"), self.file("/up/new", "evil"),
            {"type": "line", "name": "l", "properties": {"path": "/link", "text": "evil"}},
            {"type": "directory", "name": "/etc/gone", "properties": {"ensure": "absent", "recursive": True}},
            {"type": "link", "name": "/up/passwd", "properties": {"target": "evil"}},
            {"type": "directory", "name": "/up", "properties": {"ensure": "absent", "recursive": True}},
            {"type": "user", "name": "evil", "properties": {"uid": 4000}},
        ]
        self.on_tree("check", resources, code=None)
        self.on_tree("apply", resources, code=1)
        self.assertEqual(self.tree(outside, leave_out=()).keys(), {"passwd"})
        (root / "var/lib/lab").rename(root / "var/lib/aside")
        (root / "var/lib/lab").symlink_to(outside)
        self.on_tree("apply", resources, code=1)
        self.assertEqual(self.tree(outside, leave_out=()).keys(), {"passwd"})
        self.assertEqual((outside / "passwd").read_text(), "untouched")

    def test_a_missing_tree_is_said_to_be_missing(self):
        ran = self.on_tree("check", [], code=1)
        self.assertIn("no tree at '%s'" % (self.folder / "root"), ran.err)
        self.on_tree("apply", [], code=1, create=False)
        self.assertFalse((self.folder / "root").exists())
        self.on_tree("apply", [])
        self.assertTrue((self.folder / "root").is_dir())

    def test_the_machine_keeps_its_identity(self):
        self.on_tree("apply", [self.file("/a", "1")])
        machine = json.loads(self.in_root("/var/lib/lab/machine.json").read_text())
        self.assertEqual(machine, {"format": "lab.machine/1", "server_id": "id-1", "inventory": "shop", "server": "web-1"})
        other = self.save([self.file("/a", "2")], "other.json", inventory="another")
        ran = self.agent("apply", "--desired", other, "--root", self.folder / "root", code=1)
        self.assertIn("this machine is server 'web-1' (id-1) of the inventory 'shop'", ran.err)
        self.assertEqual(self.in_root("/a").read_text(), "1")

    def test_wrong_usage(self):
        for words in ([], ["chek"], ["check"], ["check", "--rot", "x"], ["facts", "--desired", "x"], ["check", "--desired"],
                      ["facts", "-o", "yaml"]):
            self.agent(*words, code=64)
        self.agent("check", "--desired", self.folder / "none.json", code=1)
        self.agent("check", "--desired", "-", stdin="{}", code=1)
        for words in (["--help"], ["facts", "--help"], ["check", "--help"], ["apply", "--help"], ["applied", "--help"],
                      ["batch", "--help"]):
            self.assertIn("example", self.agent(*words).out)
        self.assertRegex(self.agent("--version").out, r"^lab-agent \d+\.\d+\.\d+\n$")

    def test_facts(self):
        facts = self.agent("facts", "-o", "json").json()
        self.assertEqual(facts["format"], "lab.facts/1")
        self.assertIn("kernel.arch", self.agent("facts").out)

    def test_it_stays_small(self):
        linked = self.run_program(["ldd", BIN / "lab-agent"]).out
        for library in ("sqlite", "git2", "yaml", "curl"):
            self.assertNotIn(library, linked)


class Batches(AgentCase):
    def request(self, number, mode, root, resources=(), **more):
        return json.dumps({"format": "lab.agent-request/1", "id": number, "mode": mode, "root": str(root),
                           "desired": self.document(list(resources)), **more}) + "\n"

    def test_a_tree_is_made_checked_and_destroyed(self):
        root = self.folder / "machines/web-1"
        resources = [self.file("/etc/motd", "hi\n")]
        ran = self.agent("batch", stdin=self.request(1, "check", root, resources) + self.request(2, "apply", root, resources, create=True)
                         + self.request(3, "check", root, resources))
        events = [json.loads(line) for line in ran.out.splitlines()]
        self.assertEqual([(event["id"], event["event"]) for event in events],
                         [(1, "error"), (2, "progress"), (2, "progress"), (2, "report"), (3, "report")])
        self.assertEqual(events[0]["error"]["code"], "not_found")
        wrong = json.loads(self.request(4, "destroy", root))
        wrong["desired"]["server_id"] = "another"
        refused = self.agent("batch", stdin=json.dumps(wrong) + "\n" + self.request(5, "destroy", "/") +
                             self.request(6, "destroy", self.folder / "machines"))
        self.assertEqual([json.loads(line)["error"]["code"] for line in refused.out.splitlines()], ["denied"] * 3)
        self.assertTrue(root.exists())
        self.agent("batch", stdin=self.request(7, "destroy", root))
        self.assertEqual(list((self.folder / "machines").iterdir()), [])

    def test_memory_does_not_grow_with_the_number_of_roots(self):
        resources = [self.file(f"/etc/f{number}", f"line {number}\n" * 50) for number in range(20)]
        batch = subprocess.Popen([str(BIN / "lab-agent"), "batch"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(batch.kill)

        def ask(number, mode, **more):
            batch.stdin.write(self.request(number, mode, self.folder / f"m{number % 50}", resources, **more))
            batch.stdin.flush()
            while True:
                event = json.loads(batch.stdout.readline())
                if event["event"] != "progress":
                    self.assertEqual(event["event"], "report", event)
                    return

        def resident():
            with open(f"/proc/{batch.pid}/status") as status:
                return next(int(line.split()[1]) for line in status if line.startswith("VmRSS"))

        for number in range(50):
            ask(number, "apply", create=True)
        for number in range(100):
            ask(number, "check")
        early = resident()
        for number in range(1500):
            ask(number, "check")
        grown = resident() - early
        if not any(sanitizer in (BIN / "lab-agent").read_bytes() for sanitizer in (b"__asan_init", b"__tsan_init")):
            self.assertLess(grown, 1024, "kB more after 1500 checks")
            self.assertLess(resident(), 15 * 1024)
        batch.stdin.close()
        self.assertEqual(batch.wait(10), 0)
        batch.stdout.close()


@unittest.skipUnless(namespaces(), "needs leave to make mounts of its own (unshare --mount)")
class Live(AgentCase):
    """The live system, seen through a mount namespace in which /var/lib is the test's own."""

    def setUp(self):
        super().setUp()
        (self.folder / "lib/lab").mkdir(parents=True)

    def live_words(self, *words):
        return ["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /var/lib && exec "$@"', str(self.folder / "lib"),
                str(BIN / "lab-agent"), *map(str, words)]

    def live(self, mode, resources, code=0):
        return self.run_program(self.live_words(mode, "--desired", self.save(resources), "-o", "json"), code=code)

    def test_the_file_system_of_a_volume_that_is_not_mounted(self):
        recorded = pathlib.Path(__file__).parent.parent / "unit/agent/testdata/metal"
        tools = self.folder / "tools"
        tools.mkdir()
        group = {"vg_name": "labvg", "vg_uuid": "x", "vg_size": "995996565504", "vg_extent_size": "4194304",
                 "pv_name": "/dev/nvme0n1p3"}
        for name, text in (("lsblk", f"cat {recorded}/lsblk.json"),
                           ("lvm", f"case $1 in lvs) cat {recorded}/lvs.json;; vgs) cat {tools}/vgs.json;; esac")):
            (tools / name).write_text(f"#!/bin/sh\n{text}\n")
            (tools / name).chmod(0o755)
        (tools / "vgs.json").write_text(json.dumps({"report": [{"vg": [group]}]}))
        facts = self.run_program(["unshare", "--mount", "sh", "-c", 'mount --bind "$0" /usr/local/sbin && exec "$@"', tools,
                                  BIN / "lab-agent", "facts", "-o", "json"]).json()
        self.assertEqual({volume["name"]: volume.get("fs") for volume in facts["lvm"]["lvs"]},
                         {"root": "xfs", "swap": "swap", "home": "xfs", "var-lib": "ext4", "vault": "crypto_LUKS", "pool": None,
                          "thin": "btrfs", "blank": None, "off": None})
        facts["boot"] = {"mode": "uefi"}  # whatever runs the test
        self.write("lab.yaml", """lab: {format: 1, name: volumes}
servers: {n1: {provider: baremetal, layout: metal}}
layouts:
  metal:
    disk: {select: {type: nvme}}
    partitions: [{mount: /boot/efi, size: 600MB, fs: efi}, {mount: /boot, size: 3GB, fs: ext4}, {vg: labvg, size: rest}]
    volumes:
      - {name: root, mount: /, size: 40GB, fs: xfs}
      - {name: var-lib, mount: /var/lib, size: 5GB, fs: ext4, preserve: true}
      - {name: off, mount: /off, size: 4GB, fs: ext4, preserve: true}
""")
        observed = {"format": "lab.observed/1", "servers": {"n1": {"presence": "present", "facts": facts}}}
        plan = self.lab("plan", "--observed", "-", stdin=json.dumps(observed)).out
        self.assertIn("grow volumes.root 33GB xfs → 40GB xfs\n", plan)
        self.assertIn("keep volumes.var-lib 5GB ext4\n", plan)
        self.assertIn("keep volumes.off 4.29GB, file system not seen\n", plan)

    def says(self, name, **properties):
        said = self.folder / "said"
        return {"type": "command", "name": name,
                "properties": {"run": ["/bin/sh", "-c", f"echo {name} >> {said}"], **(properties or {"only_notified": True})}}

    def said(self):
        path = self.folder / "said"
        return path.read_text() if path.exists() else ""

    def mine(self, name):
        return str(self.folder / name)

    def wait_for(self, holds, what, seconds=20):
        end = time.monotonic() + seconds
        while not holds():
            self.assertLess(time.monotonic(), end, f"never came: {what}")
            time.sleep(0.01)

    def test_a_notification_arrives_once(self):
        resources = [self.says("told"), self.file(self.mine("a"), "1", notify=["command/told"]),
                     self.file(self.mine("b"), "1", notify=["command/told"])]
        checked = self.live("check", resources, code=2)
        self.assertEqual(self.said(), "")
        applied = self.live("apply", resources)
        self.assertEqual(self.said(), "told\n")
        for one, other in zip(checked.json()["resources"], applied.json()["resources"]):
            self.assertEqual(one.get("changes"), other.get("changes"))
        self.live("apply", resources)
        self.live("check", resources, code=0)
        self.assertEqual(self.said(), "told\n")

    def test_a_command_that_hangs_is_ended(self):
        hang = {"type": "command", "name": "hang", "properties": {"run": ["/bin/sleep", "100"], "creates": self.mine("never"),
                                                                  "timeout": "300ms"}}
        ran = self.live("apply", [hang, self.file(self.mine("a"), "a", after=["command/hang"]), self.file(self.mine("b"), "b")],
                        code=1)
        self.assertEqual(self.statuses(ran), {"command/hang": "failed", "file" + self.mine("a"): "skipped",
                                              "file" + self.mine("b"): "changed"})

    def killed_between(self, signal_number):
        """An apply that is signalled after its file changed and before what the file notifies has run."""
        begun = self.folder / "begun"
        hold = {"type": "command", "name": "hold", "properties": {
            "run": ["/bin/sh", "-c", f"touch {begun}; i=0; while [ $i -lt 500 ] && [ ! -e {self.folder}/go ]; do sleep 0.02; i=$((i+1)); done"],
            "creates": str(begun)}}
        resources = [self.file(self.mine("conf"), "new\n", notify=["command/restart"]), hold, self.says("restart")]
        process = subprocess.Popen(self.live_words("apply", "--desired", self.save(resources), "-o", "json"),
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.env)
        self.wait_for(begun.exists, "the command between the file and its restart")
        self.assertEqual((self.folder / "conf").read_text(), "new\n")
        process.send_signal(signal_number)
        return resources, process

    @staticmethod
    def is_pending(process, signal_number):
        fields = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{process}/status").read_text().splitlines())
        return bool(int(fields["ShdPnd"], 16) >> (signal_number - 1) & 1)

    def test_a_kill_between_a_file_and_its_restart_loses_no_restart(self):
        resources, process = self.killed_between(signal.SIGKILL)
        process.communicate()
        (self.folder / "go").touch()
        self.assertEqual(self.said(), "")
        checked = self.live("check", resources, code=2)
        self.assertEqual(self.statuses(checked), {"file" + self.mine("conf"): "ok", "command/hold": "ok",
                                                  "command/restart": "drifted"})
        applied = self.live("apply", resources)
        self.assertEqual(self.statuses(applied)["file" + self.mine("conf")], "ok", "the file is not written again")
        self.assertEqual(self.said(), "restart\n")
        self.live("apply", resources)
        self.live("check", resources, code=0)
        self.assertEqual(self.said(), "restart\n")

    def test_an_interrupt_finishes_the_running_resource_and_skips_the_rest(self):
        resources, process = self.killed_between(signal.SIGTERM)
        self.wait_for(lambda: not self.is_pending(process.pid, signal.SIGTERM), "the signal to be taken")
        (self.folder / "go").touch()
        out, err = process.communicate(timeout=30)
        self.assertEqual(process.returncode, 130, err)
        report = json.loads(out)
        self.assertTrue(report["interrupted"])
        self.assertEqual([resource["status"] for resource in report["resources"]], ["changed", "changed", "skipped"])
        self.assertEqual(self.said(), "")
        self.live("apply", resources)
        self.assertEqual(self.said(), "restart\n", "what is owed is paid by the next apply")

    def test_a_sensitive_command_says_nothing(self):
        command = {"type": "command", "name": "c", "sensitive": True, "properties": {
            "run": ["/bin/sh", "-c", "echo $TOKEN >&2; exit 3"], "creates": self.mine("never"), "environment": {"TOKEN": SECRET}}}
        for mode in ("check", "apply"):
            ran = self.live(mode, [command], code=None)
            self.assertNotIn(SECRET, ran.out + ran.err)

    def test_a_command_runs_as_the_user_it_names(self):
        if os.geteuid() != 0:
            self.skipTest("needs root")
        os.chmod(self.folder, 0o777)
        command = {"type": "command", "name": "who", "properties": {
            "run": ["/bin/sh", "-c", f"id -un > {self.mine('who')}; id -gn >> {self.mine('who')}; echo $HOME >> {self.mine('who')}"],
            "creates": self.mine("who"), "user": "daemon"}}
        self.live("apply", [command])
        self.assertEqual((self.folder / "who").read_text(), "daemon\ndaemon\n/usr/sbin\n")

    def test_a_full_disk_fails_what_does_not_fit_and_nothing_else(self):
        root = self.folder / "small"
        root.mkdir()
        resources = [self.file("/a", "old\n"), self.file("/b", "small\n")]
        grown = [self.file("/a", "x" * 3_000_000), self.file("/b", "changed\n")]
        first, second = self.save(resources, "first.json"), self.save(grown, "second.json")
        agent = BIN / "lab-agent"
        script = (f"mount -t tmpfs -o size=1m tmpfs {root} && {agent} apply --desired {first} --root {root} > {self.mine('one')} && "
                  f"{agent} apply --desired {second} --root {root} > {self.mine('two')}; echo $?; cat {root}/a {root}/b; "
                  f"find {root} -name '*.lab-new'; {agent} check --desired {second} --root {root} > {self.mine('three')}; echo $?")
        ran = self.run_program(["unshare", "--mount", "sh", "-c", script])
        self.assertEqual(ran.out, "1\nold\nchanged\n2\n")
        self.assertIn("failed   file/a: ", (self.folder / "two").read_text())
        self.assertIn("No space left on device", (self.folder / "two").read_text())


if __name__ == "__main__":
    main()
