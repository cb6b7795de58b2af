//! Refusals: what Qualys says instead of an answer.

use std::borrow::Cow;
use std::fmt;
use std::time::Duration;

use crate::printable::Text;
use crate::problem::{Kind, Problem};

/// Qualys answered, but not with what was asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
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
    /// The template that it is about, and what we know to be wrong with it beyond Qualys' words.
    pub template: Option<(u64, Unfit)>,
}

impl Problem for Refusal {
    fn kind(&self) -> Kind {
        match Kind::of_answer(self.code, self.text.as_str(), self.status) {
            // One status stands for both limits; the headers tell which one.
            Kind::TooManyCalls if self.code.is_none() && self.busy && self.wait.is_none() => Kind::TooManyAtOnce,
            kind => kind,
        }
    }

    fn remedy(&self) -> Cow<'_, str> {
        match &self.template {
            Some((id, unfit)) => format!("template {id} {unfit}; {}", unfit.remedy()).into(),
            None => self.kind().row().remedy.into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.code, self.text.as_str()) {
            (Some(code), text) => write!(f, "Qualys refuses: \"{text}\" (code {code})"),
            (None, "") => write!(f, "the answer is HTTP status {}", self.status),
            (None, text) => write!(f, "the answer is HTTP status {}, \"{text}\"", self.status),
        }
    }
}

/// Why no report that can be imported is made of a template, as the predicate of a sentence about it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Unfit {
    /// There is none of that id, or this user can't see it.
    #[error("isn't in the list of those that qualys.user_id sees")]
    NotListed,
    /// Its reports aren't about scans.
    #[error("(\"{title}\") is a {template_type} template")]
    NotScan {
        /// What it is called.
        title: Text,
        /// What its reports are about: patches, maps.
        template_type: Text,
    },
    /// It reports scans that somebody picks.
    #[error("(\"{title}\") is Manual (scan based), which needs scans picked by hand")]
    Manual {
        /// What it is called.
        title: Text,
    },
}

impl Unfit {
    /// What is needed.
    pub fn remedy(&self) -> &'static str {
        match self {
            Unfit::NotListed => {
                "check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button in Qualys"
            }
            Unfit::NotScan { .. } => "a scan template is needed; check qualys.template_ids",
            Unfit::Manual { .. } => "an Auto (host based) one is needed; check qualys.template_ids",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(status: u16, code: u32, text: &str) -> Refusal {
        Refusal {
            status,
            code: Some(code),
            text: Text::of(text),
            ..Refusal::default()
        }
    }

    #[test]
    fn the_headers_tell_which_limit_a_status_means() {
        let throttled = |busy, wait| Refusal {
            status: 409,
            busy,
            wait,
            ..Refusal::default()
        };
        let hour = Some(Duration::from_secs(3600));
        assert_eq!(throttled(false, None).kind(), Kind::TooManyCalls);
        assert_eq!(throttled(true, hour).kind(), Kind::TooManyCalls);
        assert_eq!(throttled(true, None).kind(), Kind::TooManyAtOnce);
    }

    #[test]
    fn the_two_refusals_of_the_old_guide_say_what_to_check() {
        insta::assert_snapshot!(
            refusal(401, 2010, "Bad Login/Password").sentence(),
            @r#"Qualys refuses: "Bad Login/Password" (code 2010); check qualys.user_id and qualys.password; the account may live on another platform than qualys.url (see Help > About in Qualys), or may not use the API; it is not tried again, because repeated failures lock the account"#
        );
        insta::assert_snapshot!(
            refusal(200, 999, "Internal error. (Incident Signature: Tried to launch invalid report.)").sentence(),
            @r#"Qualys refuses: "Internal error. (Incident Signature: Tried to launch invalid report.)" (code 999); check qualys.template_ids: the id stands behind `id=` in the link of the template's Info button, and the template must be visible to qualys.user_id"#
        );
    }
}
