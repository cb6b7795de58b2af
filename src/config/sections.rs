//! The sections, built from values that have been checked; and what must be given, and what doesn't go together.
//!
//! Building stops at the first thing that it lacks. By then all of that has been reported as mistakes, so that
//! nothing is lost by it.

use std::net::Ipv4Addr;

use super::files;
use super::mistake::Mistake;
use super::read::Reader;
use super::settings;
use super::templates::TemplateIds;
use super::value;
use super::{PlanSettings, Sink, Source};
use crate::host_input::{self, command};
use crate::http::{Endpoint, Proxy};
use crate::qualys::{self, Login};
use crate::report::selection::Selection;
use crate::telemetry::logs::{self, Syslog};
use crate::telemetry::metrics::{self, pushgateway};
use crate::telemetry::traces;

/// Settings that an import can't do without, or that contradict each other.
pub(super) fn import_mistakes(read: Reader<'_>) -> Vec<Mistake> {
    let mut mistakes = plan_mistakes(read);
    if !read.is_set("csv.file") {
        match read.is_set("management_center.server") {
            true => mistakes.extend(management_center_mistakes(read)),
            false => mistakes.push(Mistake::NoSink),
        }
    }
    mistakes
}

/// The same for a plan, which goes nowhere.
pub(super) fn plan_mistakes(read: Reader<'_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if !read.is_set("report.file") {
        let token = read.word("qualys.login") == Some(Login::Token);
        let login: &[_] = if token {
            &["qualys.token_file"]
        } else {
            &["qualys.user_id", "qualys.password"]
        };
        mistakes.extend(missing(read, login));
        mistakes.extend(missing(read, &["qualys.template_ids"]));
        mistakes.extend(index_mistake(read));
        mistakes.extend(proxy_mistake(read, "qualys.url", "qualys.proxy", true));
    }
    mistakes.extend(metrics_mistakes(read));
    mistakes
}

/// An index that no template has.
fn index_mistake(read: Reader<'_>) -> Option<Mistake> {
    let index: usize = read.parsed("qualys.template_index")?;
    let count = read.parsed::<TemplateIds>("qualys.template_ids")?.into_vec().len();
    (index >= count).then(|| {
        let last = count.saturating_sub(1);
        Mistake::Contradiction(format!(
            "qualys.template_index is {index}, but the {count} templates of qualys.template_ids count from 0 to {last}"
        ))
    })
}

/// A proxy that can't be used, or that doesn't go together with the address that it stands before; `proxy` is the
/// section of its settings.
fn proxy_mistake(read: Reader<'_>, key: &'static str, proxy: &'static str, login: bool) -> Option<Mistake> {
    let proxy_key = settings::find(&format!("{proxy}.url"))?.key;
    let (url, proxy) = (read.url(key)?, self::proxy(read, proxy));
    let endpoint = Endpoint {
        url: &url,
        key,
        proxy: proxy.as_ref(),
        proxy_key,
        login,
    };
    Some(Mistake::Contradiction(endpoint.via().err()?.to_string()))
}

/// The proxy that a section of settings names.
fn proxy(read: Reader<'_>, section: &str) -> Option<Proxy> {
    Some(Proxy {
        url: read.url(&format!("{section}.url"))?,
        username: read.text(&format!("{section}.username")),
        password: read.secret(&format!("{section}.password")),
    })
}

/// The same for the sending of a file.
pub(super) fn send_mistakes(read: Reader<'_>) -> Vec<Mistake> {
    match read.is_set("management_center.server") {
        true => management_center_mistakes(read),
        false => vec![Mistake::NoServer],
    }
}

fn management_center_mistakes(read: Reader<'_>) -> Vec<Mistake> {
    let mut mistakes = Vec::new();
    if !read.is_set("management_center.pkcs12") {
        mistakes.push(Mistake::Missing {
            key: "management_center.pkcs12",
            remedy: "there is no *.pkcs12 in the working directory either; say --pkcs12 FILE with the file that the \
                     Management Center issued"
                .into(),
        });
    }
    let ipv4 = |server: &str| server.parse::<Ipv4Addr>().is_ok();
    let only_ipv6 = read.boolean("management_center.ipv6") == Some(true);
    if only_ipv6 && read.given("management_center.server").is_some_and(ipv4) {
        mistakes.push(Mistake::Contradiction(
            "management_center.ipv6 allows IPv6 only, but management_center.server is an IPv4 address".into(),
        ));
    }
    mistakes
}

fn missing(read: Reader<'_>, keys: &[&str]) -> Vec<Mistake> {
    let missing = keys.iter().filter(|key| !read.is_set(key));
    missing
        .filter_map(|key| settings::find(key))
        .map(Mistake::missing)
        .collect()
}

/// Where reports come from.
pub(super) fn source(read: Reader<'_>) -> Option<Source> {
    match read.given("report.file") {
        Some("-") => Some(Source::StandardInput),
        Some(path) => Some(Source::File(path.into())),
        None => Some(Source::Qualys {
            settings: qualys(read)?,
            templates: templates(read)?,
            at_once: read.parsed("qualys.reports_at_once")?,
        }),
    }
}

/// All of them, or the one that an index chooses.
pub(super) fn templates(read: Reader<'_>) -> Option<Vec<u64>> {
    let templates = read.parsed::<TemplateIds>("qualys.template_ids")?.into_vec();
    match read.parsed::<usize>("qualys.template_index") {
        None => Some(templates),
        Some(index) => templates.get(index).map(|template| vec![*template]),
    }
}

pub(super) fn qualys(read: Reader<'_>) -> Option<qualys::Settings> {
    let login = read.word("qualys.login")?;
    let (user_id, password) = match login {
        // A token proves all by itself.
        Login::Token => (read.text("qualys.user_id"), read.secret("qualys.password")),
        Login::Basic | Login::Session => (
            Some(read.text("qualys.user_id")?),
            Some(read.secret("qualys.password")?),
        ),
    };
    Some(qualys::Settings {
        url: value::api_base(read.url("qualys.url")?),
        user_id: user_id.unwrap_or_default(),
        password: password.unwrap_or_default(),
        login,
        token_file: read.path("qualys.token_file"),
        api: read.word("qualys.api")?,
        api_version: read.text("qualys.api_version")?,
        proxy: proxy(read, "qualys.proxy"),
        ca_file: read.path("qualys.ca_file"),
        keep_report: read.boolean("qualys.keep_report")?,
        poll_interval: read.duration("qualys.poll_interval")?,
        connect_timeout: read.duration("qualys.connect_timeout")?,
        idle_timeout: read.duration("qualys.idle_timeout")?,
        deadline: read.duration("qualys.deadline")?,
        import: read.text("telemetry.import")?,
        destination: destination(read),
        adopt_within: read.duration("qualys.adopt_within")?,
    })
}

/// Where findings go, as a name.
fn destination(read: Reader<'_>) -> String {
    match (read.given("csv.file"), read.given("management_center.server")) {
        (Some(file), _) => file.to_owned(),
        (None, Some(server)) => format!("{server}:{}", read.given("management_center.port").unwrap_or_default()),
        (None, None) => String::new(),
    }
}

pub(super) fn selection(read: Reader<'_>) -> Option<Selection> {
    Some(Selection {
        ranges: read.parsed("selection.ip_ranges").unwrap_or_default(),
        networks: read.parsed("selection.networks").unwrap_or_default(),
        kinds: read.parsed("selection.kinds")?,
        statuses: read.parsed("selection.statuses")?,
        min_severity: read.parsed("selection.min_severity")?,
        qids: read.parsed("selection.qids").unwrap_or_default(),
        exclude_qids: read.parsed("selection.exclude_qids").unwrap_or_default(),
        only_with_cve: read.boolean("selection.only_with_cve")?,
    })
}

pub(super) fn commands(read: Reader<'_>) -> Option<command::Settings> {
    Some(command::Settings {
        add_host: read.boolean("commands.add_host")?,
        source: read.parsed("commands.source")?,
        scanner: read.parsed("commands.scanner")?,
        domain: read.parsed("commands.domain"),
        mode: read.word("commands.mode")?,
        clear_clean_hosts: read.boolean("commands.clear_clean_hosts")?,
        description_length: read.parsed("commands.description_length")?,
        set_os: read.boolean("commands.set_os")?,
        hostname_attribute: read.parsed("commands.hostname_attribute"),
    })
}

/// Where commands go to.
pub(super) fn sink(read: Reader<'_>) -> Option<Sink> {
    match read.path("csv.file") {
        Some(file) => {
            let by_template = files::is_by_template(read);
            Some(Sink::Csv { file, by_template })
        }
        None => management_center(read).map(Sink::ManagementCenter),
    }
}

/// Nowhere: what would be sent is counted.
pub(super) fn plan(read: Reader<'_>) -> Option<Sink> {
    Some(Sink::Plan(PlanSettings {
        max_frame: read.parsed("management_center.max_frame")?,
        deadline: read.duration("management_center.deadline")?,
        host_limit: read.parsed("management_center.host_limit"),
    }))
}

pub(super) fn management_center(read: Reader<'_>) -> Option<host_input::Settings> {
    Some(host_input::Settings {
        server: read.host("management_center.server")?,
        port: read.parsed("management_center.port")?,
        pkcs12: read.path("management_center.pkcs12")?,
        pkcs12_password: read.secret("management_center.pkcs12_password"),
        ipv6: read.boolean("management_center.ipv6")?,
        connect_timeout: read.duration("management_center.connect_timeout")?,
        connect_deadline: read.duration("management_center.connect_deadline")?,
        answer_timeout: read.duration("management_center.answer_timeout")?,
        deadline: read.duration("management_center.deadline")?,
        max_frame: read.parsed("management_center.max_frame")?,
        window: read.parsed("management_center.window")?,
        replies: read.word("management_center.replies")?,
        host_limit: read.parsed("management_center.host_limit"),
        trust: read.parsed("management_center.trust")?,
    })
}

pub(super) fn log(read: Reader<'_>) -> Option<logs::Settings> {
    let (file, syslog) = (read.path("log.file"), read.parsed("log.syslog")?);
    // Something must be said somewhere, unless standard error is refused in so many words.
    let alone = file.is_none() && syslog == Syslog::None;
    Some(logs::Settings {
        level: read.word("log.level")?,
        format: read.word("log.format")?,
        file,
        syslog,
        stderr: read.boolean("log.stderr").unwrap_or(alone),
    })
}

pub(super) fn traces(read: Reader<'_>) -> Option<traces::Settings> {
    Some(traces::Settings {
        flush_timeout: read.duration("telemetry.flush_timeout")?,
    })
}
pub(super) fn metrics(read: Reader<'_>) -> Option<metrics::Settings> {
    let pushgateway = match read.is_set("telemetry.pushgateway.url") {
        true => Some(pushgateway(read)?),
        false => None,
    };
    Some(metrics::Settings {
        import: read.parsed("telemetry.import")?,
        expected_interval: read.duration("telemetry.expected_interval")?,
        required: read.boolean("telemetry.metrics_required")?,
        file: read.path("telemetry.metrics_file"),
        pushgateway,
    })
}

fn pushgateway(read: Reader<'_>) -> Option<pushgateway::Settings> {
    Some(pushgateway::Settings {
        url: read.url("telemetry.pushgateway.url")?,
        job: read.parsed("telemetry.pushgateway.job")?,
        namespace: read.parsed("telemetry.pushgateway.namespace"),
        username: read.text("telemetry.pushgateway.username"),
        password: read.secret("telemetry.pushgateway.password"),
        token: read.secret("telemetry.pushgateway.token"),
        ca_file: read.path("telemetry.pushgateway.ca_file"),
        proxy: proxy(read, "telemetry.pushgateway.proxy"),
        timeout: read.duration("telemetry.pushgateway.timeout")?,
        interval: read.duration("telemetry.pushgateway.interval")?,
    })
}

/// Settings of metrics that contradict each other.
fn metrics_mistakes(read: Reader<'_>) -> Vec<Mistake> {
    let both = read.is_set("telemetry.pushgateway.token") && read.is_set("telemetry.pushgateway.username");
    let both = both.then(|| {
        Mistake::Contradiction(
            "telemetry.pushgateway.token and telemetry.pushgateway.username are both set; a Pushgateway takes one of \
             them"
                .into(),
        )
    });
    let login = read.is_set("telemetry.pushgateway.token") || read.is_set("telemetry.pushgateway.username");
    let proxy = proxy_mistake(read, "telemetry.pushgateway.url", "telemetry.pushgateway.proxy", login);
    both.into_iter().chain(proxy).collect()
}
