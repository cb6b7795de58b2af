"""What is in the image."""

import json
import tarfile

from conftest import IMAGE, podman


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


def test_without_arguments_it_tells_how_to_use_it():
    ran = podman("run", "--rm", "--pull=never", "--network=none", IMAGE, code=64)
    assert "Usage:" in ran.stdout and ran.stderr == (
        "error: neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE\n"
    )
