//! The one table of all settings. Help, documentation and `qualys-connector config` are made from it, and every
//! layer finds its names here: `qualys.user_id` in YAML, `QC_QUALYS__USER_ID` in the environment, `user_id` in the
//! `QualysGuard.yaml` of the Perl connector.

use std::str::FromStr;

use clap::ValueEnum;

use super::templates::{TemplateIds, Templates, UnfinishedScans};
use super::value::{self, Syntax};
use crate::host_input::Replies;
use crate::host_input::command::{Domain, Mode, Name};
use crate::host_input::trust::Trust;
use crate::qualys::{Api, Login};
use crate::report::selection::{Kinds, Networks, Qids, Ranges, Statuses};
use crate::telemetry::{logs, metrics};

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// Its name, `section.key`.
    pub key: &'static str,
    /// One line about it.
    pub help: &'static str,
    /// How its values are written.
    pub syntax: Syntax,
    /// The value it has when nothing is said; empty: none.
    pub default: &'static str,
    /// A value to copy; empty: the default says it.
    pub example: &'static str,
    /// Whether its value must never be shown.
    pub secret: bool,
    /// Its key in `QualysGuard.yaml`; empty: the old tool had none.
    pub old: &'static str,
}

/// Every setting, section by section.
pub static SETTINGS: &[Setting] = &[
    Setting::new("qualys.url", Syntax::Platform, "Platform of Qualys that the account lives on, or the base address of its API")
        .default("https://qualysapi.qualys.com")
        .example("EU2")
        .old("url"),
    text("qualys.user_id", "User at Qualys")
        .example("dirk_g")
        .old("user_id"),
    secret("qualys.password", "Password of that user").old("password"),
    list::<TemplateIds>(
        "qualys.template_ids",
        "numbers of report templates",
        "Report templates to import, in this order",
    )
    .example("424242,535353")
    .item("[0-9]+")
    .old("template_id"),
    number(
        "qualys.template_index",
        0,
        99_999,
        "Which one of them to import, counted from 0, for an Indexed Job; not set: all",
    )
    .example("0"),
    url("qualys.proxy.url", &["http", "https"], "Proxy on the way to Qualys")
        .example("https://192.168.1.100:443")
        .old("proxy"),
    text("qualys.proxy.username", "User at the proxy")
        .example("zaphod")
        .old("proxy_username"),
    secret("qualys.proxy.password", "Password of that user").old("proxy_password"),
    path("qualys.ca_file", "Certificates (PEM) to trust besides the usual roots").example("/etc/ssl/company-ca.pem"),
    words::<Login>("qualys.login", "How requests prove who sends them").default("basic"),
    path(
        "qualys.token_file",
        "File with the bearer token, for qualys.login=token",
    )
    .example("/run/secrets/qualys/token"),
    words::<Api>("qualys.api", "Interface of Qualys that delivers the report").default("report-share"),
    Setting::new(
        "qualys.api_version",
        Syntax::VERSION,
        "Version in the paths of that interface",
    )
    .default("2.0"),
    number(
        "qualys.reports_at_once",
        1,
        32,
        "Reports of several templates that Qualys makes at the same time, at most",
    )
    .default("2"),
    boolean("qualys.keep_report", "Leave the report in Qualys' storage").default("n"),
    duration("qualys.poll_interval", "Time between two looks at a running report").default("30s"),
    duration("qualys.connect_timeout", "Longest time for a connection to come about").default("10s"),
    duration("qualys.idle_timeout", "Longest silence while an answer arrives").default("5m"),
    duration(
        "qualys.deadline",
        "Longest time for everything at Qualys, waits included",
    )
    .default("2h"),
    duration(
        "qualys.adopt_within",
        "Greatest age of an earlier attempt's report to go on with; 0: never",
    )
    .default("6h")
    .or_zero(),
    path(
        "report.file",
        "Report to import instead of asking Qualys; - is standard input",
    )
    .example("report.xml"),
    words::<UnfinishedScans>(
        "report.unfinished_scans",
        "What becomes of a scan that isn't finished: merge replaces and clears nothing",
    )
    .default("refuse"),
    list::<Ranges>(
        "selection.ip_ranges",
        "addresses, networks or dashed ranges",
        "Hosts to import; not set: all",
    )
    .example("192.168.1.0/24,10.1.2.3-10.1.2.10")
    .old("ip_ranges"),
    list::<Networks>(
        "selection.networks",
        "numbers of networks or all",
        "Networks to import; 0 is the default one",
    )
    .default("0"),
    list::<Kinds>(
        "selection.kinds",
        "confirmed, potential, information or all",
        "Kinds of findings",
    )
    .default("confirmed,potential")
    .item("confirmed|potential|information|all"),
    list::<Statuses>(
        "selection.statuses",
        "new, active, reopened, fixed or all",
        "States of findings",
    )
    .default("new,active,reopened")
    .item("new|active|reopened|fixed|all"),
    number("selection.min_severity", 1, 5, "Least severity").default("1"),
    list::<Qids>(
        "selection.qids",
        "QIDs or ranges of them",
        "Only these vulnerabilities; not set: all",
    )
    .example("38173,100000-100010")
    .item("[0-9]+( *- *[0-9]+)?"),
    list::<Qids>(
        "selection.exclude_qids",
        "QIDs or ranges of them",
        "Never these vulnerabilities",
    )
    .example("38173,100000-100010")
    .item("[0-9]+( *- *[0-9]+)?"),
    boolean(
        "selection.only_with_cve",
        "Only vulnerabilities that can raise an event's impact",
    )
    .default("n"),
    boolean("commands.add_host", "Create hosts that the network map lacks")
        .default("n")
        .old("add_host"),
    form::<Name>(
        "commands.source",
        "a name",
        "Application source that host data is filed under",
    )
    .default("Qualys"),
    form::<Name>("commands.scanner", "a name", "Scanner that results are filed under").default("Qualys"),
    form::<Domain>(
        "commands.domain",
        "a path or a UUID",
        "Leaf domain, where the certificate belongs to a domain above it",
    )
    .example("Global\\Berlin"),
    words::<Mode>("commands.mode", "What happens to the results that a host has already").default("replace"),
    words::<Templates>(
        "commands.templates",
        "Whether several templates may report the same host",
    )
    .default("overlapping"),
    boolean(
        "commands.clear_clean_hosts",
        "Remove the results of clean hosts: listed whole, with something fixed and nothing open that is asked for",
    )
    .default("y"),
    number(
        "commands.description_length",
        0,
        16_000,
        "Characters of a description, at most; 0 sends none",
    )
    .default("1024"),
    boolean("commands.set_os", "Tell the operating system too").default("n"),
    form::<Name>(
        "commands.hostname_attribute",
        "a name",
        "Host attribute that takes the DNS name",
    )
    .example("Hostname"),
    host("management_center.server", "Management Center").example("10.10.10.10"),
    number("management_center.port", 1, 65_535, "Its port for Host Input").default("8307"),
    path(
        "management_center.pkcs12",
        "Certificate that it issued; not set: the first *.pkcs12 in the working directory",
    )
    .example("CertFile.pkcs12"),
    secret("management_center.pkcs12_password", "Password of that file"),
    boolean("management_center.ipv6", "Try only its IPv6 addresses").default("n"),
    form::<Trust>(
        "management_center.trust",
        "pkcs12, fingerprint:SHA256, ca_file:PATH or insecure",
        "How the Management Center proves that it is the right one",
    )
    .default("pkcs12"),
    duration("management_center.connect_timeout", "Longest time for TCP and TLS").default("10s"),
    duration(
        "management_center.connect_deadline",
        "How long it is waited for while it isn't there, as when it restarts",
    )
    .default("15m"),
    duration(
        "management_center.answer_timeout",
        "Longest time that it works on a frame",
    )
    .default("5m"),
    duration(
        "management_center.deadline",
        "Longest time for sending; of disjoint templates each has it",
    )
    .default("2h"),
    number(
        "management_center.max_frame",
        2_000,
        64_000,
        "Bytes of commands in a frame, at most",
    )
    .default("64000"),
    number(
        "management_center.window",
        1,
        64,
        "Frames sent before the first one is answered",
    )
    .default("1"),
    words::<Replies>("management_center.replies", "How exactly an answer must be worded").default("strict"),
    number(
        "management_center.host_limit",
        1,
        10_000_000,
        "Hosts that its network map holds, at most: an import of more is warned about",
    )
    .example("50000"),
    path("csv.file", "File that takes the commands; when set, nothing is sent").example("Output.csv"),
    path("page.file", "File that takes one page (HTML) which shows the run").example("run.html"),
    words::<logs::Level>(
        "log.level",
        "Least weight of what is logged; 3, 2, 1, 0 are debug, info, warning, error",
    )
    .default("info"),
    words::<logs::Format>(
        "log.format",
        "Form of log lines; auto is text on a terminal and in a syslog, else JSON",
    )
    .default("auto"),
    path("log.file", "File that log lines are added to").example("/var/log/qualys-connector.log"),
    form::<logs::Syslog>(
        "log.syslog",
        "none, local, unix:PATH, udp://HOST:PORT or tcp://HOST:PORT",
        "Syslog that log lines go to",
    )
    .default("none"),
    boolean(
        "log.stderr",
        "Log to standard error too; not set: only when there is no other log",
    )
    .example("y"),
    path(
        "log.termination_file",
        "File that takes the outcome as one line, where it is there already",
    )
    .default(TERMINATION_FILE),
    duration(
        "telemetry.flush_timeout",
        "Longest time that the last spans may take to a collector (OTEL_EXPORTER_OTLP_ENDPOINT)",
    )
    .default("5s"),
    form::<metrics::Identity>(
        "telemetry.import",
        "a name",
        "Name that tells this import's metrics from another's, the same in every run",
    )
    .default("default"),
    duration(
        "telemetry.expected_interval",
        "Time between two imports, which alerts are derived from",
    )
    .default("1d"),
    path(
        "telemetry.metrics_file",
        "File (*.prom) that takes the metrics, for node_exporter's textfile collector",
    )
    .example("/var/lib/prometheus/node-exporter/qualys-connector.prom"),
    boolean(
        "telemetry.metrics_required",
        "Metrics that can't be pushed fail the run (69), as does a file that can't be written (73, before anything is asked for), instead of being warned of",
    )
    .default("n"),
    url(
        "telemetry.pushgateway.url",
        &["http", "https"],
        "Pushgateway that metrics are pushed to",
    )
    .example("http://pushgateway:9091"),
    form::<metrics::Identity>(
        "telemetry.pushgateway.job",
        "a name",
        "Job that they are filed under there",
    )
    .default("qualys-connector"),
    form::<metrics::Identity>(
        "telemetry.pushgateway.namespace",
        "a name",
        "Namespace that they are filed under too, where imports of several have one name",
    )
    .example("security"),
    text("telemetry.pushgateway.username", "User at the Pushgateway").example("qualys-connector"),
    secret("telemetry.pushgateway.password", "Password of that user"),
    secret(
        "telemetry.pushgateway.token",
        "Bearer token, in the place of user and password",
    ),
    path(
        "telemetry.pushgateway.ca_file",
        "Certificates (PEM) to trust besides the usual roots",
    )
    .example("/etc/ssl/company-ca.pem"),
    url(
        "telemetry.pushgateway.proxy.url",
        &["http", "https"],
        "Proxy on the way to the Pushgateway",
    )
    .example("http://192.168.1.100:3128"),
    text("telemetry.pushgateway.proxy.username", "User at that proxy").example("zaphod"),
    secret("telemetry.pushgateway.proxy.password", "Password of that user"),
    duration(
        "telemetry.pushgateway.timeout",
        "Longest time for a push, and that pushing prolongs a run",
    )
    .default("5s"),
    duration(
        "telemetry.pushgateway.interval",
        "Time between two pushes while an import runs; 0: only at the end",
    )
    .default("1m")
    .or_zero(),
];

/// Where Kubernetes looks for the outcome of a container.
pub(super) const TERMINATION_FILE: &str = "/dev/termination-log";

impl Setting {
    /// The section, the first part of the key.
    pub fn section(&self) -> &'static str {
        self.key.split_once('.').map_or(self.key, |(section, _)| section)
    }

    /// The environment variable: `QC_QUALYS__USER_ID` for `qualys.user_id`.
    pub fn variable(&self) -> String {
        format!("QC_{}", self.key.replace('.', "__").to_ascii_uppercase())
    }

    /// A right value to copy, or nothing.
    pub fn sample(&self) -> &'static str {
        match self.example {
            "" => self.default,
            example => example,
        }
    }

    /// The value as anybody may see it: secrets are hidden, and so is an address with a password inside, which
    /// [`Syntax::check`] refuses.
    pub(super) fn shown<'a>(&self, text: &'a str) -> &'a str {
        let hidden = self.secret || (matches!(self.syntax, Syntax::Url(_) | Syntax::Platform) && text.contains('@'));
        if hidden { "[redacted]" } else { text }
    }

    const fn new(key: &'static str, syntax: Syntax, help: &'static str) -> Self {
        Setting {
            key,
            help,
            syntax,
            default: "",
            example: "",
            secret: false,
            old: "",
        }
    }

    const fn default(self, default: &'static str) -> Self {
        Setting { default, ..self }
    }

    const fn example(self, example: &'static str) -> Self {
        Setting { example, ..self }
    }

    /// Zero has a meaning.
    const fn or_zero(self) -> Self {
        Setting {
            syntax: Syntax::Duration { zero: true },
            ..self
        }
    }

    /// An item of a list, as a regular expression.
    const fn item(self, item: &'static str) -> Self {
        let syntax = match self.syntax {
            Syntax::Form {
                expected, list, check, ..
            } => Syntax::Form {
                expected,
                list,
                item,
                check,
            },
            other => other,
        };
        Setting { syntax, ..self }
    }

    const fn old(self, old: &'static str) -> Self {
        Setting { old, ..self }
    }
}

/// The setting of a key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The setting of a key in `QualysGuard.yaml`.
pub(super) fn find_old(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| !key.is_empty() && setting.old == key)
}

/// Whether a name is that of a section.
pub(super) fn is_section(name: &str) -> bool {
    SETTINGS.iter().any(|setting| setting.section() == name)
}

/// The setting that was probably meant by a name that none has, if any comes near.
pub(super) fn nearest(given: &str) -> Option<&'static Setting> {
    let given = given.to_ascii_lowercase();
    let (length, limit) = (given.chars().count(), given.len() / 3);
    let distance = |setting: &Setting| {
        let tail = setting.key.rsplit('.').next().unwrap_or(setting.key);
        let names = [setting.key, tail, setting.old].into_iter();
        // Names are as far apart as their lengths at least, and comparing takes the product of both.
        names
            .filter(|name| name.len().abs_diff(length) <= limit)
            .map(|name| strsim::damerau_levenshtein(&given, name))
            .min()
            .unwrap_or(usize::MAX)
    };
    let nearest = SETTINGS.iter().min_by_key(|setting| distance(setting))?;
    (distance(nearest) <= limit).then_some(nearest)
}

const fn text(key: &'static str, help: &'static str) -> Setting {
    Setting::new(key, Syntax::Text, help)
}

const fn secret(key: &'static str, help: &'static str) -> Setting {
    Setting {
        secret: true,
        ..text(key, help)
    }
}

const fn path(key: &'static str, help: &'static str) -> Setting {
    Setting::new(key, Syntax::Path, help)
}

const fn host(key: &'static str, help: &'static str) -> Setting {
    Setting::new(key, Syntax::Host, help)
}

const fn boolean(key: &'static str, help: &'static str) -> Setting {
    Setting::new(key, Syntax::Boolean, help)
}

const fn number(key: &'static str, least: u64, most: u64, help: &'static str) -> Setting {
    Setting::new(key, Syntax::Number(least, most), help)
}

const fn duration(key: &'static str, help: &'static str) -> Setting {
    Setting::new(key, Syntax::Duration { zero: false }, help)
}

const fn url(key: &'static str, schemes: &'static [&'static str], help: &'static str) -> Setting {
    Setting::new(key, Syntax::Url(schemes), help)
}

const fn words<T: ValueEnum>(key: &'static str, help: &'static str) -> Setting {
    let syntax = Syntax::Words {
        words: value::words::<T>,
        spellings: value::spellings::<T>,
        check: value::is_word::<T>,
    };
    Setting::new(key, syntax, help)
}

const fn form<T: FromStr<Err: ToString>>(key: &'static str, expected: &'static str, help: &'static str) -> Setting {
    let check = parses::<T>;
    Setting::new(
        key,
        Syntax::Form {
            expected,
            list: false,
            item: "",
            check,
        },
        help,
    )
}

const fn list<T: FromStr<Err: ToString>>(key: &'static str, expected: &'static str, help: &'static str) -> Setting {
    let check = parses::<T>;
    Setting::new(
        key,
        Syntax::Form {
            expected,
            list: true,
            item: "",
            check,
        },
        help,
    )
}

fn parses<T: FromStr<Err: ToString>>(text: &str) -> Result<(), String> {
    text.parse::<T>().map(drop).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn the_nearest_name_is_found_and_a_long_one_costs_nothing() {
        let found = |given: &str| nearest(given).map(|setting| setting.key);
        assert_eq!(found("usr_id"), Some("qualys.user_id"));
        assert_eq!(found("Management_Center.prot"), Some("management_center.port"));
        assert_eq!(found("nothing_like_it"), None);
        let begun = Instant::now();
        assert_eq!(found(&"x".repeat(1 << 20)), None);
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    }
}
