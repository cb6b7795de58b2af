//! Defaults of options stand in one place: what the command line gives when nothing is said.

/// Options as if nothing had been typed.
pub(crate) fn defaults<T: clap::Args>() -> T {
    let command = T::augment_args(clap::Command::new("defaults"));
    #[expect(clippy::expect_used, reason = "no option of the lab is required")]
    T::from_arg_matches(&command.get_matches_from(["defaults"])).expect("every option has a default")
}
