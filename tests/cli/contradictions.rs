//! Settings that don't go together: `config`, `check` and the import say the same of them, and end with 78.

use std::collections::BTreeSet;

use qualys_connector::config::{Collision, ConfigError, Contradiction, Given, Surroundings};
use serde_json::Value;

use crate::Place;

/// A number for each kind of contradiction; a new one doesn't compile without a case below.
fn kind(contradiction: &Contradiction) -> usize {
    match contradiction {
        Contradiction::TemplateIndex { .. } => 0,
        Contradiction::LoginOfOldInterface => 1,
        Contradiction::TokenUnused { .. } => 2,
        Contradiction::Proxy(_) => 3,
        Contradiction::LoginsOfPushgateway => 4,
        Contradiction::Ipv6Only => 5,
        Contradiction::CsvStream(_) => 6,
        Contradiction::Files(Collision::AmongSecrets { .. }) => 7,
        Contradiction::Files(Collision::Overwrites { .. }) => 8,
        Contradiction::Files(Collision::SameOutput { .. }) => 9,
        Contradiction::TemplatesOfDetections => 10,
        Contradiction::TagsAndGroups => 11,
        Contradiction::TagsToExcludeFrom => 12,
        Contradiction::KnowledgeBaseAlone => 13,
        Contradiction::KnowledgeBaseIsReport => 14,
        Contradiction::LastWithoutState => 15,
    }
}

const KINDS: usize = 16;

/// A user at a Qualys that isn't there.
const QUALYS: [&str; 3] = ["user_id=dirk_g", "template_ids=11,22", "url=https://127.0.0.1:1"];

/// Qualys isn't asked.
const REPORT: &str = "report.file=in.xml";

/// Nothing is sent.
const CSV: &str = "csv.file=out.csv";

/// Settings, each case of which contradicts itself in one way; the sentence.
const CASES: &[(&[&str], &str)] = &[
    (
        &[CSV, "qualys.api=detections"],
        "qualys.template_ids is set, but qualys.api = detections asks for hosts, which no template chooses: leave it out, and \
         choose hosts by detections.asset_groups, detections.tags or selection.ip_ranges",
    ),
    (
        &[
            CSV,
            "qualys.template_ids=",
            "qualys.api=detections",
            "detections.tags=a",
            "detections.asset_groups=b",
        ],
        "detections.tags and detections.asset_groups are both set: Qualys chooses hosts by one of them",
    ),
    (
        &[
            CSV,
            "qualys.template_ids=",
            "qualys.api=detections",
            "detections.exclude_tags=a",
        ],
        "detections.exclude_tags is set without detections.tags: Qualys leaves hosts out only of those that a tag chooses",
    ),
    (
        &[
            CSV,
            "qualys.template_ids=",
            "qualys.api=detections",
            "detections.changed_within=last",
        ],
        "detections.changed_within is last, but state.dir isn't set, where the last good import is remembered; set it, or name a \
         length of time",
    ),
    (
        &[CSV, "report.knowledge_base=kb.xml"],
        "report.knowledge_base is set without report.file: an import from Qualys asks for what is known of vulnerabilities itself",
    ),
    (
        &[REPORT, CSV, "report.knowledge_base=in.xml"],
        "report.knowledge_base and report.file are one file: name the saved answer of each interface",
    ),
    (
        &[CSV, "qualys.template_index=2"],
        "qualys.template_index is 2, but the 2 templates of qualys.template_ids count from 0 to 1",
    ),
    (
        &[
            "csv.file=out.csv",
            "qualys.api=asset-data-report",
            "qualys.login=session",
        ],
        "qualys.login must be basic for qualys.api = asset-data-report, which knows no other",
    ),
    (
        &[CSV, "qualys.user_id=", "qualys.token_file=token"],
        "qualys.token_file is set, but qualys.login is basic, which doesn't use it; set qualys.login to token, or give \
         qualys.user_id and qualys.password",
    ),
    (
        &[
            CSV,
            "qualys.url=http://127.0.0.1:1",
            "qualys.proxy.url=http://127.0.0.1:2",
        ],
        "qualys.proxy.url: qualys.url is http and on this machine; a proxy would carry what is sent to it through the \
         network unencrypted: leave one of them out",
    ),
    (
        &[
            REPORT,
            CSV,
            "telemetry.pushgateway.url=http://192.0.2.1:9091",
            "telemetry.pushgateway.username=u",
            "telemetry.pushgateway.proxy.url=http://192.0.2.2:3128",
        ],
        "telemetry.pushgateway.proxy.url: telemetry.pushgateway.url is http, so the proxy would see the login: use https, or \
         leave the proxy out",
    ),
    (
        // The token is a file in the folder of secrets.
        &[
            REPORT,
            CSV,
            "telemetry.pushgateway.username=u",
            "QC_SECRETS_DIR=secrets",
        ],
        "telemetry.pushgateway.token and telemetry.pushgateway.username are both set; a Pushgateway takes one of them",
    ),
    (
        &[
            REPORT,
            "management_center.server=192.0.2.1",
            "management_center.ipv6=y",
            "management_center.pkcs12=client.pkcs12",
        ],
        "management_center.ipv6 allows IPv6 only, but management_center.server is an IPv4 address",
    ),
    (
        &["csv.file=/dev/null"],
        "csv.file (/dev/null) is a pipe or a device, which can't take the files of several templates; name a file, or import \
         one template (--multiinfo ID)",
    ),
    (
        &[REPORT, "csv.file=secrets/out.csv", "QC_SECRETS_DIR=secrets"],
        "csv.file (secrets/out.csv) would be written into the folder that QC_SECRETS_DIR names, where each file is read as a \
         setting; name a file elsewhere",
    ),
    (
        &[REPORT, "csv.file=in.xml"],
        "csv.file (in.xml) would overwrite report.file (in.xml): it is the same file; name another one",
    ),
    (
        &[REPORT, CSV, "page.file=./out.csv"],
        "page.file (./out.csv) and csv.file (out.csv) are written to the same file; give each a file of its own",
    ),
];

/// The place and the command line of a case.
fn case(settings: &[&str]) -> (Place, Vec<String>) {
    let mut place = Place::empty()
        .file("in.xml", crate::files::REPORT)
        .file("token", "t0ken")
        .file("client.pkcs12", "")
        .file("secrets/telemetry.pushgateway.token", "t0ken")
        .variable("QC_QUALYS__PASSWORD", "d0ntp@n1c");
    let mut line = Vec::new();
    for setting in QUALYS
        .map(|setting| format!("qualys.{setting}"))
        .iter()
        .map(String::as_str)
        .chain(settings.iter().copied())
    {
        match setting.split_once('=') {
            Some((variable, value)) if variable.starts_with("QC_") => place = place.variable(variable, value),
            _ => line.extend(["--set".to_owned(), setting.to_owned()]),
        }
    }
    (place, line)
}

#[test]
fn config_check_and_import_say_the_same() {
    for (settings, sentence) in CASES {
        let (place, line) = case(settings);
        let run = |command: &[&str]| {
            let arguments: Vec<_> = command.iter().copied().chain(line.iter().map(String::as_str)).collect();
            let (stdout, stderr, exit) = place.run(&arguments);
            assert_eq!(exit, 78, "{arguments:?}: {stdout}{stderr}");
            (stdout, stderr)
        };
        let errors = |stderr: &str| -> Vec<String> {
            let errors = stderr.lines().filter_map(|line| line.strip_prefix("error: "));
            errors.map(str::to_owned).collect()
        };
        assert_eq!(errors(&run(&["config"]).1), [*sentence]);
        assert_eq!(errors(&run(&["import"]).1), [*sentence]);
        let checked: Value = serde_json::from_str(&run(&["check", "--output", "json"]).0).unwrap();
        let steps = checked["steps"].as_array().unwrap();
        let failed: Vec<&Value> = steps.iter().filter(|step| step["exit_code"] == 78).collect();
        let [step] = failed.as_slice() else {
            panic!("{settings:?}: {checked:#}")
        };
        let (text, remedy) = (step["text"].as_str().unwrap(), step["remedy"].as_str().unwrap());
        assert!(
            *sentence == text || *sentence == format!("{text}; {remedy}"),
            "{sentence}: {checked:#}"
        );
        // Nothing is said twice: what can't be right isn't tried.
        assert_eq!(step["step"], "configuration");
    }
}

#[test]
fn every_contradiction_has_a_case() {
    let mut seen = BTreeSet::new();
    for (settings, sentence) in CASES {
        let (place, line) = case(settings);
        let cli = qualys_connector::cli::Cli::parse_arguments(line.iter().map(Into::into)).unwrap();
        let variables = place.variables.iter().map(|(name, value)| (name, value));
        let surroundings = Surroundings::new(variables, place.path());
        let errors = Given::gather(&surroundings, None, cli.assignments())
            .import()
            .unwrap_err();
        let found: Vec<_> = errors.iter().collect();
        let [ConfigError::Contradiction(contradiction)] = found.as_slice() else {
            panic!("{settings:?}: {errors}")
        };
        assert_eq!(contradiction.to_string(), *sentence);
        seen.insert(kind(contradiction));
    }
    assert_eq!(seen, (0..KINDS).collect());
}
