//! Launch, wait, download: asking Qualys for the report of a report template.
//!
//! | module | is the home of |
//! |---|---|
//! | `client` | requests with login, limits, retries and counts |
//! | `launch`, `wait`, `download`, `tidy_up` | the stages: what is asked, and in which order |
//! | `template` | what a template is, looked up before a launch or after its refusal |
//! | `probe` | what can be learnt without changing anything |
//! | `body` | the bridge from the network to the parser's thread |
//! | `mark` | the title by which a successor finds our report |
//! | `answer` | Qualys' small documents |
//! | `http`, `login`, `limits` | one request and its reply |
//! | `codes` | Qualys' codes, explained |
//! | `error`, `fault`, `refusal` | what goes wrong, what it means, what to do |
//! | `patience` | pauses, the gate, the deadline |
//! | `usage` | what a run asked of Qualys |
//! | `progress` | how far it is, for whoever watches |
//!
//! Nothing here knows what a report says. Source of the protocol: Qualys' API guide and recorded exchanges (certain),
//! other clients (likely); the modules say which is which.

mod answer;
mod body;
mod client;
pub mod codes;
mod download;
mod error;
mod fault;
#[cfg(fuzzing)]
pub mod fuzzing;
mod http;
mod launch;
mod limits;
mod login;
mod mark;
mod patience;
mod probe;
mod progress;
mod refusal;
mod template;
#[cfg(test)]
mod testing;
mod tidy_up;
mod usage;
mod wait;

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

pub use crate::http::Proxy;
pub use body::Body;
pub use client::Client;
pub use error::{Error, Stage};
pub use fault::{Fault, TimeOut};
pub use launch::Launched;
pub use limits::Limits;
pub use patience::{Reason, TooLong};
pub use progress::Progress;
pub use refusal::{Meaning, Refusal};
pub use tidy_up::{Ending, HURRY};
pub use usage::{CLASSES, Usage};
pub use wait::Finished;

/// The section `qualys` of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `qualys.url`: base of the API.
    pub url: Url,
    /// `qualys.user_id`.
    pub user_id: String,
    /// `qualys.password`.
    pub password: SecretString,
    /// `qualys.login`.
    pub login: Login,
    /// `qualys.token_file`: where the bearer token stands, for [`Login::Token`].
    pub token_file: Option<PathBuf>,
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
    /// `qualys.adopt_within`: how old a report of an earlier attempt may be to go on with it; zero: never.
    pub adopt_within: Duration,
}

/// `qualys.login`: how requests prove who sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Login {
    /// User and password with every request.
    Basic,
    /// One login, a cookie, one logout.
    Session,
    /// A bearer token that somebody else keeps fresh in a file.
    Token,
}

/// `qualys.api`: which of Qualys' interfaces delivers the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Api {
    /// Launch, list, fetch, delete.
    ReportShare,
    /// The old synchronous call.
    AssetDataReport,
}
