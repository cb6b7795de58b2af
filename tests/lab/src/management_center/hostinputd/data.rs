//! Commands about hosts, operating systems, attributes, services, vulnerabilities and fixes.
//!
//! Hosts, operating systems and attributes are kept. The others are checked as far as their fields are documented,
//! counted, and have no effect.

use super::super::address::{self, AddressList};
use super::super::hosts::Origin;
use super::super::network_map::{OperatingSystem, Protocol};
use super::reply::Failure;
use super::{Arguments, FrameRun};

/// Names are case-sensitive (likely). The guide's headings have a plural of the two about vulnerabilities, which
/// isn't known here (likely).
pub(super) fn is_command(name: &str) -> bool {
    matches!(
        name,
        "AddHost"
            | "DeleteHost"
            | "SetOS"
            | "UnsetOS"
            | "AddHostAttribute"
            | "DeleteHostAttribute"
            | "SetAttributeValue"
            | "DeleteAttributeValue"
            | "AddService"
            | "SetService"
            | "UnsetService"
            | "DeleteService"
            | "AddClientApp"
            | "DeleteClientApp"
            | "SetValidVuln"
            | "SetInvalidVuln"
            | "AddFix"
            | "RemoveFix"
    )
}

impl FrameRun<'_> {
    pub(super) fn data(&mut self, name: &str, arguments: Arguments<'_>) {
        if self.skips() {
            return;
        }
        let result = match name {
            "AddHost" => self.add_host(arguments),
            "DeleteHost" => self.delete_host(arguments),
            "SetOS" => self.set_os(arguments),
            "UnsetOS" => self.on_hosts(arguments.field(0), |details| details.os = None),
            "AddHostAttribute" => self.add_host_attribute(arguments),
            "DeleteHostAttribute" => self.delete_host_attribute(arguments),
            "SetAttributeValue" => self.set_attribute_value(arguments),
            "DeleteAttributeValue" => self.on_hosts(arguments.field(0), |details| {
                details.attributes.remove(arguments.field(1));
            }),
            "AddClientApp" | "DeleteClientApp" => self.hosts_of(arguments.field(0)).map(drop),
            _ => self.checked_only(arguments),
        };
        let is_counted = name != "AddHostAttribute" || self.daemon.counts.attribute;
        if is_counted && !matches!(result, Err(Failure::Lost(_))) {
            self.count(name);
        }
        if let Err(failure) = result {
            self.fail(name, arguments, failure);
        }
    }

    fn add_host(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        let (ip, mac) = (arguments.field(0), arguments.field(1));
        let unrecognised = || Failure::Execution("Failed to recognize IP address/MAC address".to_owned());
        if !mac.is_empty() && !address::is_mac(mac) || ip.is_empty() && mac.is_empty() {
            return Err(unrecognised());
        }
        if ip.is_empty() {
            let added = self.daemon.hosts.add_mac_only(mac);
            self.daemon.count_added(added);
            return Ok(());
        }
        let address = ip.parse().map_err(|_| unrecognised())?;
        self.refuse_if_told(|refused| refused == address)?;
        let origin = Origin {
            discovered: false,
            added_by: self.daemon.source.clone(),
            domain: self.domain.as_str().into(),
        };
        let added = self.daemon.hosts.add(address, &origin);
        self.daemon.count_added(added);
        if !mac.is_empty()
            && let Some(host) = self.daemon.hosts.active(address)
        {
            host.details().mac = Some(mac.to_owned());
        }
        Ok(())
    }

    fn delete_host(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        let (list, mac) = (arguments.field(0), arguments.field(1));
        if !list.is_empty() || mac.is_empty() {
            for host in self.hosts_of(list)? {
                self.daemon.hosts.remove(host);
                self.daemon.counters.hosts_deleted += 1;
            }
        } else if self.daemon.hosts.remove_mac_only(mac) {
            self.daemon.counters.hosts_deleted += 1;
        }
        Ok(())
    }

    fn set_os(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        let os = OperatingSystem {
            vendor: arguments.field(1).to_owned(),
            product: arguments.field(2).to_owned(),
            version: arguments.field(3).to_owned(),
            source: self.daemon.source.as_deref().map(str::to_owned),
        };
        self.on_hosts(arguments.field(0), |details| details.os = Some(os.clone()))
    }

    /// One that exists is accepted silently (likely).
    fn add_host_attribute(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        let (name, kind) = (arguments.field(0), arguments.field(1).to_ascii_lowercase());
        let is_name = |name: &str| {
            let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b' ';
            !name.is_empty() && name.bytes().all(word)
        };
        if !is_name(name) {
            return Err(Failure::Execution(format!("{name} is not a valid attribute name")));
        }
        if !matches!(kind.as_str(), "text" | "url") {
            return Err(Failure::Execution(format!("{kind} is not a valid attribute type")));
        }
        self.daemon.host_attributes.entry(name.to_owned()).or_insert(kind);
        Ok(())
    }

    fn delete_host_attribute(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        let name = arguments.field(0);
        self.daemon
            .host_attributes
            .remove(name)
            .map(drop)
            .ok_or_else(|| Failure::Execution(format!("{name} is not an attribute")))
    }

    /// The attribute must exist; `criticality` always does (likely).
    fn set_attribute_value(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        let (name, value) = (arguments.field(1), arguments.field(2));
        if name != "criticality" && !self.daemon.host_attributes.contains_key(name) {
            return Err(Failure::Execution(format!("{name} is not an attribute")));
        }
        self.on_hosts(arguments.field(0), |details| {
            details.attributes.insert(name.to_owned(), value.to_owned());
        })
    }

    /// Services, vulnerabilities and fixes: addresses, then port and protocol.
    fn checked_only(&mut self, arguments: Arguments<'_>) -> Result<(), Failure> {
        self.hosts_of(arguments.field(0))?;
        port(arguments.field(1))?;
        protocol(arguments.field(2))?;
        Ok(())
    }

    fn on_hosts(
        &mut self,
        list: &str,
        mut change: impl FnMut(&mut super::super::hosts::Details),
    ) -> Result<(), Failure> {
        for host in self.hosts_of(list)? {
            if let Some(host) = self.daemon.hosts.active(host) {
                change(host.details());
            }
        }
        Ok(())
    }

    /// Those of the map that a list covers.
    fn hosts_of(&self, list: &str) -> Result<Vec<std::net::IpAddr>, Failure> {
        let list = AddressList::parse(list).map_err(not_an_address)?;
        self.refuse_if_told(|refused| list.contains(refused))?;
        Ok(self.daemon.hosts.covered(&list))
    }

    fn refuse_if_told(&self, concerns: impl Fn(std::net::IpAddr) -> bool) -> Result<(), Failure> {
        match self.faults.refuse_hosts.iter().find(|refused| concerns(**refused)) {
            Some(refused) => Err(Failure::Execution(format!("{refused} is refused by the lab"))),
            None => Ok(()),
        }
    }
}

pub(super) fn not_an_address(text: &str) -> Failure {
    Failure::Execution(format!("{text} is not a valid address"))
}

/// 1 to 65535, or none.
pub(super) fn port(text: &str) -> Result<Option<u16>, Failure> {
    match text.parse() {
        _ if text.is_empty() => Ok(None),
        Ok(port @ 1..) => Ok(Some(port)),
        _ => Err(Failure::Execution(format!("{text} is not a valid port"))),
    }
}

/// Lower case or number, or none.
pub(super) fn protocol(text: &str) -> Result<Option<Protocol>, Failure> {
    match Protocol::parse(text) {
        None if !text.is_empty() => Err(Failure::Lost(format!("Wrong protocol {text} entered"))),
        protocol => Ok(protocol),
    }
}
