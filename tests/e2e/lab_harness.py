"""Drives the real `lab` and `lab-agent` in folders of their own. LAB_BIN names the folder of the programs.

A failing test keeps its folder and prints where it is."""

import hashlib
import json
import os
import pathlib
import shutil
import subprocess
import tempfile
import unittest

BIN = pathlib.Path(os.environ.get("LAB_BIN", pathlib.Path(__file__).resolve().parents[2] / "build/dev/bin")).resolve()


class Ran:
    """What a program did: exit code, stdout, stderr."""

    def __init__(self, argv, completed):
        self.argv, self.code = argv, completed.returncode
        self.out, self.err = completed.stdout, completed.stderr

    def json(self):
        return json.loads(self.out)

    def __str__(self):
        return f"$ {' '.join(map(str, self.argv))}\nexit {self.code}\n--- stdout\n{self.out}--- stderr\n{self.err}"


class LabCase(unittest.TestCase):
    """A test with an inventory repository and a LAB_HOME of its own."""

    maxDiff = None

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="lab-e2e-"))
        self.inventory = self.folder / "inventory"
        self.home = self.folder / "home"
        self.inventory.mkdir()
        self.env = {"PATH": os.environ["PATH"], "HOME": str(self.folder), "LAB_HOME": str(self.home), "LC_ALL": "C.UTF-8",
                    "GIT_CONFIG_GLOBAL": "/dev/null", "TZ": "UTC"}
        for name in ("LSAN_OPTIONS", "ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            if name in os.environ:
                self.env[name] = os.environ[name]

    def tearDown(self):
        failed = any(error for _, error in getattr(self._outcome, "errors", [])) or (
            hasattr(self._outcome, "result") and any(test is self for test, _ in
                                                     self._outcome.result.failures + self._outcome.result.errors))
        if failed:
            print(f"kept: {self.folder}")
        else:
            shutil.rmtree(self.folder, ignore_errors=True)

    # ---- programs

    def run_program(self, argv, code=0, env=None, timeout=120, stdin="", cwd=None):
        completed = subprocess.run([str(one) for one in argv], capture_output=True, text=True, input=stdin, timeout=timeout,
                                   env={**self.env, **(env or {})}, cwd=cwd or self.inventory, errors="replace")
        ran = Ran(argv, completed)
        if code is not None:
            self.assertEqual(ran.code, code, f"\n{ran}")
        return ran

    def lab(self, *words, **more):
        return self.run_program([BIN / "lab", *words], **more)

    def agent(self, *words, **more):
        return self.run_program([BIN / "lab-agent", *words], **more)

    def start(self, *words, env=None):
        return subprocess.Popen([str(BIN / "lab"), *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                                env={**self.env, **(env or {})}, cwd=self.inventory)

    # ---- inventories

    def write(self, path, text):
        target = self.inventory / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text)

    def git(self, *words):
        return self.run_program(["git", "-c", "user.name=Test", "-c", "user.email=test@example.org", *words])

    def commit(self, message="change"):
        if not (self.inventory / ".git").exists():
            self.git("init", "-q", "-b", "main")
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", message)
        return self.git("rev-parse", "HEAD").out.strip()

    def write_fleet(self, servers=3, text="hello"):
        """An inventory of `servers` trees with one module of two files and a folder."""
        self.write("lab.yaml", "lab:\n  format: 1\n  name: e2e\n  id: e2e-test\n  domain: e2e.example\n")
        self.write("labels.yaml", "labels:\n  base:\n    modules: [base]\n    params: {base: {text: %s}}\n" % json.dumps(text))
        self.write("modules/base/module.yaml", """name: base
version: 1.0.0
params:
  text: {type: string, required: true}
resources:
  - directory: /etc/base
    mode: "0755"
  - file: /etc/base/text
    content: "{{ params.text }}\\n"
    mode: "0644"
  - file: /etc/base/name
    content: "{{ server.name }}\\n"
    mode: "0644"
""")
        body = "servers:\n"
        for number in range(1, servers + 1):
            body += f"  s{number}:\n    cloud: local\n    root: machines/s{number}\n    labels: [base]\n"
        self.write("servers.yaml", body)

    def root(self, server):
        return self.home / "machines" / server

    def apply(self, *words, **more):
        return self.lab("apply", "--auto-approve", *words, **more)

    # ---- what is there

    def tree(self, folder, leave_out=("var/lib/lab",)):
        """Every path below `folder` with type, mode and a digest of its bytes; not what lab keeps there, which holds ids."""
        found = {}
        for path in sorted(pathlib.Path(folder).rglob("*")):
            name = str(path.relative_to(folder))
            if any(out in name for out in leave_out):
                continue
            status = path.lstat()
            body = os.readlink(path) if path.is_symlink() else (
                hashlib.sha256(path.read_bytes()).hexdigest() if path.is_file() else "")
            found[name] = (oct(status.st_mode), body)
        return found

    def assert_plan_empty(self, *words):
        plan = self.lab("plan", "--detailed-exitcode", *words)
        self.assertEqual(plan.code, 0, plan)
        return plan


def main():
    unittest.main(verbosity=1)
