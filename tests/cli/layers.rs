//! The layers of the configuration, through the program's own listing.

use crate::{Place, SAMPLE};

#[test]
fn the_sample_file_of_the_guide_loads_as_it_is() {
    insta::assert_snapshot!(Place::migrated().config("-server 10.10.10.10"), @r"
    qualys.user_id                        dirk_g                        InputPlugins/QualysGuard.yaml, line 2
    qualys.password                       [redacted]                    InputPlugins/QualysGuard.yaml, line 3
    qualys.template_ids                   424242                        InputPlugins/QualysGuard.yaml, line 4
    qualys.proxy.url                      https://192.168.1.100:443     InputPlugins/QualysGuard.yaml, line 9
    qualys.proxy.username                 zaphod                        InputPlugins/QualysGuard.yaml, line 10
    qualys.proxy.password                 [redacted]                    InputPlugins/QualysGuard.yaml, line 11
    selection.ip_ranges                   192.168.1.0/24, 10.1.2.3-10.1.2.10, 42.4.2.1  InputPlugins/QualysGuard.yaml, line 8
    commands.add_host                     y                             InputPlugins/QualysGuard.yaml, line 7
    management_center.server              10.10.10.10                   option --server
    management_center.pkcs12              CertFile.pkcs12               working directory
    ");
}

#[test]
fn the_whole_listing() {
    let (stdout, stderr, code) = Place::migrated().run(&["config", "-server", "10.10.10.10"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    insta::assert_snapshot!(stdout, @r"
    qualys.url                            https://qualysapi.qualys.com  default
    qualys.user_id                        dirk_g                        InputPlugins/QualysGuard.yaml, line 2
    qualys.password                       [redacted]                    InputPlugins/QualysGuard.yaml, line 3
    qualys.template_ids                   424242                        InputPlugins/QualysGuard.yaml, line 4
    qualys.template_index                 not set
    qualys.proxy.url                      https://192.168.1.100:443     InputPlugins/QualysGuard.yaml, line 9
    qualys.proxy.username                 zaphod                        InputPlugins/QualysGuard.yaml, line 10
    qualys.proxy.password                 [redacted]                    InputPlugins/QualysGuard.yaml, line 11
    qualys.ca_file                        not set
    qualys.login                          basic                         default
    qualys.token_file                     not set
    qualys.api                            report-share                  default
    qualys.api_version                    2.0                           default
    qualys.reports_at_once                2                             default
    qualys.keep_report                    n                             default
    qualys.poll_interval                  30s                           default
    qualys.connect_timeout                10s                           default
    qualys.idle_timeout                   5m                            default
    qualys.deadline                       2h                            default
    qualys.adopt_within                   6h                            default
    detections.asset_groups               not set
    detections.tags                       not set
    detections.exclude_tags               not set
    detections.match_tags                 any                           default
    detections.hosts_per_call             1000                          default
    detections.parallel_calls             1                             default
    detections.changed_within             not set
    detections.full_every                 7d                            default
    detections.max_scan_age               not set
    detections.shard                      1/1                           default
    detections.knowledge_base             y                             default
    detections.host_list_version          5.0                           default
    detections.detection_version          5.0                           default
    detections.knowledge_base_version     4.0                           default
    report.file                           not set
    report.knowledge_base                 not set
    report.unfinished_scans               refuse                        default
    selection.ip_ranges                   192.168.1.0/24, 10.1.2.3-10.1.2.10, 42.4.2.1  InputPlugins/QualysGuard.yaml, line 8
    selection.networks                    0                             default
    selection.kinds                       confirmed,potential           default
    selection.statuses                    new,active,reopened           default
    selection.min_severity                1                             default
    selection.qids                        not set
    selection.exclude_qids                not set
    selection.only_with_cve               n                             default
    commands.add_host                     y                             InputPlugins/QualysGuard.yaml, line 7
    commands.source                       Qualys                        default
    commands.scanner                      Qualys                        default
    commands.domain                       not set
    commands.mode                         replace                       default
    commands.templates                    overlapping                   default
    commands.clear_clean_hosts            y                             default
    commands.max_cleared                  10%                           default
    commands.delete_left_hosts            n                             default
    commands.description_length           1024                          default
    commands.set_os                       n                             default
    commands.hostname_attribute           not set
    management_center.server              10.10.10.10                   option --server
    management_center.port                8307                          default
    management_center.pkcs12              CertFile.pkcs12               working directory
    management_center.pkcs12_password     not set
    management_center.ipv6                n                             default
    management_center.trust               pkcs12                        default
    management_center.connect_timeout     10s                           default
    management_center.connect_deadline    15m                           default
    management_center.answer_timeout      5m                            default
    management_center.deadline            2h                            default
    management_center.max_frame           64000                         default
    management_center.window              1                             default
    management_center.replies             strict                        default
    management_center.host_limit          not set
    csv.file                              not set
    page.file                             not set
    state.dir                             not set
    log.level                             info                          default
    log.format                            auto                          default
    log.file                              not set
    log.syslog                            none                          default
    log.stderr                            not set
    log.termination_file                  /dev/termination-log          default
    telemetry.flush_timeout               5s                            default
    telemetry.import                      default                       default
    telemetry.expected_interval           1d                            default
    telemetry.metrics_file                not set
    telemetry.metrics_required            n                             default
    telemetry.pushgateway.url             not set
    telemetry.pushgateway.job             qualys-connector              default
    telemetry.pushgateway.namespace       not set
    telemetry.pushgateway.username        not set
    telemetry.pushgateway.password        not set
    telemetry.pushgateway.token           not set
    telemetry.pushgateway.ca_file         not set
    telemetry.pushgateway.proxy.url       not set
    telemetry.pushgateway.proxy.username  not set
    telemetry.pushgateway.proxy.password  not set
    telemetry.pushgateway.timeout         5s                            default
    telemetry.pushgateway.interval        1m                            default
    ");
}

#[test]
fn the_listing_is_there_for_machines_too() {
    let (stdout, _, code) = Place::migrated().run(&["config", "--output", "json", "-server", "10.10.10.10"]);
    assert_eq!(code, 0);
    let lines: Vec<serde_json::Value> = serde_json::from_str(&stdout).unwrap();
    let line = |key: &str| lines.iter().find(|line| line["key"] == key).unwrap().to_string();
    insta::assert_snapshot!(line("qualys.user_id"), @r#"{"key":"qualys.user_id","source":"InputPlugins/QualysGuard.yaml, line 2","value":"dirk_g"}"#);
    insta::assert_snapshot!(line("qualys.password"), @r#"{"key":"qualys.password","source":"InputPlugins/QualysGuard.yaml, line 3","value":"[redacted]"}"#);
    insta::assert_snapshot!(line("management_center.pkcs12_password"), @r#"{"key":"management_center.pkcs12_password","source":null,"value":null}"#);
}

#[test]
fn each_layer_is_stronger_than_the_one_before() {
    let place = Place::empty()
        .file("settings.yaml", "log:\n  level: error\n")
        .file("secrets/log.level", "debug\n");
    let level = |place: &Place, line: &str| {
        let told = place.config(line);
        told.lines()
            .find(|line| line.starts_with("log.level"))
            .map(str::to_owned)
            .unwrap_or_default()
    };
    let mut told = vec![level(&place, "")];
    let place = place.variable("QC_CONFIG", "settings.yaml");
    told.push(level(&place, ""));
    let place = place.variable("QC_LOG__LEVEL", "warning");
    told.push(level(&place, ""));
    let place = place.variable("QC_SECRETS_DIR", "secrets");
    told.push(level(&place, ""));
    told.push(level(&place, "-set log.level=2"));
    told.push(level(&place, "-level 3 -set log.level=2"));
    insta::assert_snapshot!(told.join("\n"), @r"
    log.level                             error                         settings.yaml, line 2
    log.level                             warning                       QC_LOG__LEVEL
    log.level                             debug                         secrets/log.level
    log.level                             2                             option --set
    log.level                             3                             option --level
    ");
}

#[test]
fn a_named_file_replaces_the_default_one() {
    let place = Place::migrated()
        .file("a.yaml", "qualys:\n  user_id: a\n")
        .file("b.yaml", "user_id: b\n");
    let user = |place: &Place, line: &str| {
        let told = place.config(line);
        told.lines()
            .find(|line| line.starts_with("qualys.user_id"))
            .unwrap()
            .to_owned()
    };
    let mut told = vec![user(&place, "")];
    let place = place.variable("QC_CONFIG", "a.yaml");
    told.push(user(&place, ""));
    told.push(user(&place, "-plugininfo b.yaml"));
    insta::assert_snapshot!(told.join("\n"), @r"
    qualys.user_id                        dirk_g                        InputPlugins/QualysGuard.yaml, line 2
    qualys.user_id                        a                             a.yaml, line 2
    qualys.user_id                        b                             b.yaml, line 1
    ");
}

/// Values that YAML readers, shells and typed environment readers like to change.
const STRANGE: [&str; 12] = [
    "0123",
    "true",
    " x ",
    "a'b\"c",
    "1e5",
    "[abc",
    "{x",
    "\"q\"",
    "'q'",
    "~",
    "é €",
    "#no comment",
];

#[test]
fn strange_values_arrive_unchanged_from_every_layer() {
    let quoted = |text: &str| format!("'{}'", text.replace('\'', "''"));
    for text in STRANGE {
        let user = |place: Place, arguments: &[&str]| {
            let arguments = [&["config", "--output", "json"], arguments].concat();
            let (stdout, _, _) = place.run(&arguments);
            let lines: Vec<serde_json::Value> = serde_json::from_str(&stdout).unwrap();
            let line = lines.into_iter().find(|line| line["key"] == "qualys.user_id").unwrap();
            line["value"].as_str().unwrap().to_owned()
        };
        let set = format!("qualys.user_id={text}");
        let nested = format!("qualys:\n  user_id: {}\n", quoted(text));
        let flat = format!("user_id: {}\n", quoted(text));
        for arrived in [
            user(Place::empty().file("c.yaml", &nested), &["--config", "c.yaml"]),
            user(Place::empty().file("InputPlugins/QualysGuard.yaml", &flat), &[]),
            user(Place::empty().variable("QC_QUALYS__USER_ID", text), &[]),
            user(
                Place::empty()
                    .file("user", text)
                    .variable("QC_QUALYS__USER_ID_FILE", "user"),
                &[],
            ),
            user(
                Place::empty()
                    .file("s/qualys.user_id", text)
                    .variable("QC_SECRETS_DIR", "s"),
                &[],
            ),
            user(Place::empty(), &["--set", &set]),
        ] {
            assert_eq!(arrived, text);
        }
    }
}

#[test]
fn no_secret_is_ever_shown() {
    let canaries = ["c4n4ry-1", "c4n4ry-2", "c4n4ry-3", "c4n4ry-4"];
    let [password, proxy, pkcs12, url] = canaries;
    let sample = SAMPLE
        .replace("d0ntp@n1c", password)
        .replace("t0w3L", proxy)
        .replace("424242", "x");
    let place = Place::empty()
        .file("InputPlugins/QualysGuard.yaml", &sample)
        .variable("QC_QUALYS__PROXY__URL", &format!("http://zaphod:{url}@proxy:3128"))
        .variable("QC_QUALYS__PASWORD", password);
    for line in [
        format!("config -server h -password {pkcs12}"),
        format!("config -server h -password {pkcs12} --output json"),
        format!("-server h -password {pkcs12}"),
        format!("-server h --set qualys.password={pkcs12}"),
        format!("-server h --set qualys.pasword={pkcs12}"),
    ] {
        let (stdout, stderr, code) = place.run(&line.split_whitespace().collect::<Vec<_>>());
        assert_eq!(code, 78, "{line}");
        for canary in canaries {
            assert!(
                !stdout.contains(canary) && !stderr.contains(canary),
                "{line}: {stdout}{stderr}"
            );
        }
    }
}

#[test]
fn of_several_certificates_the_first_is_taken_and_named() {
    let place = Place::migrated().file("Another.pkcs12", "");
    insta::assert_snapshot!(place.config("-server h -plugininfo /dev/null -report r.xml"), @r"
    report.file                           r.xml                         option --report
    management_center.server              h                             option --server
    management_center.pkcs12              Another.pkcs12                working directory
    warning: 2 files end in .pkcs12 in the working directory; Another.pkcs12 is taken (say --pkcs12 FILE to choose)
    ");
}
