//! The command lines of the Perl connector's guide and of Cisco's reference client, as they stand there after the
//! name of the script.

use std::ffi::OsString;

use qualys_connector::cli::{Cli, Command};
use qualys_connector::config::{Config, Given, SinkSettings, SourceSettings, Surroundings};

use crate::Place;

fn parse(line: &str) -> Result<Cli, String> {
    Cli::parse_arguments(line.split_whitespace().map(OsString::from)).map_err(|error| error.to_string())
}

fn given(place: &Place, line: &str) -> (Command, Given) {
    let cli = parse(line).unwrap();
    let surroundings = Surroundings::new(place.variables.clone(), place.path());
    let given = Given::gather(&surroundings, cli.config_file(), cli.assignments());
    (cli.command(), given)
}

fn import(line: &str) -> Config {
    let (command, given) = given(&Place::migrated(), line);
    assert_eq!(command, Command::Import, "{line}");
    given.import().unwrap_or_else(|mistakes| panic!("{line}: {mistakes}"))
}

/// Where an import goes to.
fn sink(line: &str) -> String {
    match import(line).sink {
        SinkSettings::Csv { file, .. } => file.display().to_string(),
        SinkSettings::ManagementCenter(to) => format!("{}:{} {}", to.server, to.port, to.pkcs12.display()),
        SinkSettings::Plan(_) => panic!("{line} only plans"),
    }
}

fn templates(line: &str) -> Vec<u64> {
    match import(line).source {
        SourceSettings::Qualys { templates, .. } => templates,
        _ => panic!("{line} doesn't ask Qualys"),
    }
}

#[test]
fn every_example_of_the_guide_means_what_it_meant() {
    let sent = "10.10.10.10:8307 CertFile.pkcs12";
    assert_eq!(sink("-server 10.10.10.10"), sent);
    assert_eq!(
        sink("-server 10.10.10.10 -pkcs12 CertFile.pkcs12 -plugininfo InputPlugins/QualysGuard.yaml"),
        sent
    );
    assert_eq!(
        sink("-csvfile Output.csv -plugininfo InputPlugins/QualysGuard.yaml"),
        "Output.csv"
    );
    assert_eq!(sink("-c Output.csv -pl InputPlugins/QualysGuard.yaml"), "Output.csv");

    let several = "-multiinfo 424242,535353 -server 10.10.10.10";
    assert_eq!(
        (sink(several), templates(several)),
        (sent.into(), vec![424_242, 535_353])
    );
    let several = "-multiinfo 424242,535353 -plugininfo InputPlugins/QualysGuard.yaml -csvfile Output.csv";
    assert_eq!(
        (sink(several), templates(several)),
        ("Output.csv".into(), vec![424_242, 535_353])
    );
}

#[test]
fn the_crontab_line_of_the_guide_names_every_file() {
    let place = Place::empty().file("qualys/QualysGuard.yaml", crate::SAMPLE);
    let line = "-server 10.10.10.10 -pkcs12 /usr/local/qualys/CertFile.pkcs12 -plugininfo qualys/QualysGuard.yaml";
    let config = given(&place, line).1.import().unwrap();
    let SinkSettings::ManagementCenter(to) = config.sink else {
        panic!("nothing is sent");
    };
    assert_eq!(to.pkcs12.to_str(), Some("/usr/local/qualys/CertFile.pkcs12"));
}

#[test]
fn a_csv_file_wins_over_a_server() {
    let config = import("-csvfile Output.csv -server 10.10.10.10");
    assert!(matches!(config.sink, SinkSettings::Csv { .. }));
    assert_eq!(
        config.warnings,
        ["management_center.server (option --server) is ignored: csv.file is set, so nothing is sent"]
    );
}

#[test]
fn options_are_spelled_as_getopt_long_has_it() {
    let sent = "10.10.10.10:1 CertFile.pkcs12";
    for line in [
        "-server 10.10.10.10 -port 1",
        "-server=10.10.10.10 -port=1",
        "--server 10.10.10.10 --port=1",
        "-SERVER 10.10.10.10 -Port 1",
        "-serv 10.10.10.10 -por 1",
        "-se 10.10.10.10 -po 1 QualysGuard",
        "qualysguard -se 10.10.10.10 -po 1",
        "-se 10.10.10.10 QualysGuard -po 1",
        "import -se 10.10.10.10 -po 1",
        "-se 10.10.10.10 import -po 1",
    ] {
        assert_eq!(sink(line), sent, "{line}");
    }
    assert_eq!(sink("-c -pl"), "-pl", "an option that takes a value takes what follows");
}

#[test]
fn every_abbreviation_of_the_guide_is_its_option() {
    let place = Place::migrated();
    let line = "-se fmc -po 1 -pl InputPlugins/QualysGuard.yaml -i -pk C -pa P -sy -st -lo L -le 3 -c O";
    insta::assert_snapshot!(place.config(line), @r"
    qualys.user_id                        dirk_g                        InputPlugins/QualysGuard.yaml, line 2
    qualys.password                       [redacted]                    InputPlugins/QualysGuard.yaml, line 3
    qualys.template_ids                   424242                        InputPlugins/QualysGuard.yaml, line 4
    qualys.proxy.url                      https://192.168.1.100:443     InputPlugins/QualysGuard.yaml, line 9
    qualys.proxy.username                 zaphod                        InputPlugins/QualysGuard.yaml, line 10
    qualys.proxy.password                 [redacted]                    InputPlugins/QualysGuard.yaml, line 11
    selection.ip_ranges                   192.168.1.0/24, 10.1.2.3-10.1.2.10, 42.4.2.1  InputPlugins/QualysGuard.yaml, line 8
    commands.add_host                     y                             InputPlugins/QualysGuard.yaml, line 7
    management_center.server              fmc                           option --server
    management_center.port                1                             option --port
    management_center.pkcs12              C                             option --pkcs12
    management_center.pkcs12_password     [redacted]                    option --password
    management_center.ipv6                y                             option --ipv6
    csv.file                              O                             option --csvfile
    log.level                             3                             option --level
    log.file                              L                             option --logfile
    log.syslog                            local                         option --syslog
    log.stderr                            y                             option --stderr
    warning: management_center.server (option --server) is ignored: csv.file is set, so nothing is sent
    ");
}

#[test]
fn the_csv_plugin_of_the_reference_client_sends_a_file() {
    let (command, given) = given(
        &Place::migrated(),
        "-server=10.10.10.10 -level=3 -plugininfo=csvin.txt csv",
    );
    assert_eq!(
        command,
        Command::Send {
            file: "csvin.txt".into()
        }
    );
    assert_eq!(given.send().unwrap().management_center.server, "10.10.10.10");

    let file = |line| parse(line).map(|cli| cli.command());
    assert_eq!(file("send csv"), Ok(Command::Send { file: "csv".into() }));
    assert_eq!(file("csv -se h -pl -"), Ok(Command::Send { file: "-".into() }));
    assert!(file("-server h csv").unwrap_err().contains("<FILE>"));
}

#[test]
fn an_old_line_is_checked_with_one_word_more() {
    for line in [
        "check -server 10.10.10.10 QualysGuard",
        "check QualysGuard -server 10.10.10.10",
    ] {
        assert!(matches!(parse(line).unwrap().command(), Command::Check(_)), "{line}");
    }
    let refused = parse("check 10.10.10.10").unwrap_err();
    assert!(refused.contains("unexpected argument '10.10.10.10'"), "{refused}");
}

#[test]
fn of_an_option_that_is_repeated_the_last_counts() {
    assert_eq!(sink("-server one -port 1 -server two -port 2"), "two:2 CertFile.pkcs12");
    assert_eq!(sink("-csvfile a.csv -c b.csv -ipv6 -ipv6"), "b.csv");
    let file = parse("-server h -plugininfo a -plugininfo b csv").map(|cli| cli.command());
    assert_eq!(file, Ok(Command::Send { file: "b".into() }));
    let several = import("--set commands.add_host=y --set qualys.keep_report=y -server h");
    assert!(several.warnings.is_empty(), "settings add up: {:?}", several.warnings);
}

#[test]
fn an_option_that_is_taken_for_a_value_is_named() {
    insta::assert_snapshot!(parse("-c -level 3").unwrap_err());
}

#[test]
fn a_short_form_of_several_options_is_refused() {
    insta::assert_snapshot!(parse("-p 8307").unwrap_err(), @r"
    error: -p is short for several options: -port, -pkcs12, -password, -plan, -plugininfo

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(parse("-l 3").unwrap_err(), @r"
    error: -l is short for several options: -level, -logfile

    For more information, try '--help'.
    ");
}
