//! Mutexes: what another thread's panic means for what they guard.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// What a mutex guards. Nothing here panics while it holds one, and what is guarded is whole at every moment.
pub(crate) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
