#!/usr/bin/env python3
"""Fails where a file includes a room it may not, a private header of another room, or a library that another room wraps."""

import re
import sys

from sources import LAYERS, ROOT, room_of, tracked
import pathlib

INCLUDE = re.compile(r'^\s*#\s*include\s*(["<])([^">]+)[">]', re.MULTILINE)


def problems():
    rooms, wrapped, heavy = LAYERS["rooms"], LAYERS["wrapped"], LAYERS["heavy"]
    for path in tracked("*.h", "*.cpp"):
        room = room_of(path)
        if room is None or path.parts[0] == "tests":
            continue
        composes = str(path) in LAYERS["composition"]["roots"]
        public = path.suffix == ".h" and "detail" not in path.parts
        text = (ROOT / path).read_text()
        for match in INCLUDE.finditer(text):
            place = f"{path}:{text.count(chr(10), 0, match.start()) + 1}"
            bracket, name = match.groups()
            if bracket == "<":
                for library, owners in wrapped.items():
                    if name.startswith(library) and room.split("/")[0] not in owners:
                        yield f"{place}: <{name}> is wrapped by {', '.join(owners)}; use that room's header"
                if public and name not in heavy["allowed_public"] and any(name.startswith(one) for one in heavy["headers"]):
                    yield f"{place}: a public header drags in <{name}>; move it to a .cpp or detail/"
                continue
            target_path = pathlib.PurePosixPath(name)
            target = room_of(target_path)
            if target is None:
                if not (ROOT / name).exists():
                    continue  # generated
                yield f'{place}: "{name}" is in no room of tests/lint/layers.toml'
                continue
            if target == room:
                continue
            if "detail" in target_path.parts:
                yield f'{place}: "{name}" is private to {target}'
            if composes and target.startswith("providers"):
                continue
            if target not in rooms[room]:
                yield f"{place}: {room} may not include {target}"
            if public and "detail" in target_path.parts:
                yield f'{place}: a public header includes the private "{name}"'


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) if found else "layers: every include lies within its row")
    sys.exit(1 if found else 0)
