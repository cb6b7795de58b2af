//! Host List, Host List Detection and KnowledgeBase: what Qualys knows, without a report template.
//!
//! All three show the estate of the generated report, at any size, made while it is sent; a report of the same options
//! says the same. What a user ignores or has disabled is left out unless it is asked for, and so are hosts without a finding
//! that passes.
//!
//! Sources: detections.md. Certain: trees, names of parameters, defaults, paging with WARNING 1980, records in the order
//! of ids, that hosts without findings are left out, concurrency before rate. Likely: the bounds of `truncation_limit`,
//! which parameters go together. Guesses, each of them an [`Oddity`] or an option: the answer without a right to the
//! KnowledgeBase, a page without a host but with a WARNING, pages that end though everything was asked for, a WARNING of the
//! KnowledgeBase, which its DTD allows. Parameters that Qualys knows and the lab doesn't simulate are refused in words, never
//! ignored.

mod elements;
mod filter;
mod hosts;
mod knowledge_base;
mod oddity;
mod page;
mod parameters;
mod records;
mod warning;
mod written;

pub use self::knowledge_base::Right;
pub use self::oddity::Oddity;

use super::answer::{Answer, Echo, Refused};
use super::call::{Call, Place};
use super::service::Service;

impl Service {
    /// Answers a call of the three interfaces.
    pub(super) fn detections(&self, call: &Call, user: &str) -> Result<Answer, Refused> {
        let date = self.clock.today();
        let echo = Echo {
            call,
            user,
            date: &date,
        };
        let echo = (call.parameter("echo_request") == Some("1")).then_some(&echo);
        match (call.place, call.parameter("action")) {
            (_, None) => Err(super::share::missing("action")),
            (Place::HostList, Some("list")) => hosts::list(self, call, echo),
            (Place::Detections, Some("list")) => hosts::detections(self, call, echo),
            (Place::KnowledgeBase, Some("list")) => knowledge_base::list(self, call, echo),
            (_, Some(_)) => Err(super::share::invalid("action")),
        }
    }
}

#[cfg(test)]
mod tests;
