"""The project's own files, for the checks beside this file. Needs git, or falls back to walking the tree."""

import pathlib
import subprocess
import tomllib

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
LAYERS = tomllib.loads((ROOT / "tests/lint/layers.toml").read_text())


def tracked(*patterns: str) -> list[pathlib.PurePosixPath]:
    """Files git knows or would take, as paths relative to the root."""
    listing = subprocess.run(
        ["git", "-c", f"safe.directory={ROOT}", "ls-files", "--cached", "--others", "--exclude-standard", *patterns],
        cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return [pathlib.PurePosixPath(line) for line in listing.splitlines() if (ROOT / line).is_file()]


def room_of(path: pathlib.PurePosixPath) -> str | None:
    """The room a file lives in, the deepest that fits; None outside all rooms."""
    for depth in (2, 1):
        room = "/".join(path.parts[:depth])
        if len(path.parts) > depth and room in LAYERS["rooms"]:
            return room
    return None
