//! `onward completions`: the completions of a shell, on standard output.

use super::Exit;
use super::output::Output;
use clap::CommandFactory as _;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward completions bash > ~/.local/share/bash-completion/completions/onward\n  \
                        onward completions zsh > ~/.zfunc/_onward\n  onward completions fish > ~/.config/fish/completions/onward.fish")]
pub(super) struct Arguments {
    /// The shell
    shell: clap_complete::Shell,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut super::Arguments::command(), "onward", &mut script);
    output.print(&String::from_utf8_lossy(&script));
    Exit::Fine
}
