//! Redaction: the secrets of this process, found in strangers' words in whatever encoding, and cut out of them.
//!
//! An error page of a service, or of a proxy before it, can hold the request that it is about: the header with the
//! password, or the form of a login. Nobody can list all spellings of a password, so the words are decoded instead:
//! once and twice under every encoding (three times where they are short), and the secrets are looked for in what comes
//! out. What decodes to a secret is cut out of the words as they came. The work is bounded by the words' length, whatever
//! they say.
//!
//! The secrets are one list for the process. A gate that had to be handed its secrets would be a habit, and habits are
//! forgotten; and what is a secret towards Qualys is one when a Pushgateway says it.

use std::collections::HashSet;
use std::hash::{BuildHasher as _, RandomState};
use std::iter;
use std::sync::{PoisonError, RwLock};

use memchr::memmem;
use secrecy::{ExposeSecret as _, SecretString};
use url::Url;
use zeroize::Zeroizing;

use super::decode::{DECODERS, Decoding};

const REDACTED: &str = "[redacted]";

/// So many characters of a secret, at the end of words that were cut, are no coincidence.
const TELLING: usize = 4;

/// The same, for words that begin within one.
const TELLING_TAIL: usize = 6;

/// Digits of an escape, `%` or `\u`, that a secret's own characters may be taken for.
const EATEN: [usize; 2] = [2, 4];

/// Qualys takes no password of fewer characters.
const LONG: usize = 8;

/// Encodings of any kind that are undone one inside of the other.
const DEPTH: usize = 2;

/// The same, inside of [layers](Decoding::peeled), of which there may be any number.
const INNER_DEPTH: usize = 1;

/// Bytes that are looked at for all layers of words. Words with more layers than that aren't shown.
const LAYERS: usize = 1 << 19;

/// Words up to so many bytes are short, and looked into one encoding deeper.
const SHORT: usize = 1024;

static SECRETS: RwLock<Vec<SecretString>> = RwLock::new(Vec::new());

/// From now on nobody is shown this secret.
pub(crate) fn hide(secret: &str) {
    let mut secrets = SECRETS.write().unwrap_or_else(PoisonError::into_inner);
    if !secret.is_empty() && !secrets.iter().any(|known| known.expose_secret() == secret) {
        secrets.push(secret.into());
    }
}

/// How far words are looked into. Titles and descriptions of findings are many, and what is looked into further costs more.
/// They are data, too, so what may be there by chance stays: a short secret, or a part of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Look {
    /// As they stand there.
    Clear,
    /// Under any number of layers, and under one encoding of any kind.
    Layers,
    /// Under several encodings of any kind, too.
    Everything,
}

/// What is shown of words: `show` is given them without secrets.
pub(crate) fn redacted(words: &[u8], look: Look, show: impl FnOnce(&[u8]) -> String) -> String {
    let secrets = SECRETS.read().unwrap_or_else(PoisonError::into_inner);
    without(secrets.iter().map(|secret| secret.expose_secret()), words, look, show)
}

/// The forms of a secret that are looked for, and their telling `parts`. They are made when they are needed, so that one copy of it is kept.
fn forms(secret: &str, parts: bool) -> Vec<Zeroizing<Vec<u8>>> {
    let exact = Decoding::of(secret.as_bytes());
    // As far as it can be seen, without blanks: those are the first to get changed.
    let folded = exact.folded().map(|folded| folded.bytes);
    // In the encoding before Unicode.
    let latin: Option<Vec<u8>> = secret.chars().map(|c| u8::try_from(c).ok()).collect();
    let latin = latin.filter(|_| !secret.is_ascii());
    // As a path, in which nobody can tell which `%` was there before.
    let path = Url::parse("x://x")
        .ok()
        .filter(|_| secret.contains('%'))
        .map(|mut url| {
            url.set_path(secret);
            url.path().trim_start_matches('/').as_bytes().to_vec()
        });
    let others = [folded, latin.map(Zeroizing::new), path.map(Zeroizing::new)];
    let whole: Vec<_> = iter::once(exact.bytes).chain(others.into_iter().flatten()).collect();
    // What stands before a secret may take its first characters for the rest of an escape.
    let tail = |(form, eaten): (&Zeroizing<Vec<u8>>, usize)| Some(Zeroizing::new(form.get(eaten..)?.to_vec()));
    let tails: Vec<_> = whole
        .iter()
        .flat_map(|form| EATEN.map(|eaten| (form, eaten)))
        .filter_map(tail)
        .collect();
    let tails = tails.into_iter().filter(|tail| parts && tail.len() >= TELLING_TAIL);
    whole.into_iter().chain(tails).filter(|form| !form.is_empty()).collect()
}

fn without<'s>(
    secrets: impl IntoIterator<Item = &'s str>,
    words: &[u8],
    look: Look,
    show: impl FnOnce(&[u8]) -> String,
) -> String {
    let everything = look == Look::Everything;
    let secrets = secrets.into_iter().filter(|secret| everything || secret.len() >= LONG);
    let forms: Vec<_> = secrets.flat_map(|secret| forms(secret, everything)).collect();
    let Some(shortest) = forms.iter().map(|form| form.len()).min() else {
        return show(words);
    };
    let mut search = Search {
        forms: forms.iter().map(|form| memmem::Finder::new(form.as_slice())).collect(),
        shortest,
        parts: everything,
        found: Vec::new(),
    };
    let view = Decoding::of(words);
    let depth = match look {
        Look::Clear => None,
        Look::Layers => Some(1),
        Look::Everything if words.len() <= SHORT => Some(DEPTH + 1),
        Look::Everything => Some(DEPTH),
    };
    match depth {
        None => search.look_at(&view),
        Some(depth) => {
            search.look_into(&view, depth);
            if search.peel(view).is_err() {
                return REDACTED.to_owned();
            }
        }
    }
    let shown = show(&search.cut_out_of(words));
    // Whatever was done to the words behind this gate must not have put one together.
    let contains = |form: &[u8]| memmem::find(shown.as_bytes(), form).is_some();
    let ours = |form: &[u8]| memmem::find(REDACTED.as_bytes(), form).is_some();
    match forms.iter().any(|form| contains(form) && !ours(form)) {
        true => REDACTED.to_owned(),
        false => shown,
    }
}

struct Search<'a> {
    forms: Vec<memmem::Finder<'a>>,
    /// Bytes of the shortest form: shorter runs of digits needn't be decoded.
    shortest: usize,
    /// Whether a part of a secret is one.
    parts: bool,
    /// Ranges of the words.
    found: Vec<(usize, usize)>,
}

/// Words have more layers than are looked at.
struct TooDeep;

impl Search<'_> {
    /// Looks under every layer, whichever is peeled first.
    fn peel(&mut self, view: Decoding) -> Result<(), TooDeep> {
        let (mut left, mut views) = (LAYERS, vec![view]);
        let (mut seen, state) = (HashSet::new(), RandomState::new());
        while let Some(view) = views.pop() {
            for peeled in view.peeled(self.shortest) {
                if seen.insert(state.hash_one(peeled.bytes.as_slice())) {
                    left = left.checked_sub(peeled.bytes.len()).ok_or(TooDeep)?;
                    self.look_into(&peeled, INNER_DEPTH);
                    views.push(peeled);
                }
            }
        }
        Ok(())
    }

    fn look_into(&mut self, view: &Decoding, depth: usize) {
        self.look_at(view);
        if depth == 0 {
            if let Some(folded) = view.folded() {
                self.look_at(&folded);
            }
            return;
        }
        for decoder in DECODERS {
            if let Some(decoded) = decoder(view, self.shortest) {
                self.look_into(&decoded, depth - 1);
            }
        }
    }

    fn look_at(&mut self, view: &Decoding) {
        let bytes = view.bytes.as_slice();
        for form in &self.forms {
            let length = form.needle().len();
            for at in form.find_iter(bytes) {
                self.found.extend(view.range(at, length));
            }
        }
        if !self.parts {
            return;
        }
        // Words that were cut may end within a secret.
        let whole = bytes.strip_suffix("…".as_bytes()).unwrap_or(bytes);
        let whole = whole.strip_suffix(b"...").unwrap_or(whole);
        let begun = self.forms.iter().map(|form| beginning(whole, form.needle())).max();
        if let Some(begun @ 1..) = begun {
            self.found.extend(view.range(whole.len() - begun, begun));
        }
    }

    fn cut_out_of(mut self, words: &[u8]) -> Vec<u8> {
        self.found.sort_unstable();
        let mut left = Vec::with_capacity(words.len());
        let mut shown = 0;
        for (begin, end) in self.found {
            if begin >= shown {
                left.extend_from_slice(words.get(shown..begin).unwrap_or_default());
                left.extend_from_slice(REDACTED.as_bytes());
            }
            shown = shown.max(end);
        }
        left.extend_from_slice(words.get(shown..).unwrap_or_default());
        left
    }
}

/// How many bytes at the end of `words` are the beginning of `form`, where that is telling.
fn beginning(words: &[u8], form: &[u8]) -> usize {
    let longest = form.len().min(words.len());
    (TELLING..=longest)
        .rev()
        .find(|length| form.get(..*length).is_some_and(|begun| words.ends_with(begun)))
        .unwrap_or_default()
}

#[cfg(test)]
mod tests;
