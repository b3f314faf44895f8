#!/usr/bin/env python3
"""The main job through both binaries: plan, apply, an empty plan, drift, history, and what must be refused."""

import json
import os
import pathlib
import signal
import sqlite3
import subprocess
import time
import unittest

from lab_harness import BIN, LabCase, main


class MainJob(LabCase):
    def test_apply_then_plan_is_empty(self):
        self.write_fleet()
        self.commit()
        plan = self.lab("plan", "--detailed-exitcode", code=2)
        self.assertIn("6 to create", plan.out)
        applied = self.apply()
        self.assertEqual((self.root("s2") / "etc/base/name").read_text(), "s2\n")
        self.assert_plan_empty()
        self.assertEqual(self.lab("drift", code=0).code, 0, applied)

    def test_drift_is_found_and_put_back(self):
        self.write_fleet()
        self.commit()
        self.apply()
        text = self.root("s1") / "etc/base/text"
        text.write_text("changed by hand\n")
        drift = self.lab("drift", code=2)
        self.assertIn("s1", drift.out)
        self.assertNotIn("s2", drift.out)
        diff = self.lab("diff", "server", "s1", code=2)
        self.assertIn("-hello", diff.out)
        self.assertIn("+changed by hand", diff.out)
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual([action["cause"] for action in plan["actions"]], ["drift"])
        self.lab("sync", "server", "s1", "--auto-approve")
        self.assertEqual(text.read_text(), "hello\n")
        self.lab("drift", code=0)

    def test_sync_restores_what_was_applied_not_newer_intent(self):
        self.write_fleet(text="old")
        self.commit()
        self.apply()
        self.write_fleet(text="new")
        self.commit()
        (self.root("s1") / "etc/base/text").write_text("by hand\n")
        self.lab("sync", "server", "s1", "--auto-approve")
        self.assertEqual((self.root("s1") / "etc/base/text").read_text(), "old\n")
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual({action["cause"] for action in plan["actions"]}, {"intent"})

    def test_both_when_git_and_the_machine_moved(self):
        self.write_fleet(servers=1, text="old")
        self.commit()
        self.apply()
        self.write_fleet(servers=1, text="new")
        (self.root("s1") / "etc/base/text").write_text("by hand\n")
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual([action["cause"] for action in plan["actions"]], ["both"])

    def test_a_change_names_the_place_that_decided_it(self):
        self.write_fleet(servers=1)
        self.commit()
        self.apply()
        self.write_fleet(servers=1, text="better")
        self.commit("better text")
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual(plan["actions"][0]["source"]["file"], "labels.yaml")
        self.assertIn("labels.yaml:4", self.lab("plan").out)

    def test_a_saved_plan_is_applied_once_and_exactly(self):
        self.write_fleet(servers=1, text="one")
        self.commit()
        self.lab("plan", "--out", "plan.json")
        self.write_fleet(servers=1, text="two")
        self.commit("later")
        self.lab("apply", "plan.json", "--auto-approve")
        self.assertEqual((self.root("s1") / "etc/base/text").read_text(), "one\n")
        again = self.lab("apply", "plan.json", "--auto-approve", code=1)
        self.assertIn("already", again.err)

    def test_a_saved_plan_is_refused_where_its_ground_moved(self):
        self.write_fleet(servers=1, text="one")
        self.commit()
        self.apply()
        self.write_fleet(servers=1, text="two")
        self.commit()
        self.lab("plan", "--out", "plan.json")
        (self.root("s1") / "etc/base/text").write_text("moved\n")
        refused = self.lab("apply", "plan.json", "--auto-approve", code=1)
        self.assertIn("changed since", refused.out + refused.err)
        self.assertEqual((self.root("s1") / "etc/base/text").read_text(), "moved\n")

    def test_a_dirty_plan_is_refused_after_an_edit(self):
        self.write_fleet(servers=1, text="one")
        self.commit()
        self.write_fleet(servers=1, text="dirty")
        self.lab("plan", "--out", "plan.json")
        self.write_fleet(servers=1, text="dirtier")
        self.assertIn("differ", self.lab("apply", "plan.json", "--auto-approve", code=1).err)

    def test_an_edited_plan_is_refused(self):
        self.write_fleet(servers=1)
        self.commit()
        self.lab("plan", "--out", "plan.json")
        plan = json.loads((self.inventory / "plan.json").read_text())
        plan["actions"][0]["risk"] = "safe"
        plan["summary"]["create"] = 7
        (self.inventory / "plan.json").write_text(json.dumps(plan))
        self.lab("apply", "plan.json", "--auto-approve", code=1)

    def test_a_plan_against_a_baseline_needs_no_state_and_is_never_applied(self):
        self.write_fleet(servers=2, text="one")
        self.commit()
        self.git("checkout", "-q", "-b", "change")
        self.write_fleet(servers=3, text="one")
        self.commit()
        plan = self.lab("plan", "--baseline", "main", "-o", "json").json()
        self.assertEqual([action["resource"] for action in plan["actions"]][0], "server/s3")
        self.assertFalse((self.home / "state.db").exists())
        self.lab("plan", "--baseline", "main", "--out", "plan.json")
        self.lab("apply", "plan.json", "--auto-approve", code=1)

    def test_a_vanished_server_is_destroyed_only_when_allowed(self):
        self.write_fleet(servers=3)
        self.commit()
        self.apply()
        self.write_fleet(servers=2)
        self.commit()
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual(plan["actions"][0]["blocked"]["by"], "flag")
        self.apply(code=1)
        self.assertTrue(self.root("s3").exists())
        self.apply("--allow-destroy")
        self.assertFalse(self.root("s3").exists())
        self.assert_plan_empty()

    def test_the_guard_blocks_all_destruction_beyond_its_limit(self):
        self.write_fleet(servers=5)
        self.commit()
        self.apply()
        self.write_fleet(servers=2)
        self.commit()
        refused = self.apply("--allow-destroy", code=1)
        self.assertIn("guard", refused.out + refused.err)
        self.assertTrue(all(self.root(f"s{n}").exists() for n in (3, 4, 5)))

    def test_protection_is_remembered(self):
        self.write_fleet(servers=2)
        text = (self.inventory / "servers.yaml").read_text()
        self.write("servers.yaml", text.replace("root: machines/s2\n", "root: machines/s2\n    protect: true\n"))
        self.commit()
        self.apply()
        self.write_fleet(servers=1)
        self.commit()
        refused = self.apply("--allow-destroy", code=1)
        self.assertIn("protect", refused.out + refused.err)
        self.assertTrue(self.root("s2").exists())
        self.write_fleet(servers=2)
        self.commit("lift it")
        self.apply()
        self.write_fleet(servers=1)
        self.commit()
        self.apply("--allow-destroy")
        self.assertFalse(self.root("s2").exists())

    def test_a_resource_that_leaves_is_released(self):
        self.write_fleet(servers=1)
        self.commit()
        self.apply()
        module = (self.inventory / "modules/base/module.yaml").read_text()
        self.write("modules/base/module.yaml", module[:module.index("  - file: /etc/base/name")])
        self.commit()
        self.assertIn("/etc/base/name", self.lab("plan").out)
        self.apply()
        self.assertTrue((self.root("s1") / "etc/base/name").exists())
        (self.root("s1") / "etc/base/name").write_text("nobody looks\n")
        self.lab("drift", code=0)

    def test_one_broken_machine_does_not_stop_the_others(self):
        self.write_fleet(servers=3)
        self.commit()
        blocker = self.root("s2")
        blocker.parent.mkdir(parents=True)
        blocker.write_text("a file where the tree should be\n")
        failed = self.apply(code=1)
        self.assertIn("s2", failed.out + failed.err)
        self.assertTrue((self.root("s1") / "etc/base/text").exists())
        self.assertTrue((self.root("s3") / "etc/base/text").exists())
        blocker.unlink()
        self.apply()
        self.assert_plan_empty()

    def test_a_broken_inventory_never_reads_as_a_deletion(self):
        self.write_fleet(servers=2)
        self.commit()
        self.apply()
        self.write("servers.yaml", "servers:\n  s1: {cloud: local, root: machines/s1, labels: [base]\n")
        self.lab("plan", code=1)
        self.apply("--allow-destroy", code=1)
        self.assertTrue(self.root("s2").exists())

    def test_two_applies_at_once(self):
        self.write_fleet(servers=8)
        self.commit()
        both = [self.start("apply", "--auto-approve") for _ in range(2)]
        ends = [one.communicate(timeout=120) + (one.returncode,) for one in both]
        codes = sorted(end[2] for end in ends)
        self.assertIn(codes, ([0, 0], [0, 1]), ends)
        self.apply()
        self.assert_plan_empty()

    def test_state_lost_is_said_and_rebuilt(self):
        self.write_fleet(servers=2)
        self.commit()
        self.apply()
        for name in ("state.db", "state.db-wal", "state.db-shm"):
            (self.home / name).unlink(missing_ok=True)
        for snapshot in (self.home / "snapshots").glob("*"):
            snapshot.unlink()
        plan = self.lab("plan")
        self.assertIn("missing", plan.err)
        self.apply()
        self.assert_plan_empty()

    def test_a_corrupt_state_is_set_aside_and_restored(self):
        self.write_fleet(servers=2)
        self.commit()
        self.apply()
        self.write_fleet(servers=2, text="newer")
        self.commit()
        self.apply()
        for name in ("state.db-wal", "state.db-shm"):
            (self.home / name).unlink(missing_ok=True)
        body = bytearray((self.home / "state.db").read_bytes())
        body[0:4096] = os.urandom(4096)
        (self.home / "state.db").write_bytes(body)
        plan = self.lab("plan")
        self.assertIn("snapshot", plan.err)
        self.assertTrue(list(self.home.glob("state.db.corrupt-*")))
        self.apply()
        self.assert_plan_empty()

    def test_interrupt_finishes_running_steps_and_can_be_resumed(self):
        self.write_fleet(servers=12)
        self.commit()
        run = self.start("apply", "--auto-approve", "--parallelism", "1")
        deadline = time.monotonic() + 30
        while not self.root("s1").exists() and time.monotonic() < deadline:
            time.sleep(0.005)
        run.send_signal(signal.SIGINT)
        out, err = run.communicate(timeout=60)
        self.assertIn(run.returncode, (130, 0), out + err)
        self.lab("apply", "--resume", "--auto-approve")
        self.apply()
        self.assert_plan_empty()

    def begun(self):
        """Servers that the newest run has begun and not ended; None while somebody writes the state."""
        state = sqlite3.connect(self.home / "state.db", timeout=0.05, isolation_level=None)
        try:
            state.execute("BEGIN IMMEDIATE")
            rows = state.execute("SELECT action FROM steps WHERE run = (SELECT max(id) FROM runs) AND state = 1").fetchall()
            state.execute("ROLLBACK")
            return {row[0].split("/")[1].split(":")[0] for row in rows}
        except sqlite3.OperationalError:
            return None
        finally:
            state.close()

    def stopped_in_a_step(self, text):
        """An apply stopped where it has changed a server and not recorded that, and the server's name."""
        for attempt in range(20):
            self.write_fleet(servers=20, text=f"{text} {attempt}")
            self.commit()
            run = self.start("apply", "--auto-approve", "--parallelism", "1")
            while run.poll() is None:
                run.send_signal(signal.SIGSTOP)
                time.sleep(0.02)  # what it started may end its own write
                for server in self.begun() or ():
                    if (self.root(server) / "etc/base/text").read_text() == f"{text} {attempt}\n":
                        return run, server
                run.send_signal(signal.SIGCONT)
                time.sleep(0.003)
            run.communicate()
        self.fail("no apply could be stopped in a step")

    def test_what_a_killed_run_has_begun_is_no_drift(self):
        self.write_fleet(servers=20, text="old")
        self.commit()
        self.apply()
        run, server = self.stopped_in_a_step("new")
        run.kill()
        run.communicate()
        drift = self.lab("drift", code=0)
        self.assertIn("looked at again", drift.err)
        self.assertIn("`lab apply --resume` goes on", drift.err)
        new = (self.root(server) / "etc/base/text").read_text()
        self.assertIn("unfinished", self.lab("plan").err)
        self.assertIn("lab apply --resume", self.lab("doctor", code=None).out)
        (self.root("s20") / "etc/base/text").write_text("by hand\n")
        self.assertIn("as it was applied", self.lab("sync", "server", server, "--auto-approve").out)
        self.lab("sync", "server", "s20", "--auto-approve")
        self.assertEqual((self.root(server) / "etc/base/text").read_text(), new)
        self.assertIn("resuming run", self.lab("apply", "--resume").err)
        for number in range(1, 21):
            self.assertEqual((self.root(f"s{number}") / "etc/base/text").read_text(), new)
        self.assertNotIn("unfinished", self.assert_plan_empty().err)

    def test_a_resume_is_not_lost_silently(self):
        self.write_fleet(servers=20, text="old")
        self.commit()
        self.apply()
        run, server = self.stopped_in_a_step("new")
        run.kill()
        run.communicate()
        self.write_fleet(servers=20, text="newest")
        self.commit()
        self.lab("drift", code=0)  # by the inventory that the run had
        self.assertIn("unfinished", self.apply("server", server).err)
        self.assertIn("cannot be resumed any more", self.lab("apply", "--resume").err)
        self.apply()
        self.assertIn("nothing to resume", self.lab("apply", "--resume").err)
        self.assert_plan_empty()

    def test_what_a_run_is_changing_is_no_drift(self):
        self.write_fleet(servers=20, text="old")
        self.commit()
        self.apply()
        run, server = self.stopped_in_a_step("new")
        try:
            (self.root("s20") / "etc/base/text").write_text("by hand\n")
            drift = self.lab("drift", code=2)
            self.assertIn(f"is at work on server/{server}", drift.err)
            self.assertIn("1 server drifted", drift.out)
            self.assertNotIn(f"server/{server}\n", drift.out)
            self.assertIn("is at work", self.lab("sync", "server", server, "--auto-approve", code=1).err)
        finally:
            run.send_signal(signal.SIGCONT)
            run.communicate(timeout=60)
        self.apply()
        self.assert_plan_empty()

    def test_a_machine_knows_better_than_a_snapshot(self):
        for text in ("one", "two", "three"):
            self.write_fleet(servers=3, text=text)
            self.commit()
            self.apply()
        (self.root("s3") / "etc/base/name").write_text("by hand\n")
        for name in ("state.db", "state.db-wal", "state.db-shm"):
            (self.home / name).unlink(missing_ok=True)
        drift = self.lab("drift", code=2)
        self.assertIn("was restored", drift.err)
        self.assertIn("what was applied to 3 servers was read back from the machines", drift.err)
        self.assertIn("1 server drifted: 1 difference", drift.out)
        self.assertIn("as it was applied", self.lab("sync", "server", "s1", "--auto-approve").out)
        self.lab("sync", "server", "s3", "--auto-approve")
        self.assertEqual((self.root("s3") / "etc/base/text").read_text(), "three\n")
        self.assertEqual((self.root("s3") / "etc/base/name").read_text(), "s3\n")
        self.assert_plan_empty()

    def test_no_private_value_in_anything_written(self):
        secret = "correct-horse-battery-staple"
        self.write_fleet(servers=1)
        self.write("modules/base/module.yaml", f"""name: base
version: 1.0.0
params:
  text: {{type: string, required: true}}
resources:
  - file: /etc/private
    content: "{secret}\\n"
    mode: "0600"
  - file: /etc/marked
    content: "{secret} too\\n"
    mode: "0644"
    sensitive: true
""")
        self.commit()
        texts = [self.lab("plan"), self.lab("plan", "-o", "json"), self.lab("plan", "--format", "markdown"),
                 self.lab("plan", "--out", "../plan.json"), self.apply("-v")]
        (self.root("s1") / "etc/private").write_text("moved " + secret)
        texts += [self.lab("drift", code=2), self.lab("diff", "server", "s1", code=2), self.lab("history"),
                  self.lab("describe", "server", "s1")]
        for ran in texts:
            self.assertNotIn(secret, ran.out + ran.err, ran.argv)
        for path in [self.folder / "plan.json", *self.home.rglob("*")]:
            if path.is_file() and path.name not in ("private", "marked"):
                self.assertNotIn(secret.encode(), path.read_bytes(), path)

    def test_the_same_plan_for_a_commit_and_its_working_tree(self):
        self.write_fleet()
        commit = self.commit()
        tree = self.lab("plan", "-o", "json").json()
        of_commit = self.lab("plan", "--ref", commit, "-o", "json").json()
        self.assertEqual(tree["id"], of_commit["id"])

    def test_a_clock_that_jumps_changes_nothing(self):
        self.write_fleet(servers=2)
        self.commit()
        self.run_program(["faketime", "2031-01-01 00:00:00", BIN / "lab", "apply", "--auto-approve"])
        self.run_program(["faketime", "2001-01-01 00:00:00", BIN / "lab", "plan", "--detailed-exitcode"], code=0)
        self.assert_plan_empty()

    def test_a_server_that_moves_says_what_it_leaves_behind(self):
        self.write_fleet(servers=1)
        self.commit()
        self.apply()
        text = (self.inventory / "servers.yaml").read_text()
        self.write("servers.yaml", text.replace("root: machines/s1", "root: machines/elsewhere"))
        self.commit()
        self.assertIn("machines/s1", self.lab("plan").out)
        self.apply()
        self.assertTrue((self.root("s1") / "etc/base/text").exists())
        self.assertTrue((self.root("elsewhere") / "etc/base/text").exists())
        self.assert_plan_empty()

    def test_a_server_that_lost_its_tree_is_not_taken_for_this_machine(self):
        self.write_fleet(servers=1)
        self.commit()
        self.apply()
        text = (self.inventory / "servers.yaml").read_text()
        self.write("servers.yaml", "".join(line for line in text.splitlines(True) if "root:" not in line))
        self.commit()
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual({(one.get("blocked") or {}).get("by") for one in plan["actions"]}, {"policy"})
        self.assertIn("would be the machine that lab runs on", " ".join(plan["warnings"]))

    def test_sync_of_a_module_whose_other_resources_need_a_live_system(self):
        self.write("modules/clock/module.yaml", "name: clock\nresources:\n  - package: chrony\n"
                   "  - {file: /etc/clock, content: ticks, after: [package/chrony]}\n")
        self.write("lab.yaml", "lab: {format: 1, name: e2e, id: e2e-sync}\n")
        self.write("all.yaml", "labels: {base: {modules: [clock]}}\nservers: {s1: {cloud: local, root: machines/s1, labels: [base]}}\n")
        self.commit()
        self.apply()
        file = self.root("s1") / "etc/clock"
        file.write_text("by hand")
        self.assertIn("1 server drifted", self.lab("drift", code=2).out)
        self.lab("sync", "server", "s1", "--auto-approve")
        self.assertEqual(file.read_text(), "ticks")

    def test_a_plan_is_saved_over_nothing_but_a_plan(self):
        self.write_fleet(servers=1)
        self.commit()
        before = (self.inventory / "servers.yaml").read_text()
        self.assertIn("no saved plan", self.lab("plan", "--out", "servers.yaml", code=1).err)
        self.assertEqual((self.inventory / "servers.yaml").read_text(), before)
        for _ in range(2):
            self.lab("plan", "--out", str(self.folder / "plan.json"))

    def test_a_renamed_server_keeps_its_machine_and_its_protection(self):
        self.write_fleet(servers=2)
        protected = (self.inventory / "servers.yaml").read_text().replace(
            "root: machines/s2\n", "root: machines/s2\n    protect: true\n")
        self.write("servers.yaml", protected)
        self.commit()
        self.apply()
        self.write("servers.yaml", protected.replace("  s2:", "  new-name:").replace("    protect: true\n", ""))
        self.commit("rename")
        plan = self.lab("plan", "--allow-destroy", "-o", "json").json()
        self.assertEqual([one for one in plan["actions"] if one["action"] in ("destroy", "create")], [])
        self.assertIn("server/s2 is server/new-name now: the machine is the same", plan["warnings"])
        self.write_fleet(servers=1)
        self.commit("gone before the rename was applied")
        blocked = self.lab("plan", "--allow-destroy", "-o", "json").json()["actions"]
        self.assertEqual([one["blocked"]["by"] for one in blocked if one["action"] == "destroy"], ["protect"])
        self.apply("--allow-destroy", code=1)
        self.assertTrue((self.root("s2") / "etc/base/text").exists())

    def test_a_plan_says_of_a_rename_the_same_until_it_is_applied(self):
        self.write_fleet(servers=2)
        self.commit()
        self.apply()
        before = (self.inventory / "servers.yaml").read_text()
        self.write("servers.yaml", before.replace("  s2:", "  new-name:"))
        self.commit("rename")
        said = "server/s2 is server/new-name now: the machine is the same"
        first = self.lab("plan", "--refresh", "never", "-o", "json").out
        self.assertIn(said, first)
        self.assertEqual(self.lab("plan", "--refresh", "never", "-o", "json").out, first)
        asked = self.lab("plan", "-o", "json").json()
        self.assertEqual([asked["actions"], asked["warnings"]],
                         [json.loads(first)["actions"], json.loads(first)["warnings"]])
        self.assertIn(said, self.lab("drift").err)
        # The old name is as it was: nothing has to be done, and nothing is said.
        back = self.lab("plan", "--ref", "HEAD~1", "--detailed-exitcode", "-o", "json").json()
        self.assertEqual([back["actions"], back["warnings"]], [[], []])
        self.lab("plan", "--out", "saved.json")
        self.lab("apply", "saved.json")
        self.assertNotIn("the machine is the same", self.lab("plan", "-o", "json").out)
        self.assert_plan_empty()
        self.assertIn("is server/s2 now", self.lab("plan", "--ref", "HEAD~1").out)

    def test_an_apply_without_a_change_records_a_rename(self):
        self.write("lab.yaml", "lab: {format: 1, name: e2e}\nservers: {old: {provider: local, root: machines/x}}\n")
        self.commit()
        self.apply()
        self.write("lab.yaml", "lab: {format: 1, name: e2e}\nservers: {new: {provider: local, root: machines/x}}\n")
        self.commit("rename")
        for _ in range(2):
            plan = self.lab("plan", "-o", "json").json()
            self.assertEqual(([], 1), (plan["actions"], len(plan["warnings"])))
        self.apply()
        self.assertEqual(self.lab("plan", "-o", "json").json()["warnings"], [])

    def test_a_copied_tree_is_not_taken_over(self):
        self.write_fleet(servers=1)
        self.commit()
        self.apply()
        self.run_program(["cp", "-a", self.root("s1"), self.root("s2")])
        self.write_fleet(servers=2)
        self.commit()
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual({one["blocked"]["by"] for one in plan["actions"]}, {"policy"})
        self.apply(code=1)
        self.assertEqual(self.lab("describe", "server", "s1", "-o", "json").code, 0)

    def test_a_plan_is_not_written_over_what_is_no_file(self):
        self.write_fleet(servers=1)
        self.commit()
        (self.inventory / "link").symlink_to("elsewhere")
        self.lab("plan", "--out", "link", code=1)
        self.lab("plan", "--out", "-", code=1)
        self.assertTrue((self.inventory / "link").is_symlink())

    def test_a_saved_plan_takes_no_limits(self):
        self.write_fleet(servers=2)
        self.commit()
        self.lab("plan", "--out", "../plan.json")
        self.assertIn("exactly", self.lab("apply", "../plan.json", "--target", "server/s1", code=1).err)

    def test_applies_on_different_servers_run_at_once(self):
        self.write_fleet(servers=4)
        self.commit()
        both = [self.start("apply", "--auto-approve", "--target", f"server/s{number}") for number in (1, 2, 3, 4)]
        ends = [one.communicate(timeout=120) + (one.returncode,) for one in both]
        self.assertEqual([end[2] for end in ends], [0, 0, 0, 0], ends)
        self.assert_plan_empty()

    def test_two_servers_on_one_tree_are_refused(self):
        self.write_fleet(servers=2)
        text = (self.inventory / "servers.yaml").read_text()
        self.write("servers.yaml", text.replace("root: machines/s2", "root: machines/s1/below"))
        self.assertIn("machines/s1", self.lab("validate", code=1).err)

    def test_the_pillars_follow_what_happens(self):
        self.write_fleet(servers=1)
        self.commit()
        pillars = lambda: {name: one["state"] for name, one in
                           self.lab("get", "servers", "-o", "json").json()["servers"][0]["pillars"].items()}
        self.apply()
        self.assertEqual(pillars(), {"sync": "ok", "config": "ok", "health": "unknown", "identity": "none"})
        (self.root("s1") / "etc/base/text").write_text("by hand")
        self.lab("drift", code=2)
        self.assertEqual(pillars()["sync"], "drift")
        self.write_fleet(servers=1, text="newer")
        self.commit()
        self.assertEqual(pillars()["sync"], "pending")

    def test_a_private_value_is_put_back_from_the_commit_that_wrote_it(self):
        module = """name: base
version: 1.0.0
params:
  text: {type: string, required: true}
resources:
  - file: /etc/private
    content: "{{ params.text }}\\n"
    mode: "0600"
"""
        self.write_fleet(servers=1, text="first")
        self.write("modules/base/module.yaml", module)
        self.commit()
        self.apply()
        self.write_fleet(servers=1, text="second")
        self.write("modules/base/module.yaml", module)
        self.commit()
        (self.root("s1") / "etc/private").write_text("moved")
        self.lab("sync", "server", "s1", "--auto-approve")
        self.assertEqual((self.root("s1") / "etc/private").read_text(), "first\n")

    def test_targets_and_filters(self):
        self.write_fleet(servers=3)
        self.commit()
        self.apply("--target", "server/s1")
        self.assertTrue(self.root("s1").exists())
        self.assertFalse(self.root("s2").exists())
        plan = self.lab("plan", "--exclude", "s2", "-o", "json").json()
        self.assertEqual({action["resource"].split("/")[1] for action in plan["actions"]}, {"s3"})

    def test_another_inventory_in_the_same_home_sees_nothing_of_this_one(self):
        self.write_fleet(servers=1)
        self.commit()
        self.apply()
        self.write("lab.yaml", "lab:\n  format: 1\n  name: other\n  id: other\n")
        self.write("servers.yaml", "servers:\n  s9: {cloud: local, root: machines/s9, labels: [base]}\n")
        plan = self.lab("plan", "-o", "json").json()
        self.assertEqual([action["resource"] for action in plan["actions"] if action["action"] != "create"
                          and "/module/" not in action["resource"]], [])
        self.assertNotIn("s1", json.dumps(plan["actions"]))

    def test_blame_names_the_commit_of_every_place(self):
        self.write_fleet(servers=1)
        first = self.commit("the fleet")
        self.write("labels.yaml", 'labels:\n  base:\n    modules: [base]\n    params:\n      base: {text: "hello"}\n')
        second = self.commit("params on lines of their own")
        shown = self.lab("explain", "server/s1.params.base.text", "--blame")
        self.assertIn(f"labels.yaml:5: {second[:7]} Test, ", shown.out)
        self.assertIn(": params on lines of their own", shown.out)
        fields = {field["path"]: field for field in self.lab("explain", "server/s1", "--blame", "-o", "json").json()["fields"]}
        self.assertEqual(fields["labels.base"]["origin"]["blame"]["commit"], first)
        self.assertEqual(fields["params.base.text"]["origin"]["blame"]["commit"], second)
        self.assertEqual(fields["params.base.text"]["origin"]["blame"]["email"], "test@example.org")

        # Where lines move by an edit that is in no commit, the others keep their authors.
        self.write("labels.yaml", '# new\nlabels:\n  base:\n    modules: [base]\n    params:\n      base: {text: "now"}\n')
        shown = self.lab("explain", "server/s1.params.base.text", "--blame")
        self.assertIn("labels.yaml:6: not committed yet", shown.out)
        self.assertIn(first[:7], self.lab("explain", "server/s1.modules.base", "--blame").out)
        # At a commit, what it says; in a folder without a repository, why not.
        self.assertIn(second[:7], self.lab("explain", "server/s1.params.base.text", "--blame", "--ref", "HEAD").out)
        (self.inventory / ".git").rename(self.folder / "git")
        refused = self.lab("explain", "server/s1", "--blame", code=1)
        self.assertIn("is in no git repository", refused.err)


if __name__ == "__main__":
    main()
