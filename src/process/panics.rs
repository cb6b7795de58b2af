//! Panics. Each is a bug of ours, and ends an invocation as any other failure does: with a sentence, an exit code, summary,
//! metrics and traces.

use std::any::Any;
use std::cell::Cell;
use std::panic::{self, AssertUnwindSafe, Location};

use thiserror::Error;

use crate::problem::{Kind, Problem};
use crate::telemetry::terminal::write_line;

thread_local! {
    /// Whether [`catch`] reports this thread's panics.
    static IS_CAUGHT: Cell<bool> = const { Cell::new(false) };
    /// The last panic.
    static LAST: Cell<Option<Bug>> = const { Cell::new(None) };
}

/// A panic.
#[derive(Debug, Error)]
#[error("a bug in qualys-connector{place}: {message}")]
pub(super) struct Bug {
    place: String,
    message: String,
}

/// Installs a panic hook that reports any thread's panic as one sentence.
pub(super) fn install_hook() {
    panic::set_hook(Box::new(|panic| {
        let bug = Bug::new(panic.location(), message(panic.payload()));
        // Not logged, since the log may be what panicked.
        match IS_CAUGHT.get() {
            true => LAST.set(Some(bug)),
            false => write_line(format_args!("error: {}", bug.sentence())),
        }
    }));
}

/// Does the work, or gives the panic that ended it.
pub(super) fn catch<T>(work: impl FnOnce() -> T) -> Result<T, Bug> {
    let outer = IS_CAUGHT.replace(true);
    // What the work held is dropped with it, and nobody looks at it.
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    IS_CAUGHT.set(outer);
    done.map_err(|payload| {
        // One that came from another thread was reported there, with its place.
        LAST.take().unwrap_or_else(|| Bug::new(None, message(&*payload)))
    })
}

fn message(payload: &dyn Any) -> &str {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    text.or_else(|| payload.downcast_ref::<&str>().copied())
        .unwrap_or_default()
}

impl Bug {
    fn new(place: Option<&Location<'_>>, message: &str) -> Self {
        Bug {
            place: place.map(|place| format!(" ({place})")).unwrap_or_default(),
            message: message.to_owned(),
        }
    }
}

impl Problem for Bug {
    fn kind(&self) -> Kind {
        Kind::Bug
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_a_sentence_and_the_work_before_it_is_kept() {
        let usual = panic::take_hook();
        install_hook();
        assert_eq!(catch(|| 7).unwrap(), 7);
        let (mut begun, line) = (false, line!() + 3);
        let bug = catch(|| {
            begun = true;
            panic!("no {} left", "host")
        });
        panic::set_hook(usual);
        assert!(begun);
        let sentence = bug.map(|()| 7).unwrap_err().sentence();
        assert_eq!(
            sentence,
            format!(
                "a bug in qualys-connector (src/process/panics.rs:{line}:13): no host left; please report it, with the log at \
                 --level 3"
            )
        );
    }
}
