#!/usr/bin/env python3
"""A converged check of 500 files by lab-agent, beside `puppet apply --noop` of the same files where puppet is installed.

usage: agent.py BIN_DIR [--files 500]"""

import argparse
import json
import os
import pathlib
import shutil
import tempfile

import measure


def desired(folder: pathlib.Path, files: int) -> dict:
    resource = lambda n: {"type": "file", "name": f"/etc/bench/file-{n}.conf", "module": "bench",
                          "properties": {"ensure": "present", "content": text(n), "mode": "0644"}, "after": [], "notify": []}
    directory = {"type": "directory", "name": "/etc/bench", "module": "bench",
                 "properties": {"ensure": "present", "mode": "0755"}, "after": [], "notify": []}
    return {"format": "lab.desired/1", "server": "bench", "server_id": "srv-bench", "inventory": "bench", "commit": "",
            "key": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", "resources": [directory, *map(resource, range(files))]}


def text(number: int) -> str:
    return f"# file {number}\n" + "key = value\n" * 20


def puppet_manifest(root: pathlib.Path, files: int) -> str:
    quoted = lambda n: text(n).replace("'", "\\'")
    return "".join(f"file {{ '{root}/etc/bench/file-{n}.conf': ensure => file, mode => '0644', content => '{quoted(n)}' }}\n"
                   for n in range(files))


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("bin")
    parser.add_argument("--files", type=int, default=500)
    options = parser.parse_args()
    agent = str(pathlib.Path(options.bin, "lab-agent").resolve())
    with tempfile.TemporaryDirectory(prefix="lab-bench-") as name:
        folder = pathlib.Path(name)
        root, document = folder / "root", folder / "desired.json"
        document.write_text(json.dumps(desired(folder, options.files)))
        common = ["--desired", str(document), "--root", str(root)]
        rows = {f"apply of {options.files} files (once)": measure.once([agent, "apply", *common, "--create-root"])}
        ours = measure.median([agent, "check", *common])
        rows["converged check, as text"] = ours
        rows["converged check, as JSON"] = measure.median([agent, "check", *common, "-o", "json"])
        peer = None
        if shutil.which("puppet"):
            manifest = folder / "site.pp"
            manifest.write_text(puppet_manifest(root, options.files))
            env = {**os.environ, "FACTER_fqdn": "bench"}
            peer = measure.median(["puppet", "apply", "--noop", "--vardir", str(folder / "v"), "--confdir", str(folder / "c"),
                                   str(manifest)], runs=3, env=env)
            rows["puppet apply --noop"] = peer
        for title, cost in rows.items():
            print(f"  {title:34} {cost.text()}")
        if peer:
            print(f"  ratio: {peer.wall / ours.wall:.0f} times faster, {peer.peak_mib / ours.peak_mib:.0f} times less memory")
        else:
            print("  puppet is not installed: no peer in this run")


if __name__ == "__main__":
    main()
