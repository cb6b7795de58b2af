//! The report templates: whether they exist and are Auto scan templates.

use super::finding::{Finding, parted};
use super::walk::Walk;
use crate::qualys::{Fault, Login, ReportShare, Settings};

pub(super) const STEP: &str = "templates";

const BY_HAND: &str =
    "look in Qualys, under Reports > Templates, whether each is a scan template of type Auto (host based)";

pub(super) async fn check(client: &ReportShare, settings: &Settings, wanted: &[u64], walk: &mut Walk) {
    if wanted.is_empty() {
        return walk.add(Finding::not_tried(STEP, "qualys.template_ids isn't right"));
    }
    if settings.login != Login::Basic {
        let text = "Qualys tells its templates with qualys.login=basic only";
        return walk.add(Finding::warning(STEP, text, BY_HAND));
    }
    let looked = match client.look_at(wanted).await {
        Ok(looked) => looked,
        // An account may be kept from the list and still make reports.
        Err(error) => {
            let fault = error.fault.to_string();
            let text = format!("Qualys doesn't tell its templates: {}", parted(&fault).0);
            return walk.add(Finding::warning(STEP, text, BY_HAND));
        }
    };
    for (id, found) in looked {
        walk.add(match found {
            Ok(title) => Finding::passed(&step(id), format!("\"{title}\" is an Auto scan template")),
            Err(fault) => unfit(id, &fault),
        });
    }
}

fn unfit(id: u64, fault: &Fault) -> Finding {
    const FIND: &str = "the id stands behind `id=` in the link of the template's Info button in Qualys";
    let problem = match fault {
        Fault::Template { problem, .. } => problem.clone(),
        fault => fault.to_string(),
    };
    match parted(&problem) {
        (text, Some(needed)) => Finding::failed(&step(id), fault.exit(), text, format!("{needed}: {FIND}")),
        (text, None) => Finding::failed(
            &step(id),
            fault.exit(),
            text,
            format!("check qualys.template_ids, and who may see the template: {FIND}"),
        ),
    }
}

fn step(id: u64) -> String {
    format!("template {id}")
}
