//! `telemetry.pushgateway`: where metrics are pushed to.

use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::ProxyOf;
use crate::config::contradiction::Contradiction;
use crate::config::error::{Errors, Reported};
use crate::config::row::{duration, duration_or_zero, form, http_url, path, secret, text};
use crate::telemetry::metrics::LabelValue;
use crate::telemetry::metrics::pushgateway::Settings;

section! {
    /// The group `telemetry.pushgateway`.
    PushgatewaySection "telemetry.pushgateway" {
        /// Pushgateway that metrics are pushed to
        url: Url = http_url().example("http://pushgateway:9091");
        /// Job that they are filed under there
        job: LabelValue = form("a name").default("qualys-connector");
        /// Namespace that they are filed under too, where imports of several have one name
        namespace: LabelValue = form("a name").example("security");
        /// User at the Pushgateway
        username: String = text().example("qualys-connector");
        /// Password of that user
        password: SecretString = secret();
        /// Bearer token, in the place of user and password
        token: SecretString = secret();
        /// Certificates (PEM) to trust besides the usual roots
        ca_file: PathBuf = path().example("/etc/ssl/company-ca.pem");
        /// Proxy on the way to the Pushgateway
        proxy_url as "proxy.url": Url = http_url().example("http://192.168.1.100:3128");
        /// User at that proxy
        proxy_username as "proxy.username": String = text().example("zaphod");
        /// Password of that user
        proxy_password as "proxy.password": SecretString = secret();
        /// Longest time for a push, and that pushing prolongs a run
        timeout: Duration = duration().default("5s");
        /// Time between two pushes while an import runs; 0: only at the end
        interval: Duration = duration_or_zero().default("1m");
    }
}

impl PushgatewaySection {
    /// How metrics are pushed; `None` without an address.
    pub(in crate::config) fn settings(&self, errors: &mut Errors) -> Result<Option<Settings>, Reported> {
        if self.token.is_set() && self.username.is_set() {
            return Err(errors.report(Contradiction::LoginsOfPushgateway));
        }
        let Some(url) = self.url.optional()? else {
            return Ok(None);
        };
        let proxy = ProxyOf {
            url: &self.proxy_url,
            username: &self.proxy_username,
            password: &self.proxy_password,
        };
        let login = self.token.is_set() || self.username.is_set();
        Ok(Some(Settings {
            proxy: proxy.on_the_way_to(&self.url, login, errors)?,
            url,
            job: self.job.required(errors)?,
            namespace: self.namespace.optional()?,
            username: self.username.optional()?,
            password: self.password.optional()?,
            token: self.token.optional()?,
            ca_file: self.ca_file.optional()?,
            timeout: self.timeout.required(errors)?,
            interval: self.interval.required(errors)?,
        }))
    }
}
