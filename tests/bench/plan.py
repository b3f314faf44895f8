#!/usr/bin/env python3
"""validate and plan over 1,000 and 10,000 servers, beside terraform over as many resources where it is installed.

usage: plan.py BIN_DIR [--sizes 1000,10000] [--no-terraform]
The state is made by one real apply onto managed roots. Everything lies in memory (/dev/shm), for both sides."""

import argparse
import json
import os
import pathlib
import re
import shutil
import sqlite3
import subprocess
import tempfile

import fleet
import measure


def lab_rows(lab: str, work: pathlib.Path, size: int) -> dict[str, measure.Cost]:
    inventory = work / f"inventory-{size}"
    fleet.generate(inventory, size)
    env = {**os.environ, "LAB_HOME": str(work / f"home-{size}"), "NO_COLOR": "1"}
    run = lambda *words, **more: measure.median([lab, *words, "--inventory", str(inventory)], env=env, terminal=True, **more)
    rows = {"apply (once)": measure.once([lab, "apply", "--auto-approve", "-q", "--inventory", str(inventory)], env=env)}
    rows["validate"] = run("validate")
    rows["plan, no change"] = run("plan", "--refresh", "never", "--detailed-exitcode")
    rows["plan -o json, no change"] = run("plan", "--refresh", "never", "-o", "json")
    changed = inventory / "servers" / f"{size // 2:06}.yaml"
    changed.write_text(re.sub(r"port: \d+", "port: 4711", changed.read_text()))
    fleet.commit(inventory, "one server")
    rows["plan, 1 server changed"] = run("plan", "--refresh", "never", "--detailed-exitcode", codes=(2,))
    everything = inventory / "modules/mod-0/module.yaml"
    everything.write_text(everything.read_text().replace("for = ", "meant for = "))
    fleet.commit(inventory, "one module")
    rows["plan, 1 module changed"] = run("plan", "--refresh", "never", "--detailed-exitcode", codes=(2,))
    print_state(work / f"home-{size}" / "state.db")
    shutil.rmtree(work / f"home-{size}")
    return rows


def print_state(path: pathlib.Path) -> None:
    state = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    one = lambda sql: state.execute(sql).fetchone()
    steps, mean, most = one("SELECT count(*), avg(bytes), max(bytes) FROM (SELECT length(action) + length(detail) + "
                            "length(idempotency_key) + 40 AS bytes FROM steps)")  # 40: the numbers, at most
    plan = one("SELECT max(length(body)) FROM documents JOIN runs ON runs.plan = documents.id")[0]
    state.close()
    print(f"  journal: {steps} records, {mean:.0f} bytes each, at most {most}; the plan of the first apply {plan / 1e6:.1f} MB; "
          f"state.db {path.stat().st_size / 1e6:.0f} MB")


def terraform_rows(work: pathlib.Path, size: int) -> dict[str, measure.Cost]:
    """As many terraform_data resources of nine fields, with the state that an apply would have left (a real apply is
    quadratic in the local state file). The no-change plan proves the state right: it must end with 0."""
    folder = work / f"terraform-{size}"
    folder.mkdir()
    fields = lambda n: {"name": f"srv-{n:06}", "env": f"env-{n % 5}", "region": f"region-{n % 3}", "cloud": "local", "size": "m",
                        "port": str(2000 + n % 7), "root": f"fleet/srv-{n:06}", "labels": "a,b,c,d", "module": "m"}
    block = lambda n, f: (f'resource "terraform_data" "s{n}" {{\n  input = {{\n' +
                          "".join(f'    {key} = "{value}"\n' for key, value in f.items()) + "  }\n}\n")
    (folder / "main.tf").write_text("".join(block(n, fields(n)) for n in range(size)))
    types = ["object", {key: "string" for key in sorted(fields(0))}]
    resources = [{"mode": "managed", "type": "terraform_data", "name": f"s{n}",
                  "provider": 'provider["terraform.io/builtin/terraform"]',
                  "instances": [{"schema_version": 0, "sensitive_attributes": [], "attributes": {
                      "id": f"00000000-0000-0000-0000-{n:012}", "triggers_replace": None,
                      "input": {"value": fields(n), "type": types}, "output": {"value": fields(n), "type": types}}}]}
                 for n in range(size)]
    version = json.loads(subprocess.run(["terraform", "version", "-json"], capture_output=True, check=True).stdout)
    (folder / "terraform.tfstate").write_text(json.dumps({
        "version": 4, "terraform_version": version["terraform_version"], "serial": 1,
        "lineage": "6c1d4dd2-0000-0000-0000-000000000000", "outputs": {}, "resources": resources, "check_results": None}))
    env = {**os.environ, "CHECKPOINT_DISABLE": "1", "TF_IN_AUTOMATION": "1"}
    measure.once(["terraform", "init", "-input=false", "-no-color"], cwd=str(folder), env=env)
    runs = 3 if size <= 1000 else 1
    plan = lambda codes: measure.median(["terraform", "plan", "-refresh=false", "-input=false", "-no-color",
                                         "-detailed-exitcode"], runs=runs, cwd=str(folder), env=env, codes=codes)
    rows = {"terraform plan -refresh=false, no change": plan((0,))}
    text = (folder / "main.tf").read_text()
    (folder / "main.tf").write_text(text.replace(f'root = "fleet/srv-{size // 2:06}"', 'root = "elsewhere"'))
    rows["terraform plan -refresh=false, 1 changed"] = plan((2,))
    return rows


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--sizes", default="1000,10000")
    parser.add_argument("--no-terraform", action="store_true")
    options = parser.parse_args()
    lab = str(pathlib.Path(options.bin, "lab").resolve())
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    rows: dict[int, dict[str, measure.Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="lab-bench-", dir=base) as folder:
        for size in map(int, options.sizes.split(",")):
            print(f"{size} servers", flush=True)
            rows[size] = lab_rows(lab, pathlib.Path(folder), size)
            if shutil.which("terraform") and not options.no_terraform:
                rows[size] |= terraform_rows(pathlib.Path(folder), size)
            for name, cost in rows[size].items():
                first = "" if cost.first_output is None else f"  first output {cost.first_output:.3f} s"
                print(f"  {name:42} {cost.text()}{first}")
            if (peer := rows[size].get("terraform plan -refresh=false, no change")):
                print(f"  ratio to terraform: no change {peer.wall / rows[size]['plan, no change'].wall:.0f}x, 1 changed "
                      f"{rows[size]['terraform plan -refresh=false, 1 changed'].wall / rows[size]['plan, 1 server changed'].wall:.0f}x, "
                      f"CPU time {peer.cpu / rows[size]['plan, no change'].cpu:.0f}x less, "
                      f"memory {peer.peak_mib / rows[size]['plan, no change'].peak_mib:.0f}x less")
    small, large = min(rows), max(rows)
    if small != large:
        less, more = rows[small]["plan, no change"], rows[large]["plan, no change"]
        print(f"growth of plan from {small} to {large} servers: {more.wall / less.wall:.1f} times wall, "
              f"{more.cpu / less.cpu:.1f} times CPU")


if __name__ == "__main__":
    main()
