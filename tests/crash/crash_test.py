#!/usr/bin/env python3
"""Kills `lab` and `lab-agent` at every call that makes something durable, resumes, and wants the same end every time."""

import json
import os
import pathlib
import shutil
import signal
import subprocess
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "e2e"))
from lab_harness import BIN, LabCase, main

SHIM_SOURCE = pathlib.Path(__file__).with_name("kill_at.c")
MOST_POINTS = int(os.environ.get("LAB_CRASH_POINTS", "40"))  # of one program; more are sampled evenly


class CrashCase(LabCase):
    def setUp(self):
        super().setUp()
        self.shim = self.folder / "kill_at.so"
        subprocess.run(["cc", "-shared", "-fPIC", "-O1", "-o", self.shim, SHIM_SOURCE, "-ldl"], check=True)

    def shimmed(self, program, **more):
        return {"LD_PRELOAD": str(self.shim), "LAB_KILL_PROGRAM": program, **more}

    def points(self, program, *words):
        """How many calls an undisturbed run makes; spread over at most MOST_POINTS."""
        log = self.folder / "calls"
        log.unlink(missing_ok=True)
        self.lab(*words, env=self.shimmed(program, LAB_KILL_LOG=str(log)))
        calls = log.stat().st_size
        self.assertGreater(calls, 5, "the shim saw no calls: is the program linked statically?")
        step = max(1, -(-calls // MOST_POINTS))
        return range(1, calls + 1, step)

    def fresh_home(self):
        shutil.rmtree(self.home, ignore_errors=True)

    def outcomes(self):
        """Steps with a recorded outcome: (run, action) -> when it ended."""
        listing = self.lab("history", "-o", "json", code=None)
        if listing.code != 0:
            return {}
        ended = {}
        for run in listing.json()["runs"]:
            for step in self.lab("show", "run", run["id"], "-o", "json").json()["steps"]:
                if step["state"] == "done":
                    ended[run["id"], step["action"]] = step["ended_at"], step["started_at"]
        return ended

    def finish(self, point):
        """What a person does after a crash: resume, then apply."""
        before = self.outcomes()
        resumed = self.lab("apply", "--resume", "--auto-approve", code=None)
        self.assertEqual(resumed.code, 0, f"at call {point}: {resumed}")
        after = self.outcomes()
        for step, times in before.items():
            self.assertEqual(after.get(step), times, f"at call {point}: {step} was done again")
        self.apply()

    def check_every_point(self, program, after):
        self.write_fleet(servers=3)
        self.commit()
        points = self.points(program, "apply", "--auto-approve")
        wanted = self.tree(self.home / "machines")
        for point in points:
            with self.subTest(program=program, call=point, after=after):
                self.fresh_home()
                more = {"LAB_KILL_CALL": str(point)}
                if after:
                    more["LAB_KILL_AFTER"] = "1"
                killed = self.lab("apply", "--auto-approve", code=None, env=self.shimmed(program, **more))
                self.assertIn(killed.code, (-signal.SIGKILL, 0, 1), killed)
                if program == "lab":
                    self.assertEqual(killed.code, -signal.SIGKILL, killed)
                self.finish(point)
                self.assertEqual(self.tree(self.home / "machines"), wanted, f"at call {point}")
                self.assert_plan_empty()


class KillEverywhere(CrashCase):
    def test_lab_killed_before_each_durable_call(self):
        self.check_every_point("lab", after=False)

    def test_agent_killed_before_each_durable_call(self):
        self.check_every_point("lab-agent", after=False)

    def test_agent_killed_after_each_durable_call(self):
        self.check_every_point("lab-agent", after=True)


class EditsKilledEverywhere(CrashCase):
    """Each file of an edit is the old one or the new one, the inventory is valid, and the same command does the rest."""

    def files(self):
        return {path.name: path.read_text() for path in self.inventory.glob("*.yaml")}

    def check_edit(self, *words):
        words = (*words, "--auto-approve", "--no-apply")
        self.write_fleet(servers=3)
        self.write("extra.yaml", "labels:\n  extra: {}\n")
        self.write("groups.yaml", "groups:\n  some:\n    servers: [s1]\n    match: {labels: [base]}\n    exclude: {labels: [extra], servers: [s4]}\n")
        self.write("more.yaml", "servers:\n  s4:\n    cloud: local\n    root: machines/s4\n    labels: [base, extra]\n")
        self.commit()
        old = self.files()
        points = self.points("lab", *words)
        new = self.files()
        self.assertNotEqual(old, new)
        for point in points:
            for after in (False, True):
                with self.subTest(words=words, call=point, after=after):
                    self.git("checkout", "-q", ".")
                    self.git("clean", "-qfd")
                    more = {"LAB_KILL_CALL": str(point), **({"LAB_KILL_AFTER": "1"} if after else {})}
                    self.fresh_home()
                    self.lab(*words, code=-signal.SIGKILL, env=self.shimmed("lab", **more))
                    for name in old.keys() | new.keys():
                        self.assertIn(self.files().get(name), (old.get(name), new.get(name)), name)
                    self.lab("validate")
                    if self.files() != new:
                        self.lab(*words)
                    self.assertEqual(self.files(), new)

    def test_an_edit_of_one_file(self):
        self.check_edit("create", "server", "s5", "--cloud", "local", "--set", "root=machines/s5", "--label", "base,extra")

    def test_an_edit_of_several_files(self):
        self.check_edit("destroy", "label", "extra", "--force")


LIVE_MODULE = """name: app
version: 1.0.0
params:
  text: {type: string, required: true}
resources:
  - directory: %(folder)s/app
    mode: "0755"
  - file: %(folder)s/app/config
    content: "{{ params.text }}\\n"
    mode: "0644"
    notify: [command/restart]
  - command: restart
    run: [/bin/sh, -c, "cat %(folder)s/app/config >> %(folder)s/app/restarts"]
    only_notified: true
"""


@unittest.skipUnless(os.geteuid() == 0 and os.environ.get("LAB_MOUNT_NAMESPACE"), "needs a mount namespace of its own")
class OwedNotifications(CrashCase):
    """On the live system, inside a mount namespace whose /var/lib/lab is a tmpfs of our own."""

    def test_a_restart_is_never_lost(self):
        self.write("lab.yaml", "lab: {format: 1, name: crash, id: crash-test}\n")
        self.write("modules/app/module.yaml", LIVE_MODULE % {"folder": self.folder})
        self.write("servers.yaml", "servers:\n  me: {cloud: local, labels: [app]}\n")
        self.write("labels.yaml", "labels:\n  app:\n    modules: [app]\n    params: {app: {text: one}}\n")
        self.commit()
        self.apply()
        restarts = self.folder / "app/restarts"
        change = 0
        for program in ("lab-agent", "lab"):
            self.write("labels.yaml", "labels:\n  app:\n    modules: [app]\n    params: {app: {text: count-%s}}\n" % program)
            self.commit()
            points = self.points(program, "apply", "--auto-approve")
            for point in points:
                change += 1
                text = f"text-{change}"
                with self.subTest(program=program, call=point):
                    self.write("labels.yaml", "labels:\n  app:\n    modules: [app]\n    params: {app: {text: %s}}\n" % text)
                    self.commit()
                    self.lab("apply", "--auto-approve", code=None,
                             env=self.shimmed(program, LAB_KILL_CALL=str(point)))
                    self.finish(point)
                    self.assertEqual((self.folder / "app/config").read_text(), text + "\n")
                    self.assertIn(text, restarts.read_text().splitlines(), f"{program} at call {point}: the restart was lost")
                    self.assert_plan_empty()


def enter_mount_namespace():
    """Runs this script again where /var/lib/lab is a tmpfs, so that managing the live system leaves nothing behind."""
    if os.geteuid() != 0 or os.environ.get("LAB_MOUNT_NAMESPACE"):
        return
    os.makedirs("/var/lib/lab", exist_ok=True)
    script = ('mount --make-rprivate / && mount -t tmpfs -o mode=0755 lab /var/lib/lab && '
              'LAB_MOUNT_NAMESPACE=1 exec "$0" "$@"')
    os.execvp("unshare", ["unshare", "--mount", "/bin/sh", "-c", script, sys.executable, *sys.argv])


if __name__ == "__main__":
    enter_mount_namespace()
    main()
