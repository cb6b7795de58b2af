//! Intervals: a set of values as few pairs of first and last.

/// Sorted, none overlapping another; found by binary search.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Intervals<T>(Vec<(T, T)>);

impl<T: Copy + Ord> Intervals<T> {
    /// Reads a list whose items are separated by commas or white space; `item` gives the first and last value of one.
    pub(super) fn read<E>(text: &str, item: impl Fn(&str) -> Result<(T, T), E>) -> Result<Self, E> {
        // Blanks around a dash belong to the range; all others separate.
        let tight = text.split('-').map(str::trim).collect::<Vec<_>>().join("-");
        let items = tight.split(|c: char| c == ',' || c.is_whitespace());
        items.filter(|text| !text.is_empty()).map(item).collect()
    }

    pub(super) fn contains(&self, value: T) -> bool {
        let candidates = self.0.partition_point(|(first, _)| *first <= value);
        let nearest = candidates.checked_sub(1).and_then(|index| self.0.get(index));
        nearest.is_some_and(|(_, last)| value <= *last)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = (T, T)> {
        self.0.iter().copied()
    }
}

impl<T: Copy + Ord> FromIterator<(T, T)> for Intervals<T> {
    fn from_iter<I: IntoIterator<Item = (T, T)>>(pairs: I) -> Self {
        let mut pairs: Vec<_> = pairs.into_iter().collect();
        pairs.sort_unstable();
        pairs.dedup_by(|(first, last), (_, reached)| {
            let overlaps = *first <= *reached;
            if overlaps {
                *reached = (*reached).max(*last);
            }
            overlaps
        });
        Intervals(pairs)
    }
}

impl<T> Default for Intervals<T> {
    fn default() -> Self {
        Intervals(Vec::new())
    }
}
