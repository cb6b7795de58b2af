//! The report share: launch, list, fetch, cancel, delete.
//!
//! Source: qualys-api.md 1.2 (recorded: certain; list of parameters: likely).

use hyper::Method;

use super::action::Action;
use super::answer::{Answer, Echo, Refused, request};
use super::call::Call;
use super::encode;
use super::fault::{Fate, Struck, Truncate};
use super::library::{Content, Source};
use super::options::{Template, Times};
use super::service::Service;
use super::storage::{Launch, State, Stored};
use crate::report::xml::Xml;

/// Longest title of a report, in characters.
const TITLE: usize = 128;
const FORMATS: &[&str] = &["pdf", "html", "mht", "xml", "csv", "docx"];
const ECHO: &str = "echo_request";

#[rustfmt::skip]
const LAUNCH: &[&str] = &[
    "template_id", "output_format", "report_title", "report_type", "report_refs", "ips", "ips_network_id",
    "asset_group_ids", "use_tags", "tag_set_by", "tag_include_selector", "tag_exclude_selector", "tag_set_include",
    "tag_set_exclude", "fqdns", "ip_restriction", "recipient_group", "recipient_group_id",
];
const LIST: &[&str] = &[
    "id",
    "state",
    "user_login",
    "expires_before_datetime",
    "client_id",
    "client_name",
];

impl Service {
    /// Answers a call of the report share.
    pub(super) fn share(&self, call: &Call, user: &str, struck: &Struck) -> Result<Answer, Refused> {
        let (methods, known): (&[Method], &[&str]) = match call.action {
            Action::Launch => (&[Method::POST], LAUNCH),
            Action::List => (&[Method::GET, Method::POST], LIST),
            Action::Fetch => (&[Method::GET, Method::POST], &["id"]),
            Action::Cancel | Action::Delete => (&[Method::POST], &["id"]),
            _ => {
                return Err(match call.parameter("action") {
                    None => missing("action"),
                    Some(_) => invalid("action"),
                });
            }
        };
        if !methods.contains(&call.method) {
            return Err(Refused::new(
                1908,
                format!("{} is not allowed for this call", call.method),
            ));
        }
        let unknown = call.parameters.keys().find(|name| {
            let name = name.as_str();
            name != "action" && name != ECHO && !known.contains(&name)
        });
        if let Some(name) = unknown {
            return Err(Refused::new(1901, format!("Unrecognized parameter(s): {name}")));
        }
        let date = self.clock.today();
        let echo = Echo {
            call,
            user,
            date: &date,
        };
        let echo = (call.parameter(ECHO) == Some("1")).then_some(&echo);
        match call.action {
            Action::Launch => self.launch(call, user, struck.fates(), echo),
            Action::List => self.list(call, echo),
            Action::Fetch => self.fetch(call, struck),
            Action::Cancel => self.cancel(call, echo),
            _ => self.delete(call, echo),
        }
    }

    fn launch(&self, call: &Call, user: &str, fates: Vec<Fate>, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
        let template = required(call, "template_id")?;
        let template: u64 = template.parse().map_err(|_| invalid("template_id"))?;
        let format = required(call, "output_format")?;
        if !FORMATS.contains(&format) {
            return Err(invalid("output_format"));
        }
        if format != "xml" {
            return Err(Refused::new(1905, "The lab makes reports as xml only"));
        }
        let title = call.parameter("report_title").unwrap_or_default();
        if title.chars().count() > TITLE {
            return Err(invalid("report_title"));
        }
        let Template { manual, kind, .. } = self.template(template)?;
        match (manual, call.parameter("report_refs")) {
            (true, None) => return Err(missing("report_refs")),
            (false, Some(_)) => return Err(Refused::new(1907, "report_refs does not go with this template")),
            _ => {}
        }
        let now = self.clock.now();
        let source = self.source(template)?;
        let mut storage = self.storage();
        if self.options.storage.is_some_and(|most| storage.size(now) >= most) {
            return Err(Refused::new(1920, "The storage limit of your report share is reached"));
        }
        let id = storage.launch(Launch {
            title: title.to_owned(),
            template,
            kind,
            user: user.to_owned(),
            time: now,
            source,
            fates,
        });
        let items = [("ID", id.to_string())];
        Ok(Answer::done(&self.clock.date(now), echo, "New report launched", &items))
    }

    fn list(&self, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
        let id: Option<u64> = match call.parameter("id") {
            Some(id) => Some(id.parse().map_err(|_| invalid("id"))?),
            None => None,
        };
        let expires_before = match call.parameter("expires_before_datetime") {
            Some(date) => {
                let date = humantime::parse_rfc3339(date).map_err(|_| invalid("expires_before_datetime"))?;
                Some(self.clock.time(date))
            }
            None => None,
        };
        let (now, times) = (self.clock.now(), &self.times);
        let mut storage = self.storage();
        let wanted = storage.reports(now).filter(|report| {
            let state = report.state(now, times);
            report.is_listed(now, times)
                && id.is_none_or(|id| report.id == id)
                && call.parameter("state").is_none_or(|wanted| wanted == state.text())
                && call
                    .parameter("user_login")
                    .is_none_or(|user| user == report.launch.user)
                && expires_before.is_none_or(|before| report.launch.time + times.keep < before)
        });
        let mut wanted = wanted.peekable();
        let dtd = "https://qualysapi.lab.example/api/2.0/fo/report/report_list_output.dtd";
        let mut xml = Xml::document("REPORT_LIST_OUTPUT", dtd);
        xml.within("REPORT_LIST_OUTPUT", |xml| {
            if let Some(echo) = echo {
                request(xml, echo);
            }
            xml.within("RESPONSE", |xml| {
                xml.plain("DATETIME", &self.clock.date(now));
                // With nothing to show, the list isn't empty: it's missing.
                if wanted.peek().is_some() {
                    xml.within("REPORT_LIST", |xml| {
                        wanted.for_each(|report| self.list_one(report, now, times, xml));
                    });
                }
            });
        });
        Ok(Answer::xml(200, xml))
    }

    fn list_one(&self, report: &Stored, now: std::time::Duration, times: &Times, xml: &mut Xml) {
        xml.within("REPORT", |xml| {
            xml.number("ID", report.id);
            xml.text("TITLE", &report.launch.title);
            xml.plain("TYPE", "Scan");
            xml.text("USER_LOGIN", &report.launch.user);
            xml.plain("LAUNCH_DATETIME", &self.clock.date(report.launch.time));
            xml.plain("OUTPUT_FORMAT", "XML");
            let state = report.state(now, times);
            let size = report.launch.source.size_hint();
            xml.plain("SIZE", &size_text(if state == State::Finished { size } else { 0 }));
            xml.within("STATUS", |xml| {
                xml.text("STATE", state.text());
                match &state {
                    State::Finished => {}
                    State::Running { percent } => {
                        xml.plain("MESSAGE", "The report is being created.");
                        xml.number("PERCENT", percent);
                    }
                    _ => {
                        xml.plain("MESSAGE", "The report is not available.");
                        xml.plain("PERCENT", "0");
                    }
                }
            });
            xml.plain("EXPIRATION_DATETIME", &self.clock.date(report.launch.time + times.keep));
        });
    }

    fn fetch(&self, call: &Call, struck: &Struck) -> Result<Answer, Refused> {
        let id = required_id(call)?;
        let mut storage = self.storage();
        // An unknown report and one that isn't ready answer the same.
        let Some(report) = storage.fetch(id, self.clock.now()) else {
            return Err(Refused::new(7001, super::codes::text(7001)));
        };
        if report.launch.kind != "Scan" {
            return Ok(Answer::other_root(&format!(
                "{}_REPORT",
                report.launch.kind.to_uppercase()
            )));
        }
        let name: String = format!("Scan_Report_{}_{}", report.launch.title, report.launch.user);
        let name = name.replace(|letter: char| !letter.is_ascii_alphanumeric(), "_");
        let day: String = self
            .clock
            .today()
            .chars()
            .take(10)
            .filter(char::is_ascii_digit)
            .collect();
        self.send(&report.launch.source, &format!("{name}_{day}"), call.takes_gzip, struck)
    }

    /// A report on its way out.
    pub(super) fn send(
        &self,
        source: &Source,
        name: &str,
        takes_gzip: bool,
        struck: &Struck,
    ) -> Result<Answer, Refused> {
        let failed = |error: std::io::Error| Refused::new(999, format!("The lab cannot read its report: {error}"));
        let mut content: Content = source.content().map_err(failed)?;
        let mut length = source.length().filter(|_| !self.options.chunked);
        let mut headers = Vec::new();
        let (mut kind, mut ending) = ("application/xml", "xml");
        for truncate in struck.truncations() {
            if let Truncate::Report(at) = truncate {
                content = encode::truncated(content, at);
                length = None;
            }
        }
        if self.options.zip_above.is_some_and(|most| source.size_hint() > most) {
            content = encode::zip(content).map_err(failed)?;
            length = None;
            (kind, ending) = ("application/zip", "zip");
        } else if takes_gzip && !self.options.no_gzip {
            content = encode::gzip(content);
            length = None;
            headers.push(("content-encoding", "gzip".to_owned()));
        }
        for truncate in struck.truncations() {
            if let Truncate::Encoded(at) = truncate {
                content = encode::truncated(content, at);
                length = None;
            }
        }
        headers.push(("content-type", kind.to_owned()));
        headers.push(("content-disposition", format!("attachment; filename={name}.{ending}")));
        Ok(Answer {
            headers,
            content,
            length,
            ..Answer::new(200, kind, "")
        })
    }

    fn cancel(&self, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
        let id = required_id(call)?;
        match self.storage().cancel(id, self.clock.now()) {
            true => Ok(Answer::done(
                &self.clock.today(),
                echo,
                "Report cancelled",
                &[("ID", id.to_string())],
            )),
            false => Err(invalid("id")),
        }
    }

    fn delete(&self, call: &Call, echo: Option<&Echo<'_>>) -> Result<Answer, Refused> {
        let id = required_id(call)?;
        match self.storage().delete(id) {
            true => Ok(Answer::done(
                &self.clock.today(),
                echo,
                "Report deleted",
                &[("ID", id.to_string())],
            )),
            false => Err(invalid("id")),
        }
    }
}

pub(super) fn missing(name: &str) -> Refused {
    Refused::new(1903, format!("Missing required parameter(s): {name}"))
}

pub(super) fn invalid(name: &str) -> Refused {
    Refused::new(1905, format!("Parameter {name} has an invalid value"))
}

fn required<'a>(call: &'a Call, name: &str) -> Result<&'a str, Refused> {
    call.parameter(name).ok_or_else(|| missing(name))
}

fn required_id(call: &Call) -> Result<u64, Refused> {
    required(call, "id")?.parse().map_err(|_| invalid("id"))
}

/// A size as the list shows it, "129.1 MB".
fn size_text(bytes: u64) -> String {
    match bytes as f64 / 1024.0 {
        kilobytes if kilobytes < 1024.0 => format!("{kilobytes:.1} KB"),
        kilobytes => format!("{:.1} MB", kilobytes / 1024.0),
    }
}
