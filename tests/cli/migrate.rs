//! From the Perl connector's files and command lines to a configuration file that means the same.

use std::ffi::OsString;

use qualys_connector::cli::Cli;
use qualys_connector::config::{Config, Given, SinkSettings, SourceSettings, Surroundings};
use qualys_connector::qualys::Login;
use secrecy::{ExposeSecret as _, SecretString};

use crate::Place;

fn import(place: &Place, line: &[&str], variables: &[(&str, &str)]) -> Config {
    let cli = Cli::parse_arguments(line.iter().map(OsString::from)).unwrap();
    let surroundings = Surroundings::new(variables.iter().copied(), place.path());
    let given = Given::gather(&surroundings, cli.config_file(), cli.assignments());
    given.import().unwrap_or_else(|mistakes| panic!("{line:?}: {mistakes}"))
}

/// All that a configuration means, secrets too.
fn dump(config: &Config) -> String {
    let mut dump = format!(
        "{:?} {:?} {:?} {:?} {:?}",
        config.source, config.selection, config.commands, config.sink, config.log
    );
    let mut secret = |secret: &SecretString| dump.push_str(secret.expose_secret());
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
    dump
}

#[test]
fn the_new_file_means_what_the_old_command_line_meant() {
    let secrets = [
        ("QC_QUALYS__PASSWORD", "d0ntp@n1c"),
        ("QC_QUALYS__PROXY__PASSWORD", "t0w3L"),
    ];
    for line in [
        "-server 10.10.10.10",
        "-server 10.10.10.10 -pkcs12 CertFile.pkcs12 -plugininfo InputPlugins/QualysGuard.yaml",
        "-csvfile Output.csv -plugininfo InputPlugins/QualysGuard.yaml",
        "-c Output.csv -pl InputPlugins/QualysGuard.yaml",
        "-multiinfo 424242,535353 -server 10.10.10.10",
        "-multiinfo 424242,535353 -csvfile Output.csv -server 10.10.10.10",
        "-se fmc -po 1 -i -pk C -pa P -sy -st -lo L -le 3 QualysGuard",
        "--server fmc --set qualys.user_id=it's --set selection.qids=1-5,7 --set commands.domain=Global\\Berlin",
    ] {
        let place = Place::migrated();
        let old: Vec<_> = line.split(' ').collect();
        let arguments: Vec<_> = ["migrate"].iter().chain(&old).copied().collect();
        let (yaml, stderr, code) = place.run(&arguments);
        assert_eq!((code, stderr.as_str()), (0, ""), "{line}");
        for secret in ["d0ntp@n1c", "t0w3L", ": P\n"] {
            assert!(!yaml.contains(secret), "{yaml}");
        }
        let place = place.file("new.yaml", &yaml);
        let mut variables = secrets.to_vec();
        if line.contains("-pa P") {
            variables.push(("QC_MANAGEMENT_CENTER__PKCS12_PASSWORD", "P"));
        }
        let new = import(&place, &["--config", "new.yaml"], &variables);
        assert_eq!(dump(&new), dump(&import(&place, &old, &[])), "{line}\n{yaml}");
    }
}

#[test]
fn a_crontab_line_is_migrated_with_its_schedule() {
    let place = Place::migrated();
    let line = format!(
        "30 2 * * 1-5 cd {} && /usr/bin/perl qualys_connector.pl -server 10.10.10.10 -po 8308 >> /var/log/qualys.log 2>&1",
        place.path().display()
    );
    let elsewhere = Place::empty();
    let (yaml, stderr, code) = elsewhere.run(&["migrate", &line]);
    assert_eq!((code, stderr.as_str()), (0, ""));
    insta::assert_snapshot!(settled(&yaml, &place));
}

/// With the same folders on every machine.
fn settled(text: &str, place: &Place) -> String {
    text.replace(&*place.path().to_string_lossy(), "/usr/local/qualys")
        .replace(
            env!("CARGO_BIN_EXE_qualys-connector"),
            "/usr/local/bin/qualys-connector",
        )
}

/// The comment lines of what is printed.
fn comments(yaml: &str) -> String {
    let comments: Vec<&str> = yaml.lines().take_while(|line| line.starts_with('#')).collect();
    comments.join("\n")
}

#[test]
fn what_stands_around_the_connector_in_a_crontab_is_kept_or_listed() {
    let place = Place::migrated();
    let here = place.path().display();
    let plain = "perl qualys_connector.pl -server fmc -server 10.10.10.10 -csvfile a.csv -csvfile b.csv";
    let elsewhere = Place::empty().file("QualysGuard.yaml", crate::SAMPLE);
    let migrated = [
        format!("30 2 * * 1-5 qualys umask 077; cd {here} && PERL5LIB=/opt/lib nice -n 10 flock -n /run/lock/q {plain} | logger"),
        format!("@daily flock -n /run/lock/q -c 'cd {here}; {plain}'"),
        format!("0 3 * * * root /usr/bin/perl {here}/qualys_connector.pl -server fmc -pk {here}/CertFile.pkcs12 -plugininfo {here}/InputPlugins/QualysGuard.yaml"),
    ]
    .map(|line| {
        let (yaml, stderr, code) = elsewhere.run(&["migrate", &line]);
        assert_eq!((code, stderr.as_str()), (0, ""), "{line}");
        let (line, yaml) = (settled(&line, &place), settled(&yaml, &place));
        format!("{line}\n{}", comments(&yaml))
    });
    insta::assert_snapshot!(migrated.join("\n\n"));
}

#[test]
fn a_folder_that_is_elsewhere_is_one_sentence() {
    let (stdout, stderr, code) =
        Place::empty().run(&["migrate", "cd /nowhere/qualys && perl qualys_connector.pl -server h"]);
    assert_eq!((stdout.as_str(), code), ("", 64));
    insta::assert_snapshot!(stderr);
}

#[test]
fn an_old_file_alone_is_migrated_and_what_it_lacks_is_said() {
    let place = Place::empty().file("QualysGuard.yaml", crate::SAMPLE);
    let (yaml, stderr, code) = place.run(&["migrate", "-plugininfo", "QualysGuard.yaml"]);
    assert!(yaml.contains("  user_id: dirk_g\n"), "{yaml}");
    insta::assert_snapshot!(format!("{stderr}exit {code}"));
}

#[test]
fn what_is_around_the_new_connector_is_no_part_of_the_old_one() {
    let place = Place::migrated().variable("QC_QUALYS__USER_ID", "somebody_else");
    let (yaml, ..) = place.run(&["migrate", "-server", "fmc"]);
    assert!(yaml.contains("  user_id: dirk_g\n"), "{yaml}");
}

#[test]
fn nothing_to_migrate_is_said() {
    insta::assert_snapshot!(Place::empty().fails("migrate"));
}

#[test]
fn the_reference_clients_file_of_commands_stays_one() {
    let place = Place::migrated();
    let (yaml, _, code) = place.run(&["migrate", "-server=10.10.10.10 -plugininfo=csvin.txt csv"]);
    assert_eq!(code, 0);
    assert!(yaml.contains("qualys-connector send csvin.txt --config"), "{yaml}");
}
