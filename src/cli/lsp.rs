//! `onward lsp`: the language server, for editors.

use super::Exit;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Editors start it themselves and talk to it over standard input and output; docs/editors.md says how to set one up."
)]
pub(super) struct Arguments {
    /// Talk over standard input and output; nothing else is spoken, and some editors say it
    #[arg(long)]
    #[allow(dead_code, reason = "there is no other way to talk")]
    stdio: bool,
}

pub(super) fn run(_arguments: &Arguments) -> Exit {
    let input = std::io::BufReader::new(std::io::stdin());
    let output = std::io::BufWriter::new(std::io::stdout().lock());
    match crate::lsp::stdio::serve(input, output) {
        0 => Exit::Fine,
        _ => Exit::Findings,
    }
}
