//! The texts that a Management Center answers with, for people who met one: what each means and what to do.
//!
//! Source: one public account of a 6.x version (likely); wording may differ, so they are found by a part of them.

/// A text, by a part of it.
#[derive(Debug, PartialEq, Eq)]
pub struct KnownText {
    /// What it contains, in lower case.
    pub part: &'static str,
    /// What it means.
    pub meaning: &'static str,
    /// What to do.
    pub remedy: &'static str,
}

/// All that are known; the first that fits counts.
pub const TEXTS: [KnownText; 12] = [
    KnownText {
        part: "done processing",
        meaning: "Success: so many commands of the frame were understood. A smaller number than were sent means that \
                  lines were dropped",
        remedy: "nothing; the connector compares the number and sends a frame that lacks some again, host by host",
    },
    KnownText {
        part: "must set source application",
        meaning: "A command came before the source was named, and is filed under none",
        remedy: "in a file of commands, let SetSource stand in the first line",
    },
    KnownText {
        part: "is not in the certificate domain",
        meaning: "The certificate was made in another domain than the one that is imported into",
        remedy: "correct commands.domain, or make a client in that domain and use its PKCS12 file",
    },
    KnownText {
        part: "is not a leaf domain",
        meaning: "The domain has domains below it, and hosts belong into the lowest ones",
        remedy: "set commands.domain to a leaf domain, as Global\\Berlin",
    },
    KnownText {
        part: "failed to find map",
        meaning: "A third-party vulnerability map of that name doesn't exist there",
        remedy: "the connector names none; in a file of commands, correct SetMap",
    },
    KnownText {
        part: "failed to recognize ip address",
        meaning: "An address or MAC address of a command can't be read",
        remedy: "in a file of commands, correct the address",
    },
    KnownText {
        part: "is not a valid address",
        meaning: "An address of a command can't be read",
        remedy: "in a file of commands, correct the address",
    },
    KnownText {
        part: "failed to execute command",
        meaning: "A command was understood, and couldn't be carried out; the line before it says why",
        remedy: "see the line before; where there is none, look at the Management Center's health and host limit",
    },
    KnownText {
        part: "wrong protocol",
        meaning: "A protocol is neither tcp nor udp in small letters, and the line is lost",
        remedy: "in a file of commands, write tcp or udp",
    },
    KnownText {
        part: "can not find the header",
        meaning: "A scan result lacks one of the labels cve_ids: and bugtraq_ids:, and is lost",
        remedy: "in a file of commands, write both labels, empty ones too",
    },
    KnownText {
        part: "wrong command syntax",
        meaning: "A scan result can't be read, and is lost",
        remedy: "in a file of commands, compare the line with one that the connector writes (--csvfile)",
    },
    KnownText {
        part: "failure to run scan api",
        meaning: "The Management Center couldn't store the scan results of a host",
        remedy: "see whether the host is in its network map (commands.add_host=y adds it), and look at its health",
    },
];

/// What is known of a text.
pub fn explain(text: &str) -> Option<&'static KnownText> {
    let text = text.to_lowercase();
    TEXTS.iter().find(|known| text.contains(known.part))
}
