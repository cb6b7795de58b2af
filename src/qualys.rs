//! Launch, wait, download: asking Qualys for the report of a report template.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

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

/// `qualys.proxy.*`.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// `qualys.proxy.url`, without credentials.
    pub url: Url,
    /// `qualys.proxy.username`.
    pub username: Option<String>,
    /// `qualys.proxy.password`.
    pub password: Option<SecretString>,
}

/// `qualys.login`: how requests prove who sends them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Login {
    /// User and password with every request.
    Basic,
    /// One login, a cookie, one logout.
    Session,
    /// A bearer token that somebody else keeps fresh in a file.
    Token,
}

/// `qualys.api`: which of Qualys' interfaces delivers the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Api {
    /// Launch, list, fetch, delete.
    ReportShare,
    /// The old synchronous call.
    AssetDataReport,
}
