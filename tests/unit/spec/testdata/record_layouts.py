#!/usr/bin/env python3
"""Records what sgdisk and lvm make of layouts on real block devices, as layouts.json beside this file.

    sudo tests/unit/spec/testdata/record_layouts.py      (needs gdisk, lvm2 and loop devices)

Each case is a layout in the inventory's own words, on a sparse file of a disk's real size behind a loop device with its sector
size. sgdisk chooses where partitions begin; the partition of a volume group gets a loop device of its own, where pvcreate,
vgcreate and lvcreate run without device-mapper (--driverloaded n), so that this works in containers: metadata is written and
extents are allocated, nothing is activated. What the tools then report is recorded, never computed here; only a partition's
percentage, which sgdisk does not know, is turned into whole MiB before. layout_test.cpp holds `lay_out` to it.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
UNITS = {"MB": 10**6, "GB": 10**9, "TB": 10**12, "MiB": 2**20, "GiB": 2**30, "TiB": 2**40}
CODES = {"efi": "ef00", "bios-boot": "ef02", None: "8e00"}

WORKER = {
    "partitions": [{"mount": "/boot/efi", "size": "600MB", "fs": "efi"}, {"mount": "/boot", "size": "3GB", "fs": "ext4"},
                   {"vg": "labvg", "size": "rest"}],
    "volumes": [("swap", "27GB"), ("root", "33GB"), ("var", "100GB"), ("varlog", "10GB"), ("home", "10GB"), ("srv", "20GB"),
                ("longhorn", "rest")],
    "slack": "1%"}
INFRA = {**WORKER, "volumes": WORKER["volumes"][:-1] + [("rancher", "20GB")]}
BINARY = {
    "partitions": [{"size": "1MiB", "fs": "bios-boot"}, {"mount": "/boot/efi", "size": "512MiB", "fs": "efi"},
                   {"mount": "/boot", "size": "1GiB", "fs": "ext4"}, {"vg": "labvg", "size": "rest"}],
    "volumes": [("root", "20GiB"), ("var", "30%"), ("home", "7%"), ("data", "rest")],
    "slack": "0%"}
TWO_GROUPS_WORTH = {
    "partitions": [{"mount": "/boot/efi", "size": "260MB", "fs": "efi"}, {"vg": "labvg", "size": "40%"},
                   {"mount": "/data", "size": "rest", "fs": "xfs"}],
    "volumes": [("root", "33333333504B"), ("var", "25%"), ("odd", "1000000512B")],
    "slack": "3%"}
DISKS = [(256_060_514_304, 512), (512_110_190_592, 512), (1_000_204_886_016, 512), (1_000_204_886_016, 4096),
         (2_000_398_934_016, 512), (7_681_501_126_656, 4096), (300_000_000_000, 512), (240_057_409_536, 512)]
CASES = {"worker": WORKER, "infra": INFRA, "binary": BINARY, "percent": TWO_GROUPS_WORTH}


def run(*words, **more):
    done = subprocess.run(words, capture_output=True, text=True, **more)
    if done.returncode:
        sys.exit(f"{' '.join(words)}: {done.stdout}{done.stderr}")
    return done.stdout


def size_of(text):
    for unit, factor in UNITS.items():
        if text.endswith(unit):
            return int(text[:-len(unit)]) * factor
    return int(text.removesuffix("B"))


class Loop:
    def __init__(self, *options):
        self.options = options

    def __enter__(self):
        self.device = run("losetup", "-f", "--show", *self.options).strip()
        return self.device

    def __exit__(self, *_):
        run("losetup", "-d", self.device)


def partition(device, sector, layout, disk):
    """Asks sgdisk for each partition in turn, in sectors, and for its own idea of what is left."""
    run("sgdisk", "--clear", device)
    last = last_usable_sector(device)
    mebibyte = 2**20 // sector
    for number, part in enumerate(layout["partitions"], 1):
        size = part["size"]
        if size == "rest":
            end = "0"
        elif size.endswith("%"):
            end = f"+{(last + 1 - mebibyte) // mebibyte * int(size[:-1]) // 100 * mebibyte}"
        else:
            end = f"+{-(-size_of(size) // sector)}"
        run("sgdisk", f"--new={number}:0:{end}", f"--typecode={number}:{CODES.get(part.get('fs'), '8300')}", device)
    parts = []
    for number in range(1, len(layout["partitions"]) + 1):
        text = run("sgdisk", f"--info={number}", device)
        start = int(text.split("First sector: ")[1].split()[0])
        end = int(text.split("Last sector: ")[1].split()[0])
        parts.append({"start": start * sector, "bytes": (end - start + 1) * sector})
    return parts, (last + 1) * sector


def last_usable_sector(device):
    return int(run("sgdisk", "--print", device).split("last usable sector is ")[1].split()[0])


def lvm(folder, *words):
    command, *rest = words
    return run("lvm", command, "--driverloaded", "n", *rest,
               env={**os.environ, "LVM_SYSTEM_DIR": str(folder), "LVM_SUPPRESS_FD_WARNINGS": "1"})


def volumes(folder, device, layout):
    (folder / "lvm.conf").write_text(f"""
devices {{ filter = ["a|^{device}$|", "r|.*|"] use_devicesfile = 0 obtain_device_list_from_udev = 0
          external_device_info_source = "none" }}
activation {{ udev_sync = 0 udev_rules = 0 monitoring = 0 }}
backup {{ backup = 0 archive = 0 }}
global {{ locking_dir = "{folder}/lock" }}
""")
    lvm(folder, "pvcreate", "-y", device)
    lvm(folder, "vgcreate", "labvg", device)

    def create(name, size):
        amount = ["-l", "100%FREE"] if size == "rest" else ["-l", f"{size}VG"] if size.endswith("%") else ["-L", f"{size_of(size)}b"]
        lvm(folder, "lvcreate", "-an", "-Zn", "-Wn", "-y", *amount, "-n", name, "labvg")

    # What is kept free is taken by a volume until the others are made, so that 100%FREE leaves it alone.
    later = [each for each in layout["volumes"] if each[1] == "rest"]
    if layout["slack"] != "0%":
        create("slack", layout["slack"])
    for name, size in [each for each in layout["volumes"] if each[1] != "rest"] + later:
        create(name, size)
    if layout["slack"] != "0%":
        lvm(folder, "lvremove", "-y", "labvg/slack")

    def report(command, section, columns):
        text = lvm(folder, command, "--reportformat", "json", "--units", "b", "--nosuffix", "-o", columns)
        return json.loads(text[text.index("{"):])["report"][0][section]

    group = report("vgs", "vg", "vg_extent_size,vg_extent_count,vg_free_count")[0]
    start = report("pvs", "pv", "pe_start")[0]["pe_start"]
    made = {row["lv_name"]: int(row["lv_size"]) for row in report("lvs", "lv", "lv_name,lv_size")}
    return {"extent_bytes": int(group["vg_extent_size"]), "extents": int(group["vg_extent_count"]),
            "free_extents": int(group["vg_free_count"]), "header_bytes": int(start),
            "volumes": {name: made[name] for name, _ in layout["volumes"]}}


def yaml_of(layout):
    """The layout as an inventory writes it; mounts of volumes matter to nobody here."""
    made = []
    for name, size in layout["volumes"]:
        if name == "swap":
            made.append({"name": name, "size": size, "fs": "swap"})
        else:
            made.append({"name": name, "mount": "/" if name == "root" else f"/{name}", "size": size, "fs": "xfs"})
    return {"partitions": layout["partitions"], "volumes": made, "slack": layout["slack"]}


def record(name, layout, disk, sector, folder):
    image = folder / "disk.img"
    image.unlink(missing_ok=True)
    with open(image, "wb") as file:
        file.truncate(disk)
    with Loop("--sector-size", str(sector), str(image)) as device:
        parts, usable_end = partition(device, sector, layout, disk)
    held = next(i for i, part in enumerate(layout["partitions"]) if "vg" in part)
    # lab ends every partition at a whole MiB; the group gets what lies before it.
    part = parts[held]
    end = (part["start"] + part["bytes"]) // 2**20 * 2**20
    with Loop("--offset", str(part["start"]), "--sizelimit", str(end - part["start"]), str(image)) as device:
        group = volumes(folder, device, layout)
    return {"name": f"{name} on {disk} bytes, sectors of {sector}", "disk": disk, "sector": sector, "layout": yaml_of(layout),
            "usable_end": usable_end, "partitions": parts, "group": group}


def main():
    with tempfile.TemporaryDirectory() as top:
        folder = pathlib.Path(top)
        cases = [record(name, layout, disk, sector, folder) for disk, sector in DISKS for name, layout in CASES.items()]
    document = {"sgdisk": run("sgdisk", "--version").split()[-1], "lvm": run("lvm", "version").split()[2],
                "recorded_by": pathlib.Path(__file__).name, "cases": cases}
    lines = ",\n  ".join(json.dumps(case) for case in document.pop("cases"))
    head = json.dumps(document)[:-1]
    (HERE / "layouts.json").write_text(f'{head}, "cases": [\n  {lines}\n]}}\n')
    print(f"{len(cases)} cases recorded")


if __name__ == "__main__":
    main()
