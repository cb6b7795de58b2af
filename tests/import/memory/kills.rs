//! Runs that are killed between any two calls that write what is remembered, and any sequence of runs.

use std::collections::BTreeSet;
use std::fs;

use connector_lab::testing;

use super::*;

/// Calls that change a file.
const CALLS: [&str; 3] = ["pwrite64", "fdatasync", "ftruncate"];

/// The same command, killed at the nth of its calls that are about the state; `None` where nobody can.
fn killed(command: &Command, place: &Place, call: &str, nth: usize) -> Option<Command> {
    if Command::new("strace").arg("-V").output().is_err() {
        testing::skipped("strace");
        return None;
    }
    let mut strace = Command::new("strace");
    strace
        .args(["-f", "-qqq", "-o", "/dev/null", "-P"])
        .arg(place.state())
        .args(["-e", &format!("trace={}", CALLS.join(","))])
        .args(["-e", &format!("inject={call}:signal=SIGKILL:when={nth}")])
        .arg(command.get_program())
        .args(command.get_args())
        .current_dir(place.folder.path())
        .env_clear();
    let variables = command.get_envs().filter_map(|(name, value)| Some((name, value?)));
    strace
        .envs(variables)
        .env("PATH", std::env::var_os("PATH").unwrap_or_default());
    Some(strace)
}

/// Hosts that are still there keep results: `before` is what was held.
async fn assert_nobody_is_cleared(
    place: &Place,
    source: Source,
    before: &BTreeMap<IpAddr, Results>,
    generation: u32,
    what: &str,
) {
    let (map, meant) = (place.map().await, all_meant(estate(generation)));
    let meant = if source == Source::Reports { ipv4(&meant) } else { meant };
    for address in before.keys().filter(|address| meant.contains_key(address)) {
        assert!(map.contains_key(address), "{what}: {address} was cleared");
    }
}

#[tokio::test]
async fn one_that_is_killed_at_any_write_is_made_good_by_the_next() {
    for source in [Source::Reports, Source::Detections] {
        let place = Place::new().await;
        place.imported(source, &[], 0).await;
        let (mut generation, mut kills) = (0, 0);
        for call in CALLS {
            for nth in 1.. {
                generation += 1;
                place.becomes(generation);
                let before = place.map().await;
                let import = place.import(source, &["commands.max_cleared=100%", "commands.delete_left_hosts=y"]);
                let Some(import) = killed(&import, &place, call, nth) else {
                    return;
                };
                let ended = Running::of(import).ended().await;
                let what = format!("{source:?}, {call} {nth}");
                assert_nobody_is_cleared(&place, source, &before, generation, &what).await;
                if ended.code != Some(137) {
                    ended.assert_code(0);
                    break;
                }
                kills += 1;
                let next = place.imported(source, &["commands.max_cleared=100%"], 0).await;
                assert!(!next.stderr.contains("damaged"), "{what}: {}", next.stderr);
                place.assert_is_estate(source, generation).await;
            }
        }
        assert!(kills > 15, "{source:?}: {kills}");
    }
}

/// Numbers that a seed gives.
struct Draw(u64);

impl Draw {
    fn below(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

/// Whatever happens: at the end the map is the estate, but for hosts that nobody could know of any more, and no host that was
/// there was ever cleared.
#[tokio::test]
async fn any_sequence_of_runs_ends_with_the_estate() {
    for seed in 1..=6 {
        let (mut draw, source) = (
            Draw(seed),
            if seed % 3 == 0 {
                Source::Reports
            } else {
                Source::Detections
            },
        );
        let place = Place::new().await;
        let (mut generation, mut length, mut forgotten, mut story) = (0, 1024, BTreeSet::new(), Vec::new());
        for _ in 0..14 {
            if draw.below(3) > 0 {
                generation += 1;
                place.becomes(generation);
            }
            let before = place.map().await;
            match draw.below(12) {
                0 => {
                    story.push("lost".to_owned());
                    let _ = fs::remove_file(place.state());
                    forgotten.extend(before.keys().copied());
                }
                1 => {
                    story.push("damaged".to_owned());
                    let bytes = fs::read(place.state()).unwrap_or_default();
                    fs::write(place.state(), &bytes[..bytes.len() / 3]).unwrap_or_default();
                    forgotten.extend(before.keys().copied());
                }
                2 => length = 1000 + draw.below(5),
                _ => {}
            }
            let length = format!("commands.description_length={length}");
            let window = match (source, draw.below(4)) {
                (Source::Detections, 0) => "detections.changed_within=last",
                (Source::Detections, 1) => "detections.changed_within=12h",
                _ => "detections.changed_within=",
            };
            let mut import = place.import(source, &[&length, window, "commands.max_cleared=100%"]);
            import.args(["--summary", "json"]);
            if draw.below(3) == 0 {
                let (call, nth) = (CALLS[draw.below(2) as usize], 1 + draw.below(14) as usize);
                story.push(format!("killed at {call} {nth}"));
                let Some(killed) = killed(&import, &place, call, nth) else {
                    return;
                };
                import = killed;
            }
            story.push(format!("generation {generation}, {length}, {window}"));
            let ended = Running::of(import).ended().await;
            assert!(
                matches!(ended.code, Some(0 | 137)),
                "{seed}, {story:?}: {}",
                ended.stderr
            );
            assert_nobody_is_cleared(&place, source, &before, generation, &format!("{seed}, {story:?}")).await;
        }
        for _ in 0..2 {
            place.imported(source, &["commands.max_cleared=100%"], 0).await;
        }
        let meant = all_meant(estate(generation));
        let of_source = |mut map: BTreeMap<IpAddr, Results>| {
            map.retain(|address, _| meant.contains_key(address) || !forgotten.contains(address));
            if source == Source::Reports { ipv4(&map) } else { map }
        };
        assert_eq!(
            of_source(place.map().await),
            of_source(meant.clone()),
            "{seed}, {story:?}"
        );
    }
}
