#!/usr/bin/env python3
"""The schemas that `lab schema` prints, by a validator that is not ours: valid themselves, they take the example inventory and
what `lab init` writes, and refuse what `lab validate` refuses."""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import jsonschema
    import yaml
except ImportError as missing:
    print(f"skipped: {missing} (Debian: python3-jsonschema, python3-yaml)")
    sys.exit(77)

ROOT = pathlib.Path(__file__).resolve().parents[2]

WRONG = {
    "inventory": ["{serverz: {}}", "servers: {web-1: {labels: web}}", "servers: {web_1: {}}", "servers: {a: {protect: 'yes'}}",
                  "labels: {web: {modlues: [x]}}", "labels: {web: {priority: high}}", "labels: {web: {ports: [70000]}}",
                  "groups: {g: {match: {labels: {any: [x]}}}}", "lab: {format: 2, name: x}", "lab: {format: 1}", "clouds: {c: {}}",
                  "environments: {e: {region: [x]}}", "[]", "labels: {l: {container: {}}}", "labels: {l: {container: {image: x, health: {}}}}",
                  "labels: {l: {container: {image: x, resources: {cpu: '-1'}}}}", "users: {u: {ssh_keys: [foo]}}", "clusters: {c: {}}",
                  "clusters: {c: {api: foo}}", "roles: {r: {}}", "apps: {a: {cluster: c, namespace: Bad_Name}}",
                  "apps: {a: {cluster: c, inputs: [1]}}", "servers: {s: {disk: {size: 0GB}}}", "servers: {s: {mac: 'ff:ff:ff:ff:ff:ff'}}"],
    "module": ["{}", "{name: x, params: {p: {type: text}}}", "{name: x, resources: [{file: /x, mood: '0644'}]}",
               "{name: x, resources: [{flie: /x}]}", "{name: x, health: [{}]}", "{name: x, deps: y}"],
}


class Loader(yaml.SafeLoader):
    """YAML 1.2 core as the language has it: `no`, 1:30 and 0644 are texts."""


Loader.yaml_implicit_resolvers = {}
for tag, pattern, first in (("bool", r"^(?:true|True|TRUE|false|False|FALSE)$", "tTfF"), ("null", r"^(?:~|null|Null|NULL|)$", "~nN\0"),
                            ("int", r"^[-+]?(?:0|[1-9][0-9]*)$", "-+0123456789"),
                            ("float", r"^[-+]?(?:\.[0-9]+|[0-9]+\.[0-9]*)(?:[eE][-+]?[0-9]+)?$", "-+0123456789.")):
    import re
    Loader.add_implicit_resolver(f"tag:yaml.org,2002:{tag}", re.compile(pattern), [*first] + ([""] if tag == "null" else []))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--bin", required=True, type=pathlib.Path)
    lab = parser.parse_args().bin.resolve() / "lab"
    schemas = {of: json.loads(subprocess.run([lab, "schema", of], capture_output=True, check=True).stdout) for of in WRONG}
    for schema in schemas.values():
        jsonschema.Draft202012Validator.check_schema(schema)
    validators = {of: jsonschema.Draft202012Validator(schema) for of, schema in schemas.items()}
    wrong = taken = 0
    with tempfile.TemporaryDirectory(prefix="lab-schema-") as top:
        subprocess.run([lab, "init", "--quiet", top], check=True, env={"HOME": top, "PATH": "/usr/bin:/bin"}, capture_output=True)
        for folder in (ROOT / "examples/inventory", ROOT / "tests/cli/fixtures/fleet", pathlib.Path(top)):
            for path in sorted(folder.rglob("*.yaml")):
                if "tests" in path.relative_to(folder).parts or (path.parent / "module.yaml").exists() != (path.name == "module.yaml"):
                    continue  # cases of `lab test`, and what modules copy to machines
                taken += 1
                for problem in validators["module" if path.name == "module.yaml" else "inventory"].iter_errors(
                        yaml.load(path.read_text(), Loader)):
                    wrong += 1
                    print(f"{path}: {problem.json_path}: {problem.message[:300]}")
    for of, texts in WRONG.items():
        for text in texts:
            if validators[of].is_valid(yaml.load(text, Loader)):
                wrong += 1
                print(f"the schema of {of} takes {text}")
    print(f"{taken} files, {sum(map(len, WRONG.values()))} refusals, {wrong} wrong")
    return 1 if wrong or taken < 15 else 0


if __name__ == "__main__":
    sys.exit(main())
