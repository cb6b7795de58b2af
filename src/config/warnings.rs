//! Warnings: what is odd about a configuration that is right.

use super::origin::Origin;
use super::parse;
use super::sections::Sections;
use super::sections::detections::DetectionsSection;
use super::sections::qualys::LoginMethod;

/// Before an import.
pub(super) fn import(sections: &Sections, certificates: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    if sections.csv.file.is_set() {
        if let Some(origin) = sections.management_center.server.origin() {
            warnings.push(format!(
                "management_center.server ({origin}) is ignored: csv.file is set, so nothing is sent"
            ));
        }
    } else {
        warnings.extend(send(sections, certificates));
    }
    warnings.extend(plan(sections));
    warnings.extend(metrics(sections));
    warnings
}

fn metrics(sections: &Sections) -> Vec<String> {
    let mut warnings = Vec::new();
    let file = sections.telemetry.metrics_file.get();
    if file.is_some_and(|file| !file.as_os_str().as_encoded_bytes().ends_with(b".prom")) {
        warnings.push(
            "telemetry.metrics_file doesn't end in .prom, so node_exporter's textfile collector won't read it".into(),
        );
    }
    let to = &sections.pushgateway;
    let login = match (to.username.is_set(), to.token.is_set()) {
        (true, _) => to.username.key(),
        (false, true) => to.token.key(),
        (false, false) => return warnings,
    };
    if to.url.get().is_some_and(|url| url.scheme() == "http") {
        warnings.push(format!(
            "{login} travels unencrypted, since telemetry.pushgateway.url begins with http:"
        ));
    }
    warnings
}

/// Before an import that is only planned.
pub(super) fn plan(sections: &Sections) -> Vec<String> {
    let qualys = &sections.qualys;
    let mut warnings = Vec::new();
    if qualys.proxy_username.is_set() && !qualys.proxy_url.is_set() {
        warnings.push("qualys.proxy.username is ignored: qualys.proxy.url is not set".into());
    }
    if sections.state.dir.is_set() {
        let instead = [&sections.report.file, &sections.csv.file]
            .into_iter()
            .find(|file| file.is_set());
        warnings.extend(instead.map(|file| {
            format!(
                "state.dir is ignored: {} is set, and only imports from Qualys into a Management Center are remembered",
                file.key()
            )
        }));
    } else if sections.commands.delete_left_hosts.get() == Some(true) {
        warnings.push(
            "commands.delete_left_hosts is ignored: state.dir isn't set, so nobody knows which hosts left".into(),
        );
    }
    if !sections.asks_for_detections() {
        let keys = of_detections(&sections.detections);
        warnings.extend(keys.map(|key| format!("{key} is ignored: qualys.api isn't detections")));
    }
    let login = qualys.login.get().filter(|login| *login != LoginMethod::Token);
    if let Some(login) = login.filter(|_| qualys.token_file.is_set() && !sections.report.file.is_set()) {
        let login = parse::name(&login);
        warnings.push(format!("qualys.token_file is ignored: qualys.login is {login}"));
    }
    warnings
}

/// What was set of the section that only one source looks at.
fn of_detections(set: &DetectionsSection) -> impl Iterator<Item = &'static str> {
    let keys = [
        set.asset_groups.given(),
        set.tags.given(),
        set.exclude_tags.given(),
        set.match_tags.given(),
        set.hosts_per_call.given(),
        set.parallel_calls.given(),
        set.changed_within.given(),
        set.full_every.given(),
        set.max_scan_age.given(),
        set.shard.given(),
        set.knowledge_base.given(),
    ];
    keys.into_iter().flatten()
}

/// Before the sending of a file.
pub(super) fn send(sections: &Sections, certificates: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    let found = sections.management_center.pkcs12.origin() == Some(&Origin::WorkingDirectory);
    if let (true, [taken, _, ..]) = (found, certificates) {
        warnings.push(format!(
            "{} files end in .pkcs12 in the working directory; {taken} is taken (say --pkcs12 FILE to choose)",
            certificates.len()
        ));
    }
    if sections.management_center.pkcs12_password.origin() == Some(&Origin::PASSWORD) {
        warnings.push(
            "--password shows in the list of processes; better set management_center.pkcs12_password in the \
             configuration file or by QC_MANAGEMENT_CENTER__PKCS12_PASSWORD_FILE"
                .into(),
        );
    }
    warnings
}
