//! The one way out over HTTP: proxy, TLS, user agent, and why a request failed.
//!
//! Clients for Qualys, a Pushgateway and a collector are built here, and so are those of the preflight. The proxy is
//! chosen here rather than by reqwest: a proxy that can't be used is an error instead of nothing, what goes to this
//! machine unencrypted never leaves it, and no login travels unencrypted through a proxy that only the environment
//! names. Redirects are never followed, because credentials would go along.

use std::error::Error;
use std::ffi::OsString;
use std::net::IpAddr;
use std::time::Duration;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, redirect};
use rustls::ClientConfig;
use secrecy::{ExposeSecret as _, SecretString};
use tracing::debug;
use url::{Host, Url};

use crate::printable::{self, Text};
use crate::tls;

/// Our user agent.
pub(crate) const USER_AGENT: &str = concat!("qualys-connector/", env!("CARGO_PKG_VERSION"));

const NO_PROXY: [&str; 2] = ["NO_PROXY", "no_proxy"];

/// Variables that name the proxy for addresses of a scheme; the first that is set and not empty counts.
fn variables(scheme: &str) -> [&'static str; 4] {
    match scheme {
        "https" => ["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"],
        _ => ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"],
    }
}

/// A proxy, as settings name it.
#[derive(Debug, Clone)]
pub struct Proxy {
    /// Its address, without credentials.
    pub url: Url,
    /// The user there.
    pub username: Option<String>,
    /// The user's password.
    pub password: Option<SecretString>,
}

/// A server that requests go to.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint<'a> {
    /// Its address.
    pub(crate) url: &'a Url,
    /// The setting of its address.
    pub(crate) key: &'static str,
    /// The proxy that settings name, if they do.
    pub(crate) proxy: Option<&'a Proxy>,
    /// The setting of that proxy's address.
    pub(crate) proxy_key: &'static str,
    /// Whether requests carry a login.
    pub(crate) login: bool,
}

/// The proxy on the way to an endpoint.
#[derive(Debug, Clone)]
pub(crate) struct Via {
    /// The setting or the variable that names it.
    pub(crate) named_by: &'static str,
    /// Its address, without credentials.
    pub(crate) url: Url,
    login: Option<(String, SecretString)>,
}

/// Why there is no way to an endpoint.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{named_by}: {problem}")]
pub(crate) struct ProxyError {
    /// The setting or the variable.
    pub(crate) named_by: &'static str,
    /// What is wrong with it.
    pub(crate) problem: String,
}

impl Endpoint<'_> {
    /// The proxy that requests pass through; `None`: they go straight there.
    ///
    /// # Errors
    /// The proxy can't be used.
    pub(crate) fn via(&self) -> Result<Option<Via>, ProxyError> {
        self.via_by(&|name| std::env::var_os(name))
    }

    fn via_by(&self, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Via>, ProxyError> {
        let plain = self.url.scheme() == "http";
        let Some(proxy) = self.proxy else {
            let via = match plain && is_this_machine(self.url) {
                true => None,
                false => from_environment(self.url, variable)?,
            };
            return Ok(via.filter(|via| {
                let refused = plain && self.login;
                if refused {
                    debug!(
                        proxy = via.named_by,
                        "not used: {} is http, so it would see the login", self.key
                    );
                }
                !refused
            }));
        };
        let contradiction = match plain {
            true if is_this_machine(self.url) => format!(
                "{} is http and on this machine; a proxy would carry what is sent to it through the network \
                 unencrypted: leave one of them out",
                self.key
            ),
            true if self.login => format!(
                "{} is http, so the proxy would see the login: use https, or leave the proxy out",
                self.key
            ),
            _ => {
                let password = proxy.password.clone().unwrap_or_default();
                return Ok(Some(Via {
                    named_by: self.proxy_key,
                    url: proxy.url.clone(),
                    login: proxy.username.clone().map(|username| (username, password)),
                }));
            }
        };
        Err(ProxyError {
            named_by: self.proxy_key,
            problem: contradiction,
        })
    }
}

/// Begins a client that goes this way.
///
/// # Errors
/// The proxy can't be used.
pub(crate) fn client(via: Option<&Via>, tls: ClientConfig) -> Result<ClientBuilder, ProxyError> {
    let builder = reqwest::Client::builder()
        .tls_backend_preconfigured(tls)
        .redirect(redirect::Policy::none())
        .user_agent(USER_AGENT);
    let Some(via) = via else {
        return Ok(builder.no_proxy());
    };
    let mut proxy = reqwest::Proxy::all(via.url.clone()).map_err(|error| ProxyError {
        named_by: via.named_by,
        problem: cause(&error.without_url()).to_string(),
    })?;
    if let Some((username, password)) = &via.login {
        printable::hide(password.expose_secret());
        proxy = proxy.basic_auth(username, password.expose_secret());
    }
    Ok(builder.proxy(proxy))
}

/// Whether an address is one of this machine's own.
pub(crate) fn is_this_machine(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => IpAddr::V6(address).to_canonical().is_loopback(),
        None => false,
    }
}

/// Host, and port where it isn't the usual one.
pub(crate) fn host(url: &Url) -> String {
    let host = url.host_str().unwrap_or_default();
    match url.port() {
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

/// The innermost error, which says what happened; the outer ones say "error sending request".
pub(crate) fn cause(error: &(dyn Error + 'static)) -> Text {
    if let Some(tls) = find::<rustls::Error>(error) {
        return tls::cause(tls);
    }
    let mut cause: &dyn Error = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    Text::of(cause.to_string())
}

/// Asks for an address, and gives the status of the answer, or why there is none.
pub(crate) async fn probe(client: &reqwest::Client, url: Url, longest_wait: Duration) -> Result<u16, String> {
    match client.get(url).timeout(longest_wait).send().await {
        Ok(answer) => Ok(answer.status().as_u16()),
        Err(error) if error.is_timeout() => {
            Err(format!("no answer within {}", humantime::format_duration(longest_wait)))
        }
        Err(error) => Err(cause(&error.without_url()).to_string()),
    }
}

/// The messages of an error and of all its sources.
pub(crate) fn chain(error: &reqwest::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        words += &format!(": {inner}");
        cause = inner.source();
    }
    words
}

/// Finds an error of a kind in a chain, also inside of `io::Error`s, which hide their content from the chain.
pub(crate) fn find<'a, T: Error + 'static>(error: &'a (dyn Error + 'static)) -> Option<&'a T> {
    let mut cause = Some(error);
    while let Some(error) = cause {
        if let Some(found) = error.downcast_ref() {
            return Some(found);
        }
        cause = match error.downcast_ref::<std::io::Error>().and_then(|io| io.get_ref()) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    None
}

/// The proxy that the environment names for an address. An empty variable says nothing.
fn from_environment(url: &Url, variable: &dyn Fn(&str) -> Option<OsString>) -> Result<Option<Via>, ProxyError> {
    let set = |name: &str| variable(name).filter(|text| !text.is_empty());
    let no_proxy = NO_PROXY.into_iter().find_map(set).unwrap_or_default();
    let named = variables(url.scheme())
        .into_iter()
        .find_map(|name| Some((name, set(name)?)));
    match named {
        Some((name, text)) if !is_excepted(url, &no_proxy.to_string_lossy()) => {
            let parsed = text.to_str().ok_or_else(|| "it isn't UTF-8 text".to_owned());
            let parsed = parsed.and_then(|text| Via::parse(name, text));
            parsed.map(Some).map_err(|problem| ProxyError {
                named_by: name,
                problem: format!("{problem}; expected an address such as http://proxy.example:3128"),
            })
        }
        _ => Ok(None),
    }
}

/// Whether `NO_PROXY` excepts an address, by the rules of curl.
fn is_excepted(url: &Url, no_proxy: &str) -> bool {
    let matcher = Matcher::builder().all("http://proxy").no(no_proxy).build();
    // Without its path, which is longer than the matcher's type may take.
    let origin = url.origin().ascii_serialization();
    origin.parse().is_ok_and(|origin| matcher.intercept(&origin).is_none())
}

impl Via {
    /// Reads what a variable holds. Errors never repeat it: it may hold a password.
    fn parse(name: &'static str, text: &str) -> Result<Self, String> {
        let text = text.trim();
        let parsed = match text.contains("://") {
            true => Url::parse(text),
            false => Url::parse(&format!("http://{text}")),
        };
        let mut url = parsed.map_err(|error| format!("it is no address ({error})"))?;
        if !matches!(url.scheme(), "http" | "https") {
            return Err("it begins with neither http:// nor https://".to_owned());
        }
        if url.port() == Some(0) {
            return Err("port 0 means \"any port\", so nothing can be reached there".to_owned());
        }
        let decoded = |text: &str| {
            percent_encoding::percent_decode_str(text)
                .decode_utf8_lossy()
                .into_owned()
        };
        let password = decoded(url.password().unwrap_or_default());
        let login = match url.username() {
            "" if password.is_empty() => None,
            username => Some((decoded(username), SecretString::from(password))),
        };
        // They can be taken out of every address with a host.
        let _ = url.set_username("");
        let _ = url.set_password(None);
        Ok(Via {
            named_by: name,
            url,
            login,
        })
    }
}

#[cfg(test)]
mod tests;
