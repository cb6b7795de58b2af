//! Retries: whether something is tried again, and what a wait is for.

use std::time::Duration;

/// Whether something is tried again without anybody doing anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RetryPolicy {
    /// Trying again can't help, or does harm.
    Never,
    /// May pass by itself: a few times more, each after a longer pause.
    FewTimes,
    /// The same; but where the answer says how long to wait, that is done, until the deadline.
    FewTimesOrRetryAfter(Reason),
    /// Will pass, nobody knows when: until the deadline, or as long as the answer says.
    UntilDeadline(Reason),
    /// Another connection to the Management Center may succeed.
    Reconnect,
}

/// Makes the enum of reasons, and what is known of each, from one table.
macro_rules! reasons {
    ($($reason:ident $label:literal: $why:literal => $awaited:literal;)*) => {
        /// What a wait is for. Also the fixed list of labels for metrics.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Reason {
            $(#[doc = $why] $reason,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: [Reason; 5] = [$(Reason::$reason),*];

            /// A fixed word for logs and metrics.
            pub fn label(self) -> &'static str {
                match self {
                    $(Reason::$reason => $label,)*
                }
            }

            /// What is waited for, in words.
            pub fn sentence(self) -> &'static str {
                match self {
                    $(Reason::$reason => $awaited,)*
                }
            }

            /// Why that is waited for: a clause.
            pub fn clause(self) -> &'static str {
                match self {
                    $(Reason::$reason => $why,)*
                }
            }
        }
    };
}

reasons! {
    Running "running": "the report isn't finished" => "the report to be finished";
    RateLimit "rate_limit": "the subscription's calls of this window are used up"
        => "the subscription's next window of calls";
    Concurrency "concurrency": "the subscription has too many calls running at the same time"
        => "other calls of the subscription to end";
    Maintenance "maintenance": "Qualys is down for maintenance" => "Qualys' maintenance to end";
    BackOff "back_off": "the fault needs time to pass" => "a fault to pass";
}

impl RetryPolicy {
    /// The policy for an answer that asks to `wait`, or doesn't.
    pub fn for_answer(self, wait: Option<Duration>) -> Self {
        match (self, wait) {
            (RetryPolicy::FewTimesOrRetryAfter(reason), Some(_)) => RetryPolicy::UntilDeadline(reason),
            (RetryPolicy::FewTimesOrRetryAfter(_), None) => RetryPolicy::FewTimes,
            (policy, _) => policy,
        }
    }

    /// The policy in words: the answer to "is it tried again?".
    pub fn words(self) -> &'static str {
        match self {
            RetryPolicy::Never => "no",
            RetryPolicy::FewTimes => "yes, by itself, a few times",
            RetryPolicy::FewTimesOrRetryAfter(_) => "yes, by itself, a few times, or when Qualys says",
            RetryPolicy::UntilDeadline(_) => "yes, by itself, until the deadline",
            RetryPolicy::Reconnect => "yes, by itself, with another connection",
        }
    }
}
