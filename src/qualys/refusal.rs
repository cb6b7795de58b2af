//! Refusals: what Qualys says instead of an answer, what that means, and whether asking again helps.
//!
//! Codes and meanings: Qualys' API guide, appendix D (certain); the statuses that go with them were partly recorded and
//! are partly a guess, so the code in the body decides and the status only where there is no code: a 409 can mean
//! "wait an hour" as well as "accept the licence agreement first".

use std::fmt;
use std::time::Duration;

use super::transport::retry::{Reason, Retry};
use crate::exit::Exit;
use crate::printable::Text;

/// Qualys answered, but not with what was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// Qualys' own code, from a SIMPLE_RETURN, a GENERIC_RETURN or a v1 ERROR.
    pub code: Option<u32>,
    /// Qualys' words; may be empty.
    pub text: Text,
    /// How long Qualys wants to be left alone, where it said so.
    pub wait: Option<Duration>,
    /// The headers say that as many calls run as may.
    pub busy: bool,
    /// What we know about the template beyond Qualys' words.
    pub hint: Option<String>,
}

/// What a refusal means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// 999 for a template id that doesn't exist.
    InvalidReport,
    /// 999 otherwise.
    InternalError,
    /// 1905: a value that Qualys doesn't take, most often a template id.
    BadValue,
    /// 1901, 1903, 1904, 1907, 1908, 1922, 1982: the request doesn't fit the template or the API's version.
    BadRequest,
    /// 1920.
    Blocked,
    /// 1960, or a status of throttling whose headers say so.
    TooManyAtOnce,
    /// 1965, or a status of throttling (409, 429) otherwise.
    TooManyCalls,
    /// 1981.
    BeingProcessed,
    /// 1999.
    Maintenance,
    /// 2000, the old guide's 2010, or status 401.
    BadLogin,
    /// 2002.
    InactiveUser,
    /// 2003.
    Unregistered,
    /// 2007.
    AddressNotAllowed,
    /// 2010.
    BasicLoginRequired,
    /// 2011.
    SecurIdRequired,
    /// 2012.
    NoApiLicence,
    /// Status 403 without a code.
    Forbidden,
    /// 7001.
    NotFetchable,
    /// The Report Share has no room. Its code isn't known, so the words decide.
    StorageFull,
    /// Status 404 without a code: another path than Qualys'.
    NoSuchPath,
    /// Status 5xx without a code.
    Unavailable,
    /// Anything else.
    Unknown,
}

impl Refusal {
    /// What it means: the code decides, then the status.
    pub fn meaning(&self) -> Meaning {
        let text = self.text.as_str().to_ascii_lowercase();
        let says = |words: &str| text.contains(words);
        match self.code {
            Some(999) if says("invalid report") => Meaning::InvalidReport,
            Some(999) => Meaning::InternalError,
            Some(1960) => Meaning::TooManyAtOnce,
            Some(1965) => Meaning::TooManyCalls,
            Some(1981) => Meaning::BeingProcessed,
            Some(1999) => Meaning::Maintenance,
            Some(2000) => Meaning::BadLogin,
            Some(2010) if says("bad login") => Meaning::BadLogin,
            Some(2002) => Meaning::InactiveUser,
            Some(2003) => Meaning::Unregistered,
            Some(2007) => Meaning::AddressNotAllowed,
            Some(2010) => Meaning::BasicLoginRequired,
            Some(2011) => Meaning::SecurIdRequired,
            Some(2012) => Meaning::NoApiLicence,
            Some(7001) => Meaning::NotFetchable,
            _ if says("storage") || says("disk space") || says("quota") => Meaning::StorageFull,
            Some(1905) => Meaning::BadValue,
            Some(1920) => Meaning::Blocked,
            Some(1901 | 1903 | 1904 | 1907 | 1908 | 1922 | 1982) => Meaning::BadRequest,
            _ => self.meaning_of_status(),
        }
    }

    fn meaning_of_status(&self) -> Meaning {
        match self.status {
            400 | 414 => Meaning::BadRequest,
            401 => Meaning::BadLogin,
            403 => Meaning::Forbidden,
            404 => Meaning::NoSuchPath,
            409 | 429 if self.busy && self.wait.is_none() => Meaning::TooManyAtOnce,
            409 | 429 => Meaning::TooManyCalls,
            500..=599 => Meaning::Unavailable,
            _ => Meaning::Unknown,
        }
    }

    pub(super) fn retry(&self) -> Retry {
        match (self.meaning(), self.wait) {
            (Meaning::TooManyCalls, Some(wait)) => Retry::After(Reason::RateLimit, wait),
            (Meaning::TooManyCalls, None) => Retry::UntilDeadline(Reason::RateLimit),
            (Meaning::TooManyAtOnce, Some(wait)) => Retry::After(Reason::Concurrency, wait),
            (Meaning::TooManyAtOnce, None) => Retry::UntilDeadline(Reason::Concurrency),
            (Meaning::BeingProcessed, _) => Retry::UntilDeadline(Reason::BackOff),
            (Meaning::Maintenance | Meaning::Unavailable, Some(wait)) => Retry::After(Reason::Maintenance, wait),
            (Meaning::Maintenance, None) => Retry::UntilDeadline(Reason::Maintenance),
            (Meaning::InternalError | Meaning::Unavailable | Meaning::NotFetchable, _) => Retry::FewTimes,
            _ => Retry::Never,
        }
    }

    /// Whether whatever is asked next with this login would be refused as well.
    pub(super) fn is_about_the_login(&self) -> bool {
        matches!(
            self.meaning(),
            Meaning::BadLogin
                | Meaning::InactiveUser
                | Meaning::Unregistered
                | Meaning::BasicLoginRequired
                | Meaning::SecurIdRequired
        )
    }

    /// The exit code that this refusal decides.
    pub fn exit(&self) -> Exit {
        match self.meaning() {
            Meaning::InvalidReport | Meaning::BadValue | Meaning::BadRequest | Meaning::NoSuchPath => Exit::Config,
            Meaning::TooManyAtOnce
            | Meaning::TooManyCalls
            | Meaning::BeingProcessed
            | Meaning::Maintenance
            | Meaning::NotFetchable => Exit::TryAgain,
            Meaning::Blocked
            | Meaning::BadLogin
            | Meaning::InactiveUser
            | Meaning::Unregistered
            | Meaning::AddressNotAllowed
            | Meaning::BasicLoginRequired
            | Meaning::SecurIdRequired
            | Meaning::NoApiLicence
            | Meaning::Forbidden => Exit::Credentials,
            Meaning::InternalError | Meaning::StorageFull | Meaning::Unavailable | Meaning::Unknown => {
                Exit::Unavailable
            }
        }
    }

    pub(super) fn advice(&self) -> &'static str {
        match self.meaning() {
            Meaning::InvalidReport => {
                "check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button, \
                 and the template must be visible to qualys.user_id"
            }
            Meaning::InternalError => "Qualys failed inside; if it stays so, give its words to Qualys' support",
            Meaning::BadValue => "check qualys.template_ids: does the template exist, and may qualys.user_id see it?",
            Meaning::BadRequest => {
                "check that the template is an Auto (host based) scan template, and qualys.api_version"
            }
            Meaning::Blocked => "the account or a policy blocks this call: ask the Qualys administrator",
            Meaning::TooManyAtOnce => {
                "other users or tools of the subscription are calling too; let them finish, or ask Qualys for more"
            }
            Meaning::TooManyCalls => {
                "all users and tools of the subscription share these calls; run less often, or ask Qualys for more"
            }
            Meaning::BeingProcessed => "Qualys is still working on the request",
            Meaning::Maintenance => "Qualys is down for maintenance: come back later",
            Meaning::BadLogin => {
                "check qualys.user_id and qualys.password; the account may live on another platform than qualys.url (see \
                 Help > About in Qualys), or may not use the API; it is not tried again, because repeated failures lock the \
                 account"
            }
            Meaning::InactiveUser => "the account is inactive: have it activated in Qualys",
            Meaning::Unregistered => {
                "log in to Qualys once with this account, complete its registration and accept the licence agreement"
            }
            Meaning::AddressNotAllowed => {
                "this machine's address (or its proxy's) isn't among those that the subscription allows: have it added in Qualys"
            }
            Meaning::BasicLoginRequired => "set qualys.login to basic",
            Meaning::SecurIdRequired => "the account logs in with SecurID: use an account without it for the API",
            Meaning::NoApiLicence => "the subscription's licence doesn't include the API: ask Qualys",
            Meaning::Forbidden => {
                "the account may not do this, or a proxy or firewall on the way forbids it: check API access and roles"
            }
            Meaning::NotFetchable => {
                "Qualys lists the report as finished but doesn't hand it out, or somebody deleted it: run again later"
            }
            Meaning::StorageFull => {
                "the Report Share is full: delete old reports in Qualys, or have the user's limit raised"
            }
            Meaning::NoSuchPath => "check qualys.url and qualys.api_version",
            Meaning::Unavailable => "Qualys, or a proxy before it, doesn't work at the moment",
            Meaning::Unknown => "look the code up in Qualys' API guide, or ask Qualys' support",
        }
    }
}

impl Meaning {
    /// A fixed word for logs and metrics.
    pub fn label(self) -> &'static str {
        match self {
            Meaning::InvalidReport | Meaning::BadValue => "bad_template",
            Meaning::BadRequest => "bad_request",
            Meaning::TooManyAtOnce => "too_many_at_once",
            Meaning::TooManyCalls => "too_many_calls",
            Meaning::BeingProcessed | Meaning::NotFetchable => "not_ready",
            Meaning::Maintenance => "maintenance",
            Meaning::BadLogin
            | Meaning::InactiveUser
            | Meaning::Unregistered
            | Meaning::BasicLoginRequired
            | Meaning::SecurIdRequired => "login_refused",
            Meaning::Blocked | Meaning::AddressNotAllowed | Meaning::NoApiLicence | Meaning::Forbidden => "forbidden",
            Meaning::StorageFull => "storage_full",
            Meaning::NoSuchPath => "no_such_path",
            Meaning::InternalError | Meaning::Unavailable => "unavailable",
            Meaning::Unknown => "refused",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.text.as_str()) {
            (Some(code), text) => write!(f, "Qualys refuses: \"{text}\" (code {code})")?,
            (None, "") => write!(f, "the answer is HTTP status {}", self.status)?,
            (None, text) => write!(f, "the answer is HTTP status {}, \"{text}\"", self.status)?,
        }
        write!(f, "; {}", self.hint.as_deref().unwrap_or(self.advice()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: u32, text: &str) -> Refusal {
        Refusal {
            status,
            code: (code != 0).then_some(code),
            text: Text::of(text),
            wait: None,
            busy: false,
            hint: None,
        }
    }

    #[test]
    fn every_code_of_the_guide_with_what_it_leads_to() {
        use Retry::{FewTimes, Never, UntilDeadline};
        for (status, code, text, remedy, exit) in [
            (200, 999, "Internal error", FewTimes, Exit::Unavailable),
            (
                200,
                999,
                "Internal error (Incident Signature: Tried to launch invalid report.)",
                Never,
                Exit::Config,
            ),
            (400, 1901, "", Never, Exit::Config),
            (400, 1903, "", Never, Exit::Config),
            (400, 1904, "", Never, Exit::Config),
            (400, 1905, "", Never, Exit::Config),
            (400, 1907, "", Never, Exit::Config),
            (400, 1908, "", Never, Exit::Config),
            (409, 1920, "", Never, Exit::Credentials),
            (400, 1922, "", Never, Exit::Config),
            (409, 1960, "", UntilDeadline(Reason::Concurrency), Exit::TryAgain),
            (409, 1965, "", UntilDeadline(Reason::RateLimit), Exit::TryAgain),
            (409, 1981, "", UntilDeadline(Reason::BackOff), Exit::TryAgain),
            (200, 1982, "", Never, Exit::Config),
            (503, 1999, "", UntilDeadline(Reason::Maintenance), Exit::TryAgain),
            (401, 2000, "Bad Login/Password", Never, Exit::Credentials),
            (401, 2002, "", Never, Exit::Credentials),
            (409, 2003, "", Never, Exit::Credentials),
            (200, 2007, "", Never, Exit::Credentials),
            (200, 2010, "Bad Login/Password", Never, Exit::Credentials),
            (409, 2010, "", Never, Exit::Credentials),
            (409, 2011, "", Never, Exit::Credentials),
            (409, 2012, "", Never, Exit::Credentials),
            (200, 7001, "Report cannot be fetched.", FewTimes, Exit::TryAgain),
            (409, 5555, "Your Report Share storage is full", Never, Exit::Unavailable),
            (
                409,
                1920,
                "The storage limit of your report share is reached",
                Never,
                Exit::Unavailable,
            ),
            (200, 5555, "", Never, Exit::Unavailable),
            (401, 0, "", Never, Exit::Credentials),
            (403, 0, "", Never, Exit::Credentials),
            (404, 0, "", Never, Exit::Config),
            (429, 0, "", UntilDeadline(Reason::RateLimit), Exit::TryAgain),
            (500, 0, "", FewTimes, Exit::Unavailable),
            (502, 0, "", FewTimes, Exit::Unavailable),
            (504, 0, "", FewTimes, Exit::Unavailable),
        ] {
            let refusal = refusal(status, code, text);
            assert_eq!(
                (refusal.retry(), refusal.exit()),
                (remedy, exit),
                "{status} {code} {text}"
            );
        }
    }

    #[test]
    fn a_wait_that_was_told_is_kept_to() {
        let told = |status, code| {
            let mut refusal = refusal(status, code, "");
            refusal.wait = Some(Duration::from_secs(55 * 60));
            refusal.retry()
        };
        let wait = Duration::from_secs(55 * 60);
        assert_eq!(told(409, 1965), Retry::After(Reason::RateLimit, wait));
        assert_eq!(told(429, 0), Retry::After(Reason::RateLimit, wait));
        assert_eq!(told(503, 0), Retry::After(Reason::Maintenance, wait));
        assert_eq!(told(401, 2000), Retry::Never);
    }

    #[test]
    fn the_two_refusals_of_the_old_guide_say_what_to_check() {
        insta::assert_snapshot!(
            refusal(401, 2010, "Bad Login/Password"),
            @r#"Qualys refuses: "Bad Login/Password" (code 2010); check qualys.user_id and qualys.password; the account may live on another platform than qualys.url (see Help > About in Qualys), or may not use the API; it is not tried again, because repeated failures lock the account"#
        );
        insta::assert_snapshot!(
            refusal(200, 999, "Internal error. (Incident Signature: Tried to launch invalid report.)"),
            @r#"Qualys refuses: "Internal error. (Incident Signature: Tried to launch invalid report.)" (code 999); check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button, and the template must be visible to qualys.user_id"#
        );
    }
}
