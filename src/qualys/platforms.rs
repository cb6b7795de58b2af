//! Qualys' platforms: an account lives on one of them, and only there is its login known.
//!
//! Source: the table of Qualys' own command-line client (certain). Customers with a private platform have an address
//! of their own.

/// One platform.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Platform {
    /// Its name, as in *Help > About*.
    pub name: &'static str,
    /// Base address of its API.
    pub api: &'static str,
}

/// All of them, by region.
pub const PLATFORMS: [Platform; 14] = [
    platform("US1", "https://qualysapi.qualys.com"),
    platform("US2", "https://qualysapi.qg2.apps.qualys.com"),
    platform("US3", "https://qualysapi.qg3.apps.qualys.com"),
    platform("US4", "https://qualysapi.qg4.apps.qualys.com"),
    platform("GOV1", "https://qualysapi.gov1.qualys.us"),
    platform("CA1", "https://qualysapi.qg1.apps.qualys.ca"),
    platform("EU1", "https://qualysapi.qualys.eu"),
    platform("EU2", "https://qualysapi.qg2.apps.qualys.eu"),
    platform("EU3", "https://qualysapi.qg3.apps.qualys.it"),
    platform("UK1", "https://qualysapi.qg1.apps.qualys.co.uk"),
    platform("AE1", "https://qualysapi.qg1.apps.qualys.ae"),
    platform("KSA1", "https://qualysapi.qg1.apps.qualysksa.com"),
    platform("IN1", "https://qualysapi.qg1.apps.qualys.in"),
    platform("AU1", "https://qualysapi.qg1.apps.qualys.com.au"),
];

/// The platform of a name. Capitals don't matter.
pub fn find(name: &str) -> Option<Platform> {
    PLATFORMS
        .into_iter()
        .find(|platform| platform.name.eq_ignore_ascii_case(name))
}

const fn platform(name: &'static str, api: &'static str) -> Platform {
    Platform { name, api }
}
