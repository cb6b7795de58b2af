//! The documentation says what the code says.

#![expect(clippy::unwrap_used, reason = "what helps a test fails with it")]

mod pages;

use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};

use qualys_connector::exit::Exit;
use qualys_connector::import::metrics::table::{METRICS, When};

use pages::holds;

fn path(file: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(file)
}

fn read(file: &str) -> String {
    fs::read_to_string(path(file)).unwrap()
}

fn readme() -> String {
    read("README.md")
}

/// What a newcomer types first is there: the profile, the version of Rust, the packages that switch tests on.
#[test]
fn the_readme_says_what_the_first_commands_need() {
    let (readme, cargo) = (readme(), read("Cargo.toml"));
    let rust = cargo
        .lines()
        .find_map(|line| line.strip_prefix("rust-version = \""))
        .unwrap();
    assert!(readme.contains(&format!("Rust {} or later", rust.trim_end_matches('"'))));
    let (_, profile) = readme.split_once("cargo run --profile ").unwrap();
    let profile = profile.split(' ').next().unwrap();
    assert!(cargo.contains(&format!("[profile.{profile}]")), "{profile}");
    assert!(readme.contains(&format!("target/{profile}/connector-lab report")));
    let ci = read(".ci/run");
    let installed = ci.lines().find(|line| line.contains("apt-get install")).unwrap();
    // What measures, and what isn't for tests.
    let others = ["libtext-csv-perl", "libio-socket-ssl-perl", "python3-venv"];
    let (_, packages) = installed.split_once("recommends ").unwrap();
    for package in packages.split_whitespace().take_while(|word| !word.starts_with('>')) {
        assert!(
            others.contains(&package) || readme.contains(package),
            "{package} isn't in the README"
        );
    }
}

/// Each thing is told in one place, and those who come from the Perl connector needn't look for theirs.
#[test]
fn the_readme_leads_to_the_pages_and_they_say_the_same() {
    let readme = readme();
    assert!(
        !readme.lines().any(|line| line.starts_with("| `qualys.")),
        "settings stand in docs/configuration.md"
    );
    let titles: Vec<&str> = readme.lines().filter_map(|line| line.strip_prefix("## ")).collect();
    let place = |title: &str| titles.iter().position(|one| *one == title).unwrap();
    assert!(place("Coming from the Perl connector") < place("On Kubernetes").min(place("Configure")));
    // One way to build the demo, one lock for two runs.
    for page in [
        "README.md",
        "docs/quickstart.md",
        "docs/migration.md",
        "docs/faq.md",
        "deploy/crontab",
    ] {
        for line in read(page).lines() {
            let demo = line.contains("-p connector-lab -- demo");
            assert!(!demo || line.contains("cargo run --profile demo "), "{page}: {line}");
            let lock = line.contains("flock -") && !line.contains("/run/lock/qualys-connector ");
            assert!(!lock, "{page}: {line}");
        }
    }
}

#[test]
fn the_readme_explains_every_exit_code() {
    let readme = readme();
    let rows: Vec<&str> = readme.lines().filter(|line| line.starts_with("| ")).collect();
    for exit in Exit::ALL {
        let code = exit.code().to_string();
        let cell = |row: &&str| {
            row.split('|')
                .nth(1)
                .is_some_and(|cell| cell.split([' ', ',']).any(|one| one == code))
        };
        assert!(rows.iter().any(cell), "{exit} isn't in the README");
    }
}

#[test]
fn the_documentation_lists_every_metric() {
    let mut table = String::from("| metric | labels | what it says | of which run |\n|---|---|---|---|\n");
    for (when, metric) in METRICS {
        let labels = metric.labels.iter().map(|label| {
            let values = (label.values)().join(", ");
            match label.name {
                "version" => "`version`".to_owned(),
                name => format!("`{name}`: {values}"),
            }
        });
        let labels = labels.collect::<Vec<_>>().join("; ");
        let said = match when {
            When::AtTheEnd => "every one",
            When::OnSuccess => "a successful one",
            When::WithReport => "one that read a report",
            When::WithDelivery => "one that began to deliver",
            When::WithQualys => "one that asked Qualys",
            When::WhenReported => "one that Qualys told so",
            When::WithState => "one that remembers (`state.dir`)",
            When::WithLeftHosts => "one that looked for hosts that left",
            When::WithCertificate => "one that saw it",
            When::Meanwhile => "one that runs",
        };
        writeln!(table, "| `{}` | {labels} | {} | {said} |", metric.name, metric.help).unwrap();
    }
    holds("docs/metrics.md", "metrics", &table);
}

#[test]
fn the_documentation_lists_every_alert_and_each_has_a_runbook_and_a_test() {
    let rules = read("deploy/prometheus/rules.yaml");
    let tests = read("deploy/prometheus/rules_test.yaml");
    let mut table = String::from("| alert | severity | what has happened |\n|---|---|---|\n");
    let mut names = BTreeSet::new();
    for rule in rules.split("- alert: ").skip(1) {
        let value = |key: &str| {
            let line = rule.lines().find_map(|line| line.trim().strip_prefix(key));
            line.unwrap().trim().to_owned()
        };
        let name = rule.lines().next().unwrap().trim();
        let mut happened = String::new();
        for word in value("summary:").split_inclusive("}}") {
            let (text, label) = word.split_once("{{").unwrap_or((word, ""));
            happened += text;
            match label.trim_end_matches("}}").trim() {
                "" => {}
                label if label.starts_with("$value") => happened += "…",
                label => happened += &format!("*{}*", label.rsplit('.').next().unwrap()),
            }
        }
        writeln!(
            table,
            "| [{name}](runbooks/{name}.md) | {} | {happened} |",
            value("severity:")
        )
        .unwrap();
        let runbook = value("runbook_url:");
        assert_eq!(runbook, format!("docs/runbooks/{name}.md"));
        let text = read(&runbook);
        let parts: Vec<_> = text.lines().filter(|line| line.starts_with('#')).collect();
        let title = format!("# {name}");
        assert_eq!(parts, [&*title, "## Meaning", "## First look", "## Remedy"], "{name}");
        // It fires, and it doesn't.
        let cases: Vec<_> = tests
            .split("- eval_time: ")
            .filter(|case| case.contains(&format!("alertname: {name}\n")))
            .collect();
        assert!(
            cases.iter().any(|case| case.contains("exp_alerts")),
            "{name} never fires in a test"
        );
        let quiet = cases.iter().any(|case| !case.contains("exp_alerts"));
        assert!(quiet || name == "QualysImportStale", "{name} is never quiet in a test");
        names.insert(format!("{name}.md"));
    }
    holds("docs/metrics.md", "alerts", &table);
    let runbooks = fs::read_dir(path("docs/runbooks")).unwrap();
    let runbooks: BTreeSet<_> = runbooks
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(runbooks, names);
}

#[test]
fn dashboard_and_alerts_ask_for_metrics_that_there_are_and_show_every_one() {
    let known: BTreeSet<&str> = METRICS.iter().map(|(_, metric)| metric.name).collect();
    let asked = |file| {
        let text = read(file);
        let words = text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == ':'));
        let words = words.filter(|word| word.starts_with("qualys_connector_"));
        words.map(str::to_owned).collect::<BTreeSet<_>>()
    };
    let dashboard = asked("deploy/grafana/dashboard.json");
    for name in dashboard.iter().chain(&asked("deploy/prometheus/rules.yaml")) {
        assert!(known.contains(&**name), "{name} isn't a metric");
    }
    // What only alerts and people at a prompt need.
    let apart = [
        "last_completion_timestamp_seconds",
        "clean_hosts",
        "left_out_hosts",
        "running",
    ];
    for name in known {
        let short = name.trim_start_matches("qualys_connector_");
        let apart = apart.contains(&short) || short.starts_with("running_") || short == "qualys_reports";
        assert!(apart || dashboard.contains(name), "{name} isn't on the dashboard");
    }
}
