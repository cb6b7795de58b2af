//! HTTP: one request, one reply, three time-outs; and which of them, or what else, went wrong.
//!
//! Redirects are never followed and no query ever reaches an error. Knows neither logins nor retries.

use std::time::Duration;

use bytes::Bytes;
use reqwest::header::LOCATION;
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret as _, SecretString};
use tokio::time::{Instant, timeout_at};
use url::Url;

use super::limits::Limits;
use crate::http::{self, ProxyError, USER_AGENT, Via};
use crate::printable::Text;
use crate::problem::Kind;
use crate::qualys::Settings;
use crate::qualys::fault::Fault;
use crate::telemetry::spans;
use crate::tls;

/// A connection to Qualys, with everything that settings say about the way there.
#[derive(Debug)]
pub(in crate::qualys) struct Http {
    client: reqwest::Client,
    base: Url,
    via: Option<Via>,
    connect_timeout: Duration,
    idle_timeout: Duration,
    deadline_length: Duration,
}

/// What to ask for.
#[derive(Debug, Clone)]
pub(in crate::qualys) struct Request {
    /// GET reads, POST changes.
    pub(in crate::qualys) method: Method,
    /// Below `qualys.url`; ends with a slash where Qualys wants one, else it redirects to plain http.
    pub(in crate::qualys) path: String,
    /// In the query of a GET, in the body of a POST. Never a secret: a query is logged by every proxy.
    pub(in crate::qualys) parameters: Vec<(&'static str, String)>,
    /// One more, in the body of a POST.
    pub(in crate::qualys) secret: Option<(&'static str, SecretString)>,
    /// What the answer is.
    pub(in crate::qualys) expects: Expects,
}

/// What kind of answer a request leads to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::qualys) enum Expects {
    /// A small document, at most this many bytes.
    Document(usize),
    /// A report of any size.
    Report,
    /// A report that is being made while we hold the line, so that silence is no fault.
    ReportAfterSilence,
}

/// The head of a reply, and its body as it arrives.
#[derive(Debug)]
pub(in crate::qualys) struct Reply {
    pub(in crate::qualys) status: u16,
    pub(in crate::qualys) limits: Limits,
    response: reqwest::Response,
    received: u64,
    deadline: Instant,
    idle_timeout: Duration,
    deadline_length: Duration,
}

impl Http {
    pub(in crate::qualys) fn new(settings: &Settings) -> Result<Self, Fault> {
        let tls = tls::client_config(settings.ca_file.as_deref()).map_err(|error| Fault::File {
            key: "qualys.ca_file",
            path: error.path,
            problem: error.problem,
        })?;
        let via = settings.via()?;
        let client = http::client(via.as_ref(), tls)?
            .connect_timeout(settings.connect_timeout)
            .tcp_keepalive(Duration::from_secs(60))
            // Between two calls lie minutes. A connection that the server closed meanwhile would make a launch fail
            // in a way that leaves open whether it happened.
            .pool_max_idle_per_host(0);
        Ok(Http {
            client: client
                .build()
                .map_err(|error| Fault::Plain(Kind::Untrusted, http::cause(&error.without_url())))?,
            base: settings.url.clone(),
            via,
            connect_timeout: settings.connect_timeout,
            idle_timeout: settings.idle_timeout,
            deadline_length: settings.deadline,
        })
    }

    /// Host, and port where it isn't the usual one.
    pub(in crate::qualys) fn host(&self) -> String {
        http::host(&self.base)
    }

    /// Where a request goes to. A POST has its parameters in the body.
    fn url(&self, request: &Request) -> Url {
        let mut url = self.base.clone();
        url.set_path(&format!("{}{}", self.base.path().trim_end_matches('/'), request.path));
        if request.method != Method::POST {
            url.query_pairs_mut().extend_pairs(&request.parameters);
        }
        url
    }

    /// The span of one attempt at a request, after `resends` others.
    pub(in crate::qualys) fn span(&self, request: &Request, resends: u32) -> spans::RequestSpan {
        let action = request.parameters.iter().find(|(name, _)| *name == "action");
        let action = action.map_or("", |(_, action)| action);
        spans::request(request.method.as_str(), &self.url(request), action, resends)
    }

    /// A request without credentials.
    pub(in crate::qualys) fn prepare(&self, request: &Request) -> RequestBuilder {
        let builder = self
            .client
            .request(request.method.clone(), self.url(request))
            // Qualys refuses calls without it, whatever it says.
            .header("X-Requested-With", USER_AGENT);
        if request.method != Method::POST {
            return builder;
        }
        let parameters = request.parameters.iter().map(|(name, value)| (*name, value.as_str()));
        let secret = request
            .secret
            .iter()
            .map(|(name, value)| (*name, value.expose_secret()));
        builder.form(&parameters.chain(secret).collect::<Vec<_>>())
    }

    /// Sends a request and waits for the head of the reply.
    pub(in crate::qualys) async fn send(
        &self,
        builder: RequestBuilder,
        expects: Expects,
        deadline: Instant,
        span: &spans::RequestSpan,
    ) -> Result<Reply, Fault> {
        let silence = match expects {
            Expects::ReportAfterSilence => deadline,
            _ => Instant::now() + self.connect_timeout + self.idle_timeout,
        };
        let response = match timeout_at(silence.min(deadline), builder.send()).await {
            Ok(sent) => sent.map_err(|error| self.unsent(error))?,
            Err(_) if silence < deadline => return Err(Fault::timed_out(Kind::IdleTimeout, self.idle_timeout)),
            Err(_) => return Err(Fault::timed_out(Kind::Deadline, self.deadline_length)),
        };
        let status = response.status();
        span.answered(status.as_u16());
        if status.is_redirection() {
            return Err(Fault::Redirected { to: target(&response) });
        }
        if status.as_u16() == 407 {
            return Err(Fault::Plain(Kind::ProxyLogin, "407".into()));
        }
        Ok(Reply {
            status: status.as_u16(),
            limits: Limits::read(response.headers()),
            response,
            received: 0,
            deadline,
            idle_timeout: self.idle_timeout,
            deadline_length: self.deadline_length,
        })
    }

    /// Why there is no reply.
    ///
    /// The kinds of error behind reqwest's are not public, so the proxy's are told by their words.
    fn unsent(&self, error: reqwest::Error) -> Fault {
        let error = error.without_url();
        let words = http::chain(&error);
        let tunnel = words.contains("tunnel error");
        let before_tunnel = words.contains("failed to create underlying connection");
        let tls = http::find::<rustls::Error>(&error);
        let kind = match (&self.via, tls) {
            _ if words.contains("proxy authorization required") => return Fault::Plain(Kind::ProxyLogin, "407".into()),
            (Some(via), _) if via.url.scheme() == "https" && before_tunnel && speaks_plain_http(tls, &words) => {
                return Fault::ProxySpeaksPlainHttp {
                    setting: plain_http(via),
                };
            }
            _ if error.is_connect() && error.is_timeout() => {
                return Fault::timed_out(Kind::ConnectTimeout, self.connect_timeout);
            }
            (_, Some(tls)) => match untrusted(tls) {
                // Their causes count seconds since 1970.
                kind @ (Kind::CertificateExpired | Kind::CertificateNotYetValid) => return Fault::plain(kind),
                kind => kind,
            },
            _ if tunnel => Kind::Proxy,
            _ if error.is_connect() => Kind::NoConnection,
            _ => Kind::Broken,
        };
        Fault::Plain(kind, http::cause(&error))
    }
}

impl Reply {
    /// The next bytes of the body, without HTTP's framing and compression; `None` at its proven end.
    ///
    /// hyper proves the end by Content-Length or the last chunk, gzip by its trailer. A body that is framed by
    /// neither ends with the connection, and only its content can tell whether that was too early.
    pub(in crate::qualys) async fn chunk(&mut self) -> Result<Option<Bytes>, Fault> {
        let silence = Instant::now() + self.idle_timeout;
        match timeout_at(silence.min(self.deadline), self.response.chunk()).await {
            Ok(Ok(chunk)) => {
                self.received += chunk.as_ref().map_or(0, |bytes| bytes.len() as u64);
                Ok(chunk)
            }
            Ok(Err(error)) => Err(Fault::CutOff {
                received: self.received,
                cause: http::cause(&error.without_url()),
            }),
            Err(_) if silence < self.deadline => Err(Fault::timed_out(Kind::IdleTimeout, self.idle_timeout)),
            Err(_) => Err(Fault::timed_out(Kind::Deadline, self.deadline_length)),
        }
    }

    /// Reads the rest behind what has arrived, as long as it stays small.
    pub(in crate::qualys) async fn rest(&mut self, mut body: Vec<u8>, limit: usize) -> Result<Vec<u8>, Fault> {
        while let Some(chunk) = self.chunk().await? {
            if body.len() + chunk.len() > limit {
                return Err(Fault::Plain(
                    Kind::TooLarge,
                    Text::of(format!("more than {limit} bytes")),
                ));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The cookies that the reply sets, as they are sent back.
    pub(in crate::qualys) fn cookies(&self) -> String {
        let set = self.response.headers().get_all("set-cookie").into_iter();
        let pairs = set.filter_map(|cookie| cookie.to_str().ok()?.split(';').next());
        pairs.map(str::trim).collect::<Vec<_>>().join("; ")
    }
}

/// What is wrong with a certificate, or with TLS in another way.
fn untrusted(error: &rustls::Error) -> Kind {
    use rustls::CertificateError::{Expired, ExpiredContext, NotValidYet, NotValidYetContext};
    match error {
        error if tls::is_about_a_name(error) => Kind::WrongName,
        rustls::Error::InvalidCertificate(Expired | ExpiredContext { .. }) => Kind::CertificateExpired,
        rustls::Error::InvalidCertificate(NotValidYet | NotValidYetContext { .. }) => Kind::CertificateNotYetValid,
        _ => Kind::Untrusted,
    }
}

/// What a TLS client finds at a port that answers in plain HTTP, or hangs up on what it can't read.
fn speaks_plain_http(tls: Option<&rustls::Error>, words: &str) -> bool {
    matches!(tls, Some(rustls::Error::InvalidMessage(_))) || words.contains("tls handshake eof")
}

fn plain_http(via: &Via) -> String {
    let host = via.url.host_str().unwrap_or_default();
    let port = via.url.port_or_known_default().unwrap_or_default();
    format!("{}: http://{host}:{port}", via.named_by)
}

fn target(response: &reqwest::Response) -> Option<Text> {
    let to = response.headers().get(LOCATION)?.to_str().ok()?;
    let mut to = response.url().join(to).ok()?;
    to.set_query(None);
    to.set_fragment(None);
    to.set_username("").ok()?;
    to.set_password(None).ok()?;
    Some(Text::of(to.as_str()))
}

impl From<ProxyError> for Fault {
    fn from(error: ProxyError) -> Self {
        Fault::Setting {
            key: error.named_by,
            problem: error.problem,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_base_path_stays_in_front_and_a_post_has_no_query() {
        let http = Http::new(&crate::qualys::testing::settings("https://gateway.example/qualys/")).unwrap();
        let request = |method| Request {
            method,
            path: "/api/2.0/fo/report/".into(),
            parameters: vec![("action", "list".into()), ("id", "1".into())],
            secret: None,
            expects: Expects::Document(1),
        };
        let get = http.prepare(&request(Method::GET)).build().unwrap();
        assert_eq!(
            get.url().as_str(),
            "https://gateway.example/qualys/api/2.0/fo/report/?action=list&id=1"
        );
        assert!(get.headers().contains_key("X-Requested-With"));
        let post = http.prepare(&request(Method::POST)).build().unwrap();
        assert_eq!(post.url().query(), None);
        assert_eq!(post.body().unwrap().as_bytes().unwrap(), b"action=list&id=1");
    }

    #[test]
    fn a_proxy_that_speaks_no_tls_is_named_with_its_port() {
        let settings = Settings {
            proxy: Some(http::Proxy {
                url: "https://192.168.1.100:443".parse().unwrap(),
                username: None,
                password: None,
            }),
            ..crate::qualys::testing::settings("https://qualysapi.example")
        };
        let setting = plain_http(&Http::new(&settings).unwrap().via.unwrap());
        assert_eq!(setting, "qualys.proxy.url: http://192.168.1.100:443");
    }
}
