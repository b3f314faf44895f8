#!/usr/bin/env python3
"""Resolution by `lab` against a second, naive implementation of docs/inventory.md, on random inventories.

usage: resolution_test.py [--count N] [--seed N] [--keep DIR]
LAB_BIN is the folder of the programs. Nothing here is fast or clever: every answer is worked out for every server by
reading the rules from top to bottom. What differs is printed with the seed that makes it again.
"""

import argparse
import fnmatch
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile

LAB = pathlib.Path(os.environ.get("LAB_BIN", "build/dev/bin")).resolve() / "lab"


# ---- random inventories ---------------------------------------------------------------------------------------------

class Maker:
    """A random inventory as Python data: the sections by name, and the modules."""

    def __init__(self, seed: int):
        self.random = random.Random(seed)
        self.labels = {}
        self.environments = {}
        self.servers = {}
        self.groups = {}

    def some(self, things, most: int) -> list:
        things = list(things)
        return self.random.sample(things, self.random.randint(0, min(most, len(things))))

    def chance(self, percent: int) -> bool:
        return self.random.randrange(100) < percent

    def params(self) -> dict:
        """Few values, so that levels agree as often as they do not."""
        params = {}
        for module in self.some(MODULES, 2):
            for name in self.some(("x", "y"), 2):
                params.setdefault(module, {})[name] = self.random.randint(1, 3)
        return params

    def level(self, label_chance=60) -> dict:
        """What lab.defaults, an environment and a server have in common."""
        level = {}
        if self.chance(label_chance):
            level["labels"] = self.some(self.carried, 3)
        if self.chance(25):
            level["params"] = self.params()
        if self.chance(20):
            level["region"] = self.random.choice(("north", "south"))
        if self.chance(10):
            level["size"] = self.random.choice(SIZES)
        return level

    def label(self) -> dict:
        label = {}
        if self.chance(50):
            label["modules"] = self.some(MODULES, 2)
        if self.chance(40):
            label["params"] = self.params()
        if self.chance(30):
            label["priority"] = self.random.randint(-1, 2)
        if self.chance(20):
            label["size"] = self.random.choice(SIZES)
        return label

    def target(self, groups, depth=0) -> dict:
        """Not empty. Of groups only those given: mostly such that there is no cycle."""
        while True:
            target = {}
            if self.chance(50):
                labels = self.some(self.carried, 3) or [self.carried[0]]
                target["labels"] = {"all": labels} if self.chance(30) else labels
            if self.chance(20):
                target["environment"] = self.some(self.environments, 2) or [next(iter(self.environments))]
            if self.chance(15) and self.used_regions():
                target["region"] = self.some(self.used_regions(), 2) or [self.used_regions()[0]]
            if self.chance(15):
                target["servers"] = [self.random.choice(("web-*", "db-1", "*-2", "web-?"))]
            if self.chance(10):
                target["size"] = [self.random.choice(SIZES)]
            if self.chance(25) and groups:
                target["groups"] = self.some(groups, 2) or [groups[0]]
            if depth == 0 and target and self.chance(15):
                target["exclude"] = self.target(groups, depth=1)
            if target:
                return target

    def used_regions(self) -> list:
        return sorted({level["region"] for level in
                       [self.defaults, *self.environments.values(), *self.servers.values()] if "region" in level})

    def make(self) -> dict:
        names = self.some(("a", "b", "c", "d", "e"), 5) or ["a"]
        for name in names:
            self.labels[name] = self.label()
            for value in self.some(("1", "2"), 2):
                self.labels[f"{name}={value}"] = self.label()
        self.carried = list(self.labels) + [f"{name}=9" for name in names if self.chance(10)]
        self.defaults = {"cloud": "local"} | self.level(label_chance=30)
        for name in ("prod", "dev"):
            self.environments[name] = self.level()
        for name in ("web-1", "web-2", "web-3", "db-1", "db-2"):
            self.servers[name] = {"root": name} | self.level()
            if self.chance(60):
                self.servers[name]["environment"] = self.random.choice(("prod", "dev"))
        for number in range(self.random.randint(0, 5)):
            earlier = list(self.groups)
            if self.chance(4):
                earlier.append(f"g{number}")  # a cycle of one
            group = {}
            if self.chance(60):
                group["match"] = self.target(earlier)
            if self.chance(30):
                group["servers"] = self.some(("web-*", "db-1", "web-2"), 2)
            if earlier and self.chance(40):
                group["groups"] = self.some(earlier, 2)
            if self.chance(30):
                group["exclude"] = self.target(earlier, depth=1)
            if not any(key in group for key in ("match", "servers", "groups")):
                group["servers"] = ["db-1"]
            self.groups[f"g{number}"] = group
        if len(self.groups) > 1 and self.chance(4):
            self.groups["g0"]["groups"] = [f"g{len(self.groups) - 1}"]  # perhaps a longer one
        return {"lab": {"format": 1, "name": "random", "defaults": self.defaults}, "labels": self.labels,
                "environments": self.environments, "servers": self.servers, "groups": self.groups,
                "sizes": {size: {"abstract": {"cores": 1, "memory": "1GB"}} for size in SIZES}}


SIZES = ("s", "m")
MODULES = {  # name: what it depends on, and its params with their defaults (none: required)
    "one": ((), {"x": 7, "y": None}),
    "two": (("one",), {"x": 8, "y": 9}),
    "three": ((), {"x": 5, "y": 6}),
}
LINE = "{{ params.x }} {{ params.y }}\n"


def module_yaml(name: str) -> str:
    deps, params = MODULES[name]
    text = f"name: {name}\nversion: 1.0.0\n" + (f"deps: [{', '.join(deps)}]\n" if deps else "") + "params:\n"
    for param, default in params.items():
        text += f"  {param}: {{type: integer, {'required: true' if default is None else f'default: {default}'}}}\n"
    return text + f"resources:\n  - file: /{name}\n    content: {json.dumps(LINE)}\n"


def block(value, indent=0) -> str:
    """Plain block style, as people write it."""
    pad = " " * indent
    if isinstance(value, dict) and value:
        return "".join(f"{pad}{json.dumps(key)}:" + (f"\n{block(item, indent + 2)}" if isinstance(item, (dict, list)) and item
                                                     else f" {json.dumps(item)}\n") for key, item in value.items())
    if isinstance(value, list) and value:
        return "".join(f"{pad}- {json.dumps(item)}\n" for item in value)
    return f"{pad}{json.dumps(value)}\n"


def write(inventory: dict, folder: pathlib.Path, dice: random.Random) -> None:
    """A file for each section or one for all, flow or block: none of this may matter."""
    sections = list(inventory)
    for name in MODULES:
        (folder / "modules" / name).mkdir(parents=True)
        (folder / "modules" / name / "module.yaml").write_text(module_yaml(name))
    apart = dice.random() < 0.5
    root = {}
    for section in sections:
        body = inventory[section]
        if section != "lab" and apart:
            text = json.dumps({section: body}) if dice.random() < 0.5 else block({section: body})
            (folder / f"{section}.yaml").write_text(text)
        else:
            root[section] = body
    (folder / "lab.yaml").write_text(json.dumps(root) if dice.random() < 0.3 else block(root))


# ---- the rules, naively ---------------------------------------------------------------------------------------------

class Refused(Exception):
    def __init__(self, problems: set):
        self.problems = problems


class Rules:
    def __init__(self, inventory: dict):
        self.sections = inventory
        self.defaults = inventory["lab"]["defaults"]
        self.problems = set()

    def levels(self, server: str) -> list[dict]:
        """Highest first, labels left out."""
        body = self.sections["servers"][server]
        levels = [body]
        if "environment" in body:
            levels.append(self.sections["environments"][body["environment"]])
        return levels + [self.defaults]

    def scalar(self, server: str, key: str):
        return next((level[key] for level in self.levels(server) if key in level), None)

    def labels(self, server: str) -> set[str]:
        written = {label for level in self.levels(server) for label in level.get("labels", [])}
        values = {}
        for label in written:
            name, _, value = label.partition("=")
            values.setdefault(name, set())
            if value:
                values[name].add(value)
        for name, all_of in values.items():
            if len(all_of) > 1:
                self.problems.add(("spec/label-conflict", name))
        return {f"{name}={min(all_of)}" if all_of else name for name, all_of in values.items()}

    def declared(self, server: str) -> list[str]:
        """The definitions that a server's labels bring: `a=1` brings `a` and `a=1`."""
        names = set()
        for label in self.labels(server):
            names |= {label, label.partition("=")[0]}
        return sorted(name for name in names if name in self.sections["labels"])

    def between_labels(self, server: str, get):
        """(found, value, agreed): what the labels of the highest priority that say something say."""
        said = [(self.sections["labels"][name].get("priority", 0), get(self.sections["labels"][name]))
                for name in self.declared(server)]
        said = [(priority, value) for priority, value in said if value is not None]
        if not said:
            return False, None, True
        highest = max(priority for priority, _ in said)
        values = [value for priority, value in said if priority == highest]
        return True, values[0], all(value == values[0] for value in values)

    def modules(self, server: str) -> set[str]:
        wanted = [module for name in self.declared(server) for module in self.sections["labels"][name].get("modules", [])]
        found = set()
        while wanted:
            module = wanted.pop()
            if module not in found:
                found.add(module)
                wanted.extend(MODULES[module][0])
        return found

    def param(self, server: str, module: str, name: str):
        get = lambda level: level.get("params", {}).get(module, {}).get(name)
        levels = self.levels(server)
        if (own := get(levels[0])) is not None:
            return own
        found, value, agreed = self.between_labels(server, get)
        if not agreed:
            self.problems.add(("spec/param-conflict", module, name))
        if found:
            return value
        for level in levels[1:]:
            if get(level) is not None:
                return get(level)
        default = MODULES[module][1][name]
        if default is None:
            self.problems.add(("spec/missing-param", module, name))
        return default

    def size(self, server: str):
        levels = self.levels(server)
        if "size" in levels[0]:
            return levels[0]["size"]
        found, value, agreed = self.between_labels(server, lambda label: label.get("size"))
        if not agreed:
            self.problems.add(("spec/provision-conflict",))
        return value if found else next((level["size"] for level in levels[1:] if "size" in level), None)

    def has_label(self, server: str, wanted: str) -> bool:
        labels = self.labels(server)
        return any(label == wanted or ("=" not in wanted and label.partition("=")[0] == wanted) for label in labels)

    def key_matches(self, server: str, key: str, wanted) -> bool:
        body = self.sections["servers"][server]
        if key == "labels":
            if isinstance(wanted, dict):
                return all(self.has_label(server, label) for label in wanted["all"])
            return any(self.has_label(server, label) for label in wanted)
        if key == "environment":
            return body.get("environment", "default") in wanted
        if key == "region":
            return self.scalar(server, "region") in wanted
        if key == "servers":
            return any(fnmatch.fnmatchcase(server, glob) for glob in wanted)
        if key == "size":
            return self.size(server) in wanted
        return any(self.is_member(server, group) for group in wanted)  # groups

    def selected(self, server: str, target: dict) -> bool:
        return (all(self.key_matches(server, key, wanted) for key, wanted in target.items() if key != "exclude")
                and not self.excluded(server, target.get("exclude", {})))

    def excluded(self, server: str, target: dict) -> bool:
        return any(self.key_matches(server, key, wanted) for key, wanted in target.items())

    def is_member(self, server: str, name: str) -> bool:
        group = self.sections["groups"][name]
        inside = ("match" in group and self.selected(server, group["match"])
                  or any(fnmatch.fnmatchcase(server, glob) for glob in group.get("servers", []))
                  or any(self.is_member(server, other) for other in group.get("groups", [])))
        return inside and not self.excluded(server, group.get("exclude", {}))

    def refers_to(self, name: str) -> set[str]:
        group = self.sections["groups"][name]
        targets = [group.get("match", {}), group.get("match", {}).get("exclude", {}), group.get("exclude", {})]
        return {other for target in targets for other in target.get("groups", [])} | set(group.get("groups", []))

    def check_cycles(self) -> None:
        for name in self.sections["groups"]:
            seen, left = set(), list(self.refers_to(name))
            while left:
                other = left.pop()
                if other == name:
                    self.problems.add(("spec/group-cycle",))
                    return
                if other not in seen:
                    seen.add(other)
                    left.extend(self.refers_to(other))

    def fleet(self) -> dict:
        """What each server is; Refused where the rules refuse the inventory."""
        self.check_cycles()
        cyclic = bool(self.problems)
        answer = {}
        for server in self.sections["servers"]:
            modules = self.modules(server)
            answer[server] = {
                "environment": self.sections["servers"][server].get("environment", "default"),
                "region": self.scalar(server, "region"),
                "size": self.size(server),
                "labels": sorted(self.labels(server)),
                "groups": [] if cyclic else sorted(g for g in self.sections["groups"] if self.is_member(server, g)),
                "modules": sorted(modules),
                "files": {module: LINE.replace("{{ params.x }}", str(self.param(server, module, "x")))
                                      .replace("{{ params.y }}", str(self.param(server, module, "y")))
                          for module in modules}}
        if self.problems:
            raise Refused(self.problems)
        return answer


# ---- what lab says --------------------------------------------------------------------------------------------------

def run(folder: pathlib.Path, *words: str) -> subprocess.CompletedProcess:
    return subprocess.run([LAB, *words, "--inventory", folder], capture_output=True, text=True, timeout=60,
                          env={"PATH": os.environ["PATH"], "HOME": str(folder), "LAB_HOME": f"{folder}.home"})


def problem(diagnostic: dict) -> tuple:
    """A diagnostic as the rules above speak of it."""
    code, words = diagnostic["code"], diagnostic["message"].split("'")
    quoted = words[1::2]
    if code == "spec/param-conflict":
        return code, quoted[3], quoted[2]
    if code == "spec/missing-param":
        return code, quoted[0], quoted[1]
    if code == "spec/label-conflict":
        return code, next(word for word in quoted if word in "abcde")
    return (code,)


def ask(folder: pathlib.Path) -> dict:
    listing = run(folder, "get", "servers", "-o", "json")
    if listing.returncode != 0:
        checked = json.loads(run(folder, "validate", "-o", "json").stdout)
        raise Refused({problem(one) for one in checked["diagnostics"] if one["severity"] == "error"})
    answer = {}
    for server in json.loads(listing.stdout)["servers"]:
        answer[server["name"]] = {key: server.get(key) for key in
                                  ("environment", "region", "size", "labels", "groups", "modules")} | {"files": {}}
    plan = json.loads(run(folder, "plan", "--refresh", "never", "-o", "json").stdout)
    for action in plan["actions"]:
        for change in action["changes"]:
            if change["path"].endswith(".content"):
                _, server, _, module = action["resource"].split("/")
                answer[server]["files"][module] = change["after"]
    return answer


def outcome(work) -> tuple:
    try:
        return "fleet", work()
    except Refused as refused:
        return "refused", refused.problems


def differences(expected, found, path="") -> list[str]:
    if isinstance(expected, dict) and isinstance(found, dict):
        return [line for key in sorted(expected.keys() | found.keys(), key=str)
                for line in differences(expected.get(key), found.get(key), f"{path}.{key}")]
    return [] if expected == found else [f"{path or 'all'}: the rules say {expected!r}, lab says {found!r}"]


def check(seed: int, folder: pathlib.Path) -> tuple[str, list[str]]:
    inventory = Maker(seed).make()
    write(inventory, folder, random.Random(seed))
    expected = outcome(Rules(inventory).fleet)
    found = outcome(lambda: ask(folder))
    if expected[0] != found[0] or expected[0] == "refused" and certain(expected[1]) != certain(found[1]):
        return expected[0], [f"the rules give {expected}, lab gives {found}"]
    return expected[0], differences(expected[1], found[1]) if expected[0] == "fleet" else []


def certain(problems: set) -> set:
    """With two values of a label nobody can say which one brings what: then only that is compared."""
    return {one for one in problems if one[0] == "spec/label-conflict"} or problems


def main() -> int:
    parser = argparse.ArgumentParser()
    parser.add_argument("--count", type=int, default=int(os.environ.get("LAB_DIFFERENTIAL_COUNT", "400")))
    parser.add_argument("--seed", type=int, default=1, help="of the first inventory")
    options = parser.parse_args()
    counts = {"fleet": 0, "refused": 0}
    with tempfile.TemporaryDirectory(prefix="lab-resolution-") as work:
        for seed in range(options.seed, options.seed + options.count):
            folder = pathlib.Path(work) / str(seed)
            folder.mkdir()
            kind, wrong = check(seed, folder)
            counts[kind] += 1
            if wrong:
                print(f"seed {seed}: run {sys.argv[0]} --seed {seed} --count 1")
                print("\n".join(f"  {line}" for line in wrong))
                for path in sorted(folder.glob("*.yaml")):
                    print(f"--- {path.name}\n{path.read_text()}")
                return 1
            shutil.rmtree(folder)
    print(f"{options.count} inventories agree: {counts['fleet']} resolved, {counts['refused']} refused for the same reasons")
    if min(counts.values()) < options.count // 10:
        print("too few of one kind: the maker of inventories needs care")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
