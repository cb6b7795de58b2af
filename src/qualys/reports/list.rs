//! Lists: what Qualys' report share holds, and its templates. Everything but an id may be missing.

use std::time::SystemTime;

use serde::Deserialize;

use crate::printable::Text;
use crate::qualys::fault::Fault;
use crate::qualys::transport::Received;
use crate::qualys::transport::answer::{Document, Envelope, SimpleReturn, parse};

/// REPORT_LIST_OUTPUT's RESPONSE.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(in crate::qualys) struct ReportList {
    datetime: String,
    report_list: Reports,
    warning: Option<SimpleReturn>,
}

#[derive(Debug, Default, Deserialize)]
struct Reports {
    #[serde(rename = "REPORT", default)]
    reports: Vec<Report>,
}

/// One report of the list. Everything but ID may be missing.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(in crate::qualys) struct Report {
    pub(in crate::qualys) id: u64,
    #[serde(default)]
    pub(in crate::qualys) title: String,
    #[serde(default)]
    launch_datetime: String,
    #[serde(default)]
    status: ReportStatus,
    /// For display only: `129.1 MB`.
    #[serde(default)]
    size: String,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
struct ReportStatus {
    state: String,
    message: String,
    percent: String,
}

/// How far a report is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::qualys) enum State {
    /// Submitted, Running, and every word that we don't know.
    Running,
    Finished,
    Canceled,
    Errors,
}

/// One template of the template list.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE", default)]
pub(in crate::qualys) struct Template {
    pub(in crate::qualys) id: u64,
    /// Auto (host based) or Manual (scan based).
    pub(in crate::qualys) r#type: Text,
    /// Scan, Patch, Map …
    pub(in crate::qualys) template_type: Text,
    pub(in crate::qualys) title: Text,
}

#[derive(Deserialize)]
struct TemplateList {
    #[serde(rename = "REPORT_TEMPLATE", default)]
    templates: Vec<Template>,
}

impl ReportList {
    pub(in crate::qualys) fn read(received: Received) -> Result<Self, Fault> {
        match received {
            Received::Document(Document::Element(root, body)) if root == "REPORT_LIST_OUTPUT" => {
                Ok(parse::<Envelope<_>>(&body)?.response)
            }
            other => Err(unexpected(&other)),
        }
    }

    pub(in crate::qualys) fn into_reports(self) -> Vec<Report> {
        self.report_list.reports
    }

    /// Qualys' own clock.
    pub(in crate::qualys) fn now(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.datetime.trim()).ok()
    }

    /// The list doesn't hold everything.
    pub(in crate::qualys) fn is_truncated(&self) -> bool {
        self.warning.is_some()
    }
}

impl Report {
    pub(in crate::qualys) fn state(&self) -> State {
        match self.status.state.trim() {
            "Finished" => State::Finished,
            "Canceled" | "Cancelled" => State::Canceled,
            "Errors" | "Error" => State::Errors,
            _ => State::Running,
        }
    }

    /// The state in Qualys' words, with the progress where it is known.
    pub(in crate::qualys) fn progress(&self) -> Text {
        let ReportStatus { state, percent, .. } = &self.status;
        match (state.trim(), percent.trim()) {
            ("", _) => "no state".into(),
            (state, "") => Text::of(state),
            (state, percent) => Text::of(format!("{state}, {percent} %")),
        }
    }

    pub(in crate::qualys) fn message(&self) -> Text {
        Text::of(&self.status.message)
    }

    /// For display only: `129.1 MB`.
    pub(in crate::qualys) fn size(&self) -> Text {
        Text::of(&self.size)
    }

    pub(in crate::qualys) fn launched_at(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.launch_datetime.trim()).ok()
    }
}

impl Template {
    /// Every template of a list.
    pub(in crate::qualys) fn read_all(received: Received) -> Result<Vec<Self>, Fault> {
        match received {
            Received::Document(Document::Element(root, body)) if root == "REPORT_TEMPLATE_LIST" => {
                Ok(parse::<TemplateList>(&body)?.templates)
            }
            other => Err(unexpected(&other)),
        }
    }
}

/// Success, but with a document of another kind.
pub(in crate::qualys) fn unexpected(received: &Received) -> Fault {
    let found = match received {
        Received::Document(document) => document.found(),
        Received::Report(_) => "a report".into(),
    };
    Fault::Unexpected { found }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::qualys::transport::answer;

    fn read(list: &str) -> ReportList {
        let document = answer::read(200, list.as_bytes().to_vec()).unwrap();
        ReportList::read(Received::Document(document)).unwrap()
    }

    #[test]
    fn a_list_tells_state_progress_and_age() {
        let list = "<!DOCTYPE REPORT_LIST_OUTPUT SYSTEM \"https://x/report_list_output.dtd\"><REPORT_LIST_OUTPUT><RESPONSE>\
            <DATETIME>2026-01-01T12:00:00Z</DATETIME><REPORT_LIST>\
            <REPORT><ID>42</ID><TITLE><![CDATA[A & B]]></TITLE><CLIENT><ID>1</ID><NAME>c</NAME></CLIENT><TYPE>Scan</TYPE>\
            <USER_LOGIN>u</USER_LOGIN><LAUNCH_DATETIME>2026-01-01T11:00:00Z</LAUNCH_DATETIME>\
            <OUTPUT_FORMAT>XML</OUTPUT_FORMAT><SIZE>129.1 MB</SIZE><STATUS><STATE>Running</STATE>\
            <MESSAGE><![CDATA[at\n work]]></MESSAGE><PERCENT>12</PERCENT></STATUS></REPORT>\
            <REPORT><ID>43</ID><STATUS><STATE>Finished</STATE></STATUS></REPORT>\
            <REPORT><ID>44</ID><STATUS><STATE>Dreaming</STATE></STATUS></REPORT>\
            <REPORT><ID>45</ID></REPORT>\
            </REPORT_LIST></RESPONSE></REPORT_LIST_OUTPUT>";
        let list = read(list);
        let now = list.now().unwrap();
        let reports = list.into_reports();
        let first = &reports[0];
        assert_eq!(
            (first.id, first.title.as_str(), first.size.as_str()),
            (42, "A & B", "129.1 MB")
        );
        assert_eq!(
            (first.progress().as_str(), first.message().as_str()),
            ("Running, 12 %", "at work")
        );
        assert_eq!(
            now.duration_since(first.launched_at().unwrap()).unwrap(),
            Duration::from_secs(3600)
        );
        let states: Vec<_> = reports.iter().map(Report::state).collect();
        assert_eq!(
            states,
            [State::Running, State::Finished, State::Running, State::Running]
        );
    }

    #[test]
    fn a_list_may_lack_its_list() {
        let list =
            "<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-01-01T12:00:00Z</DATETIME></RESPONSE></REPORT_LIST_OUTPUT>";
        assert!(read(list).into_reports().is_empty());
    }

    #[test]
    fn a_list_that_ends_too_early_was_cut_off() {
        for list in [
            "<REPORT_LIST_OUTPUT><RESPONSE><DATETIME>2026-",
            "<REPORT_TEMPLATE_LIST><REPORT_TEMPLATE>",
        ] {
            let document = || Received::Document(answer::read(200, list.as_bytes().to_vec()).unwrap());
            let fault = match ReportList::read(document()) {
                Err(Fault::Unexpected { .. }) => Template::read_all(document()).unwrap_err(),
                other => other.unwrap_err(),
            };
            assert!(matches!(fault, Fault::CutOff { .. }), "{fault}");
        }
    }

    #[test]
    fn a_recorded_list_of_templates_is_understood() {
        let sample = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../shared/samples/qualys/rq_report_template_list.xml");
        if !sample.exists() {
            connector_lab::testing::skipped("../shared/samples");
            return;
        }
        let document = answer::read(200, std::fs::read(sample).unwrap()).unwrap();
        let templates = Template::read_all(Received::Document(document)).unwrap();
        assert_eq!(templates.len(), 13);
        assert_eq!(
            (templates[0].r#type.as_str(), templates[2].template_type.as_str()),
            ("Auto", "Patch")
        );
    }
}
