"""What the documentation and the examples say can be done as it stands there."""

import re
import shlex

import helm_python
import pytest
import yaml

from chart import ROOT, connector, environment, manifests, objects, of_kind, pod, values

PAGES = [ROOT / "README.md", ROOT / "docs" / "kubernetes.md", ROOT / "helm" / "qualys-connector" / "README.md"]
# What public CI installs on a real cluster renders here, before anybody waits for one.
CLUSTER = ROOT / ".ci" / "kind"
EXAMPLES = sorted((ROOT / "deploy").glob("*/values.yaml"))


def installs():
    """Every `helm install` of the pages that needs no file of the user's."""
    for page in [*PAGES, CLUSTER]:
        for command in re.findall(r"^helm install (?:.*\\\n)*.*", page.read_text(), re.MULTILINE):
            words = shlex.split(command.replace("\\\n", " "), comments=True)
            if "-f" not in words:
                yield pytest.param(words, id=f"{page.parent.name}/{page.name}: {' '.join(words[2:6])}")


@pytest.mark.parametrize("words", list(installs()))
def test_helm_install_of_the_pages_renders(words):
    given = helm_python.parse_set_string(",".join(value for option, value in zip(words, words[1:]) if option == "--set"))
    assert of_kind(objects(manifests(given)), "CronJob")


def merge(base, more):
    for key, value in more.items():
        if isinstance(value, dict) and isinstance(base.get(key), dict):
            merge(base[key], value)
        else:
            base[key] = value
    return base


def test_what_the_pages_call_by_name_is_there():
    """Objects that `kubectl` is given, and the label that finds the pods of a Job."""
    [cronjob, check] = [found for found in objects(manifests(values("minimal"))) if found["kind"] in ("CronJob", "Pod")]
    made = {cronjob["metadata"]["name"], check["metadata"]["name"]}
    page = (ROOT / "docs" / "kubernetes.md").read_text()
    named = set(re.findall(r"qc-qualys-connector-[a-z-]+", page))
    assert named and named <= made
    assert "kubectl -n security logs -l job-name=JOB --tail=-1 --prefix" in page


def test_values_of_the_page_render():
    blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / "docs" / "kubernetes.md").read_text(), re.MULTILINE | re.DOTALL)
    assert len(blocks) == 4
    for block in blocks:
        given = merge(values("minimal"), yaml.safe_load(block))
        if "prometheusRule" in given:
            given["prometheusRule"]["whenMissing"] = "always"
        assert of_kind(objects(manifests(given)), "CronJob")


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.parent.name)
def test_examples_render(path):
    assert of_kind(objects(manifests(yaml.safe_load(path.read_text()))), "CronJob")


def test_the_kustomization_has_every_manifest():
    folder = ROOT / "deploy" / "kubernetes"
    kustomization = yaml.safe_load((folder / "kustomization.yaml").read_text())
    rendered = {path.name for path in folder.glob("*.yaml")} - {"kustomization.yaml", "values.yaml"}
    assert set(kustomization["resources"]) == rendered
    [found] = of_kind(objects((folder / "cronjob.yaml").read_text()), "CronJob")
    assert [patch["target"]["name"] for patch in kustomization["patches"]] == [found["metadata"]["name"]]
    assert connector(found)["image"].split(":")[0] == kustomization["images"][0]["name"]


def test_external_secrets_make_what_is_mounted():
    folder = ROOT / "deploy" / "external-secrets"
    made = {
        (one["spec"]["target"]["name"], entry["secretKey"])
        for one in of_kind(objects((folder / "external-secrets.yaml").read_text()), "ExternalSecret")
        for entry in one["spec"]["data"]
    }
    [found] = of_kind(objects(manifests(yaml.safe_load((folder / "values.yaml").read_text()))), "CronJob")
    mounted = {
        (source["secret"]["name"], item["key"])
        for volume in pod(found)["volumes"]
        for source in volume["projected"]["sources"]
        for item in source["secret"]["items"]
    }
    assert made == mounted


def test_vaults_agent_writes_what_is_read():
    [found] = of_kind(objects(manifests(yaml.safe_load((ROOT / "deploy" / "vault-agent" / "values.yaml").read_text()))), "CronJob")
    annotations = found["spec"]["jobTemplate"]["spec"]["template"]["metadata"]["annotations"]
    start = "vault.hashicorp.com/agent-inject-secret-"
    files = {name.removeprefix(start) for name in annotations if name.startswith(start)}
    assert files == {"qualys.user_id", "qualys.password", "management_center.pkcs12_password", "client.pkcs12"}
    for name in annotations:
        assert len(name.split("/")[-1]) <= 63
    variables = environment(connector(found))
    assert variables["QC_SECRETS_DIR"] == "/vault/secrets"
    folder = annotations["vault.hashicorp.com/secret-volume-path-client.pkcs12"]
    assert variables["QC_MANAGEMENT_CENTER__PKCS12"] == f"{folder}/client.pkcs12"
    assert annotations["vault.hashicorp.com/agent-service-account-token-volume-name"] in {one["name"] for one in pod(found)["volumes"]}
    assert not pod(found)["automountServiceAccountToken"]
