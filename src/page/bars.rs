//! Tables whose rows have a bar. The numbers stand beside the bars, for readers who can't see them.

use maud::{Markup, html};

/// A row: what it is about, its bar, its numbers.
pub(super) struct BarRow {
    pub(super) label: Markup,
    /// Where the bar begins and how long it is, as parts of the whole.
    pub(super) bar: (f64, f64),
    /// The CSS class of the bar's colour.
    pub(super) class: &'static str,
    /// The texts of the other columns.
    pub(super) cells: Vec<String>,
}

/// A table under `caption`, with these columns; `None.` if there are no rows.
pub(super) fn table(caption: &str, columns: &[&str], rows: Vec<BarRow>) -> Markup {
    if rows.is_empty() {
        return html! { p class="none" { "None." } };
    }
    html! {
        table {
            caption { (caption) }
            thead { tr {
                @for (index, column) in columns.iter().enumerate() {
                    th scope="col" class=[(index > 0).then_some("number")] { (column) }
                }
            } }
            tbody {
                @for row in rows {
                    tr {
                        th scope="row" { span { (row.label) } (bar(row.bar, row.class)) }
                        @for cell in row.cells {
                            td class="number" { (cell) }
                        }
                    }
                }
            }
        }
    }
}

/// A bar from `start` on; even the smallest is visible.
fn bar((start, length): (f64, f64), class: &str) -> Markup {
    let start = start.clamp(0.0, 0.995);
    let length = if length > 0.0 {
        length.clamp(0.005, 1.0 - start)
    } else {
        0.0
    };
    html! {
        svg class="bar" width="100%" height="8" aria-hidden="true" focusable="false" {
            rect class="track" width="100%" height="8" rx="2" {}
            rect class=(class) x=(percentage(start)) width=(percentage(length)) height="8" rx="2" {}
        }
    }
}

/// A bar of two parts as one picture, with title and description for screen readers.
pub(super) fn parts(id: &str, title: &str, description: &str, first: f64) -> Markup {
    html! {
        svg class="parts" width="100%" height="28" role="img" aria-labelledby={ (id) "-title " (id) "-desc" } {
            title id={ (id) "-title" } { (title) }
            desc id={ (id) "-desc" } { (description) }
            rect class="muted" width="100%" height="28" rx="4" {}
            rect class="good" width=(percentage(first)) height="28" rx="4" {}
        }
    }
}

/// The colour of a severity from 1 to 5, or of an unknown one.
pub(super) fn colour(severity: Option<u8>) -> &'static str {
    match severity {
        Some(1) => "severity-1",
        Some(2) => "severity-2",
        Some(3) => "severity-3",
        Some(4) => "severity-4",
        Some(5) => "severity-5",
        _ => "muted",
    }
}

/// `part` of `whole`; nothing of nothing.
pub(super) fn of(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

/// For people: `12 %`; what is nearly nothing or nearly all isn't rounded to it.
pub(super) fn per_cent(part: u64, whole: u64) -> String {
    match of(part, whole) * 100.0 {
        0.0 => "0 %".to_owned(),
        small if small < 1.0 => "< 1 %".to_owned(),
        large if large > 99.0 && part < whole => "> 99 %".to_owned(),
        other => format!("{other:.0} %"),
    }
}

fn percentage(fraction: f64) -> String {
    format!("{:.2}%", fraction * 100.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_never_rounded_to_nothing_or_to_all() {
        let said = [(0, 0), (0, 5), (1, 1000), (1, 3), (999, 1000), (7, 7)].map(|(part, whole)| per_cent(part, whole));
        assert_eq!(said, ["0 %", "0 %", "< 1 %", "33 %", "> 99 %", "100 %"]);
    }

    #[test]
    fn a_bar_stays_in_its_track_and_can_be_seen() {
        let row = |start, length| bar((start, length), "good").into_string();
        assert!(row(0.999, 0.5).contains(r#"x="99.50%" width="0.50%""#));
        assert!(row(0.0, 0.000_1).contains(r#"width="0.50%""#));
        assert!(row(0.5, 0.0).contains(r#"width="0.00%""#));
    }

    #[test]
    fn what_a_report_says_is_only_text() {
        let row = BarRow {
            label: html! { ("<script>alert(1)</script>") },
            bar: (0.0, 1.0),
            class: "good",
            cells: vec!["\"><img src=x>".to_owned()],
        };
        let table = table("c", &["a", "b"], vec![row]).into_string();
        assert!(!table.contains("<script") && !table.contains("<img"), "{table}");
    }
}
