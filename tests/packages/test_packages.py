"""What a release holds besides the image: an archive, and a Debian package in a root file system of its own."""

import gzip
import json
import os
import pathlib
import re
import shutil
import subprocess
import tarfile
import time
import tomllib
import types
import urllib.request

import pytest

ROOT = pathlib.Path(__file__).parents[2]
PROGRAM = pathlib.Path(os.environ["PROGRAM"]).absolute()
VERSION = tomllib.loads((ROOT / "Cargo.toml").read_text())["workspace"]["package"]["version"]
USER, PASSWORD = "dirk_g", "d0ntp@n1c"
# What dpkg and the machine write for themselves.
NOT_OURS = ("var/lib/dpkg", "var/log/dpkg.log", "var/cache", "dev", "proc", "sys", "tmp")


def run(*command, code=0, **more):
    ran = subprocess.run(list(map(str, command)), capture_output=True, text=True, timeout=600, **more)
    assert ran.returncode == code, f"{command}: {ran.returncode}\n{ran.stdout}{ran.stderr}"
    return ran


def binary(name):
    target = pathlib.Path(os.environ.get("CARGO_TARGET_DIR", ROOT / "target"))
    places = (PROGRAM.with_name(name), target / "release" / name, target / "debug" / name)
    built = [path for path in places if path.exists()]
    assert built, f"{name} isn't built: cargo build --package {name}"
    return max(built, key=lambda path: path.stat().st_mtime)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    run(ROOT / "deploy" / "package" / "make", PROGRAM, folder)
    [archive], [package] = folder.glob("*.tar.gz"), folder.glob("*.deb")
    return types.SimpleNamespace(archive=archive, package=package)


@pytest.fixture(scope="module")
def fresh(tmp_path_factory):
    """A small Debian with systemd, which nothing was installed in yet. Its glibc isn't the one that the program was linked with,
    and names are looked up as on a desktop: a static program that loads its modules for that crashes."""
    root = tmp_path_factory.mktemp("root") / "debian"
    mirror = os.environ.get("DEBIAN_MIRROR", "http://deb.debian.org/debian")
    packages = "systemd,libnss-myhostname,libnss-mdns,libnss-resolve"
    run("mmdebstrap", "--quiet", "--variant=essential", f"--include={packages}", "trixie", root, mirror)
    names = root / "etc/nsswitch.conf"
    hosts = "hosts: files mymachines mdns4_minimal [NOTFOUND=return] resolve [!UNAVAIL=return] myhostname dns"
    names.write_text(re.sub(r"^hosts:.*$", hosts, names.read_text(), flags=re.MULTILINE))
    assert hosts in names.read_text()
    (root / "etc/hosts").write_text("127.0.0.1 localhost qualys management-center\n")
    yield root
    shutil.rmtree(root)


@pytest.fixture
def root(fresh):
    """That Debian; a test leaves it as it was, or the next one would see it."""
    yield fresh
    subprocess.run(["dpkg", f"--root={fresh}", "--purge", "qualys-connector"], capture_output=True)


def files(root):
    """Everything in a root file system, with the mode of files and the goal of links."""
    found = {}
    for folder, folders, names in os.walk(root):
        here = pathlib.Path(folder).relative_to(root)
        folders[:] = [name for name in folders if str(here / name) not in NOT_OURS]
        for name in [*folders, *names]:
            path = pathlib.Path(folder) / name
            shown = str(here / name)
            if shown not in NOT_OURS:
                found[shown] = os.readlink(path) if path.is_symlink() else oct(path.stat().st_mode)
    return found


def dpkg(root, *arguments, code=0):
    # In the root file system, as its own dpkg would do it.
    return run("chroot", root, "dpkg", *arguments, code=code)


def install(root, package):
    shutil.copy(package, root / "tmp")
    dpkg(root, "--install", f"/tmp/{package.name}")


def unit(root, name):
    """The settings of an installed unit; those that may be given several times as lists."""
    settings = {}
    for line in (root / "usr/lib/systemd/system" / name).read_text().splitlines():
        if "=" in line and not line.startswith(("#", ";")):
            key, value = line.split("=", 1)
            settings.setdefault(key, []).append(value)
    return settings


def enabled(root):
    return [path.name for path in (root / "etc/systemd/system").glob("*.wants/qualys-connector*")]


def test_the_archive_holds_a_static_program_and_what_belongs_to_it(made, tmp_path):
    name = made.archive.name.removesuffix(".tar.gz")
    assert name.startswith(f"qualys-connector-{VERSION}-linux-")
    with tarfile.open(made.archive) as archive:
        held = {entry.name.removeprefix(name).lstrip("/"): entry for entry in archive}
        archive.extractall(tmp_path, filter="data")
    assert {path for path, entry in held.items() if entry.isfile()} == {
        "qualys-connector", "qualys-connector.1", "LICENSE", "CHANGELOG.md", "config.yaml",
        "completions/qualys-connector.bash", "completions/_qualys-connector", "completions/qualys-connector.fish",
        "systemd/qualys-connector.service", "systemd/qualys-connector.timer",
    }
    assert all((entry.uid, entry.gid, entry.mode & 0o022) == (0, 0, 0) for entry in held.values())
    folder = tmp_path / name
    assert (folder / "qualys-connector").read_bytes() == PROGRAM.read_bytes()
    # It runs where there is nothing, not even a C library.
    assert run("chroot", folder, "/qualys-connector", "--version").stdout == f"qualys-connector Ver. {VERSION}\n"
    warnings = run("man", "--warnings", "--local-file", "--pager=cat", folder / "qualys-connector.1", env={**os.environ, "LC_ALL": "C.UTF-8"}).stderr
    assert not warnings
    run("bash", "-n", folder / "completions" / "qualys-connector.bash")


def test_the_same_program_gives_the_same_files(made, tmp_path):
    time.sleep(1)
    run(ROOT / "deploy" / "package" / "make", PROGRAM, tmp_path)
    for one in (made.archive, made.package):
        assert (tmp_path / one.name).read_bytes() == one.read_bytes(), one.name


def test_a_program_that_isnt_static_is_refused(tmp_path):
    def refused(program):
        ran = subprocess.run([ROOT / "deploy" / "package" / "make", program, tmp_path], capture_output=True, text=True)
        assert ran.returncode == 1 and not list(tmp_path.glob("*.deb"))
        return ran.stdout

    other = tmp_path / "other"
    other.write_text(f"#!/bin/sh\necho qualys-connector Ver. {VERSION}\n")
    other.chmod(0o755)
    assert "for a machine that nothing is released for" in refused(other)
    other.write_text("#!/bin/sh\necho qualys-connector Ver. 0.0.1\n")
    assert f"isn't version {VERSION}" in refused(other)
    dynamic = ROOT / "target" / "debug" / "qualys-connector"
    if dynamic.exists():
        assert "isn't static" in refused(dynamic)


def test_the_package_brings_everything_and_starts_nothing(made, root):
    before = files(root)
    install(root, made.package)
    new = {path: mode for path, mode in files(root).items() if path not in before}
    assert {path for path, mode in new.items() if not mode.startswith("0o4")} == {
        "usr/bin/qualys-connector",
        "usr/lib/systemd/system/qualys-connector.service",
        "usr/lib/systemd/system/qualys-connector.timer",
        "usr/share/man/man1/qualys-connector.1.gz",
        "usr/share/bash-completion/completions/qualys-connector",
        "usr/share/zsh/vendor-completions/_qualys-connector",
        "usr/share/fish/vendor_completions.d/qualys-connector.fish",
        "usr/share/doc/qualys-connector/copyright",
        "usr/share/doc/qualys-connector/changelog.Debian.gz",
        "usr/share/doc/qualys-connector/CHANGELOG.md.gz",
        "etc/qualys-connector/config.yaml",
    }
    # For root alone, before anybody puts a password there.
    assert new["etc/qualys-connector/secrets"] == oct(0o40700)
    assert enabled(root) == []
    assert gzip.open(root / "usr/share/doc/qualys-connector/CHANGELOG.md.gz").read() == (ROOT / "CHANGELOG.md").read_bytes()
    dpkg(root, "--verify", "qualys-connector")
    verified = run("systemd-analyze", f"--root={root}", "--man=no", "verify", "qualys-connector.service", "qualys-connector.timer")
    assert "qualys-connector" not in verified.stderr
    # The sample says nothing yet, which the program says.
    said = run("chroot", root, "/usr/bin/qualys-connector", "config", "--config", "/etc/qualys-connector/config.yaml", code=78).stderr
    assert "qualys.user_id is not set" in said and "neither a Management Center nor a CSV file" in said


def test_a_name_that_hosts_doesnt_have_is_no_reason_to_load_a_module(made, root):
    install(root, made.package)
    settings = {
        "QC_QUALYS__URL": "https://qualys.invalid", "QC_QUALYS__USER_ID": USER, "QC_QUALYS__PASSWORD": PASSWORD,
        "QC_QUALYS__TEMPLATE_IDS": "424242", "QC_CSV__FILE": "/tmp/commands.csv",
    }
    # Unavailable; it would end by SIGFPE otherwise.
    run(shutil.which("chroot"), root, "/usr/bin/qualys-connector", "check", env=settings, code=69)


def test_settings_survive_an_upgrade_and_a_removal_and_a_purge_leaves_nothing(made, root):
    before = files(root)
    install(root, made.package)
    config = root / "etc/qualys-connector/config.yaml"
    config.write_text("qualys: {user_id: dirk_g}\n")
    (root / "etc/qualys-connector/secrets/qualys.password").write_text(PASSWORD)
    run("systemctl", f"--root={root}", "enable", "qualys-connector.timer")
    assert enabled(root) == ["qualys-connector.timer"]
    # As systemd makes it for DynamicUser=, and what it remembers of a timer.
    state = root / "var/lib/private/qualys-connector"
    state.mkdir(parents=True)
    (state / "page.html").write_text("")
    (root / "var/lib/qualys-connector").symlink_to("private/qualys-connector")
    stamp = root / "var/lib/systemd/timers/stamp-qualys-connector.timer"
    stamp.parent.mkdir(parents=True, exist_ok=True)
    stamp.touch()

    install(root, made.package)
    assert enabled(root) == ["qualys-connector.timer"]
    dpkg(root, "--remove", "qualys-connector")
    assert enabled(root) == []
    assert not (root / "usr/bin/qualys-connector").exists()
    assert config.read_text() == "qualys: {user_id: dirk_g}\n"
    dpkg(root, "--purge", "qualys-connector")
    after = files(root)
    # Of systemd: the folders for everybody's units and state.
    for folder in ("var/lib/private", "var/lib/systemd/timers", "etc/systemd/system/timers.target.wants"):
        after.pop(folder, None)
        before.pop(folder, None)
    assert after == before


class Lab:
    """Both far ends, as processes that listen on this machine, which the root file system shares its network with."""

    def __init__(self, folder):
        self.folder, self.running = folder, []
        timing = ["--unlisted=0s", "--queued=0s", "--build-time=1s", "--fetch-lag=0s", "--hosts=50"]
        self.qualys = self.start("qualys", "--name=qualys", f"--user={USER}", f"--password={PASSWORD}", *timing)
        self.center = self.start("management-center", "--http=127.0.0.1:0")

    def start(self, name, *arguments):
        folder = self.folder / name
        folder.mkdir()
        command = [binary("connector-lab"), name, "--listen=127.0.0.1:0", f"--dir={folder}", *arguments]
        self.running.append(subprocess.Popen(command, stdout=subprocess.DEVNULL))
        for _ in range(600):
            if (folder / "address").exists():
                return (folder / "address").read_text().split()[0]
            assert self.running[-1].poll() is None, f"{name} ended"
            time.sleep(0.1)
        pytest.fail(f"{name} doesn't listen")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for process in self.running:
            process.terminate()
            process.wait(timeout=60)


def test_an_import_of_the_lab_by_the_timers_command_line(made, root, tmp_path):
    install(root, made.package)
    service, timer = unit(root, "qualys-connector.service"), unit(root, "qualys-connector.timer")
    # A timer starts the service of its name.
    assert "Unit" not in timer and timer["OnCalendar"]
    secrets = root / "etc/qualys-connector/secrets"
    with Lab(tmp_path) as lab:
        (_, port), (_, center_port) = (address.rsplit(":", 1) for address in (lab.qualys, lab.center))
        shutil.copy(lab.folder / "qualys" / "ca.pem", root / "etc/qualys-connector/qualys-ca.pem")
        shutil.copy(lab.folder / "management-center" / "client.pkcs12", secrets)
        (secrets / "qualys.password").write_text(PASSWORD + "\n")
        (root / "etc/qualys-connector/config.yaml").write_text(
            f"qualys: {{url: 'https://qualys:{port}', user_id: {USER}, template_ids: [424242], poll_interval: 100ms,"
            " ca_file: /etc/qualys-connector/qualys-ca.pem}\n"
            f"management_center: {{server: management-center, port: {center_port}}}\n"
            "commands: {add_host: true}\n"
            "page: {file: /var/lib/qualys-connector/page.html}\n"
        )
        ran = as_systemd_would(root, service)
        assert ran.returncode == 0, ran.stderr
        lab.running[1].terminate()
        lab.running[1].wait(timeout=60)
        held = json.loads((lab.folder / "management-center" / "network-map.json").read_text())["hosts"]
    assert len(held) > 20 and any(host.get("scanners") for host in held.values())
    assert (root / "var/lib/qualys-connector/page.html").stat().st_size > 1000
    dpkg(root, "--purge", "qualys-connector")
    assert not (root / "etc/qualys-connector").exists() and not (root / "var/lib/qualys-connector").exists()


def as_systemd_would(root, service):
    """The service's command line as an unprivileged user, with its variables, credentials and state folder."""
    user = 61184
    credentials = root / "run/credentials/qualys-connector.service"
    credentials.mkdir(parents=True)
    for line in service["LoadCredential"]:
        name, path = line.split(":", 1)
        held = credentials / name
        shutil.copy(root / path.lstrip("/"), held)
        held.chmod(0o400)
        os.chown(held, user, user)
    [state] = service["StateDirectory"]
    folder = root / "var/lib" / state
    folder.mkdir()
    os.chown(folder, user, user)
    variables = {}
    for line in service["Environment"]:
        name, value = line.split("=", 1)
        variables[name] = value.replace("%d", "/run/credentials/qualys-connector.service")
    [command] = service["ExecStart"]
    try:
        return subprocess.run(
            [shutil.which("chroot"), f"--userspec={user}:{user}", root, *command.split()],
            env=variables, capture_output=True, text=True, timeout=300,
        )
    finally:
        shutil.rmtree(root / "run/credentials")
