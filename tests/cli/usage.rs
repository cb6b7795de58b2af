//! Help, version, and the usage that answers a call without anything.

use crate::Place;

#[test]
fn help_is_short_and_grouped() {
    let (stdout, stderr, code) = Place::empty().run(&["--help"]);
    assert_eq!((stderr.as_str(), code), ("", 0));
    insta::assert_snapshot!(stdout, @r"
    qualys-connector Ver. 0.1.0
    Takes vulnerability reports from Qualys to a Cisco Management Center's Host Input

    Usage: qualys-connector [COMMAND] [options]

    Commands:
      import       Import reports (this is done when no command is named)
      config       Show every setting, its value and where that stands
      check        Try everything that an import needs, and change nothing
      state        Show what is remembered between runs (state.dir)
      send         Send a file of Host Input commands to the Management Center
      migrate      Print the new configuration in the place of an old one
      explain      Say what a code or an answer means, and what to do
      schema       Print the JSON schema of the configuration file, for editors
      completions  Print the completions of a shell
      man          Print the man page
      help         Print this, or the options of a command

    To the Management Center:
          --server <HOST>        Management Center, by name or address
          --port <PORT>          Its port [default: 8307]
          --pkcs12 <FILE>        Certificate that it issued [default: the first *.pkcs12 here]
          --password <PASSWORD>  Password of the certificate; shows in the list of processes
          --ipv6                 Connect over IPv6 only

    Or to a file:
          --csvfile <FILE>  Write the commands to a file (ID_FILE if there are several templates);
                            nothing is sent

    Or nowhere:
          --plan            Run everything but the sending, and say what would be sent
          --host-limit <N>  Hosts that the Management Center holds at most, to compare with

    From Qualys:
          --multiinfo <ID,ID>  Report templates, in place of the configured ones
          --report <FILE>      Import a report that is here already; - is standard input

    What is said:
          --level <LEVEL>        Log more or less: 3 debug, 2 info, 1 warning, 0 error [default: 2]
          --logfile <FILE>       Log to a file
          --syslog               Log to syslog
          --stderr               Log to standard error, even if there is another log
          --metrics-file <FILE>  Write metrics for node_exporter to a file (*.prom)
          --summary <FORM>       Say at the end what was done, as text, json or none
          --report-html <FILE>   Write one page (HTML) that shows the run
      -q, --quiet                Say nothing but warnings and errors: no progress, and no summary unless
                                 --summary asks for one

    Everything else:
          --config <FILE>    Configuration file, also -plugininfo [default:
                             InputPlugins/QualysGuard.yaml]
          --set <KEY=VALUE>  Any setting that is no secret; can be repeated
      -h, --help             Print this
      -V, --version          Print the version

    Examples:
      qualys-connector --server 10.10.10.10
      qualys-connector --server 10.10.10.10 --pkcs12 CertFile.pkcs12 --config settings.yaml
      qualys-connector --report report.xml --csvfile Output.csv
      qualys-connector -multiinfo 424242,535353 -server 10.10.10.10
      qualys-connector --report report.xml --plan --host-limit 50000
      qualys-connector check
      qualys-connector config

    The Perl connector's command lines work as they are: -server=HOST, -se HOST, -c FILE … QualysGuard.
    Settings without an option stand in the configuration file, or in variables such as
    QC_QUALYS__USER_ID; the command config names them all.

    Exit codes:
        0  all imported
       64  the command line is wrong
       65  the report can't be used
       69  a far end stayed unavailable
       70  a bug in qualys-connector
       73  the output file can't be created
       74  reading or writing failed
       75  try again later
       76  the Management Center broke the protocol or refused commands
       77  credentials or a certificate were refused
       78  the configuration is wrong
      130  interrupted
      143  terminated
    ");
}

#[test]
fn a_call_with_nothing_shows_the_version_on_top_and_how_to_begin() {
    let place = Place::empty();
    let (stdout, stderr, code) = place.run(&[]);
    assert_eq!(stdout.lines().next(), Some("qualys-connector Ver. 0.1.0"));
    assert_eq!(stdout, place.run(&["--help"]).0);
    insta::assert_snapshot!(format!("{stderr}exit {code}"), @r"
    error: neither a Management Center nor a CSV file is given: say --server HOST or --csvfile FILE
    exit 64
    ");
}

#[test]
fn the_version_is_one_line() {
    for version in ["--version", "-V", "-version"] {
        let said = Place::empty().run(&[version]);
        assert_eq!(
            said,
            ("qualys-connector Ver. 0.1.0\n".into(), String::new(), 0),
            "{version}"
        );
    }
}

const COMMANDS: [&str; 9] = [
    "import",
    "config",
    "check",
    "send",
    "migrate",
    "explain",
    "schema",
    "completions",
    "man",
];

#[test]
fn help_is_given_however_it_is_asked_for() {
    let place = Place::empty();
    let whole = place.run(&["--help"]);
    assert_eq!(whole.2, 0);
    for asked in [
        &["-h"][..],
        &["-help"],
        &["-he"],
        &["help"],
        &["-server", "fmc", "-h"],
        &["-h", "-server"],
        &["help", "-h"],
    ] {
        assert_eq!(place.run(asked), whole, "{asked:?}");
    }
    for command in COMMANDS {
        let of = place.run(&[command, "--help"]);
        assert_eq!((of.1.as_str(), of.2), ("", 0), "{command}");
        assert!(of.0.contains(&format!("Usage: qualys-connector {command}")), "{}", of.0);
        assert!(whole.0.contains(&format!("\n  {command} ")), "{command}");
        for asked in [[command, "-h"], ["help", command], ["-h", command]] {
            assert_eq!(place.run(&asked), of, "{asked:?}");
        }
    }
    assert_eq!(place.run(&["help", "QualysGuard"]), place.run(&["import", "-h"]));
    insta::assert_snapshot!("help_of_what_is_no_command", place.fails("help no-such-command"));
}

#[test]
fn the_help_of_a_command_shows_what_belongs_to_it() {
    let place = Place::empty();
    for command in ["check", "send", "migrate", "explain"] {
        insta::assert_snapshot!(format!("help_{command}"), place.run(&["help", command]).0);
    }
    for command in ["migrate", "explain", "schema", "completions", "man"] {
        let (shown, ..) = place.run(&["help", command]);
        assert!(!shown.contains("--server") && shown.contains("--help"), "{shown}");
    }
    // What is hidden is taken all the same: an old command line needs one word more.
    let (_, stderr, code) = place.run(&[
        "check",
        "-level",
        "3",
        "-syslog",
        "-stderr",
        "-c",
        "x",
        "-multiinfo",
        "1",
    ]);
    assert!(code != 64, "{stderr}");
}
