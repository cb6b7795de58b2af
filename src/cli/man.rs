//! The man page, as roff: one page for the program and all of its commands.

use std::io;

use clap::Command;
use clap_mangen::Man;

use super::help::{EXAMPLE_LINES, sorted_exits, visible};

pub(super) fn page() -> io::Result<String> {
    // All options in one section, as man pages have it.
    let mut command = visible().mut_args(|option| option.help_heading(None::<&str>));
    // Options know how they are written once they belong to a command that is complete.
    command.build();
    let commands: Vec<Command> = command.get_subcommands().cloned().collect();
    let usual = Vec::from_iter(command.get_arguments().map(|option| option.get_id().clone()));
    let man = Man::new(command).manual("qualys-connector");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    let mut page = String::from_utf8_lossy(&page).into_owned();
    page += ".SH COMMANDS\n";
    for command in commands {
        let operands: Vec<String> = command.get_positionals().map(ToString::to_string).collect();
        page += &item(&format!("{} {}", command.get_name(), operands.join(" ")));
        let about = command.get_about().map(ToString::to_string).unwrap_or_default();
        page += &format!("{}.\n", text(&about));
        let own = command
            .get_opts()
            .filter(|option| !usual.contains(option.get_id()))
            .map(|option| format!("{}: {}.\n", text(&option.to_string()), text(&help(option))));
        page.extend(own);
    }
    page += ".SH EXIT STATUS\n";
    for exit in sorted_exits() {
        page += &item(&exit.code().to_string());
        page += &format!("{}\n", text(exit.meaning()));
    }
    page += ".SH EXAMPLES\n.nf\n";
    page.extend(
        EXAMPLE_LINES
            .lines()
            .map(|line| format!("{}\n", text(line.trim_start()))),
    );
    page += ".fi\n";
    man_version(&man, &mut page)?;
    // roff reads bytes; what is more than ASCII has an escape of its own.
    let escaped = page.chars().map(|c| match c.is_ascii() {
        true => c.to_string(),
        false => format!("\\[u{:04X}]", u32::from(c)),
    });
    Ok(escaped.collect())
}

fn man_version(man: &Man, page: &mut String) -> io::Result<()> {
    let mut version = Vec::new();
    man.render_version_section(&mut version)?;
    page.push_str(&String::from_utf8_lossy(&version));
    Ok(())
}

fn help(option: &clap::Arg) -> String {
    let values = option.get_possible_values();
    let help = option.get_help().map(ToString::to_string).unwrap_or_default();
    match values.as_slice() {
        [] => help,
        values => {
            let names: Vec<&str> = values.iter().map(clap::builder::PossibleValue::get_name).collect();
            format!("{help} ({})", names.join(", "))
        }
    }
}

/// The head of a paragraph of a list.
fn item(head: &str) -> String {
    format!(".TP\n\\fB{}\\fR\n", text(head.trim_end()))
}

/// A line of text: roff reads a backslash as the beginning of an escape, a dash as a hyphen, and a dot in front as a request.
fn text(line: &str) -> String {
    let escaped = line.replace('\\', "\\e").replace('-', "\\-");
    match escaped.starts_with(['.', '\'']) {
        true => format!("\\&{escaped}"),
        false => escaped,
    }
}
