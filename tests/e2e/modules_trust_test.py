#!/usr/bin/env python3
"""Modules from git that are not what was pinned, or mean harm: moved tags, changed and damaged caches, hostile repositories."""

import hashlib
import os
import shutil
import subprocess
import time

from lab_harness import main
from modules_harness import ModulesCase


class Verify(ModulesCase):
    def setUp(self):
        super().setUp()
        self.publish(tag="v1")
        self.write_inventory({"motd": {"git": self.url(), "ref": "v1"}})
        self.lab("modules", "update")

    def pack(self):
        return next(self.cache().glob("*.git/objects/pack/*.pack"))

    def test_tags_that_moved_or_are_gone_and_repositories_that_are_away(self):
        self.assertEqual(self.verify(code=0), {"motd": []})
        self.publish(text="two", tag="v1")
        self.assertEqual(self.verify(), {"motd": ["moved"]})
        self.assertEqual(self.verify("--offline", code=0), {"motd": []})
        self.in_repo("motd", "tag", "-d", "v1")
        self.assertEqual(self.verify(), {"motd": ["gone"]})
        (self.repos / "motd").rename(self.repos / "away")
        self.assertEqual(self.verify(), {"motd": ["unreachable"]})
        shutil.rmtree(self.home)
        self.assertEqual(self.verify("--offline"), {"motd": ["not-cached"]})

    def test_a_pinned_commit_that_was_forced_away_is_gone(self):
        self.write_inventory()
        self.lab("modules", "update")
        self.in_repo("motd", "commit", "-q", "--amend", "-m", "rewritten")
        self.in_repo("motd", "tag", "-d", "v1")
        self.in_repo("motd", "reflog", "expire", "--expire=now", "--all")
        self.in_repo("motd", "gc", "-q", "--prune=now")
        self.assertEqual(self.verify(code=0), {"motd": []})  # out of the cache
        shutil.rmtree(self.home)
        self.assertEqual(self.verify(), {"motd": ["gone"]})
        self.assertIn("`lab modules update motd` pins another", self.lab("modules", "verify", code=1).out)
        self.assertIn("`lab modules update motd` pins another commit", self.lab("validate", code=1).err)
        self.lab("modules", "update", "motd")
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_what_this_machine_is_in_the_way_of_is_not_called_gone(self):
        kept = next(self.cache().glob("*.git"))
        shutil.rmtree(kept)
        kept.symlink_to("nowhere")
        self.assertEqual(self.verify(), {"motd": ["unverified"]})
        said = self.lab("modules", "verify", code=1).out + self.lab("validate", code=1).err
        self.assertIn(f"cannot put {kept} into its place: Not a directory", said)
        self.assertIn("see what lies there and remove it", said)
        self.assertNotIn("lab modules update", said)
        kept.unlink()
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_a_machine_without_the_programs_verifies_nothing(self):
        empty, no_git = self.folder / "empty", self.folder / "no-git"
        empty.mkdir()
        no_git.mkdir()
        (no_git / "env").symlink_to(shutil.which("env"))
        shutil.rmtree(self.home)
        for path, missing in ((empty, "'env'"), (no_git, "there is no 'git' on this machine")):
            refused = self.lab("modules", "verify", "-o", "json", env={"PATH": str(path)}, code=1)
            problem, = refused.json()["modules"][0]["problems"]
            self.assertEqual(problem["code"], "unverified")
            self.assertIn(missing, problem["message"])
            said = self.lab("validate", env={"PATH": str(path)}, code=1).err
            self.assertIn(missing, said)
            self.assertNotIn("pins another", said)

    def test_what_lies_where_the_lock_of_the_cache_belongs_is_said_at_once(self):
        kept = next(self.cache().glob("*.git"))
        shutil.rmtree(kept)
        lock = kept.with_name(kept.name + ".lock")
        lock.unlink(missing_ok=True)
        for make in (lock.mkdir, lambda: os.mkfifo(lock), lambda: lock.symlink_to("elsewhere")):
            make()
            began = time.monotonic()
            self.assertEqual(self.verify(), {"motd": ["unverified"]})
            self.assertIn(f"'{lock}' is in the way: a lock is a regular file", self.lab("validate", code=1).err)
            self.assertLess(time.monotonic() - began, 60)
            lock.rmdir() if lock.is_dir() else lock.unlink()
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_a_branch_that_moved_on_is_no_problem(self):
        self.write_inventory()
        self.lab("modules", "update")
        new = self.publish(text="two")
        verdict = self.lab("modules", "verify", "-o", "json").json()["modules"][0]
        self.assertEqual((verdict["ok"], verdict["newer"]), (True, new))

    def test_a_damaged_cache_is_told_of_and_mended(self):
        pack = self.pack()
        pack.chmod(0o644)
        bytes_ = bytearray(pack.read_bytes())
        for at in range(40, len(bytes_) - 30):
            bytes_[at] ^= 0x55
        pack.write_bytes(bytes_)
        self.assertEqual(self.verify(), {"motd": ["damaged"]})
        (self.repos / "motd").rename(self.repos / "away")
        self.assertIn("[module/unavailable]", self.lab("validate", code=1).err)
        (self.repos / "away").rename(self.repos / "motd")
        self.assertIn("fetching module motd", self.lab("validate").err)
        self.assertEqual(self.verify(code=0), {"motd": []})

    def test_content_that_is_not_the_pinned_one_is_never_used(self):
        text = self.lock()
        digest = next(line for line in text.splitlines() if "digest" in line).split('"')[1]
        self.write("lab.lock", text.replace(digest, "sha256:" + hashlib.sha256(b"other").hexdigest()))
        self.assertEqual(self.verify(), {"motd": ["changed"]})
        for command in (["validate"], ["plan"], ["apply", "--auto-approve"]):
            refused = self.lab(*command, code=1)
            self.assertIn("[module/changed]", refused.err)
            self.assertIn("pinned here is sha256:", refused.err)
        self.assertFalse(self.root("s1").exists())

    def test_objects_that_were_replaced_in_the_cache_are_found(self):
        """Other bytes under the name of the module's blob, as someone with write access to the cache could leave them."""
        repo = self.pack().parents[2]
        pack = self.pack().rename(self.folder / "kept.pack")
        for old in (repo / "objects/pack").iterdir():
            old.unlink()
        git = ["git", "--git-dir", str(repo)]
        subprocess.run([*git, "unpack-objects", "-q"], input=pack.read_bytes(), check=True, env=self.env)
        blob = self.in_repo("motd", "rev-parse", "v1:module.yaml").out.strip()
        evil = (self.repos / "motd/module.yaml").read_text().replace("one", "pwn")
        other = subprocess.run([*git, "hash-object", "-w", "--stdin"], input=evil, text=True, capture_output=True, check=True,
                               env=self.env).stdout.strip()
        place = lambda one: repo / "objects" / one[:2] / one[2:]
        place(blob).chmod(0o644)
        place(blob).write_bytes(place(other).read_bytes())
        self.assertEqual(self.verify("--offline"), {"motd": ["changed"]})
        refused = self.apply(code=1)
        self.assertIn("[module/changed]", refused.err)
        self.assertIn(str(self.cache()), refused.err)
        shutil.rmtree(self.cache())
        self.apply()
        self.assertEqual(self.made(), "one\n")


class Hostile(ModulesCase):
    def test_links_and_submodules_lead_nowhere(self):
        self.publish()
        repo = self.repos / "motd"
        (repo / "module.yaml").write_text("name: motd\nresources:\n  - file: /etc/x\n    source: files/shadow\n")
        (repo / "files").mkdir()
        (repo / "files/shadow").symlink_to("/etc/shadow")
        bad = self.commit_repo("motd", "link")
        self.write_inventory()
        refused = self.lab("modules", "update", code=1)
        self.assertIn(f"module motd at {bad[:7]}: module.yaml:4:13: error: 'files/shadow' is reached through a symbolic link", refused.err)
        shutil.rmtree(repo / "files")
        (repo / "files").symlink_to("/etc")
        self.commit_repo("motd", "linked folder")
        self.assertIn("symbolic link", self.lab("modules", "update", code=1).err)
        (repo / "files").unlink()
        self.publish(text="good")
        (repo / "sub").symlink_to(".")
        self.commit_repo("motd", "a path through a link")
        self.write_inventory({"motd": {"git": self.url(), "ref": "main", "path": "sub"}})
        self.assertIn("there is no folder 'sub'", self.lab("modules", "update", code=1).err)
        (repo / "sub").unlink()
        other = self.publish("other")
        self.in_repo("motd", "update-index", "--add", "--cacheinfo", f"160000,{other},vendor")
        (repo / ".gitmodules").write_text(f'[submodule "vendor"]\npath = vendor\nurl = ext::sh -c "touch {self.folder}/ran"\n')
        self.in_repo("motd", "add", ".gitmodules", "module.yaml")
        self.in_repo("motd", "commit", "-q", "-m", "submodule")
        self.write_inventory()
        self.lab("modules", "update")
        self.apply()
        self.assertEqual(self.made(), "good\n")
        self.assertFalse((self.folder / "ran").exists())

    def test_what_is_too_large_is_refused_quickly(self):
        self.publish()
        self.write_inventory()
        (self.repos / "motd/big").write_bytes(b"\0" * (9 << 20))
        self.commit_repo("motd", "a large file that packs to nothing")
        self.assertIn("'big' has 9437184 bytes", self.lab("modules", "update", code=1).err)
        (self.repos / "motd/big").unlink()
        # Ten folders of ten folders of ... of one blob: 10^10 files in eleven objects.
        blob = self.in_repo("motd", "hash-object", "-w", "--stdin", stdin="x").out.strip()
        kind, entry = "100644 blob", blob
        for _ in range(10):
            tree = "".join(f"{kind} {entry}\tf{n}\n" for n in range(10))
            kind, entry = "040000 tree", self.in_repo("motd", "mktree", stdin=tree).out.strip()
        module = self.in_repo("motd", "rev-parse", "HEAD:module.yaml").out.strip()
        top = self.in_repo("motd", "mktree", stdin=f"100644 blob {module}\tmodule.yaml\n040000 tree {entry}\tz\n").out.strip()
        bomb = self.in_repo("motd", "commit-tree", "-m", "bomb", top).out.strip()
        self.in_repo("motd", "update-ref", "refs/heads/main", bomb)
        began = time.monotonic()
        self.assertIn("more than 10000 files and folders", self.lab("modules", "update", code=1).err)
        self.assertLess(time.monotonic() - began, 60)

    def test_configuration_and_surroundings_do_not_make_git_do_more(self):
        self.publish()
        ran = self.folder / "ran"
        hooks = self.folder / "hooks"
        hooks.mkdir()
        for hook in ("reference-transaction", "post-checkout", "pre-auto-gc"):
            (hooks / hook).write_text(f"#!/bin/sh\ntouch {ran}\n")
            (hooks / hook).chmod(0o755)
        config = self.folder / "gitconfig"
        config.write_text(f'[core]\nhooksPath = {hooks}\n[url "ext::sh -c \\"touch {ran}\\" "]\ninsteadOf = https://evil.example/\n'
                          '[protocol "ext"]\nallow = always\n')
        env = {"GIT_CONFIG_GLOBAL": str(config), "GIT_DIR": str(self.folder / "nowhere"), "GIT_OBJECT_DIRECTORY": str(self.folder / "none"),
               "GIT_INDEX_FILE": "/nonexistent", "GIT_DEFAULT_HASH": "sha256"}
        self.write_inventory({"motd": {"git": "https://evil.example/x", "ref": "main"}})
        self.assertIn("not allowed", self.lab("modules", "update", code=1, env=env).err)
        self.write_inventory()
        self.lab("modules", "update", env=env)
        self.lab("validate", env=env)
        self.assertFalse(ran.exists())
        self.assertFalse((self.folder / "none").exists())


if __name__ == "__main__":
    main()
