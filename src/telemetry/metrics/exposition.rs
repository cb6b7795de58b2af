//! Exposition: values of metrics, and the text that Prometheus reads.

use std::collections::{BTreeMap, HashMap};

use prometheus::{GaugeVec, Opts, Registry, TextEncoder};

use super::LabelValue;

/// A metric: all of ours are gauges, since each run counts from zero.
#[derive(Debug)]
pub struct Metric {
    /// Its name, as Prometheus knows it.
    pub name: &'static str,
    /// One line about it.
    pub help: &'static str,
    /// Its labels, besides `job` and `import`.
    pub labels: &'static [Label],
}

/// A label, whose values don't grow with data.
#[derive(Debug)]
pub struct Label {
    /// Its name.
    pub name: &'static str,
    /// Every value that it can have.
    pub values: fn() -> Vec<&'static str>,
}

/// The values of one moment. A metric without a value isn't written, so a Pushgateway keeps the earlier one.
#[derive(Debug)]
pub struct Exposition {
    registry: Registry,
    gauges: BTreeMap<&'static str, GaugeVec>,
}

impl Exposition {
    /// Without any value. Each value will carry the label `import`.
    #[expect(
        clippy::expect_used,
        reason = "only a bad name of a prefix or label is refused, and `import` is a good one"
    )]
    pub fn new(import: &LabelValue) -> Self {
        let labels = HashMap::from([("import".to_owned(), import.to_string())]);
        Exposition {
            registry: Registry::new_custom(None, Some(labels)).expect("a label"),
            gauges: BTreeMap::new(),
        }
    }

    /// Sets the value of a metric, with a value for each of its labels.
    #[expect(
        clippy::expect_used,
        reason = "a test sets every metric of the table, with every value of its labels"
    )]
    pub fn set(&mut self, metric: &Metric, labels: &[&str], value: f64) {
        let gauge = self.gauges.entry(metric.name).or_insert_with(|| {
            let names: Vec<_> = metric.labels.iter().map(|label| label.name).collect();
            let gauge = GaugeVec::new(Opts::new(metric.name, metric.help), &names).expect("good names");
            self.registry
                .register(Box::new(gauge.clone()))
                .expect("a metric of its own");
            gauge
        });
        gauge
            .get_metric_with_label_values(labels)
            .expect("a value for each label")
            .set(value);
    }

    /// Sets a metric that has one label for each of that label's values.
    pub fn set_each(&mut self, metric: &Metric, value: impl Fn(&str) -> f64) {
        for label in metric.labels.iter().flat_map(|label| (label.values)()) {
            self.set(metric, &[label], value(label));
        }
    }

    /// All values in Prometheus' text format.
    #[expect(clippy::expect_used, reason = "the text is UTF-8, and a String takes all of it")]
    pub fn text(&self) -> String {
        TextEncoder::new()
            .encode_to_string(&self.registry.gather())
            .expect("text")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOSTS: Metric = Metric {
        name: "qualys_connector_hosts",
        help: "Hosts",
        labels: &[Label {
            name: "outcome",
            values: || vec!["acknowledged", "refused"],
        }],
    };

    #[test]
    fn only_what_was_set_is_written_and_everything_carries_the_import() {
        let mut exposition = Exposition::new(&"a \"b\"".parse().unwrap());
        assert_eq!(exposition.text(), "");
        exposition.set(&HOSTS, &["acknowledged"], 1.0);
        exposition.set(&HOSTS, &["acknowledged"], 1_790_000_000.0);
        insta::assert_snapshot!(exposition.text(), @r#"
        # HELP qualys_connector_hosts Hosts
        # TYPE qualys_connector_hosts gauge
        qualys_connector_hosts{outcome="acknowledged",import="a \"b\""} 1790000000
        "#);
    }

    #[test]
    fn each_value_of_a_label_can_be_set_at_once() {
        let mut exposition = Exposition::new(&"x".parse().unwrap());
        exposition.set_each(&HOSTS, |outcome| outcome.len() as f64);
        assert_eq!(exposition.text().matches("\nqualys_connector_hosts{").count(), 2);
    }
}
