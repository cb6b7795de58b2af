"""What each set of values renders to. `.ci/generate` writes them anew; look at the difference before committing."""

import pytest

from chart import CHART, NEWEST, OLDEST, ROOT, SETS, manifests, objects, values
from helm import VERSIONS

SNAPSHOTS = ROOT / "helm" / "tests" / "snapshots"


@pytest.mark.parametrize("name", SETS)
def test_nothing_changes_unseen(name, pytestconfig):
    rendered = manifests(values(name))
    path = SNAPSHOTS / f"{name}.yaml"
    if pytestconfig.getoption("update_snapshots"):
        path.write_text(rendered)
    assert rendered == path.read_text()


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", SETS)
def test_helm_3_and_4_see_the_same_for_every_kubernetes(program, name, version):
    key = lambda found: (found["kind"], found["metadata"]["name"])
    hook = lambda found: "helm.sh/hook" in found["metadata"].get("annotations", {})
    expected = sorted((found for found in objects(manifests(values(name))) if not hook(found)), key=key)
    for kube in (OLDEST, NEWEST):
        rendered = program.template(CHART, values(name), version, kube)
        assert sorted(objects(rendered), key=key) == expected


def test_no_snapshot_is_left_over():
    assert sorted(path.stem for path in SNAPSHOTS.glob("*.yaml")) == SETS
