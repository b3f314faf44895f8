#!/usr/bin/env python3
"""Fleets of 1,000 to 100,000 servers, one file a server, the same in folders of a thousand, and a hundred a file, read out of
git: cold, warm and after changes, beside the floor (the same blobs read, every byte touched) and, at 10,000 servers, terraform over as many resources.

usage: fleet_bench.py BIN_DIR [--sizes 1000,10000,100000] [--runs 3] [--no-terraform]
The state is what an apply would have left: the keys of the servers as lab itself has worked them out. That it is right shows
in a plan that ends with 0. Everything lies in memory (/dev/shm). Read the CPU times where the machine is shared."""

import argparse
import os
import pathlib
import re
import shutil
import sqlite3
import struct
import subprocess
import sys
import tempfile

import fleet
import measure
import plan as plan_bench

SECTIONS = 24  # of an image; names, their ends and keys are the second, third and sixth
NAMES, NAME_ENDS, KEYS = 1, 2, 5


def known_keys(home: pathlib.Path) -> list[tuple[str, bytes]]:
    """Names and keys of the servers, out of the image that lab keeps (spec/fleet_image.cpp)."""
    image, = (home / "cache/fleets").glob("*.image")
    raw = image.read_bytes()
    table = 24 + 32 + 32 + 20 + 4  # magic, made_by, state, tree, padding
    begins = struct.unpack_from(f"<{SECTIONS}Q", raw, table)
    sizes = struct.unpack_from(f"<{SECTIONS}Q", raw, table + 8 * SECTIONS)
    part = lambda which: raw[begins[which]:begins[which] + sizes[which]]
    ends = [end for end, in struct.iter_unpack("<I", part(NAME_ENDS))]
    names, keys = part(NAMES).decode(), part(KEYS)
    return [(names[begin:end], keys[32 * i:32 * i + 32]) for i, (begin, end) in enumerate(zip([0, *ends], ends))]


def settle(home: pathlib.Path) -> None:
    state = sqlite3.connect(home / "state.db")
    inventory, = state.execute("SELECT id FROM inventories").fetchone()
    state.executemany(
        "INSERT INTO servers(inventory, name, server_id, provider, cloud, applied, applied_key, in_sync_key, observed_at, presence, "
        "units) VALUES(?, ?, ?, 'local', 'local', 1, ?, ?, 1763600000000, 0, 12)",
        ((inventory, name, f"srv-{name}", key, key) for name, key in known_keys(home)))
    state.commit()
    state.close()


def change(inventory: pathlib.Path, path: str, pattern: str, text: str) -> None:
    file = inventory / path
    before = file.read_text()
    after = re.sub(pattern, text, before, count=1)
    assert before != after, path
    file.write_text(after)
    fleet.commit(inventory, "a change")


def rows_of(lab: str, floor: str, work: pathlib.Path, size: int, shape: tuple[int, int], runs: int) -> dict[str, measure.Cost]:
    inventory, home = work / "inventory", work / "home"
    per_file, per_folder = shape
    fleet.generate(inventory, size, per_file, per_folder)
    subprocess.run(["git", "-C", str(inventory), "gc", "-q"], check=True)
    env = {**os.environ, "LAB_HOME": str(home), "NO_COLOR": "1"}

    def run(*words: str, codes=(0,)) -> measure.Cost:
        return measure.median([lab, *words, "--inventory", str(inventory), "--ref", "HEAD"], runs=runs, env=env, codes=codes)

    plan = ["plan", "--refresh", "never", "--detailed-exitcode"]
    measure.once([lab, "history", "--inventory", str(inventory), "--ref", "HEAD"], env=env)  # makes the state and the image
    settle(home)
    rows = {"floor: the same blobs out of git": measure.median([floor, str(inventory)], runs=runs)}
    rows["plan, cold"] = run(*plan, "--no-cache")
    rows["plan, warm, nothing changed"] = run(*plan)
    rows["get servers --label label-3, warm"] = run("get", "servers", "--label", "label-3", "-o", "name")
    name = f"srv-{size // 2:06}"
    rows["show server, warm"] = run("show", "server", name)
    rows["explain server, warm"] = run("explain", f"server/{name}")
    complete = [lab, "__complete", "--", "--inventory", str(inventory), "--ref", "HEAD", "show", "server", "srv-0000"]
    rows["completion of servers, warm"] = measure.median(complete, runs=runs, env=env)
    if per_file == 1:
        tree = [lab, *plan, "--inventory", str(inventory)]
        rows["plan, working tree, warm"] = measure.median(tree, runs=runs, env=env)
        rows["git status"] = measure.median(["git", "-C", str(inventory), "status", "--porcelain"], runs=runs)
    change(inventory, fleet.server_file(size // 2, per_file, per_folder), r"port: \d+", "port: 4711")
    rows["plan, 1 server changed, warm"] = run(*plan, codes=(2,))
    change(inventory, "labels.yaml", "from label 3}", "anew from label 3}")
    rows["plan, 1 label of a tenth changed, warm"] = run(*plan, codes=(2,))
    return rows


def ratios(rows: dict[str, measure.Cost]) -> None:
    floor, cold, warm = (rows[name] for name in ("floor: the same blobs out of git", "plan, cold", "plan, warm, nothing changed"))
    changed = rows["plan, 1 server changed, warm"]
    print(f"  cold is {cold.cpu / floor.cpu:.1f} times the floor; warm is {warm.cpu / cold.cpu:.3f} of cold; one changed file costs "
          f"{1000 * (changed.cpu - warm.cpu):.0f} ms more than warm (CPU)")


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--sizes", default="1000,10000,100000")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--no-terraform", action="store_true")
    options = parser.parse_args()
    lab, floor = (str(pathlib.Path(options.bin, name).resolve()) for name in ("lab", "blob_floor"))
    sizes = [int(size) for size in options.sizes.split(",")]
    base = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None
    peaks: dict[tuple[int, int], float] = {}
    terraform: dict[str, measure.Cost] = {}
    for per_file, per_folder in ((1, 0), (1, 1000), (100, 0)):
        shape = f"{per_file} a file" + (f", {per_folder} a folder" if per_folder else "")
        for size in sizes:
            if per_folder and size < 10 * per_folder: continue  # as good as one folder
            with tempfile.TemporaryDirectory(prefix="lab-bench-", dir=base) as folder:
                work = pathlib.Path(folder)
                print(f"{size} servers, {shape}", flush=True)
                rows = rows_of(lab, floor, work, size, (per_file, per_folder), options.runs)
                if size == 10000 and not per_folder and per_file == 1 and shutil.which("terraform") and not options.no_terraform:
                    terraform = plan_bench.terraform_rows(work, size)
                    rows |= terraform
                for name, cost in rows.items():
                    print(f"  {name:42} {cost.text()}")
                ratios(rows)
                if size == 10000 and terraform:
                    peer, cold = terraform["terraform plan -refresh=false, no change"], rows["plan, cold"]
                    print(f"  terraform: {peer.cpu / cold.cpu:.0f} times the CPU time of a cold plan, {peer.wall / cold.wall:.0f} times its wall time")
                peaks[size, per_file] = rows["plan, cold"].peak_mib
                sys.stdout.flush()
        if len(sizes) > 1:
            small, large = sizes[-2], sizes[-1]
            kib = (peaks[large, per_file] - peaks[small, per_file]) * 1024 / (large - small)
            print(f"memory, {shape}: {kib:.2f} KiB a server between {small} and {large}, cold")


if __name__ == "__main__":
    main()
