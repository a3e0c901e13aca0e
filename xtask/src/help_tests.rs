//! The help is a snapshot: whoever changes it sees what a person will read.

use clap::CommandFactory;

use crate::commands::Cli;

#[test]
fn the_help_of_every_command() {
    let mut text = Vec::new();
    let mut command = Cli::command().term_width(100);
    command.build();
    text.push(command.render_long_help().to_string());
    for subcommand in command.get_subcommands_mut() {
        if !subcommand.is_hide_set() && subcommand.get_name() != "help" {
            text.push(subcommand.render_long_help().to_string());
        }
    }
    insta::assert_snapshot!(text.join("\n----------------------------------------\n\n"));
}

#[test]
fn the_command_line_is_well_formed() {
    Cli::command().debug_assert();
}
