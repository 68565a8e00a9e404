//! `onward keys`: who may ask the daemon what.
//!
//! In: names. Out: a secret, once; lists of keys. **Invariant:** standard output holds the secret or the list and nothing else; a secret is never read back.
//! It works on the file of the store's folder, so that the first key is there before the daemon listens; a running daemon looks at that file every
//! second. Who may write that folder may make keys, and nobody else.

use super::super::Exit;
use super::super::output::{Output, complain};
use super::{Trouble, place};
use crate::calendar::{DAY_MS, HOUR_MS, Instant, Zone};
use crate::daemon::clock::{Clock as _, WallClock};
use crate::daemon::keys::{Key, Keys, KeysError, Kind, Made};
use crate::daemon::serve::Folders;
use crate::diagnostic::render::Format;
use clap::{Subcommand, ValueEnum};
use serde_json::{Value as Json, json};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
#[command(
    after_help = "Examples:\n  onward keys create website --kind write            for browsers and apps: says what happened, never asks\n  \
                  onward keys create shop --kind server > shop.key   for your own servers\n  onward keys create ops --kind admin > ops.key      for you: \
                  onward status --key-file ops.key\n  onward keys rotate shop --overlap-hours 48 > new.key\n  onward keys revoke website"
)]
pub(in crate::cli) struct Arguments {
    #[command(subcommand)]
    what: What,
    /// The folder of the project that the daemon serves
    #[arg(long, global = true, value_name = "FOLDER", default_value = ".")]
    project: PathBuf,
    /// The folder of the store, instead of what the project's onward.toml says
    #[arg(long, global = true, value_name = "FOLDER")]
    store: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
enum What {
    /// All keys, also those that open nothing any more
    List,
    /// Make a key; its secret is printed once and kept nowhere
    Create {
        /// What you know it by: letters, digits, `-`, `_` and `.`
        name: String,
        #[arg(long, value_enum)]
        kind: KindArgument,
        /// After so many days it opens nothing; without it, it does until it is revoked
        #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(u32).range(1..=36_500))]
        days: Option<u32>,
    },
    /// Make a new secret for a name; the old one opens for a while
    Rotate {
        name: String,
        /// For so many hours the old secret still opens
        #[arg(long, value_name = "HOURS", default_value_t = 24, value_parser = clap::value_parser!(u32).range(0..=8_760))]
        overlap_hours: u32,
    },
    /// From now on it opens nothing
    Revoke {
        /// A name, or how a secret begins, as the list shows it
        key: String,
    },
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum KindArgument {
    /// Says what happened, and can never ask; may stand in a web page
    Write,
    /// For your own servers: events, imports, consent, erasure
    Server,
    /// Asks, and changes nothing
    Read,
    /// Everything
    Admin,
}

impl From<KindArgument> for Kind {
    fn from(kind: KindArgument) -> Kind {
        match kind {
            KindArgument::Write => Kind::Write,
            KindArgument::Server => Kind::Server,
            KindArgument::Read => Kind::Read,
            KindArgument::Admin => Kind::Admin,
        }
    }
}

pub(in crate::cli) fn run(arguments: &Arguments, output: &Output) -> Exit {
    match try_run(arguments, output) {
        Ok(()) => Exit::Fine,
        Err(Trouble(exit, why)) => output.fail(exit, &why),
    }
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<(), Trouble> {
    let keys = open(arguments)?;
    let now = WallClock.now();
    match &arguments.what {
        What::List => list(&keys, now, output),
        What::Create { name, kind, days } => {
            let expires = days.map(|days| now.plus_ms(i64::from(days) * DAY_MS));
            made(&keys.make(name, (*kind).into(), expires, now).map_err(refused)?, now, output);
        }
        What::Rotate { name, overlap_hours } => {
            made(&keys.rotate(name, i64::from(*overlap_hours) * HOUR_MS, now).map_err(refused)?, now, output);
        }
        What::Revoke { key } => {
            let count = keys.revoke(key, now).map_err(refused)?;
            match output.format() {
                Format::Json => output.print(&format!("{}\n", json!({ "revoked": count }))),
                _ => output.print(&format!(
                    "{} revoked; a running daemon knows it within a second\n",
                    crate::simulate::text::counted(count as u64, "key")
                )),
            }
        }
    }
    Ok(())
}

fn open(arguments: &Arguments) -> Result<Keys, Trouble> {
    let root = match &arguments.store {
        Some(store) => store.clone(),
        None if arguments.project.is_dir() => place::store(&arguments.project)?,
        None => return Err(Trouble(Exit::InputOutput, format!("there is no folder `{}`", arguments.project.display()))),
    };
    let access = Folders { root }.access();
    // Only making keys makes the folder: a list of what is not there is empty.
    if matches!(arguments.what, What::Create { .. }) {
        let made = std::fs::DirBuilder::new().recursive(true).create(&access);
        made.map_err(|why| Trouble(Exit::InputOutput, format!("the folder `{}` cannot be made: {why}", access.display())))?;
    }
    Keys::open(&access).map_err(refused)
}

fn refused(error: KeysError) -> Trouble {
    let exit = match error {
        KeysError::NameTaken(_) | KeysError::NoSuchKey(_) | KeysError::TooMany => Exit::Findings,
        KeysError::BadName(_) => Exit::Usage,
        _ => Exit::InputOutput,
    };
    Trouble(exit, error.to_string())
}

/// The secret goes to standard output alone, so that it can be sent into a file.
fn made(made: &Made, now: Instant, output: &Output) {
    if output.format() == Format::Json {
        let mut json = shown(&made.key, now);
        json["secret"] = made.secret.clone().into();
        return output.print(&format!("{json}\n"));
    }
    output.print(&format!("{}\n", made.secret));
    let until = made.key.expires.map_or_else(String::new, |expires| format!(" until {}", day(expires)));
    complain(&format!("this is the secret of the {} key `{}`{until}; it is shown this once", made.key.kind.word(), made.key.name));
}

fn list(keys: &Keys, now: Instant, output: &Output) {
    let keys = keys.list();
    if output.format() == Format::Json {
        let keys: Vec<Json> = keys.iter().map(|key| shown(key, now)).collect();
        return output.print(&format!("{}\n", json!({ "keys": keys })));
    }
    if keys.is_empty() {
        return output.print("there are no keys: requests from this machine need none, and others are not heard\n");
    }
    let rows = keys.iter().map(|key| {
        let state = match (key.revoked, key.expires) {
            (Some(at), _) => format!("revoked {}", day(at)),
            (None, Some(at)) if at <= now => format!("expired {}", day(at)),
            (None, Some(at)) => format!("until {}", day(at)),
            (None, None) => "live".to_owned(),
        };
        vec![key.name.clone(), key.kind.word().to_owned(), format!("{}…", key.prefix), format!("made {}", day(key.created)), state]
    });
    output.print(&crate::simulate::text::table(&["name", "kind", "begins", "", ""], 5, rows.collect()));
}

fn shown(key: &Key, now: Instant) -> Json {
    json!({
        "name": key.name,
        "kind": key.kind.word(),
        "prefix": key.prefix,
        "created": day(key.created),
        "expires": key.expires.map(day),
        "revoked": key.revoked.map(day),
        "live": key.is_live(now),
    })
}

fn day(at: Instant) -> String {
    Zone::UTC.local(at).format("%Y-%m-%dT%H:%M:%SZ").to_string()
}
