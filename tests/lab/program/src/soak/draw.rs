//! What the seed draws for an import: two reports, what goes wrong, and some settings.

use std::fmt;
use std::net::Ipv4Addr;
use std::time::Duration;

use connector_lab::report::{self, Random};
use ipnet::Ipv4Net;
use nix::sys::signal::Signal;

mod detections;
mod faults;

pub(super) use self::detections::Detections;

/// One import of the soak.
#[derive(Debug)]
pub(super) struct Import {
    /// Its templates, one at least.
    pub(super) templates: Vec<Template>,
    /// Whether the templates report the same hosts.
    pub(super) shared: bool,
    /// Hosts and their detections are asked for, in the place of the only template's report.
    pub(super) detections: Option<Detections>,
    /// Another import of the same account at the same time, of hosts of its own.
    pub(super) other: Option<Template>,
    /// What goes wrong at Qualys, in the words of `--fault`.
    pub(super) at_qualys: Option<String>,
    /// What goes wrong at the Management Center, in the words of `--fault`, and for how many connections.
    pub(super) at_center: Option<(String, Option<u64>)>,
    /// What the process is sent, and when.
    pub(super) signal: Option<(Signal, Duration)>,
    /// What takes its telemetry.
    pub(super) telemetry: Telemetry,
    /// The Management Center answers each frame so late.
    pub(super) slow: Duration,
    /// Which commands the Management Center counts.
    pub(super) counts: Counts,
    pub(super) merges: bool,
    pub(super) settings: Vec<String>,
}

/// A report template of the soak.
#[derive(Debug, Clone)]
pub(super) struct Template {
    /// Its number at Qualys.
    pub(super) id: u64,
    /// The report that the network map is made of; of templates that share hosts only the first has one.
    pub(super) earlier: report::Options,
    /// The report of the import: some findings are fixed, some hosts new or clean.
    pub(super) report: report::Options,
}

/// The first template's number.
const FIRST: u64 = 424_242;
/// A page of the run is written, too.
const PAGE: &str = "page.file=run.html";
/// What QIDs mean is the same in every import.
const CATALOGUE: u64 = 7;
/// The number of the other import's template.
const OTHER: u64 = 777;

/// The far ends of logs, metrics and spans. None of them may cost an import anything but a moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Telemetry {
    /// Nobody asked for any.
    None,
    /// Nobody listens there.
    Absent,
    /// Takes connections, and never says a word.
    Dead,
}

/// How a Management Center counts the commands of a frame; only one way is likely.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Counts {
    pub(super) header: bool,
    pub(super) no_flush: bool,
    pub(super) no_update: bool,
}

/// Signals that end a run, and the exit code that each leads to where it is caught.
pub(super) const SIGNALS: [(Signal, Option<i32>); 4] = [
    (Signal::SIGTERM, Some(143)),
    (Signal::SIGHUP, Some(143)),
    (Signal::SIGINT, Some(130)),
    (Signal::SIGKILL, None),
];

impl Import {
    pub(super) fn draw(seed: u64, number: u64) -> Self {
        let random = &mut Random::new(seed, number);
        let count = *random.pick(&[1, 1, 1, 2, 2, 3]);
        let shared = count == 1 || random.chance(60);
        let first = Template::draw(random, FIRST, 0, None);
        let mut templates = vec![first];
        for place in 1..count {
            let network = if shared { 0 } else { place as u8 };
            let like = templates.first().filter(|_| shared).cloned();
            templates.push(Template::draw(random, FIRST + place, network, like));
        }
        let other = random.chance(15).then(|| Template::draw(random, OTHER, 99, None));
        let report = templates
            .first()
            .map_or_else(report::Options::default, |template| template.report.clone());
        let at_qualys = random.chance(35).then(|| faults::at_qualys(random));
        let at_center = random.chance(45).then(|| faults::at_center(random, &report));
        let signal = random.chance(20).then(|| {
            let at = Duration::from_millis(u64::from(random.between(1, 400)));
            (random.pick(&SIGNALS).0, at)
        });
        let telemetry = match random.below(10) {
            0..=4 => Telemetry::None,
            5..=7 => Telemetry::Absent,
            _ => Telemetry::Dead,
        };
        let slow = match (&signal, random.chance(10)) {
            (None, false) => Duration::ZERO,
            _ => Duration::from_millis(u64::from(random.between(5, 40))),
        };
        let merges = random.chance(10);
        let counts = match random.chance(20) {
            true => Counts {
                header: random.chance(50),
                no_flush: random.chance(50),
                no_update: random.chance(50),
            },
            false => Counts::default(),
        };
        let settings = [
            format!("commands.mode={}", if merges { "merge" } else { "replace" }),
            format!("commands.description_length={}", random.pick(&[0, 60, 1024])),
            format!(
                "management_center.max_frame={}",
                random.pick(&[2000, 4096, 4096, 8192, 64000])
            ),
            format!("management_center.window={}", random.pick(&[1, 1, 2, 4])),
            format!("qualys.login={}", random.pick(&["basic", "basic", "session"])),
            PAGE.to_owned(),
            format!("qualys.reports_at_once={}", random.pick(&[1, 2, 2, 4])),
            // Templates that share no host may be delivered in either way.
            match shared || random.chance(50) {
                true => "commands.templates=overlapping".to_owned(),
                false => "commands.templates=disjoint".to_owned(),
            },
        ];
        let import = Self {
            templates,
            shared,
            detections: None,
            other,
            at_qualys,
            at_center,
            signal,
            telemetry,
            slow,
            counts,
            merges,
            settings: settings.into(),
        };
        // Apart from all else, so that the other imports of a seed stay what they were.
        let random = &mut Random::new(!seed, number);
        match random.chance(25) {
            true => import.of_detections(random),
            false => import,
        }
    }

    /// Templates are delivered each by itself.
    pub(super) fn apart(&self) -> bool {
        self.is_set("commands.templates=disjoint")
    }

    fn is_set(&self, setting: &str) -> bool {
        self.settings.iter().any(|set| set == setting)
    }

    /// Some hosts are longer than a frame.
    fn has_long_hosts(&self) -> bool {
        let many = |template: &Template| template.report.findings >= 12;
        self.is_set("management_center.max_frame=2000") && self.templates.iter().any(many)
    }

    /// Each kind of thing that goes wrong in this import, or that makes it harder.
    pub(super) fn kinds(&self) -> Vec<String> {
        let name = |fault: &str| fault.split(['=', '@']).next().unwrap_or_default().to_owned();
        let several = self.templates.len() > 1;
        let windows = ["1", "2", "4"].map(|window| {
            let setting = format!("management_center.window={window}");
            (self.is_set(&setting), format!("window {window}"))
        });
        let oddities = [
            (several && self.shared, "templates that share hosts"),
            (several && !self.shared, "templates that share none"),
            (several && self.spoils_the_report(), "of several templates one fails"),
            (self.apart(), "templates declared disjoint"),
            (self.detections.is_some(), "detections"),
            (self.is_delta(), "detections: a delta"),
            (self.runs().len() > 1, "detections: in parts"),
            (self.remembers(), "detections: remembered"),
            (self.other.is_some(), "another import at the same time"),
            (self.has_long_hosts(), "hosts longer than a frame"),
            (self.counts != Counts::default(), "commands counted in another way"),
        ];
        let oddities = oddities.map(|(is_so, kind)| (is_so, kind.to_owned()));
        let drawn = windows.into_iter().chain(oddities).filter(|(is_so, _)| *is_so);
        let mut kinds: Vec<String> = drawn.map(|(_, kind)| kind).collect();
        kinds.extend(
            self.at_qualys
                .as_deref()
                .map(|fault| format!("Qualys: {}", name(fault))),
        );
        kinds.extend(
            self.at_center
                .as_ref()
                .map(|(fault, _)| format!("Management Center: {}", name(fault))),
        );
        kinds.extend(self.signal.map(|(signal, _)| signal.to_string()));
        match self.telemetry {
            Telemetry::None => {}
            Telemetry::Absent => kinds.push("telemetry: absent".to_owned()),
            Telemetry::Dead => kinds.push("telemetry: dead".to_owned()),
        }
        kinds
    }

    /// The Management Center refuses lines or hosts.
    pub(super) fn refuses(&self) -> bool {
        let refuses = ["drop-lines", "refuse-host", "refuse-scan"];
        let of_center = self.at_center.as_ref();
        of_center.is_some_and(|(fault, _)| refuses.iter().any(|name| fault.starts_with(name)))
    }

    /// The Management Center drops every ScanFlush, on some connections at least.
    pub(super) fn drops_flush(&self) -> bool {
        let of_center = self.at_center.as_ref();
        of_center.is_some_and(|(fault, _)| fault == "drop-lines=ScanFlush")
    }

    /// What becomes of the report at Qualys is settled when it is launched: trying again with it would be of no use.
    pub(super) fn spoils_the_report(&self) -> bool {
        let spoilt = |fault: &String| fault.starts_with("ends") || fault.starts_with("runs-forever");
        self.at_qualys.as_ref().is_some_and(spoilt)
    }
}

impl Template {
    /// A template whose hosts are of this network; of the same hosts as another one, where it shares them.
    fn draw(random: &mut Random, id: u64, network: u8, like: Option<Self>) -> Self {
        let hosts = random.between(15, 60);
        let seed = random.bits();
        let network = Ipv4Net::new_assert(Ipv4Addr::new(10, network, 0, 0), 16);
        let earlier = match like {
            // Other findings on the same hosts, explained by the same glossary.
            Some(like) => report::Options {
                hosts: random.between(10, like.earlier.hosts),
                seed,
                ..like.earlier
            },
            None => report::Options {
                hosts,
                findings: *random.pick(&[2, 6, 12]),
                qids: 60,
                seed,
                catalogue: Some(CATALOGUE),
                network,
                networks: if random.chance(10) { 2 } else { 1 },
                fixed: 10,
                clean: 3,
                ipv6: 3,
                duplicates: 10,
                unexplained: 5,
                longest_result: 1000,
                ..report::Options::default()
            },
        };
        let report = report::Options {
            // The same hosts, and some more or fewer.
            hosts: match random.below(10) {
                0 => earlier.hosts / 2,
                1 | 2 => earlier.hosts,
                _ => earlier.hosts + random.between(1, 10),
            },
            // With the same seed nothing is new on a host that was there before; with another, everything is.
            seed: earlier.seed.wrapping_add(u64::from(random.chance(40))),
            fixed: random.between(10, 50) as u8,
            clean: random.between(3, 30) as u8,
            ..earlier
        };
        Self { id, earlier, report }
    }
}

impl fmt::Display for Import {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for Template { id, earlier, report } in self.templates.iter().chain(&self.other) {
            writeln!(
                f,
                "  template {id}: {} hosts of {}, then {}, {} findings each, {} % of them fixed",
                earlier.hosts, report.network, report.hosts, report.findings, report.fixed
            )?;
        }
        write!(f, "  drawn")?;
        if let Some(Detections {
            delta,
            shards,
            remembers,
        }) = self.detections
        {
            let what = if delta { "what changed" } else { "all" };
            let remembered = if remembers { ", remembered" } else { "" };
            write!(f, "; detections of {what}, in {shards} runs{remembered}")?;
        }
        if let Some(fault) = &self.at_qualys {
            write!(f, "; Qualys: {fault}")?;
        }
        if let Some((fault, connections)) = &self.at_center {
            let all = connections.map_or("every connection".to_owned(), |last| {
                format!("connections up to {last}")
            });
            write!(f, "; Management Center: {fault}, {all}")?;
        }
        if let Some((signal, at)) = self.signal {
            write!(f, "; {signal} after {at:.0?}")?;
        }
        write!(
            f,
            "; answers after {:.0?}; {:?}; telemetry: {:?}; {}",
            self.slow,
            self.counts,
            self.telemetry,
            self.settings.join(" ")
        )
    }
}

#[cfg(test)]
mod tests {
    use connector_lab::management_center::Faults;
    use connector_lab::qualys::Fault;

    use super::*;

    #[test]
    fn the_same_seed_draws_the_same_import() {
        let drawn = |seed, number| format!("{:?}", Import::draw(seed, number));
        assert_eq!(drawn(1, 7), drawn(1, 7));
        assert_ne!(drawn(1, 7), drawn(2, 7));
        assert_ne!(drawn(1, 7), drawn(1, 8));
    }

    #[test]
    fn whatever_is_drawn_can_happen_and_everything_is_drawn() {
        let mut kinds = std::collections::BTreeSet::new();
        for number in 0..3000 {
            let import = Import::draw(1, number);
            kinds.extend(import.kinds());
            if let Some(fault) = import.at_qualys {
                fault.parse::<Fault>().unwrap_or_else(|error| panic!("{error}"));
            }
            if let Some((fault, _)) = import.at_center {
                Faults::parse([fault.as_str()]).unwrap_or_else(|error| panic!("{error}"));
            }
        }
        // Faults with two arguments share a name.
        assert_eq!(
            kinds.iter().filter(|kind| kind.starts_with("Qualys")).count(),
            28,
            "{kinds:?}"
        );
        let at_center = kinds.iter().filter(|kind| kind.starts_with("Management Center"));
        assert_eq!(at_center.count(), 28, "{kinds:?}");
        for kind in [
            "window 1",
            "window 4",
            "detections",
            "detections: a delta",
            "detections: in parts",
            "templates that share hosts",
            "templates that share none",
            "of several templates one fails",
            "templates declared disjoint",
            "another import at the same time",
            "hosts longer than a frame",
            "commands counted in another way",
            "SIGTERM",
            "SIGHUP",
            "SIGINT",
            "SIGKILL",
        ] {
            assert!(kinds.contains(kind), "{kind} isn't among {kinds:?}");
        }
    }

    /// A line has no fewer bytes than its address, its QID and the words around them.
    #[test]
    fn hosts_that_are_called_longer_than_a_frame_are() {
        let mut imports = (0..3000).map(|number| Import::draw(1, number));
        let import = imports.find(Import::has_long_hosts).unwrap();
        let is_long = |template: &Template| {
            let report = report::Report::new(template.report.clone()).unwrap();
            report.hosts().any(|host| host.findings.len() * 100 > 2000)
        };
        assert!(import.templates.iter().any(is_long), "{import}");
    }
}
