//! Makes a static program look names up by itself, in /etc/hosts and by DNS.
//!
//! glibc loads whatever modules /etc/nsswitch.conf names, also into a static program, and a module that belongs to another
//! glibc crashes it: on Debian 13 with `resolve`, `myhostname` or `mdns4_minimal` the look-up ended with SIGFPE (measured).
//! `files` and `dns` are parts of glibc itself.

use std::env;

fn main() {
    println!("cargo::rerun-if-changed=src/static_names.c");
    let target = |what: &str| env::var(format!("CARGO_CFG_TARGET_{what}")).unwrap_or_default();
    let is_static = target("FEATURE").split(',').any(|feature| feature == "crt-static");
    if is_static && target("ENV") == "gnu" {
        // An object that is named is linked, though nothing in it is called.
        for object in cc::Build::new().file("src/static_names.c").compile_intermediates() {
            println!("cargo::rustc-link-arg-bins={}", object.display());
        }
    }
}
