"""deny.toml refuses what it is there for: each time one thing is planted among our crates."""

import json
import pathlib
import re
import subprocess
import tomllib

import pytest

ROOT = pathlib.Path(__file__).parents[2]
CONFIGURATION = (ROOT / "deny.toml").read_text()
# The folder's name is cargo-deny's, made from the database's address.
DATABASE = "advisory-db-3157b0e258782691"
ADVISORY = """\
```toml
[advisory]
id = "RUSTSEC-2000-0001"
package = "httpdate"
date = "2000-01-01"
{informational}
[versions]
patched = []
```

# Planted
"""


@pytest.fixture(scope="session")
def metadata():
    command = ["cargo", "metadata", "--format-version=1", "--locked", "--offline"]
    return subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout


def refusals(folder, metadata, which, configuration=CONFIGURATION):
    """What cargo-deny finds wrong, by its own codes."""
    (folder / "metadata.json").write_text(metadata)
    (folder / "deny.toml").write_text(configuration)
    command = ["cargo-deny", "--offline", "--format=json", f"--metadata-path={folder}/metadata.json"]
    command += [f"--config={folder}/deny.toml", "check", which]
    ran = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    said = [json.loads(line)["fields"] for line in ran.stderr.splitlines() if '"diagnostic"' in line]
    found = {fields["code"] for fields in said if fields["severity"] == "error"}
    assert (ran.returncode != 0) == bool(found), ran.stderr
    return found


def renamed(metadata, old, new):
    """The same crates, of which one is another."""
    planted = re.sub(rf'(#|"name":"){old}(@|")', rf"\g<1>{new}\g<2>", metadata)
    assert planted != metadata
    return planted


def changed(metadata, name, **fields):
    """The same crates, of which one says something else."""
    whole = json.loads(metadata)
    (package,) = (package for package in whole["packages"] if package["name"] == name)
    package.update(fields)
    return json.dumps(whole, separators=(",", ":"))


@pytest.mark.parametrize("crate", ["openssl-sys", "native-tls", "aws-lc-sys", "rsa"])
def test_a_banned_crate_is_refused(crate, metadata, tmp_path):
    assert refusals(tmp_path, renamed(metadata, "httpdate", crate), "bans") == {"banned"}


def test_a_second_version_without_a_reason_is_refused(metadata, tmp_path):
    assert refusals(tmp_path, renamed(metadata, "httpdate", "httparse"), "bans") == {"duplicate"}


@pytest.mark.parametrize("licence", ["GPL-3.0-only", "Apache-2.0 AND MPL-2.0"])
def test_a_licence_that_isnt_allowed_is_refused(licence, metadata, tmp_path):
    assert refusals(tmp_path, changed(metadata, "httpdate", license=licence), "licenses") == {"rejected"}


@pytest.mark.parametrize("source", ["git+https://example.com/httpdate#0123456789", "registry+https://example.com/index"])
def test_a_crate_from_elsewhere_is_refused(source, metadata, tmp_path):
    assert refusals(tmp_path, changed(metadata, "httpdate", source=source), "sources") == {"source-not-allowed"}


@pytest.mark.parametrize(
    ("informational", "code"), [("", "vulnerability"), ("unmaintained", "unmaintained"), ("unsound", "unsound")]
)
def test_an_advisory_without_a_reason_is_refused(informational, code, metadata, tmp_path):
    entry = tmp_path / DATABASE / "crates" / "httpdate" / "RUSTSEC-2000-0001.md"
    entry.parent.mkdir(parents=True)
    entry.write_text(ADVISORY.format(informational=informational and f'informational = "{informational}"'))
    git = ["git", "-C", str(tmp_path / DATABASE), "-c", "user.name=test", "-c", "user.email=test"]
    for command in (["init", "--quiet"], ["add", "."], ["commit", "--quiet", "--message=planted"]):
        subprocess.run([*git, *command], check=True)
    here = re.sub(r"(?m)^db-path = .*", f'db-path = "{tmp_path}"', CONFIGURATION)
    # The reasons that are there are for advisories that this database hasn't.
    here = re.sub(r"(?ms)^ignore = \[.*?^\]", "", here)
    assert refusals(tmp_path, metadata, "advisories", here) == {code}


def test_every_exception_has_a_reason():
    read = tomllib.loads(CONFIGURATION)
    bans = read["bans"]
    for exception in [*read["advisories"]["ignore"], *bans["deny"], *bans["skip"], *bans["skip-tree"]]:
        assert exception["reason"], exception
