#!/usr/bin/env python3
"""A rendered pod as options of `podman run`, so that the image is run as Kubernetes would run it.

What can't be translated is an error: a setting that is silently left out would be tested by nobody.
"""

import argparse
import re
import sys

import yaml

# Of the container and of its pod: what `flags` translates, and what needs no translation here.
CONTAINER = {"args", "command", "env", "resources", "securityContext", "volumeMounts", "workingDir"}
UNTRANSLATED = {"image", "imagePullPolicy", "name", "terminationMessagePolicy", "terminationMessagePath"}
UNITS = {"Ki": 2**10, "Mi": 2**20, "Gi": 2**30, "k": 10**3, "M": 10**6, "G": 10**9}


def pod_spec(documents, kinds=("CronJob", "Job", "Pod")):
    """The pod of the first CronJob (or, without one, Job or Pod) among rendered documents."""
    documents = [document for document in documents if document]
    for kind in kinds:
        for document in documents:
            if document.get("kind") == kind:
                spec = document["spec"]
                spec = spec["jobTemplate"]["spec"] if kind == "CronJob" else spec
                return spec if kind == "Pod" else spec["template"]["spec"]
    raise SystemExit("no CronJob, Job or Pod is there")


def flags(spec, folders):
    """Options, and the arguments of the program. `folders` stand in for volumes, by name."""
    (container,) = spec["containers"]
    unknown = set(container) - CONTAINER - UNTRANSLATED
    if unknown:
        raise SystemExit(f"how would podman do {', '.join(sorted(unknown))}?")
    options = [*user(spec.get("securityContext", {}), container), *security(container.get("securityContext", {}))]
    options += limits(container.get("resources", {}).get("limits", {}))
    environment = {}
    for variable in container.get("env", []):
        environment[variable["name"]] = value(variable, environment)
    for name, text in environment.items():
        options += ["--env", f"{name}={text}"]
    volumes = {volume["name"]: volume for volume in spec.get("volumes", [])}
    for mount in container.get("volumeMounts", []):
        options += volume(volumes[mount["name"]], mount, folders)
    if "workingDir" in container:
        options += ["--workdir", container["workingDir"]]
    if "command" in container:
        options += ["--entrypoint", container["command"][0]]
    return options, [*container.get("command", [])[1:], *container.get("args", [])]


def user(pod, container):
    own = {**pod, **container.get("securityContext", {})}
    options = []
    if "runAsUser" in own:
        options += ["--user", f"{own['runAsUser']}:{own.get('runAsGroup', 0)}"]
    elif not own.get("runAsNonRoot"):
        raise SystemExit("the pod may run as root")
    if "fsGroup" in pod:
        options += ["--group-add", str(pod["fsGroup"])]
    # RuntimeDefault is what podman does by itself.
    if own.get("seccompProfile", {}).get("type") != "RuntimeDefault":
        options += ["--security-opt", "seccomp=unconfined"]
    return options


def security(context):
    options = []
    if context.get("privileged"):
        options.append("--privileged")
    if context.get("readOnlyRootFilesystem"):
        # podman gives a writable /tmp otherwise, which Kubernetes doesn't.
        options += ["--read-only", "--read-only-tmpfs=false"]
    if context.get("allowPrivilegeEscalation") is False:
        options += ["--security-opt", "no-new-privileges"]
    options += [f"--cap-drop={name}" for name in context.get("capabilities", {}).get("drop", [])]
    options += [f"--cap-add={name}" for name in context.get("capabilities", {}).get("add", [])]
    return options


def limits(limits):
    options = []
    if "memory" in limits:
        memory = str(amount(limits["memory"]))
        # As much of both together: no swap.
        options += ["--memory", memory, "--memory-swap", memory]
    if "cpu" in limits:
        options += ["--cpus", str(amount(limits["cpu"]))]
    return options


def amount(quantity):
    quantity = str(quantity)
    if quantity.endswith("m"):
        return int(quantity[:-1]) / 1000
    for unit, factor in UNITS.items():
        if quantity.endswith(unit):
            return int(quantity.removesuffix(unit)) * factor
    return int(quantity)


def value(variable, earlier):
    if "value" in variable:
        return re.sub(r"\$\((\w+)\)", lambda name: earlier.get(name[1], name[0]), variable["value"])
    field = variable["valueFrom"].get("fieldRef")
    if not field:
        raise SystemExit(f"{variable['name']} comes from a Secret or a ConfigMap: secrets belong into files")
    # Known only once the pod is there; an index for the others to have a number.
    return "0" if "completion-index" in field["fieldPath"] else f"stand-in for {field['fieldPath']}"


def volume(volume, mount, folders):
    target = mount["mountPath"]
    if "emptyDir" in volume:
        size = (volume["emptyDir"] or {}).get("sizeLimit")
        return ["--tmpfs", f"{target}:rw,size={amount(size)}" if size else f"{target}:rw"]
    if volume["name"] not in folders:
        raise SystemExit(f"no folder is given for the volume {volume['name']}")
    # Secrets, ConfigMaps and what is projected from them are read-only whatever the mount says.
    return ["--volume", f"{folders[volume['name']]}:{target}:ro"]


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("file", type=argparse.FileType(), help="rendered YAML")
    parser.add_argument("--volume", action="append", default=[], metavar="NAME=FOLDER")
    given = parser.parse_args()
    folders = dict(volume.split("=", 1) for volume in given.volume)
    options, arguments = flags(pod_spec(yaml.safe_load_all(given.file)), folders)
    sys.stdout.write("\n".join([*options, "IMAGE", *arguments, ""]))


if __name__ == "__main__":
    main()
