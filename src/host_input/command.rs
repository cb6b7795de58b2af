//! Commands: what Host Input is told of a host.

/// The section `commands` of the configuration.
#[derive(Debug, Clone)]
pub struct Settings {
    /// `commands.add_host`: create hosts that the network map lacks.
    pub add_host: bool,
    /// `commands.source`: the application source that host data is filed under.
    pub source: Name,
    /// `commands.scanner`: the scanner that results are filed under.
    pub scanner: Name,
    /// `commands.domain`: leaf domain, where the certificate belongs to a domain above it.
    pub domain: Option<String>,
    /// `commands.mode`.
    pub mode: Mode,
    /// `commands.clear_clean_hosts`: remove the results of hosts whose findings are all fixed.
    pub clear_clean_hosts: bool,
    /// `commands.description_length`: characters of a description, at most; 0 sends none.
    pub description_length: usize,
    /// `commands.set_os`: tell the operating system too.
    pub set_os: bool,
    /// `commands.hostname_attribute`: host attribute that takes the DNS name.
    pub hostname_attribute: Option<Name>,
}

/// `commands.mode`: what happens to the results that the Management Center holds for a host.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// They give way to the new ones (`ScanFlush`).
    Replace,
    /// They stay beside the new ones (`ScanUpdate`).
    Merge,
}

/// A name in the Management Center: letters, digits, blanks, `.`, `_` and `-`, and not digits only.
///
/// Names reach the Management Center's database unescaped, and a name of digits is taken as a number
/// (both likely, from one public account of its importer); so nothing else is let through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Name(String);

/// Why a text is no [`Name`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a name takes letters, digits, blanks, '.', '_' and '-', and not digits alone")]
pub struct NameError;

impl std::str::FromStr for Name {
    type Err = NameError;

    fn from_str(text: &str) -> Result<Self, NameError> {
        let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, ' ' | '.' | '_' | '-');
        let trimmed = !text.starts_with(' ') && !text.ends_with(' ');
        let digits = text.chars().all(|c| c.is_ascii_digit());
        if trimmed && !digits && text.chars().all(allowed) {
            Ok(Name(text.to_owned()))
        } else {
            Err(NameError)
        }
    }
}

impl Name {
    /// The name as it is written into commands.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}
