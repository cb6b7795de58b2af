//! Probing: what can be learnt of Qualys without changing anything there, for the preflight. Nothing is tried twice.

use super::Api;
use super::client::{Client, Received};
use super::error::{Error, Stage};
use super::fault::Fault;
use super::http::Expects;
use super::launch::unexpected;
use super::limits::Limits;

impl Client {
    /// Asks for a list, which proves the way there and the login, and costs one call.
    ///
    /// # Errors
    /// As [`launch`](Self::launch).
    pub async fn probe(&mut self) -> Result<(), Error> {
        let request = match self.settings.api {
            Api::ReportShare => self.report_share("list", Vec::new()),
            Api::AssetDataReport => self.v1("report_template_list", Vec::new(), Expects::Document(1 << 20)),
        };
        match self.once(Stage::Launch, &request, 0).await {
            Ok(Received::Document(_)) => Ok(()),
            Ok(other) => Err(self.error(Stage::Launch, unexpected(other))),
            Err(fault) => Err(self.error(Stage::Launch, fault)),
        }
    }

    /// What the headers of the latest answer said.
    pub fn heard(&self) -> Option<&Limits> {
        self.heard.as_ref()
    }

    /// Looks at report templates. Gives, for each, its title or why no report of it can be imported.
    ///
    /// # Errors
    /// Qualys doesn't tell its templates, which proves nothing: an account may be kept from their list and still make
    /// reports of them.
    pub async fn look_at(&mut self, templates: &[u64]) -> Result<Vec<(u64, Result<String, Fault>)>, Error> {
        let known = self.template_list().await;
        let known = known.map_err(|fault| self.error(Stage::Launch, fault))?;
        let look = |&id: &u64| match super::template::look_up(&known, id) {
            Ok(found) => (id, Ok(found.title.clone())),
            Err(problem) => (id, Err(Fault::Template { id, problem })),
        };
        Ok(templates.iter().map(look).collect())
    }
}
