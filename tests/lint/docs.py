#!/usr/bin/env python3
"""Fails where a diagnostic's slug is not explained in docs/diagnostics.md, or a document links to a file that is not there."""

import re
import sys

from sources import ROOT, tracked

SLUG = re.compile(r'"((?:yaml|spec|inventory|git|module|template|config|target|cli|observed|case|edit)/[a-z0-9-]+)"')
LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)]*)?\)")


def problems():
    listing = ROOT / "docs/diagnostics.md"
    explained = set(re.findall(r"`([a-z]+/[a-z0-9-]+)`", listing.read_text())) if listing.exists() else set()
    used = {}
    for path in tracked("*.cpp"):
        if path.parts[0] == "tests":
            continue
        for slug in SLUG.findall((ROOT / path).read_text()):
            used.setdefault(slug, path)
    for slug, path in sorted(used.items()):
        if slug not in explained:
            yield f"{path}: the diagnostic '{slug}' is not in docs/diagnostics.md"
    for slug in sorted(explained - used.keys()):
        if slug.split("/")[0] in {one.split("/")[0] for one in used}:
            yield f"docs/diagnostics.md: '{slug}' is explained, but nothing reports it"
    for path in tracked("*.md"):
        for link in LINK.findall((ROOT / path).read_text()):
            if "://" in link or link.startswith("mailto:"):
                continue
            if not (ROOT / path.parent / link).exists():
                yield f"{path}: the link to '{link}' leads nowhere"


if __name__ == "__main__":
    found = list(problems())
    print("\n".join(found) if found else "docs: every slug is explained, every link leads somewhere")
    sys.exit(1 if found else 0)
