//! The WARNING at the end of a page that isn't the last one.

use super::oddity::Oddity;
use super::parameters::number;
use crate::qualys::answer::Refused;
use crate::qualys::call::Call;
use crate::qualys::service::Service;
use crate::report::xml::Xml;

/// What a call's pages end with, but for the last one.
pub(super) struct Warning {
    /// The call's own address, complete but for id_min.
    url: String,
    /// The id_min of the call.
    first: u64,
    stands_still: bool,
    leads_elsewhere: bool,
}

impl Warning {
    pub(super) fn of(service: &Service, call: &Call) -> Result<Self, Refused> {
        let oddities = &service.options.oddities;
        Ok(Self {
            url: url(call),
            first: number(call, "id_min")?.unwrap_or(0),
            stands_still: oddities.contains(&Oddity::StandingIdMin),
            leads_elsewhere: oddities.contains(&Oddity::ForeignUrl),
        })
    }

    /// Writes it after so many records; the next page begins with this one.
    pub(super) fn write(&self, limit: u64, next: u64, xml: &mut Xml) {
        let next = if self.stands_still { self.first } else { next };
        let url = format!("{}&id_min={next}", self.url);
        xml.within("WARNING", |xml| {
            xml.plain("CODE", "1980");
            xml.plain(
                "TEXT",
                &format!("{limit} record limit exceeded. Use URL to get next batch of results."),
            );
            match self.leads_elsewhere {
                true => {
                    let path = url.splitn(4, '/').nth(3).unwrap_or_default();
                    xml.cdata("URL", &format!("\n\nhttps://engine.lab.example/{path}&added=1\n"));
                }
                false => xml.cdata("URL", &url),
            }
        });
    }
}

/// The call's own address, complete but for id_min: clients that replace their parameters by it rely on that.
fn url(call: &Call) -> String {
    let mut query = form_urlencoded::Serializer::new(String::new());
    for (name, value) in call.parameters.iter().filter(|(name, _)| *name != "id_min") {
        query.append_pair(name, value);
    }
    format!("https://{}{}?{}", call.host, call.path, query.finish())
}
