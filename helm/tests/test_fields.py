"""The fields that matter, one sentence each."""

import re

import pytest

from chart import SETS, connector, environment, job, manifests, named, notes, objects, of_kind, pod, values, volume


@pytest.fixture(scope="module")
def rendered():
    """The objects of a set."""
    kept = {}

    def of(name):
        if name not in kept:
            kept[name] = objects(manifests(values(name)))
        return kept[name]

    return of


def cronjob(found, name):
    return named(found, "CronJob", f"qc-qualys-connector-{name}")


@pytest.mark.parametrize("name", SETS)
def test_every_pod_is_restricted(rendered, name):
    pods = [found for found in rendered(name) if found["kind"] in ("CronJob", "Job", "Pod")]
    assert pods
    for found in pods:
        spec = pod(found)
        assert spec["restartPolicy"] == "Never"
        assert spec["automountServiceAccountToken"] is False
        assert spec["enableServiceLinks"] is False
        assert spec["securityContext"]["runAsNonRoot"] is True
        assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
        assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
        for container in spec["containers"] + spec.get("initContainers", []):
            assert container["securityContext"] == {
                "allowPrivilegeEscalation": False,
                "capabilities": {"drop": ["ALL"]},
                "privileged": False,
                "readOnlyRootFilesystem": True,
                "runAsNonRoot": True,
            }
            assert container["resources"]["limits"]["memory"]
        for one in spec.get("volumes", []):
            assert one.keys() - {"name"} <= {"projected", "emptyDir", "persistentVolumeClaim"}


@pytest.mark.parametrize("name", SETS)
def test_every_name_is_short_enough(rendered, name):
    for found in rendered(name):
        assert len(found["metadata"]["name"]) <= (52 if found["kind"] == "CronJob" else 63)


@pytest.mark.parametrize("name", SETS)
def test_no_secret_is_a_variable_of_the_connector(rendered, name):
    for found in rendered(name):
        if found["kind"] in ("CronJob", "Job", "Pod"):
            ours = {name: value for name, value in environment(connector(found)).items() if name.startswith("QC_")}
            assert not [name for name in ours if "PASSWORD" in name or name.endswith("TOKEN")]
            assert not [value for value in ours.values() if isinstance(value, dict) and "secretKeyRef" in value]


def test_the_defaults(rendered):
    [found] = of_kind(rendered("minimal"), "CronJob")
    spec = found["spec"]
    assert (spec["schedule"], spec["timeZone"], spec["suspend"]) == ("0 3 * * *", "Etc/UTC", False)
    assert spec["concurrencyPolicy"] == "Forbid"
    assert spec["startingDeadlineSeconds"] == 600
    assert (spec["successfulJobsHistoryLimit"], spec["failedJobsHistoryLimit"]) == (3, 3)
    assert (job(found)["activeDeadlineSeconds"], job(found)["backoffLimit"]) == (16200, 2)
    assert job(found)["ttlSecondsAfterFinished"] == 86400
    assert pod(found)["terminationGracePeriodSeconds"] == 60
    assert pod(found)["securityContext"] == {
        "runAsNonRoot": True,
        "runAsUser": 65532,
        "runAsGroup": 65532,
        "fsGroup": 65532,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert connector(found)["image"] == "qualys-connector:0.1.0"
    assert connector(found)["terminationMessagePolicy"] == "FallbackToLogsOnError"
    assert "args" not in connector(found)
    account = named(rendered("minimal"), "ServiceAccount", "qc-qualys-connector")
    assert account["automountServiceAccountToken"] is False
    assert {one["kind"] for one in rendered("minimal")} == {"ServiceAccount", "CronJob", "Pod"}


def test_exit_codes_decide_whether_to_try_again(rendered):
    [found] = of_kind(rendered("minimal"), "CronJob")
    stop, disrupted = job(found)["podFailurePolicy"]["rules"]
    assert stop["action"] == "FailJob"
    # A mesh's container may end as it likes.
    assert stop["onExitCodes"] == {"containerName": "qualys-connector", "operator": "In", "values": [64, 73, 77, 78]}
    assert disrupted["action"] == "Ignore"
    assert disrupted["onPodConditions"] == [{"type": "DisruptionTarget", "status": "True"}]


def policy(found):
    """What becomes of a pod by its exit code: as the Job controller reads the policy, the first rule that fits counts."""
    rules = job(found)["podFailurePolicy"]["rules"]

    def action(code):
        fits = (rule["action"] for rule in rules if code in rule.get("onExitCodes", {}).get("values", []))
        return next(fits, "Count")

    return action


def test_in_an_indexed_job_one_template_fails_alone(rendered):
    for name in ("branches", "few"):
        action = policy(cronjob(rendered("indexed"), name))
        # Of the template: a report that can't be used, one that Qualys doesn't know.
        assert {code: action(code) for code in (65, 78)} == {65: "FailIndex", 78: "FailIndex"}
        # Of all: a login that was refused must not be tried by each pod, or the account is locked.
        assert {code: action(code) for code in (64, 73, 77)} == {64: "FailJob", 73: "FailJob", 77: "FailJob"}
        assert {action(code) for code in (69, 70, 74, 75, 76, 137, 143)} == {"Count"}
    # Kubernetes takes FailIndex only where attempts are counted for each index; test_policies asks its schemas.
    single = policy(of_kind(rendered("minimal"), "CronJob")[0])
    assert {code: single(code) for code in (64, 65, 73, 77, 78)} == {64: "FailJob", 65: "Count", 73: "FailJob", 77: "FailJob", 78: "FailJob"}


def test_which_exit_codes_fail_what_can_be_said():
    given = values("indexed")
    given["imports"]["few"] |= {"failOnExitCodes": [77], "failIndexOnExitCodes": []}
    action = policy(cronjob(objects(manifests(given)), "few"))
    assert [action(code) for code in (65, 77, 78)] == ["Count", "FailJob", "Count"]
    given["imports"]["few"] |= {"failOnExitCodes": [], "failIndexOnExitCodes": [76]}
    action = policy(cronjob(objects(manifests(given)), "few"))
    assert [action(code) for code in (76, 77)] == ["FailIndex", "Count"]


def test_every_number_may_be_0(rendered):
    [found] = of_kind(rendered("zeros"), "CronJob")
    spec = found["spec"]
    assert [spec[key] for key in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit")] == [0] * 2
    assert [job(found)[key] for key in ("activeDeadlineSeconds", "ttlSecondsAfterFinished", "backoffLimit")] == [0] * 3
    assert pod(found)["terminationGracePeriodSeconds"] == 0
    assert [rule["action"] for rule in job(found)["podFailurePolicy"]["rules"]] == ["Ignore"]
    variables = environment(connector(found))
    assert variables["QC_COMMANDS__DESCRIPTION_LENGTH"] == "0"
    assert variables["QC_COMMANDS__ADD_HOST"] == variables["QC_COMMANDS__CLEAR_CLEAN_HOSTS"] == "false"
    assert variables["QC_QUALYS__ADOPT_WITHIN"] == "0"


def test_big_numbers_keep_their_digits(rendered):
    assert job(cronjob_of(rendered("everything")))["activeDeadlineSeconds"] == 2592000
    weekly = environment(connector(cronjob(rendered("several-imports"), "weekly")))
    assert weekly["QC_QUALYS__TEMPLATE_IDS"] == "1000000"


def cronjob_of(found):
    [one] = of_kind(found, "CronJob")
    return one


def test_an_import_overrides_what_is_common(rendered):
    found = rendered("several-imports")
    berlin, tokyo = cronjob(found, "berlin"), cronjob(found, "tokyo")
    assert (berlin["spec"]["timeZone"], tokyo["spec"]["timeZone"]) == ("Europe/Berlin", "Asia/Tokyo")
    assert (berlin["spec"]["suspend"], tokyo["spec"]["suspend"]) == (False, True)
    assert cronjob(found, "weekly")["spec"]["concurrencyPolicy"] == "Replace"
    assert connector(tokyo)["resources"] == {"requests": {"cpu": "100m", "memory": "32Mi"}, "limits": {"memory": "512Mi"}}
    variables = environment(connector(berlin))
    assert variables["QC_QUALYS__TEMPLATE_IDS"] == "424242,424243"
    assert variables["QC_SELECTION__IP_RANGES"] == "10.1.0.0/16,10.2.0.1-10.2.0.99"
    assert variables["QC_COMMANDS__ADD_HOST"] == "true"
    other = environment(connector(tokyo))
    assert (other["QC_MANAGEMENT_CENTER__SERVER"], other["QC_MANAGEMENT_CENTER__PORT"]) == ("192.0.2.7", "18307")
    assert (other["QC_COMMANDS__ADD_HOST"], other["QC_COMMANDS__DESCRIPTION_LENGTH"]) == ("false", "0")
    assert other["QC_QUALYS__URL"] == variables["QC_QUALYS__URL"] == "https://qualysapi.qg2.apps.qualys.eu"
    assert "QC_SELECTION__IP_RANGES" not in other


def test_secrets_are_files_with_the_names_of_settings(rendered):
    berlin = cronjob(rendered("several-imports"), "berlin")
    secrets = volume(berlin, "secrets")["projected"]
    assert secrets["defaultMode"] == 0o440
    assert secrets["sources"] == [
        {"secret": {"name": "qualys", "items": [{"key": "pw", "path": "qualys.password"}, {"key": "login", "path": "qualys.user_id"}]}},
        {"secret": {"name": "fmc-main", "items": [{"key": "password", "path": "management_center.pkcs12_password"}]}},
    ]
    mounts = {mount["name"]: mount for mount in connector(berlin)["volumeMounts"]}
    assert environment(connector(berlin))["QC_SECRETS_DIR"] == mounts["secrets"]["mountPath"]
    # What is remembered is written.
    assert all(mount["readOnly"] for name, mount in mounts.items() if name != "state")


def test_other_files_stand_where_settings_look_for_them(rendered):
    found = cronjob_of(rendered("everything"))
    paths = {
        item["path"]: next(iter(source.values()))["name"]
        for source in volume(found, "files")["projected"]["sources"]
        for item in next(iter(source.values()))["items"]
    }
    assert paths == {"client.pkcs12": "fmc", "qualys-ca.pem": "company-ca", "management-center-ca.pem": "fmc-ca"}
    variables = environment(connector(found))
    folder = next(mount["mountPath"] for mount in connector(found)["volumeMounts"] if mount["name"] == "files")
    assert variables["QC_MANAGEMENT_CENTER__PKCS12"] == f"{folder}/client.pkcs12"
    assert variables["QC_QUALYS__CA_FILE"] == f"{folder}/qualys-ca.pem"
    assert variables["QC_MANAGEMENT_CENTER__TRUST"] == f"ca_file:{folder}/management-center-ca.pem"


def test_a_token_takes_the_place_of_user_and_password(rendered):
    found = cronjob_of(rendered("token"))
    variables = environment(connector(found))
    assert variables["QC_QUALYS__LOGIN"] == "token"
    assert variables["QC_QUALYS__TOKEN_FILE"] == "/etc/qualys-connector/qualys-token"
    assert volume(found, "secrets") is None
    assert "QC_SECRETS_DIR" not in variables


def test_a_folder_that_something_else_fills(rendered):
    found = cronjob_of(rendered("vault-agent"))
    assert environment(connector(found))["QC_SECRETS_DIR"] == "/vault/secrets"
    assert "volumes" not in pod(found)


def test_an_indexed_job_has_a_pod_for_each_template(rendered):
    branches, few = (cronjob(rendered("indexed"), name) for name in ("branches", "few"))
    assert job(branches)["completionMode"] == "Indexed"
    assert (job(branches)["completions"], job(branches)["parallelism"]) == (5, 2)
    assert (job(few)["completions"], job(few)["parallelism"]) == (3, 3)
    # Attempts are counted for each template.
    assert job(branches)["backoffLimitPerIndex"] == 1
    assert "backoffLimit" not in job(branches)

    names = [entry["name"] for entry in connector(branches)["env"]]
    variables = environment(connector(branches))
    assert variables["QC_QUALYS__TEMPLATE_INDEX"] == {
        "fieldRef": {"fieldPath": "metadata.annotations['batch.kubernetes.io/job-completion-index']"}
    }
    assert variables["QC_QUALYS__TEMPLATE_IDS"] == "1001,1002,1003,1004,1005"
    # Metrics of one template don't take the place of another's; the index must be known before it is used.
    assert variables["QC_TELEMETRY__IMPORT"] == "security.qc-qualys-connector-branches-$(QC_QUALYS__TEMPLATE_INDEX)"
    assert names.index("QC_QUALYS__TEMPLATE_INDEX") < names.index("QC_TELEMETRY__IMPORT")


def test_how_often_an_import_is_due_is_for_the_user_to_say():
    """Alerts are derived from it, and the program's default is a day; nobody works it out of a schedule."""
    given = values("minimal")
    given["imports"]["nightly"]["schedule"] = "@weekly"
    asks = "Alerts expect nightly every day"
    assert asks not in notes(given)
    given["defaults"]["settings"] = {"telemetry": {"pushgateway": {"url": "http://pushgateway:9091"}}}
    assert "QC_TELEMETRY__EXPECTED_INTERVAL" not in environment(connector(cronjob_of(objects(manifests(given)))))
    assert asks in notes(given) and '"@weekly"' in notes(given)
    given["defaults"]["settings"]["telemetry"]["expected_interval"] = "7d"
    assert environment(connector(cronjob_of(objects(manifests(given)))))["QC_TELEMETRY__EXPECTED_INTERVAL"] == "7d"
    assert asks not in notes(given)


def names_of(given, **release):
    found = objects(manifests(given, **release))
    return [environment(connector(one))["QC_TELEMETRY__IMPORT"] for one in of_kind(found, "CronJob")]


def test_no_two_imports_of_a_cluster_share_a_name():
    """By its name an import knows its reports at Qualys and its metrics; one of another release must not take them."""
    long = "n" * 63
    releases = [{}, {"namespace": "shop"}, {"name": "other"}, {"namespace": long}, {"namespace": "n" * 62 + "m"}]
    names = [name for release in releases for name in names_of(values("several-imports"), **release)]
    assert len(set(names)) == len(names) == 15
    # The program takes 100 characters.
    fullest = {**values("indexed"), "fullnameOverride": "f" * 43}
    assert max(len(name.replace("$(QC_QUALYS__TEMPLATE_INDEX)", "9999")) for name in names_of(fullest, namespace=long)) <= 100
    said = values("minimal")
    said["defaults"]["settings"] = {"telemetry": {"import": "berlin"}}
    assert names_of(said) == ["berlin"]


def test_metrics_are_filed_under_the_namespace_and_the_notes_tell_how_to_delete_them(rendered):
    variables = environment(connector(cronjob(rendered("indexed"), "branches")))
    assert variables["QC_TELEMETRY__PUSHGATEWAY__NAMESPACE"] == "security"
    assert "QC_TELEMETRY__PUSHGATEWAY__NAMESPACE" not in environment(connector(cronjob(rendered("indexed"), "few")))
    said = notes(values("everything"))
    assert "https://pushgateway.example.com/metrics/job/qualys-connector/namespace/security/import/security.qc-all" in said
    assert "/import/security.qc-qualys-connector-branches-$index" in notes(values("indexed"))
    assert "curl" not in notes(values("minimal"))


def test_pods_of_an_indexed_job_have_templates_that_share_no_hosts(rendered):
    of = lambda found: environment(connector(found)).get("QC_COMMANDS__TEMPLATES")
    assert of(cronjob(rendered("indexed"), "branches")) == "disjoint"
    assert of(of_kind(rendered("minimal"), "CronJob")[0]) is None


def test_the_image(rendered):
    assert connector(cronjob_of(rendered("digest")))["image"] == "qualys-connector:0.1.0@sha256:" + "a" * 64
    image = connector(cronjob_of(rendered("everything")))["image"]
    assert image.startswith("registry.example.com:5000/security/qualys-connector:1.2.3@sha256:0123")
    assert pod(cronjob_of(rendered("everything")))["imagePullSecrets"] == [{"name": "regcred"}]


def test_openshift_chooses_the_ids(rendered):
    context = pod(cronjob_of(rendered("openshift")))["securityContext"]
    assert context == {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}


def test_traces_tell_whose_they_are(rendered):
    found = cronjob_of(rendered("everything"))
    variables = environment(connector(found))
    names = [entry["name"] for entry in connector(found)["env"]]
    assert variables["OTEL_EXPORTER_OTLP_ENDPOINT"] == "http://collector.observability:4317"
    assert variables["OTEL_EXPORTER_OTLP_PROTOCOL"] == "grpc"
    attributes = dict(pair.split("=") for pair in variables["OTEL_RESOURCE_ATTRIBUTES"].split(","))
    assert attributes == {
        "k8s.namespace.name": "security",
        "k8s.cronjob.name": "qc-all",
        "k8s.job.name": "$(JOB_NAME)",
        "k8s.pod.name": "$(POD_NAME)",
        "k8s.pod.uid": "$(POD_UID)",
        "k8s.node.name": "$(NODE_NAME)",
        "k8s.container.name": "qualys-connector",
        "deployment.environment.name": "prod",
        "team": "sec%20ops",
    }
    for name in ("JOB_NAME", "POD_NAME", "POD_UID", "NODE_NAME"):
        assert names.index(name) < names.index("OTEL_RESOURCE_ATTRIBUTES")
    assert variables["JOB_NAME"] == {"fieldRef": {"fieldPath": "metadata.labels['batch.kubernetes.io/job-name']"}}


def test_what_users_add_is_there(rendered):
    found = rendered("everything")
    spec, container = pod(cronjob_of(found)), connector(cronjob_of(found))
    given = values("everything")
    for key in ("nodeSelector", "tolerations", "affinity", "topologySpreadConstraints", "priorityClassName", "hostAliases", "dnsConfig"):
        assert spec[key] == given[key]
    assert container["env"][-2:] == given["extraEnv"]
    assert container["envFrom"] == given["extraEnvFrom"]
    assert given["extraVolumes"][0] in spec["volumes"]
    assert given["extraVolumeMounts"][0] in container["volumeMounts"]
    assert named(found, "ConfigMap", "qc-more")["data"] == {"import": "qc"}
    assert named(found, "ConfigMap", "qc-text")
    labels = job(cronjob_of(found))["template"]["metadata"]["labels"]
    assert labels["team"] == "security"
    assert job(cronjob_of(found))["template"]["metadata"]["annotations"]["sidecar.istio.io/inject"] == "false"
    assert spec["serviceAccountName"] == "importer"
    assert named(found, "ServiceAccount", "importer")["metadata"]["annotations"] == {"example.com/owner": "security"}


def egress(found, name):
    policy = named(found, "NetworkPolicy", name)
    assert policy["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert policy["spec"]["ingress"] == []
    rules = {}
    for rule in policy["spec"]["egress"]:
        for port in rule["ports"]:
            rules[(port["port"], port["protocol"])] = rule.get("to")
    return rules


def test_only_what_an_import_needs_may_be_reached(rendered):
    assert egress(rendered("network-policy"), "qc-qualys-connector-nightly") == {
        (53, "UDP"): None,
        (53, "TCP"): None,
        (5353, "UDP"): None,
        (5353, "TCP"): None,
        (443, "TCP"): [{"ipBlock": {"cidr": "64.39.96.0/20"}}],
        (9307, "TCP"): [{"ipBlock": {"cidr": "192.0.2.10/32"}}],
        (4318, "TCP"): [{"ipBlock": {"cidr": "192.0.2.20/32"}}],
        (9091, "TCP"): [{"ipBlock": {"cidr": "2001:db8::9/128"}}],
    }
    kube_dns = egress(rendered("everything"), "qc-all")[(53, "UDP")]
    assert kube_dns[0]["podSelector"] == {"matchLabels": {"k8s-app": "kube-dns"}}
    all_of_it = egress(rendered("everything"), "qc-all")
    # The proxy in the place of Qualys; 443 is the Pushgateway's.
    assert all_of_it[(3128, "TCP")] == [{"ipBlock": {"cidr": "192.0.2.1/32"}}]
    assert all_of_it[(443, "TCP")] == [{"ipBlock": {"cidr": "198.51.100.0/24"}}]
    assert all_of_it[(8307, "TCP")] == [{"ipBlock": {"cidr": "192.0.2.10/32"}}]
    assert all_of_it[(514, "UDP")] is None
    assert egress(rendered("files"), "qc-qualys-connector-offline").keys() == {(53, "UDP"), (53, "TCP")}


def test_a_platform_may_be_called_by_its_name():
    given = {**values("minimal"), "networkPolicy": {"enabled": True}}
    given["defaults"]["settings"] = {"qualys": {"url": "EU2"}}
    found = objects(manifests(given))
    assert environment(connector(cronjob_of(found)))["QC_QUALYS__URL"] == "EU2"
    assert egress(found, "qc-qualys-connector-nightly")[(443, "TCP")] is None


def test_a_policy_chooses_the_pods_of_its_import(rendered):
    [policy] = of_kind(rendered("network-policy"), "NetworkPolicy")
    [found] = of_kind(rendered("network-policy"), "CronJob")
    labels = job(found)["template"]["metadata"]["labels"]
    assert policy["spec"]["podSelector"]["matchLabels"].items() <= labels.items()
    assert labels["qualys-connector/import"] == "nightly"


def test_helm_test_checks_and_changes_nothing(rendered):
    [check] = of_kind(rendered("minimal"), "Pod")
    [found] = of_kind(rendered("minimal"), "CronJob")
    assert check["metadata"]["annotations"]["helm.sh/hook"] == "test"
    assert connector(check)["args"] == ["check"]
    assert environment(connector(check)) == environment(connector(found))
    assert volume(check, "secrets") == volume(found, "secrets")
    checks = of_kind(rendered("indexed"), "Pod")
    # Of all templates, whichever pod imports them.
    assert all("QC_QUALYS__TEMPLATE_INDEX" not in environment(connector(one)) for one in checks)


# What the Job controller adds to a container of an Indexed Job.
BY_THE_CONTROLLER = {"JOB_COMPLETION_INDEX"}


@pytest.mark.parametrize("name", SETS)
def test_every_mount_finds_the_variables_of_its_path(name):
    given = values(name)
    given["extraVolumes"] = [{"name": "pages", "emptyDir": {}}]
    given["extraVolumeMounts"] = [{"name": "pages", "mountPath": "/pages", "subPathExpr": "$(POD_NAME)"}]
    if any(one.get("mode") == "indexed" for one in given.get("imports", {}).values()):
        given["extraVolumeMounts"][0]["subPathExpr"] = "$(JOB_COMPLETION_INDEX)"
    for found in objects(manifests(given)):
        if found["kind"] in ("CronJob", "Job", "Pod"):
            indexed = found["kind"] != "Pod" and "completionMode" in (job(found) if found["kind"] == "CronJob" else found["spec"])
            known = environment(connector(found)).keys() | (BY_THE_CONTROLLER if indexed else set())
            for mount in connector(found)["volumeMounts"]:
                assert set(re.findall(r"\$\((\w+)\)", mount.get("subPathExpr", ""))) <= known, found["metadata"]["name"]


NUMBERS_AND_WORDS = ("off", "2026", "1e3", "null", "y")


def test_a_name_that_looks_like_something_else_stays_a_name():
    """Labels, names and namespaces are text for Kubernetes, whatever YAML takes them for."""
    given = values("indexed")
    one = given["imports"].pop("few")
    given["imports"] = {name: one for name in NUMBERS_AND_WORDS}
    given["defaults"]["secrets"] = {
        "qualys": {"existingSecret": "2026", "userKey": "1e3", "passwordKey": "off"},
        "managementCenter": {"existingSecret": "1e3", "pkcs12Key": "0x10"},
    }
    given |= {
        "fullnameOverride": "1e3",
        "nameOverride": "2026",
        "priorityClassName": "yes",
        "networkPolicy": {"enabled": True},
        "dashboard": {"enabled": True},
        "prometheusRule": {"enabled": True, "whenMissing": "always"},
    }
    found = objects(manifests(given, name="2026", namespace="1e3"))
    assert [named(found, "CronJob", f"1e3-{name}") for name in NUMBERS_AND_WORDS]

    def texts(place, path=()):
        match place:
            case dict():
                for key, value in place.items():
                    assert isinstance(key, str), path
                    texts(value, (*path, key))
            case list():
                for value in place:
                    texts(value, path)
            case _ if path[-1] in ("name", "namespace", "key", "serviceAccountName", "priorityClassName") or "labels" in path:
                assert isinstance(place, str), path

    for one in found:
        texts({key: value for key, value in one.items() if key != "data"})


def test_the_lab_needs_nothing_and_uses_nothing_of_the_user(rendered):
    for name, imported in (("lab", "lab"), ("lab-indexed", "branches")):
        found = rendered(name)
        now = named(found, "Job", f"qc-qualys-connector-{imported}-now")
        qualys, center = pod(now)["initContainers"]
        assert qualys["restartPolicy"] == center["restartPolicy"] == "Always"
        assert qualys["startupProbe"] and center["startupProbe"]
        variables = environment(connector(now))
        assert variables["QC_QUALYS__URL"] == "https://127.0.0.1:8443"
        assert variables["QC_MANAGEMENT_CENTER__SERVER"] == "127.0.0.1"
        assert variables["QC_MANAGEMENT_CENTER__TRUST"] == "pkcs12"
        assert "QC_QUALYS__PROXY__URL" not in variables
        assert variables["QC_SECRETS_DIR"] == "/run/secrets/qualys-connector"
        assert volume(now, "secrets")["projected"]["sources"][0]["secret"]["name"] == "qc-qualys-connector-lab"
        assert named(found, "Secret", "qc-qualys-connector-lab")
    assert all("initContainers" not in pod(one) for one in of_kind(rendered("minimal"), "CronJob"))


@pytest.mark.parametrize("name", ["lab", "lab-indexed"])
def test_the_lab_imports_once_and_leaves_nothing(rendered, name):
    [now] = of_kind(rendered(name), "Job")
    # What is no hook goes with the release.
    assert "helm.sh/hook" not in now["metadata"].get("annotations", {})
    later = objects(manifests(values(name), upgrade=True))
    assert of_kind(later, "CronJob") and not of_kind(later, "Job")
    assert "-now" in notes(values(name))
    assert "-now" not in notes(values(name), upgrade=True)


@pytest.mark.parametrize("hosts, memory", [(1000, "129Mi"), (100_000, "323Mi"), (600_000, "1299Mi")])
def test_the_labs_memory_follows_its_hosts(hosts, memory):
    given = {"lab": {"enabled": True, "hosts": hosts}}
    limits = lambda: [one["resources"]["limits"] for one in pod(of_kind(objects(manifests(given)), "Job")[0])["initContainers"]]
    assert limits() == [{"memory": memory}] * 2
    given["lab"]["resources"] = {"limits": {"memory": "2Gi"}}
    assert limits() == [{"memory": "2Gi"}] * 2


SUSPENDED = "QualysCronJobSuspended"


@pytest.mark.parametrize("override", [{}, {"nameOverride": "qc"}, {"fullnameOverride": "findings"}])
def test_the_suspend_alert_watches_the_cronjobs_of_the_release(override):
    given = {**values("several-imports"), **override, "prometheusRule": {"enabled": True, "whenMissing": "always"}}
    found = objects(manifests(given))
    [rule] = of_kind(found, "PrometheusRule")
    [alert] = [one for group in rule["spec"]["groups"] for one in group["rules"] if one.get("alert") == SUSPENDED]
    names = [one["metadata"]["name"] for one in of_kind(found, "CronJob")]
    assert len(names) == 3
    assert alert["expr"] == f'kube_cronjob_spec_suspend{{namespace="security", cronjob=~"{"|".join(names)}"}} == 1'


def test_the_notes_tell_how_to_go_on():
    said = notes(values("several-imports"))
    # A name that nothing has yet: the command can be given twice.
    assert "job=qc-qualys-connector-berlin-$(date +%s)\n" in said
    assert 'kubectl -n security create job "$job" --from=cronjob/qc-qualys-connector-berlin\n' in said
    assert 'logs -f --pod-running-timeout=5m "job/$job"\n' in said
    # Of all pods, and all of each.
    assert 'logs -l "job-name=$job" --tail=-1 --prefix\n' in notes(values("indexed"))
    assert "reads    2 report templates of Qualys'\n" in said
    assert "reads    1 report template of Qualys'\n" in said
    assert "reads    the hosts of Qualys (detections)\n" in notes(values("sharded"))
    assert "reads    a file\n" in notes(values("files"))
    assert "SUSPENDED" in said
    assert "helm test qc -n security --logs" in said
    assert "fmc-main (managementCenter) qualys (qualys)" in said
    assert "There is no NetworkPolicy" in said
    assert "lab is on" not in said
    assert "WARNING: the lab is on" in notes(values("lab"))
    insecure = values("minimal")
    insecure["defaults"]["settings"] = {"management_center": {"trust": "insecure"}}
    assert "WARNING: nightly trusts any Management Center" in notes(insecure)


def test_what_is_remembered_is_a_claim_of_the_import_alone(rendered):
    found = rendered("everything")
    claims = of_kind(found, "PersistentVolumeClaim")
    assert len(claims) == 1
    claim = claims[0]
    assert claim["spec"] == {
        "accessModes": ["ReadWriteOncePod"],
        "storageClassName": "fast",
        "resources": {"requests": {"storage": "2Gi"}},
    }
    assert claim["metadata"]["annotations"] == {"helm.sh/resource-policy": "keep", "example.com/backup": "no"}
    cronjobs = of_kind(found, "CronJob")
    assert volume(cronjobs[0], "state") == {"name": "state", "persistentVolumeClaim": {"claimName": claim["metadata"]["name"]}}
    mounts = [mount for mount in connector(cronjobs[0])["volumeMounts"] if mount["name"] == "state"]
    assert mounts == [{"name": "state", "mountPath": "/var/lib/qualys-connector"}]
    name = cronjobs[0]["metadata"]["name"]
    assert environment(connector(cronjobs[0]))["QC_STATE__DIR"] == f"/var/lib/qualys-connector/{name}"


def test_imports_and_pods_that_share_a_claim_have_folders_of_their_own(rendered):
    found = rendered("several-imports")
    assert not of_kind(found, "PersistentVolumeClaim")
    folders = {environment(connector(cronjob))["QC_STATE__DIR"] for cronjob in of_kind(found, "CronJob")}
    assert len(folders) == 3
    sharded = of_kind(rendered("sharded"), "CronJob")[0]
    variables = environment(connector(sharded))
    assert variables["QC_STATE__DIR"].endswith("-$(SHARD_INDEX)")
    names = list(variables)
    assert names.index("SHARD_INDEX") < names.index("QC_STATE__DIR")


def test_nothing_is_remembered_unless_it_is_asked_for(rendered):
    found = rendered("minimal")
    assert not of_kind(found, "PersistentVolumeClaim")
    assert "QC_STATE__DIR" not in environment(connector(of_kind(found, "CronJob")[0]))
