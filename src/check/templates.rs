//! The report templates: whether they exist and are Auto scan templates.

use super::finding::Finding;
use super::walk::Walk;
use crate::problem::Kind;
use crate::qualys::{Login, ReportShare, Settings};

pub(super) const STEP: &str = "templates";

const BY_HAND: &str =
    "look in Qualys, under Reports > Templates, whether each is a scan template of type Auto (host based)";

pub(super) async fn check(client: &ReportShare, settings: &Settings, wanted: &[u64], walk: &mut Walk) {
    if wanted.is_empty() {
        return walk.add(Finding::not_tried(STEP, "qualys.template_ids isn't right"));
    }
    if !matches!(settings.login, Login::Basic(_)) {
        let text = "Qualys tells its templates with qualys.login=basic only";
        return walk.add(Finding::warning(STEP, text, BY_HAND));
    }
    let looked = match client.look_at(wanted).await {
        Ok(looked) => looked,
        // An account may be kept from the list and still make reports.
        Err(error) => {
            let text = format!("Qualys doesn't tell its templates: {}", error.fault);
            return walk.add(Finding::warning(STEP, text, BY_HAND));
        }
    };
    for (id, found) in looked {
        walk.add(match found {
            Ok(title) => Finding::passed(&step(id), format!("\"{title}\" is an Auto scan template")),
            Err(unfit) => Finding::failed(&step(id), Kind::BadTemplate.exit(), unfit.to_string(), unfit.remedy()),
        });
    }
}

fn step(id: u64) -> String {
    format!("template {id}")
}
