#!/usr/bin/env python3
"""Every command of docs/transcripts.md, over the inventory of the samples. LAB_BIN is the folder of the programs."""

import pathlib
import re
import shlex
import shutil
import unittest

import lab_harness

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROW = re.compile(r"^\| .* \| `(lab [^`]+)` \|$", re.M)
# What the samples in the sketches say, and the answers must too.
SAYS = {
    "lab get servers": ["worker-5", "SYNC", "CONFIG", "HEALTH", "IDENTITY"],
    "lab get servers --label mailserver": ["mail-1", "mail-2"],
    "lab get servers --label k8s-worker --environment prod --exclude worker-3": ["worker-5"],
    "lab get servers --env lab --cloud baremetal --label k3s=server": ["labmaster"],
    "lab get labels": ["mailserver", "postfix"],
    "lab get secrets": ["mail/tls-cert", "dynamic", "static"],
    "lab get secrets --label k8s-worker": ["k8s/join-token", "tls/node-cert"],
    "lab show server worker-5": ["kubernetes::worker", "base::hardening", "base::ntp_eu", "kubelet_healthy", "disk_space_low",
                                 "cert_expiry", "k8s/join-token", "eu-west-compute", "eu-infrastructure"],
    "lab show label mailserver": ["mail-1", "mail-2", "postfix", "smtp_connect", "mail/dkim-key", "587"],
    "lab show group eu-infrastructure": ["eu-west-compute", "eu-west-storage", "eu-west-network"],
    "lab show alert disk_space_low": ["disk_usage_percent > 85", "db-1", "warning"],
    "lab targets server db-1": ["postgresql::server", "database-tier", "disk_space_low", "postgres/master-password"],
    "lab show secret mail/relay-credentials": ["postfix", "mailserver", "mail-1"],
    "lab secret audit": ["old/api-key"],
    "lab show layout worker --disk 1TB": ["longhorn", "/boot/efi"],
    "lab plan server new-mail-3 --label mailserver --provider aws": ["new-mail-3"],
    "lab describe role lab-operator": ["destroy:*:*:*"],
}
# Exit codes other than 0. This build lacks the provider of db-1 and cannot look at it.
FOUND_SOMETHING = {"lab secret audit": 1, "lab diff server db-1": 1}


class Transcripts(lab_harness.LabCase):
    def setUp(self):
        super().setUp()
        shutil.copytree(ROOT / "tests/seeds/inventory", self.inventory, dirs_exist_ok=True)
        self.commit("samples")

    def test_the_inventory_is_valid(self):
        self.lab("validate")

    def test_every_command_answers(self):
        commands = ROW.findall((ROOT / "docs/transcripts.md").read_text())
        self.assertGreater(len(commands), 25)
        self.assertEqual(set(SAYS) - set(commands), set(), "said of a command that is not in the table")
        for command in commands:
            with self.subTest(command):
                ran = self.lab(*shlex.split(command)[1:], code=FOUND_SOMETHING.get(command, 0))
                for word in SAYS.get(command, []):
                    self.assertIn(word, ran.out, f"\n{ran}")

    def test_who_is_out_is_said(self):
        self.assertNotIn("worker-3 ", self.lab("get", "servers", "--label", "k8s-worker", "--exclude", "worker-3").out)
        self.assertNotIn("legacy-node-3", self.lab("get", "servers", "--group", "eu-west-compute", "-o", "name").out)
        members = self.lab("get", "servers", "--group", "eu-infrastructure", "-o", "name").out
        self.assertNotIn("test-box-1", members)
        self.assertNotIn("probe-1", members)
        self.assertIn("batch-worker-1", self.lab("show", "alert", "memory_pressure").out)


if __name__ == "__main__":
    lab_harness.main()
