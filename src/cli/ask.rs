//! `onward status`, `customer`, `why`, `pause`, `resume`, `release`, `erase`, `export`: questions to a daemon that runs, and its switches.
//!
//! In: arguments. Out: sentences, or the daemon's own JSON. **Invariant:** what is answered is what the daemon said, nothing is guessed here; a
//! customer is erased only after somebody has confirmed it. Knows no store and no plan: it asks over HTTP ([`call`]).

pub(super) mod call;
pub(super) mod keys;
mod place;
mod words;

pub(super) use words::building;

use super::Exit;
use super::output::Output;
use crate::diagnostic::render::Format;
use call::Daemon;
use serde_json::{Value as Json, json};
use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};

/// Why there is no answer: how the command ends, and what it says.
#[derive(Debug)]
pub(super) struct Trouble(pub(super) Exit, pub(super) String);

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward status\n  onward status --url https://news.example.com --key-file read.key")]
pub(super) struct StatusArguments {
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  onward customer nok       what is known of her, and everything that happened")]
pub(super) struct CustomerArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    id: String,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward why nok                       what was decided last about every message, and where she stands\n  onward why nok --message thanks\n  \
                  onward why nok --journey after_order"
)]
pub(super) struct WhyArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    customer: String,
    /// Why she got this message, or did not
    #[arg(long, value_name = "NAME", conflicts_with = "journey")]
    message: Option<String>,
    /// Why she came into this journey, or did not, and what became of it
    #[arg(long, value_name = "NAME")]
    journey: Option<String>,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward pause                       everything: nothing is sent\n  onward pause welcome               one journey\n  \
                        onward pause --channel sms         one channel\n\n`onward resume` takes the same. A pause holds until it is resumed, also over a restart."
)]
pub(super) struct SwitchArguments {
    /// Only this journey; without one, everything
    #[arg(value_name = "JOURNEY", conflicts_with = "channel")]
    journey: Option<String>,
    /// Only this channel
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "A store that was restored, copied or moved takes in and sends nothing. Look first: `onward status`, and that the original does not run."
)]
pub(super) struct ReleaseArguments {
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward set-aside                   who is set aside, and why\n  onward set-aside --bring-back      all of them go on, with a version that can handle them\n  \
                        onward set-aside --bring-back --customer 12 --without-first"
)]
pub(super) struct AsideArguments {
    /// Let them go on: what waited for them is handled in its order
    #[arg(long)]
    bring_back: bool,
    /// Only this one, by her number in the list
    #[arg(long, value_name = "NUMBER", requires = "bring_back")]
    customer: Option<u64>,
    /// Without the input that failed
    #[arg(long, requires = "bring_back")]
    without_first: bool,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward erase nok           asks whether you mean it\n  onward erase nok --yes     for scripts")]
pub(super) struct EraseArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    id: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    #[command(flatten)]
    daemon: Daemon,
}

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:\n  onward export nok --to nok.json       for her, because she asked what is known of her")]
pub(super) struct ExportArguments {
    /// Your own id of her, an anonymous id, or an address that she was identified by
    id: String,
    /// A file that does not exist yet, instead of standard output
    #[arg(long, value_name = "FILE")]
    to: Option<PathBuf>,
    #[command(flatten)]
    daemon: Daemon,
}

pub(super) fn status(arguments: &StatusArguments, output: &Output) -> Exit {
    tell(arguments.daemon.call("GET", "status", None), output, words::status)
}

pub(super) fn customer(arguments: &CustomerArguments, output: &Output) -> Exit {
    let id = encode(&arguments.id);
    let both = arguments.daemon.call("GET", &format!("customers/{id}"), None).and_then(|profile| {
        let story = arguments.daemon.call("GET", &format!("customers/{id}/timeline"), None)?;
        Ok(json!({ "customer": profile, "timeline": story }))
    });
    tell(both, output, words::customer)
}

pub(super) fn why(arguments: &WhyArguments, output: &Output) -> Exit {
    let asked = match (&arguments.message, &arguments.journey) {
        (Some(name), _) => format!("message={}", encode(name)),
        (None, Some(name)) => format!("journey={}", encode(name)),
        (None, None) => String::new(),
    };
    let path = format!("customers/{}/why?{asked}", encode(&arguments.customer));
    tell(arguments.daemon.call("GET", &path, None), output, words::why)
}

pub(super) fn switch(verb: &'static str, arguments: &SwitchArguments, output: &Output) -> Exit {
    let what = match (&arguments.journey, &arguments.channel) {
        (Some(name), _) => json!({ "journey": name }),
        (None, Some(name)) => json!({ "channel": name }),
        (None, None) => json!({ "everything": true }),
    };
    tell(arguments.daemon.call("POST", verb, Some(&what)), output, words::paused)
}

pub(super) fn release(arguments: &ReleaseArguments, output: &Output) -> Exit {
    tell(arguments.daemon.call("POST", "release", None), output, words::released)
}

pub(super) fn aside(arguments: &AsideArguments, output: &Output) -> Exit {
    if !arguments.bring_back {
        return tell(arguments.daemon.call("GET", "set-aside", None), output, words::set_aside);
    }
    let mut what = json!({ "without_first": arguments.without_first });
    if let Some(number) = arguments.customer {
        what["customer"] = number.into();
    }
    tell(arguments.daemon.call("POST", "bring-back", Some(&what)), output, words::brought_back)
}

pub(super) fn erase(arguments: &EraseArguments, output: &Output) -> Exit {
    if !arguments.yes {
        match confirmed(&arguments.id) {
            Some(true) => {}
            Some(false) => return output.fail(Exit::Usage, "nothing was erased: what you typed is not that customer"),
            None => return output.fail(Exit::Usage, "nobody is there to confirm it: say `--yes` where you mean it"),
        }
    }
    let path = format!("customers/{}/erase", encode(&arguments.id));
    tell(arguments.daemon.call("POST", &path, None), output, words::erased)
}

/// JSON in every format: it is for her, or for a program.
pub(super) fn export(arguments: &ExportArguments, output: &Output) -> Exit {
    let path = format!("customers/{}/export", encode(&arguments.id));
    let json = match arguments.daemon.call("GET", &path, None) {
        Ok(json) => json,
        Err(Trouble(exit, why)) => return output.fail(exit, &why),
    };
    let text = format!("{json:#}\n");
    let Some(to) = &arguments.to else {
        output.print(&text);
        return Exit::Fine;
    };
    match write_new(to, &text) {
        Ok(()) => Exit::Fine,
        Err(why) => output.fail(Exit::InputOutput, &format!("`{}` cannot be written: {why}", to.display())),
    }
}

/// A new file that only its owner can read.
fn write_new(to: &Path, text: &str) -> std::io::Result<()> {
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(to)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()
}

/// Whether the same customer was typed again; `None` where nobody can type.
fn confirmed(id: &str) -> Option<bool> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        return None;
    }
    let mut asking = std::io::stderr().lock();
    let asked = write!(asking, "`{id}` will be forgotten, and nobody can take that back.\nType the same again to confirm: ");
    asked.and_then(|()| asking.flush()).ok()?;
    let mut typed = String::new();
    input.lock().read_line(&mut typed).ok()?;
    Some(typed.trim() == id)
}

/// The answer, as it is asked for.
fn tell(answer: Result<Json, Trouble>, output: &Output, in_words: impl FnOnce(&Json) -> String) -> Exit {
    match answer {
        Ok(json) if output.format() == Format::Json => output.print(&format!("{json}\n")),
        Ok(json) => output.print(&in_words(&json)),
        Err(Trouble(exit, why)) => return output.fail(exit, &why),
    }
    Exit::Fine
}

/// For a place in an address.
fn encode(text: &str) -> String {
    crate::channel::http::target::encode_component(text)
}
