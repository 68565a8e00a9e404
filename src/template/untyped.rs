//! Templates without types: Liquid as it is, for tests and for comparing with Shopify's.
//!
//! In: a text and JSON. Out: what it shows. **Invariant:** the same budgets as everywhere; time and partials come in with the options.
//! Messages of journeys do not go this way: they are checked first (`check/template.rs`).

use super::budget::Limits;
use super::compile::{Host, compile};
use super::data::{Name, Value};
use super::escape::Medium;
use super::eval::{self, Mistakes, Setting, Source, Stopped};
use super::program::Program;
use super::render::{Manner, OUTPUT_BYTES_MAX};
use super::syntax::{self, Wrong};
use super::tree::At;
use crate::calendar::{Instant, Zone};
use std::collections::BTreeMap;

/// How a template is rendered.
#[derive(Debug, Clone)]
pub struct Options {
    /// What `render` and `include` may show, by name.
    pub partials: BTreeMap<String, String>,
    /// What `now` means.
    pub now: Option<Instant>,
    /// Dates without a zone are in it.
    pub zone: Zone,
    pub medium: Medium,
    pub limits: Limits,
    /// What Liquid only tolerates is refused: nothing is skipped.
    pub is_strict: bool,
    /// Mistakes that are met on the way end the rendering; otherwise they are shown, as Liquid does.
    pub stops_at_mistakes: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            partials: BTreeMap::new(),
            now: None,
            zone: Zone::UTC,
            medium: Medium::Plain,
            limits: Limits::MESSAGE,
            is_strict: false,
            stops_at_mistakes: false,
        }
    }
}

/// Why a template shows nothing.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum Refusal {
    /// In the words of Shopify's Liquid.
    #[error("{}", .0.shopify())]
    Syntax(Wrong),
    #[error(transparent)]
    Stopped(#[from] Stopped),
}

/// A template that is parsed and ready to be rendered many times.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    program: Program,
}

/// Parses a template with its partials.
pub fn prepare(source: &str, options: &Options) -> Result<Prepared, Refusal> {
    let (tree, wrong) = syntax::parse(source);
    if let Some(wrong) = wrong.into_iter().find(|wrong| options.is_strict || !wrong.is_tolerated()) {
        return Err(Refusal::Syntax(wrong));
    }
    Ok(Prepared { program: compile(source, &tree, &Partials(&options.partials)) })
}

impl Prepared {
    /// Renders it for some values. What is no record has no names.
    pub fn render(&self, data: &Value, options: &Options) -> Result<String, Refusal> {
        let setting = Setting {
            manner: Manner {
                language: "en",
                zone: options.zone,
                one_line: options.medium == Medium::Line,
                markup: options.medium == Medium::Html,
                bytes_max: OUTPUT_BYTES_MAX,
            },
            medium: options.medium,
            limits: options.limits,
            now: options.now,
            mistakes: if options.stops_at_mistakes { Mistakes::Stop } else { Mistakes::Shown },
        };
        Ok(eval::run(&self.program, &Names(data), &setting)?)
    }
}

/// Parses a template and renders it.
pub fn render(source: &str, data: &serde_json::Value, options: &Options) -> Result<String, Refusal> {
    prepare(source, options)?.render(&Value::from(data), options)
}

struct Partials<'a>(&'a BTreeMap<String, String>);

impl Host for Partials<'_> {
    fn partial(&self, name: &str) -> Option<String> {
        self.0.get(name).cloned()
    }

    fn partials(&self) -> Vec<String> {
        self.0.keys().cloned().collect()
    }

    fn value(&self, _: &str, _: &At) -> Option<(u32, usize)> {
        None
    }
}

struct Names<'a>(&'a Value);

impl Source for Names<'_> {
    fn name(&self, name: &Name) -> Option<&Value> {
        match self.0 {
            Value::Record(record) => record.get_named(name),
            _ => None,
        }
    }

    fn host(&self, _: u32) -> &Value {
        &Value::Nil
    }
}
