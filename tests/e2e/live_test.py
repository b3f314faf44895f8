#!/usr/bin/env python3
"""lab-agent on a booted system: packages, services, users, groups, kernel settings and commands.

LAB_BIN is the folder of the programs. Exits 77 where no machine can be had here.
"""

import base64
import hashlib
import json
import os
import pathlib
import subprocess
import sys
import unittest

import nspawn

BIN = pathlib.Path(os.environ.get("LAB_BIN", "build/dev/bin")).resolve()
REPOSITORY = "/srv/repository"
UNIT = """[Service]
ExecStart=/bin/sh -c 'echo start >> /run/probe.log; exec sleep infinity'
ExecReload=/bin/sh -c 'echo reload >> /run/probe.log'
[Install]
WantedBy=multi-user.target
"""


def resource(type_and_name: str, after=(), notify=(), **properties) -> dict:
    kind, name = type_and_name.split("/", 1)
    if kind in ("file", "directory"):
        name = f"/{name}"
    made = {"type": kind, "name": name, "module": "probe", "properties": properties}
    if after:
        made["after"] = list(after)
    if notify:
        made["notify"] = list(notify)
    return made


def install_agent(machine: nspawn.Machine):
    machine.install_program(BIN / "lab-agent", "/opt/lab")


# The machine manages itself: a server of the provider `local` without a tree.
INVENTORY = {
    "lab.yaml": "lab: {format: 1, name: self}\nservers: {self: {provider: local, labels: [everything]}}\n"
                "labels: {everything: {modules: [everything], params: {everything: {forward: 1}}}}\n",
    "modules/everything/module.yaml": """name: everything
version: 1.0.0
params: {forward: {type: integer, required: true}}
resources:
  - package: probe
    version: "1.0"
  - group: fleet
    gid: 4400
  - user: keeper
    uid: 4401
    group: fleet
  - file: /etc/systemd/system/keeper.service
    content: "[Service]\\nExecStart=/bin/sleep infinity\\n[Install]\\nWantedBy=multi-user.target\\n"
    notify: [service/keeper]
  - service: keeper
    enabled: true
    running: true
    after: [file/etc/systemd/system/keeper.service]
  - sysctl: net.ipv4.ip_forward
    value: "{{ params.forward }}"
""",
}


class OnMachine(unittest.TestCase):
    """What the tests of one machine share."""

    machine: nspawn.Machine

    def agent(self, mode: str, *resources: dict, options=()) -> dict[str, dict]:
        """One run; the report's resources by id."""
        document = {"format": "lab.desired/1", "server": "probe", "server_id": "", "inventory": "test",
                    "commit": None, "key": base64.b64encode(b"k" * 32).decode(), "resources": list(resources)}
        self.machine.write("/root/desired.json", json.dumps(document))
        done = self.machine.run("lab-agent", mode, "--desired", "/root/desired.json", "-o", "json", *options,
                                check=False)
        try:
            report = json.loads(done.stdout)
        except json.JSONDecodeError:
            self.fail(f"lab-agent {mode} exited {done.returncode}:\n{done.stdout}{done.stderr}")
        return {entry["id"]: entry for entry in report["resources"]}

    def assert_status(self, report: dict, **wanted):
        found = {entry_id: (entry["status"], entry.get("reason", "")) for entry_id, entry in report.items()}
        self.assertEqual({i: f[0] for i, f in found.items()}, {i: wanted["all"] for i in found} if "all" in wanted
                         else wanted, found)

    def brings_about(self, *resources: dict):
        """check finds it missing and changes nothing, apply makes it so, and then there is nothing left to do."""
        self.assertIn("drifted", {entry["status"] for entry in self.agent("check", *resources).values()})
        self.assertIn("drifted", {entry["status"] for entry in self.agent("check", *resources).values()})
        applied = self.agent("apply", *resources)
        self.assertIn("changed", {entry["status"] for entry in applied.values()}, applied)
        self.assertLessEqual({entry["status"] for entry in applied.values()}, {"ok", "changed"}, applied)
        self.assert_status(self.agent("check", *resources), all="ok")
        self.assert_status(self.agent("apply", *resources), all="ok")

    def drifts(self, wanted: dict, paths: set[str]):
        """The one resource is found changed by hand in these properties, and apply mends it."""
        found = self.agent("check", wanted)[f"{wanted['type']}/{wanted['name']}"]
        self.assertEqual(found["status"], "drifted", found)
        self.assertEqual({change["path"] for change in found["changes"]}, paths, found)
        self.assert_status(self.agent("apply", wanted), all="changed")
        self.assert_status(self.agent("check", wanted), all="ok")

    def fails(self, wanted: dict) -> str:
        entry = self.agent("apply", wanted)[f"{wanted['type']}/{wanted['name']}"]
        self.assertEqual(entry["status"], "failed", entry)
        return entry["reason"]


class OnDebian(OnMachine):
    """A Debian with a package repository on its own disk."""

    @classmethod
    def setUpClass(cls):
        cls.machine = nspawn.Machine("live", install_agent)
        cls.machine.__enter__()
        cls.addClassCleanup(cls.machine.__exit__)
        cls.machine.write("/etc/apt/sources.list", f"deb [trusted=yes] file:{REPOSITORY} ./\n")
        cls.offer("probe", "1.0")
        cls.offer("probe", "2.0")

    @classmethod
    def offer(cls, name: str, version: str, postinst: str = ""):
        """Puts a package into the repository; apt hears of it at its next update."""
        machine = cls.machine
        source = f"/srv/build/{name}-{version}"
        control = f"Package: {name}\nVersion: {version}\nArchitecture: all\nMaintainer: test\nDescription: a probe\n"
        machine.write(f"{source}/DEBIAN/control", control)
        machine.write(f"{source}/usr/share/{name}/version", version)
        if postinst:
            machine.write(f"{source}/DEBIAN/postinst", postinst, 0o755)
        machine.path(REPOSITORY).mkdir(parents=True, exist_ok=True)
        file = f"{name}_{version}_all.deb"
        machine.run("dpkg-deb", "--root-owner-group", "--build", source, f"{REPOSITORY}/{file}")
        content = machine.path(f"{REPOSITORY}/{file}").read_bytes()
        with open(machine.path(f"{REPOSITORY}/Packages"), "a") as index:
            index.write(f"{control}Filename: ./{file}\nSize: {len(content)}\n"
                        f"SHA256: {hashlib.sha256(content).hexdigest()}\n\n")


class Managed(OnDebian):
    """lab and lab-agent both: the main job on a live system."""

    def test_lab_manages_the_machine_it_runs_on(self):
        machine = self.machine
        machine.install_program(BIN / "lab", "/opt/lab")
        for path, text in INVENTORY.items():
            machine.write(f"/root/fleet/{path}", text)
        lab = lambda *words: machine.run("lab", *words, "--inventory", "/root/fleet", check=False)

        planned = lab("plan", "--detailed-exitcode")
        self.assertEqual(planned.returncode, 2, planned.stdout + planned.stderr)
        applied = lab("apply", "--auto-approve")
        self.assertEqual(applied.returncode, 0, applied.stdout + applied.stderr)
        self.assertEqual(machine.text("/usr/share/probe/version"), "1.0")
        self.assertEqual(machine.run("systemctl", "is-active", "keeper").stdout.strip(), "active")
        self.assertEqual(machine.run("id", "--group", "--name", "keeper").stdout.strip(), "fleet")
        self.assertEqual(machine.text("/proc/sys/net/ipv4/ip_forward"), "1\n")
        again = lab("plan", "--detailed-exitcode")
        self.assertEqual(again.returncode, 0, again.stdout + again.stderr)

        machine.run("systemctl", "stop", "keeper")
        machine.run("usermod", "--shell", "/bin/false", "keeper")
        machine.run("sh", "-c", "echo 0 > /proc/sys/net/ipv4/ip_forward")
        drift = lab("drift", "-o", "json")
        self.assertEqual(drift.returncode, 2, drift.stdout + drift.stderr)
        self.assertIn("service/keeper", drift.stdout)
        self.assertNotIn("package/probe", json.dumps(json.loads(drift.stdout)["drift"]))
        synced = lab("sync", "server", "self", "--auto-approve")
        self.assertEqual(synced.returncode, 0, synced.stdout + synced.stderr)
        self.assertEqual(machine.run("systemctl", "is-active", "keeper").stdout.strip(), "active")
        self.assertEqual(lab("drift").returncode, 0)

        # As it is wanted already, and nobody's: it is recorded all the same.
        machine.run("rm", "-r", "/root/.lab", "/var/lib/lab")
        planned = lab("plan", "--detailed-exitcode")
        self.assertEqual(planned.returncode, 2, planned.stdout + planned.stderr)
        self.assertIn("this machine was not lab's yet and is taken over", planned.stdout)
        applied = lab("apply", "--auto-approve")
        self.assertEqual(applied.returncode, 0, applied.stdout + applied.stderr)
        sync = json.loads(lab("get", "servers", "-o", "json").stdout)["servers"][0]["pillars"]["sync"]
        self.assertEqual(sync["state"], "ok", sync)


class Debian(OnDebian):
    """lab-agent alone."""

    def test_facts(self):
        facts = json.loads(self.machine.run("lab-agent", "facts", "-o", "json").stdout)
        self.assertEqual(facts["format"], "lab.facts/1")
        self.assertEqual(facts["os"]["id"], "debian")
        self.assertEqual(facts["package_manager"], "apt")
        self.assertEqual(facts["init"], "systemd")
        self.assertEqual(facts["virtualization"], {"kind": "systemd-nspawn", "container": True})
        self.assertEqual(facts["hostname"], self.machine.text("/proc/sys/kernel/hostname").strip())

    def test_package(self):
        package = resource("package/probe")
        self.brings_about(package)
        self.assertEqual(self.machine.text("/usr/share/probe/version"), "2.0")
        self.machine.run("dpkg", "--remove", "probe")
        found = self.agent("check", package)["package/probe"]
        self.assertEqual(found["status"], "drifted")
        self.brings_about(resource("package/probe", version="1.0"))
        self.assertEqual(self.machine.text("/usr/share/probe/version"), "1.0")
        self.brings_about(resource("package/probe", version="2.0"))
        self.brings_about(resource("package/probe", version="1.0"))  # back to an older one
        self.brings_about(resource("package/probe", ensure="absent"))

    def test_package_that_came_after_the_lists(self):
        self.brings_about(resource("package/probe", ensure="present", version="2.0"))
        self.offer("newcomer", "1.0")
        self.brings_about(resource("package/newcomer"))
        self.agent("apply", resource("package/probe", ensure="absent"))

    def test_package_that_nobody_has(self):
        self.assertIn("nobody-has-this", self.fails(resource("package/nobody-has-this")))

    def test_package_after_a_kill(self):
        self.offer("slow", "1.0", "#!/bin/sh\ntouch /run/slow.began\nwhile ! [ -e /run/slow.go ]; do sleep 0.05; done\n")
        wanted = resource("package/slow")
        self.agent("check", wanted)  # writes the document
        self.machine.run("systemd-run", "--unit", "run", "--", "lab-agent", "apply", "--desired", "/root/desired.json")
        self.machine.wait_until("the package is being configured",
                                lambda: self.machine.run("test", "-e", "/run/slow.began", check=False).returncode == 0)
        self.machine.run("systemctl", "kill", "--signal", "KILL", "run")
        self.machine.wait_until("all of the run is gone", lambda: self.machine.run(
            "systemctl", "is-active", "run", check=False).stdout.strip() != "active")
        self.machine.run("touch", "/run/slow.go")
        self.assertEqual(self.agent("check", wanted)["package/slow"]["status"], "drifted")
        self.assert_status(self.agent("apply", wanted), all="changed")
        self.assert_status(self.agent("check", wanted), all="ok")

    def log(self) -> list[str]:
        done = self.machine.run("cat", "/run/probe.log", check=False)
        return done.stdout.split()

    def test_service(self):
        log = "/run/probe.log"
        unit = resource("file/etc/systemd/system/probe.service", content=UNIT)
        config = resource("file/etc/probe.conf", content="one\n", notify=["service/probe"])
        service = resource("service/probe", enabled=True, running=True,
                           after=["file/etc/systemd/system/probe.service"])
        self.brings_about(unit, config, service)
        self.assertEqual(self.machine.run("systemctl", "is-enabled", "probe").stdout.strip(), "enabled")
        self.assertEqual(self.machine.run("systemctl", "is-active", "probe").stdout.strip(), "active")

        self.machine.run("rm", "-f", log)
        self.machine.run("systemctl", "stop", "probe")
        self.drifts(service | {"after": []}, {"running"})
        self.machine.run("systemctl", "disable", "probe")
        self.drifts(service | {"after": []}, {"enabled"})
        self.machine.wait_until("it has started", lambda: self.log() == ["start"])

        # One restart for a changed file, however many runs follow.
        changed = config | {"properties": {"content": "two\n"}}
        report = self.agent("apply", unit, changed, service)
        self.assertEqual(report["file/etc/probe.conf"]["status"], "changed")
        self.machine.wait_until("it has restarted", lambda: self.log() == ["start", "start"])
        self.assert_status(self.agent("apply", unit, changed, service), all="ok")
        self.assertEqual(self.log(), ["start", "start"])

        # A reload where that is asked for; two files that changed are one reload.
        reloaded = service | {"properties": {"enabled": True, "running": True, "restart": "reload"}}
        other = resource("file/etc/probe.d/x.conf", content="x", notify=["service/probe"])
        folder = resource("directory/etc/probe.d")
        self.agent("apply", unit, folder, config, other | {"after": ["directory/etc/probe.d"]}, reloaded)
        self.machine.wait_until("it has reloaded", lambda: self.log() == ["start", "start", "reload"])

        # One that should not run is not started by a notification.
        stopped = service | {"properties": {"enabled": False, "running": False}}
        self.assertEqual(self.agent("apply", unit, changed, stopped)["service/probe"]["status"], "changed")
        self.assertEqual(self.machine.run("systemctl", "is-active", "probe", check=False).stdout.strip(), "inactive")
        self.agent("apply", unit, config, stopped)
        self.assertEqual(self.machine.run("systemctl", "is-active", "probe", check=False).stdout.strip(), "inactive")
        self.assertEqual(self.log(), ["start", "start", "reload"])

    def test_service_whose_unit_changed(self):
        unit = resource("file/etc/systemd/system/again.service", content=UNIT, notify=["service/again"])
        service = resource("service/again", running=True, after=["file/etc/systemd/system/again.service"])
        self.brings_about(unit, service)
        newer = unit | {"properties": {"content": UNIT.replace("sleep infinity", "sleep 1000000")}}
        self.agent("apply", newer, service)
        shown = self.machine.run("systemctl", "show", "--property", "ExecStart,NeedDaemonReload", "again").stdout
        self.assertIn("sleep 1000000", shown)
        self.assertIn("NeedDaemonReload=no", shown)

    def test_service_that_cannot_be(self):
        self.assertIn("there is no unit 'gone.service'", self.fails(resource("service/gone", running=True)))
        self.assert_status(self.agent("apply", resource("service/gone", running=False, enabled=False)), all="ok")
        self.machine.write("/etc/systemd/system/veiled.service", UNIT)
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("rm", "/etc/systemd/system/veiled.service")
        self.machine.run("systemctl", "mask", "veiled")
        self.assertIn("unit 'veiled.service' is masked", self.fails(resource("service/veiled", running=True)))
        self.machine.write("/etc/systemd/system/broken.service", "[Service]\nExecStart=/bin/false\nType=oneshot\n")
        self.machine.run("systemctl", "daemon-reload")
        self.assertIn("'systemctl' failed", self.fails(resource("service/broken", running=True)))
        self.assertIn("has no [Install] section", self.fails(resource("service/broken", enabled=True)))

    def test_user_and_group(self):
        password = "$6$salt$notreallyahash"
        group = resource("group/crew", gid=4321)
        user = resource("user/jo", uid=4322, group="crew", groups=["adm"], shell="/bin/sh", comment="Jo of the crew",
                        home="/srv/jo", create_home=True, password_hash=password, after=["group/crew"])
        self.brings_about(group, user)
        self.assertEqual(self.machine.run("getent", "passwd", "jo").stdout,
                         "jo:x:4322:4321:Jo of the crew:/srv/jo:/bin/sh\n")
        self.assertIn(f"jo:{password}:", self.machine.text("/etc/shadow"))
        self.assertEqual(self.machine.run("stat", "--format", "%U:%G", "/srv/jo").stdout, "jo:crew\n")

        alone = user | {"after": []}
        self.machine.run("usermod", "--shell", "/bin/false", "--comment", "x", "jo")
        self.drifts(alone, {"shell", "comment"})
        self.machine.run("gpasswd", "--delete", "jo", "adm")
        self.drifts(alone, {"groups"})
        self.machine.run("usermod", "--password", "!", "jo")
        found = self.agent("check", alone)
        self.assertEqual([change["path"] for change in found["user/jo"]["changes"]], ["password_hash"])
        self.assertNotIn(password, json.dumps(found))
        self.drifts(alone, {"password_hash"})
        # Groups that are not listed are left alone.
        self.machine.run("usermod", "--append", "--groups", "tty", "jo")
        self.assert_status(self.agent("check", alone), all="ok")

        self.brings_about(resource("user/jo", ensure="absent"))
        self.brings_about(resource("group/crew", ensure="absent"))
        self.assertTrue(self.machine.path("/srv/jo").is_dir())

    def test_user_in_a_tree(self):
        in_tree = {"options": ["--root", "/srv/tree"]}
        group = resource("group/crew", gid=4321)
        user = resource("user/jo", group="crew", create_home=True, password_hash="$6$x", after=["group/crew"])
        file = resource("file/srv/jo", content="x", owner="jo", group="crew", after=["user/jo", "group/crew"])
        package = resource("package/probe")
        applied = self.agent("apply", group, user, file, package, options=["--create-root", "--root", "/srv/tree"])
        self.assert_status(applied, **{"group/crew": "changed", "user/jo": "changed", "file/srv/jo": "changed",
                                       "package/probe": "skipped"})
        self.assertEqual(self.machine.text("/srv/tree/etc/passwd"), "jo:x:1000:4321::/home/jo:/bin/sh\n")
        self.assertEqual(self.machine.run("stat", "--format", "%u:%g", "/srv/tree/srv/jo", "/srv/tree/home/jo").stdout,
                         "1000:4321\n" * 2)
        self.assertNotIn("jo:", self.machine.text("/etc/passwd"))
        self.assert_status(self.agent("check", group, user, file, **in_tree), all="ok")

    def test_user_who_is_told_no(self):
        self.assertIn("'nowhere'", self.fails(resource("user/sam", groups=["nowhere"])))
        self.brings_about(resource("group/pat"), resource("user/pat", after=["group/pat"]))
        self.assertEqual(self.machine.run("id", "-gn", "pat").stdout, "pat\n")

    def test_sysctl(self):
        key, live = "net.ipv4.ip_forward", "/proc/sys/net/ipv4/ip_forward"
        file = f"/etc/sysctl.d/60-lab-{key}.conf"
        wanted = resource(f"sysctl/{key}", value="1" if self.machine.text(live) == "0\n" else "0")
        value = wanted["properties"]["value"]
        self.brings_about(wanted)
        self.assertEqual(self.machine.text(live), f"{value}\n")
        self.assertIn(f"{key} = {value}\n", self.machine.text(file))
        self.machine.run("sh", "-c", f"echo {1 - int(value)} > {live}")
        self.drifts(wanted, {"value"})
        self.machine.run("rm", file)
        self.drifts(wanted, {"ensure", "value"})
        self.machine.write(file, f"{key} = {1 - int(value)}\n")
        self.drifts(wanted, {"value"})
        self.brings_about(resource(f"sysctl/{key}", ensure="absent"))
        self.assertEqual(self.machine.text(live), f"{value}\n")
        self.assertIn("no.such.key", self.fails(resource("sysctl/no.such.key", value="1")))

    def test_kernel_module(self):
        # The kernel is the host's, of which nothing can be loaded here: one that is built in, listed where a kernel
        # package lists it.
        release = self.machine.run("uname", "-r").stdout.strip()
        self.machine.write(f"/lib/modules/{release}/modules.builtin", "kernel/net/ipv4/tcp_cubic.ko\n")
        wanted = resource("kernel_module/tcp_cubic", options="hystart=1")
        self.brings_about(wanted)
        self.assertIn("tcp_cubic\n", self.machine.text("/etc/modules-load.d/lab-tcp_cubic.conf"))
        self.assertIn("options tcp_cubic hystart=1\n", self.machine.text("/etc/modprobe.d/lab-tcp_cubic.conf"))
        self.machine.run("rm", "/etc/modules-load.d/lab-tcp_cubic.conf")
        self.drifts(wanted, {"persisted"})
        self.assertIn("is built into the kernel", self.fails(resource("kernel_module/tcp_cubic", ensure="absent")))
        self.assertIn("modprobe", self.fails(resource("kernel_module/no_such_module")))

    def test_command(self):
        made = resource("command/make", run=["/usr/bin/touch", "/root/made"], creates="/root/made")
        self.brings_about(made)
        self.machine.run("rm", "/root/made")
        self.assertEqual(self.agent("check", made)["command/make"]["status"], "drifted")
        self.assertFalse(self.machine.path("/root/made").exists())
        self.brings_about(resource("command/grow", run=["/bin/sh", "-c", "echo x >> /root/grown"],
                                   unless=["/usr/bin/test", "-s", "/root/grown"]))
        self.assertEqual(self.machine.text("/root/grown"), "x\n")


class Fedora(OnMachine):
    """A machine of the other family: the same system with dnf as its package manager and a repository for it."""

    @classmethod
    def setUpClass(cls):
        cls.machine = nspawn.Machine("live-dnf", cls.prepare)
        cls.machine.__enter__()
        cls.addClassCleanup(cls.machine.__exit__)
        cls.offer("probe", "1.0")
        cls.offer("probe", "2.0")

    @staticmethod
    def prepare(machine: nspawn.Machine):
        install_agent(machine)
        machine.path("/etc/os-release").unlink()
        machine.write("/etc/os-release", 'ID=fedora\nVERSION_ID=39\nPRETTY_NAME="Fedora Linux 39"\n')
        machine.write("/etc/yum.repos.d/probe.repo",
                      f"[probe]\nname=probe\nbaseurl=file://{REPOSITORY}\nenabled=1\ngpgcheck=0\n")

    @classmethod
    def offer(cls, name: str, version: str):
        cls.machine.write(f"/root/{name}.spec", f"Name: {name}\nVersion: {version}\nRelease: 1\nSummary: a probe\n"
                          "License: none\nBuildArch: noarch\n%description\nA probe.\n%install\n"
                          f"mkdir -p %{{buildroot}}/usr/share/{name}\n"
                          f"echo {version} > %{{buildroot}}/usr/share/{name}/version\n"
                          f"%files\n/usr/share/{name}/version\n")
        cls.machine.run("rpmbuild", "-bb", "--define", f"_rpmdir {REPOSITORY}", f"/root/{name}.spec")
        cls.machine.run("createrepo_c", "--quiet", REPOSITORY)

    def test_package(self):
        facts = json.loads(self.machine.run("lab-agent", "facts", "-o", "json").stdout)
        self.assertEqual((facts["os"]["family"], facts["package_manager"]), ("redhat", "dnf"))
        self.brings_about(resource("package/probe"))
        self.assertEqual(self.machine.run("rpm", "-q", "probe").stdout, "probe-2.0-1.noarch\n")
        self.machine.run("rpm", "--erase", "probe")
        self.brings_about(resource("package/probe", version="1.0-1"))
        self.brings_about(resource("package/probe", version="2.0-1"))
        self.brings_about(resource("package/probe", version="1.0-1"))
        self.assertEqual(self.machine.text("/usr/share/probe/version"), "1.0\n")
        self.brings_about(resource("package/probe", ensure="absent"))
        self.offer("newcomer", "1.0")  # younger than the lists that dnf still takes for new
        self.brings_about(resource("package/newcomer"))
        self.assertIn("nobody-has-this", self.fails(resource("package/nobody-has-this")))


if __name__ == "__main__":
    if reason := nspawn.missing():
        print(f"skipped: {reason}")
        sys.exit(77)
    unittest.main()
