#!/usr/bin/env python3
"""Speaks the batch protocol of lab-agent and misbehaves where a server's name asks for it.

It knows files only, as FOLDER/NAME with their content, and counts its starts in $FAKE_AGENT_LOG.
"""

import json
import os
import pathlib
import shutil
import signal
import sys
import time

stopping = False


def log(text):
    path = os.environ.get("FAKE_AGENT_LOG")
    if path:
        with open(path, "a") as out:
            out.write(text + "\n")


def say(message):
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def misbehave(server, request):
    if server.startswith("crash"):
        sys.stderr.write("it hurts\n")
        sys.exit(3)
    if server.startswith("kill"):
        os.kill(os.getpid(), signal.SIGKILL)
    if server.startswith("hang"):
        time.sleep(600)
    if server.startswith("flood"):
        while True:
            sys.stdout.write("x" * 65536)
    if server.startswith("nonsense"):
        say(["what", "is", "this"])
    if server.startswith("garbage"):
        sys.stdout.write("{\"id\": \xff\xfe\n")
        sys.stdout.flush()
    if server.startswith("stranger"):
        say({"id": "nobody-asked", "event": "error", "error": {"code": "internal", "message": "hm"}})
    if server.startswith("mute"):
        sys.stdout.close()
        time.sleep(600)


def error(request, code, message):
    say({"id": request["id"], "event": "error", "error": {"code": code, "message": message, "hint": ""}})


def place(root, resource):
    return root / "files" / resource["name"].replace("/", "_")


def report_of(request, root, identity):
    desired, mode = request["desired"], request["mode"]
    resources = []
    for number, resource in enumerate(desired["resources"]):
        name = resource["type"] + "/" + resource["name"].lstrip("/")
        if stopping:
            resources.append({"id": name, "status": "skipped", "reason": "interrupted", "duration_ms": 0})
            continue
        if mode == "apply":
            say({"id": request["id"], "event": "progress", "resource": name, "status": "running"})
        if desired["server"].startswith("slow") and number == 0:
            deadline = time.time() + 20
            while not stopping and time.time() < deadline:
                time.sleep(0.01)
        path, wanted = place(root, resource), json.dumps(resource["properties"])
        equal = path.exists() and path.read_text() == wanted
        status = "ok" if equal else "drifted"
        if mode == "apply" and not equal:
            path.parent.mkdir(exist_ok=True)
            path.write_text(wanted)
            status = "changed"
        resources.append({"id": name, "status": status, "observed": {}, "duration_ms": 0})
    report = {"format": "lab.report/1", "server": desired["server"], "server_id": identity.get("server_id", ""),
              "inventory": identity.get("inventory", ""), "mode": mode, "desired": "", "at": "2026-11-20T10:15:00Z",
              "interrupted": stopping, "resources": resources, "facts": {}}
    if desired["server"].startswith("liar"):
        report["server"] = "somebody-else"
    if desired["server"].startswith("partial"):
        report["resources"] = resources[1:]
    return report


def answer(request):
    desired, mode = request["desired"], request["mode"]
    log(f"{mode} {desired['server']}")
    misbehave(desired["server"], request)
    if desired["server"].startswith("refused"):
        return error(request, "unavailable", "the disk\x1b[31m is on fire")
    root = pathlib.Path(request["root"])
    if not root.exists():
        if not (mode == "apply" and request["create"]):
            return error(request, "not_found", "there is no tree")
        root.mkdir(parents=True)
    known = root / "machine.json"
    identity = json.loads(known.read_text()) if known.exists() else {}
    mine = {"server_id": desired["server_id"], "inventory": desired["inventory"]}
    if mode != "check" and identity and identity != mine:
        return error(request, "denied", "this machine is another")
    if mode == "destroy":
        shutil.rmtree(root)
        identity = {}
    elif mode == "apply" and not identity:
        known.write_text(json.dumps(mine))
        identity = mine
    say({"id": request["id"], "event": "report", "report": report_of(request, root, identity)})


def stop(_signal, _frame):
    global stopping
    stopping = True


def main():
    log("start")
    signal.signal(signal.SIGTERM, stop)
    for line in sys.stdin:
        request = json.loads(line)
        assert request["format"] == "lab.agent-request/1", request
        answer(request)
        if stopping:
            break


main()
