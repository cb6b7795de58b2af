//! Login: how requests prove who sends them.
//!
//! Credentials go in headers, or in the body of the session's login; never in a query. A refused login is never
//! repeated. What may be renewed is a proof that expired: a session of an hour, a token that somebody replaced.

use std::path::{Path, PathBuf};

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::fault::Fault;
use super::http::{Expects, Request};
use super::{Login, Settings};

/// Sessions have their own path, whose version doesn't follow the report's.
const SESSION: &str = "/api/2.0/fo/session/";

/// A token is short; what is longer is the wrong file.
const LONGEST_TOKEN: u64 = 64 * 1024;

/// The value of a cookie that proves a session is longer.
const SHORTEST_COOKIE: usize = 8;

/// The proof that goes along with requests.
#[derive(Debug)]
pub(super) struct Credentials {
    login: Login,
    user_id: String,
    password: SecretString,
    token_file: Option<PathBuf>,
    /// The session's cookie, or the token that was sent last.
    proof: Option<SecretString>,
    /// Qualys has taken this proof once.
    accepted: bool,
}

impl Credentials {
    pub(super) fn new(settings: &Settings) -> Result<Self, Fault> {
        if settings.login == Login::Token && settings.token_file.is_none() {
            return Err(Fault::Setting {
                key: "qualys.token_file",
                problem: "is needed for qualys.login = token".to_owned(),
            });
        }
        Ok(Credentials {
            login: settings.login,
            user_id: settings.user_id.clone(),
            password: settings.password.clone(),
            token_file: settings.token_file.clone(),
            proof: None,
            accepted: false,
        })
    }

    /// Adds the proof to a request. A token is read again each time: whoever keeps it fresh replaces the file.
    pub(super) fn prove(&mut self, builder: RequestBuilder) -> Result<RequestBuilder, Fault> {
        match (self.login, &self.token_file) {
            (Login::Basic, _) => Ok(builder.basic_auth(&self.user_id, Some(self.password.expose_secret()))),
            (Login::Session, _) => match &self.proof {
                Some(cookie) => Ok(builder.header(COOKIE, sensitive(cookie.expose_secret(), "qualys.password")?)),
                None => Ok(builder),
            },
            (Login::Token, Some(file)) => {
                let token = read_token(file)?;
                let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
                self.proof = Some(token);
                Ok(builder.header(AUTHORIZATION, sensitive(&bearer, "qualys.token_file")?))
            }
            (Login::Token, None) => Ok(builder),
        }
    }

    /// Whether a session must be opened before the next request.
    pub(super) fn needs_session(&self) -> bool {
        self.login == Login::Session && self.proof.is_none()
    }

    /// Whether there is a session to close.
    pub(super) fn has_session(&self) -> bool {
        self.login == Login::Session && self.proof.is_some()
    }

    /// Opens a session; user and password go in the body.
    pub(super) fn session_login(&self) -> Request {
        Request {
            secret: Some(("password", self.password.clone())),
            ..session(vec![("action", "login".to_owned()), ("username", self.user_id.clone())])
        }
    }

    pub(super) fn session_logout(&self) -> Request {
        session(vec![("action", "logout".to_owned())])
    }

    pub(super) fn set_session(&mut self, cookie: Option<String>) {
        self.proof = cookie.map(SecretString::from);
        self.accepted = false;
    }

    /// What an answer may not be shown with, and the user that it goes along with.
    pub(super) fn secrets(&self) -> impl Iterator<Item = (&str, &str)> {
        let proof = self.proof.as_ref().map_or("", |proof| proof.expose_secret());
        // Of a cookie, the value is the secret; the short ones, such as a language, are words.
        let values = proof.split("; ").filter_map(|cookie| Some(cookie.split_once('=')?.1));
        let values = values.filter(|value| self.login == Login::Session && value.len() >= SHORTEST_COOKIE);
        let whole = [(self.user_id.as_str(), self.password.expose_secret()), ("", proof)];
        whole.into_iter().chain(values.map(|value| ("", value)))
    }

    /// Notes that Qualys took the proof.
    pub(super) fn accepted(&mut self) {
        self.accepted = true;
    }

    /// After a refusal: whether the next request will carry another proof than the refused one, which is no repetition
    /// of a refused login. A session that had just been opened, or an unchanged token, gives no second chance.
    pub(super) fn renew(&mut self) -> bool {
        match (self.login, &self.token_file) {
            (Login::Session, _) => std::mem::take(&mut self.accepted) && self.proof.take().is_some(),
            (Login::Token, Some(file)) => match (read_token(file), &self.proof) {
                (Ok(fresh), Some(refused)) => fresh.expose_secret() != refused.expose_secret(),
                _ => false,
            },
            _ => false,
        }
    }
}

fn session(parameters: Vec<(&'static str, String)>) -> Request {
    Request {
        method: Method::POST,
        path: SESSION.to_owned(),
        parameters,
        secret: None,
        expects: Expects::Document(1 << 20),
    }
}

fn read_token(file: &Path) -> Result<SecretString, Fault> {
    let bad = |problem: String| Fault::File {
        key: "qualys.token_file",
        path: file.to_owned(),
        problem,
    };
    let length = std::fs::metadata(file).map_err(|error| bad(error.to_string()))?.len();
    if length > LONGEST_TOKEN {
        return Err(bad(format!("has {length} bytes, which is no token")));
    }
    let text = Zeroizing::new(std::fs::read_to_string(file).map_err(|error| bad(error.to_string()))?);
    match text.trim() {
        "" => Err(bad("is empty".to_owned())),
        token => Ok(SecretString::from(token)),
    }
}

fn sensitive(value: &str, key: &'static str) -> Result<HeaderValue, Fault> {
    let mut header = HeaderValue::from_str(value).map_err(|_| Fault::Setting {
        key,
        problem: "holds characters that no HTTP header may hold".to_owned(),
    })?;
    header.set_sensitive(true);
    Ok(header)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::qualys::http::Http;
    use crate::qualys::testing;

    #[test]
    fn a_token_is_read_again_for_each_request_and_renewed_only_by_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let settings = Settings {
            login: Login::Token,
            token_file: Some(file.clone()),
            ..testing::settings("https://qualysapi.qualys.com")
        };
        let http = Http::new(&settings).unwrap();
        let mut credentials = Credentials::new(&settings).unwrap();
        let proven = |credentials: &mut Credentials| {
            let request = http.prepare(&credentials.session_logout());
            let request = credentials
                .prove(request)
                .map_err(|fault| fault.to_string())?
                .build()
                .unwrap();
            let header = request.headers()[AUTHORIZATION].clone();
            assert!(header.is_sensitive());
            Ok(header.to_str().unwrap().to_owned())
        };

        std::fs::write(&file, "first\n").unwrap();
        assert_eq!(proven(&mut credentials), Ok("Bearer first".to_owned()));
        assert!(
            !credentials.renew(),
            "the same token again would be the refused login again"
        );
        std::fs::write(&file, "second").unwrap();
        assert!(credentials.renew());
        assert_eq!(proven(&mut credentials), Ok("Bearer second".to_owned()));
        std::fs::write(&file, "").unwrap();
        let empty = format!("qualys.token_file: {}: is empty", file.display());
        assert_eq!(proven(&mut credentials), Err(empty));
    }

    #[test]
    fn debug_shows_no_secret() {
        let credentials = Credentials::new(&testing::settings("https://qualysapi.qualys.com")).unwrap();
        let login = credentials.session_login();
        assert!(!format!("{credentials:?} {login:?}").contains(testing::PASSWORD));
    }
}
