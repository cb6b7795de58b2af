//! The progress bar for interactive terminals.
//!
//! It has its own thread, since the import's thread is busy while it selects. Stages that are over become
//! lines; a stage that ends between two looks leaves none.

use std::io::Write as _;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use indicatif::ProgressStyle;

use crate::import::numbers::{amount, grouped, hosts, took};
use crate::import::{ListedHosts, Progress, Running, Snapshot};
use crate::qualys::ReportProgress;
use crate::stage::Stage;
use crate::telemetry::terminal;

/// Time between two looks.
const LOOK: Duration = Duration::from_millis(100);

/// A bar on the terminal, until it is dropped.
pub(super) struct ProgressBar {
    /// Dropping it ends the thread.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl ProgressBar {
    /// Shows `progress`, where standard error is a terminal that can redraw a line.
    pub(super) fn show(progress: &Progress) -> Option<Self> {
        if !terminal::is_capable() {
            return None;
        }
        let (end, ended) = mpsc::channel::<()>();
        let progress = progress.clone();
        let watch = move || {
            let mut view = View::new();
            while let Err(RecvTimeoutError::Timeout) = ended.recv_timeout(LOOK) {
                view.look(progress.snapshot());
            }
            view.end(progress.snapshot());
        };
        Some(ProgressBar {
            end: Some(end),
            // Without a thread there is no bar; the import runs all the same.
            thread: thread::Builder::new().name("progress".to_owned()).spawn(watch).ok(),
        })
    }
}

impl Drop for ProgressBar {
    fn drop(&mut self) {
        self.end = None;
        if let Some(thread) = self.thread.take() {
            // A panic of the bar is no failure of the import.
            let _ = thread.join();
        }
    }
}

struct View {
    bar: indicatif::ProgressBar,
    spinner: ProgressStyle,
    sending: ProgressStyle,
    last: Snapshot,
}

impl View {
    fn new() -> Self {
        let style =
            |template| ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_spinner());
        let spinner = style("{spinner} {prefix:9} {wide_msg}");
        let bar = terminal::bars().add(indicatif::ProgressBar::new_spinner().with_style(spinner.clone()));
        View {
            bar,
            spinner,
            sending: style("{spinner} {prefix:9} {bar:20} {wide_msg}"),
            last: Snapshot::default(),
        }
    }

    fn look(&mut self, now: Snapshot) {
        self.pass(&now);
        if let Some(first) = now.running.first() {
            let length = if first.stage == Stage::Send {
                now.delivery.hosts
            } else {
                0
            };
            self.bar.set_style(if length > 0 {
                self.sending.clone()
            } else {
                self.spinner.clone()
            });
            self.bar.set_length(length);
            self.bar
                .set_position(now.delivery.hosts_acknowledged + now.delivery.hosts_refused);
            self.bar.set_prefix(first.stage.name());
            self.bar.set_message(running(&now, first, first.begun.elapsed()));
            self.bar.tick();
        }
        self.last = now;
    }

    fn end(mut self, now: Snapshot) {
        self.pass(&now);
        self.bar.finish_and_clear();
        terminal::bars().remove(&self.bar);
    }

    /// Leaves a line for each stage that is over.
    fn pass(&mut self, now: &Snapshot) {
        let runs = |last: &Running| {
            let same = |running: &Running| (running.stage, running.begun) == (last.stage, last.begun);
            now.running.iter().any(same)
        };
        // Of hundreds of batches nobody would read the lines.
        let stages = self
            .last
            .running
            .iter()
            .filter(|stage| stage.stage == Stage::List || now.listed.is_none());
        for over in stages.filter(|last| !runs(last)) {
            // Its last numbers, unless the next batch counts from zero already.
            let numbers = if now.batch == self.last.batch { now } else { &self.last };
            let mut line = format!("  {:9} {}", over.stage, took(over.begun.elapsed()));
            let reached = reached(numbers, over);
            if !reached.is_empty() {
                line += &format!(", {reached}");
            }
            if now.templates > 1 && !over.template.is_empty() {
                line += &format!(" ({})", over.template);
            }
            line.push('\n');
            // One write, or the bar is redrawn in between. A terminal that is gone is no failure.
            let _ = terminal::stderr().write_all(line.as_bytes());
        }
    }
}

/// The message beside the bar while a stage runs.
fn running(now: &Snapshot, first: &Running, elapsed: Duration) -> String {
    let mut parts = Vec::new();
    if now.templates > 1 {
        let others = match now.running.len() {
            0 | 1 => String::new(),
            more => format!(" and {} more", more - 1),
        };
        let which = Some(first.template.as_str()).filter(|template| !template.is_empty());
        let which = which.map_or_else(String::new, |template| format!("{template}{others} "));
        parts.push(format!("{which}({} of {})", now.number, now.templates));
    }
    parts.extend(now.listed.map(|listed| whole(listed, listed.since.elapsed())));
    let waiting = now.qualys.as_ref().and_then(|qualys| qualys.waiting);
    if first.stage == Stage::Wait {
        parts.extend(report(now, first).and_then(|report| Some(report.state.as_ref()?.to_string())));
    } else if let Some((reason, wait)) = waiting {
        let whole = Duration::from_secs(wait.as_secs());
        parts.push(format!(
            "waiting {} for {}",
            humantime::format_duration(whole),
            reason.sentence()
        ));
    }
    let reached = reached(now, first);
    parts.extend((!reached.is_empty()).then_some(reached));
    if first.stage == Stage::Send {
        parts.extend(pace(now, elapsed));
    }
    parts.push(took(elapsed));
    parts.join(" · ")
}

/// How far the hosts of a list are, and the time left at the rate of their batches until now.
fn whole(listed: ListedHosts, elapsed: Duration) -> String {
    let ListedHosts { hosts: all, left, .. } = listed;
    let done = all.saturating_sub(left);
    let so_far = format!("{} of {}", grouped(done), hosts(all));
    match done {
        0 => so_far,
        done => format!(
            "{so_far}, {} left",
            time_left(left, done as f64 / elapsed.as_secs_f64())
        ),
    }
}

/// The time for what is left, at this rate a second.
fn time_left(left: u64, rate: f64) -> humantime::FormattedDuration {
    humantime::format_duration(Duration::from_secs((left as f64 / rate).ceil() as u64))
}

/// Qualys' progress on the report of a stage.
fn report<'n>(now: &'n Snapshot, stage: &Running) -> Option<&'n ReportProgress> {
    now.qualys.as_ref()?.reports.get(&stage.template.parse().ok()?)
}

/// How far a stage has come.
fn reached(now: &Snapshot, stage: &Running) -> String {
    match stage.stage {
        Stage::Parse => format!("{}, {}", amount(stage.bytes_parsed), hosts(stage.hosts_parsed)),
        Stage::Download => {
            let received = report(now, stage).map_or(0, |report| report.received);
            format!("{}, {}", amount(received), hosts(stage.hosts_parsed))
        }
        Stage::Send if now.delivery.hosts > 0 => {
            let delivery = now.delivery;
            let done = delivery.hosts_acknowledged + delivery.hosts_refused;
            let refused = match delivery.hosts_refused {
                0 => String::new(),
                refused => format!(", {} refused", grouped(refused)),
            };
            format!("{} of {}{refused}", grouped(done), hosts(delivery.hosts))
        }
        _ => String::new(),
    }
}

/// The rate of sending, and the time left at that rate.
fn pace(now: &Snapshot, elapsed: Duration) -> Option<String> {
    let delivery = now.delivery;
    let done = delivery.hosts_acknowledged + delivery.hosts_refused;
    let seconds = elapsed.as_secs_f64();
    if done == 0 || seconds < 0.5 {
        return None;
    }
    let rate = done as f64 / seconds;
    let left = time_left(delivery.hosts.saturating_sub(done), rate);
    Some(format!("{} hosts/s, {left} left", grouped(rate as u64)))
}

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;
    use crate::{host_input, qualys};

    fn stage(stage: Stage) -> Running {
        Running {
            template: "535353".to_owned(),
            stage,
            begun: Instant::now(),
            bytes_parsed: 43_000_000,
            hosts_parsed: 12_345,
        }
    }

    #[test]
    fn each_stage_says_what_matters_of_it() {
        let now = Snapshot {
            templates: 1,
            number: 1,
            qualys: Some(qualys::Progress {
                reports: [(
                    535_353,
                    ReportProgress {
                        state: Some("Running 45 %".into()),
                        received: 7_500_000,
                    },
                )]
                .into(),
                ..qualys::Progress::default()
            }),
            delivery: host_input::Progress {
                hosts: 98_765,
                hosts_acknowledged: 24_000,
                hosts_refused: 1,
            },
            ..Snapshot::default()
        };
        let stages = [
            Stage::Launch,
            Stage::Wait,
            Stage::Download,
            Stage::Parse,
            Stage::Select,
            Stage::Send,
            Stage::TidyUp,
        ];
        let said = stages.map(|name| {
            let said = running(&now, &stage(name), Duration::from_secs(20));
            format!("{name}: {said}")
        });
        insta::assert_snapshot!(said.join("\n"), @r"
        launch: 20.0 s
        wait: Running 45 % · 20.0 s
        download: 7.5 MB, 12,345 hosts · 20.0 s
        parse: 43.0 MB, 12,345 hosts · 20.0 s
        select: 20.0 s
        send: 24,001 of 98,765 hosts, 1 refused · 1,200 hosts/s, 1m 3s left · 20.0 s
        tidy up: 20.0 s
        ");
    }

    #[test]
    fn batches_say_how_far_all_of_them_are() {
        let listed = ListedHosts {
            hosts: 600_000,
            left: 450_000,
            since: Instant::now(),
        };
        assert_eq!(
            whole(listed, Duration::from_secs(500)),
            "150,000 of 600,000 hosts, 25m left"
        );
        let begun = ListedHosts {
            left: 600_000,
            ..listed
        };
        assert_eq!(whole(begun, Duration::ZERO), "0 of 600,000 hosts");
    }

    #[test]
    fn a_wait_says_what_for_and_a_template_which_one() {
        let now = Snapshot {
            templates: 2,
            number: 2,
            running: vec![stage(Stage::Launch)],
            qualys: Some(qualys::Progress {
                waiting: Some((crate::problem::Reason::RateLimit, Duration::from_millis(90_400))),
                ..qualys::Progress::default()
            }),
            ..Snapshot::default()
        };
        assert_eq!(
            running(&now, &now.running[0], Duration::from_secs(61)),
            "535353 (2 of 2) · waiting 1m 30s for the subscription's next window of calls · 1m 1s"
        );
    }
}
