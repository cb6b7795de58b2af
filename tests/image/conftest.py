"""Containers: the lab's far ends on a network of their own, and the image between them."""

import functools
import json
import os
import pathlib
import secrets
import shutil
import subprocess
import time
import types
import urllib.request

import pytest
import yaml

import pod
from expected import findings_of

HERE = pathlib.Path(__file__).parent
RENDERED = HERE.parents[1] / "helm" / "tests" / "snapshots" / "minimal.yaml"
IMAGE = os.environ.get("IMAGE", "localhost/qualys-connector:ci")
LAB_IMAGE = os.environ.get("LAB_IMAGE", "localhost/connector-lab:ci")
USER, PASSWORD, TEMPLATE = "dirk_g", "d0ntp@n1c", "424242"
ENOUGH = "64m"
BIG, SMALL = ["--hosts=10000"], ["--hosts=50"]


def podman(*arguments, code=0):
    ran = subprocess.run(["podman", *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert code is None or ran.returncode == code, f"{arguments}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran


class Container:
    """A container that was started, and is removed at the end of `with`."""

    def __init__(self, *arguments, image=IMAGE, options=()):
        self.name = f"qc-{secrets.token_hex(4)}"
        podman("run", "--detach", "--pull=never", "--name", self.name, *options, image, *arguments)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        podman("rm", "--force", "--time", 5, self.name)

    def state(self):
        return json.loads(podman("inspect", "--format", "{{json .State}}", self.name).stdout)

    def address(self):
        networks = "{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}"
        return podman("inspect", "--format", networks, self.name).stdout.strip()

    def wait(self):
        """How it ended: exit code, output, and whether it wanted more memory than it may have."""
        podman("wait", self.name)
        state, logs = self.state(), podman("logs", self.name)
        assert not state["OOMKilled"], logs.stderr
        return types.SimpleNamespace(code=state["ExitCode"], stdout=logs.stdout, stderr=logs.stderr)

    def until(self, ready, what):
        for _ in range(300):
            found = ready()
            if found:
                return found
            state = self.state()
            assert state["Running"], f"it ended before {what}: {podman('logs', self.name).stderr}"
            time.sleep(0.1)
        pytest.fail(f"no {what} in 30 seconds")


class FarEnds:
    """The lab: a Qualys and a Management Center that serve one report."""

    def __init__(self, network, folder, report, *center_arguments, names=True):
        self.folder, self.network = folder, network
        for name in ("qualys", "management-center"):
            (folder / name).mkdir()
            (folder / name).chmod(0o777)

        def lab(name):
            return ["--network", f"{network}:alias={name}" if names else network, "--volume", f"{folder / name}:/lab"]

        self.qualys = Container(
            "qualys", "--listen=0.0.0.0:8443", "--dir=/lab", "--name=qualys", "--name=qualys.example.com",
            f"--user={USER}", f"--password={PASSWORD}",
            "--unlisted=0s", "--queued=0s", "--build-time=1s", "--fetch-lag=0s", "--rate-limit=10000", *report,
            image=LAB_IMAGE, options=lab("qualys"),
        )
        self.center = Container(
            "management-center", "--listen=0.0.0.0:8307", "--http=0.0.0.0:8080", "--dir=/lab", "--counts-only",
            "--host-limit=600000", *center_arguments,
            image=LAB_IMAGE, options=lab("management-center"),
        )
        for container, name in ((self.qualys, "qualys"), (self.center, "management-center")):
            container.until((folder / name / "address").exists, f"{name} that listens")
        self.report = report

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for container in (self.qualys, self.center):
            container.__exit__()

    @functools.cached_property
    def meant(self):
        """Findings that are to arrive, by host; read from the same report by another parser."""
        made = subprocess.Popen(
            ["podman", "run", "--rm", "--pull=never", "--network=none", LAB_IMAGE, "report", *self.report],
            stdout=subprocess.PIPE,
        )
        counts = dict(findings_of(made.stdout))
        assert made.wait() == 0
        return counts

    @property
    def pkcs12(self):
        return self.folder / "management-center" / "client.pkcs12"

    @property
    def ca(self):
        return self.folder / "qualys" / "ca.pem"

    def network_map(self):
        with urllib.request.urlopen(f"http://{self.center.address()}:8080/network-map", timeout=30) as answer:
            return json.load(answer)

    def held(self):
        """Findings that the Management Center holds, by host."""
        counts = {
            address: sum(scanner["count"] for scanner in host.get("scanners", {}).values())
            for address, host in self.network_map()["hosts"].items()
        }
        return {address: count for address, count in counts.items() if count}

    def settings(self, **more):
        """Where the far ends are, as options of podman."""
        settings = {
            "QC_QUALYS__URL": "https://qualys:8443",
            "QC_QUALYS__TEMPLATE_IDS": TEMPLATE,
            "QC_QUALYS__POLL_INTERVAL": "200ms",
            "QC_MANAGEMENT_CENTER__SERVER": "management-center",
            "QC_COMMANDS__ADD_HOST": "y",
            **more,
        }
        options = ["--network", self.network]
        for name, value in settings.items():
            options += ["--env", f"{name}={value}"]
        return options


@pytest.fixture(scope="session")
def network():
    name = f"qc-{secrets.token_hex(4)}"
    podman("network", "create", name)
    yield name
    podman("network", "rm", "--force", name)


@pytest.fixture
def far_ends(network, tmp_path):
    """Small far ends of the test's own, to see what arrives there."""
    with FarEnds(network, subfolder(tmp_path, "lab"), SMALL) as ends:
        yield ends


@pytest.fixture(scope="session")
def shared_far_ends(network, tmp_path_factory):
    """Small far ends for all tests that look at the connector alone."""
    with FarEnds(network, tmp_path_factory.mktemp("lab"), SMALL) as ends:
        yield ends


def subfolder(path, name):
    folder = path / name
    folder.mkdir()
    return folder


def readable(folder, files):
    """A folder as Kubernetes mounts a Secret: readable for the pod's group alone."""
    folder.mkdir()
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(exist_ok=True)
        if isinstance(content, pathlib.Path):
            shutil.copyfile(content, path)
        else:
            path.write_text(content)
        path.chmod(0o440)
        os.chown(path, 0, 65532)
    return folder


class Pod:
    """The image under the settings of the pod that the chart renders."""

    def __init__(self, ends, folder):
        self.ends = ends
        secret = readable(folder / "secrets", {"qualys.user_id": USER, "qualys.password": PASSWORD + "\n"})
        files = readable(folder / "files", {"client.pkcs12": ends.pkcs12, "qualys-ca.pem": ends.ca})
        # As the kubelet makes it.
        self.termination_log = folder / "termination-log"
        self.termination_log.touch()
        self.termination_log.chmod(0o666)
        with RENDERED.open() as rendered:
            spec = pod.pod_spec(yaml.safe_load_all(rendered))
        mounts = {mount["name"]: mount["mountPath"] for mount in spec["containers"][0]["volumeMounts"]}
        self.ca = f"{mounts['files']}/qualys-ca.pem"
        self.options, self.arguments = pod.flags(spec, {"secrets": secret, "files": files})
        self.options += ["--volume", f"{self.termination_log}:/dev/termination-log"]
        # Whatever the chart allows: so much is enough.
        self.options += [f"--memory={ENOUGH}", f"--memory-swap={ENOUGH}"]

    def start(self, *arguments, **settings):
        options = [*self.options, *self.ends.settings(QC_QUALYS__CA_FILE=self.ca, **settings)]
        return Container(*self.arguments, *arguments, options=options)

    def run(self, *arguments, **settings):
        with self.start(*arguments, **settings) as container:
            return container.wait()


@pytest.fixture
def small_pod(shared_far_ends, tmp_path):
    return Pod(shared_far_ends, tmp_path)
