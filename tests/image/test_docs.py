"""Every `docker run` that the documentation shows, as it stands there, against the lab."""

import os
import pathlib
import re
import subprocess

import pytest

from conftest import IMAGE, PASSWORD, TEMPLATE, USER, podman, readable

ROOT = pathlib.Path(__file__).parents[2]
BLOCK = re.compile(r"^```sh\n(.*?)^```", re.DOTALL | re.MULTILINE)
OLD = f"""\
---
user_id:        {USER}
password:       {PASSWORD}
template_id:    {TEMPLATE}
add_host:       y
"""


def blocks():
    for page in ("README.md", "docs/docker.md"):
        for number, block in enumerate(BLOCK.findall((ROOT / page).read_text())):
            if "docker run" in block:
                yield pytest.param(block, id=f"{page}-{number}")


def executable(path, text):
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def test_there_are_the_three_ways_and_the_quick_start():
    assert len(list(blocks())) == 4


@pytest.mark.parametrize("block", list(blocks()))
def test_it_imports(block, far_ends, tmp_path):
    folder = readable(
        tmp_path / "here",
        {"client.pkcs12": far_ends.pkcs12, "InputPlugins/QualysGuard.yaml": OLD},
    )
    readable(tmp_path / "ca", {"ca.pem": far_ends.ca})
    # What stands for the world outside: names, Qualys' address and its authority.
    world = far_ends.settings(QC_QUALYS__CA_FILE="/ca/ca.pem")
    for setting in ("QC_QUALYS__TEMPLATE_IDS", "QC_MANAGEMENT_CENTER__SERVER"):
        index = next(index for index, option in enumerate(world) if option.startswith(f"{setting}="))
        del world[index - 1 : index + 1]
    world += [f"--add-host=fmc.example.com:{far_ends.center.address()}", f"--volume={tmp_path}/ca:/ca:ro", "--pull=never"]
    shims = tmp_path / "shims"
    shims.mkdir()
    # Who runs this is the image's user, whose files these then are; the image has been built already.
    executable(shims / "id", "echo 65532")
    executable(
        shims / "docker",
        f'[ "$1" = run ] || exit 0\nshift\nchown -R 65532 .\nexec podman run {" ".join(world)} "$@"',
    )
    podman("tag", IMAGE, "localhost/qualys-connector:latest")
    ran = subprocess.run(
        ["bash", "-euc", block],
        cwd=folder,
        env={**os.environ, "PATH": f"{shims}:{os.environ['PATH']}"},
        input=f"{PASSWORD}\n",
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert far_ends.held() == far_ends.meant
