#!/usr/bin/env python3
"""Runs beside each other, runs that end before they are done, and states that are lost: nothing is done twice, nothing is forgotten."""

import os
import signal
import sqlite3
import time

from lab_harness import BIN, LabCase, main


class Recovery(LabCase):
    def test_two_applies_at_once(self):
        self.write_fleet(servers=8)
        self.commit()
        both = [self.start("apply", "--auto-approve") for _ in range(2)]
        ends = [one.communicate(timeout=120) + (one.returncode,) for one in both]
        codes = sorted(end[2] for end in ends)
        self.assertIn(codes, ([0, 0], [0, 1]), ends)
        self.apply()
        self.assert_plan_empty()

    def test_applies_on_different_servers_run_at_once(self):
        self.write_fleet(servers=4)
        self.commit()
        both = [self.start("apply", "--auto-approve", "--target", f"server/s{number}") for number in (1, 2, 3, 4)]
        ends = [one.communicate(timeout=120) + (one.returncode,) for one in both]
        self.assertEqual([end[2] for end in ends], [0, 0, 0, 0], ends)
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

    def killed_in_a_step(self, commit=True):
        """The server in which an apply over 20 of them was killed."""
        self.write_fleet(servers=20, text="old")
        self.commit()
        self.apply()
        run, server = self.stopped_in_a_step("new", commit)
        run.kill()
        run.communicate()
        return server

    def stopped_in_a_step(self, text, commit=True):
        """An apply stopped where it has changed a server and not recorded that, and the server's name."""
        for attempt in range(20):
            self.write_fleet(servers=20, text=f"{text} {attempt}")
            if commit:
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
        server = self.killed_in_a_step()
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

    def test_what_a_killed_run_of_uncommitted_files_has_begun_is_no_drift(self):
        server = self.killed_in_a_step(commit=False)
        self.write_fleet(servers=20, text="newest")  # nobody knows any more what the run had
        self.assertIn("looked at again", self.lab("drift", code=0).err)
        plan = self.lab("plan", "server", server, code=0).out
        self.assertNotIn("drift", plan)
        self.assertIn("file/etc/base/text.content", plan)
        (self.root(server) / "etc/base/text").write_text("by hand\n")
        self.assertIn("by hand", self.lab("drift", code=2).out)
        self.apply()
        self.assert_plan_empty()

    def test_a_resume_is_not_lost_silently(self):
        server = self.killed_in_a_step()
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

    def test_a_clock_that_jumps_changes_nothing(self):
        self.write_fleet(servers=2)
        self.commit()
        self.run_program(["faketime", "2031-01-01 00:00:00", BIN / "lab", "apply", "--auto-approve"])
        self.run_program(["faketime", "2001-01-01 00:00:00", BIN / "lab", "plan", "--detailed-exitcode"], code=0)
        self.assert_plan_empty()


if __name__ == "__main__":
    main()
