//! `qualys`: how Qualys is asked for reports.

use std::iter;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use url::Url;

use super::{ProxyOf, Sections};
use crate::config::contradiction::Contradiction;
use crate::config::error::{Errors, Reported};
use crate::config::parse;
use crate::config::row::{
    boolean, duration, duration_or_zero, http_url, list, number, password, path, platform, secret, text, version, words,
};
use crate::config::templates::TemplateIds;
use crate::qualys::{Api, Login, Settings};

section! {
    /// The section `qualys`.
    QualysSection "qualys" {
        /// Platform of Qualys that the account lives on, or the base address of its API
        url: Url = platform().default("https://qualysapi.qualys.com").example("EU2").old("url");
        /// User at Qualys
        user_id: String = text().example("dirk_g").old("user_id");
        /// Password of that user
        password: SecretString = password().old("password");
        /// Report templates to import, in this order
        template_ids: TemplateIds =
            list("numbers of report templates").example("424242,535353").item("[0-9]+").old("template_id");
        /// Which one of them to import, counted from 0, for an Indexed Job; not set: all
        template_index: usize = number::<0, 99_999, _>().example("0");
        /// Proxy on the way to Qualys
        proxy_url as "proxy.url": Url = http_url().example("https://192.168.1.100:443").old("proxy");
        /// User at the proxy
        proxy_username as "proxy.username": String = text().example("zaphod").old("proxy_username");
        /// Password of that user
        proxy_password as "proxy.password": SecretString = secret().old("proxy_password");
        /// Certificates (PEM) to trust besides the usual roots
        ca_file: PathBuf = path().example("/etc/ssl/company-ca.pem");
        /// How requests prove who sends them
        login: LoginMethod = words().default("basic");
        /// File with the bearer token, for qualys.login=token
        token_file: PathBuf = path().example("/run/secrets/qualys/token");
        /// Interface of Qualys that delivers the report
        api: Api = words().default("report-share");
        /// Version in the paths of that interface
        api_version: String = version().default("2.0");
        /// Reports of several templates that Qualys makes at the same time, at most
        reports_at_once: usize = number::<1, 32, _>().default("2");
        /// Leave the report in Qualys' storage
        keep_report: bool = boolean().default("n");
        /// Time between two looks at a running report
        poll_interval: Duration = duration().default("30s");
        /// Longest time for a connection to come about
        connect_timeout: Duration = duration().default("10s");
        /// Longest silence while an answer arrives
        idle_timeout: Duration = duration().default("5m");
        /// Longest time for everything at Qualys, waits included
        deadline: Duration = duration().default("2h");
        /// Greatest age of an earlier attempt's report to go on with; 0: never
        adopt_within: Duration = duration_or_zero().default("6h");
    }
}

impl Sections {
    /// How to ask Qualys.
    pub(in crate::config) fn qualys(&self, errors: &mut Errors) -> Result<Settings, Reported> {
        let section = &self.qualys;
        let credentials = section.credentials(errors);
        let proxy = ProxyOf {
            url: &section.proxy_url,
            username: &section.proxy_username,
            password: &section.proxy_password,
        };
        let proxy = proxy.on_the_way_to(&section.url, true, errors);
        let (user_id, login) = credentials?;
        Ok(Settings {
            url: section.url.required(errors)?,
            user_id,
            login,
            api: section.api.required(errors)?,
            api_version: section.api_version.required(errors)?,
            proxy: proxy?,
            ca_file: section.ca_file.optional()?,
            keep_report: section.keep_report.required(errors)?,
            poll_interval: section.poll_interval.required(errors)?,
            connect_timeout: section.connect_timeout.required(errors)?,
            idle_timeout: section.idle_timeout.required(errors)?,
            deadline: section.deadline.required(errors)?,
            import: self.telemetry.import.required(errors)?.as_str().to_owned(),
            destination: self.destination(),
            adopt_within: section.adopt_within.required(errors)?,
        })
    }

    /// Where findings go, and what they are filed under there, as a name.
    pub(in crate::config) fn destination(&self) -> String {
        let (center, commands) = (&self.management_center, &self.commands);
        let place = match (self.csv.file.get(), center.server.get(), center.port.get()) {
            (Some(file), ..) => file.display().to_string(),
            (None, Some(server), Some(port)) => format!("{server}:{port}"),
            _ => String::new(),
        };
        let names = [commands.source.get(), commands.scanner.get()].map(|name| name.map(|name| name.to_string()));
        let domain = commands.domain.get().map(|domain| domain.to_string());
        let filed = names.into_iter().chain([domain]).map(Option::unwrap_or_default);
        iter::once(place).chain(filed).collect::<Vec<_>>().join("\0")
    }
}

impl QualysSection {
    /// The templates to import: all of them, or the one that an index chooses.
    pub(in crate::config) fn templates(&self, errors: &mut Errors) -> Result<Vec<u64>, Reported> {
        let templates = self.template_ids.required(errors)?.into_vec();
        match self.template_index.optional()? {
            None => Ok(templates),
            Some(index) => match templates.get(index) {
                Some(template) => Ok(vec![*template]),
                None => Err(errors.report(Contradiction::TemplateIndex {
                    index,
                    count: templates.len(),
                })),
            },
        }
    }

    /// The user, and how requests prove who sends them.
    fn credentials(&self, errors: &mut Errors) -> Result<(String, Login), Reported> {
        let login = self.login.required(errors)?;
        if self.api.get() == Some(Api::AssetDataReport) && login != LoginMethod::Basic {
            return Err(errors.report(Contradiction::LoginOfOldInterface));
        }
        if login == LoginMethod::Token {
            let file = self.token_file.required(errors)?;
            return Ok((self.user_id.optional()?.unwrap_or_default(), Login::Token(file)));
        }
        if self.token_file.is_set() && !(self.user_id.is_set() && self.password.is_set()) {
            let login = parse::name(&login);
            return Err(errors.report(Contradiction::TokenUnused { login }));
        }
        let (user_id, password) = (self.user_id.required(errors), self.password.required(errors));
        let of = match login {
            LoginMethod::Session => Login::Session,
            _ => Login::Basic,
        };
        Ok((user_id?, of(password?)))
    }
}

/// `qualys.login`, as it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(in crate::config) enum LoginMethod {
    Basic,
    Session,
    Token,
}
