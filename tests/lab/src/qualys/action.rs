//! What a client can ask for.

use std::fmt;
use std::str::FromStr;

/// What a client can ask for; also where a [`Fault`](super::Fault) strikes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// Report share: make a report.
    Launch,
    /// Report share: what is there.
    List,
    /// Report share: a report itself.
    Fetch,
    /// Report share: stop making it.
    Cancel,
    /// Report share: throw it away.
    Delete,
    /// Open a session.
    Login,
    /// Close a session.
    Logout,
    /// The old call that makes and sends a report at once.
    AssetDataReport,
    /// The old call that lists the report templates.
    TemplateList,
    /// The old call that tells versions, and limits in its headers.
    About,
    /// Hosts.
    HostList,
    /// Hosts with what was found on them.
    Detections,
    /// What QIDs mean.
    KnowledgeBase,
    /// A connection, before anything was asked.
    Connection,
    /// Whatever else.
    Other,
    /// Every request (of a fault).
    Any,
}

const NAMES: &[(Action, &str)] = &[
    (Action::Launch, "launch"),
    (Action::List, "list"),
    (Action::Fetch, "fetch"),
    (Action::Cancel, "cancel"),
    (Action::Delete, "delete"),
    (Action::Login, "login"),
    (Action::Logout, "logout"),
    (Action::AssetDataReport, "asset-data-report"),
    (Action::TemplateList, "template-list"),
    (Action::About, "about"),
    (Action::HostList, "host-list"),
    (Action::Detections, "detections"),
    (Action::KnowledgeBase, "knowledge-base"),
    (Action::Connection, "connection"),
    (Action::Other, "other"),
    (Action::Any, "any"),
];

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = NAMES.iter().find(|(action, _)| action == self);
        f.write_str(name.map_or("other", |(_, name)| name))
    }
}

impl FromStr for Action {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let action = NAMES.iter().find(|(_, name)| *name == text);
        action.map(|(action, _)| *action).ok_or_else(|| {
            let names: Vec<&str> = NAMES.iter().map(|(_, name)| *name).collect();
            format!("`{text}` is no action; there are {}", names.join(", "))
        })
    }
}
