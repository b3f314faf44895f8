#!/usr/bin/env python3
"""Which machine a server is: renamed, moved, copied, taken for another."""

import json

from lab_harness import LabCase, main


class Identity(LabCase):
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

    def test_two_servers_on_one_tree_are_refused(self):
        self.write_fleet(servers=2)
        text = (self.inventory / "servers.yaml").read_text()
        self.write("servers.yaml", text.replace("root: machines/s2", "root: machines/s1/below"))
        self.assertIn("machines/s1", self.lab("validate", code=1).err)

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


if __name__ == "__main__":
    main()
