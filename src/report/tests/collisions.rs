//! Whoever writes a report chooses its QIDs, ports, CVEs and names. He must not choose where they stand in our tables.

use std::cell::Cell;
use std::collections::HashSet;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, BuildHasherDefault, Hash, Hasher};

thread_local! {
    static COMPARED: Cell<u64> = const { Cell::new(0) };
}

/// A number that counts how often it is compared.
#[derive(Clone)]
struct Counted(u64);

impl Hash for Counted {
    fn hash<H: Hasher>(&self, hasher: &mut H) {
        hasher.write_u64(self.0);
    }
}

impl PartialEq for Counted {
    fn eq(&self, other: &Self) -> bool {
        COMPARED.set(COMPARED.get() + 1);
        self.0 == other.0
    }
}

impl Eq for Counted {}

/// Multiplies and turns, with a factor that everybody knows.
#[derive(Default)]
struct Known(u64);

const FACTOR: u64 = 0xf135_7aea_2e62_a9c5;
const TURN: u32 = 26;

impl Hasher for Known {
    fn finish(&self) -> u64 {
        self.0.rotate_left(TURN)
    }

    fn write(&mut self, _: &[u8]) {}

    fn write_u64(&mut self, number: u64) {
        self.0 = self.0.wrapping_add(number).wrapping_mul(FACTOR);
    }
}

/// Numbers that [`Known`] puts into one place: the high bits and the low ones of their hashes are zero.
fn chosen(count: u64) -> Vec<u64> {
    // Newton's way to the inverse of an odd number.
    let inverse = (0..6).fold(1u64, |inverse, _| {
        inverse.wrapping_mul(2u64.wrapping_sub(FACTOR.wrapping_mul(inverse)))
    });
    let hashes = (1..=count).map(|number| number << 30);
    hashes
        .map(|hash| hash.rotate_right(TURN).wrapping_mul(inverse))
        .collect()
}

fn comparisons(numbers: &[u64], hasher: impl BuildHasher) -> u64 {
    COMPARED.set(0);
    let mut table = HashSet::with_hasher(hasher);
    for number in numbers {
        table.insert(Counted(*number));
    }
    COMPARED.get()
}

#[test]
fn chosen_numbers_collide_in_no_table() {
    let numbers = chosen(4_000);
    let known = comparisons(&numbers, BuildHasherDefault::<Known>::default());
    assert!(known > 1_000_000, "the attack is one: {known}");
    // As the tables of hosts, glossary and breakdown are made.
    let ours = comparisons(&numbers, RandomState::new());
    assert!(ours < 4_000, "{ours}");
}
