//! What hosts that left mean in commands.

use std::net::IpAddr;

use crate::host_input::command::{Closing, Commands, HostResults, Settings};
use crate::host_input::packing::{Blocks, Written};

/// What is done to hosts that left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Farewell {
    /// Their results go.
    Clear,
    /// They go themselves.
    Delete,
}

/// Commands for hosts that left.
pub(super) struct LeftCommands<'a> {
    commands: Commands,
    hosts: &'a [IpAddr],
    farewell: Farewell,
}

impl<'a> LeftCommands<'a> {
    fn new(settings: &Settings, hosts: &'a [IpAddr], farewell: Farewell) -> Self {
        LeftCommands {
            commands: Commands::new(settings, std::iter::empty()),
            hosts,
            farewell,
        }
    }

    /// Commands that remove the results of these hosts.
    pub(super) fn clear(settings: &Settings, hosts: &'a [IpAddr]) -> Self {
        Self::new(settings, hosts, Farewell::Clear)
    }

    /// Commands that remove these hosts. Inside a frame they would run before those that remove results (likely), so they are
    /// a delivery of their own.
    pub(super) fn delete(settings: &Settings, hosts: &'a [IpAddr]) -> Self {
        Self::new(settings, hosts, Farewell::Delete)
    }
}

impl Blocks for LeftCommands<'_> {
    fn len(&self) -> usize {
        self.hosts.len()
    }

    fn flushes(&self) -> bool {
        false
    }

    fn header(&self) -> &[u8] {
        self.commands.header()
    }

    fn prologue(&self) -> &[u8] {
        &[]
    }

    fn write(&self, index: usize, longest: usize, out: &mut Vec<u8>) -> Written {
        let Some(&address) = self.hosts.get(index) else {
            return Written::default();
        };
        match self.farewell {
            Farewell::Delete => self.commands.delete_host(out, address),
            Farewell::Clear => {
                let host = HostResults {
                    address,
                    name: None,
                    operating_system: None,
                    results: &[],
                    closing: Closing::Clear,
                };
                self.commands.write(out, &host, longest);
            }
        }
        Written {
            clears: self.farewell == Farewell::Clear,
            ..Written::default()
        }
    }

    fn label(&self, index: usize) -> String {
        self.hosts.get(index).map(IpAddr::to_string).unwrap_or_default()
    }
}
