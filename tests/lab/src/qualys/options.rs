//! How the lab's Qualys is to behave.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use humantime::parse_duration;

use super::detections::{Oddity, Right};
use super::fault::Fault;
use crate::defaults::defaults;
use crate::report;

/// How the lab's Qualys is to behave.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Qualys")]
pub struct Options {
    /// Where to listen; port 0 is any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where to write ca.pem, address and requests.jsonl
    #[arg(long)]
    pub dir: Option<PathBuf>,
    /// Further names for the certificate, besides localhost, 127.0.0.1 and ::1
    #[arg(long = "name", value_name = "NAME")]
    pub names: Vec<String>,

    /// The only login that is right; any is when it's left out
    #[arg(long, requires = "password")]
    pub user: Option<String>,
    /// The password of --user
    #[arg(long, requires = "user")]
    pub password: Option<String>,
    /// A bearer token that is right
    #[arg(long)]
    pub token: Option<String>,
    /// How a wrong login is answered; the old guide shows 2010
    #[arg(long, value_name = "CODE[/STATUS]", default_value = "2000")]
    pub bad_login: Reply,

    /// The only report templates there are; any id is one when it's left out
    #[arg(long, value_name = "ID[:manual][:TYPE],…", value_delimiter = ',')]
    pub templates: Vec<Template>,
    /// How the launch of an unknown template is answered; the old guide shows 999
    #[arg(long, value_name = "CODE[/STATUS]", default_value = "1905")]
    pub unknown_template: Reply,
    /// Serve this file instead of a generated report, for all templates or one
    #[arg(long = "report", value_name = "[ID=]FILE")]
    pub files: Vec<ReportFile>,
    /// Give each template other findings on the same hosts
    #[arg(long)]
    pub distinct: bool,
    /// What the report share holds, in bytes, before launches are refused
    #[arg(long, value_name = "BYTES")]
    pub storage: Option<u64>,

    /// Send reports without a length
    #[arg(long)]
    pub chunked: bool,
    /// Send reports as they are even to clients that take gzip
    #[arg(long)]
    pub no_gzip: bool,
    /// Send reports longer than this as a zip
    #[arg(long, value_name = "BYTES")]
    pub zip_above: Option<u64>,
    /// Write the names of headers with capitals
    #[arg(long)]
    pub capital_headers: bool,

    /// What is strange in lists of hosts and detections
    #[arg(long = "oddity", value_name = "ODDITY", value_enum)]
    pub oddities: Vec<Oddity>,
    /// Hosts in a page of detections, at most, also for a call that wants all of them in one
    #[arg(long, value_name = "HOSTS", value_parser = clap::value_parser!(u64).range(1..))]
    pub hosts_per_page: Option<u64>,
    /// Entries in a page of the KnowledgeBase, at most
    #[arg(long, value_name = "ENTRIES", value_parser = clap::value_parser!(u64).range(1..))]
    pub entries_per_page: Option<u64>,
    /// Whether the KnowledgeBase may be read, or how it's refused
    #[arg(long, value_enum, default_value_t)]
    pub knowledge_base: Right,

    /// What goes wrong, and when: `[done-]NAME[=ARGUMENT][@ACTION[/ID][:WHEN]]`
    #[arg(long = "fault", value_name = "FAULT", long_help = super::fault::help())]
    pub faults: Vec<Fault>,
    /// How many seconds of Qualys' pass in one of a client's
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0)]
    pub speed: f64,

    /// How long things take.
    #[command(flatten)]
    pub times: Times,
    /// How much it takes from a subscription.
    #[command(flatten)]
    pub limits: Limits,
    /// The report that is generated where no file is given.
    #[command(flatten)]
    pub report: report::Options,
}

impl Default for Options {
    fn default() -> Self {
        defaults()
    }
}

/// How long things take at Qualys.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Qualys: times")]
pub struct Times {
    /// After a launch, the list doesn't show the report for so long
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = parse_duration)]
    pub unlisted: Duration,
    /// After a launch, the report is Submitted for so long
    #[arg(long, value_name = "DURATION", default_value = "5s", value_parser = parse_duration)]
    pub queued: Duration,
    /// After a launch, the report is Finished in so long; the old call sends its first byte then
    #[arg(long, value_name = "DURATION", default_value = "30s", value_parser = parse_duration)]
    pub build_time: Duration,
    /// A finished report can't be fetched yet for so long
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = parse_duration)]
    pub fetch_lag: Duration,
    /// A report is kept for so long
    #[arg(long, value_name = "DURATION", default_value = "7days", value_parser = parse_duration)]
    pub keep: Duration,
    /// An idle session ends after so long
    #[arg(long, value_name = "DURATION", default_value = "60m", value_parser = parse_duration)]
    pub session: Duration,
}

impl Times {
    /// A report is finished and can be fetched as soon as it's launched.
    pub fn instant() -> Self {
        Self {
            unlisted: Duration::ZERO,
            queued: Duration::ZERO,
            build_time: Duration::ZERO,
            fetch_lag: Duration::ZERO,
            ..Self::default()
        }
    }

    pub(super) fn divided(&self, speed: f64) -> Self {
        let divided = |time: Duration| time.div_f64(speed);
        Self {
            unlisted: divided(self.unlisted),
            queued: divided(self.queued),
            build_time: divided(self.build_time),
            fetch_lag: divided(self.fetch_lag),
            keep: divided(self.keep),
            session: divided(self.session),
        }
    }
}

impl Default for Times {
    fn default() -> Self {
        defaults()
    }
}

/// How much Qualys takes from a subscription.
#[derive(Debug, Clone, clap::Args)]
#[group(skip)]
#[command(next_help_heading = "Qualys: limits")]
pub struct Limits {
    /// Calls of an API in a window
    #[arg(long, value_name = "CALLS", default_value_t = 300)]
    pub rate_limit: u32,
    /// How long a window is
    #[arg(long, value_name = "DURATION", default_value = "3600s", value_parser = parse_duration)]
    pub rate_window: Duration,
    /// Calls of an API at the same time
    #[arg(long, value_name = "CALLS", default_value_t = 2)]
    pub concurrency: u32,
    /// Which headers tell of the limits
    #[arg(long, value_enum, default_value_t)]
    pub limit_headers: LimitHeaders,
}

impl Default for Limits {
    fn default() -> Self {
        defaults()
    }
}

/// Which headers tell of the limits.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, clap::ValueEnum)]
pub enum LimitHeaders {
    /// All of them.
    #[default]
    All,
    /// All but X-RateLimit-ToWait-Sec, as reported of first refusals.
    NoWait,
    /// None, as on the gateway.
    None,
}

/// A code of Qualys' and, where it isn't the usual one, the HTTP status it comes with: `CODE[/STATUS]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reply {
    /// Qualys' code.
    pub code: u32,
    /// The HTTP status, when it isn't the code's usual one.
    pub status: Option<u16>,
}

impl FromStr for Reply {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (code, status) = match text.split_once('/') {
            Some((code, status)) => (code, Some(status)),
            None => (text, None),
        };
        let number = |text: &str| text.parse().map_err(|_| format!("`{text}` isn't CODE or CODE/STATUS"));
        Ok(Self {
            code: number(code)?,
            status: status.map(super::fault::parse_status).transpose()?,
        })
    }
}

/// A report template: `ID[:manual][:TYPE]`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Template {
    /// Its number.
    pub id: u64,
    /// It wants scans to report on (TYPE Manual).
    pub manual: bool,
    /// TEMPLATE_TYPE: Scan, Patch, Compliance …
    pub kind: String,
}

impl Template {
    /// A template that suits unattended runs.
    pub fn auto_scan(id: u64) -> Self {
        Self {
            id,
            manual: false,
            kind: "Scan".to_owned(),
        }
    }
}

impl FromStr for Template {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut parts = text.split(':');
        let id = parts.next().unwrap_or_default();
        let id = id
            .parse()
            .map_err(|_| format!("`{id}` isn't the number of a template"))?;
        let mut template = Self::auto_scan(id);
        for part in parts {
            match part {
                "manual" => template.manual = true,
                "auto" => template.manual = false,
                kind => kind.clone_into(&mut template.kind),
            }
        }
        Ok(template)
    }
}

/// A file to serve as the report: `[ID=]FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Of which template; `None`: of all that have no file of their own.
    pub template: Option<u64>,
    /// Which file.
    pub path: PathBuf,
}

impl FromStr for ReportFile {
    type Err = std::convert::Infallible;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let one = text
            .split_once('=')
            .and_then(|(id, path)| Some((id.parse().ok()?, path)));
        Ok(match one {
            Some((id, path)) => Self {
                template: Some(id),
                path: path.into(),
            },
            None => Self {
                template: None,
                path: text.into(),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_person_types() {
        assert_eq!("424242".parse(), Ok(Template::auto_scan(424_242)));
        let patch: Template = "7:manual:Patch".parse().unwrap();
        assert_eq!((patch.id, patch.manual, patch.kind.as_str()), (7, true, "Patch"));
        assert_eq!(
            "999/200".parse(),
            Ok(Reply {
                code: 999,
                status: Some(200)
            })
        );
        let file = |text: &str| text.parse::<ReportFile>().unwrap();
        assert_eq!(file("7=a.xml").template, Some(7));
        assert_eq!(file("b=a.xml").path, PathBuf::from("b=a.xml"));
    }

    #[test]
    fn nothing_typed_is_a_standard_subscription() {
        let Options { limits, times, .. } = Options::default();
        assert_eq!(
            (limits.rate_limit, limits.rate_window.as_secs(), limits.concurrency),
            (300, 3600, 2)
        );
        assert_eq!(times.session, Duration::from_secs(3600));
    }
}
