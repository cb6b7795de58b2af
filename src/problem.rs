//! Problems: everything that can go wrong, each kind one row of one [table](Kind).
//!
//! Each module keeps an enum of what happened there, with the data that belongs to it; [`Problem::kind`] leads from it into
//! the table. Everything else that depends on a problem reads a column: the retry loop, the exit code, the label of a metric, the
//! step of the preflight, `explain` and the docs. A code of Qualys' that is new is one row, or one entry in a row.

use std::borrow::Cow;
use std::fmt;
use std::ops::RangeInclusive;

use crate::exit::Exit;

mod retry;
mod shared;
mod step;
mod table;

pub use retry::{Reason, RetryPolicy};
pub use step::Step;
pub use table::Kind;

/// Something that went wrong. Its text is its [`Display`](fmt::Display): what happened, without what to do about it.
pub trait Problem: fmt::Display {
    /// The row of the table that it belongs to.
    fn kind(&self) -> Kind;

    /// What to do about it; empty where the text says all there is to say.
    fn remedy(&self) -> Cow<'_, str> {
        Cow::Borrowed(self.kind().row().remedy)
    }

    /// What happened and what to do, for people who read one line.
    fn sentence(&self) -> String {
        match &*self.remedy() {
            "" => self.to_string(),
            remedy => format!("{self}; {remedy}"),
        }
    }
}

/// What is known of a kind of problem.
#[derive(Debug)]
pub struct Row {
    /// A fixed word for metrics, logs and spans. Several kinds may share one.
    pub label: &'static str,
    /// Qualys' codes that lead to it. Where Qualys' words decide too, they stand beside the code, in lower case.
    pub codes: &'static [(u32, &'static str)],
    /// Words of Qualys', in lower case, that lead to it independent of the code.
    pub words: &'static [&'static str],
    /// Parts of what Qualys says of it, in lower case, beside the words above. Nothing is decided by them: people look them up.
    pub texts: &'static [&'static str],
    /// HTTP statuses that lead to it where the answer has no known code.
    pub statuses: &'static [RangeInclusive<u16>],
    /// What it means: a clause.
    pub meaning: &'static str,
    /// What to do about it; empty where only the problem itself can say.
    pub remedy: &'static str,
    /// Whether it is tried again without anybody doing anything.
    pub retry: RetryPolicy,
    /// Whether any other request would be refused as well, so that none is made: repeating a refused login locks the account.
    pub closes: bool,
    /// Whether Qualys may have acted on the request, so that nobody may repeat it before looking.
    pub acted: bool,
    /// Whether a later run may get past it, and goes on with the report that is at Qualys.
    pub resumes: bool,
    /// How an import ends that doesn't get past it.
    pub exit: Exit,
    /// The step of the preflight that finds it.
    pub step: Option<Step>,
}

impl Kind {
    /// What an answer of Qualys' means that isn't the one that was asked for. The code decides, sometimes together with the
    /// words; the status only where the code is missing or unknown, as one status has several meanings.
    pub fn of_answer(code: Option<u32>, words: &str, status: u16) -> Self {
        let words = words.to_lowercase();
        let fits = |row: &Row| {
            let known = |&(known, with): &(u32, &str)| code == Some(known) && words.contains(with);
            row.codes.iter().any(known) || row.words.iter().any(|with| words.contains(with))
        };
        let by_code = Kind::ALL.iter().find(|kind| fits(kind.row()));
        let by_status = || Kind::of_status(status).next();
        by_code.copied().or_else(by_status).unwrap_or(Kind::Refused)
    }

    /// What a code of Qualys' may mean, with the words that tell one meaning from the other.
    pub fn of_code(code: u32) -> impl Iterator<Item = (Self, &'static str)> {
        let known = Kind::ALL
            .iter()
            .flat_map(|kind| kind.row().codes.iter().map(|known| (*kind, known)));
        known
            .filter(move |(_, known)| known.0 == code)
            .map(|(kind, known)| (kind, known.1))
    }

    /// What a text of Qualys' means.
    pub fn of_text(text: &str) -> Option<Self> {
        let text = text.to_lowercase();
        let says = |kind: &Kind| kind.texts().any(|part| text.contains(part));
        Kind::ALL.iter().copied().find(says)
    }

    /// Parts of what Qualys says of it, in lower case, as far as they are known.
    pub fn texts(self) -> impl Iterator<Item = &'static str> {
        let row = self.row();
        let beside_codes = row
            .codes
            .iter()
            .map(|(_, words)| *words)
            .filter(|words| !words.is_empty());
        beside_codes.chain(row.words.iter().chain(row.texts).copied())
    }

    /// What an HTTP status means that comes without a code.
    pub fn of_status(status: u16) -> impl Iterator<Item = Self> {
        let kinds = Kind::ALL.iter().copied();
        kinds.filter(move |kind| kind.row().statuses.iter().any(|known| known.contains(&status)))
    }

    /// How an import ends that doesn't get past it.
    pub fn exit(self) -> Exit {
        self.row().exit
    }

    /// Whether it is about what one batch holds, and says nothing of the next.
    pub fn is_of_one_batch(self) -> bool {
        self == Kind::CommandsRefused || self.exit() == Exit::Report
    }

    /// Whether every further batch would fail of it too.
    pub fn ends_the_import(self) -> bool {
        matches!(
            self.exit(),
            Exit::Credentials | Exit::Config | Exit::Bug | Exit::Terminated
        )
    }

    /// Whether a login, a right or a certificate is refused.
    pub fn denies_access(self) -> bool {
        self.exit() == Exit::Credentials
    }
}

#[cfg(test)]
mod tests;
