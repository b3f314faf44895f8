"""Repositories with modules, and inventories that take them from there; for tests of modules from git."""

import json

from lab_harness import LabCase

MODULE = """name: {name}
version: {version}
{more}resources:
  - file: /etc/{name}
    content: "{text}\\n"
    mode: "0644"
"""


class ModulesCase(LabCase):
    def setUp(self):
        super().setUp()
        self.repos = self.folder / "repos"
        self.repos.mkdir()

    # ---- repositories of modules

    def in_repo(self, name, *words, **more):
        return self.run_program(["git", "-c", "user.name=Mo", "-c", "user.email=mo@example.org", *words],
                                cwd=self.repos / name, **more)

    def publish(self, name="motd", text="one", version="1.0.0", more="", folder="", tag=None, module=None):
        """A commit of a module's repository; gives its id."""
        repo = self.repos / name
        if not repo.exists():
            repo.mkdir()
            self.in_repo(name, "init", "-q", "-b", "main")
            self.in_repo(name, "config", "receive.denyCurrentBranch", "ignore")
        target = repo / folder / "module.yaml"
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(MODULE.format(name=module or name, version=version, text=text, more=more))
        return self.commit_repo(name, text, tag)

    def commit_repo(self, name, subject, tag=None):
        self.in_repo(name, "add", "-A")
        self.in_repo(name, "commit", "-q", "--allow-empty", "-m", subject)
        if tag:
            self.in_repo(name, "tag", "-f", tag)
        return self.in_repo(name, "rev-parse", "HEAD").out.strip()

    def url(self, name="motd"):
        return f"file://{self.repos / name}"

    def write_inventory(self, sources=None, more=""):
        """One server with every module of `sources`: {name: {git, ref, path}}."""
        sources = sources or {"motd": {"git": self.url(), "ref": "main"}}
        self.write("lab.yaml", "lab: {format: 1, name: e2e, id: e2e-modules}\n"
                   f"modules: {json.dumps(sources)}\n"
                   f"labels: {{base: {{modules: {json.dumps(list(sources))}}}}}\n"
                   "servers: {s1: {cloud: local, root: machines/s1, labels: [base]}}\n" + more)

    def lock(self):
        return (self.inventory / "lab.lock").read_text()

    def cache(self):
        return self.home / "cache/modules"

    def made(self, name="motd"):
        return (self.root("s1") / "etc" / name).read_text()

    def verify(self, *words, code=1):
        found = {}
        for module in self.lab("modules", "verify", "-o", "json", *words, code=code).json()["modules"]:
            found[module["name"]] = [problem["code"] for problem in module["problems"]]
        return found
