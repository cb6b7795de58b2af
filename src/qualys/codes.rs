//! Qualys' own codes: what each means, for people who met one. What to do about it is said by [`Refusal`].
//!
//! Source: Qualys' API guide, appendix D (certain); 2010 in the old guide's sense as well.

use super::refusal::Refusal;
use super::transport::retry::Retry;
use crate::exit::Exit;
use crate::printable::Text;

/// Code and meaning, ascending.
const CODES: [(u32, &str); 23] = [
    (
        999,
        "Internal error; with \"Tried to launch invalid report\": no template has that id",
    ),
    (1901, "A parameter isn't known"),
    (1903, "A parameter that is needed is missing"),
    (1904, "Parameters exclude each other"),
    (1905, "A parameter has a value that can't be, most often a template id"),
    (1907, "Parameters don't go together"),
    (1908, "The call wants another HTTP method"),
    (1920, "The request is blocked, by the account or a policy"),
    (1922, "At least one of several parameters is needed"),
    (1960, "As many calls of the subscription are running as may"),
    (1965, "The calls of the subscription are used up for this window"),
    (1980, "A list was cut off"),
    (1981, "The request is still being processed"),
    (1982, "Hosts are named twice"),
    (1999, "Qualys is down for maintenance"),
    (2000, "Bad login or password"),
    (2002, "The user is inactive"),
    (2003, "Registration or licence agreement isn't completed"),
    (2007, "The address that the call comes from isn't allowed"),
    (
        2010,
        "The call wants Basic login; in old answers: bad login or password",
    ),
    (2011, "The user logs in with SecurID"),
    (2012, "The licence doesn't include the API"),
    (7001, "The report can't be fetched: not finished yet, or not there"),
];

/// What is known of a code of Qualys', or of an HTTP status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Explained {
    /// What it means, in a sentence without its full stop.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: String,
    /// Whether the connector asks again by itself.
    pub tried_again: bool,
    /// The exit code that it ends an import with.
    pub exit: Exit,
}

/// Explains a code of Qualys' own.
pub fn explain(code: u32) -> Option<Explained> {
    let (_, meaning) = CODES.iter().find(|(known, _)| *known == code)?;
    Some(explained(meaning, &refusal(409, Some(code))))
}

/// Explains an HTTP status that came without a code.
pub fn explain_status(status: u16) -> Option<Explained> {
    let meaning = match status {
        400 => "The request isn't understood",
        401 => "Bad login or password",
        403 => "Forbidden, by Qualys or by somebody on the way",
        404 => "There is no such path",
        407 => {
            return Some(Explained {
                meaning: "The proxy wants a login",
                remedy:
                    "check qualys.proxy.username and qualys.proxy.password, or the user and password in HTTPS_PROXY"
                        .to_owned(),
                tried_again: false,
                exit: Exit::Credentials,
            });
        }
        409 | 429 => "Too many calls",
        500 => "Qualys failed inside",
        502..=504 => "Qualys, or a proxy before it, doesn't work at the moment",
        _ => return None,
    };
    Some(explained(meaning, &refusal(status, None)))
}

/// Every code that can be explained.
pub fn known() -> impl Iterator<Item = u32> {
    CODES.iter().map(|(code, _)| *code)
}

fn explained(meaning: &'static str, refusal: &Refusal) -> Explained {
    Explained {
        meaning,
        remedy: refusal.advice().to_owned(),
        tried_again: refusal.retry() != Retry::Never,
        exit: refusal.exit(),
    }
}

fn refusal(status: u16, code: Option<u32>) -> Refusal {
    Refusal {
        status,
        code,
        text: match code {
            Some(999) => "Tried to launch invalid report.".into(),
            Some(2010) => "Bad Login/Password".into(),
            _ => Text::default(),
        },
        wait: None,
        busy: false,
        hint: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_stand_in_order_and_each_can_be_explained() {
        assert!(CODES.is_sorted_by_key(|(code, _)| *code));
        for code in known() {
            let explained = explain(code).unwrap();
            assert!(!explained.remedy.is_empty(), "{code}");
        }
        assert_eq!(explain(2000).unwrap().exit, Exit::Credentials);
        assert!(explain(1965).unwrap().tried_again && !explain(2000).unwrap().tried_again);
        assert_eq!(explain(4711), None);
    }
}
