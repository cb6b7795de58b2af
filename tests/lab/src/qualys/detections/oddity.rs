//! What clients have met in answers, and must be ready for.

/// Something strange in lists of hosts and detections.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Oddity {
    /// The WARNING's URL names another host, with blank lines around it (met in the guide).
    ForeignUrl,
    /// The WARNING's id_min is that of the page before (a guess).
    StandingIdMin,
    /// A page whose hosts have all no finding has a WARNING and no HOST_LIST (a guess).
    EmptyPages,
    /// `ACTIVE` and `REOPENED` in the place of `Active` and `Re-Opened` (both met).
    UpperCase,
    /// Comments of an evaluation account between any two elements (met).
    Comments,
    /// White space around the text in CDATA (met).
    Padding,
    /// Each record stands twice in its answer (a guess).
    Twice,
    /// Records have no address (by the DTD).
    WithoutAddress,
    /// Every tenth host, from the fifth on, has no address but a name, as agents and hosts of a cloud do (by the DTD).
    SomeWithoutAddress,
}
