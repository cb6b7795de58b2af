//! What a user should know of a configuration that is right.

use secrecy::ExposeSecret as _;

use super::layers::Layers;
use super::origin::Origin;
use super::settings;

/// Before an import.
pub(super) fn import(layers: &Layers, certificates: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    if is_set(layers, "csv.file") {
        if let Some(origin) = origin(layers, "management_center.server") {
            warnings.push(format!(
                "management_center.server ({origin}) is ignored: csv.file is set, so nothing is sent"
            ));
        }
    } else {
        warnings.extend(send(layers, certificates));
    }
    warnings.extend(plan(layers));
    warnings.extend(metrics(layers));
    warnings
}

fn metrics(layers: &Layers) -> Vec<String> {
    let mut warnings = Vec::new();
    let text = |key| Some(layers.text(settings::find(key)?)?.expose_secret());
    if text("telemetry.metrics_file").is_some_and(|path| !path.ends_with(".prom")) {
        warnings.push(
            "telemetry.metrics_file doesn't end in .prom, so node_exporter's textfile collector won't read it".into(),
        );
    }
    let login = ["telemetry.pushgateway.username", "telemetry.pushgateway.token"];
    if let Some(key) = login.into_iter().find(|key| is_set(layers, key))
        && text("telemetry.pushgateway.url").is_some_and(|url| url.starts_with("http:"))
    {
        warnings.push(format!(
            "{key} travels unencrypted, since telemetry.pushgateway.url begins with http:"
        ));
    }
    warnings
}

/// Before an import that is only planned.
pub(super) fn plan(layers: &Layers) -> Vec<String> {
    let ignored = is_set(layers, "qualys.proxy.username") && !is_set(layers, "qualys.proxy.url");
    let warning = ignored.then(|| "qualys.proxy.username is ignored: qualys.proxy.url is not set".into());
    warning.into_iter().collect()
}

/// Before the sending of a file.
pub(super) fn send(layers: &Layers, certificates: &[String]) -> Vec<String> {
    let mut warnings = Vec::new();
    let found = origin(layers, "management_center.pkcs12") == Some(Origin::WorkingDirectory.to_string());
    if let (true, [taken, _, ..]) = (found, certificates) {
        warnings.push(format!(
            "{} files end in .pkcs12 in the working directory; {taken} is taken (say --pkcs12 FILE to choose)",
            certificates.len()
        ));
    }
    let password = origin(layers, "management_center.pkcs12_password");
    if password == Some(Origin::PASSWORD.to_string()) {
        warnings.push(
            "--password shows in the list of processes; better set management_center.pkcs12_password in the \
             configuration file or by QC_MANAGEMENT_CENTER__PKCS12_PASSWORD_FILE"
                .into(),
        );
    }
    warnings
}

fn is_set(layers: &Layers, key: &str) -> bool {
    settings::find(key).is_some_and(|setting| layers.text(setting).is_some())
}

/// Where the value of a setting stands, if it has one.
fn origin(layers: &Layers, key: &str) -> Option<String> {
    let given = layers.get(settings::find(key)?)?;
    given.text.is_some().then_some(given.origin)
}
