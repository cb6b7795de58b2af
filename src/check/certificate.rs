//! The client certificate: whose it is, which Management Center made it, how long it lasts, whether its CA came along.

use std::time::{Duration, SystemTime};

use super::result::CheckResult;
use super::results::Preflight;
use crate::host_input::Settings;
use crate::host_input::identity::{Certificate, Identity, date};
use crate::host_input::trust::Trust;
use crate::problem::Step;

const STEP: Step = Step::Certificate;

/// A certificate that ends sooner is worth a warning: making a new one takes an administrator.
const SOON: Duration = Duration::from_secs(30 * 24 * 3600);

pub(super) fn check(settings: &Settings, results: &mut Preflight) -> Option<Identity> {
    let now = SystemTime::now();
    let identity = match Identity::open(&settings.pkcs12, settings.pkcs12_password.as_ref(), now) {
        Ok(identity) => identity,
        Err(error) => {
            results.add(CheckResult::problem(STEP, &error));
            return None;
        }
    };
    let certificate = identity.certificate();
    let file = settings.pkcs12.display();
    results.add(
        CheckResult::passed(STEP, format!("{file} is for {}", facts(certificate)))
            .with("common_name", certificate.common_name.clone())
            .with("management_center", certificate.issuer.clone())
            .with("domain", certificate.domain.clone())
            .with("not_after", date(certificate.not_after).to_string())
            .with("fingerprint", certificate.fingerprint.to_string()),
    );
    if let Some(left) = ends_soon(certificate, now) {
        results.add(CheckResult::warning(
            STEP,
            format!("it expires in {left}, on {}", date(certificate.not_after)),
            "make a new client on the Management Center before that day, and use its PKCS12 file",
        ));
    }
    if !certificate.is_for_host_input() {
        results.add(CheckResult::warning(
            STEP,
            "it was not issued for Host Input, so the Management Center may refuse it",
            "take the file of Integration > Other Integrations > Host Input Client",
        ));
    }
    authorities(&identity, &settings.trust, now, results);
    Some(identity)
}

/// How long it still lasts, if that isn't long.
pub(super) fn ends_soon(certificate: &Certificate, now: SystemTime) -> Option<String> {
    let left = certificate.not_after.duration_since(now).ok()?;
    let days = left.as_secs() / (24 * 3600);
    (left < SOON).then(|| match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    })
}

fn facts(certificate: &Certificate) -> String {
    let mut facts = certificate.name().to_owned();
    if let Some(issuer) = &certificate.issuer {
        facts.push_str(&format!(", made by Management Center {issuer}"));
    }
    if let Some(domain) = &certificate.domain {
        facts.push_str(&format!(" in domain {domain}"));
    }
    facts.push_str(&format!(
        ", valid from {} to {}",
        date(certificate.not_before),
        date(certificate.not_after)
    ));
    facts
}

/// The CAs beside it, which prove the Management Center where `management_center.trust` leaves it to them.
fn authorities(identity: &Identity, trust: &Trust, now: SystemTime, results: &mut Preflight) {
    if *trust != Trust::Pkcs12 {
        return;
    }
    let authorities = identity.authorities().iter();
    let authorities: Vec<_> = authorities.filter_map(|der| Certificate::parse(der).ok()).collect();
    match authorities.as_slice() {
        [] => results.add(CheckResult::warning(
            STEP,
            "no CA certificate came along in the file, so the Management Center can't be proven with it",
            "download the file from the Management Center again, or pin the fingerprint that the step trust shows",
        )),
        authorities => {
            for authority in authorities.iter().filter(|authority| authority.not_after < now) {
                results.add(CheckResult::warning(
                    STEP,
                    format!(
                        "the CA beside it ({}) expired on {}",
                        authority.name(),
                        date(authority.not_after)
                    ),
                    "pin the Management Center's own certificate: management_center.trust=fingerprint:SHA256",
                ));
            }
        }
    }
}
