//! What is given, and what comes of it.

use std::collections::BTreeSet;
use std::path::Path;

use secrecy::ExposeSecret as _;

use super::settings::Setting;
use super::*;
use crate::qualys::Login;

/// Says what `pairs` say, on the command line.
fn given(pairs: &[(&str, &str)]) -> Given {
    let said = pairs
        .iter()
        .map(|(key, text)| Assignment::new(key, *text, Origin::Option("--set")));
    let nowhere = tempfile::tempdir().unwrap();
    Given::gather(&Surroundings::new([("", ""); 0], nowhere.path()), None, said.collect())
}

const COMPLETE: [(&str, &str); 8] = [
    ("qualys.user_id", "dirk_g"),
    ("qualys.password", "d0ntp@n1c"),
    ("qualys.template_ids", "424242,535353"),
    ("qualys.proxy.url", "https://192.168.1.100:443"),
    ("management_center.server", "fmc.example.com"),
    ("management_center.pkcs12", "CertFile.pkcs12"),
    ("telemetry.pushgateway.url", "https://pushgateway:9091"),
    ("telemetry.pushgateway.proxy.url", "http://192.168.1.100:3128"),
];

/// The same without a report.
fn for_hosts() -> Vec<(&'static str, &'static str)> {
    let reports = ["qualys.template_ids"];
    let others = COMPLETE.into_iter().filter(|(key, _)| !reports.contains(key));
    others
        .chain([("qualys.api", "detections"), ("detections.tags", "prod")])
        .collect()
}

/// All that a configuration holds, secrets too.
fn dump(config: &Config) -> String {
    let mut dump = format!("{config:?}");
    let mut secret = |secret: &secrecy::SecretString| dump.push_str(secret.expose_secret());
    if let SourceSettings::Qualys { settings, .. } = &config.source {
        if let Login::Basic(password) | Login::Session(password) = &settings.login {
            secret(password);
        }
        settings
            .proxy
            .iter()
            .flat_map(|proxy| &proxy.password)
            .for_each(&mut secret);
    }
    if let SinkSettings::ManagementCenter(settings) = &config.sink {
        settings.pkcs12_password.iter().for_each(&mut secret);
    }
    let pushgateway = config.metrics.pushgateway.iter();
    pushgateway
        .flat_map(|settings| {
            let proxy = settings.proxy.as_ref().and_then(|proxy| proxy.password.as_ref());
            [settings.password.as_ref(), settings.token.as_ref(), proxy]
        })
        .flatten()
        .for_each(&mut secret);
    dump
}

/// A right value that is neither the default nor in [`COMPLETE`].
fn another(setting: &Setting) -> String {
    let words = |words: Vec<String>| words.into_iter().find(|word| word != setting.default).unwrap();
    match setting.syntax {
        Syntax::Text | Syntax::Path | Syntax::Host => "another".into(),
        Syntax::Boolean if setting.default == "y" => "n".into(),
        Syntax::Boolean if setting.key == "log.stderr" => "n".into(),
        Syntax::Boolean => "y".into(),
        Syntax::Number(..) if setting.key == "qualys.template_index" => "1".into(),
        Syntax::Number(_, most) if most.to_string() != setting.default => most.to_string(),
        Syntax::Number(least, _) => least.to_string(),
        Syntax::Duration { .. } => "7m".into(),
        Syntax::Url(_) | Syntax::Platform => "https://another.example".into(),
        Syntax::Words { words: all, .. } => words(all()),
        Syntax::Form { .. } => match setting.key {
            "qualys.template_ids" => "7".into(),
            "qualys.api_version" => "3.0".into(),
            key if key.starts_with("detections.") && key.ends_with("_version") => "3.0".into(),
            "detections.shard" => "2/4".into(),
            "commands.max_cleared" => "50%".into(),
            "selection.networks" => "7".into(),
            "selection.kinds" => "information".into(),
            "selection.statuses" => "fixed".into(),
            "commands.source" | "commands.scanner" | "telemetry.import" | "telemetry.pushgateway.job" => {
                "another".into()
            }
            "management_center.trust" => "insecure".into(),
            "log.syslog" => "local".into(),
            _ => setting.sample().into(),
        },
    }
}

#[test]
fn every_setting_of_the_table_reaches_the_configuration() {
    for setting in settings::all() {
        // Read when all is over, from what was given.
        if setting.key == "log.termination_file" {
            assert_eq!(
                given(&[(setting.key, "another")]).termination_file().unwrap(),
                Path::new("another")
            );
            continue;
        }
        let another = another(setting);
        assert_ne!(another, setting.default, "{}", setting.key);
        let of_hosts = setting.section() == "detections";
        let mut pairs = if of_hosts { for_hosts() } else { COMPLETE.to_vec() };
        if setting.key == "report.knowledge_base" {
            pairs.push(("report.file", "report.xml"));
        }
        if ["commands.max_cleared", "commands.delete_left_hosts"].contains(&setting.key) {
            pairs.push(("state.dir", "state"));
        }
        let plain = dump(&given(&pairs).import().unwrap());
        pairs.push((setting.key, &another));
        if setting.key == "detections.asset_groups" {
            pairs.push(("detections.tags", ""));
        }
        if setting.key == "qualys.token_file" {
            pairs.push(("qualys.login", "token"));
        }
        match given(&pairs).import() {
            Ok(config) => assert_ne!(dump(&config), plain, "{} = {another} has no effect", setting.key),
            Err(errors) => panic!("{} = {another}: {errors}", setting.key),
        }
    }
}

#[test]
fn every_default_and_every_example_is_a_right_value() {
    for setting in settings::all() {
        for text in [setting.default, setting.example]
            .iter()
            .filter(|text| !text.is_empty())
        {
            assert_eq!(setting.check(text), Ok(()), "{} = {text}", setting.key);
        }
        assert!(
            !setting.help.is_empty() && !setting.help.ends_with('.'),
            "{}",
            setting.key
        );
        assert!(!setting.secret || setting.default.is_empty(), "{}", setting.key);
    }
}

#[test]
fn names_of_settings_are_unique_in_every_layer() {
    let unique = |names: Vec<String>| {
        let count = names.len();
        let names: BTreeSet<_> = names.into_iter().collect();
        assert_eq!(names.len(), count);
    };
    unique(settings::all().map(|setting| setting.key.to_owned()).collect());
    unique(settings::all().map(Setting::variable).collect());
    let old = settings::all().filter(|setting| !setting.old.is_empty());
    unique(old.map(|setting| setting.old.to_owned()).collect());
}

#[test]
fn all_errors_are_reported_at_once() {
    let mut pairs = COMPLETE.to_vec();
    pairs.retain(|(key, _)| *key != "qualys.user_id");
    pairs.extend([
        ("qualys.pasword", "hunter2"),
        ("qualys.password", ""),
        ("management_center.port", "83o7"),
        ("qualys.poll_interval", "30"),
        ("qualys.proxy.url", "http://zaphod:t0w3L@proxy:3128"),
        ("management_center.server", "192.0.2.1"),
        ("management_center.ipv6", "y"),
    ]);
    let errors = given(&pairs).import().unwrap_err();
    assert_eq!(errors.kind(), crate::problem::Kind::Configuration);
    insta::assert_snapshot!(errors, @r"
    option --set: there is no setting 'qualys.pasword'; did you mean qualys.password?
    option --set: qualys.password: it is empty
    option --set: qualys.proxy.url: it holds a user or a password, which have settings of their own; expected an address that begins with http:// or https://, for example https://192.168.1.100:443
    option --set: qualys.poll_interval '30': time unit needed, for example 30sec or 30ms; expected a time with its unit (s, m, h, d), for example 30s
    option --set: management_center.port '83o7': not a whole number; expected a number from 1 to 65535, for example 8307
    qualys.user_id is not set: set it in the configuration file or by QC_QUALYS__USER_ID, for example dirk_g
    management_center.ipv6 allows IPv6 only, but management_center.server is an IPv4 address
    ");
}

#[test]
fn a_csv_file_turns_sending_off() {
    let mut pairs = COMPLETE.to_vec();
    pairs.push(("csv.file", "Output.csv"));
    let config = given(&pairs).import().unwrap();
    assert!(matches!(&config.sink, SinkSettings::Csv { file, .. } if file == Path::new("Output.csv")));
    insta::assert_snapshot!(config.warnings.join("\n"), @"management_center.server (option --set) is ignored: csv.file is set, so nothing is sent");
}

#[test]
fn a_report_needs_no_qualys_and_a_token_no_password() {
    let import = |pairs: &[_]| given(pairs).import().map(|config| config.source);
    let csv = ("csv.file", "Output.csv");
    let file = [csv, ("report.file", "-")];
    assert!(
        matches!(import(&file), Ok(SourceSettings::File { report, knowledge_base: None }) if report == Path::new("-"))
    );
    let described = [&file[..], &[("report.knowledge_base", "kb.xml")]].concat();
    assert!(
        matches!(import(&described), Ok(SourceSettings::File { knowledge_base: Some(file), .. }) if file == Path::new("kb.xml"))
    );
    let token = [csv, ("qualys.login", "token"), ("qualys.template_ids", "7")];
    insta::assert_snapshot!(import(&token).unwrap_err(), @"qualys.token_file is not set: set it in the configuration file or by QC_QUALYS__TOKEN_FILE, for example /run/secrets/qualys/token");
    let token = [&token[..], &[("qualys.token_file", "t")]].concat();
    assert!(matches!(import(&token), Ok(SourceSettings::Qualys { templates, .. }) if templates == [7]));
}

#[test]
fn one_of_several_templates_is_imported_by_its_index() {
    let import = |index: &str| {
        let pairs = [&COMPLETE[..], &[("qualys.template_index", index)]].concat();
        given(&pairs).import().map(|config| config.source)
    };
    assert!(matches!(import(""), Ok(SourceSettings::Qualys { templates, .. }) if templates == [424_242, 535_353]));
    assert!(matches!(import("1"), Ok(SourceSettings::Qualys { templates, .. }) if templates == [535_353]));
    for (index, ids, names) in [
        ("", "7,8", true),
        ("1", "7,8", true),
        ("0", "7", false),
        ("", "7", false),
    ] {
        let several = [
            ("csv.file", "O.csv"),
            ("qualys.template_ids", ids),
            ("qualys.template_index", index),
        ];
        let config = given(&[&COMPLETE[..], &several].concat()).import().unwrap();
        assert!(
            matches!(config.sink, SinkSettings::Csv { by_template, .. } if by_template == names),
            "{index} {ids}"
        );
    }
    insta::assert_snapshot!(import("2").unwrap_err(), @"qualys.template_index is 2, but the 2 templates of qualys.template_ids count from 0 to 1");
}

#[test]
fn without_a_destination_the_command_line_is_wrong() {
    let errors = given(&COMPLETE[..3]).import().unwrap_err();
    assert_eq!(errors.kind(), crate::problem::Kind::NothingToDo);
    insta::assert_snapshot!(errors, @"neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE");
    let errors = given(&[]).send().unwrap_err();
    assert_eq!(errors.kind(), crate::problem::Kind::NothingToDo);
    insta::assert_snapshot!(errors, @"no Management Center is given: say --server HOST");
}

#[test]
fn to_send_a_file_only_the_management_center_is_needed() {
    let config = given(&COMPLETE[4..]).send().unwrap();
    assert_eq!(config.management_center.server, "fmc.example.com");
    assert_eq!(config.management_center.port, 8307);
}

#[test]
fn an_empty_password_of_the_certificate_is_one() {
    let password = |pairs: &[_]| {
        given(&[&COMPLETE[4..], pairs].concat())
            .send()
            .unwrap()
            .management_center
    };
    assert!(password(&[]).pkcs12_password.is_none());
    let empty = password(&[("management_center.pkcs12_password", "")])
        .pkcs12_password
        .unwrap();
    assert_eq!(empty.expose_secret(), "");
}

#[test]
fn contradictions_of_detections_are_reported() {
    let import = |more: &[(&str, &str)]| {
        let pairs: Vec<_> = for_hosts().into_iter().chain(more.iter().copied()).collect();
        given(&pairs).import()
    };
    assert!(matches!(
        import(&[("selection.ip_ranges", "10.0.0.0/30,10.1.0.1")]).unwrap().source,
        SourceSettings::Detections { detections, .. } if detections.scope.addresses.as_deref() == Some("10.0.0.0-10.0.0.3,10.1.0.1")
    ));
    assert!(matches!(
        import(&[("selection.networks", "7,9"), ("selection.kinds", "all")]).unwrap().source,
        SourceSettings::Detections { detections, .. } if detections.scope.networks.as_deref() == Some("7,9") && detections.information
    ));
    let refused = |more: &[(&str, &str)]| import(more).unwrap_err().to_string();
    insta::assert_snapshot!(refused(&[("qualys.template_ids", "7")]), @"qualys.template_ids is set, but qualys.api = detections asks for hosts, which no template chooses: leave it out, and choose hosts by detections.asset_groups, detections.tags or selection.ip_ranges");
    insta::assert_snapshot!(refused(&[("detections.exclude_tags", "lab"), ("detections.tags", "")]), @"detections.exclude_tags is set without detections.tags: Qualys leaves hosts out only of those that a tag chooses");
    insta::assert_snapshot!(refused(&[("detections.asset_groups", "Berlin")]), @"detections.tags and detections.asset_groups are both set: Qualys chooses hosts by one of them");
    assert!(refused(&[("detections.shard", "5/4")]).contains("'5/4' is no part; write 2/4 for the second of four"));
}
