//! Logins: who is let in, how often a wrong one is forgiven, which sessions are open.
//!
//! Sources: qualys-api.md 1.4 (sessions: certain; an account that is locked after failures: likely, that five are
//! enough and that its answer is 2002: guesses).

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use super::call::Call;
use super::journal::Credentials;
use super::options::{Options, Reply};

/// Wrong logins in a row that lock the account.
const FORGIVEN: u32 = 5;
/// Whoever logs in where any login is right, by token or otherwise without a name.
const SOMEBODY: &str = "lab_user";

/// How a client says who it is.
#[derive(Clone, PartialEq, Eq)]
pub(super) enum Login {
    Nothing,
    Basic { user: String, password: String },
    Bearer(String),
    Session(String),
}

/// The accounts of the one subscription.
pub(super) struct Accounts {
    right: Option<(String, String)>,
    token: Option<String>,
    bad_login: Reply,
    session_life: Duration,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    failures: u32,
    sessions: HashMap<String, Session>,
}

struct Session {
    user: String,
    used: Duration,
}

/// A login that isn't right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Denied(pub(super) Reply);

impl Accounts {
    pub(super) fn new(options: &Options) -> Self {
        Self {
            right: options.user.clone().zip(options.password.clone()),
            token: options.token.clone(),
            bad_login: options.bad_login,
            session_life: options.times.session.div_f64(options.speed),
            state: Mutex::default(),
        }
    }

    /// The user whose login this is.
    pub(super) fn user(&self, login: &Login, now: Duration) -> Result<String, Denied> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        match login {
            Login::Nothing => Err(Denied(self.bad_login)),
            Login::Basic { user, password } => self.check(&mut state, user, password),
            Login::Bearer(token) => match &self.token {
                Some(right) if right == token => Ok(SOMEBODY.to_owned()),
                _ => Err(Denied(self.bad_login)),
            },
            Login::Session(id) => match state.sessions.get_mut(id) {
                Some(session) if now < session.used + self.session_life => {
                    session.used = now;
                    Ok(session.user.clone())
                }
                _ => {
                    state.sessions.remove(id);
                    Err(Denied(self.bad_login))
                }
            },
        }
    }

    /// How good a call's credentials are; nothing is counted.
    pub(super) fn judge(&self, call: &Call, now: Duration) -> Credentials {
        if call.login_in_query {
            return Credentials::Query;
        }
        let state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let right = match (&call.form_login, &call.login) {
            (Some((user, password)), _) => self.is_right(user, password),
            (None, Login::Nothing) => return Credentials::None,
            (None, Login::Basic { user, password }) => self.is_right(user, password),
            (None, Login::Bearer(token)) => self.token.as_ref() == Some(token),
            (None, Login::Session(id)) => {
                let session = state.sessions.get(id);
                session.is_some_and(|session| now < session.used + self.session_life)
            }
        };
        if right { Credentials::Right } else { Credentials::Wrong }
    }

    /// Opens a session; returns the value of its cookie.
    pub(super) fn open(&self, user: &str, password: &str, now: Duration) -> Result<String, Denied> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let user = self.check(&mut state, user, password)?;
        let random = || RandomState::new().hash_one(now);
        let id = format!("{:016x}{:016x}", random(), random());
        state.sessions.insert(id.clone(), Session { user, used: now });
        Ok(id)
    }

    /// Closes a session.
    pub(super) fn close(&self, login: &Login) {
        if let Login::Session(id) = login {
            let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
            state.sessions.remove(id);
        }
    }

    fn check(&self, state: &mut State, user: &str, password: &str) -> Result<String, Denied> {
        if state.failures >= FORGIVEN {
            return Err(Denied(Reply {
                code: 2002,
                status: None,
            }));
        }
        if self.is_right(user, password) {
            state.failures = 0;
            Ok(user.to_owned())
        } else {
            state.failures += 1;
            Err(Denied(self.bad_login))
        }
    }

    fn is_right(&self, user: &str, password: &str) -> bool {
        match &self.right {
            Some((right_user, right_password)) => user == right_user && password == right_password,
            None => !user.is_empty(),
        }
    }
}

impl Login {
    pub(super) fn is_basic(&self) -> bool {
        matches!(self, Self::Basic { .. })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Duration = Duration::from_secs(1_000);

    fn accounts() -> Accounts {
        Accounts::new(&Options {
            user: Some("dirk".to_owned()),
            password: Some("right".to_owned()),
            ..Options::default()
        })
    }

    fn basic(password: &str) -> Login {
        Login::Basic {
            user: "dirk".to_owned(),
            password: password.to_owned(),
        }
    }

    #[test]
    fn the_sixth_login_finds_the_account_locked_even_if_it_is_right() {
        let accounts = accounts();
        let code = |password| accounts.user(&basic(password), NOW).map_err(|Denied(reply)| reply.code);
        assert_eq!(code("right"), Ok("dirk".to_owned()));
        for _ in 0..FORGIVEN {
            assert_eq!(code("wrong"), Err(2000));
        }
        assert_eq!(code("right"), Err(2002));
    }

    #[test]
    fn a_session_ends_when_it_is_idle_too_long_or_closed() {
        let accounts = accounts();
        let open = || Login::Session(accounts.open("dirk", "right", NOW).unwrap());
        let session = open();
        let minutes = |minutes: u64| NOW + Duration::from_secs(60 * minutes);
        assert!(accounts.user(&session, minutes(59)).is_ok());
        assert!(accounts.user(&session, minutes(118)).is_ok(), "used, so not idle");
        assert!(accounts.user(&session, minutes(178)).is_err());

        let session = open();
        accounts.close(&session);
        assert!(accounts.user(&session, NOW).is_err());
    }
}
