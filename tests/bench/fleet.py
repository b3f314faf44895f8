"""Generates a fleet: 4 labels a server, 40 labels, 30 groups, 3 modules a label; every third module reads the server's name."""

import pathlib
import random
import subprocess

LABELS, GROUPS, MODULES_PER_LABEL, LABELS_PER_SERVER, ENVIRONMENTS = 40, 30, 3, 4, 5


def module_text(name: str, number: int) -> str:
    who = "{{ server.name }}" if number % 3 == 0 else "everyone"
    return f"""name: {name}
version: 1.0.{number}
params:
  greeting: {{type: string, default: "hello from {name}"}}
  port: {{type: integer, min: 1, max: 65535, default: {1024 + number}}}
resources:
  - file: /etc/{name}.conf
    content: |
      # {name}
      greeting = {{{{ params.greeting }}}}
      port = {{{{ params.port }}}}
      for = {who}
    mode: "0644"
"""


def server_text(name: str, labels: list[str], environment: int, port: int) -> str:
    return f"""  {name}:
    environment: env-{environment}
    cloud: local
    region: region-{environment % 3}
    root: fleet/{name}
    labels: [{", ".join(labels)}]
    params:
      mod-{int(labels[0][6:]) * MODULES_PER_LABEL}: {{port: {port}}}
"""


def server_file(number: int, per_file: int = 1, per_folder: int = 0) -> str:
    """Where server `number` is: its file has `per_file` servers; files are in folders of `per_folder`, or all in one."""
    file = number // per_file
    folder = f"{file // per_folder:04}/" if per_folder else ""
    return f"servers/{folder}{file * per_file:06}.yaml"


def generate(folder: pathlib.Path, servers: int, per_file: int = 1, per_folder: int = 0, seed: int = 1) -> None:
    """Writes an inventory of `servers` servers into a new git repository and commits it."""
    rng = random.Random(seed)
    folder.mkdir(parents=True)
    (folder / "lab.yaml").write_text("lab:\n  format: 1\n  name: bench\n  domain: bench.example\n")
    write_shared(folder)
    for begin in range(0, servers, per_file):
        text = "servers:\n"
        for number in range(begin, min(begin + per_file, servers)):
            labels = sorted(f"label-{one}" for one in rng.sample(range(LABELS), LABELS_PER_SERVER))
            text += server_text(f"srv-{number:06}", labels, number % ENVIRONMENTS, 2000 + number % 7)
        file = folder / server_file(begin, per_file, per_folder)
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    commit(folder, "fleet", init=True)


def write_shared(folder: pathlib.Path) -> None:
    labels, modules = "labels:\n", folder / "modules"
    for label in range(LABELS):
        names = [f"mod-{label * MODULES_PER_LABEL + one}" for one in range(MODULES_PER_LABEL)]
        labels += f"  label-{label}:\n    modules: [{', '.join(names)}]\n"
        labels += f"    params: {{{names[1]}: {{greeting: from label {label}}}}}\n"
        for number, name in enumerate(names, label * MODULES_PER_LABEL):
            (modules / name).mkdir(parents=True)
            (modules / name / "module.yaml").write_text(module_text(name, number))
    (folder / "labels.yaml").write_text(labels)
    groups = "groups:\n"
    for group in range(GROUPS):
        groups += f"  group-{group}:\n"
        if group % 3 == 2:
            groups += f"    groups: [group-{group - 1}, group-{group - 2}]\n    exclude: {{labels: [label-{group}]}}\n"
        else:
            groups += f"    match: {{labels: [label-{group}, label-{group + 5}], environment: env-{group % ENVIRONMENTS}}}\n"
    (folder / "groups.yaml").write_text(groups)
    (folder / "environments.yaml").write_text(
        "environments:\n" + "".join(f"  env-{one}: {{domain: e{one}.bench.example}}\n" for one in range(ENVIRONMENTS)))


def commit(folder: pathlib.Path, message: str, init: bool = False) -> None:
    git = ["git", "-C", str(folder), "-c", "user.name=bench", "-c", "user.email=bench@example.org",
           "-c", "gc.auto=0"]
    if init:
        subprocess.run([*git, "init", "-q", "-b", "main"], check=True)
    subprocess.run([*git, "add", "-A"], check=True)
    subprocess.run([*git, "commit", "-q", "-m", message], check=True)
