//! Login: how requests prove who sends them.
//!
//! Credentials go in headers, or in the body of the session's login; never in a query. A refused login is never
//! repeated. What may be renewed is a proof that expired: a session of an hour, a token that somebody replaced.

use std::path::Path;
use std::sync::Mutex;

use reqwest::header::{AUTHORIZATION, COOKIE, HeaderValue};
use reqwest::{Method, RequestBuilder};
use secrecy::{ExposeSecret, SecretString};
use zeroize::Zeroizing;

use super::http::{Expects, Request};
use crate::input_file::{self, FileKind};
use crate::mutex::locked;
use crate::printable;
use crate::qualys::fault::Fault;
use crate::qualys::{Login, Settings};

/// Sessions have their own path, whose version doesn't follow the report's.
const SESSION: &str = "/api/2.0/fo/session/";

/// A token is short; what is longer is the wrong file.
const LONGEST_TOKEN: usize = 64 * 1024;

/// The value of a cookie that proves a session is longer.
const SHORTEST_COOKIE: usize = 8;

/// How requests prove who sends them.
#[derive(Debug)]
pub(super) struct Credentials {
    login: Login,
    user_id: String,
    state: Mutex<LoginState>,
}

#[derive(Debug, Default)]
struct LoginState {
    proof: Proof,
    /// Qualys has taken this proof once.
    accepted: bool,
}

/// The session's cookie, or the token that was sent last; `None` where user and password go along.
pub(super) type Proof = Option<SecretString>;

impl Credentials {
    pub(super) fn new(settings: &Settings) -> Self {
        if let Login::Basic(password) | Login::Session(password) = &settings.login {
            printable::hide(password.expose_secret());
        }
        Credentials {
            login: settings.login.clone(),
            user_id: settings.user_id.clone(),
            state: Mutex::default(),
        }
    }

    /// Adds the proof to a request, and gives it. A token is read again each time: whoever keeps it fresh replaces the
    /// file.
    pub(super) fn prove(&self, builder: RequestBuilder) -> Result<(RequestBuilder, Proof), Fault> {
        match &self.login {
            Login::Basic(password) => {
                let builder = builder.basic_auth(&self.user_id, Some(password.expose_secret()));
                Ok((builder, None))
            }
            Login::Session(_) => match self.proof() {
                Some(cookie) => {
                    let builder = builder.header(COOKIE, sensitive(cookie.expose_secret(), "qualys.password")?);
                    Ok((builder, Some(cookie)))
                }
                None => Ok((builder, None)),
            },
            Login::Token(file) => {
                let token = read_token(file)?;
                printable::hide(token.expose_secret());
                let bearer = Zeroizing::new(format!("Bearer {}", token.expose_secret()));
                locked(&self.state).proof = Some(token.clone());
                let builder = builder.header(AUTHORIZATION, sensitive(&bearer, "qualys.token_file")?);
                Ok((builder, Some(token)))
            }
        }
    }

    /// The request that opens a session, where one must be opened before the next; user and password go in the body.
    pub(super) fn session_login(&self) -> Option<Request> {
        match &self.login {
            Login::Session(password) if locked(&self.state).proof.is_none() => Some(Request {
                secret: Some(("password", password.clone())),
                ..session(vec![("action", "login".to_owned()), ("username", self.user_id.clone())])
            }),
            _ => None,
        }
    }

    /// Whether there is a session to close.
    pub(super) fn has_session(&self) -> bool {
        matches!(self.login, Login::Session(_)) && locked(&self.state).proof.is_some()
    }

    pub(super) fn session_logout(&self) -> Request {
        session(vec![("action", "logout".to_owned())])
    }

    pub(super) fn set_session(&self, cookie: Option<String>) {
        // Of a cookie, the value is the secret; the short ones, such as a language, are words.
        let pairs = cookie.iter().flat_map(|cookie| cookie.split("; "));
        let values = pairs.filter_map(|pair| Some(pair.split_once('=')?.1));
        values
            .filter(|value| value.len() >= SHORTEST_COOKIE)
            .for_each(printable::hide);
        *locked(&self.state) = LoginState {
            proof: cookie.map(SecretString::from),
            accepted: false,
        };
    }

    /// The latest proof.
    pub(super) fn proof(&self) -> Proof {
        locked(&self.state).proof.clone()
    }

    /// Notes that Qualys took the proof.
    pub(super) fn accepted(&self, proof: &Proof) {
        let mut state = locked(&self.state);
        state.accepted |= same(&state.proof, proof);
    }

    /// After a refusal of `proof`: whether the next request will carry another one, which is no repetition of a refused
    /// login. A session that had just been opened, or an unchanged token, gives no second chance.
    pub(super) fn renew(&self, proof: &Proof) -> bool {
        match &self.login {
            Login::Session(_) => {
                let mut state = locked(&self.state);
                // Somebody else met the same refusal first, and renewed it.
                if !same(&state.proof, proof) {
                    return true;
                }
                let accepted = std::mem::take(&mut state.accepted);
                accepted && state.proof.take().is_some()
            }
            Login::Token(file) => read_token(file).is_ok_and(|fresh| !same(&Some(fresh), proof)),
            Login::Basic(_) => false,
        }
    }
}

fn same(one: &Proof, other: &Proof) -> bool {
    one.as_ref().map(|secret| secret.expose_secret()) == other.as_ref().map(|secret| secret.expose_secret())
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
    let bytes = input_file::read(file, FileKind::Regular).map_err(|error| bad(error.to_string()))?;
    if bytes.len() > LONGEST_TOKEN {
        return Err(bad(format!("has {} bytes, which is no token", bytes.len())));
    }
    let text = std::str::from_utf8(&bytes).map_err(|_| bad("is not UTF-8 text".to_owned()))?;
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
    use crate::qualys::testing;
    use crate::qualys::transport::http::Http;

    #[test]
    fn a_token_is_read_again_for_each_request_and_renewed_only_by_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("token");
        let settings = Settings {
            login: Login::Token(file.clone()),
            ..testing::settings("https://qualysapi.qualys.com")
        };
        let http = Http::new(&settings).unwrap();
        let credentials = Credentials::new(&settings);
        let proven = || {
            let request = http.prepare(&credentials.session_logout());
            let (request, proof) = credentials.prove(request).map_err(|fault| fault.to_string())?;
            let request = request.build().unwrap();
            let header = request.headers()[AUTHORIZATION].clone();
            assert!(header.is_sensitive());
            Ok::<_, String>((header.to_str().unwrap().to_owned(), proof))
        };

        std::fs::write(&file, "canary-first\n").unwrap();
        let (header, first) = proven().unwrap();
        assert_eq!(header, "Bearer canary-first");
        assert!(
            !credentials.renew(&first),
            "the same token again would be the refused login again"
        );
        std::fs::write(&file, "canary-second").unwrap();
        assert!(credentials.renew(&first));
        assert_eq!(proven().unwrap().0, "Bearer canary-second");
        std::fs::write(&file, "").unwrap();
        let empty = format!("qualys.token_file: {}: is empty", file.display());
        assert_eq!(proven().unwrap_err(), empty);
    }

    #[test]
    fn debug_shows_no_secret() {
        let credentials = Credentials::new(&Settings {
            login: Login::Session(testing::PASSWORD.into()),
            ..testing::settings("https://qualysapi.qualys.com")
        });
        let login = credentials.session_login().unwrap();
        assert!(!format!("{credentials:?} {login:?}").contains(testing::PASSWORD));
    }
}
