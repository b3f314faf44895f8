#!/usr/bin/env python3
"""However many processors there are, the answers are the same: a fleet that several threads share, read with one and with all."""

import pathlib
import sys
import unittest

from lab_harness import BIN, LabCase, main

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "bench"))
import fleet

SERVERS = 3000  # several threads' worth


class Threads(LabCase):
    def setUp(self):
        super().setUp()
        self.inventory = self.folder / "fleet"
        fleet.generate(self.inventory, SERVERS, per_file=10)

    def both(self, *words, code=0):
        """The answer of one processor, which that of all must equal."""
        one = self.run_program(["taskset", "-c", "0", BIN / "lab", *words], code=code)
        many = self.run_program([BIN / "lab", *words], code=code)
        self.assertEqual((one.out, one.err), (many.out, many.err))
        return one

    def image(self, *before):
        """What is kept of the fleet after it was read: the key of each server among it."""
        self.run_program([BIN / "lab", "cache", "clear", "fleets"])
        self.run_program([*before, BIN / "lab", "get", "servers", "-o", "name"])
        image, = (self.home / "cache/fleets").glob("*.image")
        return image.read_bytes()

    def test_what_servers_get(self):
        listed = self.both("get", "servers", "-o", "json", "--no-cache").json()
        self.assertEqual(len(listed["servers"]), SERVERS)
        self.run_program([BIN / "lab", "history"])  # makes a state, whose key the keys are made with
        self.assertEqual(self.image("taskset", "-c", "0"), self.image())

    def test_what_is_wrong_with_them(self):
        for number, fault in ((700, "environment: nowhere"), (1500, "labels: [label-0, label-1, nothing]"),
                              (2900, "params: {mod-0: {port: none}}"), (2990, "root: fleet/srv-000001")):
            file = self.inventory / f"servers/{number // 10 * 10:06}.yaml"
            before = file.read_text()
            key = fault.split(":")[0]
            at = before.index(f"  srv-{number:06}:\n")
            begin = before.index(f"    {key}:", at)
            end = before.index("\n", begin) if key != "params" else before.index("\n", before.index("\n", begin) + 1)
            file.write_text(before[:begin] + "    " + fault + before[end:])
        found = self.both("validate", code=1)
        for code in ("spec/unknown-environment", "spec/unknown-label", "spec/same-machine"):
            self.assertIn(code, found.err)


if __name__ == "__main__":
    main()
