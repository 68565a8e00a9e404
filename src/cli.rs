//! The `onward` command.
//!
//! In: arguments. Out: text on the two output streams and an [`Exit`] code. One file per subcommand; what they do lives in the library.
//! The only room that may ask about the terminal and the environment. **Invariant:** standard output holds what was asked for, so it can
//! be piped; findings go there only for `check`, whose answer they are.

#![allow(clippy::disallowed_methods, reason = "a command reads arguments and files; nothing below it does")]

#[cfg(feature = "daemon")]
mod apply;
#[cfg(feature = "daemon")]
mod ask;
mod check;
mod completions;
#[cfg(feature = "daemon")]
mod dev;
mod explain;
mod fmt;
#[cfg(feature = "daemon")]
mod import;
mod init;
mod lsp;
mod output;
mod plan;
mod render;
mod review;
#[cfg(feature = "daemon")]
mod serve;
mod simulate;
#[cfg(feature = "daemon")]
mod store;
mod test;

use crate::diagnostic::render::{Format, Style};
use crate::locale::Locale;
use clap::{Parser, Subcommand, ValueEnum};
use output::{Document, Output};
use std::process::ExitCode;

/// How a command ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Exit {
    Fine = 0,
    /// Something is wrong with the project: findings, or a scenario that fails.
    Findings = 1,
    /// The command was used wrongly.
    Usage = 2,
    /// A file could not be read or written.
    InputOutput = 3,
    /// A mistake of ours.
    Internal = 4,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> ExitCode {
        ExitCode::from(exit as u8)
    }
}

#[derive(Debug, Parser)]
#[command(
    name = "onward",
    version,
    about = "Customer journeys as code: check them, test them, try them on real data",
    after_help = "Examples:\n  onward init shop           write a first small project\n  onward check shop          find every mistake before a customer does\n  \
                  onward test shop           play its scenarios\n  onward simulate shop       run it over an event log\n  onward explain E0203       what a finding means\n\n\
                  Exit codes: 0 fine, 1 findings, 2 wrong use, 3 a file cannot be read or written, 4 a mistake of ours."
)]
struct Arguments {
    /// How findings are written
    #[arg(long, global = true, value_enum, default_value_t = FormatArgument::Human, value_name = "FORMAT")]
    format: FormatArgument,
    /// When to use colours
    #[arg(long, global = true, value_enum, default_value_t = Color::Auto, value_name = "WHEN")]
    color: Color,
    /// What counts as a failure beside errors
    #[arg(long, global = true, value_enum, value_name = "WHAT")]
    deny: Option<Deny>,
    /// The language of findings and reports; without it the environment says so (ONWARD_LOCALE, LC_ALL, LC_MESSAGES, LANG)
    #[arg(long, global = true, value_name = "LANGUAGE", value_parser = Locale::NAMES)]
    locale: Option<String>,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum FormatArgument {
    /// The line itself with the place marked
    Human,
    /// One line each: file:line:column
    Short,
    /// One JSON object
    Json,
    /// Annotations for a GitHub workflow
    Github,
    /// A document for code scanning: check, test, fmt --check
    Sarif,
    /// A document for build servers: check, test, fmt --check
    Junit,
    /// A comment under a pull request: review
    Markdown,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Color {
    /// On a terminal, unless NO_COLOR is set
    Auto,
    Always,
    Never,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Deny {
    /// Warnings fail, too
    Warnings,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Find every mistake in a project
    Check(check::Arguments),
    /// Show what the journeys compile to: a table, a picture or JSON
    Plan(plan::Arguments),
    /// Show what a customer would see of a message
    Render(render::Arguments),
    /// Play the scenarios of a project
    Test(test::Arguments),
    /// What an edit changes: journeys, who is concerned, how much is sent, what customers read
    Review(review::Arguments),
    /// Run a project over an event log and report what would have happened
    Simulate(simulate::Arguments),
    /// Run the journeys for real: events in over HTTP, messages out
    #[cfg(feature = "daemon")]
    Serve(serve::Arguments),
    /// Make an edit active in the daemon that runs: shows what changes, and for whom
    #[cfg(feature = "daemon")]
    Apply(apply::Arguments),
    /// Ask the daemon how it goes
    #[cfg(feature = "daemon")]
    Status(ask::StatusArguments),
    /// What the daemon knows of a customer, and everything that happened to her
    #[cfg(feature = "daemon")]
    Customer(ask::CustomerArguments),
    /// Why a customer got a message or came into a journey, or did not
    #[cfg(feature = "daemon")]
    Why(ask::WhyArguments),
    /// Hold back everything that is to be sent, or one journey or channel
    #[cfg(feature = "daemon")]
    Pause(ask::SwitchArguments),
    /// Let go on what was paused
    #[cfg(feature = "daemon")]
    Resume(ask::SwitchArguments),
    /// Let a store that was restored, copied or moved send
    #[cfg(feature = "daemon")]
    Release(ask::ReleaseArguments),
    /// Everything that is recorded about a customer, as JSON
    #[cfg(feature = "daemon")]
    Export(ask::ExportArguments),
    /// Customers who are set aside because handling them failed, and letting them go on
    #[cfg(feature = "daemon")]
    SetAside(ask::AsideArguments),
    /// Forget a customer for good
    #[cfg(feature = "daemon")]
    Erase(ask::EraseArguments),
    /// Make, list, rotate and revoke the keys that open the daemon
    #[cfg(feature = "daemon")]
    Keys(ask::keys::Arguments),
    /// Lay journey files out in the one layout
    Fmt(fmt::Arguments),
    /// Explain a finding: what it means, an example, the example mended
    Explain(explain::Arguments),
    /// Write a first small project into a new folder
    Init(init::Arguments),
    /// Take customers or events of a file into the store
    #[cfg(feature = "daemon")]
    Import(import::Arguments),
    /// Check, copy and restore what the daemon keeps
    #[cfg(feature = "daemon")]
    Store(store::Arguments),
    /// Serve an editor: findings, completion and the rest as you type
    Lsp(lsp::Arguments),
    /// Watch a project while it is written: check, test and simulate at each save, with a local page
    #[cfg(feature = "daemon")]
    Dev(dev::Arguments),
    /// Print the completions of a shell
    Completions(completions::Arguments),
}

impl Command {
    /// Whether its answer can be this document.
    fn writes(&self, document: Document) -> bool {
        match document {
            Document::Sarif | Document::Junit => matches!(self, Command::Check(_) | Command::Test(_) | Command::Fmt(_)),
            Document::Markdown => matches!(self, Command::Review(_)),
        }
    }
}

/// Runs the command with the process's arguments.
pub fn main() -> ExitCode {
    apologise_on_panic();
    let arguments = match Arguments::try_parse() {
        Ok(arguments) => arguments,
        Err(error) => {
            let asked = !error.use_stderr();
            // Nobody is left to tell when the terminal is gone.
            let _ = error.print();
            return if asked { Exit::Fine.into() } else { Exit::Usage.into() };
        }
    };
    std::panic::catch_unwind(|| run(arguments)).unwrap_or(Exit::Internal).into()
}

fn run(arguments: Arguments) -> Exit {
    let document = arguments.document();
    let output = Output::new(document, arguments.style_for_stdout(), arguments.style_for_stderr(), arguments.deny == Some(Deny::Warnings));
    if let Some(document) = document
        && !arguments.command.writes(document)
    {
        return output.fail(Exit::Usage, document.who_writes_it());
    }
    let exit = match arguments.command {
        Command::Check(arguments) => check::run(&arguments, &output),
        Command::Plan(arguments) => plan::run(&arguments, &output),
        Command::Render(arguments) => render::run(&arguments, &output),
        Command::Test(arguments) => test::run(&arguments, &output),
        Command::Review(arguments) => review::run(&arguments, &output),
        Command::Simulate(arguments) => simulate::run(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Serve(arguments) => serve::run(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Apply(arguments) => apply::run(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Status(arguments) => ask::status(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Customer(arguments) => ask::customer(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Why(arguments) => ask::why(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Pause(arguments) => ask::switch("pause", &arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Resume(arguments) => ask::switch("resume", &arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Release(arguments) => ask::release(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Export(arguments) => ask::export(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::SetAside(arguments) => ask::aside(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Erase(arguments) => ask::erase(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Keys(arguments) => ask::keys::run(&arguments, &output),
        Command::Fmt(arguments) => fmt::run(&arguments, &output),
        Command::Explain(arguments) => explain::run(&arguments, &output),
        Command::Init(arguments) => init::run(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Import(arguments) => import::run(&arguments, &output),
        #[cfg(feature = "daemon")]
        Command::Store(arguments) => store::run(&arguments, &output),
        Command::Lsp(arguments) => lsp::run(&arguments),
        #[cfg(feature = "daemon")]
        Command::Dev(arguments) => dev::run(&arguments, &output),
        Command::Completions(arguments) => completions::run(&arguments, &output),
    };
    if output.is_lost() { Exit::InputOutput } else { exit }
}

impl Arguments {
    fn document(&self) -> Option<Document> {
        match self.format {
            FormatArgument::Sarif => Some(Document::Sarif),
            FormatArgument::Junit => Some(Document::Junit),
            FormatArgument::Markdown => Some(Document::Markdown),
            _ => None,
        }
    }

    fn style_for_stdout(&self) -> Style {
        self.style(std::io::IsTerminal::is_terminal(&std::io::stdout()))
    }

    fn style_for_stderr(&self) -> Style {
        self.style(std::io::IsTerminal::is_terminal(&std::io::stderr()))
    }

    fn locale(&self) -> Locale {
        let setting = |name: &str| std::env::var(name).ok();
        let environment = ["ONWARD_LOCALE", "LC_ALL", "LC_MESSAGES", "LANG"].map(setting);
        Locale::of_settings([self.locale.clone()].into_iter().chain(environment))
    }

    fn style(&self, terminal: bool) -> Style {
        let format = match self.format {
            FormatArgument::Human => Format::Human,
            FormatArgument::Short => Format::Short,
            FormatArgument::Json => Format::Json,
            FormatArgument::Github => Format::Github,
            FormatArgument::Sarif | FormatArgument::Junit | FormatArgument::Markdown => Format::Human,
        };
        let color = match self.color {
            Color::Always => true,
            Color::Never => false,
            Color::Auto => terminal && std::env::var_os("NO_COLOR").is_none_or(|value| value.is_empty()),
        };
        Style { format, color, locale: self.locale(), width: terminal.then(output::terminal_width).flatten() }
    }
}

/// A panic is a mistake of ours: say so in two lines, without a backtrace.
fn apologise_on_panic() {
    std::panic::set_hook(Box::new(|panic| {
        let place = panic.location().map(|at| format!(" ({}:{})", at.file(), at.line())).unwrap_or_default();
        let what = panic.payload_as_str().unwrap_or("no reason given");
        output::complain(&format!(
            "onward made a mistake and stopped; your files are untouched.\nPlease report this with the project that shows it: {what}{place}"
        ));
    }));
}
