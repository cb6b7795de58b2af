//! The Pushgateway: keeps the metrics of the last run until Prometheus scrapes them.
//!
//! Metrics are pushed with POST, which replaces those of the same name and keeps the others: a failed run doesn't push the
//! time of the last success, so that stays. They are filed under `job`, `namespace` (where one is set) and `import`,
//! which are the same in every run; the name of a pod or a run would leave a heap of dead groups there.

use std::path::PathBuf;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE;
use reqwest::StatusCode;
use reqwest::header::CONTENT_TYPE;
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::timeout;
use url::Url;

use super::LabelValue;
pub use crate::http::Proxy;
use crate::http::{self, Endpoint, ProxyError};
use crate::printable::{self, Text};
use crate::tls;

/// Prometheus' text format.
const TEXT: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Bytes of an answer that are read.
const ANSWER: usize = 4096;

/// `telemetry.pushgateway.*`.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `telemetry.pushgateway.url`.
    pub url: Url,
    /// `telemetry.pushgateway.job`.
    pub job: LabelValue,
    /// `telemetry.pushgateway.namespace`.
    pub namespace: Option<LabelValue>,
    /// `telemetry.pushgateway.username`.
    pub username: Option<String>,
    /// `telemetry.pushgateway.password`.
    pub password: Option<SecretString>,
    /// `telemetry.pushgateway.token`: a bearer token, in the place of user and password.
    pub token: Option<SecretString>,
    /// `telemetry.pushgateway.ca_file`.
    pub ca_file: Option<PathBuf>,
    /// `telemetry.pushgateway.proxy.*`.
    pub proxy: Option<Proxy>,
    /// `telemetry.pushgateway.timeout`: longest time that a push takes, and that it prolongs a run.
    pub timeout: Duration,
    /// `telemetry.pushgateway.interval`; zero: metrics are pushed at the end only.
    pub interval: Duration,
}

impl Settings {
    /// The labels of a group. Without a namespace, groups are those of earlier versions.
    fn labels<'a>(&'a self, import: &'a LabelValue) -> Vec<(&'static str, &'a LabelValue)> {
        let job = ("job", &self.job);
        let namespace = self.namespace.as_ref().map(|namespace| ("namespace", namespace));
        [job].into_iter().chain(namespace).chain([("import", import)]).collect()
    }

    fn endpoint(&self) -> Endpoint<'_> {
        Endpoint {
            url: &self.url,
            key: "telemetry.pushgateway.url",
            proxy: self.proxy.as_ref(),
            proxy_key: "telemetry.pushgateway.proxy.url",
            login: self.username.is_some() || self.token.is_some(),
        }
    }
}

/// Why metrics weren't pushed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Error {
    /// A setting that can't work.
    #[error("the metrics aren't pushed: {key}: {problem}")]
    Setting {
        /// Its key.
        key: &'static str,
        /// What is wrong.
        problem: String,
    },
    /// No connection, or it broke.
    #[error(
        "the metrics weren't pushed: the Pushgateway at {host} can't be reached ({cause}); check telemetry.pushgateway.url"
    )]
    Unreachable {
        /// Host and port.
        host: String,
        /// Why.
        cause: Text,
    },
    /// No answer in time.
    #[error("the metrics weren't pushed: the Pushgateway at {host} didn't answer within telemetry.pushgateway.timeout ({})", humantime::format_duration(*after))]
    TimedOut {
        /// Host and port.
        host: String,
        /// The time.
        after: Duration,
    },
    /// An answer that isn't a success.
    #[error("the metrics weren't pushed: the Pushgateway at {host} answers {status}{}; {}", behind_a_colon(message), advice(*status))]
    Refused {
        /// Host and port.
        host: String,
        /// Its status.
        status: StatusCode,
        /// Its message, if any.
        message: Text,
    },
}

/// A Pushgateway, and our group of metrics there.
#[derive(Debug, Clone)]
pub struct Pushgateway {
    client: reqwest::Client,
    group: Url,
    settings: Settings,
}

impl Pushgateway {
    /// Builds the client; sends nothing.
    ///
    /// # Errors
    /// The CA file or the proxy can't be used.
    pub fn new(settings: &Settings, import: &LabelValue) -> Result<Self, Error> {
        for secret in [&settings.password, &settings.token].into_iter().flatten() {
            printable::hide(secret.expose_secret());
        }
        let setting = |key, problem| Error::Setting { key, problem };
        let tls = tls::client_config(settings.ca_file.as_deref())
            .map_err(|error| setting("telemetry.pushgateway.ca_file", error.to_string()))?;
        let unusable = |error: ProxyError| setting(error.named_by, error.problem);
        let via = settings.endpoint().via().map_err(unusable)?;
        let client = http::client(via.as_ref(), tls)
            .map_err(unusable)?
            .timeout(settings.timeout)
            .pool_max_idle_per_host(0)
            .build()
            .map_err(|error| {
                setting(
                    "telemetry.pushgateway.url",
                    http::cause(&error.without_url()).to_string(),
                )
            })?;
        Ok(Pushgateway {
            client,
            group: group(&settings.url, &settings.labels(import)),
            settings: settings.clone(),
        })
    }

    /// Replaces the metrics of these names in our group.
    ///
    /// # Errors
    /// They didn't arrive, or were refused.
    pub async fn push(&self, text: String) -> Result<(), Error> {
        match timeout(self.settings.timeout, self.post(text)).await {
            Ok(pushed) => pushed,
            Err(_) => Err(self.late()),
        }
    }

    /// Its address.
    pub fn url(&self) -> &Url {
        &self.settings.url
    }

    /// Asks whether it is ready; no login is sent.
    ///
    /// # Errors
    /// Why that isn't known.
    pub async fn ready(&self, longest_wait: Duration) -> Result<(), String> {
        let mut url = self.settings.url.clone();
        url.set_path(&format!("{}/-/ready", url.path().trim_end_matches('/')));
        match http::probe(&self.client, url, longest_wait).await? {
            // It wants a login, or a proxy before it does; that it is there is proven.
            200 | 401 | 403 => Ok(()),
            status => Err(format!("/-/ready is answered with HTTP status {status}")),
        }
    }

    /// The error when the time is over.
    pub(super) fn late(&self) -> Error {
        Error::TimedOut {
            host: self.host(),
            after: self.settings.timeout,
        }
    }

    pub(super) fn timeout(&self) -> Duration {
        self.settings.timeout
    }

    pub(super) fn interval(&self) -> Duration {
        self.settings.interval
    }

    async fn post(&self, text: String) -> Result<(), Error> {
        let mut request = self
            .client
            .post(self.group.clone())
            .header(CONTENT_TYPE, TEXT)
            .body(text);
        if let Some(token) = &self.settings.token {
            request = request.bearer_auth(token.expose_secret());
        } else if let Some(username) = &self.settings.username {
            let password = self.settings.password.as_ref().map(|password| password.expose_secret());
            request = request.basic_auth(username, password);
        }
        let mut response = match request.send().await {
            Ok(response) => response,
            Err(error) if error.is_timeout() => return Err(self.late()),
            Err(error) => {
                return Err(Error::Unreachable {
                    host: self.host(),
                    cause: http::cause(&error.without_url()),
                });
            }
        };
        let status = response.status();
        if status.is_success() {
            return Ok(());
        }
        let mut answer = Vec::new();
        // The message only explains; the push has failed already.
        while let Ok(Some(chunk)) = response.chunk().await
            && answer.len() < ANSWER
        {
            answer.extend_from_slice(&chunk);
        }
        Err(Error::Refused {
            host: self.host(),
            status,
            message: Text::of(answer),
        })
    }

    fn host(&self) -> String {
        http::host(&self.group)
    }
}

/// The address of a group: `/metrics/job/JOB/import/IMPORT` below the Pushgateway's own.
fn group(base: &Url, labels: &[(&str, &LabelValue)]) -> Url {
    let mut group = base.clone();
    // An address with a host, as this is, can be a base.
    if let Ok(mut path) = group.path_segments_mut() {
        path.pop_if_empty().push("metrics");
        for (name, value) in labels {
            match value.as_str() {
                // A path can't hold these, however they are encoded.
                value if value.contains('/') || matches!(value, "." | "..") => {
                    path.push(&format!("{name}@base64")).push(&URL_SAFE.encode(value));
                }
                value => {
                    path.push(name).push(value);
                }
            }
        }
    }
    group
}

/// A Pushgateway's message behind a colon, if it has any.
fn behind_a_colon(message: &Text) -> String {
    match message.is_empty() {
        true => String::new(),
        false => format!(": {message}"),
    }
}

fn advice(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..400 => "it redirects, which is never followed; check telemetry.pushgateway.url",
        400 => "the metrics of this version contradict what another version or job has pushed to this group",
        401 | 403 => "check telemetry.pushgateway.username and password, or token",
        404 | 405 => "check telemetry.pushgateway.url: it is the address without /metrics",
        407 => "check telemetry.pushgateway.proxy.username and password",
        _ => "look at its log",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn groups_are_addressed_in_every_spelling_of_their_names() {
        let group = |base: &str, import: &str| {
            let labels = [
                ("job", &"qualys-connector".parse().unwrap()),
                ("import", &import.parse().unwrap()),
            ];
            group(&base.parse().unwrap(), &labels).to_string()
        };
        insta::assert_snapshot!(group("http://gateway:9091", "berlin"), @"http://gateway:9091/metrics/job/qualys-connector/import/berlin");
        insta::assert_snapshot!(group("http://gateway/push/", "Büro 1%?#"), @"http://gateway/push/metrics/job/qualys-connector/import/B%C3%BCro%201%25%3F%23");
        insta::assert_snapshot!(group("http://gateway", "eu/berlin"), @"http://gateway/metrics/job/qualys-connector/import@base64/ZXUvYmVybGlu");
        insta::assert_snapshot!(group("http://gateway", ".."), @"http://gateway/metrics/job/qualys-connector/import@base64/Li4=");
    }
}
