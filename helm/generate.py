#!/usr/bin/env python3
"""What stands in two places, and is written here from the one that counts:

* deploy/prometheus/rules.yaml, deploy/grafana/dashboard.json -> the chart's files/ (a chart holds only what is inside it)
* the comments of values.yaml -> the table in the chart's README.md
* the chart, with deploy/kubernetes/values.yaml -> the manifests in deploy/kubernetes

`helm/generate.py` writes, `helm/generate.py --check` says what would change, and fails if anything would.
"""

import difflib
import json
import re
import sys
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parents[1]
CHART = ROOT / "helm" / "qualys-connector"
PLAIN = ROOT / "deploy" / "kubernetes"
sys.path.insert(0, str(ROOT / "helm" / "tests"))

import helm  # noqa: E402

START, END = "<!-- values -->\n", "<!-- /values -->"


def described(text):
    """Every value with a `# --` comment above it: its path and the comment."""
    path, comment = [], None
    for line in text.splitlines():
        indent = len(line) - len(line.lstrip())
        words = line.strip()
        if words.startswith("# -- "):
            comment = [words.removeprefix("# -- ")]
        elif words.startswith("#"):
            if comment is not None:
                comment.append(words.removeprefix("#").strip())
        elif key := re.match(r"([A-Za-z][A-Za-z0-9]*):", words):
            path = path[: indent // 2] + [key[1]]
            if comment:
                yield path, " ".join(comment)
            comment = None
        else:
            comment = None


def table(text):
    values = yaml.safe_load(text)
    lines = ["| value | default | what it says |", "|---|---|---|"]
    for path, comment in described(text):
        value = values
        for key in path:
            value = value[key]
        lines.append(f"| `{'.'.join(path)}` | `{json.dumps(value)}` | {comment} |")
    return "\n".join(lines) + "\n"


def readme():
    text = (CHART / "README.md").read_text()
    before, rest = text.split(START)
    _, after = rest.split(END)
    return before + START + table((CHART / "values.yaml").read_text()) + END + after


def without_helm(text):
    """These manifests belong to no release."""
    lines = (line for line in text.splitlines() if not re.match(r" *(helm\.sh/chart|app\.kubernetes\.io/managed-by):", line))
    return "\n".join(lines).strip() + "\n"


def manifests():
    """One file for each template that is no hook."""
    values = yaml.safe_load((PLAIN / "values.yaml").read_text())
    rendered = helm.render(CHART, values, name="qualys-connector", namespace="qualys-connector")
    for path, text in rendered.items():
        if path.endswith(".yaml") and text.strip() and "helm.sh/hook" not in text:
            head = "# Made from the chart by helm/generate.py; values.yaml says what for.\n"
            yield PLAIN / Path(path).name, head + without_helm(text.strip().removeprefix("---"))


def generated():
    yield CHART / "files" / "rules.yaml", (ROOT / "deploy" / "prometheus" / "rules.yaml").read_text()
    yield CHART / "files" / "dashboard.json", (ROOT / "deploy" / "grafana" / "dashboard.json").read_text()
    yield CHART / "README.md", readme()
    yield from manifests()


def main():
    check = "--check" in sys.argv[1:]
    stale = False
    for path, text in generated():
        there = path.read_text() if path.exists() else ""
        if there == text:
            continue
        stale = True
        if check:
            name = str(path.relative_to(ROOT))
            sys.stdout.writelines(difflib.unified_diff(there.splitlines(True), text.splitlines(True), name, f"{name}, as it should be"))
        else:
            path.write_text(text)
    if check and stale:
        sys.exit("something above isn't what it is made from: run helm/generate.py")


if __name__ == "__main__":
    main()
