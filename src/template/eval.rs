//! Runs a program: from values to text, within a budget.
//!
//! In: a [`Program`], where its values come from, limits. Out: the text, or the limit that was met. **Invariant:** every op, filter and round
//! is charged before it runs; bodies nest no deeper than the compiler lets them; data is never parsed; no clock, no file, no network.

mod body;
mod looping;
mod path;
mod pipe;

use super::budget::{Budget, Limits, Spent};
use super::data::{Name, Value};
use super::escape::Medium;
use super::filter::{Failure, Workshop};
use super::out::Out;
use super::program::Program;
use super::render::Manner;
use crate::calendar::Instant;
use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::Arc;

/// Where the values of a rendering come from.
pub trait Source {
    /// A variable that the template does not set itself.
    fn name(&self, name: &Name) -> Option<&Value>;
    /// A value that the host computes, by its number.
    fn host(&self, number: u32) -> &Value;
}

/// What happens to a mistake that is met on the way, such as a division by 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mistakes {
    /// Shown in the text, as Liquid does.
    Shown,
    /// Ends the rendering.
    Stop,
}

/// How a program is run.
#[derive(Clone, Copy)]
pub struct Setting<'a> {
    pub manner: Manner<'a>,
    pub medium: Medium,
    pub limits: Limits,
    pub now: Option<Instant>,
    pub mistakes: Mistakes,
}

/// Why nothing came out.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Stopped {
    #[error("{0}")]
    Spent(#[from] Spent),
    #[error("line {line}: {message}")]
    Mistake { message: String, line: u32 },
}

/// Runs a program.
pub fn run(program: &Program, source: &dyn Source, setting: &Setting) -> Result<String, Stopped> {
    // Loops write a text many times.
    let times = if program.binds { 4 } else { 2 };
    let room = (program.text_bytes as usize).saturating_mul(times).saturating_add(64);
    let mut out = Out::with_room(setting.medium, setting.limits.output_bytes, room);
    let mut machine = Machine {
        program,
        source,
        setting,
        budget: Budget::new(setting.limits),
        forloop: number_of(program, "forloop"),
        tablerowloop: number_of(program, "tablerowloop"),
        scope: Scope::new(program),
        loops: Vec::new(),
        partial: None,
        depth: 0,
        is_isolated: false,
        spare: Default::default(),
    };
    machine.body(&program.body, &mut out)?;
    Ok(out.text)
}

/// The number of a name, if anything in the template can be called so.
fn number_of(program: &Program, name: &str) -> Option<usize> {
    if program.binds { program.names.iter().position(|known| &**known == name) } else { None }
}

/// How a body ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Flow {
    Goes,
    Break,
    Continue,
}

/// The names and states of the main template, or of a partial that `render` shows.
struct Scope {
    /// By the number of the name: what loops and partials set, before what `assign` set.
    inner: Vec<Option<Value>>,
    outer: Vec<Option<Value>>,
    /// By the number of the state: rounds of a cycle, or where a loop ended.
    states: Vec<usize>,
    /// What few templates need.
    rare: Option<Box<Rare>>,
    /// The loop that is running, innermost.
    running: Option<u32>,
}

/// Counters, named cycles, and what `ifchanged` last showed.
#[derive(Default)]
struct Rare {
    counters: BTreeMap<u32, i64>,
    cycles: BTreeMap<String, usize>,
    shown: Option<String>,
}

impl Scope {
    fn new(program: &Program) -> Scope {
        let room = |names: usize| if names == 0 { Vec::new() } else { vec![None; names] };
        let names = if program.binds { program.names.len() } else { 0 };
        let states = if program.states == 0 { Vec::new() } else { vec![0; program.states as usize] };
        Scope { inner: room(names), outer: room(names), states, rare: None, running: None }
    }

    fn rare(&mut self) -> &mut Rare {
        self.rare.get_or_insert_default()
    }
}

/// The state of a loop, as `forloop` shows it.
struct Loop {
    name: Arc<str>,
    at: usize,
    length: usize,
    parent: Option<u32>,
    /// Of `tablerow`: how many in a row.
    columns: Option<usize>,
}

struct Machine<'p> {
    program: &'p Program,
    source: &'p dyn Source,
    setting: &'p Setting<'p>,
    budget: Budget,
    forloop: Option<usize>,
    tablerowloop: Option<usize>,
    scope: Scope,
    /// All loops that were begun; those that have ended show nothing.
    loops: Vec<Loop>,
    /// The partial that is shown, for messages.
    partial: Option<Arc<str>>,
    /// Partials inside each other.
    depth: usize,
    /// Inside of `render`: nothing there may reach out.
    is_isolated: bool,
    /// Room in which filters write their texts, used again and again: one for what a filter reads, one for what it writes.
    spare: [Cell<String>; 2],
}

impl<'p> Machine<'p> {
    fn workshop(&self, html: bool) -> Workshop<'_> {
        Workshop { budget: &self.budget, manner: &self.setting.manner, now: self.setting.now, html }
    }

    /// A mistake becomes text, or the end.
    fn mistake(&self, message: &str, line: u32, out: &mut Out) -> Result<(), Stopped> {
        match self.setting.mistakes {
            Mistakes::Stop => Err(Stopped::Mistake { message: message.to_owned(), line }),
            Mistakes::Shown => {
                let text = if message.starts_with("Liquid syntax error") {
                    message.to_owned()
                } else {
                    match &self.partial {
                        Some(name) => format!("Liquid error ({name} line {line}): {message}"),
                        None => format!("Liquid error (line {line}): {message}"),
                    }
                };
                Ok(out.value(&Value::text(&text))?)
            }
        }
    }

    fn handle(&self, failure: Failure, line: u32, out: &mut Out) -> Result<(), Stopped> {
        match failure {
            Failure::Spent(spent) => Err(spent.into()),
            Failure::Message(message) => self.mistake(&message, line, out),
        }
    }
}
