//! `commands`: how findings become commands.

use crate::config::error::{Errors, Reported};
use crate::config::row::{boolean, form, number, words};
use crate::config::templates::Templates;
use crate::host_input::command::{Domain, Mode, Name, Settings};
use crate::state::Share;

section! {
    /// The section `commands`.
    CommandsSection "commands" {
        /// Create hosts that the network map lacks
        add_host: bool = boolean().default("n").old("add_host");
        /// Application source that host data is filed under
        source: Name = form("a name").default("Qualys");
        /// Scanner that results are filed under
        scanner: Name = form("a name").default("Qualys");
        /// Leaf domain, where the certificate belongs to a domain above it
        domain: Domain = form("a path or a UUID").example("Global\\Berlin");
        /// What happens to the results that a host has already
        mode: Mode = words().default("replace");
        /// Whether several templates may report the same host
        templates: Templates = words().default("overlapping");
        /// Remove the results of clean hosts: listed whole, with something fixed and nothing open that is asked for
        clear_clean_hosts: bool = boolean().default("y");
        /// Hosts that left Qualys are cleared if they are no more than this part of the known ones (state.dir)
        max_cleared: Share = form("a part in percent").default("10%");
        /// Delete hosts that left Qualys, of those that commands.add_host created (state.dir)
        delete_left_hosts: bool = boolean().default("n");
        /// Characters of a description, at most; 0 sends none
        description_length: usize = number::<0, 16_000, _>().default("1024");
        /// Tell the operating system too
        set_os: bool = boolean().default("n");
        /// Host attribute that takes the DNS name
        hostname_attribute: Name = form("a name").example("Hostname");
    }
}

impl CommandsSection {
    pub(in crate::config) fn settings(&self, errors: &mut Errors) -> Result<Settings, Reported> {
        Ok(Settings {
            add_host: self.add_host.required(errors)?,
            source: self.source.required(errors)?,
            scanner: self.scanner.required(errors)?,
            domain: self.domain.optional()?,
            mode: self.mode.required(errors)?,
            clear_clean_hosts: self.clear_clean_hosts.required(errors)?,
            description_length: self.description_length.required(errors)?,
            set_os: self.set_os.required(errors)?,
            hostname_attribute: self.hostname_attribute.optional()?,
        })
    }
}
