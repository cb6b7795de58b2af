//! Templates: what a report will be made from, looked up before it is needed or when Qualys refused it.
//!
//! The only public list of templates belongs to API v1 and knows Basic login only (likely). An account may be kept from
//! it and still make reports. So whatever goes wrong here proves nothing, and says nothing.

use super::list::Template;
use super::{ReportShare, v1};
use crate::problem::{Problem as _, Step};
use crate::qualys::Login;
use crate::qualys::fault::Fault;
use crate::qualys::refusal::Unfit;
use crate::qualys::transport::http::Expects;
use crate::qualys::transport::{Call, DOCUMENT};

impl ReportShare {
    /// Adds to a refusal what is wrong with its template.
    pub(super) async fn explain(&self, call: Call, template: u64, fault: Fault) -> Fault {
        let about_it = fault.kind().row().step == Some(Step::Templates);
        match fault {
            // Their list knows Basic login only.
            Fault::Refused(mut refusal) if about_it && matches!(self.settings().login, Login::Basic(_)) => {
                if let Ok(known) = self.template_list(call).await {
                    refusal.template = look_up(&known, template).err().map(|unfit| (template, unfit));
                }
                Fault::Refused(refusal)
            }
            fault => fault,
        }
    }

    /// The templates that the account sees, asked for once.
    pub(super) async fn template_list(&self, call: Call) -> Result<Vec<Template>, Fault> {
        let request = v1("report_template_list", Vec::new(), Expects::Document(DOCUMENT));
        self.transport
            .once(call, &request, 0)
            .await
            .and_then(Template::read_all)
    }
}

pub(super) fn look_up(known: &[Template], id: u64) -> Result<&Template, Unfit> {
    let template = known
        .iter()
        .find(|template| template.id == id)
        .ok_or(Unfit::NotListed)?;
    let title = template.title.clone();
    match (template.r#type.as_str(), template.template_type.as_str()) {
        (_, other) if other != "Scan" => Err(Unfit::NotScan {
            title,
            template_type: template.template_type.clone(),
        }),
        ("Manual", _) => Err(Unfit::Manual { title }),
        _ => Ok(template),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_auto_scan_template_will_do() {
        let template = |id, r#type: &'static str, template_type: &'static str| Template {
            id,
            r#type: r#type.into(),
            template_type: template_type.into(),
            title: "Weekly".into(),
        };
        let known = [
            template(1, "Auto", "Scan"),
            template(2, "Manual", "Scan"),
            template(3, "Auto", "Patch"),
        ];
        assert_eq!(look_up(&known, 1).map(|found| found.id), Ok(1));
        let problem = |id| look_up(&known, id).map(|_| ()).unwrap_err();
        insta::assert_snapshot!(problem(2), @r#"("Weekly") is Manual (scan based), which needs scans picked by hand"#);
        insta::assert_snapshot!(problem(3), @r#"("Weekly") is a Patch template"#);
        insta::assert_snapshot!(problem(4), @"isn't in the list of those that qualys.user_id sees");
    }
}
