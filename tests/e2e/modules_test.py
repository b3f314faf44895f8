#!/usr/bin/env python3
"""Modules from git: pinned in lab.lock, and read at the pinned commit, offline, from commits and clones."""

import shutil

from lab_harness import main
from modules_harness import MODULE, ModulesCase


class Pins(ModulesCase):
    def test_a_missing_pin_names_the_command_and_fetches_nothing(self):
        self.publish()
        self.write_inventory()
        for command in (["validate"], ["plan"], ["get", "servers"]):
            refused = self.lab(*command, code=1)
            self.assertIn("module 'motd' is not pinned to a commit in lab.lock [module/not-pinned]", refused.err)
            self.assertIn("`lab modules update motd`", refused.err)
        self.assertFalse(self.cache().exists())

    def test_update_shows_what_moved_and_writes_the_same_bytes_for_the_same_pins(self):
        first = self.publish(text="one")
        self.write_inventory()
        shown = self.lab("modules", "update", "--dry-run", "--detailed-exitcode", code=2)
        self.assertIn(f"module motd (main): pinned at {first[:7]}", shown.out)
        self.assertFalse((self.inventory / "lab.lock").exists())
        self.lab("modules", "update")
        text = self.lock()
        self.assertIn(f'commit: "{first}"', text)
        self.assertIn("up to date", self.lab("modules", "update", "--detailed-exitcode").err)
        self.assertEqual(self.lock(), text)
        self.publish(text="two")
        second = self.commit_repo("motd", "three \x1b[31m")
        moved = self.lab("modules", "update", "--detailed-exitcode", code=2)
        self.assertIn(f"module motd (main): {first[:7]} -> {second[:7]}, 2 commits\n", moved.out)
        self.assertIn("three \\x1b[31m\n", moved.out)
        self.assertIn(" two\n", moved.out)
        (self.inventory / "lab.lock").unlink()
        self.lab("modules", "update")
        again = self.lock()
        self.lab("modules", "update")
        self.assertEqual(self.lock(), again)

    def test_a_rewritten_history_is_said(self):
        self.publish(text="one")
        old = self.publish(text="two")
        self.write_inventory()
        self.lab("modules", "update")
        self.in_repo("motd", "reset", "-q", "--hard", "HEAD~1")
        new = self.publish(text="other")
        moved = self.lab("modules", "update", "-o", "json").json()["modules"][0]
        self.assertEqual((moved["before"], moved["after"], moved["added"], moved["dropped"]), (old, new, 1, 1))

    def test_a_lock_that_cannot_be_read_is_made_anew(self):
        commit = self.publish()
        self.write_inventory()
        self.lab("modules", "update")
        good = self.lock()
        pin = next(line for line in good.splitlines() if "commit" in line)
        conflict = good.replace(pin, f"<<<<<<< HEAD\n{pin}\n=======\n{pin.replace(commit, '0' * 40)}\n>>>>>>> other")
        for text, what in (("", "lab.lock has no 'format: lab.lock/1'"), (conflict, "lab.lock has the marks of a merge conflict"),
                           ("{", "lab.lock:1:")):
            self.write("lab.lock", text)
            refused = self.lab("validate", code=1)
            self.assertIn(what, refused.err)
            self.assertIn("`lab modules update` make", refused.err)
            self.assertIn("it is made anew", self.lab("modules", "update", "--dry-run", "motd").err)
            self.assertEqual(self.lock(), text)
            mended = self.lab("modules", "update", "motd")
            self.assertIn(what, mended.err)
            self.assertIn(f"module motd (main): pinned at {commit[:7]}", mended.out)
            self.assertEqual(self.lock(), good)
            self.lab("validate")
        # What a newer lab wrote is not for this one to write over.
        self.write("lab.lock", good.replace("lab.lock/1", "lab.lock/2"))
        self.assertIn("another version of lab wrote it", self.lab("modules", "update", code=1).err)

    def test_update_is_all_or_nothing(self):
        self.publish("motd")
        self.publish("base")
        self.write_inventory({"motd": {"git": self.url(), "ref": "main"}, "base": {"git": self.url("base"), "ref": "main"}})
        self.lab("modules", "update")
        before = self.lock()
        self.publish("motd", text="two")
        (self.repos / "base").rename(self.repos / "away")
        failed = self.lab("modules", "update", code=1)
        self.assertIn("1 module could not be pinned: nothing was written", failed.err)
        self.assertIn("module base", failed.err)
        self.assertEqual(self.lock(), before)
        self.lab("modules", "update", "motd")
        self.assertNotEqual(self.lock(), before)
        self.assertIn("base", self.lock())

    def test_a_broken_module_is_not_pinned(self):
        self.publish()
        self.write_inventory()
        self.lab("modules", "update")
        before = self.lock()
        bad = self.publish(more="dpes: [x]\n")
        refused = self.lab("modules", "update", code=1)
        self.assertIn(f"module motd at {bad[:7]}: module.yaml:3:1: error: ", refused.err)
        self.assertIn("3 | dpes: [x]", refused.err)
        (self.repos / "motd/module.yaml").rename(self.repos / "motd/moved.yaml")
        self.commit_repo("motd", "no module any more")
        self.assertIn("there is no module.yaml", self.lab("modules", "update", code=1).err)
        self.assertEqual(self.lock(), before)
        self.lab("validate")

    def test_names_are_checked_and_the_place_must_be_writable(self):
        self.publish()
        self.write_inventory()
        self.assertIn("did you mean 'motd'?", self.lab("modules", "update", "mtod", code=1).err)
        self.write("modules/own/module.yaml", "name: own\n")
        self.assertIn("lies in the inventory itself", self.lab("modules", "update", "own", code=1).err)
        self.lab("modules", "update")
        self.commit()
        self.assertIn("cannot be written to", self.lab("modules", "update", "--ref", "HEAD", code=1).err)
        self.lab("modules", "update", "--ref", "HEAD", "--dry-run")

    def test_a_changed_source_needs_a_new_pin_and_an_unused_pin_goes(self):
        self.publish(tag="v1")
        self.publish("base")
        self.write_inventory({"motd": {"git": self.url(), "ref": "main"}, "base": {"git": self.url("base"), "ref": "main"}})
        self.lab("modules", "update")
        self.write_inventory({"motd": {"git": self.url(), "ref": "v1"}})
        self.assertIn("is pinned in lab.lock for the ref 'main', not 'v1'", self.lab("validate", code=1).err)
        self.assertEqual(self.verify(), {"motd": ["unpinned"], "base": ["unused"]})
        self.lab("modules", "update", "motd")
        self.assertIn("base", self.lock())
        self.assertIn("module base: not from git any more", self.lab("modules", "update").out)
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_someone_elses_lock_is_not_overwritten(self):
        self.publish()
        ssh = self.folder / "ssh"
        ssh.write_text(f"#!/bin/sh\necho '# meanwhile' >> '{self.inventory}/lab.lock'\nfor last; do :; done\nexec sh -c \"$last\"\n")
        ssh.chmod(0o755)
        self.write_inventory({"motd": {"git": f"ssh://host{self.repos}/motd", "ref": "main"}})
        self.write("lab.lock", "format: lab.lock/1\nmodules: {}\n")
        refused = self.lab("modules", "update", code=1, env={"GIT_SSH_COMMAND": str(ssh)})
        self.assertIn("changed by someone else meanwhile", refused.err)
        self.assertIn("# meanwhile", self.lock())
        self.assertNotIn("commit", self.lock())

    def test_pins_made_side_by_side_are_all_there(self):
        names = [f"m{number}" for number in range(4)]
        for name in names:
            self.publish(name)
        self.write_inventory({name: {"git": self.url(name), "ref": "main"} for name in names})
        self.lab("modules", "update")
        for turn in range(4):
            commits = {name: self.publish(name, text=f"turn {turn}") for name in names}
            runs = {name: self.start("modules", "update", name) for name in names}
            for name, run in runs.items():
                err = run.communicate(timeout=120)[1]
                self.assertEqual(run.returncode, 0, err)
            for name in names:
                self.assertIn(f'commit: "{commits[name]}"', self.lock(), f"the pin of {name} is lost")

    def test_a_lock_that_is_no_file_is_refused_until_it_is_moved_away(self):
        self.publish()
        self.write_inventory()
        self.lab("modules", "update")
        lock, text = self.inventory / "lab.lock", self.lock()
        (self.inventory / "inside.lock").write_text(text)
        (self.folder / "outside.lock").write_text(text)

        def refused_everywhere():
            told = self.lab("validate", code=1).err
            self.assertIn("lab.lock must be a regular file [module/bad-lock]", told)
            self.assertIn("move it away", told)
            for words in ((), ("motd",), ("--dry-run",)):
                said = self.lab("modules", "update", *words, code=1).err
                self.assertIn("lab.lock must be a regular file: nothing was written", said)
                self.assertIn("move it away", said)

        for target in ("inside.lock", "../outside.lock", "nowhere"):
            lock.unlink()
            lock.symlink_to(target)
            refused_everywhere()
            self.assertTrue(lock.is_symlink())
        lock.unlink()
        lock.mkdir()
        refused_everywhere()
        lock.rmdir()
        self.lab("modules", "update")
        self.assertEqual(self.lock(), text)
        self.lab("validate")

    def test_other_formats_of_the_lock_are_refused(self):
        self.publish()
        self.write_inventory()
        self.write("lab.lock", "format: lab.lock/2\nmodules: {}\n")
        for command in (["validate"], ["modules", "update"], ["modules", "verify"]):
            self.assertIn("[module/bad-lock]", self.lab(*command, code=1).err)
        self.assertIn("lab.lock/2", self.lock())


class Reading(ModulesCase):
    def test_offline_from_the_working_tree_from_commits_and_from_saved_plans(self):
        self.publish(text="one")
        self.write_inventory()
        self.lab("modules", "update")
        self.commit("one")
        self.apply()
        self.assertEqual(self.made(), "one\n")
        self.lab("plan", "--out", "saved.plan", "--refresh", "never")
        self.publish(text="two")
        self.lab("modules", "update")
        dirty = self.lab("plan", "-o", "json").json()
        self.assertTrue(dirty["inventory"]["dirty"])
        self.assertEqual(dirty["summary"]["update"], 1)
        self.commit("two")
        (self.repos / "motd").rename(self.repos / "away")
        plan = self.lab("plan", "-o", "json").json()
        self.assertFalse(plan["inventory"]["dirty"])
        self.assertNotEqual(plan["inventory"]["digest"], self.lab("plan", "-o", "json", "--ref", "HEAD~1").json()["inventory"]["digest"])
        self.assert_plan_empty("--ref", "HEAD~1")
        change = self.lab("plan", "--baseline", "HEAD~1", "-o", "json").json()
        self.assertEqual(change["summary"]["update"], 1)
        self.lab("plan", "--out", str(self.folder / "saved.plan"))
        self.git("checkout", "-q", "HEAD~1")
        self.apply(str(self.folder / "saved.plan"))
        self.assertEqual(self.made(), "two\n")

    def test_a_fresh_clone_fetches_what_is_pinned_and_says_so(self):
        self.publish(text="one")
        self.write_inventory()
        self.lab("modules", "update")
        self.commit()
        self.publish(text="two")
        clone = self.folder / "clone"
        self.run_program(["git", "clone", "-q", str(self.inventory), str(clone)])
        env = {"LAB_HOME": str(self.folder / "other")}
        first = self.lab("apply", "--auto-approve", cwd=clone, env=env)
        self.assertIn("fetching module motd from file://", first.err)
        self.assertEqual((self.folder / "other/machines/s1/etc/motd").read_text(), "one\n")
        self.assertNotIn("fetching", self.lab("plan", cwd=clone, env=env).err)
        quiet = self.lab("validate", "--quiet", env={"LAB_HOME": str(self.folder / "third")})
        self.assertEqual(quiet.err, "")

    def test_an_inventory_by_url_reads_the_lock_of_its_commit(self):
        self.publish(text="one")
        self.write_inventory()
        self.lab("modules", "update")
        self.commit()
        shown = self.lab("modules", "list", "-o", "json", "--inventory", f"file://{self.inventory}", cwd=self.folder)
        self.assertEqual(shown.json()["modules"][0]["pinned"], True)
        self.lab("validate", "--inventory", f"file://{self.inventory}", cwd=self.folder)

    def test_modules_of_several_repositories_depend_on_each_other(self):
        self.publish("motd", more="deps: [base, own]\n")
        self.publish("many", module="base", folder="deep/base", more="deps: [own]\n")
        self.write("modules/own/module.yaml", MODULE.format(name="own", version="1.0.0", text="own", more=""))
        self.write_inventory({"motd": {"git": self.url(), "ref": "main"},
                              "base": {"git": self.url("many"), "ref": "main", "path": "deep/base"}})
        self.lab("modules", "update")
        self.apply()
        self.assertEqual((self.made("own"), self.made("base"), self.made("motd")), ("own\n", "one\n", "one\n"))
        listed = {one["name"]: one for one in self.lab("modules", "list", "-o", "json").json()["modules"]}
        self.assertEqual(listed["base"]["used_by"], ["label/base", "module/motd"])
        self.assertEqual(listed["base"]["source"], self.url("many") + "//deep/base")
        self.assertEqual((listed["own"]["from"], listed["own"]["commit"], listed["own"]["cached"]), ("inventory", None, None))
        self.assertEqual((listed["motd"]["version"], listed["motd"]["cached"]), ("1.0.0", "yes"))

    def test_the_name_must_be_the_entrys(self):
        self.publish("motd", module="other")
        self.write_inventory()
        refused = self.lab("modules", "update", code=1)
        self.assertIn("calls this module 'motd', not 'other'", refused.err)

    def test_completion_offers_modules_and_never_fetches(self):
        self.publish()
        self.write_inventory()
        self.lab("modules", "update")
        self.assertIn("motd", self.lab("__complete", "--", "describe", "module", "m").out)
        shutil.rmtree(self.home)
        self.assertIn("motd", self.lab("__complete", "--", "modules", "update", "m").out)
        self.assertFalse(self.cache().exists())

    def test_list_works_while_pins_and_cache_are_missing(self):
        self.publish()
        self.write_inventory()
        self.assertIn("not pinned", self.lab("modules", "list").out)
        self.lab("modules", "update")
        (self.repos / "motd").rename(self.repos / "away")
        shutil.rmtree(self.home)
        row = self.lab("modules", "list", "-o", "json").json()["modules"][0]
        self.assertEqual((row["pinned"], row["cached"], row["version"]), (True, "no", None))
        gone = self.lab("plan", code=1)
        self.assertIn("[module/unavailable]", gone.err)
        self.assertIn("git ls-remote", gone.err)


if __name__ == "__main__":
    main()
