#!/usr/bin/env python3
"""`lab cache clear`: what is kept below LAB_HOME/cache goes, and nothing else; what goes comes back by itself."""

import fcntl
import subprocess
import unittest

from lab_harness import BIN, LabCase, main

CACHES = ["fleets", "modules", "inventories"]


class ClearCache(LabCase):
    def setUp(self):
        super().setUp()
        self.module = self.folder / "motd"
        self.module.mkdir()
        (self.module / "module.yaml").write_text("name: motd\nresources:\n  - {file: /etc/motd, content: hello}\n")
        for words in (["init", "-q", "-b", "main"], ["add", "-A"], ["commit", "-qm", "one"]):
            self.run_program(["git", "-c", "user.name=Mo", "-c", "user.email=mo@example.org", *words], cwd=self.module)
        self.write("lab.yaml", f"lab: {{format: 1, name: e2e, id: e2e-clear}}\nmodules: {{motd: {{git: 'file://{self.module}', ref: main}}}}\n"
                   "labels: {base: {modules: [motd]}}\nservers: {s1: {cloud: local, root: machines/s1, labels: [base]}}\n")
        self.lab("modules", "update")
        self.commit()
        self.lab("apply", "--auto-approve")
        self.url = f"file://{self.inventory}"
        self.lab("get", "servers", "--inventory", self.url)

    def cache(self, name):
        return self.home / "cache" / name

    def cleared(self, *words):
        answer = self.lab("cache", "clear", "-o", "json", *words)
        caches = answer.json()["caches"]
        self.assertTrue(all(one["path"] == str(self.cache(one["name"])) for one in caches))
        return {one["name"]: (one["removed"], one["left"]) for one in caches}, answer

    def check(self):
        return next(one for one in self.lab("doctor", "-o", "json", code=None).json()["checks"] if one["name"] == "cache")

    def test_all_of_it_goes_and_comes_back(self):
        shown = self.check()["detail"]
        for name in CACHES:
            self.assertIn(f"{name} ", shown)
        self.assertIn("'lab cache clear' removes it", shown)
        others = {path: path.read_bytes() for path in (self.home / "state.db", self.root("s1") / "etc/motd")}
        mine = [self.cache("modules") / "notes.txt", self.cache("fleets") / "notes.txt", self.cache("inventories") / "mine/HEAD"]
        for path in mine:
            path.parent.mkdir(exist_ok=True)
            path.write_text("mine\n")
        before = self.lab("plan", "--refresh", "never", "-o", "json").out
        found, answer = self.cleared()
        self.assertEqual(found, {"fleets": (2, 0), "modules": (1, 0), "inventories": (1, 0)})
        self.assertTrue(all(one["bytes"] > 100 for one in answer.json()["caches"]))
        self.assertEqual(self.check()["detail"], "nothing is kept")
        self.assertEqual(self.cleared()[0], {name: (0, 0) for name in CACHES})
        for path, text in others.items():
            self.assertEqual(path.read_bytes(), text)
        for path in mine:
            self.assertEqual(path.read_text(), "mine\n")
        again = self.lab("plan", "--refresh", "never", "-o", "json")
        self.assertEqual(again.out, before)
        self.assertIn("fetching module motd", again.err)
        self.lab("get", "servers", "--inventory", self.url)
        self.assertEqual(self.cleared()[0], found)

    def test_only_what_was_named(self):
        self.assertEqual(self.cleared("fleets")[0], {"fleets": (2, 0)})
        self.assertEqual(self.cleared("inventories", "modules")[0], {"modules": (1, 0), "inventories": (1, 0)})
        self.assertIn("one of fleets, modules, inventories", self.lab("cache", "clear", "state", code=64).err)

    def test_what_another_lab_is_fetching_is_left(self):
        with open(next(self.cache("modules").glob("*.git.lock")), "r+") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            found, answer = self.cleared()
            self.assertEqual(found["modules"], (0, 1))
            self.assertEqual(found["inventories"], (1, 0))
            self.assertIn("another lab is fetching into it", answer.err)
            self.assertEqual(len(list(self.cache("modules").glob("*.git"))), 1)
        self.assertEqual(self.cleared()[0]["modules"], (1, 0))

    def test_what_a_kill_left_is_cleared(self):
        kept = next(self.cache("modules").glob("*.git"))
        kept.rename(f"{kept}.old")
        kept.with_name(kept.name + ".new").mkdir()
        (self.cache("fleets") / ".x.image.0123456789abcdef.tmp").write_text("being written now")
        self.assertEqual(self.cleared()[0], {"fleets": (2, 0), "modules": (1, 0), "inventories": (1, 0)})
        self.assertEqual([path.suffix for path in self.cache("modules").iterdir()], [".lock"])
        self.assertEqual(len(list(self.cache("fleets").iterdir())), 1)

    def test_no_home_is_made_for_it(self):
        elsewhere = {"LAB_HOME": str(self.folder / "none")}
        self.assertIn("fleets", self.lab("cache", "clear", env=elsewhere).out)
        self.assertFalse((self.folder / "none").exists())

    def test_beside_runs_that_fetch(self):
        """Whoever fetches while the cache is cleared again and again gets what it asked for, or says what is missing."""
        for _ in range(10):
            runs = [subprocess.Popen([BIN / "lab", "validate"], env=self.env, cwd=self.inventory, stdout=subprocess.DEVNULL,
                                     stderr=subprocess.PIPE, text=True) for _ in range(3)]
            while any(run.poll() is None for run in runs):
                self.lab("cache", "clear")
            for run in runs:
                said = run.communicate()[1]
                self.assertTrue(run.returncode == 0 or "module/unavailable" in said, said)
        self.lab("validate")


if __name__ == "__main__":
    main()
