//! The memory that is open: what was known before this run, what it has seen, and what it leaves for the next one.

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::SystemTime;

use crate::mutex::locked;
use crate::qualys::MARGIN;
use crate::state::{CutRun, Error, PastRun, Settings, StateHeader, StateStore, seconds};

/// What is remembered of an import, and what its run has seen.
pub(super) struct OpenMemory {
    pub(super) store: Arc<StateStore>,
    pub(super) settings: Settings,
    /// Nothing is sent, so there is nothing to remember.
    pub(super) looks_only: bool,
    /// What was known when this run began, of the same settings.
    pub(super) before: StateHeader,
    /// What is remembered is of other settings, and is begun anew with the first change.
    pub(super) anew: Mutex<Option<BegunAnew>>,
    pub(super) run: Mutex<RunSoFar>,
}

/// What becomes of what is remembered of other settings.
pub(super) struct BegunAnew {
    /// The hosts aren't of this import.
    pub(super) drops_hosts: bool,
}

/// What this run has seen.
#[derive(Default)]
pub(super) struct RunSoFar {
    /// When it began; by Qualys' clock, where that is known.
    pub(super) begun: u64,
    /// The run that it goes on with.
    pub(super) cut: Option<CutRun>,
    /// It asks only for hosts that changed since.
    pub(super) since: Option<u64>,
    /// Something wasn't delivered.
    pub(super) failed: bool,
    /// Something couldn't be remembered.
    pub(super) broken: bool,
    /// Known hosts that weren't listed so far, and whether this import created them; nothing before the first list.
    pub(super) unlisted: Option<Vec<(IpAddr, bool)>>,
    /// How many hosts were known when it began.
    pub(super) known: u64,
    /// Some host is listed.
    pub(super) lists: bool,
    /// There may be hosts that nobody lists.
    pub(super) hidden: bool,
    /// Some of those may have changed: this run doesn't tell since when the next one has to ask.
    pub(super) lacks_hosts: bool,
}

impl OpenMemory {
    /// Remembers that this run imported all that it was meant to.
    pub(super) fn complete(&self, clears: bool) -> Result<(), Error> {
        let run = locked(&self.run);
        if run.broken {
            return Ok(());
        }
        let ended = PastRun {
            begun: run.begun,
            ended: seconds(SystemTime::now()),
        };
        let leaves = clears && run.unlisted.as_ref().is_some_and(|unlisted| !unlisted.is_empty());
        let leaves = Some(leaves).filter(|_| !run.hidden);
        let (since, lacks_hosts) = (run.since, run.lacks_hosts);
        drop(run);
        self.change(|header| {
            let last = header.last.map(|last| last.begun);
            match since {
                _ if lacks_hosts => {}
                None => {
                    (header.last, header.last_full) = (Some(ended), Some(ended));
                    header.left = leaves.unwrap_or(header.left);
                }
                // Between the last good run and what this one asked for, nothing may be left out.
                Some(since) if last.is_some_and(|last| since + MARGIN.as_secs() <= last) => header.last = Some(ended),
                Some(_) => {}
            }
            header.cut = None;
        })
    }

    /// Changes what is known of the import.
    pub(super) fn change(&self, change: impl FnOnce(&mut StateHeader)) -> Result<(), Error> {
        self.begin_anew()?;
        self.store.change(change)
    }

    /// Forgets what is remembered of other settings, before the first change: a run that comes to nothing costs nothing.
    pub(super) fn begin_anew(&self) -> Result<(), Error> {
        let mut anew = locked(&self.anew);
        if let Some(BegunAnew { drops_hosts }) = &*anew {
            if *drops_hosts {
                self.store.drop_all_hosts()?;
            }
            self.store.change(|header| {
                *header = StateHeader {
                    destination: self.settings.destination.clone(),
                    settings: self.settings.decisive.clone(),
                    knowledge_as_of: header.knowledge_as_of,
                    description_length: header.description_length,
                    ..StateHeader::default()
                };
            })?;
            *anew = None;
        }
        Ok(())
    }
}
