//! Probing: what can be learnt of Qualys without changing anything there, for the preflight. Nothing is tried twice.

use super::list::unexpected;
use super::template::look_up;
use super::{Api, ReportShare, v1};
use crate::printable::Text;
use crate::qualys::error::Error;
use crate::qualys::refusal::Unfit;
use crate::qualys::transport::http::Expects;
use crate::qualys::transport::{DOCUMENT, Received};
use crate::stage::Stage;

impl ReportShare {
    /// Asks for a list, which proves the way there and the login, and costs one call.
    ///
    /// # Errors
    /// As [`launch`](Self::launch).
    pub async fn probe(&self) -> Result<(), Error> {
        let request = match self.settings().api {
            Api::ReportShare | Api::Detections => self.request("list", Vec::new()),
            Api::AssetDataReport => v1("report_template_list", Vec::new(), Expects::Document(DOCUMENT)),
        };
        let call = self.transport.call(Stage::Launch);
        let fault = match self.transport.once(call, &request, 0).await {
            Ok(Received::Document(_)) => return Ok(()),
            Ok(other) => unexpected(&other),
            Err(fault) => fault,
        };
        Err(self.transport.error(Stage::Launch, fault))
    }

    /// Looks at report templates. Gives, for each, its title or why no report of it can be imported.
    ///
    /// # Errors
    /// Qualys doesn't tell its templates, which proves nothing: an account may be kept from their list and still make
    /// reports of them.
    pub async fn look_at(&self, templates: &[u64]) -> Result<Vec<(u64, Result<Text, Unfit>)>, Error> {
        let known = self.template_list(self.transport.call(Stage::Launch)).await;
        let known = known.map_err(|fault| self.transport.error(Stage::Launch, fault))?;
        let look = |&id: &u64| match look_up(&known, id) {
            Ok(found) => (id, Ok(found.title.clone())),
            Err(unfit) => (id, Err(unfit)),
        };
        Ok(templates.iter().map(look).collect())
    }
}
