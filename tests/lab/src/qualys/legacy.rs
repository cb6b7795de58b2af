//! The old calls under `/msp/`: one that makes and sends a report at once, one that lists templates.
//!
//! Sources: qualys-api.md 1.1 (likely) and 1.3 (recorded: certain).

use super::answer::{Answer, Refused};
use super::call::Call;
use super::fault::Struck;
use super::options::Template;
use super::service::Service;
use super::share::{invalid, missing};
use crate::report::xml::Xml;

impl Service {
    /// Makes a report and sends it, all in one answer, whose first byte takes its time.
    pub(super) async fn asset_data_report(&self, call: &Call, struck: &Struck) -> Result<Answer, Refused> {
        let template = call.parameter("template_id").ok_or_else(|| missing("template_id"))?;
        let template = template.parse().map_err(|_| invalid("template_id"))?;
        let Template { kind, .. } = self.template(template)?;
        let source = self.source(template)?;
        tokio::time::sleep(self.times.build_time).await;
        if kind != "Scan" {
            return Ok(Answer::other_root(&format!("{}_REPORT", kind.to_uppercase())));
        }
        let mut answer = self.send(&source, "asset_data_report", call.takes_gzip, struck)?;
        answer.headers.retain(|(name, _)| *name != "content-disposition");
        Ok(answer)
    }

    /// Versions; what clients want of it are the limits in its headers. Its form is likely.
    pub(super) fn about(&self) -> Answer {
        let mut xml = Xml::document("ABOUT", "https://qualysapi.lab.example/about.dtd");
        xml.within("ABOUT", |xml| {
            xml.plain("API-VERSION", "1.4");
            xml.plain("WEB-VERSION", "10.39.1.0-1");
            xml.plain("SCANNER-VERSION", "13.4.40-1");
            xml.plain("VULNSIGS-VERSION", "2.6.190-2");
        });
        Answer::xml(200, xml)
    }

    /// The templates that were given, or one that stands for all the others.
    pub(super) fn template_list(&self) -> Answer {
        let dtd = "https://qualysapi.lab.example/report_template_list.dtd";
        let mut xml = Xml::document("REPORT_TEMPLATE_LIST", dtd);
        let any = [Template::auto_scan(424_242)];
        let templates = match self.options.templates.as_slice() {
            [] => &any,
            given => given,
        };
        xml.within("REPORT_TEMPLATE_LIST", |xml| {
            for template in templates {
                xml.within("REPORT_TEMPLATE", |xml| {
                    xml.number("ID", template.id);
                    xml.plain("TYPE", if template.manual { "Manual" } else { "Auto" });
                    xml.text("TEMPLATE_TYPE", &template.kind);
                    xml.cdata("TITLE", &format!("Template {}", template.id));
                    xml.within("USER", |xml| {
                        xml.cdata("LOGIN", "lab_user");
                        xml.cdata("FIRSTNAME", "Lab");
                        xml.cdata("LASTNAME", "User");
                    });
                    xml.plain("LAST_UPDATE", "2025-11-23T15:01:57Z");
                    xml.plain("GLOBAL", "1");
                });
            }
        });
        Answer::xml(200, xml)
    }
}
