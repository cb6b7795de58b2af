//! Memory: what an import knows of those before it, and what it remembers for the next one. Without `state.dir` it knows
//! nothing and remembers nothing; where that can't be used, the import goes on the same way, and says so.
//!
//! | rule | since |
//! |---|---|
//! | an address is remembered before results are sent there | a run that is killed leaves nothing behind that nobody knows of |
//! | it is forgotten after its results were cleared | the next run clears again what this one couldn't |
//! | hosts that left are cleared only by a run that saw every host in scope, as the full run before it with the same settings did | nobody takes for left what wasn't asked for |

use std::net::IpAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, SystemTime};

use tracing::{info, warn};

use super::record::Record;
use crate::mutex::locked;
use crate::printable::Text;
use crate::problem::Problem as _;
use crate::qualys::{ChangeWindow, DetectionSettings, Done, HostListing, HostsWanted, MARGIN, Since};
use crate::report::Selected;
use crate::state::{self, CutRun, Error, PastRun, Settings, StateHeader, StateStore, seconds, time};
use open::{BegunAnew, OpenMemory, RunSoFar};

/// How often, and after which time, a memory that another process has is tried again.
const LOOKS: u32 = 25;
const LOOK: Duration = Duration::from_millis(200);

mod open;

/// What an import knows of those before it.
#[derive(Default)]
pub(super) struct Memory {
    open: Option<OpenMemory>,
    /// What the user should know.
    warnings: Mutex<Vec<String>>,
}

/// Hosts that left, if something can be done about them.
pub(super) struct LeftHosts {
    /// Their addresses in order, with whether this import created them.
    pub(super) hosts: Vec<(IpAddr, bool)>,
    /// How many hosts were known when the run began.
    pub(super) known: u64,
    /// Whether so few left that they are cleared.
    pub(super) allowed: bool,
    /// Those that this import created are deleted.
    pub(super) delete: bool,
}

impl Memory {
    /// Opens what is remembered; where that can't be, a warning says so. Whoever `looks_only` remembers nothing.
    pub(super) fn open(settings: Option<Settings>, looks_only: bool) -> Self {
        let mut memory = Memory::default();
        let Some(settings) = settings else { return memory };
        let opened = match looks_only {
            true => waited_for(|| StateStore::look(&settings.dir)),
            false => memory.open_or_replace(&settings).map(Some),
        };
        match opened.and_then(|store| store.map(|store| memory.begin(store, settings, looks_only)).transpose()) {
            Ok(open) => memory.open = open,
            Err(error) => memory.warn(format!(
                "nothing is remembered, and no host that left Qualys is cleared: state.dir can't be used ({error}); {}",
                error.remedy()
            )),
        }
        memory
    }

    fn open_or_replace(&self, settings: &Settings) -> Result<StateStore, Error> {
        match waited_for(|| StateStore::open(&settings.dir)) {
            Err(Error::Damaged(damage)) => {
                let aside = state::set_aside(&settings.dir)?;
                self.warn(format!(
                    "what was remembered is damaged ({damage}) and stands in {} now: every host is imported, and none that left \
                     Qualys meanwhile is cleared",
                    aside.display()
                ));
                StateStore::open(&settings.dir)
            }
            opened => opened,
        }
    }

    /// Compares what is remembered with the settings of this run.
    fn begin(&self, store: StateStore, settings: Settings, looks_only: bool) -> Result<OpenMemory, Error> {
        let mut before = store.header();
        let is_new = before.destination.is_empty();
        let elsewhere = before.destination != settings.destination;
        if elsewhere && !is_new {
            self.warn(format!(
                "what is remembered is of an import into {}, this one is into {}: every host is imported, and none that left Qualys \
                 is cleared; give each import a state.dir of its own",
                Text::of(&before.destination),
                settings.destination
            ));
        } else if before.settings != settings.decisive && !is_new {
            self.warn(
                "the settings that decide what is imported have changed since the last run: every host is imported, and none that \
                 left Qualys is cleared"
                    .to_owned(),
            );
        }
        let anew = (elsewhere || before.settings != settings.decisive).then_some(BegunAnew {
            drops_hosts: elsewhere && !is_new,
        });
        if anew.is_some() {
            before = StateHeader::default();
        }
        let known = match &anew {
            Some(BegunAnew { drops_hosts: true }) => 0,
            _ => store.known_hosts()?,
        };
        let run = RunSoFar {
            begun: seconds(SystemTime::now()),
            known,
            ..RunSoFar::default()
        };
        Ok(OpenMemory {
            store: Arc::new(store),
            settings,
            looks_only,
            before,
            anew: anew.into(),
            run: run.into(),
        })
    }

    /// What is remembered of the KnowledgeBase.
    pub(super) fn knowledge(&self) -> Option<Arc<StateStore>> {
        let open = self.open.as_ref().filter(|open| !open.looks_only)?;
        Some(open.store.clone())
    }

    /// Which hosts an import of detections asks for.
    fn wanted(&self, settings: &DetectionSettings) -> HostsWanted {
        let now = SystemTime::now();
        let since: Option<Since> = match settings.changed_within {
            None => None,
            Some(ChangeWindow::Within(age)) => Some(Since::Ago(age)),
            Some(ChangeWindow::SinceLast) => self.since_last(settings.full_every, now).map(Since::Run),
        };
        let Some(open) = &self.open else {
            return HostsWanted { since, done: None };
        };
        let within = open.settings.resume_within;
        // One that asked only for later changes isn't enough.
        let fits = |cut: &CutRun| {
            let wanted = since.map(|since| seconds(since.at(now)));
            cut.since
                .is_none_or(|asked| wanted.is_some_and(|wanted| asked <= wanted))
        };
        let cut = open
            .before
            .cut
            .filter(|cut| fits(cut) && is_within(time(cut.begun), within, now));
        locked(&open.run).cut = cut;
        let Some(cut) = cut else {
            return HostsWanted { since, done: None };
        };
        let (begun, reached) = (time(cut.begun), cut.reached);
        info!(
            "going on with the import of {}, which was cut short: hosts up to {reached} are asked for only if they changed since",
            humantime::format_rfc3339_seconds(begun)
        );
        HostsWanted {
            since: cut.since.map(time).map(Since::Then),
            done: Some(Done { reached, begun }),
        }
    }

    /// When the last good import began, if changes since then are enough.
    fn since_last(&self, full_every: Duration, now: SystemTime) -> Option<SystemTime> {
        let before = self.open.as_ref().map(|open| &open.before);
        let full = before.and_then(|before| before.last_full);
        let last = before.and_then(|before| before.last);
        if full.is_some() && before.is_some_and(|before| before.left) {
            info!("every host is imported: hosts that left Qualys are still to be cleared");
            return None;
        }
        let is_fresh = |run: &PastRun| is_within(time(run.begun), full_every, now);
        let last = last.filter(|last| is_fresh(last) && full.as_ref().is_some_and(is_fresh));
        let since = last.map(|last| time(last.begun));
        match (since, full) {
            (Some(since), _) => {
                let since = humantime::format_rfc3339_seconds(since);
                info!("hosts are asked for that changed since the last good import, of {since}");
            }
            (None, None) => info!("every host is imported: no earlier import of every host is known"),
            (None, Some(_)) => {
                info!("every host is imported: the last import of every host is too long ago (detections.full_every)");
            }
        }
        since
    }

    /// Takes note of a list of hosts, which is all that tells which there are. Says which of them are asked for.
    pub(super) fn listed(&self, listing: &HostListing, settings: &DetectionSettings) -> HostsWanted {
        let wanted = self.wanted(settings);
        let Some(open) = &self.open else { return wanted };
        locked(&open.run).hidden |= listing.hidden;
        if wanted.since.is_none() {
            let is_listed = |address: IpAddr| listing.contains(address) || listing.hidden_ipv6 && address.is_ipv6();
            self.seen(open, is_listed, listing.listed > 0);
        }
        wanted
    }

    /// Takes note of what a list says of the run.
    pub(super) fn chosen(&self, listing: &HostListing) {
        let Some(open) = &self.open else { return };
        let mut run = locked(&open.run);
        // Of two clocks the one that is behind: what is asked for twice does no harm.
        let there = listing.begun.map_or(run.begun, seconds).min(run.begun);
        run.begun = run.cut.map_or(there, |cut| cut.begun);
        run.since = listing.since.map(seconds);
        run.lacks_hosts |= listing.lacks_hosts;
    }

    /// Takes note of a report without a host, which may lack some.
    pub(super) fn reported_nobody(&self) {
        if let Some(open) = &self.open {
            locked(&open.run).hidden = true;
        }
    }

    /// Takes note of the hosts of a report.
    pub(super) fn reported(&self, selected: &Selected) {
        let Some(open) = &self.open else { return };
        locked(&open.run).hidden |= selected.filtered().is_some();
        let mut listed: Vec<IpAddr> = selected.listed().collect();
        listed.sort_unstable();
        let is_listed = |address: IpAddr| {
            listed.binary_search(&address).is_ok()
                || selected.may_hide(address)
                || selected.is_without_findings(address)
        };
        self.seen(open, is_listed, !listed.is_empty());
    }

    /// Takes note of the hosts of a page: one that moved meanwhile may be where the list didn't have it.
    pub(super) fn named(&self, selected: &Selected) {
        let Some(open) = &self.open else { return };
        let mut run = locked(&open.run);
        if let Some(unlisted) = run.unlisted.as_mut().filter(|unlisted| !unlisted.is_empty()) {
            let mut named: Vec<IpAddr> = selected.listed().collect();
            named.sort_unstable();
            unlisted.retain(|(address, _)| named.binary_search(address).is_err());
        }
    }

    /// Some hosts are listed; `any`: there is one at least.
    fn seen(&self, open: &OpenMemory, is_listed: impl Fn(IpAddr) -> bool, any: bool) {
        // A run before it, with the same settings, must have seen every host.
        let compares = open.settings.is_whole && open.before.last_full.is_some();
        let unlisted = locked(&open.run).unlisted.take();
        let unlisted = match unlisted {
            Some(mut unlisted) => {
                unlisted.retain(|(address, _)| !is_listed(*address));
                Ok(unlisted)
            }
            None if compares => open.store.hosts(|address| !is_listed(address)),
            None => Ok(Vec::new()),
        };
        let mut run = locked(&open.run);
        run.lists |= any;
        match unlisted {
            Ok(unlisted) => run.unlisted = Some(unlisted),
            Err(error) => {
                drop(run);
                self.remembered(open, Err(error));
            }
        }
    }

    /// Remembers addresses, before results are sent there.
    pub(super) fn announce(&self, addresses: impl IntoIterator<Item = IpAddr>, added: bool) {
        let Some(open) = self.open.as_ref().filter(|open| !open.looks_only) else {
            return;
        };
        let announced = open.begin_anew().and_then(|()| open.store.unknown(addresses, added));
        let announced = announced.and_then(|unknown| open.store.remember(unknown, added));
        self.remembered(open, announced);
    }

    /// Takes note of a page of hosts that was delivered, and remembers that all hosts up to its last address are done, unless
    /// something of it, or of one before it, `failed`.
    pub(super) fn delivered(&self, last: Option<IpAddr>, failed: bool) {
        let Some(open) = self.open.as_ref().filter(|open| !open.looks_only) else {
            return;
        };
        let cut = {
            let mut run = locked(&open.run);
            run.failed |= failed;
            let Some(address) = last.filter(|_| !run.failed) else {
                return;
            };
            let reached = run.cut.map_or(address, |cut| cut.reached.max(address));
            let (begun, since) = (run.begun, run.since);
            *run.cut.insert(CutRun { begun, since, reached })
        };
        self.remembered(open, open.change(|header| header.cut = Some(cut)));
    }

    fn remembered(&self, open: &OpenMemory, written: Result<(), Error>) {
        let Err(error) = written else { return };
        let mut run = locked(&open.run);
        if !std::mem::replace(&mut run.broken, true) {
            drop(run);
            self.warn(format!(
                "this run isn't remembered, and no host that left Qualys is cleared: {error}; {}",
                error.remedy()
            ));
        }
    }

    /// The hosts that left, if this run, which is complete, has seen all that there are.
    pub(super) fn left(&self) -> Option<LeftHosts> {
        let open = self.open.as_ref()?;
        let mut run = locked(&open.run);
        if !open.settings.is_whole || run.broken || run.hidden || run.since.is_some() || !run.lists {
            return None;
        }
        let hosts = run.unlisted.take()?;
        Some(LeftHosts {
            allowed: open.settings.max_cleared.allows(hosts.len() as u64, run.known),
            known: run.known,
            delete: open.settings.delete_left_hosts,
            hosts,
        })
    }

    /// Forgets hosts that left of which nothing is held any more; `all`: there are no others.
    pub(super) fn forget(&self, gone: Vec<IpAddr>, all: bool) {
        if let Some(open) = self.open.as_ref().filter(|open| !open.looks_only) {
            let forgotten = open.store.drop_hosts(gone);
            let settled = || match all {
                true => open.change(|header| header.left = false),
                false => Ok(()),
            };
            self.remembered(open, forgotten.and_then(|()| settled()));
        }
    }

    /// Remembers that this run imported all that it was meant to; `clears`: hosts that left are cleared.
    pub(super) fn complete(&self, clears: bool) {
        if let Some(open) = self.open.as_ref().filter(|open| !open.looks_only) {
            self.remembered(open, open.complete(clears));
        }
    }

    /// Says in the record how it went.
    pub(super) fn end(&self, record: &mut Record) {
        record.remembered = match (&self.open, locked(&self.warnings).is_empty()) {
            (Some(open), _) if open.looks_only => None,
            (Some(open), _) => Some(!locked(&open.run).broken),
            (None, is_off) => (!is_off).then_some(false),
        };
        if let Some(batch) = record.batches.last_mut() {
            batch.warnings.append(&mut locked(&self.warnings));
        }
    }

    fn warn(&self, sentence: String) {
        warn!("{sentence}");
        locked(&self.warnings).push(sentence);
    }
}

/// What is remembered, once it is free: whoever only looks at it holds it for a moment.
fn waited_for<T>(open: impl Fn() -> Result<T, Error>) -> Result<T, Error> {
    for _ in 0..LOOKS {
        match open() {
            Err(Error::Locked(_)) => std::thread::sleep(LOOK),
            other => return other,
        }
    }
    open()
}

/// Whether a time is that fresh. One that is still to come tells of a clock that was wrong, but for what clocks may differ by.
fn is_within(then: SystemTime, age: Duration, now: SystemTime) -> bool {
    match now.duration_since(then) {
        Ok(since) => since < age,
        Err(ahead) => ahead.duration() < MARGIN,
    }
}
