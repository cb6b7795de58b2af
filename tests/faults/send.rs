//! Commands are sent to the Management Center.

use connector_lab::management_center::{AnswerFault, Faults};
use futures_util::{StreamExt as _, stream};

use crate::from_file::{Held, Promise};

mod answer;
mod connection;
mod process;

/// Only the first connection sees it.
fn once(faults: Faults) -> Faults {
    Faults {
        connections: Some(1),
        ..faults
    }
}

/// An answer's fault, on every connection.
fn always(answer: u64, fault: AnswerFault) -> Faults {
    Faults::default().answer(answer, fault)
}

const COMPLETES: Promise<'_> = Promise {
    exit: 0,
    says: "",
    connections: 1..=1,
    held: Held::All,
};

/// What a passing fault costs: another connection.
const AGAIN: Promise<'_> = Promise {
    exit: 0,
    says: "connecting again in",
    connections: 2..=2,
    held: Held::All,
};

/// Runs cases that mostly wait, some at a time.
async fn at_once(cases: Vec<impl Future<Output = ()>>) {
    stream::iter(cases).buffer_unordered(8).collect::<Vec<()>>().await;
}
