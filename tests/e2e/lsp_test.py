#!/usr/bin/env python3
"""`lab lsp` as an editor drives it: a small client of LSP 3.17, hostile input, and neovim's own client."""

import json
import os
import pathlib
import re
import select
import shutil
import subprocess
import time
import unittest

from lab_harness import BIN, LabCase, main

INVENTORY = {
    "lab.yaml": "lab:\n  format: 1\n  name: test\n",
    "labels.yaml": "labels:\n  web:\n    modules: [motd]\n    ports: [80]\n  k3s:\n  k3s=server:\n    priority: 5\n",
    "places.yaml": "clouds:\n  rack: {provider: local}\nenvironments:\n  prod:\n    params: {motd: {banner: of prod}}\n"
                   "groups:\n  webs:\n    match: {labels: [web]}\n",
    "servers.yaml": "servers:\n  web-1:\n    environment: prod\n    cloud: rack\n    root: machines/web-1\n    labels: [web]\n",
    "modules/motd/module.yaml": "name: motd\nsummary: a greeting\nparams:\n  banner: {type: string, default: hi, summary: the text}\n"
                                "resources:\n  - file: /etc/motd\n    content: \"{{ params.banner }}\"\n",
}


THINGS = """sizes:
  large: {abstract: {cores: 4, memory: 8GB}}
layouts:
  worker:
    disk: {select: {type: nvme}}
    partitions:
      - {mount: /boot/efi, size: 600MB, fs: efi}
      - {mount: /, size: rest, fs: xfs}
images:
  debian: {installer: preseed}
secrets:
  mail/tls: {type: static}
alerts:
  too_hot: {target: {labels: [web]}, condition: cpu_temperature > 90}
"""


class Editor:
    """One `lab lsp` and what it sent."""

    def __init__(self, case, initialize=True):
        self.case = case
        self.process = subprocess.Popen([str(BIN / "lab"), "lsp"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, env=case.env, cwd=case.folder, bufsize=0)
        self.case.addCleanup(self.stop)
        self.buffer, self.ids, self.diagnostics, self.messages, self.asked = b"", 0, {}, [], []
        if initialize:
            self.capabilities = self.ask("initialize", {"processId": os.getpid(), "rootUri": None, "capabilities": {
                "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}}}})["capabilities"]
            self.tell("initialized", {})

    def stop(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            stream.close()

    # ---- messages

    def send_bytes(self, data):
        self.process.stdin.write(data)

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def receive(self, seconds=30):
        """The next message; None at the end of the stream."""
        deadline = time.monotonic() + seconds
        while True:
            head, found, rest = self.buffer.partition(b"\r\n\r\n")
            length = int(head.split(b":")[1]) if found else None
            if found and len(rest) >= length:
                self.buffer = rest[length:]
                return json.loads(rest[:length])
            ready, _, _ = select.select([self.process.stdout], [], [], max(0, deadline - time.monotonic()))
            self.case.assertTrue(ready, "no message came")
            data = os.read(self.process.stdout.fileno(), 65536)
            if not data:
                return None
            self.buffer += data

    def take(self, message):
        """Keeps what was not asked for."""
        if message.get("method") == "textDocument/publishDiagnostics":
            self.diagnostics[message["params"]["uri"]] = message["params"]["diagnostics"]
        elif "method" in message and "id" in message:
            self.asked.append(message)
        elif "method" in message:
            self.messages.append(message)

    def answer(self, wanted):
        while True:
            message = self.receive()
            self.case.assertIsNotNone(message, "the server ended")
            if "method" not in message and message["id"] == wanted:
                return message
            self.take(message)

    def ask_raw(self, method, params):
        self.ids += 1
        self.send({"id": self.ids, "method": method, "params": params})
        return self.answer(self.ids)

    def ask(self, method, params):
        answer = self.ask_raw(method, params)
        self.case.assertNotIn("error", answer)
        return answer["result"]

    def tell(self, method, params):
        self.send({"method": method, "params": params})

    # ---- files

    def uri(self, path):
        return f"file://{self.case.inventory / path}"

    def open(self, path, text=None):
        text = (self.case.inventory / path).read_text() if text is None else text
        self.tell("textDocument/didOpen", {"textDocument": {"uri": self.uri(path), "languageId": "yaml", "version": 1, "text": text}})

    def change(self, path, text):
        self.tell("textDocument/didChange", {"textDocument": {"uri": self.uri(path), "version": 2},
                                             "contentChanges": [{"text": text}]})

    def watched(self, path):
        """Tells of a file that changed on disk, as an editor does: if it was asked to watch it."""
        registration = self.asked[0]["params"]["registrations"][0]
        self.case.assertEqual(registration["method"], "workspace/didChangeWatchedFiles")
        parts = {"**/": "(.*/)?", "**": ".*", "*": "[^/]*", "{": "(", "}": ")", ",": "|"}
        patterns = [re.sub(r"\*\*/|\*\*|\*|.", lambda part: parts.get(part[0], re.escape(part[0])), watcher["globPattern"])
                    for watcher in registration["registerOptions"]["watchers"]]
        self.case.assertTrue(any(re.fullmatch(pattern, path) for pattern in patterns), f"{path} is not watched: {patterns}")
        self.tell("workspace/didChangeWatchedFiles", {"changes": [{"uri": self.uri(path), "type": 2}]})

    def problems(self, path, until):
        """Waits for diagnostics of a file that `until` likes."""
        deadline = time.monotonic() + 30
        while True:
            found = self.diagnostics.get(self.uri(path))
            if found is not None and until(found):
                return found
            self.case.assertLess(time.monotonic(), deadline, f"diagnostics are {found}")
            self.take(self.receive())

    def at(self, method, path, text, **more):
        """Asks about the place of the '|' in `text`, or of the '¦' where it has one; it becomes the file's."""
        mark = "¦" if "¦" in text else "|"
        line = text[:text.index(mark)].count("\n")
        before = text[:text.index(mark)].rpartition("\n")[2]
        self.change(path, text.replace(mark, "", 1))
        return self.ask(method, {"textDocument": {"uri": self.uri(path)}, **more,
                                 "position": {"line": line, "character": len(before.encode("utf-16-le")) // 2}})

    def labels(self, path, text):
        return [one["label"] for one in self.at("textDocument/completion", path, text)["items"]]


class Lsp(LabCase):
    def setUp(self):
        super().setUp()
        for path, text in INVENTORY.items():
            self.write(path, text)

    def editor(self):
        editor = Editor(self)
        editor.open("servers.yaml")
        editor.problems("servers.yaml", lambda found: found == [])
        return editor

    def test_life(self):
        editor = Editor(self, initialize=False)
        self.assertEqual(editor.ask_raw("shutdown", None)["error"]["code"], -32002)
        answer = editor.ask("initialize", {"capabilities": {}})
        self.assertEqual(answer["serverInfo"]["name"], "lab")
        self.assertEqual(answer["capabilities"]["positionEncoding"], "utf-16")
        self.assertEqual(editor.ask_raw("initialize", {})["error"]["code"], -32600)
        self.assertEqual(editor.ask_raw("textDocument/doSomething", {})["error"]["code"], -32601)
        self.assertEqual(editor.ask_raw("textDocument/hover", {})["error"]["code"], -32602)
        editor.tell("$/unknown", {})
        editor.tell("telemetry/event", [1])
        self.assertIsNone(editor.ask("shutdown", None))
        self.assertEqual(editor.ask_raw("textDocument/hover", {})["error"]["code"], -32600)
        editor.tell("exit", None)
        self.assertEqual(editor.process.wait(timeout=30), 0)
        self.assertEqual(editor.process.stderr.read(), b"")

    def test_exit_without_shutdown_is_a_failure(self):
        editor = Editor(self)
        editor.tell("exit", None)
        self.assertEqual(editor.process.wait(timeout=30), 1)

    def test_ends_with_the_editor(self):
        editor = self.editor()
        editor.process.stdin.close()
        self.assertEqual(editor.process.wait(timeout=30), 1)
        editor.process.stdin = open(os.devnull, "wb")

    def test_diagnostics_follow_what_is_typed(self):
        editor = self.editor()
        editor.tell("textDocument/didChange", {"textDocument": {"uri": editor.uri("servers.yaml"), "version": 2}, "contentChanges": [
            {"range": {"start": {"line": 5, "character": 13}, "end": {"line": 5, "character": 16}}, "text": "wbe"}]})
        found = editor.problems("servers.yaml", lambda found: found)
        self.assertEqual(found[0]["range"], {"start": {"line": 5, "character": 13}, "end": {"line": 5, "character": 16}})
        self.assertEqual((found[0]["severity"], found[0]["source"]), (1, "lab"))
        self.assertIn("did you mean 'web'?", found[0]["message"])
        self.assertTrue(found[0]["code"].startswith("spec/"))
        # A duplicate shows both places.
        editor.change("servers.yaml", "labels:\n  wéb: x\n")
        editor.change("servers.yaml", "labels:\n  web: {}\nservers:\n  \"😀\": {}\n  \"😀\": {}\n")
        found = editor.problems("servers.yaml", lambda found: any(one["code"] == "yaml/duplicate-key" for one in found))
        twice = next(one for one in found if one["code"] == "yaml/duplicate-key")
        self.assertEqual(twice["range"]["end"], {"line": 4, "character": 6})  # two quotes and a surrogate pair
        self.assertEqual(twice["relatedInformation"][0]["location"]["range"]["start"]["line"], 3)
        # What was not saved is gone with the file.
        editor.tell("textDocument/didClose", {"textDocument": {"uri": editor.uri("servers.yaml")}})
        editor.problems("servers.yaml", lambda found: found == [])

    def test_problems_of_other_files_are_told_and_taken_back(self):
        editor = self.editor()
        editor.open("labels.yaml")
        editor.change("labels.yaml", INVENTORY["labels.yaml"].replace("web", "www"))
        editor.problems("servers.yaml", lambda found: found)
        editor.change("labels.yaml", INVENTORY["labels.yaml"])
        editor.problems("servers.yaml", lambda found: found == [])
        # A file changes on disk.
        self.assertEqual(editor.asked[0]["method"], "client/registerCapability")
        editor.send({"id": editor.asked[0]["id"], "result": None})
        self.write("more.yaml", "labels:\n  web: {}\n")
        editor.watched("more.yaml")
        editor.problems("more.yaml", lambda found: found and found[0]["code"] == "spec/duplicate-name")

    def test_other_files_that_are_read_are_watched(self):
        repo = self.folder / "repo"
        repo.mkdir()
        (repo / "module.yaml").write_text("name: clock\nresources:\n  - {file: /etc/clock, content: x}\n")
        for words in (["init", "-q"], ["add", "-A"], ["-c", "user.name=A", "-c", "user.email=a@example.org", "commit", "-qm", "x"]):
            self.run_program(["git", *words], cwd=repo)
        self.write("lab.yaml", f"lab: {{format: 1, name: test, puppet: {{path: site}}}}\nmodules: {{clock: {{git: 'file://{repo}', ref: HEAD}}}}\n")
        (self.inventory / "site").mkdir()
        editor = Editor(self)
        editor.open("servers.yaml")
        editor.problems("lab.yaml", lambda found: [one["code"] for one in found] == ["module/not-pinned"])
        editor.send({"id": editor.asked[0]["id"], "result": None})
        self.lab("modules", "update")
        editor.watched("lab.lock")
        editor.problems("lab.yaml", lambda found: found == [])
        # A manifest of Puppet's, and the template of a module.
        self.write("site/web/manifests/init.pp", "class web { $a = lab::secret($b) }\n")
        editor.watched("site/web/manifests/init.pp")
        editor.problems("site/web/manifests/init.pp", lambda found: found and found[0]["code"] == "spec/puppet-secret")
        self.write("modules/motd/module.yaml", "name: motd\nparams:\n  banner: {type: string, default: hi}\n"
                   "resources:\n  - template: /etc/motd\n    source: motd.tmpl\n")
        self.write("modules/motd/motd.tmpl", "{{ params.baner }}\n")
        editor.watched("modules/motd/motd.tmpl")
        editor.problems("modules/motd/motd.tmpl", lambda found: found)
        self.write("modules/motd/motd.tmpl", "{{ params.banner }}\n")
        editor.watched("modules/motd/motd.tmpl")
        editor.problems("modules/motd/motd.tmpl", lambda found: found == [])

    def test_completion(self):
        editor = self.editor()
        self.assertEqual(set(editor.labels("servers.yaml", "|")) & {"servers", "labels", "groups"}, {"servers", "labels", "groups"})
        keys = editor.labels("servers.yaml", "servers:\n  web-1:\n    cloud: rack\n    lab|\n")
        self.assertIn("labels", keys)
        self.assertNotIn("cloud", keys)
        self.assertEqual(editor.labels("servers.yaml", "servers:\n  web-1:\n    labels: [|]\n"), ["k3s", "k3s=server", "web"])
        self.assertEqual(editor.labels("servers.yaml", "servers:\n  web-1:\n    environment: p|\n"), ["prod"])
        self.assertEqual(editor.labels("servers.yaml", "servers:\n  web-1:\n    provider: |\n"),
                         ["local", "baremetal", "aws", "ssh", "xcpng", "proxmox", "kubernetes"])
        self.assertEqual(editor.labels("servers.yaml", "servers:\n  web-1:\n    protect: |\n"), ["true", "false"])
        self.assertEqual(editor.labels("servers.yaml", "servers:\n  web-1:\n    params:\n      |\n"), ["motd"])
        self.assertEqual(editor.labels("servers.yaml", "servers:\n  web-1:\n    params:\n      motd:\n        b|\n"), ["banner"])
        self.assertEqual(editor.labels("servers.yaml", "groups:\n  all:\n    groups: [|\n"), ["webs"])
        self.assertEqual(editor.labels("servers.yaml", "groups:\n  all:\n    match: {labels: {all: [w|]}}\n"), ["k3s", "k3s=server", "web"])
        self.assertIn("exclude", editor.labels("servers.yaml", "groups:\n  all:\n    match: {labels: [web], |}\n"))
        self.assertEqual(editor.labels("servers.yaml", "labels:\n  db:\n    modules:\n      - |\n"), ["motd"])
        # What is chosen replaces the word.
        item = editor.at("textDocument/completion", "servers.yaml", "servers:\n  web-1:\n    é: 😀 # x\n    env|\n")["items"]
        edit = next(one for one in item if one["label"] == "environment")["textEdit"]
        self.assertEqual(edit, {"range": {"start": {"line": 3, "character": 4}, "end": {"line": 3, "character": 7}},
                                "newText": "environment: "})
        self.assertIsNone(editor.at("textDocument/completion", "servers.yaml", "# servers: |\n"))
        # Modules have words of their own.
        editor.open("modules/motd/module.yaml")
        self.assertIn("mode", editor.labels("modules/motd/module.yaml", "name: motd\nresources:\n  - file: /x\n    mo|\n"))
        self.assertEqual(editor.labels("modules/motd/module.yaml", "name: motd\nparams:\n  x: {type: |}\n"),
                         ["string", "integer", "number", "boolean", "list", "map"])
        # What a resource may have is said by its type, not by a word that is another's type as well.
        offered = editor.labels("modules/motd/module.yaml", "name: motd\nresources:\n  - package: nginx\n    |\n")
        self.assertTrue({"ensure", "version", "after", "when"} <= set(offered), offered)
        self.assertFalse({"running", "content", "file", "mode"} & set(offered), offered)
        offered = editor.labels("modules/motd/module.yaml", "name: motd\nresources:\n  - file: /x\n    group: y\n    |\n")
        self.assertTrue({"content", "mode"} <= set(offered), offered)
        self.assertNotIn("gid", offered)
        self.assertIn("service", editor.labels("modules/motd/module.yaml", "name: motd\nresources:\n  - |\n"))
        offered = editor.labels("modules/motd/module.yaml", "name: motd\nresources:\n  - service: nginx\n    restart: |\n  - file: /x\n")
        self.assertEqual(offered, ["restart", "reload"])
        # Of another type than the keys beside it speak for, nothing is offered.
        self.assertEqual(editor.labels("modules/motd/module.yaml", "name: motd\nresources:\n  - {file: /x, restart: |}\n"), [])

    def test_definition_and_references(self):
        editor = self.editor()
        text = INVENTORY["servers.yaml"]
        found = editor.at("textDocument/definition", "servers.yaml", text.replace("[web]", "[w|eb]"))
        self.assertEqual(found, {"uri": editor.uri("labels.yaml"), "range": {"start": {"line": 1, "character": 2},
                                                                             "end": {"line": 1, "character": 5}}})
        found = editor.at("textDocument/definition", "servers.yaml", text.replace("prod", "pro|d"))
        self.assertEqual(found["uri"], editor.uri("places.yaml"))
        editor.open("labels.yaml")
        found = editor.at("textDocument/definition", "labels.yaml", INVENTORY["labels.yaml"].replace("[motd]", "[mo|td]"))
        self.assertEqual((found["uri"], found["range"]["start"]), (editor.uri("modules/motd/module.yaml"), {"line": 0, "character": 6}))
        editor.open("places.yaml")
        found = editor.at("textDocument/definition", "places.yaml", INVENTORY["places.yaml"].replace("banner", "bann|er"))
        self.assertEqual((found["uri"], found["range"]["start"]["line"]), (editor.uri("modules/motd/module.yaml"), 3))
        found = editor.at("textDocument/references", "labels.yaml", INVENTORY["labels.yaml"].replace("  web:", "  w|eb:"),
                          context={"includeDeclaration": False})
        self.assertEqual({one["uri"] for one in found}, {editor.uri("servers.yaml"), editor.uri("places.yaml")})
        defined = editor.at("textDocument/definition", "servers.yaml", text.replace("[web]", "[w|eb]"))
        self.assertNotIn(defined, found)
        for file, marked in (("labels.yaml", INVENTORY["labels.yaml"].replace("  web:", "  w|eb:")), ("servers.yaml", text.replace("[web]", "[w|eb]"))):
            whole = editor.at("textDocument/references", file, marked, context={"includeDeclaration": True})
            self.assertEqual(whole, [defined] + found)
        self.assertIsNone(editor.at("textDocument/definition", "servers.yaml", text.replace("[web]", "[no|ne]")))

    def test_references_of_params(self):
        self.write("modules/other/module.yaml", "name: other\nparams:\n  banner: {type: string}\n")
        self.write("labels.yaml", INVENTORY["labels.yaml"] + "  x:\n    params: {other: {banner: no}, motd: {banner: hello}}\n")
        editor = self.editor()
        module = "modules/motd/module.yaml"
        editor.open("places.yaml")
        editor.open(module)
        from_use = editor.at("textDocument/references", "places.yaml", INVENTORY["places.yaml"].replace("banner", "bann|er"),
                             context={"includeDeclaration": False})
        self.assertEqual([(one["uri"], one["range"]["start"]) for one in from_use],
                         [(editor.uri("places.yaml"), {"line": 4, "character": 20}), (editor.uri("labels.yaml"), {"line": 8, "character": 41}),
                          (editor.uri(module), {"line": 6, "character": 24})])
        declaration = INVENTORY[module].replace("  banner:", "  ban|ner:")
        self.assertEqual(editor.at("textDocument/references", module, declaration, context={"includeDeclaration": False}), from_use)
        whole = editor.at("textDocument/references", module, declaration, context={"includeDeclaration": True})
        self.assertEqual((whole[0]["uri"], whole[0]["range"]["start"], whole[1:]), (editor.uri(module), {"line": 3, "character": 2}, from_use))

    def test_params_in_templates(self):
        module, head = "modules/site/module.yaml", "name: site\nparams:\n  port: {type: integer, default: 80, summary: where it listens}\n  peers: {type: list, default: []}\nresources:\n"
        text = head + ("  - file: /etc/site.conf\n    when: params.port > 1024\n    content: |\n      # \U0001f600\n      listen {{ params.port }}\n"
                       "      {% for peer in params.peers %}{{ peer }}{% endfor %}\n  - template: /etc/peers\n    source: peers.tmpl\n")
        self.write(module, text)
        self.write("modules/site/peers.tmpl", "{{ params.peers | join(',') }} {{ params.port }}\n")
        editor = self.editor()
        editor.open(module)
        definition = editor.at("textDocument/definition", module, text.replace("listen {{ params.port", "listen {{ params.po¦rt"))
        self.assertEqual((definition["uri"], definition["range"]["start"]), (editor.uri(module), {"line": 2, "character": 2}))
        places = [(editor.uri(module), 6, 17), (editor.uri(module), 9, 23), (editor.uri("modules/site/peers.tmpl"), 0, 41)]
        for marked in (text.replace("when: params.port", "when: params.p¦ort"), text.replace("  port:", "  po¦rt:")):
            found = editor.at("textDocument/references", module, marked, context={"includeDeclaration": False})
            self.assertEqual([(one["uri"], one["range"]["start"]["line"], one["range"]["start"]["character"]) for one in found], places)
        hover = editor.at("textDocument/hover", module, text.replace("in params.peers", "in params.pe¦ers"))
        self.assertIn("**param peers**", hover["contents"]["value"])
        self.assertEqual(hover["range"]["start"], {"line": 10, "character": 28})
        for typed in ("listen {{ params.¦", "listen {{ params.po¦", "{% if params.¦"):
            self.assertEqual(editor.labels(module, text.replace("listen {{ params.port", typed)), ["port", "peers"])
        self.assertEqual(editor.labels(module, text.replace("when: params.port", "when: params.¦")), ["port", "peers"])
        # Outside of tags it is text.
        self.assertIsNone(editor.at("textDocument/completion", module, text.replace("listen {{ params.port", "listen params.¦")))
        editor.open("modules/site/peers.tmpl")
        found = editor.at("textDocument/definition", "modules/site/peers.tmpl", "{{ params.pe¦ers | join(',') }} {{ params.port }}\n")
        self.assertEqual((found["uri"], found["range"]["start"]), (editor.uri(module), {"line": 3, "character": 2}))

    def test_everything_that_is_named(self):
        self.write("things.yaml", THINGS)
        editor = self.editor()
        editor.open("things.yaml")
        editor.problems("things.yaml", lambda found: found == [])
        for kind, name, key, value in (("sizes", "large", "size", "|"), ("layouts", "worker", "layout", "|"), ("images", "debian", "image", "|"),
                                       ("secrets", "mail/tls", "secrets", "[|]"), ("alerts", "too_hot", "alerts", "[too_|]")):
            offered = editor.labels("servers.yaml", f"labels:\n  x:\n    {key}: {value}\n")
            self.assertIn(name, offered, key)
            marked = f"[{name[0]}|{name[1:]}]" if value.startswith("[") else f"{name[0]}|{name[1:]}"
            found = editor.at("textDocument/definition", "servers.yaml", f"labels:\n  x:\n    {key}: {marked}\n")
            self.assertEqual(found["uri"], editor.uri("things.yaml"), key)
            self.assertTrue(THINGS.split("\n")[found["range"]["start"]["line"]].strip().startswith(name), (key, found))
            shown = editor.at("textDocument/hover", "servers.yaml", f"labels:\n  x:\n    {key}: {marked}\n")["contents"]["value"]
            self.assertIn(f"**{kind[:-1]} {name}**", shown)
        self.assertIn("cpu_threshold", editor.labels("servers.yaml", "labels:\n  x:\n    alerts: [cpu|]\n"))  # of the catalogue
        self.assertIn("kickstart", editor.labels("servers.yaml", "images:\n  x:\n    installer: |\n"))
        self.assertIn("mount", editor.labels("servers.yaml", "layouts:\n  x:\n    volumes:\n      - {name: a, mo|}\n"))
        self.assertIn("admin", editor.labels("servers.yaml", "users:\n  x:\n    roles: [|]\n"))

    def test_hover(self):
        editor = self.editor()
        text = INVENTORY["servers.yaml"]

        def hover(path, marked):
            return editor.at("textDocument/hover", path, marked)["contents"]["value"]

        of_server = hover("servers.yaml", text.replace("web-1:", "web|-1:"))
        self.assertIn("- environment = `prod`: the server itself at servers.yaml:3:18", of_server)
        self.assertIn("- params.motd.banner = `of prod`: environment prod at places.yaml:5:29", of_server)
        of_label = hover("servers.yaml", text.replace("[web]", "[we|b]"))
        self.assertIn("- modules: motd", of_label)
        self.assertIn("- ports: 80", of_label)
        self.assertIn("- on 1 server: web-1", of_label)
        of_key = hover("servers.yaml", text.replace("cloud:", "clo|ud:"))
        self.assertIn("**cloud**: where it is", of_key)
        self.assertIn("- cloud = `rack`: the server itself at servers.yaml:4:12", of_key)
        editor.open("places.yaml")
        of_param = hover("places.yaml", INVENTORY["places.yaml"].replace("banner", "bann|er"))
        self.assertIn("the text", of_param)
        self.assertIn("- default: `hi`", of_param)
        self.assertIn("- on 1 server: web-1", hover("places.yaml", INVENTORY["places.yaml"].replace("webs", "we|bs")))
        self.assertIsNone(editor.at("textDocument/hover", "servers.yaml", "|\n"))

    def test_hover_knows_alerts_and_secrets_by_whatever_way(self):
        self.write("policy.yaml", "alerts:\n  hot: {target: {labels: [web], exclude: {servers: [web-2]}}, condition: t > 90, for: 5m}\n"
                   "secrets:\n  mail/tls: {type: static, target: {environment: prod}}\n  k8s/config: {type: static}\n  bmc/web: {type: static}\n"
                   "clusters:\n  home: {kubeconfig: k8s/config}\n")
        self.write("servers.yaml", INVENTORY["servers.yaml"] + "    bmc: {type: ipmi, address: 10.0.0.1, secret: bmc/web}\n"
                   "  web-2: {cloud: rack, root: machines/web-2, labels: [web]}\n")
        editor = self.editor()
        editor.open("policy.yaml")
        text = (self.inventory / "policy.yaml").read_text()

        def hover(name):
            return editor.at("textDocument/hover", "policy.yaml", text.replace(f"  {name}:", f"  {name[0]}|{name[1:]}:"))["contents"]["value"]

        of_alert = hover("hot")
        for line in ("- condition: `t > 90`", "- for: 5m", "- severity: warning", "- on 1 server: web-1",
                     "- not on web-2: excluded by server web-2 (policy.yaml:2:"):
            self.assertIn(line, of_alert)
        of_secret = hover("mail/tls")
        self.assertIn("- on 1 server: web-1", of_secret)
        self.assertIn("- by its target (policy.yaml:4:", of_secret)
        self.assertIn("- for lab itself: kubeconfig of home (policy.yaml:8:", hover("k8s/config"))
        self.assertIn("- for lab itself: bmc of web-1 (servers.yaml:7:", hover("bmc/web"))
        # The secret of a bmc is a reference like any other.
        found = editor.at("textDocument/references", "policy.yaml", text.replace("  bmc/web:", "  bmc/w|eb:"), context={"includeDeclaration": False})
        self.assertEqual([(one["uri"], one["range"]["start"]["line"]) for one in found], [(editor.uri("servers.yaml"), 6)])
        on_https = editor.at("textDocument/hover", "servers.yaml", "labels:\n  x: {alerts: [https|_check], ports: [443]}\n")
        self.assertIn("HTTPS does not answer", on_https["contents"]["value"])

    def test_formatting(self):
        editor = self.editor()
        options = {"tabSize": 8, "insertSpaces": False}
        editor.change("servers.yaml", "servers:\n  web-1:\n      cloud:   rack\n      root: x\n# end\n")
        edits = editor.ask("textDocument/formatting", {"textDocument": {"uri": editor.uri("servers.yaml")}, "options": options})
        self.assertEqual(edits, [{"range": {"start": {"line": 2, "character": 0}, "end": {"line": 4, "character": 0}},
                                  "newText": "    cloud: rack\n    root: x\n"}])
        editor.change("servers.yaml", "servers: {}")
        edits = editor.ask("textDocument/formatting", {"textDocument": {"uri": editor.uri("servers.yaml")}, "options": options})
        self.assertEqual(edits, [{"range": {"start": {"line": 0, "character": 0}, "end": {"line": 0, "character": 11}},
                                  "newText": "servers: {}\n"}])
        editor.change("servers.yaml", "servers: {}\n")
        self.assertEqual(editor.ask("textDocument/formatting", {"textDocument": {"uri": editor.uri("servers.yaml")}, "options": options}), [])
        editor.change("servers.yaml", "servers: [\n")
        self.assertIsNone(editor.ask("textDocument/formatting", {"textDocument": {"uri": editor.uri("servers.yaml")}, "options": options}))

    def test_a_file_of_no_inventory(self):
        editor = Editor(self)
        uri = f"file://{self.folder}/alone.yaml"
        editor.tell("textDocument/didOpen", {"textDocument": {"uri": uri, "languageId": "yaml", "version": 1, "text": "a: [\n"}})
        while uri not in editor.diagnostics:
            editor.take(editor.receive())
        self.assertEqual(editor.diagnostics[uri][0]["code"], "yaml/syntax")
        self.assertIsNone(editor.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": {"line": 0, "character": 0}}))

    def test_cancellation(self):
        editor = self.editor()
        # In one write, so that the cancellation is read before the second request is answered.
        where = {"textDocument": {"uri": editor.uri("servers.yaml")}, "position": {"line": 1, "character": 3}}
        messages = [{"id": 101, "method": "textDocument/hover", "params": where}, {"id": "b", "method": "textDocument/hover", "params": where},
                    {"method": "$/cancelRequest", "params": {"id": "b"}}, {"method": "$/cancelRequest", "params": {"id": 999}}]
        data = b""
        for message in messages:
            body = json.dumps({"jsonrpc": "2.0", **message}).encode()
            data += b"Content-Length: %d\r\n\r\n" % len(body) + body
        editor.send_bytes(data)
        answers = {}
        while len(answers) < 2:
            message = editor.receive()
            if "method" not in message:
                answers[message["id"]] = message
        self.assertIn("result", answers[101])
        self.assertEqual(answers["b"]["error"]["code"], -32800)

    def test_hostile_messages_are_answered_and_survived(self):
        editor = self.editor()
        for body in (b"{", b"\xff\xfe", b"[" * 100, b'{"a":1,"a":2}', b"1e999"):
            editor.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            self.assertEqual(editor.answer(None)["error"]["code"], -32700)
        for body in (b"[]", b"null", b'"x"', b'{"jsonrpc":"2.0","id":1}', b'{"id":{},"method":"x"}', b'{"method":7}'):
            editor.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)
            message = editor.receive()
            while "method" in message:
                message = editor.receive()
            self.assertEqual(message["error"]["code"], -32600, body)
        uri = editor.uri("servers.yaml")
        for method, params in (
                ("textDocument/didOpen", None), ("textDocument/didOpen", {"textDocument": []}), ("textDocument/didOpen", [1]),
                ("textDocument/didOpen", {"textDocument": {"uri": "http://x/", "text": ""}}),
                ("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": {}}),
                ("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": [7, {}, {"text": 1}, {"range": 1, "text": "x"}]}),
                ("textDocument/didChange", {"textDocument": {"uri": uri}, "contentChanges": [
                    {"range": {"start": {"line": -1, "character": 0}, "end": {"line": 0, "character": 1 << 40}}, "text": "x"}]}),
                ("textDocument/didClose", {"textDocument": {"uri": "file:///never/opened"}}), ("$/cancelRequest", None)):
            editor.tell(method, params)
        for position in (None, {}, {"line": "x"}, {"line": -1, "character": 0}, {"line": 1.5, "character": 0}):
            answer = editor.ask_raw("textDocument/hover", {"textDocument": {"uri": uri}, "position": position})
            self.assertEqual(answer["error"]["code"], -32602)
        far = {"line": 2147483647, "character": 2147483647}
        self.assertIsNone(editor.ask("textDocument/hover", {"textDocument": {"uri": uri}, "position": far}))
        self.assertIsNone(editor.process.poll())

    def test_a_stream_that_cannot_be_followed_ends_the_server(self):
        for data in (b"Content-Length: 99999999999999\r\n\r\n", b"GET / HTTP/1.1\r\n\r\n", b"x" * 10000,
                     b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n"):
            editor = Editor(self, initialize=False)
            editor.send_bytes(data)
            self.assertEqual(editor.process.wait(timeout=30), 1, data[:40])
            self.assertIn(b"error: ", editor.process.stderr.read())

    def test_large_fleets_stay_quick(self):
        lines = ["servers:"]
        for i in range(10000):
            lines += [f"  node-{i:05}:", "    environment: prod", "    provider: local", f"    root: machines/node-{i:05}", "    labels: [web]"]
        self.write("fleet.yaml", "\n".join(lines) + "\n")
        editor = self.editor()
        answers = editor.labels("servers.yaml", "groups:\n  some:\n    servers: [node-0123|]\n")
        self.assertEqual(answers, [f"node-0123{i}" for i in range(10)])
        began = time.monotonic()
        for i in range(20):  # typing: answers come from what was loaded last
            editor.at("textDocument/completion", "servers.yaml", f"servers:\n  web-1:\n    labels: [w|]\n    root: x{i}\n")
        self.assertLess(time.monotonic() - began, 20)
        editor.change("servers.yaml", "servers:\n  web-1: {labels: [wbe]}\n")
        editor.problems("servers.yaml", lambda found: any("wbe" in one["message"] for one in found))


@unittest.skipUnless(shutil.which("nvim"), "neovim is not installed")
class Neovim(LabCase):
    """neovim's built-in client, headless, with the settings of docs/editing.md."""

    def test_neovim(self):
        for path, text in INVENTORY.items():
            self.write(path, text)
        self.write("servers.yaml", INVENTORY["servers.yaml"].replace("[web]", "[wbe]").replace("cloud: rack", "cloud:    rack"))
        script, settings = self.folder / "test.lua", self.folder / "settings.lua"
        script.write_text(LUA)
        # The block for neovim from 0.7 on; that for 0.11 needs a newer one than Debian 12 has.
        page = (pathlib.Path(__file__).resolve().parents[2] / "docs/editing.md").read_text()
        settings.write_text(next(one for one in re.findall(r"```lua\n(.*?)```", page, re.S) if "start_client" in one))
        env = {"PATH": f"{BIN}:{self.env['PATH']}", "XDG_STATE_HOME": str(self.folder), "XDG_CACHE_HOME": str(self.folder)}
        ran = self.run_program(["nvim", "--headless", "--clean", "-n", "--cmd", f"luafile {settings}", "-c", f"luafile {script}", "servers.yaml"], env=env, timeout=120)
        answers = json.loads((self.inventory / "answers.json").read_text())
        self.assertNotIn("failed", answers, f"{answers}\n{ran}")
        self.assertIn("did you mean 'web'?", answers["problem"])
        self.assertEqual(answers["lines"][5], "    labels: [web]")
        self.assertEqual(answers["lines"][3], "    cloud: rack")
        self.assertEqual(answers["clean"], 0)
        self.assertTrue(answers["definition"].endswith("/labels.yaml"), answers)
        self.assertEqual(answers["line"], 2)
        self.assertIn("on 1 server: web-1", answers["hover"])
        self.assertEqual(sorted(answers["completion"]), ["k3s", "k3s=server", "web"])


LUA = """
local answers = {}
local function finish()
  vim.fn.writefile({vim.fn.json_encode(answers)}, 'answers.json')
  vim.cmd('qall!')
end
local function wait(what, condition)
  if not vim.wait(30000, condition, 20) then error('waited for ' .. what) end
end
local ok, failed = pcall(function()
  local buffer = vim.api.nvim_get_current_buf()
  wait('the client', function() return next(vim.lsp.buf_get_clients(buffer)) ~= nil end)
  local client = next(vim.lsp.buf_get_clients(buffer))
  wait('problems', function() return #vim.diagnostic.get(buffer) > 0 end)
  answers.problem = vim.diagnostic.get(buffer)[1].message
  -- Correct the label, format, and see the problem go.
  vim.api.nvim_buf_set_lines(buffer, 5, 6, true, {'    labels: [web]'})
  local function ask(method, params)
    local result = vim.lsp.buf_request_sync(buffer, method, params, 30000)
    return result[client].result
  end
  vim.lsp.util.apply_text_edits(
    ask('textDocument/formatting', vim.lsp.util.make_formatting_params()), buffer, 'utf-16')
  answers.lines = vim.api.nvim_buf_get_lines(buffer, 0, -1, true)
  wait('no problems', function() return #vim.diagnostic.get(buffer) == 0 end)
  answers.clean = #vim.diagnostic.get(buffer)
  vim.api.nvim_win_set_cursor(0, {6, 14})
  answers.hover = ask('textDocument/hover', vim.lsp.util.make_position_params()).contents.value
  local completion = ask('textDocument/completion', vim.lsp.util.make_position_params())
  answers.completion = {}
  for _, item in ipairs(completion.items) do table.insert(answers.completion, item.label) end
  -- As the key for "go to definition" does it.
  vim.lsp.buf.definition()
  wait('the definition', function() return vim.api.nvim_get_current_buf() ~= buffer end)
  answers.definition = vim.api.nvim_buf_get_name(0)
  answers.line = vim.api.nvim_win_get_cursor(0)[1]
end)
if not ok then answers.failed = failed end
finish()
"""


if __name__ == "__main__":
    main()
