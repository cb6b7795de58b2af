"""What is in the image."""

import json
import pathlib
import subprocess
import tarfile
import tomllib
import zlib

from conftest import IMAGE, podman

ROOT = pathlib.Path(__file__).parents[2]


def test_nothing_else_is_inside(tmp_path):
    archive = tmp_path / "image.tar"
    podman("save", "--quiet", "--format", "docker-archive", "--output", archive, IMAGE)
    files = set()
    with tarfile.open(archive) as image:
        (manifest,) = json.load(image.extractfile("manifest.json"))
        for layer in manifest["Layers"]:
            with tarfile.open(fileobj=image.extractfile(layer)) as content:
                for entry in content:
                    assert entry.mtime == 0, f"{entry.name} has a time, which differs from build to build"
                    assert (entry.uid, entry.gid, entry.mode & 0o022) == (0, 0, 0), f"{entry.name} could be changed"
                    if not entry.isdir():
                        files.add(entry.name)
    assert files == {
        "qualys-connector", "etc/passwd", "etc/group", "etc/nsswitch.conf", "etc/ssl/certs/ca-certificates.crt",
    }


def test_it_is_small():
    (image,) = json.loads(podman("image", "inspect", IMAGE).stdout)
    assert image["Size"] <= 14_000_000


def test_the_program_says_what_it_is_made_of(tmp_path):
    container = podman("create", "--pull=never", IMAGE).stdout.strip()
    podman("cp", f"{container}:/qualys-connector", tmp_path)
    podman("rm", container)
    # Where cargo-auditable writes it.
    dump = ["objcopy", f"--dump-section=.dep-v0={tmp_path}/list", f"{tmp_path}/qualys-connector", "/dev/null"]
    subprocess.run(dump, check=True)
    told = json.loads(zlib.decompress((tmp_path / "list").read_bytes()))["packages"]
    told = {(package["name"], package["version"]) for package in told}
    # Cargo itself says of what crates it is built; the list takes it a little wider, but not out of the lock file.
    tree = ["cargo", "tree", "--locked", "--package=qualys-connector", "--edges=normal,build", "--prefix=none"]
    lines = subprocess.run(tree, cwd=ROOT, check=True, capture_output=True, text=True).stdout.splitlines()
    built_of = {(name, version.removeprefix("v")) for name, version, *_ in map(str.split, filter(None, lines))}
    locked = tomllib.loads((ROOT / "Cargo.lock").read_text())["package"]
    assert built_of <= told <= {(package["name"], package["version"]) for package in locked}
    assert not {"connector-lab", "rsa"} & {name for name, _ in told}


def test_without_arguments_it_tells_how_to_use_it():
    ran = podman("run", "--rm", "--pull=never", "--network=none", IMAGE, code=64)
    assert "Usage:" in ran.stdout and ran.stderr == (
        "error: neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE\n"
    )
