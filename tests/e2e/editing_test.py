#!/usr/bin/env python3
"""Verbs that edit the inventory: asked on a terminal, with git, beside other writers, against files that cannot be written."""

import concurrent.futures
import fcntl
import os
import pty
import subprocess
import tempfile
import time
import unittest

from lab_harness import BIN, LabCase, main


class EditingCase(LabCase):
    def setUp(self):
        super().setUp()
        self.env.update({"GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@example.org", "GIT_COMMITTER_NAME": "Ada",
                         "GIT_COMMITTER_EMAIL": "ada@example.org"})
        self.write_fleet(servers=2)
        self.write("servers.yaml", (self.inventory / "servers.yaml").read_text() + "  # the end\n")
        self.head = self.commit()

    def read(self, path):
        return (self.inventory / path).read_text()

    def create(self, name, *words, **more):
        return self.lab("create", "server", name, "--cloud", "local", "--set", f"root=machines/{name}", "--label", "base", *words, **more)

    def status(self):
        return self.git("status", "--porcelain").out


class OnATerminal(EditingCase):
    def asked(self, answer, *words, meanwhile=None):
        """Runs `lab` with a terminal for stdin; types `answer` once it asks."""
        ours, theirs = pty.openpty()
        with tempfile.TemporaryFile("w+") as output:
            process = subprocess.Popen([str(BIN / "lab"), *words], stdin=theirs, stdout=output, stderr=output, env=self.env,
                                       cwd=self.inventory)
            os.close(theirs)

            def said():
                return os.pread(output.fileno(), 1 << 20, 0).decode()

            deadline = time.monotonic() + 60
            while "Only 'yes' goes on" not in said():
                self.assertIsNone(process.poll(), said())
                self.assertLess(time.monotonic(), deadline, said())
                time.sleep(0.01)
            if meanwhile:
                meanwhile()
            os.write(ours, answer.encode() + b"\n")
            code = process.wait(60)
            os.close(ours)
            return code, said()

    WORDS = ("create", "server", "s3", "--cloud", "local", "--set", "root=machines/s3", "--label", "base")

    def test_yes_writes_and_applies(self):
        code, said = self.asked("yes", *self.WORDS)
        self.assertEqual(code, 0, said)
        self.assertIn("Write this and apply: 2 to create", said)
        self.assertTrue(self.read("servers.yaml").endswith("    labels: [base]\n  # the end\n"), self.read("servers.yaml"))
        self.assertTrue((self.root("s3") / "etc/base/text").exists())
        self.assertFalse((self.root("s1") / "etc").exists(), "a server that the edit does not touch was applied")

    def test_anything_else_leaves_all_as_it_was(self):
        for answer in ("no", "", "y", "YES"):
            code, said = self.asked(answer, *self.WORDS)
            self.assertEqual(code, 1, said)
            self.assertIn("nothing was done", said)
        self.assertEqual(self.status(), "")
        self.assertFalse((self.home / "machines").exists())

    def test_a_file_that_changes_meanwhile_is_not_overwritten(self):
        mine = self.read("servers.yaml") + "# mine\n"
        code, said = self.asked("yes", *self.WORDS, meanwhile=lambda: self.write("servers.yaml", mine))
        self.assertEqual(code, 1, said)
        self.assertIn("'servers.yaml' was changed meanwhile: nothing was written", said)
        self.assertEqual(self.read("servers.yaml"), mine)
        self.assertFalse((self.home / "machines").exists())


class WithGit(EditingCase):
    def test_a_commit_lifts_what_a_dirty_tree_cannot(self):
        self.write("servers.yaml", "servers:\n  s1: {cloud: local, root: machines/s1, labels: [base], protect: true}\n"
                                   "  s2: {cloud: local, root: machines/s2, labels: [base]}\n")
        self.commit("protected")
        self.apply()
        gone = self.lab("destroy", "server", "s1", "--allow-destroy", "--auto-approve", "--commit", code=1)
        self.assertIn("blocked by protect", gone.out)
        self.assertTrue(self.root("s1").exists())
        self.git("revert", "--no-edit", "HEAD")
        self.lab("apply", "server", "s1", "--set", "protect=false", "--auto-approve", "--commit")
        self.assertEqual(self.git("log", "-1", "--format=%s").out, "change server s1\n")
        self.lab("destroy", "server", "s1", "--allow-destroy", "--auto-approve", "--commit")
        self.assertFalse(self.root("s1").exists())
        self.assertEqual(self.status(), "")

    def test_the_run_is_of_the_commit(self):
        done = self.create("s3", "--auto-approve", "--commit", "-o", "json").json()
        head = self.git("rev-parse", "HEAD").out.strip()
        self.assertEqual((done["state"], done["commit"], done["plan"]["inventory"]["commit"]), ("committed", head, head))
        self.assertFalse(done["plan"]["inventory"]["dirty"])
        self.assert_plan_empty("--target", "server/s3")

    def test_a_refusing_hook_leaves_the_edit_written_and_nothing_applied(self):
        hook = self.inventory / ".git/hooks/pre-commit"
        hook.write_text("#!/bin/sh\necho not on Friday >&2\nexit 1\n")
        hook.chmod(0o755)
        refused = self.create("s3", "--auto-approve", "--commit", code=1)
        self.assertIn("git refused: not on Friday", refused.err)
        self.assertIn("the edit is written and not committed; nothing was applied", refused.err)
        self.assertEqual(self.status(), " M servers.yaml\n")
        self.assertFalse((self.home / "machines").exists())

    def test_an_inventory_below_the_repositorys_root(self):
        (self.inventory / "lab").mkdir()
        for name in ("lab.yaml", "labels.yaml", "servers.yaml", "modules"):
            self.git("mv", name, f"lab/{name}")
        self.commit("below")
        there = ("--inventory", str(self.inventory / "lab"))
        self.create("s3", "--auto-approve", "--no-apply", "--commit", *there, cwd=self.folder)
        self.assertEqual(self.git("show", "--format=", "--name-only").out, "lab/servers.yaml\n")
        self.create("s4", "--auto-approve", "--branch", "s4", *there, cwd=self.folder)
        self.assertEqual(self.git("diff", "--name-only", "HEAD", "s4").out, "lab/servers.yaml\n")
        self.assertEqual(self.lab("get", "servers", "-o", "name", *there, "--ref", "s4").out, "server/s1\nserver/s2\nserver/s3\nserver/s4\n")
        self.assertEqual(self.status(), "")

    def test_a_branch_from_another_commit(self):
        self.create("s3", "--auto-approve", "--no-apply", "--commit")
        self.create("s4", "--auto-approve", "--branch", "s4", "--ref", self.head)
        self.assertEqual(self.git("rev-parse", "s4^").out.strip(), self.head)
        self.assertEqual(self.lab("get", "servers", "-o", "name", "--ref", "s4").out, "server/s1\nserver/s2\nserver/s4\n")

    def test_a_bare_repository_takes_branches_only(self):
        bare = self.folder / "bare.git"
        self.git("clone", "-q", "--bare", str(self.inventory), str(bare))
        refused = self.create("s3", "--auto-approve", "--inventory", str(bare), code=1)
        self.assertIn("a commit cannot be edited", refused.err)
        self.create("s3", "--auto-approve", "--branch", "s3", "--inventory", str(bare))
        self.assertEqual(self.lab("get", "servers", "-o", "name", "--inventory", str(bare), "--ref", "s3").out,
                         "server/s1\nserver/s2\nserver/s3\n")
        refused = self.create("s3", "--auto-approve", "--inventory", "file://" + str(bare), code=1)
        self.assertIn("nothing is written there", refused.err)


class WithFiles(EditingCase):
    def test_mode_and_line_ends_stay(self):
        self.write("servers.yaml", self.read("servers.yaml").replace("\n", "\r\n"))
        (self.inventory / "servers.yaml").chmod(0o640)
        self.create("s3", "--auto-approve", "--no-apply")
        text = (self.inventory / "servers.yaml").read_bytes()
        self.assertEqual(text.count(b"\n"), text.count(b"\r\n"))
        self.assertIn(b"  s3:\r\n", text)
        self.assertEqual((self.inventory / "servers.yaml").stat().st_mode & 0o777, 0o640)

    def test_a_symbolic_link_stays_one(self):
        (self.inventory / "servers.yaml").rename(self.inventory / "real.txt")
        (self.inventory / "servers.yaml").symlink_to("real.txt")
        refused = self.create("s3", "--auto-approve", code=1)
        self.assertIn("'servers.yaml' is a symbolic link", refused.err)
        self.assertTrue((self.inventory / "servers.yaml").is_symlink())

    def test_a_folder_that_cannot_be_written(self):
        if os.geteuid() == 0:
            self.skipTest("root writes everywhere")
        self.inventory.chmod(0o555)
        self.addCleanup(self.inventory.chmod, 0o755)
        refused = self.create("s3", "--auto-approve", code=1)
        self.assertIn("cannot write", refused.err)

    def test_edits_side_by_side_lose_nothing(self):
        names = [f"p{number}" for number in range(8)]

        def until_done(name):
            for _ in range(200):
                ran = self.create(name, "--auto-approve", "--no-apply", code=None)
                if ran.code == 0:
                    return
                self.assertRegex(ran.err, "changed meanwhile|is locked by")
            self.fail(f"{name} never got its turn")

        with concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(until_done, names))
        listed = self.lab("get", "servers", "-o", "name").out.split()
        self.assertEqual(listed, sorted(f"server/{name}" for name in (*names, "s1", "s2")))

    def test_what_ended_with_0_side_by_side_is_written(self):
        for turn in range(4):
            names = [f"t{turn}n{number}" for number in range(6)]
            runs = [self.start("create", "label", name, "--no-apply", "--auto-approve",
                               env={"LAB_HOME": str(self.folder / f"home{number % 2}")})
                    for number, name in enumerate(names)]
            ended = [(run.communicate(timeout=120)[1], run.returncode) for run in runs]
            there = self.lab("get", "labels", "-o", "name").out.split()
            for name, (err, code) in zip(names, ended):
                self.assertEqual(f"label/{name}" in there, code == 0, err)
                if code != 0:
                    self.assertIn("was changed meanwhile: nothing was written", err)
            self.assertIn(0, [code for _, code in ended])

    def test_an_edit_waits_for_its_turn_but_not_for_ever(self):
        folder = os.open(self.inventory, os.O_RDONLY)
        self.addCleanup(os.close, folder)
        fcntl.flock(folder, fcntl.LOCK_EX)
        run = self.start("create", "label", "later", "--no-apply", "--auto-approve")
        refused = self.lab("create", "label", "never", "--no-apply", "--auto-approve", code=1)
        self.assertIn("is locked by another lab, which writes to it: nothing was written", refused.err)
        run.communicate(timeout=60)
        self.assertEqual(self.status(), "")
        run = self.start("create", "label", "later", "--no-apply", "--auto-approve")
        self.write("loose.yaml", "labels:   {loose: {}}\n")
        laid_out = self.start("fmt", "loose.yaml")
        time.sleep(1)
        self.assertEqual((run.poll(), laid_out.poll()), (None, None), "it did not wait")
        fcntl.flock(folder, fcntl.LOCK_UN)
        self.assertEqual((run.wait(60), laid_out.wait(60)), (0, 0))
        for one in (run, laid_out):
            one.communicate()
        self.assertEqual(self.read("loose.yaml"), "labels: {loose: {}}\n")
        self.assertIn("label/later", self.lab("get", "labels", "-o", "name").out)

    def test_what_is_there_stays_byte_by_byte(self):
        text = ("# head\n\n\nservers:   # ours\n\n  s1:   {cloud: local,   root: machines/s1, labels: [ base ]}   # one\n\n\n"
                "  's2':\n      cloud:   local\n      root: \"machines/s2\"\n      labels:\n\n      - base   # why\n\n# tail\n")
        self.write("servers.yaml", text)
        self.create("s3", "--auto-approve", "--no-apply")
        self.lab("destroy", "server", "s3", "--auto-approve", "--no-apply")
        self.assertEqual(self.read("servers.yaml"), text)


if __name__ == "__main__":
    main()
