"""The chart as something that is published, installed and upgraded."""

import json
import re
import tarfile

import pytest
import yaml

from chart import CHART, OLDEST, ROOT, SETS, manifests, named, objects, values
from helm import VERSIONS, Refused

RELEASED = sorted((ROOT / "helm" / "tests" / "released").iterdir())


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("name", [None, *SETS])
def test_lint_has_nothing_to_say(program, name, version):
    given = values(name) if name else {}
    answer = json.loads(program.run("helm_lint", version, paths=[str(CHART)], strict=True, values=given))
    assert answer["passed"] and not answer["messages"]


@pytest.mark.parametrize("version", VERSIONS)
def test_an_older_kubernetes_is_refused(program, version):
    assert program.template(CHART, values("minimal"), version, OLDEST)
    with pytest.raises(Refused, match="chart requires kubeVersion: >=1.31.0-0"):
        program.template(CHART, values("minimal"), version, "1.30")


def test_the_package_is_the_chart(program, tmp_path):
    program.run("helm_package", "v3", path=str(CHART), destination=str(tmp_path))
    [package] = tmp_path.glob("*.tgz")
    version = yaml.safe_load((CHART / "Chart.yaml").read_text())["version"]
    assert package.name == f"qualys-connector-{version}.tgz"
    names = {name.removeprefix("qualys-connector/") for name in tarfile.open(package).getnames()}
    assert {"files/rules.yaml", "files/dashboard.json", "values.schema.json", "README.md"} <= names
    assert package.stat().st_size < 100_000
    for name in ("minimal", "everything"):
        assert manifests(values(name), package) == manifests(values(name))


def test_the_chart_installs_the_program_of_its_commit():
    chart = yaml.safe_load((CHART / "Chart.yaml").read_text())
    cargo = re.search(r'^version = "(.+)"$', (ROOT / "Cargo.toml").read_text(), re.MULTILINE)
    assert chart["appVersion"] == cargo[1]
    assert f"### {chart['version']}" in (CHART / "README.md").read_text()


@pytest.mark.parametrize("released", RELEASED, ids=lambda path: path.name)
def test_an_upgrade_keeps_what_was_installed(released):
    """Values of an earlier release are still taken, and its objects are changed in place, not replaced by others."""
    given = yaml.safe_load((released / "values.yaml").read_text())
    now = objects(manifests(given))
    for before in objects((released / "manifests.yaml").read_text()):
        after = named(now, before["kind"], before["metadata"]["name"])
        assert after["apiVersion"] == before["apiVersion"]
        assert after["metadata"]["namespace"] == before["metadata"]["namespace"]
        owner = lambda found: {key: found["metadata"]["labels"][f"app.kubernetes.io/{key}"] for key in ("name", "instance")}
        if before["metadata"].get("labels"):
            assert owner(after) == owner(before)


def test_rules_and_dashboard_are_those_of_deploy():
    found = objects(manifests(values("everything")))
    rules = yaml.safe_load((ROOT / "deploy" / "prometheus" / "rules.yaml").read_text())
    for group in rules["groups"]:
        for rule in group["rules"]:
            if "annotations" in rule:
                rule["annotations"]["runbook_url"] = "https://git.example.com/main/" + rule["annotations"]["runbook_url"]
    rule = named(found, "PrometheusRule", "qc")
    for one in rules["groups"][0]["rules"]:
        # test_fields says what stands here.
        if one.get("alert") == "QualysCronJobSuspended":
            one["expr"] = 'kube_cronjob_spec_suspend{namespace="security", cronjob=~"qc-all"} == 1'
    assert rule["spec"] == rules
    assert rule["metadata"]["labels"]["release"] == "prometheus"
    dashboard = named(found, "ConfigMap", "qc-dashboard")
    assert json.loads(dashboard["data"]["qualys-connector.json"]) == json.loads(
        (ROOT / "deploy" / "grafana" / "dashboard.json").read_text()
    )
    assert dashboard["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert dashboard["metadata"]["annotations"] == {"grafana_folder": "Security"}
