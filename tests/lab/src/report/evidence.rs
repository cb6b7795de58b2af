//! A store of evidence: the RESULT texts, made once, of which every finding takes one.
//!
//! Lengths as in public samples: 120 bytes in the median, one in a hundred above 4 kB, a few up to the longest.

use super::Options;
use super::random::Random;
use super::text::{sentence, word};

const TEXTS: u32 = 4096;
/// Texts of 20 kB and more, the last of them as long as evidence gets.
const HUGE: u32 = 16;
const MEDIAN: f64 = 120.0;
/// Deviation of the logarithm: puts one in a hundred above 4 kB.
const SPREAD: f64 = 1.5;

#[derive(Debug)]
pub(super) struct Evidence(Vec<Text>);

#[derive(Debug)]
pub(super) struct Text {
    /// Ready to stand in a CDATA section.
    pub(super) cdata: String,
    /// Rows of columns, divided by tabs.
    pub(super) table: bool,
}

impl Evidence {
    pub(super) fn new(options: &Options) -> Self {
        let random = &mut Random::new(options.seed, u64::MAX);
        let longest = options.longest_result;
        let length = |random: &mut Random, number: u32| {
            let length = match TEXTS - number {
                1 => longest,
                2..=HUGE => random.between(20_000, 90_000),
                _ => ((MEDIAN * (SPREAD * random.normal()).exp()) as u32).clamp(4, 18_000),
            };
            length.min(longest) as usize
        };
        let texts = (0..TEXTS).map(|number| {
            let length = length(random, number);
            let table = random.chance(40);
            let mut cdata = String::with_capacity(length + 200);
            if number == 0 && length > 30 {
                // What would end the section is split over two, as CDATA demands.
                cdata.push_str("a[b[0]]]]><![CDATA[> = 1\n");
            }
            while cdata.len() < length {
                line(random, table, &mut cdata);
            }
            cdata.truncate(length);
            Text { cdata, table }
        });
        Self(texts.collect())
    }

    /// Any one of the texts; a few are empty, when the longest is.
    pub(super) fn any(&self, random: &mut Random) -> &Text {
        random.pick(&self.0)
    }
}

/// One line of ASCII, so that it can be cut anywhere.
fn line(random: &mut Random, table: bool, out: &mut String) {
    if table {
        let (name, version, build) = (word(random), random.below(12), random.below(30_000));
        let row = format!("/opt/{name}/lib{name}.so.{version}\t{version}.{build}\tinstalled & <unpatched>\n");
        out.push_str(&row);
    } else if random.chance(50) {
        let row = format!(
            "HKLM\\Software\\{} Version = \"{}\" \r\n",
            word(random),
            random.below(900)
        );
        out.push_str(&row);
    } else {
        sentence(random, out);
        out.push('\n');
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_those_of_real_reports() {
        let Evidence(texts) = Evidence::new(&Options::default());
        let mut lengths: Vec<usize> = texts.iter().map(|text| text.cdata.len()).collect();
        lengths.sort_unstable();
        let median = lengths[lengths.len() / 2];
        let long = lengths.iter().filter(|&&length| length > 4000).count() * 1000 / lengths.len();
        assert!((100..150).contains(&median), "median {median}");
        assert!((5..25).contains(&long), "{long} in a thousand above 4 kB");
        assert_eq!(lengths.last(), Some(&100_000));
    }

    #[test]
    fn no_text_is_longer_than_was_asked_for() {
        let Evidence(texts) = Evidence::new(&Options {
            longest_result: 50,
            ..Options::default()
        });
        assert!(texts.iter().all(|text| text.cdata.len() <= 50));
    }
}
