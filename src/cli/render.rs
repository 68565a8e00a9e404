//! `onward render`: what a customer would see of a message.
//!
//! In: a message of a project; a customer, arguments, a language and a channel, or samples of them. Out: its texts on standard output,
//! HTML in files. **Invariant:** nothing is sent; templates run as they do when a message is sent, with the same limits.

use super::Exit;
use super::output::{Output, Ready};
use crate::calendar::Instant;
use crate::diagnostic::{Diagnostics, suggest};
use crate::engine::row::Customer;
use crate::ingest::Config;
use crate::ingest::customers::Population;
use crate::plan::{Message, Plan, Variant};
use crate::preview::{self, Part};
use crate::value::parse::{self, Reading};
use crate::value::{Text, Value, normal};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Largest file of a customer, bytes.
const CUSTOMER_BYTES_MAX: u64 = 1 << 20;

#[derive(Debug, clap::Args)]
#[command(after_help = "Examples:\n  onward render cart_reminder shop                      every channel, with sample values\n  \
                        onward render cart_reminder shop --channel email --open   the mail, in a browser\n  \
                        onward render cart_reminder shop --customer nok.json --arg total=900 --language en")]
pub(super) struct Arguments {
    /// The message
    message: String,
    /// A project's folder, or one journey file
    #[arg(default_value = ".")]
    path: PathBuf,
    /// A file with the customer's fields in JSON, or the id of a customer of the project's files; a sample where nothing is said
    #[arg(long, value_name = "FILE|ID")]
    customer: Option<String>,
    /// The language that she speaks
    #[arg(long, value_name = "CODE")]
    language: Option<String>,
    /// Only this channel
    #[arg(long, value_name = "NAME")]
    channel: Option<String>,
    /// A parameter of the message; may be given several times
    #[arg(long = "arg", value_name = "NAME=VALUE")]
    args: Vec<String>,
    /// Where HTML is written; a folder of the system for such files where nothing is said
    #[arg(long, value_name = "FOLDER")]
    out: Option<PathBuf>,
    /// Show the HTML in a browser
    #[arg(long)]
    open: bool,
}

pub(super) fn run(arguments: &Arguments, output: &Output) -> Exit {
    match try_run(arguments, output) {
        Ok(()) => Exit::Fine,
        Err(exit) => exit,
    }
}

fn try_run(arguments: &Arguments, output: &Output) -> Result<(), Exit> {
    let ready = output.compile(&arguments.path)?;
    let plan = &ready.plan;
    let usage = |text: String| output.fail(Exit::Usage, &text);
    let named = plan.messages.iter().map(|message| message.name.as_str());
    let message = plan
        .messages
        .iter()
        .find(|message| message.name == arguments.message)
        .ok_or_else(|| usage(unknown("message", &arguments.message, named, "the project has none of this name")))?;
    let spoken = match &arguments.language {
        Some(written) => Some(normal::language(written).map_err(|why| usage(format!("`{written}` is no language; {why}")))?),
        None => None,
    };
    let now = now();
    let mut row = customer(&ready, arguments, now, output)?;
    if let (Some(field), Some(spoken)) = (plan.schema.language, &spoken) {
        row.attributes[field.index()] = Value::Text(spoken.clone());
    }
    let spoken = spoken.or_else(|| preview::spoken_by(plan, &row));
    let variants = chosen(plan, message, arguments, spoken.as_ref()).map_err(usage)?;
    let params = params(plan, message, &arguments.args, now).map_err(usage)?;
    let mut files = Vec::new();
    for variant in variants {
        show(plan, message, variant, &row, &params, now, arguments, output, &mut files)?;
    }
    if arguments.open {
        for file in &files {
            open(file).map_err(|why| output.fail(Exit::InputOutput, &format!("`{}` cannot be opened: {why}", file.display())))?;
        }
    }
    Ok(())
}

fn unknown<'a>(kind: &str, name: &str, names: impl Iterator<Item = &'a str>, none: &str) -> String {
    let names: Vec<&str> = names.collect();
    match suggest::best(name, names.iter().copied()) {
        Some(near) => format!("there is no {kind} `{name}`; did you mean `{near}`?"),
        None if !names.is_empty() && names.len() <= 10 => format!("there is no {kind} `{name}`; there is `{}`", names.join("`, `")),
        None => format!("there is no {kind} `{name}`; {none}"),
    }
}

/// One content for each channel, or for the one that is asked for.
fn chosen<'p>(plan: &Plan, message: &'p Message, arguments: &Arguments, spoken: Option<&Text>) -> Result<Vec<&'p Variant>, String> {
    let name_of = |variant: &Variant| plan.schema.channels.get(variant.channel.index()).map_or("", |channel| channel.name.as_str());
    let mut channels: Vec<crate::schema::ChannelId> = Vec::new();
    for variant in &message.variants {
        if !channels.contains(&variant.channel) && arguments.channel.as_deref().is_none_or(|asked| name_of(variant) == asked) {
            channels.push(variant.channel);
        }
    }
    if let (Some(asked), true) = (&arguments.channel, channels.is_empty()) {
        let mut names: Vec<&str> = message.variants.iter().map(name_of).collect();
        names.dedup();
        let what = if plan.schema.channel(asked).is_some() { "content of this message for" } else { "channel" };
        return Err(unknown(what, asked, names.into_iter(), "the message has no content at all"));
    }
    if let Some(spoken) = spoken {
        let languages: Vec<&str> = message.variants.iter().filter_map(|variant| variant.language.as_deref()).collect();
        if !languages.contains(&spoken.as_str()) && plan.schema.language.is_none() {
            return Err("the customer has no field of the type language, so everybody gets the same content".to_owned());
        }
    }
    let pick = |channel| {
        let of_channel = || message.variants.iter().filter(move |variant| variant.channel == channel);
        let exact = of_channel().find(|variant| spoken.is_some() && variant.language.as_ref() == spoken);
        exact.or_else(|| of_channel().find(|variant| variant.language.is_none())).or_else(|| of_channel().next())
    };
    Ok(channels.into_iter().filter_map(pick).collect())
}

/// Sample values, and over them what is said of her.
fn customer(ready: &Ready, arguments: &Arguments, now: Instant, output: &Output) -> Result<Customer, Exit> {
    let plan = &ready.plan;
    let mut row = preview::sample_customer(plan, now);
    let Some(asked) = &arguments.customer else { return Ok(row) };
    row.attributes = plan.schema.customer.iter().map(|field| field.default.clone()).collect();
    let path = Path::new(asked);
    if path.is_file() {
        let fields = fields_of_file(plan, path).map_err(|why| output.fail(Exit::InputOutput, &format!("`{asked}`: {why}")))?;
        for (at, value) in fields {
            row.attributes[at] = value;
        }
        return Ok(row);
    }
    let folder = ready.project.root.clone().unwrap_or_else(|| arguments.path.clone());
    let mut found = Diagnostics::default();
    let config = ready.project.manifest.and_then(|id| Some((ready.project.sources.get(id)?, id)));
    let config = config.map_or_else(Config::default, |(file, id)| Config::read(file, id).0);
    let population = Population::read(&config, &plan.schema, &folder, plan.policy.zone, &mut found);
    output.findings_aside(found, &ready.project.sources);
    let Some(known) = population.known.get(asked.as_str()) else {
        let text = format!("there is no file `{asked}`, and no customer of that id in the project's files of customers");
        return Err(output.fail(Exit::Usage, &text));
    };
    row.uid = Text::new(asked);
    for (field, value) in &known.fields {
        row.attributes[field.index()] = value.clone();
    }
    Ok(row)
}

#[allow(clippy::disallowed_methods, reason = "reading the file that the user names is what this is for")]
fn fields_of_file(plan: &Plan, path: &Path) -> Result<Vec<(usize, Value)>, String> {
    let size = std::fs::metadata(path).map_err(|error| error.to_string())?.len();
    if size > CUSTOMER_BYTES_MAX {
        return Err(format!("it has {size} bytes, and {CUSTOMER_BYTES_MAX} are the most"));
    }
    let text = std::fs::read_to_string(path).map_err(|error| error.to_string())?;
    let json: serde_json::Value = serde_json::from_str(&text).map_err(|error| format!("it is no JSON: {error}"))?;
    let Some(object) = json.as_object() else { return Err("it must be one object in braces, with a customer's fields".to_owned()) };
    let reading = Reading { zone: plan.policy.zone, ..Reading::default() };
    let mut fields = Vec::new();
    for (name, value) in object {
        let Some(at) = plan.schema.customer.iter().position(|field| field.wire == name.as_str() || field.name == name.as_str()) else {
            // Its name is not a field, and what is kept beside the fields is not shown.
            continue;
        };
        let value = parse::from_json(value, &plan.schema.customer[at].ty, &reading).map_err(|error| format!("{name}: {error}"))?;
        fields.push((at, value));
    }
    Ok(fields)
}

/// The parameters of the message by position: as said, else samples.
fn params(plan: &Plan, message: &Message, written: &[String], now: Instant) -> Result<Vec<Value>, String> {
    let mut params = preview::sample_params(message, now);
    let reading = Reading { zone: plan.policy.zone, ..Reading::default() };
    for one in written {
        let Some((name, value)) = one.split_once('=') else {
            return Err(format!("`--arg {one}` names no value; write for example `--arg total=900`"));
        };
        let Some(at) = message.params.iter().position(|(param, _)| param == name.trim()) else {
            let names = message.params.iter().map(|(name, _)| name.as_str());
            return Err(unknown("parameter", name.trim(), names, "the message takes none"));
        };
        params[at] = parse::from_text(value, &message.params[at].1, &reading).map_err(|error| format!("{name}: {error}"))?;
    }
    Ok(params)
}

#[allow(clippy::too_many_arguments, reason = "what a text depends on, once")]
fn show(
    plan: &Plan,
    message: &Message,
    variant: &Variant,
    row: &Customer,
    params: &[Value],
    now: Instant,
    arguments: &Arguments,
    output: &Output,
    files: &mut Vec<PathBuf>,
) -> Result<(), Exit> {
    let channel = plan.schema.channels.get(variant.channel.index()).map_or("", |channel| channel.name.as_str());
    let mut text = format!("{} by {channel}", message.name);
    if let Some(language) = &variant.language {
        let _ = write!(text, " in \"{language}\"");
    }
    text.push('\n');
    for reason in preview::kept_back(plan, message, row, params, now) {
        let _ = writeln!(text, "  would not be sent: {reason}");
    }
    let parts = preview::parts(plan, variant, row, params, now)
        .map_err(|(name, why)| output.fail(Exit::Findings, &format!("{channel}, {name}: {why}")))?;
    for Part { name, text: rendered, is_html } in parts {
        if !is_html {
            let indented = rendered.trim_end().replace('\n', "\n    ");
            let _ = if rendered.trim_end().contains('\n') {
                writeln!(text, "  {name}:\n    {indented}")
            } else {
                writeln!(text, "  {name}: {indented}")
            };
            continue;
        }
        let file = write_html(message, channel, variant, &rendered, arguments)
            .map_err(|(path, why)| output.fail(Exit::InputOutput, &format!("`{}` cannot be written: {why}", path.display())))?;
        let _ = writeln!(text, "  {name}: {} bytes of HTML in {}", rendered.len(), file.display());
        files.push(file);
    }
    output.print(&text);
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "writing the answer into a file is what the command is for")]
fn write_html(
    message: &Message,
    channel: &str,
    variant: &Variant,
    html: &str,
    arguments: &Arguments,
) -> Result<PathBuf, (PathBuf, std::io::Error)> {
    let folder = arguments.out.clone().unwrap_or_else(|| std::env::temp_dir().join("onward-render"));
    std::fs::create_dir_all(&folder).map_err(|error| (folder.clone(), error))?;
    let language = variant.language.as_ref().map(|language| format!(".{language}")).unwrap_or_default();
    let path = folder.join(format!("{}.{channel}{language}.html", message.name));
    std::fs::write(&path, html).map_err(|error| (path.clone(), error))?;
    Ok(path)
}

/// Shows a file with what the system has for it.
#[allow(clippy::disallowed_methods, reason = "starting a browser is what `--open` asks for")]
fn open(file: &Path) -> Result<(), std::io::Error> {
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if cfg!(windows) {
        "explorer"
    } else {
        "xdg-open"
    };
    std::process::Command::new(program).arg(file).spawn().map(drop)
}

#[allow(clippy::disallowed_methods, reason = "what a message says now depends on the clock")]
fn now() -> Instant {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    Instant(i64::try_from(since.as_millis()).unwrap_or(0))
}
