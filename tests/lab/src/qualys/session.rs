//! Sessions: log in once, then a cookie, log out.
//!
//! Source: qualys-api.md 1.4 (certain). Session calls count against no limit and carry no limit headers.

use hyper::Method;

use super::action::Action;
use super::answer::{Answer, Refused};
use super::call::Call;
use super::service::Service;
use super::share::{invalid, missing};

impl Service {
    /// Answers a call about sessions.
    pub(super) fn session(&self, call: &Call) -> Result<Answer, Refused> {
        if call.method != Method::POST {
            return Err(Refused::new(
                1908,
                format!("{} is not allowed for this call", call.method),
            ));
        }
        let now = self.clock.now();
        match call.action {
            Action::Login if call.login_in_query => Err(Refused::new(
                1901,
                "username and password belong into the body of the request",
            )),
            Action::Login => {
                let (user, password) = call.form_login.as_ref().ok_or_else(|| missing("username, password"))?;
                let id = self.accounts.open(user, password, now)?;
                let mut answer = Answer::done(&self.clock.today(), None, "Logged in", &[]);
                for cookie in [format!("QualysSession={id}"), format!("DWRSESSIONID={id:.12}")] {
                    answer
                        .headers
                        .push(("set-cookie", format!("{cookie}; path=/api; secure")));
                }
                Ok(answer)
            }
            Action::Logout => {
                self.accounts.user(&call.login, now)?;
                self.accounts.close(&call.login);
                Ok(Answer::done(&self.clock.today(), None, "Logged out", &[]))
            }
            _ => Err(match call.parameter("action") {
                None => missing("action"),
                Some(_) => invalid("action"),
            }),
        }
    }
}
