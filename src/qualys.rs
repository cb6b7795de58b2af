//! Launch, wait, download: asking Qualys for the report of a report template.
//!
//! | module | is the home of |
//! |---|---|
//! | `transport` | one conversation: requests with login, limits, retries and counts; knows no reports |
//! | `reports` | the report share: launch, wait, download, tidy up, for several templates at the same time |
//! | `detections` | hosts and their detections without a template: list, fetch, look up |
//! | `error`, `fault`, `refusal` | what goes wrong |
//! | `platforms` | where accounts live |
//! | `usage`, `progress` | what a run asked of Qualys, and how far it is |
//!
//! Nothing here knows what a report says. Source of the protocol: Qualys' API guide and recorded exchanges (certain),
//! other clients (likely); the modules say which is which.

mod detections;
mod error;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
pub mod platforms;
mod progress;
mod refusal;
mod reports;
#[cfg(test)]
mod testing;
mod transport;
mod usage;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use crate::http::{Endpoint, ProxyError, Via};

pub use crate::http::Proxy;
pub use detections::{
    ChangeWindow, DetectionClient, DetectionError, DetectionSettings, Done, Fetched, HostBatch, HostGroups,
    HostListing, HostsWanted, MARGIN, Names, Scope, Shard, ShardError, Since, TagMatch,
};
pub use error::Error;
pub use fault::{Fault, TooLong};
pub use progress::{Progress, ReportProgress};
pub use refusal::{Refusal, Unfit};
pub use reports::{Ending, Finished, HURRY, Launched, ReportShare};
pub use transport::body::Body;
pub use transport::limits::Limits;
pub use usage::{CLASSES, Usage};

/// The section `qualys` of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `qualys.url`: base of the API.
    pub url: Url,
    /// `qualys.user_id`; may be empty where a token proves all by itself.
    pub user_id: String,
    /// `qualys.login`, with `qualys.password` or `qualys.token_file`.
    pub login: Login,
    /// `qualys.api`.
    pub api: Api,
    /// `qualys.api_version`: the number in `/api/2.0/fo/report/`.
    pub api_version: String,
    /// `qualys.proxy.*`.
    pub proxy: Option<Proxy>,
    /// `qualys.ca_file`: certificates to trust besides the usual roots.
    pub ca_file: Option<PathBuf>,
    /// `qualys.keep_report`: leave the report in Qualys' storage.
    pub keep_report: bool,
    /// `qualys.poll_interval`.
    pub poll_interval: Duration,
    /// `qualys.connect_timeout`.
    pub connect_timeout: Duration,
    /// `qualys.idle_timeout`: longest silence between two bytes.
    pub idle_timeout: Duration,
    /// `qualys.deadline`: everything at Qualys, waits included, ends by then.
    pub deadline: Duration,
    /// `telemetry.import`: whose reports these are.
    pub import: String,
    /// Where the findings go and what they are filed under: an import into somewhere else is another one, and so is a plan.
    pub destination: String,
    /// `qualys.adopt_within`: how old a report of an earlier attempt may be to go on with it; zero: never.
    pub adopt_within: Duration,
}

impl Settings {
    /// The proxy that requests pass through, named by the settings or by the environment.
    ///
    /// # Errors
    /// It can't be used.
    pub(crate) fn via(&self) -> Result<Option<Via>, ProxyError> {
        let endpoint = Endpoint {
            url: &self.url,
            key: "qualys.url",
            proxy: self.proxy.as_ref(),
            proxy_key: "qualys.proxy.url",
            login: true,
        };
        endpoint.via()
    }
}

/// FNV-1a, 64 bits: a hash that is the same in every version of every program, which std's is not.
fn fnv_1a(bytes: impl IntoIterator<Item = u8>) -> u64 {
    bytes.into_iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// How requests prove who sends them.
#[derive(Debug, Clone)]
pub enum Login {
    /// User and this password with every request.
    Basic(SecretString),
    /// One login with this password, a cookie, one logout.
    Session(SecretString),
    /// A bearer token that somebody else keeps fresh in this file.
    Token(PathBuf),
}

/// `qualys.api`: which of Qualys' interfaces delivers the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Api {
    /// Launch, list, fetch, delete.
    ReportShare,
    /// The old synchronous call.
    AssetDataReport,
    /// Hosts and their detections, without a report.
    Detections,
}
