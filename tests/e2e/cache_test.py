#!/usr/bin/env python3
"""What is kept of an inventory between runs changes how long an answer takes and nothing else: over random edits the same
bytes come out with and without it, whatever became of the kept files."""

import os
import pathlib
import random
import re
import unittest

from lab_harness import LabCase

LABELS = ["base", "web", "db", "edge", "tier=one", "tier=two"]
ENVIRONMENTS = ["prod", "test"]
STEPS = int(os.environ.get("LAB_STEPS", "40"))  # of random edits, each with some dozens of runs
SERVERS, PER_FILE = 14, 2

MODULE = """name: {name}
version: 1.0.0
params:
  text: {{type: string, default: "{text}"}}
resources:
  - file: /etc/{name}
    content: "{{{{ params.text }}}} {who}\\n"
    mode: "0644"
"""


class Inventory:
    """An inventory as data, edited at random and written anew."""

    def __init__(self, rng):
        self.rng = rng
        self.servers = {f"s{n:02}": self.server(n) for n in range(SERVERS)}
        self.file_of = {name: n // PER_FILE for n, name in enumerate(self.servers)}
        self.labels = {label: {"text": f"of {label}", "priority": n} for n, label in enumerate(LABELS)}
        self.texts = {"one": "hello", "two": "bye"}
        self.groups = {"front": "match: {labels: [web, edge], region: [r0, r1]}",
                       "named": "servers: [s00, 's1*']\n    exclude: {labels: [db]}"}
        self.extra = {}

    def server(self, n):
        return {"environment": self.rng.choice(ENVIRONMENTS), "region": f"r{n % 3}", "root": f"machines/s{n:02}",
                "labels": ["base"] + self.rng.sample(["web", "db", "edge"], self.rng.randrange(3)), "text": None}

    def files(self):
        files = {"lab.yaml": "lab:\n  format: 1\n  name: cached\n  id: cached\n",
                 "environments.yaml": "environments:\n" + "".join(f"  {one}: {{cloud: local}}\n" for one in ENVIRONMENTS)}
        files["labels.yaml"] = "labels:\n" + "".join(
            f"  {name}:\n    priority: {what['priority']}\n    modules: [{'two' if name == 'db' else 'one'}]\n"
            f"    params: {{one: {{text: \"{what['text']}\"}}}}\n" for name, what in self.labels.items())
        files["groups.yaml"] = "groups:\n" + "".join(f"  {name}:\n    {body}\n" for name, body in self.groups.items())
        for name, text in self.texts.items():
            files[f"modules/{name}/module.yaml"] = MODULE.format(
                name=name, text=text, who="{{ server.name }}" if name == "one" else "all")
        for name, server in self.servers.items():
            path = f"servers/{self.file_of[name]}.yaml"
            body = files.get(path, "servers:\n")
            body += f"  {name}:\n    environment: {server['environment']}\n    region: {server['region']}\n"
            body += f"    root: {server['root']}\n    labels: [{', '.join(server['labels'])}]\n"
            if server["text"]:
                body += f"    params: {{one: {{text: {server['text']}}}}}\n"
            files[path] = body
        return {**files, **self.extra}

    def edit(self):
        """One of the things people do, some of them mistakes. Its name, for the report."""
        rng = self.rng
        name = rng.choice(list(self.servers))
        server = self.servers[name]
        what = rng.choice(["param", "param", "labels", "label", "label", "environment", "region", "move", "add", "remove",
                           "rename", "group", "module", "collide", "broken", "unknown", "twice", "readme", "undeclare",
                           "mend", "mend", "value"])
        if what == "param":
            server["text"] = f"own-{rng.randrange(100)}"
        elif what == "labels":
            server["labels"] = ["base"] + rng.sample(["web", "db", "edge"], rng.randrange(3))
        elif what == "value":
            server["labels"] = ["base", rng.choice(["tier=one", "tier=two"])]
        elif what == "label":
            rng.choice(list(self.labels.values()))["text"] = f"new {rng.randrange(100)}"
        elif what == "environment":
            server["environment"] = rng.choice(ENVIRONMENTS)
        elif what == "region":
            server["region"] = f"r{rng.randrange(4)}"
        elif what == "move":
            self.file_of[name] = rng.randrange(8)
        elif what == "add":
            number = len(self.servers) + rng.randrange(100, 900)
            self.servers[f"s{number}"] = self.server(number)
            self.file_of[f"s{number}"] = rng.randrange(8)
        elif what == "remove" and len(self.servers) > 8:
            del self.servers[name]
        elif what == "rename":
            self.servers[name + "x"] = self.servers.pop(name)
            self.file_of[name + "x"] = self.file_of[name]
        elif what == "group":
            self.groups["front"] = f"match: {{labels: [web], region: [r{rng.randrange(4)}]}}"
        elif what == "module":
            self.texts["two"] = f"bye {rng.randrange(100)}"
        elif what == "collide":
            server["root"] = "machines/s00"
        elif what == "broken":
            self.extra["servers/broken.yaml"] = "servers: [\n"
        elif what == "unknown":
            server["labels"] = ["base", "wbe"]
        elif what == "twice":
            self.extra["servers/twice.yaml"] = f"servers:\n  {name}: {{cloud: local, root: machines/twice}}\n"
        elif what == "readme":
            self.extra["README.md"] = f"# {rng.randrange(100)}\n"
        elif what == "undeclare":
            self.labels.pop("edge", None)
        elif what == "mend":
            fresh = Inventory(rng)
            self.extra, self.labels = {}, fresh.labels
            for number, (one, old) in enumerate(self.servers.items()):
                old.update(root=f"machines/{one}", labels=[label for label in old["labels"] if label != "wbe"])
        return what


def without_ages(text):
    text = re.sub(r'"age_seconds": \d+', '"age_seconds": N', text).replace("just now", "AGE")
    text = re.sub(r"\b\d+ ?(s|min|m|h|seconds?|minutes?)( ago)?\b", "AGE", text)
    return re.sub(" {2,}", "  ", text)  # columns are as wide as what is in them


class CacheTest(LabCase):
    def lay_out(self, files):
        kept = set(files)
        for path in self.inventory.rglob("*"):
            if path.is_file() and ".git/" not in str(path) and str(path.relative_to(self.inventory)) not in kept:
                path.unlink()
        for path, text in files.items():
            self.write(path, text)

    def images(self):
        return sorted((self.home / "cache/fleets").glob("*.image"))

    def same(self, *words):
        """Runs with what is kept, then without; the answer of both."""
        at = 2 if words[0] == "__complete" else len(words)
        without = [*words[:at], "--no-cache", *words[at:]]
        one, other = self.lab(*words, code=None), self.lab(*without, code=None)
        self.assertEqual((one.code, without_ages(one.out), without_ages(one.err)),
                         (other.code, without_ages(other.out), without_ages(other.err)), " ".join(words))
        return one

    def ask_everything(self, rng, inventory):
        names = list(inventory.servers)
        for ref in ([], ["--ref", "HEAD"]):
            self.same("plan", "--refresh", "never", "-o", "json", *ref)
            self.same("plan", "--refresh", "never", "--detailed-exitcode", *ref)
            self.same("get", "servers", "--label", rng.choice(["web", "db", "tier", "nothing"]), "-o", "json", *ref)
            self.same("get", "servers", "--region", f"r{rng.randrange(4)}", "--group", "front", "-o", "wide", *ref)
            self.same("get", "servers", rng.choice(names), "s00", *ref)
            self.same("show", "server", rng.choice(names), *ref)
            self.same("describe", f"server/{rng.choice(names)}", "-o", "json", *ref)
            self.same("explain", f"server/{rng.choice(names)}.params", *ref)
            self.same("targets", "server", rng.choice(names), *ref)
            self.same("__complete", "--", *ref, "show", "server", "s")

    def prepared(self, seed):
        rng = random.Random(seed)
        inventory = Inventory(rng)
        self.lay_out(inventory.files())
        self.commit()
        self.lab("apply", "--auto-approve")
        return rng, inventory

    def test_the_same_bytes_come_out_over_random_edits(self):
        for seed in (1, 2):
            rng, inventory = self.prepared(seed)
            edits = []
            for step in range(STEPS // 2):
                edits.append(inventory.edit())
                self.lay_out(inventory.files())
                if rng.random() < 0.6:
                    self.commit(edits[-1])
                with self.subTest(seed=seed, step=step, edits=edits[-5:]):
                    self.ask_everything(rng, inventory)
            self.tearDown()
            self.setUp()

    def test_what_is_known_is_not_read_again(self):
        rng, inventory = self.prepared(3)
        self.lab("plan", "--refresh", "never", "--ref", "HEAD")
        self.assertEqual(len(self.images()), 1)
        blob = self.git("rev-parse", "HEAD:servers/3.yaml").out.strip()
        (self.inventory / ".git/objects" / blob[:2] / blob[2:]).unlink()
        self.lab("plan", "--refresh", "never", "--ref", "HEAD", "--detailed-exitcode")
        self.lab("plan", "--refresh", "never", "--ref", "HEAD", "--no-cache", code=1)
        inventory.servers["s00"]["text"] = "changed"
        self.lay_out(inventory.files())
        plan = self.lab("plan", "--refresh", "never", "-o", "json").json()
        self.assertEqual(plan["summary"]["update"], 1)
        inventory.servers["s00"]["text"] = None
        inventory.labels["tier=one"]["text"] = "on no server"
        self.lay_out(inventory.files())
        self.git("add", "labels.yaml")
        self.git("commit", "-q", "-m", "a label", "labels.yaml")
        self.lab("plan", "--refresh", "never", "--ref", "HEAD", "--detailed-exitcode")

    def settled(self):
        found, = (self.home / "cache/fleets").glob("*.settled")
        return found

    def test_what_is_known_of_the_state_ends_with_the_next_write_to_it(self):
        """Here that nothing is to do; a machine that changed, and a state put back, are seen."""
        self.prepared(7)
        plan = ["plan", "--refresh", "never", "-o", "json", "--ref", "HEAD"]
        self.same(*plan)
        before = self.settled().read_bytes()
        self.same(*plan)
        self.assertEqual(self.settled().read_bytes(), before)
        saved = (self.home / "state.db").read_bytes()
        (self.home / "machines/s03/etc/one").write_text("by hand\n")
        self.lab("plan", "--refresh", "only")
        drifted = self.same(*plan).json()
        self.assertEqual(drifted["summary"]["update"], 1)
        self.assertNotEqual(self.settled().read_bytes(), before)
        self.same(*plan)
        self.lab("apply", "--auto-approve")
        self.assertEqual(self.same(*plan).json()["summary"]["update"], 0)
        (self.home / "state.db").write_bytes(saved)
        self.assertEqual(self.same(*plan).json()["summary"]["update"], 0)

    def test_what_is_damaged_is_as_good_as_nothing(self):
        self.prepared(4)
        self.same("plan", "--refresh", "never", "-o", "json", "--ref", "HEAD")
        image, = self.images()
        good = image.read_bytes()
        rng = random.Random(5)
        for _ in range(8):
            at = rng.randrange(len(good))
            image.write_bytes(good[:at] + bytes([good[at] ^ 1 << rng.randrange(8)]) + good[at + 1:])
            self.same("plan", "--refresh", "never", "-o", "json", "--ref", "HEAD")
        image.write_bytes(good)
        self.same("plan", "--refresh", "never", "-o", "json", "--ref", "HEAD")
        settled = self.settled().read_bytes()
        for at in range(0, len(settled), 3):
            self.settled().write_bytes(settled[:at] + bytes([settled[at] ^ 1 << rng.randrange(8)]) + settled[at + 1:])
            self.same("plan", "--refresh", "never", "-o", "json", "--ref", "HEAD")
        for bad in (good[:len(good) // 2], b"", good + b"x", b"lab.fleet-image/0\n" + good[18:]):
            image.write_bytes(bad)
            self.same("plan", "--refresh", "never", "-o", "json", "--ref", "HEAD")
            self.same("get", "servers", "--label", "web", "--ref", "HEAD", "-o", "name")

    def test_nothing_is_kept_where_that_was_asked_for(self):
        self.prepared(6)
        for image in self.images():
            image.unlink()
        self.lab("plan", "--refresh", "never", "--no-cache")
        self.assertEqual(self.images(), [])
        self.lab("plan", "--refresh", "never")
        self.assertEqual(len(self.images()), 1)
        self.assertEqual(pathlib.Path(self.images()[0]).stat().st_mode & 0o777, 0o600)


if __name__ == "__main__":
    unittest.main()
