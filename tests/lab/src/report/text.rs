//! The words that invented texts are made of.

use super::random::Random;

const NOUNS: &[&str] = &[
    "library",
    "daemon",
    "parser",
    "driver",
    "certificate",
    "handler",
    "module",
    "registry key",
    "package",
    "socket",
    "browser",
    "installer",
    "scheduler",
    "gateway",
    "listener",
    "interpreter",
    "kernel",
    "cipher",
    "session",
    "proxy",
    "banner",
    "directory",
    "agent",
    "update",
    "printer",
    "cache",
    "queue",
    "account",
    "policy",
    "archive",
];

const VERBS: &[&str] = &[
    "exposes",
    "misreads",
    "overwrites",
    "trusts",
    "leaks",
    "accepts",
    "truncates",
    "reuses",
    "ignores",
    "copies",
    "executes",
    "loads",
    "reveals",
    "forwards",
    "skips",
    "duplicates",
];

const ENDINGS: &[&str] = &[
    "before authentication",
    "in default installations",
    "after a restart",
    "over the network",
    "under heavy load",
    "without a length check",
    "when logging is on",
    "on 64-bit systems",
    "from any local account",
    "at every start",
    "through a crafted request",
    "if no patch was applied",
    "for all users",
];

/// One short word.
pub(crate) fn word(random: &mut Random) -> &'static str {
    random.phrase(NOUNS)
}

/// One sentence of some 60 bytes.
pub(crate) fn sentence(random: &mut Random, out: &mut String) {
    let parts = [
        "The ",
        random.phrase(NOUNS),
        " ",
        random.phrase(VERBS),
        " a ",
        random.phrase(NOUNS),
        " ",
        random.phrase(ENDINGS),
        ". ",
    ];
    parts.iter().for_each(|part| out.push_str(part));
}

/// Prose as the KnowledgeBase has it: HTML in capitals, unbalanced, with entities, and some letters beyond ASCII.
pub(crate) fn prose(random: &mut Random, out: &mut String, length: usize) {
    let end = out.len() + length;
    while out.len() < end {
        match random.below(14) {
            0 => out.push_str("<P>\n"),
            1 => out.push_str("<BR>\n"),
            2 => {
                let number = random.below(90_000);
                let link =
                    format!("<A HREF=\"https://vendor.example/a?id={number}&x=1\" TARGET=\"_blank\">A{number}</A> ");
                out.push_str(&link);
            }
            3 => {
                out.push_str("<UL><LI>");
                sentence(random, out);
                out.push_str("<LI>");
                sentence(random, out);
                out.push_str("</UL>\n");
            }
            4 => out.push_str("See the &quot;Result&quot; section; it&apos;s &lt;required&gt;. "),
            5 if random.chance(20) => out.push_str("L\u{e9}ger \u{2013} \u{201c}Fix\u{201d} f\u{fc}r Windows\u{ae}. "),
            _ => sentence(random, out),
        }
    }
}
