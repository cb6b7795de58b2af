//! The queue between logging threads and the sender: bounded in length and in how long anybody waits for it.

use std::collections::VecDeque;
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::mutex::locked;

/// Messages in the queue, at most.
const LENGTH: usize = 4096;
/// How long a run waits in total for a full queue. A slow server still gets all lines; a dead one costs no more than this.
const LONGEST_WAIT: Duration = Duration::from_secs(2);

/// Messages on their way to the sender.
#[derive(Debug, Default)]
pub(super) struct Queue {
    state: Mutex<QueueState>,
    changed: Condvar,
}

#[derive(Debug, Default)]
struct QueueState {
    waiting: VecDeque<Vec<u8>>,
    /// Taken from the queue, and neither sent nor given up.
    in_flight: u64,
    lost: u64,
    problem: Option<String>,
    waited: Duration,
    closed: bool,
    /// The thread has ended.
    done: bool,
}

/// Lost messages.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Lost {
    pub(super) messages: u64,
    pub(super) problem: Option<String>,
}

impl Queue {
    /// Adds a message, or counts it as lost.
    pub(super) fn push(&self, message: Vec<u8>) {
        let mut state = locked(&self.state);
        if state.waiting.len() >= LENGTH && state.waited < LONGEST_WAIT {
            let begun = Instant::now();
            let left = LONGEST_WAIT - state.waited;
            let full = |state: &mut QueueState| state.waiting.len() >= LENGTH;
            let waited = self.changed.wait_timeout_while(state, left, full);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
            state.waited += begun.elapsed();
        }
        match state.waiting.len() < LENGTH {
            true => state.waiting.push_back(message),
            false => state.lost += 1,
        }
        self.changed.notify_all();
    }

    /// The next message, as soon as there is one; `None` when there will be none.
    pub(super) fn take(&self) -> Option<Vec<u8>> {
        let idle = |state: &mut QueueState| state.waiting.is_empty() && !state.closed;
        let waited = self.changed.wait_while(locked(&self.state), idle);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        let message = state.waiting.pop_front();
        state.in_flight = message.iter().len() as u64;
        self.changed.notify_all();
        message
    }

    /// Records whether the current message was sent, or that an earlier one wasn't.
    pub(super) fn lost(&self, problem: String) {
        let mut state = locked(&self.state);
        state.lost += 1;
        state.problem = Some(problem);
    }

    /// Waits before another attempt; gives whether there may be one.
    pub(super) fn pause(&self, pause: Duration, problem: &str) -> bool {
        let mut state = locked(&self.state);
        state.problem = Some(problem.to_owned());
        let waited = self.changed.wait_timeout_while(state, pause, |state| !state.closed);
        !waited.unwrap_or_else(PoisonError::into_inner).0.closed
    }

    /// The thread has sent, or given up, all there was.
    pub(super) fn end(&self) {
        locked(&self.state).done = true;
        self.changed.notify_all();
    }

    /// Takes no more messages, and waits for those that are on their way.
    pub(super) fn close(&self, longest_wait: Duration) -> Option<Lost> {
        let mut state = locked(&self.state);
        state.closed = true;
        self.changed.notify_all();
        let waited = self
            .changed
            .wait_timeout_while(state, longest_wait, |state| !state.done);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner).0;
        let on_the_way = if state.done {
            0
        } else {
            state.in_flight + state.waiting.len() as u64
        };
        let messages = state.lost + on_the_way;
        (messages > 0).then(|| Lost {
            messages,
            problem: state.problem.take(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_finds_no_room_is_counted_and_waiting_for_it_has_an_end() {
        let queue = Queue::default();
        locked(&queue.state).waited = LONGEST_WAIT - Duration::from_millis(1);
        for _ in 0..LENGTH + 3 {
            queue.push(vec![0]);
        }
        assert!(queue.take().is_some());
        let lost = queue.close(Duration::ZERO).unwrap();
        assert_eq!(lost.messages, LENGTH as u64 + 3);
    }

    #[test]
    fn what_is_taken_to_the_end_is_not_lost() {
        let queue = Queue::default();
        queue.push(vec![1]);
        assert_eq!(queue.take(), Some(vec![1]));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                assert_eq!(queue.take(), None);
                queue.end();
            });
            assert_eq!(queue.close(Duration::from_secs(30)), None);
        });
    }
}
