//! Templates: what a report will be made from, looked up before it is needed or when Qualys refused it.
//!
//! The only public list of templates belongs to API v1 and knows Basic login only (likely). An account may be kept from
//! it and still make reports. So whatever goes wrong here proves nothing, and says nothing.

use super::Login;
use super::answer::{Document, Template};
use super::client::{Client, Received};
use super::error::Stage;
use super::fault::Fault;
use super::http::Expects;
use super::launch::unexpected;
use super::refusal::Meaning;

impl Client {
    /// Adds to a refusal what is wrong with its template.
    pub(super) async fn explain(&mut self, template: u64, fault: Fault) -> Fault {
        let Fault::Refused(mut refusal) = fault else {
            return fault;
        };
        let of_template = matches!(
            refusal.meaning(),
            Meaning::InvalidReport | Meaning::BadValue | Meaning::BadRequest
        );
        if of_template && let Some(known) = self.templates().await {
            let problem = look_up(&known, template).err();
            refusal.hint = problem.map(|problem| format!("template {template} {problem}; check qualys.template_ids"));
        }
        Fault::Refused(refusal)
    }

    async fn templates(&mut self) -> Option<Vec<Template>> {
        match self.settings.login {
            Login::Basic => self.template_list().await.ok(),
            Login::Session | Login::Token => None,
        }
    }

    /// The templates that the account sees, asked for once.
    pub(super) async fn template_list(&mut self) -> Result<Vec<Template>, Fault> {
        let request = self.v1("report_template_list", Vec::new(), Expects::Document(1 << 20));
        match self.once(Stage::Launch, &request, 0).await? {
            Received::Document(Document::Templates(templates)) => Ok(templates),
            other => Err(unexpected(other)),
        }
    }
}

pub(super) fn look_up(known: &[Template], id: u64) -> Result<&Template, String> {
    let template = known
        .iter()
        .find(|template| template.id == id)
        .ok_or_else(|| "isn't in the list of those that qualys.user_id sees".to_owned())?;
    let Template {
        r#type,
        template_type,
        title,
        ..
    } = template;
    match (r#type.as_str(), template_type.as_str()) {
        (_, other) if other != "Scan" => Err(format!(
            "(\"{title}\") is a {other} template; a scan template is needed"
        )),
        ("Manual", _) => Err(format!(
            "(\"{title}\") is Manual (scan based), which needs scans picked by hand; an Auto (host based) one is needed"
        )),
        _ => Ok(template),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_auto_scan_template_will_do() {
        let template = |id, r#type: &str, template_type: &str| Template {
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
        insta::assert_snapshot!(problem(2), @r#"("Weekly") is Manual (scan based), which needs scans picked by hand; an Auto (host based) one is needed"#);
        insta::assert_snapshot!(problem(3), @r#"("Weekly") is a Patch template; a scan template is needed"#);
        insta::assert_snapshot!(problem(4), @"isn't in the list of those that qualys.user_id sees");
    }
}
