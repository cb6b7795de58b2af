//! What is said about mistakes: what is wrong, where, and what to do.

use crate::{Place, SAMPLE};

#[test]
fn nowhere_to_take_the_report_to() {
    insta::assert_snapshot!(Place::migrated().fails("-level 3"), @r"
    error: neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE
    exit 64
    ");
}

#[test]
fn nothing_of_qualys_is_known() {
    insta::assert_snapshot!(Place::empty().fails("-server 10.10.10.10"), @r"
    error: qualys.user_id is not set: set it in the configuration file or by QC_QUALYS__USER_ID, for example dirk_g
    error: qualys.password is not set: set it in the configuration file, by QC_QUALYS__PASSWORD_FILE, or as a file in QC_SECRETS_DIR
    error: qualys.template_ids is not set: set it in the configuration file or by QC_QUALYS__TEMPLATE_IDS, for example 424242,535353
    error: management_center.pkcs12 is not set: there is no *.pkcs12 in the working directory either; say --pkcs12 FILE with the file that the Management Center issued
    exit 78
    ");
}

#[test]
fn the_configuration_file_is_missing() {
    insta::assert_snapshot!(Place::migrated().fails("-server 10.10.10.10 -plugininfo QualysGard.yaml"), @r"
    error: option --config: QualysGard.yaml can't be read: No such file or directory (os error 2)
    exit 78
    ");
}

#[test]
fn the_configuration_file_is_no_yaml() {
    let place = Place::migrated().file("broken.yaml", "user_id: dirk_g\npassword: @home\n");
    insta::assert_snapshot!(place.fails("-csvfile o.csv -plugininfo broken.yaml -report r.xml"), @r"
    error: broken.yaml, line 2: this is no YAML: unexpected character: `@' (values with punctuation need single quotes)
    exit 78
    ");
}

#[test]
fn a_password_without_its_quotes_is_not_repeated() {
    for (yaml, reason) in [
        (
            "qualys:\n  password: {hunter2}",
            "qualys.password takes one value, not a mapping: put the value in single quotes",
        ),
        (
            "password: {hunter2: x}",
            "password takes one value, not a mapping: put the value in single quotes",
        ),
        (
            "qualys:\n  password:hunter2: x",
            "a space is missing behind the colon of qualys.password",
        ),
        (
            "qualys:\n  pasword: {hunter2}",
            "there is no setting 'qualys.pasword'; did you mean qualys.password?",
        ),
        ("pasword:hunter2: x", "there is no setting 'pasword'"),
    ] {
        let place = Place::empty().file("broken.yaml", yaml);
        let said = place.fails("-csvfile o.csv -plugininfo broken.yaml -report r.xml");
        assert!(said.contains(reason), "{said}");
        assert!(!said.contains("hunter2"), "{said}");
    }
}

#[test]
fn old_keys_are_misspelt() {
    let yaml = SAMPLE
        .replace("add_host", "add_hosts")
        .replace("template_id", "templateid")
        .replace("proxy:", "proxi:");
    let place = Place::migrated().file("old.yaml", &yaml);
    insta::assert_snapshot!(place.fails("-server 10.10.10.10 -plugininfo old.yaml"), @r"
    error: old.yaml, line 4: there is no setting 'templateid'; did you mean template_id?
    error: old.yaml, line 7: there is no setting 'add_hosts'; did you mean add_host?
    error: old.yaml, line 9: there is no setting 'proxi'; did you mean proxy?
    error: qualys.template_ids is not set: set it in the configuration file or by QC_QUALYS__TEMPLATE_IDS, for example 424242,535353
    exit 78
    ");
}

#[test]
fn sections_and_old_keys_are_mixed() {
    let yaml = "qualys:\n  user_id: dirk_g\n  pasword: x\nip_ranges: 10.0.0.0/8\ncommands: y\nlog:\n";
    let place = Place::empty().file("mixed.yaml", yaml);
    insta::assert_snapshot!(place.fails("-csvfile o.csv -report r.xml -config mixed.yaml"), @r"
    error: mixed.yaml, line 3: there is no setting 'qualys.pasword'; did you mean qualys.password?
    error: mixed.yaml, line 4: there is no setting 'ip_ranges'; did you mean selection.ip_ranges?
    error: mixed.yaml, line 5: commands is a section: its settings stand below it, indented
    exit 78
    ");
}

#[test]
fn values_are_wrong() {
    let place = Place::migrated()
        .variable("QC_COMMANDS__ADD_HOST", "maybe")
        .variable("QC_QUALYS__POLL_INTERVAL", "30")
        .variable("QC_QUALYS__DEADLINE", "0s")
        .variable("QC_QUALYS__PROXY__URL", "https://192.168.1.100:0")
        .variable("QC_QUALYS__URL", "http://qualysapi.qualys.com")
        .variable("QC_COMMANDS__MODE", "overwrite")
        .variable("QC_LOG__SYSLOG", "loghost")
        .variable("QC_COMMANDS__SCANNER", "1234");
    insta::assert_snapshot!(place.fails("-server https://fmc -port 65536 -level 4 -multiinfo 7,7"), @r#"
    error: QC_QUALYS__URL: qualys.url 'http://qualysapi.qualys.com': it begins with http:; expected a platform (US1, US2, US3, US4, GOV1, CA1, EU1, EU2, EU3, UK1, AE1, KSA1, IN1 or AU1) or an address that begins with https://, for example EU2
    error: option --multiinfo: qualys.template_ids '7,7': template 7 is named twice
    error: QC_QUALYS__PROXY__URL: qualys.proxy.url 'https://192.168.1.100:0': port 0 means "any port", so nothing can be reached there; expected an address that begins with http:// or https://, for example https://192.168.1.100:443
    error: QC_QUALYS__POLL_INTERVAL: qualys.poll_interval '30': time unit needed, for example 30sec or 30ms; expected a time with its unit (s, m, h, d), for example 30s
    error: QC_QUALYS__DEADLINE: qualys.deadline '0s': no time at all; expected a time with its unit (s, m, h, d), for example 2h
    error: QC_COMMANDS__ADD_HOST: commands.add_host 'maybe': neither yes nor no; expected y or n (also yes, true, 1, on, no, false, 0, off), for example n
    error: QC_COMMANDS__SCANNER: commands.scanner '1234': a name takes up to 128 letters, digits, blanks, '.', '_' and '-', and not digits alone
    error: QC_COMMANDS__MODE: commands.mode 'overwrite': not one of the words; expected replace or merge, for example replace
    error: option --server: management_center.server 'https://fmc': it is more than that; expected a name or an address, for example 10.10.10.10
    error: option --port: management_center.port '65536': too large; expected a number from 1 to 65535, for example 8307
    error: option --level: log.level '4': not one of the words; expected error, warning, info or debug, for example info
    error: QC_LOG__SYSLOG: log.syslog 'loghost': a syslog is none, local, unix:PATH, udp://HOST:PORT or tcp://HOST:PORT
    exit 78
    "#);
}

#[test]
fn a_proxy_port_is_too_large() {
    let place = Place::migrated().variable("QC_QUALYS__PROXY__URL", "https://192.168.1.100:65536");
    insta::assert_snapshot!(place.fails("-server 10.10.10.10"), @r"
    error: QC_QUALYS__PROXY__URL: qualys.proxy.url 'https://192.168.1.100:65536': invalid port number; expected an address that begins with http:// or https://, for example https://192.168.1.100:443
    exit 78
    ");
}

#[test]
fn the_selection_is_wrong() {
    let place = Place::migrated()
        .variable("QC_SELECTION__IP_RANGES", "192.168.1.5/24")
        .variable("QC_SELECTION__KINDS", "confirmed,vuln")
        .variable("QC_SELECTION__QIDS", "CVE-2014-0160")
        .variable("QC_MANAGEMENT_CENTER__TRUST", "fingerprint:12:34");
    insta::assert_snapshot!(place.fails("-server 10.10.10.10"), @r"
    error: QC_SELECTION__IP_RANGES: selection.ip_ranges '192.168.1.5/24': 192.168.1.5/24 has host bits set; did you mean 192.168.1.0/24?
    error: QC_SELECTION__KINDS: selection.kinds 'confirmed,vuln': 'vuln' is no kind; use confirmed, potential, information or all, separated by commas
    error: QC_SELECTION__QIDS: selection.qids 'CVE-2014-0160': 'CVE-2014-0160' is no QID or range of QIDs; write 38173 or 100000-100010
    error: QC_MANAGEMENT_CENTER__TRUST: management_center.trust 'fingerprint:12:34': a SHA-256 fingerprint has 64 hexadecimal digits, this one has 4
    exit 78
    ");
}

#[test]
fn variables_are_misspelt() {
    let place = Place::migrated()
        .variable("QC_QUALYS_USER_ID", "x")
        .variable("QC_SECRETS_DIR", "nowhere")
        .variable("QC_QUALYS__PASSWORD_FILE", "nowhere");
    insta::assert_snapshot!(place.fails("-server 10.10.10.10"), @r"
    error: QC_QUALYS_USER_ID: there is no setting 'qualys_user_id'; did you mean QC_QUALYS__USER_ID?
    error: QC_QUALYS__PASSWORD_FILE: nowhere can't be read: No such file or directory (os error 2)
    error: QC_SECRETS_DIR: nowhere can't be read: No such file or directory (os error 2)
    exit 78
    ");
}

#[test]
fn a_secret_stands_on_the_command_line() {
    insta::assert_snapshot!(Place::migrated().fails("-server 10.10.10.10 --set qualys.password=x --set log.level"), @r"
    error: option --set: qualys.password is a secret, and options show in the list of processes; set it by QC_QUALYS__PASSWORD_FILE or in the configuration file
    error: option --set: expected KEY=VALUE, for example --set commands.add_host=y
    exit 78
    ");
}

#[test]
fn there_is_no_certificate() {
    let place = Place::empty().file("InputPlugins/QualysGuard.yaml", SAMPLE);
    insta::assert_snapshot!(place.fails("-server 10.10.10.10"), @r"
    error: management_center.pkcs12 is not set: there is no *.pkcs12 in the working directory either; say --pkcs12 FILE with the file that the Management Center issued
    exit 78
    ");
}

#[test]
fn the_families_of_addresses_contradict() {
    insta::assert_snapshot!(Place::migrated().fails("-server 10.10.10.10 -ipv6"), @r"
    error: management_center.ipv6 allows IPv6 only, but management_center.server is an IPv4 address
    exit 78
    ");
}

#[test]
fn an_option_is_unknown_lacks_its_value_or_has_one_too_many() {
    let place = Place::migrated();
    insta::assert_snapshot!(place.fails("-servre 10.10.10.10"), @r"
    error: there is no option --servre; did you mean --server?

    For more information, try '--help'.
    exit 64
    ");
    insta::assert_snapshot!(place.fails("-server"), @r"
    error: a value is required for '--server <HOST>' but none was supplied

    For more information, try '--help'.
    exit 64
    ");
    insta::assert_snapshot!(place.fails("-syslog=udp://log:514"), @r"
    error: unexpected value 'udp://log:514' for '--syslog' found; no more were expected

    Usage: qualys-connector --syslog

    For more information, try '--help'.
    exit 64
    ");
    insta::assert_snapshot!(place.fails("-server h QualysGard"), @r"
    error: 'QualysGard' is neither a command (import, config, check, state, send, migrate, explain, schema, completions, man, help) nor a plugin (QualysGuard, csv)

    For more information, try '--help'.
    exit 64
    ");
    insta::assert_snapshot!(place.fails("-server h --summary xml"), @r"
    error: invalid value 'xml' for '--summary <FORM>'
      [possible values: text, json, none]

    For more information, try '--help'.
    exit 64
    ");
    insta::assert_snapshot!(place.fails("-server h send"), @r"
    error: the following required arguments were not provided:
      <FILE>

    Usage: qualys-connector send --server <HOST> <FILE>

    For more information, try '--help'.
    exit 64
    ");
}

#[test]
fn the_log_cannot_be_written() {
    insta::assert_snapshot!(Place::migrated().fails("-csvfile o.csv -logfile missing/log"), @r"
    error: the log file missing/log can't be opened for writing: No such file or directory (os error 2) (log.file)
    exit 73
    ");
}
