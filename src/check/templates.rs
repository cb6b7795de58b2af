//! The report templates: whether they exist and are Auto scan templates.

use super::result::CheckResult;
use super::results::Preflight;
use crate::problem::{Kind, Step};
use crate::qualys::{Login, ReportShare, Settings};

const STEP: Step = Step::Templates;

const BY_HAND: &str =
    "look in Qualys, under Reports > Templates, whether each is a scan template of type Auto (host based)";

pub(super) async fn check(client: &ReportShare, settings: &Settings, wanted: &[u64], results: &mut Preflight) {
    if wanted.is_empty() {
        return results.add(CheckResult::not_tried(STEP, "qualys.template_ids isn't right"));
    }
    if !matches!(settings.login, Login::Basic(_)) {
        let text = "Qualys tells its templates with qualys.login=basic only";
        return results.add(CheckResult::warning(STEP, text, BY_HAND));
    }
    let looked = match client.look_at(wanted).await {
        Ok(looked) => looked,
        // An account may be kept from the list and still make reports.
        Err(error) => {
            let text = format!("Qualys doesn't tell its templates: {}", error.fault);
            return results.add(CheckResult::warning(STEP, text, BY_HAND));
        }
    };
    for (id, found) in looked {
        results.add(match found {
            Ok(title) => CheckResult::passed(step(id), format!("\"{title}\" is an Auto scan template")),
            Err(unfit) => CheckResult::failed(step(id), Kind::BadTemplate, unfit.to_string(), unfit.remedy()),
        });
    }
}

fn step(id: u64) -> String {
    format!("template {id}")
}
