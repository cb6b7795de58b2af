//! Trust: the certificate that the Management Center presents, ready to pin, and whether it is taken for the right one.

use std::time::SystemTime;

use super::certificate::ends_soon;
use super::finding::Finding;
use super::walk::Walk;
use crate::host_input::identity::{Certificate, Identity, date};
use crate::host_input::probe::{Reached, Secured};
use crate::host_input::trust::{HandshakeFault, Refusal, Refused, Trust, client_config};
use crate::host_input::{Error, Settings};
use crate::problem::Problem as _;

pub(super) const STEP: &str = "trust";

pub(super) async fn check(
    settings: &Settings,
    identity: &Identity,
    reached: Reached,
    walk: &mut Walk,
) -> Option<Secured> {
    let tls = match client_config(identity, &settings.trust) {
        Ok(tls) => tls,
        Err(error) => {
            walk.add(Finding::error(
                STEP,
                error.kind().exit(),
                &error,
                "correct management_center.trust",
            ));
            return None;
        }
    };
    match reached.secure(settings, &tls).await {
        Ok(secured) => {
            if let Some(certificate) = &secured.certificate {
                walk.add(trusted(certificate, &settings.trust));
                walk.findings.extend(soon(certificate));
            }
            Some(secured)
        }
        Err(error) => {
            walk.add(refused(&error, identity));
            None
        }
    }
}

fn trusted(certificate: &Certificate, trust: &Trust) -> Finding {
    let pin = pin(certificate);
    let presented = format!(
        "it presents {}, valid to {}",
        certificate.name(),
        date(certificate.not_after)
    );
    let finding = match trust {
        Trust::Pkcs12 => Finding::passed(
            STEP,
            format!("{presented}, issued by the CA of the PKCS12 file; to pin it: {pin}"),
        ),
        Trust::CaFile { path, .. } => Finding::passed(
            STEP,
            format!("{presented}, issued by a CA in {}; to pin it: {pin}", path.display()),
        ),
        Trust::Fingerprints(_) => Finding::passed(STEP, format!("{presented}, as pinned: {pin}")),
        Trust::Insecure => Finding::warning(
            STEP,
            format!("{presented}, and any other would be taken too: management_center.trust is insecure"),
            format!("compare the fingerprint on the Management Center, then set {pin}"),
        ),
    };
    with_facts(finding, certificate)
}

fn soon(certificate: &Certificate) -> Option<Finding> {
    let left = ends_soon(certificate, SystemTime::now())?;
    let text = format!("the Management Center's certificate expires in {left}");
    Some(Finding::warning(
        STEP,
        text,
        "have it renewed there; a pinned fingerprint changes with it",
    ))
}

fn refused(error: &Error, identity: &Identity) -> Finding {
    let remedy = "check that management_center.server and management_center.port are those of its Host Input";
    let finding = Finding::error(STEP, error.kind().exit(), error, remedy);
    let handshake = match error {
        Error::Tls(handshake) => handshake,
        Error::Connect { tried } => {
            return Finding::failed(
                STEP,
                error.kind().exit(),
                format!("the connection comes about, and then nothing is said: {tried}"),
                "check that management_center.port is that of Host Input (8307), and that hostinputd runs there",
            );
        }
        _ => return finding,
    };
    let HandshakeFault::Untrusted(refused) = &handshake.fault else {
        return finding;
    };
    with_facts(explained(finding, refused, identity), &refused.certificate)
}

/// What is wrong with a certificate says what to do about it; by the names of two CAs it shows which end is the wrong one.
fn explained(mut finding: Finding, refused: &Refused, identity: &Identity) -> Finding {
    let (ours, its) = (&identity.certificate().issuer, &refused.certificate.issuer);
    let pin = pin(&refused.certificate);
    let compare = format!("compare the fingerprint on the Management Center and set {pin}");
    finding.remedy = Some(match (&refused.why, ours, its) {
        (Refusal::UnknownIssuer, Some(ours), Some(its)) if ours != its => {
            finding.text = format!("{}: {its} did, and {ours} issued the PKCS12 file", finding.text);
            format!("use the PKCS12 file of a client that was made on this Management Center; if that is so, {compare}")
        }
        (Refusal::UnknownIssuer | Refusal::Unusable(_), ..) => compare,
        (Refusal::Client | Refusal::Own, ..) => {
            "find out who answers at that address, and who holds that client's PKCS12 \
                                                 file; delete that client on the Management Center"
                .to_owned()
        }
        (Refusal::NoAuthority, ..) => {
            format!("take the file as the Management Center issued it, with its CA inside; or {compare}")
        }
        (Refusal::NotPinned, ..) => {
            format!("if its certificate was renewed, {compare}; if it wasn't, somebody else answers in its place")
        }
        (Refusal::WrongName { .. }, ..) => format!("correct name: in management_center.trust; or {compare}"),
        (Refusal::Expired(_), ..) => format!("have the Management Center's certificate renewed; until then, {compare}"),
        (Refusal::NotYetValid(_), ..) => format!("set this machine's clock by NTP; if it is right, {compare}"),
        (Refusal::AuthorityExpired(_), ..) => {
            format!("the certificate itself is good, so pin it: {compare}")
        }
    });
    finding
}

fn pin(certificate: &Certificate) -> String {
    format!("management_center.trust=fingerprint:{}", certificate.fingerprint)
}

fn with_facts(finding: Finding, certificate: &Certificate) -> Finding {
    finding
        .with("common_name", certificate.common_name.clone())
        .with("not_after", date(certificate.not_after).to_string())
        .with("fingerprint", certificate.fingerprint.to_string())
        .with("pin", format!("fingerprint:{}", certificate.fingerprint))
}
