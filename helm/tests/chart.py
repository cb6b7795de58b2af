"""The chart, the sets of values that it is rendered for, and ways to its objects."""

from pathlib import Path

import yaml

import helm

ROOT = Path(__file__).resolve().parents[2]
CHART = ROOT / "helm" / "qualys-connector"
SETS = sorted(path.stem for path in (ROOT / "helm" / "tests" / "sets").glob("*.yaml"))
# The first with stable pod failure policies, and the last whose schemas kubernetes-validate has.
OLDEST, NEWEST = "1.31", "1.37"


def values(name):
    return yaml.safe_load((ROOT / "helm" / "tests" / "sets" / f"{name}.yaml").read_text())


def manifests(given, chart=CHART, **release):
    """The rendered manifests as one text, hooks with them."""
    rendered = helm.render(chart, given, **release)
    files = sorted(path for path in rendered if path.endswith(".yaml") and rendered[path].strip())
    return "".join(f"---\n# {path}\n{rendered[path].strip().removeprefix('---').strip()}\n" for path in files)


def notes(given, **release):
    return helm.render(CHART, given, **release)["qualys-connector/templates/NOTES.txt"]


def objects(text):
    return [found for found in yaml.safe_load_all(text) if found]


def named(found, kind, name):
    return next(one for one in found if one["kind"] == kind and one["metadata"]["name"] == name)


def of_kind(found, kind):
    return [one for one in found if one["kind"] == kind]


def job(cronjob):
    return cronjob["spec"]["jobTemplate"]["spec"]


def pod(found):
    """The pod's spec in whatever holds one."""
    match found["kind"]:
        case "CronJob":
            return job(found)["template"]["spec"]
        case "Job":
            return found["spec"]["template"]["spec"]
        case "Pod":
            return found["spec"]


def connector(found):
    return pod(found)["containers"][0]


def environment(container):
    return {entry["name"]: entry.get("value", entry.get("valueFrom")) for entry in container["env"]}


def volume(found, name):
    return next((one for one in pod(found).get("volumes", []) if one["name"] == name), None)
