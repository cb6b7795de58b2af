//! Trust: the certificate that the Management Center presents, ready to pin, and whether it is taken for the right one.

use std::time::SystemTime;

use super::certificate::ends_soon;
use super::result::CheckResult;
use super::results::Preflight;
use crate::host_input::identity::{Certificate, Identity, date};
use crate::host_input::probe::{Reached, Secured};
use crate::host_input::trust::{Distrust, HandshakeFault, Refused, Trust, client_config};
use crate::host_input::{Error, Settings};
use crate::problem::{Problem as _, Step};

const STEP: Step = Step::Trust;

pub(super) async fn check(
    settings: &Settings,
    identity: &Identity,
    reached: Reached,
    results: &mut Preflight,
) -> Option<Secured> {
    let tls = match client_config(identity, &settings.trust) {
        Ok(tls) => tls,
        Err(error) => {
            results.add(CheckResult::problem(STEP, &error));
            return None;
        }
    };
    match reached.secure(settings, &tls).await {
        Ok(secured) => {
            if let Some(certificate) = &secured.certificate {
                results.add(trusted(certificate, &settings.trust));
                results.results.extend(soon(certificate));
            }
            Some(secured)
        }
        Err(error) => {
            results.add(refused(&error, identity));
            None
        }
    }
}

fn trusted(certificate: &Certificate, trust: &Trust) -> CheckResult {
    let pin = pin(certificate);
    let presented = format!(
        "it presents {}, valid to {}",
        certificate.name(),
        date(certificate.not_after)
    );
    let result = match trust {
        Trust::Pkcs12 => CheckResult::passed(
            STEP,
            format!("{presented}, issued by the CA of the PKCS12 file; to pin it: {pin}"),
        ),
        Trust::CaFile { path, .. } => CheckResult::passed(
            STEP,
            format!("{presented}, issued by a CA in {}; to pin it: {pin}", path.display()),
        ),
        Trust::Fingerprints(_) => CheckResult::passed(STEP, format!("{presented}, as pinned: {pin}")),
        Trust::Insecure => CheckResult::warning(
            STEP,
            format!("{presented}, and any other would be taken too: management_center.trust is insecure"),
            format!("compare the fingerprint on the Management Center, then set {pin}"),
        ),
    };
    with_facts(result, certificate)
}

fn soon(certificate: &Certificate) -> Option<CheckResult> {
    let left = ends_soon(certificate, SystemTime::now())?;
    let text = format!("the Management Center's certificate expires in {left}");
    Some(CheckResult::warning(
        STEP,
        text,
        "have it renewed there; a pinned fingerprint changes with it",
    ))
}

fn refused(error: &Error, identity: &Identity) -> CheckResult {
    let result = CheckResult::problem(STEP, error);
    let handshake = match error {
        Error::Tls(handshake) => handshake,
        Error::Connect { tried } => {
            return CheckResult::failed(
                STEP,
                error.kind(),
                format!("the connection comes about, and then nothing is said: {tried}"),
                "check that management_center.port is that of Host Input (8307), and that hostinputd runs there",
            );
        }
        _ => return result,
    };
    let HandshakeFault::Untrusted(refused) = &handshake.fault else {
        return result;
    };
    with_facts(explained(result, refused, identity), &refused.certificate)
}

/// What is wrong with a certificate says what to do about it; by the names of two CAs it shows which end is the wrong one.
fn explained(mut result: CheckResult, refused: &Refused, identity: &Identity) -> CheckResult {
    let (ours, its) = (&identity.certificate().issuer, &refused.certificate.issuer);
    let pin = pin(&refused.certificate);
    let compare = format!("compare the fingerprint on the Management Center and set {pin}");
    result.remedy = Some(match (&refused.why, ours, its) {
        (Distrust::UnknownIssuer, Some(ours), Some(its)) if ours != its => {
            result.text = format!("{}: {its} did, and {ours} issued the PKCS12 file", result.text);
            format!("use the PKCS12 file of a client that was made on this Management Center; if that is so, {compare}")
        }
        (Distrust::UnknownIssuer | Distrust::Unusable(_), ..) => compare,
        (Distrust::Client | Distrust::Own, ..) => {
            "find out who answers at that address, and who holds that client's PKCS12 \
                                                 file; delete that client on the Management Center"
                .to_owned()
        }
        (Distrust::NoAuthority, ..) => {
            format!("take the file as the Management Center issued it, with its CA inside; or {compare}")
        }
        (Distrust::NotPinned, ..) => {
            format!("if its certificate was renewed, {compare}; if it wasn't, somebody else answers in its place")
        }
        (Distrust::WrongName { .. }, ..) => format!("correct name: in management_center.trust; or {compare}"),
        (Distrust::Expired(_), ..) => {
            format!("have the Management Center's certificate renewed; until then, {compare}")
        }
        (Distrust::NotYetValid(_), ..) => format!("set this machine's clock by NTP; if it is right, {compare}"),
        (Distrust::AuthorityExpired(_), ..) => {
            format!("the certificate itself is good, so pin it: {compare}")
        }
    });
    result
}

fn pin(certificate: &Certificate) -> String {
    format!("management_center.trust=fingerprint:{}", certificate.fingerprint)
}

fn with_facts(result: CheckResult, certificate: &Certificate) -> CheckResult {
    result
        .with("common_name", certificate.common_name.clone())
        .with("not_after", date(certificate.not_after).to_string())
        .with("fingerprint", certificate.fingerprint.to_string())
        .with("pin", format!("fingerprint:{}", certificate.fingerprint))
}
