//! Imports of hosts and their detections: all of them or what changed, in one run or in several.

use connector_lab::report::{self, Random};

use super::{Import, PAGE, faults};

/// How hosts and their detections are imported.
#[derive(Debug, Clone, Copy)]
pub(in crate::soak) struct Detections {
    /// Only what changed since the network map was made.
    pub(in crate::soak) delta: bool,
    /// In so many runs, one after the other.
    pub(in crate::soak) shards: u32,
    /// What was imported is remembered from one run to the next.
    pub(in crate::soak) remembers: bool,
}

impl Import {
    /// The same without a report.
    pub(super) fn of_detections(mut self, random: &mut Random) -> Self {
        let mut detections = Detections {
            delta: random.chance(50),
            shards: *random.pick(&[1, 1, 2, 3]),
            remembers: false,
        };
        self.templates.truncate(1);
        self.shared = true;
        self.other = None;
        for template in &mut self.templates {
            template.earlier.ignored = 5;
            template.report.ignored = 5;
            let (generation, changing) = (random.between(1, 3), 30);
            let (earlier, later) = (generation - 1, generation);
            template.earlier = report::Options {
                generation: earlier,
                changing,
                ..template.earlier.clone()
            };
            // What a delta doesn't fetch is what it was.
            let like = match detections.delta {
                true => &template.earlier,
                false => &template.report,
            };
            template.report = report::Options {
                generation: later,
                changing,
                ..like.clone()
            };
        }
        let of_reports = ["qualys.reports_at_once", "commands.templates", "page.file"];
        let is_of_reports = |setting: &String| of_reports.iter().any(|name| setting.starts_with(name));
        self.settings.retain(|setting| !is_of_reports(setting));
        self.settings.push("qualys.api=detections".to_owned());
        let hosts = random.pick(&[4, 10, 1000]);
        self.settings.push(format!("detections.hosts_per_call={hosts}"));
        let calls = random.pick(&[1, 1, 2]);
        self.settings.push(format!("detections.parallel_calls={calls}"));
        // With a page all batches are one.
        self.settings.extend(random.chance(20).then(|| PAGE.to_owned()));
        self.at_qualys = random.chance(45).then(|| faults::at_interfaces(random));
        let sees_all = !detections.delta && detections.shards == 1 && !self.merges;
        if sees_all && random.chance(60) {
            detections.remembers = true;
            self.settings.push("commands.max_cleared=100%".to_owned());
        }
        self.detections = Some(detections);
        self
    }

    /// What each of its runs is set beside all else.
    pub(in crate::soak) fn runs(&self) -> Vec<Vec<String>> {
        let Some(Detections { delta, shards, .. }) = self.detections else {
            return vec![Vec::new()];
        };
        let run = |shard: u32| {
            let shard = format!("detections.shard={shard}/{shards}");
            // The generation before the last one ended a day earlier.
            let delta = delta.then(|| "detections.changed_within=12h".to_owned());
            [shard].into_iter().chain(delta).collect()
        };
        (1..=shards).map(run).collect()
    }

    /// What was imported is remembered from one run to the next.
    pub(in crate::soak) fn remembers(&self) -> bool {
        self.detections.is_some_and(|detections| detections.remembers)
    }

    /// Only what changed is asked for.
    pub(in crate::soak) fn is_delta(&self) -> bool {
        self.detections.is_some_and(|detections| detections.delta)
    }
}
