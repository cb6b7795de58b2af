//! What a client asks, taken apart.

use std::collections::BTreeMap;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use bytes::Bytes;
use http_body_util::{BodyExt as _, Limited};
use hyper::body::Incoming;
use hyper::header::{self, HeaderName};
use hyper::{Method, Request};

use super::accounts::Login;
use super::action::Action;

/// Longest body that a client has any reason to send.
const BODY: usize = 1024 * 1024;

/// One request.
pub(super) struct Call {
    pub(super) method: Method,
    pub(super) path: String,
    /// What the client calls us.
    pub(super) host: String,
    /// As it was sent, for the length of it.
    pub(super) query: String,
    pub(super) place: Place,
    pub(super) action: Action,
    /// Of query and form, without credentials.
    pub(super) parameters: BTreeMap<String, String>,
    pub(super) login: Login,
    /// User and password of a session's login.
    pub(super) form_login: Option<(String, String)>,
    /// A user or a password stands where every log on the way keeps it.
    pub(super) login_in_query: bool,
    pub(super) requested_with: Option<String>,
    pub(super) user_agent: Option<String>,
    pub(super) takes_gzip: bool,
}

/// What a path is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Place {
    ReportShare,
    Session,
    AssetDataReport,
    TemplateList,
    About,
    HostList,
    Detections,
    KnowledgeBase,
    /// One of the current API's, but for the slash at its end.
    WithoutSlash,
    Unknown,
}

impl Call {
    /// Reads a request to its end.
    pub(super) async fn read(request: Request<Incoming>) -> Result<Self, CutOff> {
        let (head, body) = request.into_parts();
        let body = Limited::new(body, BODY).collect().await.map_err(|_| CutOff)?;
        let query = head.uri.query().unwrap_or_default().to_owned();
        Ok(Self::new(&head, query, &body.to_bytes()))
    }

    /// A call without a body, as it would have come.
    #[cfg(test)]
    pub(super) fn of_test(request: Request<()>) -> Self {
        let (head, ()) = request.into_parts();
        let query = head.uri.query().unwrap_or_default().to_owned();
        Self::new(&head, query, &Bytes::new())
    }

    fn new(head: &hyper::http::request::Parts, query: String, body: &Bytes) -> Self {
        let text = |name: HeaderName| head.headers.get(name)?.to_str().ok().map(str::to_owned);
        let path = head.uri.path().to_owned();
        let place = Place::of(&path);
        let mut parameters: BTreeMap<String, String> = form_urlencoded::parse(query.as_bytes()).into_owned().collect();
        let login_in_query = parameters.contains_key("username") || parameters.contains_key("password");
        parameters.extend(form_urlencoded::parse(body).into_owned());
        let form_login = parameters.remove("username").zip(parameters.remove("password"));
        parameters.remove("password");
        let action = place.action(parameters.get("action").map_or("", String::as_str));
        Self {
            method: head.method.clone(),
            host: text(header::HOST).unwrap_or_else(|| "localhost".to_owned()),
            place,
            action,
            login: login(text(header::AUTHORIZATION), text(header::COOKIE)),
            form_login,
            login_in_query,
            requested_with: text(HeaderName::from_static("x-requested-with")).filter(|value| !value.is_empty()),
            user_agent: text(header::USER_AGENT),
            takes_gzip: text(header::ACCEPT_ENCODING).is_some_and(|encodings| encodings.contains("gzip")),
            path,
            query,
            parameters,
        }
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters.get(name).map(String::as_str)
    }

    /// Whether its `ids` name this one, by itself or in a range.
    pub(super) fn asks_for(&self, id: u64) -> bool {
        let number = |text: &str| text.trim().parse::<u64>().ok();
        let ids = self.parameter("ids").unwrap_or_default();
        ids.split(',').any(|part| {
            let (low, high) = part.split_once('-').unwrap_or((part, part));
            let range = number(low).zip(number(high));
            range.is_some_and(|(low, high)| (low..=high).contains(&id))
        })
    }

    /// The version of the interface that is called: 5 for 5.0, 0 for the old calls.
    pub(super) fn version(&self) -> u32 {
        let api = self.path.strip_prefix("/api/").and_then(|rest| rest.split('.').next());
        api.and_then(|version| version.parse().ok()).unwrap_or_default()
    }
}

impl Place {
    fn of(path: &str) -> Self {
        match path {
            "/msp/asset_data_report.php" => return Self::AssetDataReport,
            "/msp/report_template_list.php" => return Self::TemplateList,
            "/msp/about.php" => return Self::About,
            _ => {}
        }
        // The version doesn't matter: what differs between 2.0 and 3.0 isn't known.
        let api = path.strip_prefix("/api/").and_then(|rest| rest.split_once('/'));
        let number = |text: &str| text.starts_with(|digit: char| digit.is_ascii_digit());
        match api {
            Some((version, "fo/report/")) if number(version) => Self::ReportShare,
            Some((version, "fo/session/")) if number(version) => Self::Session,
            Some(("2.0" | "3.0" | "4.0" | "5.0", "fo/asset/host/")) => Self::HostList,
            Some(("2.0" | "3.0" | "4.0" | "5.0", "fo/asset/host/vm/detection/")) => Self::Detections,
            Some(("2.0" | "3.0" | "4.0", "fo/knowledge_base/vuln/")) => Self::KnowledgeBase,
            Some((
                version,
                "fo/report" | "fo/session" | "fo/asset/host" | "fo/asset/host/vm/detection" | "fo/knowledge_base/vuln",
            )) if number(version) => Self::WithoutSlash,
            _ => Self::Unknown,
        }
    }

    fn action(self, name: &str) -> Action {
        match (self, name) {
            (Self::ReportShare, "launch") => Action::Launch,
            (Self::ReportShare, "list") => Action::List,
            (Self::ReportShare, "fetch") => Action::Fetch,
            (Self::ReportShare, "cancel") => Action::Cancel,
            (Self::ReportShare, "delete") => Action::Delete,
            (Self::Session, "login") => Action::Login,
            (Self::Session, "logout") => Action::Logout,
            (Self::AssetDataReport, _) => Action::AssetDataReport,
            (Self::TemplateList, _) => Action::TemplateList,
            (Self::About, _) => Action::About,
            (Self::HostList, _) => Action::HostList,
            (Self::Detections, _) => Action::Detections,
            (Self::KnowledgeBase, _) => Action::KnowledgeBase,
            _ => Action::Other,
        }
    }

    /// The old calls, which answer in another shape and take nothing but Basic.
    pub(super) fn is_legacy(self) -> bool {
        matches!(self, Self::AssetDataReport | Self::TemplateList | Self::About)
    }
}

fn login(authorization: Option<String>, cookies: Option<String>) -> Login {
    let authorization = authorization.unwrap_or_default();
    if let Some(token) = authorization.strip_prefix("Bearer ") {
        return Login::Bearer(token.to_owned());
    }
    let basic = authorization
        .strip_prefix("Basic ")
        .and_then(|coded| BASE64.decode(coded).ok());
    let basic = basic.and_then(|bytes| String::from_utf8(bytes).ok());
    if let Some((user, password)) = basic.as_deref().and_then(|text| text.split_once(':')) {
        return Login::Basic {
            user: user.to_owned(),
            password: password.to_owned(),
        };
    }
    let cookies = cookies.unwrap_or_default();
    let session = cookies
        .split(';')
        .find_map(|cookie| cookie.trim().strip_prefix("QualysSession="));
    session.map_or(Login::Nothing, |id| Login::Session(id.to_owned()))
}

/// A request that ended before its time, or never would.
#[derive(Debug)]
pub(super) struct CutOff;

impl fmt::Display for CutOff {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the connection is given up")
    }
}

impl std::error::Error for CutOff {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_slash_at_the_end_matters() {
        assert_eq!(Place::of("/api/2.0/fo/report/"), Place::ReportShare);
        assert_eq!(Place::of("/api/3.0/fo/report/"), Place::ReportShare);
        assert_eq!(Place::of("/api/2.0/fo/report"), Place::WithoutSlash);
        assert_eq!(Place::of("/api/2.0/fo/scan/"), Place::Unknown);
    }

    #[test]
    fn logins_of_every_kind() {
        let basic = login(Some("Basic ZGlyazpkMG50OnBAbmljJw==".to_owned()), None);
        assert!(
            basic
                == Login::Basic {
                    user: "dirk".into(),
                    password: "d0nt:p@nic'".into()
                }
        );
        assert!(login(Some("Bearer a.b".to_owned()), None) == Login::Bearer("a.b".to_owned()));
        let cookies = "DWRSESSIONID=x; QualysSession=y".to_owned();
        assert!(login(None, Some(cookies)) == Login::Session("y".to_owned()));
    }
}
