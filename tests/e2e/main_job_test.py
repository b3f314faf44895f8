#!/usr/bin/env python3
"""The main job through both binaries: plan, apply, an empty plan, drift, history, and what must be refused."""

import json

from lab_harness import LabCase, main


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
