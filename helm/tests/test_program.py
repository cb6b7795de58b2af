"""The program in the place of the container: it takes what the chart sets, and the lab shows a whole import."""

import os
import re
import socket
import subprocess
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

from chart import ROOT, SETS, connector, environment, manifests, named, objects, of_kind, pod, values, volume

CONFIGURATION = (ROOT / "docs" / "configuration.md").read_text()


def settings():
    """Settings by their names, from the tables of the documentation, which is made from the program's; True for a secret."""
    table = CONFIGURATION.split("<!-- settings -->")[1].split("<!-- /settings -->")[0]
    return {row[1]: "(secret)" in row[0] for row in re.finditer(r"^\| `(.+?)`<br>.*$", table, re.MULTILINE)}


def variable(setting):
    return "QC_" + setting.replace(".", "__").upper()


def binary(name):
    """What cargo built last; without it, the test is skipped, and fails where it counts."""
    target = Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    built = [path for path in (target / "debug" / name, target / "release" / name) if path.exists()]
    if not built:
        assert not os.environ.get("CI"), f"{name} isn't built"
        pytest.skip(f"{name} isn't built: cargo build --workspace")
    return max(built, key=lambda path: path.stat().st_mtime)


@pytest.mark.parametrize("name", SETS)
def test_whatever_the_chart_sets_is_a_setting(name):
    known = {variable(setting): secret for setting, secret in settings().items()}
    for found in objects(manifests(values(name))):
        if found["kind"] not in ("CronJob", "Job", "Pod"):
            continue
        for name in environment(connector(found)):
            if name.startswith("QC_") and name != "QC_SECRETS_DIR":
                assert known[name] is False
        secrets = volume(found, "secrets")
        for source in secrets["projected"]["sources"] if secrets else []:
            assert {item["path"] for item in source["secret"]["items"]} <= settings().keys()


class Pod:
    """A pod's containers as processes. Folders and ports of the pod are others here."""

    def __init__(self, found, objects, folder):
        self.spec = pod(found)
        self.secrets = {one["metadata"]["name"]: one["stringData"] for one in of_kind(objects, "Secret")}
        self.folder = folder
        self.names = {"/run/secrets/qualys-connector": folder / "secrets", "/etc/qualys-connector": folder / "files", "/lab": folder / "lab"}
        for name in self.names.values():
            name.mkdir()
        for kind in ("secrets", "files"):
            sources = (volume(found, kind) or {"projected": {"sources": []}})["projected"]["sources"]
            for source in sources:
                [held] = source.values()
                for item in held["items"]:
                    kept = self.secrets.get(held["name"], {})
                    (folder / kind / item["path"]).write_text(kept.get(item["key"], "1") + "\n")
        for port in ("8443", "8307", "8080"):
            with socket.socket() as free:
                free.bind(("127.0.0.1", 0))
                self.names[port] = free.getsockname()[1]

    def here(self, text):
        for there, here in self.names.items():
            text = re.sub(rf"(?<!\d){there}(?!\d)", str(here), text)
        return text

    def variables(self, container):
        """As the kubelet makes them: each may name earlier ones."""
        made = {}
        for entry in container.get("env", []):
            match entry.get("valueFrom", {}):
                case {"secretKeyRef": {"name": name, "key": key}}:
                    value = self.secrets.get(name, {}).get(key, "of-the-user")
                case {"fieldRef": {"fieldPath": path}}:
                    value = "0" if "index" in path else "by-kubernetes"
                case _:
                    value = self.here(entry["value"])
            made[entry["name"]] = expanded(value, made)
        return made

    def start(self, program, container, *more):
        variables = self.variables(container)
        arguments = [expanded(self.here(argument), variables) for argument in container.get("args", [])]
        pipe = subprocess.PIPE
        return subprocess.Popen([program, *arguments, *more], env=variables, cwd=self.folder, stdout=pipe, stderr=pipe, text=True)

    def await_start(self, container, process):
        probe = container["startupProbe"]
        port = self.names[str((probe.get("tcpSocket") or probe["httpGet"])["port"])]
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                return
            except OSError:
                assert process.poll() is None, process.stderr.read()
                time.sleep(0.1)
        raise AssertionError(f"{container['name']} doesn't listen")


def expanded(text, variables):
    return re.sub(r"\$\(([A-Z_]+)\)", lambda name: variables[name[1]], text)


@pytest.mark.parametrize("name", SETS)
def test_the_program_takes_what_the_chart_sets(name, tmp_path):
    program = binary("qualys-connector")
    for number, found in enumerate(of_kind(objects(manifests(values(name))), "CronJob")):
        folder = tmp_path / str(number)
        folder.mkdir()
        made = Pod(found, [], folder)
        variables = made.variables(connector(found))
        # What fills this folder isn't there.
        if variables.get("QC_SECRETS_DIR", "").startswith("/vault"):
            variables["QC_SECRETS_DIR"] = str(folder / "secrets")
            for setting in ("qualys.user_id", "qualys.password"):
                (folder / "secrets" / setting).write_text("1")
        ended = subprocess.run([program, "config"], env=variables, capture_output=True, text=True, timeout=60)
        assert ended.returncode == 0, ended.stderr
        assert "of-the-user" not in ended.stdout


def test_helm_test_and_helm_install_with_the_lab(tmp_path):
    """`helm test` finds all in order, and `helm install` is a whole import."""
    lab, program = binary("connector-lab"), binary("qualys-connector")
    found = objects(manifests(values("lab")))
    now = named(found, "Job", "qc-qualys-connector-lab-now")
    made = Pod(now, found, tmp_path)
    with ExitStack() as running:
        ends = {}
        for container in made.spec["initContainers"]:
            ends[container["name"]] = process = running.enter_context(made.start(lab, container))
            running.callback(process.kill)
            made.await_start(container, process)
        check = named(found, "Pod", "qc-qualys-connector-lab-check")
        checking = made.start(program, connector(check))
        told, _ = checking.communicate(timeout=120)
        assert checking.returncode == 0, told
        said, log = made.start(program, made.spec["containers"][0]).communicate(timeout=120)
        assert "0 (all imported)" in said, log
        # Of the lab's own making, nothing is warned of.
        assert '"WARN"' not in log and " WARN " not in log
        hosts, findings = re.search(r"acknowledged +([\d,]+) hosts +([\d,]+) findings", said).groups()
        for process in ends.values():
            process.terminate()
        held, _ = ends["management-center"].communicate(timeout=60)
        results = re.search(r"The network map holds (\d+) hosts with (\d+) scan results", held)
        assert int(results[1]) > 900
        assert int(results[2]) == int(findings.replace(",", ""))
