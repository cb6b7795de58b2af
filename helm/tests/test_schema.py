"""Mistakes that a cluster would refuse, or that nobody would notice, are refused before anything is rendered."""

import copy
import shutil

import pytest

from chart import CHART, OLDEST, manifests, values
from helm import Refused


def put(given, path, value):
    given = copy.deepcopy(given)
    *folders, key = path.split("/")
    place = given
    for folder in folders:
        place = place.setdefault(folder, {})
    place[key] = value
    return given


def refused(given):
    with pytest.raises(Refused) as error:
        manifests(given)
    return str(error.value)


MISTAKES = {
    # The seven of which kubernetes-validate finds one.
    "schedule": ("imports/nightly/schedule", "99 * * * *"),
    "time zone": ("defaults/timeZone", "Mars/Olympus"),
    "quantity": ("defaults/resources/limits/memory", "128Mib"),
    "enum": ("defaults/concurrencyPolicy", "Nope"),
    "restartPolicy": ("defaults/restartPolicy", "Always"),
    "long name": ("fullnameOverride", "n" * 60),
    "misspelt": ("defaults/scheduel", "0 3 * * *"),
    # And others.
    "long import": ("imports/" + "n" * 60, {}),
    "import's name": ("imports/Nightly", {}),
    "two at a time": ("defaults/concurrencyPolicy", "Allow"),
    "four fields": ("defaults/schedule", "0 3 * *"),
    "seconds": ("defaults/schedule", "0 0 3 * * *"),
    "hour": ("defaults/schedule", "0 24 * * *"),
    "day": ("defaults/schedule", "0 3 0 * *"),
    "month": ("defaults/schedule", "0 3 * 13 *"),
    "weekday": ("defaults/schedule", "0 3 * * 8"),
    "step": ("defaults/schedule", "*/0 3 * * *"),
    "zone inside": ("defaults/schedule", "CRON_TZ=Asia/Tokyo 0 3 * * *"),
    "local": ("defaults/timeZone", "Local"),
    "typo in zone": ("defaults/timeZone", "Europe/Berln"),
    "negative": ("defaults/backoffLimit", -1),
    "text for a number": ("defaults/backoffLimit", "two"),
    # Kubernetes looks every 10 s: less may mean that no run ever starts.
    "a start that is never in time": ("defaults/startingDeadlineSeconds", 9),
    "no success": ("defaults/failOnExitCodes", [0]),
    "image with a tag": ("image/repository", "registry.example.com/qualys-connector:1"),
    "short digest": ("image/digest", "sha256:abc"),
    "unknown setting": ("defaults/settings/qualys/pasword", "x"),
    "unknown section": ("defaults/settings/fmc", {"server": "x"}),
    "a password": ("defaults/settings/qualys/password", "x"),
    "templates twice over": ("defaults/settings/qualys/template_ids", [1]),
    "word": ("defaults/settings/commands/mode", "merg"),
    "port": ("defaults/settings/management_center/port", 65536),
    "severity": ("defaults/settings/selection/min_severity", 6),
    "duration": ("defaults/settings/qualys/deadline", 7200),
    "platform": ("defaults/settings/qualys/url", "EU9"),
    "plain HTTP": ("defaults/settings/qualys/url", "http://qualysapi.qualys.com"),
    "address with a login": ("otel/endpoint", "http://user:secret@collector:4318"),
    "template's title": ("imports/nightly/templates", ["Weekly report"]),
    "template twice": ("imports/nightly/templates", [1, 1]),
    "no Secret's name": ("defaults/secrets/qualys/existingSecret", "Not A Name"),
    "relative folder": ("defaults/secrets/directory", "secrets"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_refused_by_its_name(program, mistake):
    path, value = MISTAKES[mistake]
    given = put(values("minimal"), path, value)
    key = path.rsplit("/", 1)[-1]
    assert "schema" in refused(given) and key in refused(given)
    # Helm 3, which most people have.
    with pytest.raises(Refused, match=key):
        program.template(CHART, given, "v3", OLDEST)


SCHEDULES = ["@daily", "@hourly", "0 3 * * *", "*/5 0-6/2,22 1,15 JAN-jun Mon-Fri", "0  3  ?  *  0", "59 23 31 12 6"]


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_schedules_that_kubernetes_takes_are_taken(schedule):
    assert manifests(put(values("minimal"), "defaults/schedule", schedule))


def test_a_parent_chart_may_switch_it_and_have_globals():
    assert manifests({**values("minimal"), "enabled": True, "global": {"imageRegistry": "x"}})


def test_with_nothing_said_it_says_what_to_say():
    said = refused({})
    assert "`imports` is empty" in said
    assert "--set imports.nightly.templates={424242}" in said
    assert "lab.enabled=true" in said


def test_what_is_missing_is_said_at_once_with_the_remedy():
    said = refused({"imports": {"nightly": {}}})
    assert "imports.nightly.templates is empty" in said
    assert "kubectl create secret generic qualys --from-literal=username=USER" in said
    assert "imports.nightly.settings.management_center.server is empty" in said
    assert "kubectl create secret generic management-center --from-file=client.pkcs12" in said


API = "settings.qualys.api"
REFUSALS = {
    f"imports.nightly.templates is set, but {API} is detections, which no template chooses: leave one of them out": (
        "minimal",
        "imports/nightly/settings/qualys/api",
        "detections",
    ),
    f"imports.nightly.mode is sharded, which needs {API}: detections": ("minimal", "imports/nightly/mode", "sharded"),
    f"imports.hosts.mode is indexed, which is for templates: use mode sharded with {API}: detections": (
        "sharded",
        "imports/hosts/mode",
        "indexed",
    ),
}


@pytest.mark.parametrize("says", REFUSALS)
def test_a_source_and_a_mode_that_do_not_go_together_are_refused(says):
    name, path, value = REFUSALS[says]
    assert manifests(values(name))
    assert says in refused(put(values(name), path, value))


def test_templates_and_a_mode_that_detections_do_not_have_are_refused_at_once():
    given = put(values("minimal"), "imports/nightly/settings/qualys/api", "detections")
    said = refused(put(given, "imports/nightly/mode", "indexed"))
    assert "imports.nightly.templates is set, but settings.qualys.api is detections" in said
    assert "imports.nightly.mode is indexed, which is for templates" in said


def test_a_secret_without_the_user_needs_the_user_elsewhere():
    given = put(values("minimal"), "defaults/secrets/qualys/userKey", "")
    assert "imports.nightly has no user at Qualys" in refused(given)
    assert manifests(put(given, "defaults/settings", {"qualys": {"user_id": "dirk_g"}}))


def test_names_that_are_too_long_together_are_refused():
    given = put(values("minimal"), "imports", {"n" * 45: values("minimal")["imports"]["nightly"]})
    said = refused(given)
    assert "has 65 characters; Kubernetes allows 52" in said
    fits = put(values("minimal"), "imports", {"n" * 32: values("minimal")["imports"]["nightly"]})
    assert manifests(fits)


def where_there_is(path, api, stand_in):
    """A copy of the chart that asks for an API which Helm takes to be in every cluster."""
    shutil.copytree(CHART, path, dirs_exist_ok=True)
    changed = 0
    for template in path.glob("templates/*.tpl"):
        text = template.read_text()
        changed += text.count(f'Has "{api}"')
        template.write_text(text.replace(f'Has "{api}"', f'Has "{stand_in}"'))
    assert changed == 1
    return path


def test_rules_need_the_operator(tmp_path):
    given = {**values("minimal"), "prometheusRule": {"enabled": True}}
    assert "Install the Prometheus operator" in refused(given)
    there = where_there_is(tmp_path, "monitoring.coreos.com/v1", "batch/v1")
    assert "kind: PrometheusRule" in manifests(given, there)
    given["prometheusRule"]["whenMissing"] = "skip"
    assert "kind: PrometheusRule" not in manifests(given)
    assert "kind: PrometheusRule" in manifests(given, there)
    given["prometheusRule"]["whenMissing"] = "always"
    assert "kind: PrometheusRule" in manifests(given)


def test_openshift_is_seen(tmp_path):
    there = where_there_is(tmp_path, "security.openshift.io/v1", "batch/v1")
    assert "runAsUser" in manifests(values("minimal"))
    assert "runAsUser" not in manifests(values("minimal"), there)
    assert "runAsUser" in manifests({**values("minimal"), "openshift": False}, there)
