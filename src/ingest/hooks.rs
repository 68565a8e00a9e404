//! What hooks are taken to answer where nobody asks them: in a simulation.
//!
//! In: `[simulate.hooks.NAME]`, the schema. Out: by hook, a sample answer of the declared types ([`Sample`]). **Invariant:** a sample fits its
//! hook or is a finding with its place. Asks nobody.

use super::config::{self, Share, Written};
use super::mapping::unknown;
use super::problem::BadSetting;
use super::toml_walk::{Table, describe};
use crate::diagnostic::{Diagnostics, suggest};
use crate::schema::{Hook, Schema};
use crate::source::Place;
use crate::value::Value;
use crate::value::parse::{self, Reading};
use serde_json::Value as Json;
use std::sync::Arc;
use toml::de::DeValue;

/// `[simulate.hooks.credit]`, as it is written.
#[derive(Debug, Clone)]
pub struct Settings {
    hook: Written,
    answers: Vec<(Written, Json, String, Place)>,
    fails: Share,
}

/// What one hook is taken to answer.
#[derive(Debug, Clone, PartialEq)]
pub struct Sample {
    /// By position in its answers.
    pub fields: Arc<[Value]>,
    /// The part of the calls that gets no answer.
    pub fails: Share,
}

impl Settings {
    pub(super) fn read(hooks: &Table<'_, '_>, found: &mut Diagnostics) -> Vec<Settings> {
        let mut settings = Vec::new();
        for (hook, value) in hooks.entries() {
            let DeValue::Table(inner) = value.get_ref() else {
                found.push(hooks.bad(&hook.text, value, "a table", "write `credit = { answers = { limit = 500 } }`"));
                continue;
            };
            let mut inner = Table::new(inner, hook.place.file, format!("`[simulate.hooks.{}]`", hook.text), hook.place);
            let answers = inner.table("answers", "`answers`", found).map(|answers| {
                let read = answers
                    .entries()
                    .map(|(name, value)| (name, json(value.get_ref()), describe(value.get_ref()), answers.place_of(value)));
                read.collect()
            });
            let fails = config::share(&mut inner, "fails", found).unwrap_or(0);
            inner.finish(found);
            settings.push(Settings { hook, answers: answers.unwrap_or_default(), fails });
        }
        settings
    }

    /// Samples by the number of the hook; `None` where nothing is said.
    pub fn bind(settings: &[Settings], schema: &Schema, found: &mut Diagnostics) -> Vec<Option<Sample>> {
        let mut samples = vec![None; schema.hooks.len()];
        for one in settings {
            match schema.hooks.iter().position(|hook| hook.name == one.hook.text.as_str()) {
                Some(at) => samples[at] = one.sample(&schema.hooks[at], found),
                None => {
                    let nearest = suggest::best(&one.hook.text, schema.hooks.iter().map(|hook| hook.name.as_str()));
                    found.push(unknown("hook", &one.hook, nearest, "declare it: `hook NAME(…) { url \"https://…\" }`"));
                }
            }
        }
        samples
    }

    fn sample(&self, hook: &Hook, found: &mut Diagnostics) -> Option<Sample> {
        for (name, ..) in &self.answers {
            if !hook.answers.iter().any(|field| field.name == name.text.as_str()) {
                let nearest = suggest::best(&name.text, hook.answers.iter().map(|field| field.name.as_str()));
                found.push(unknown("answer", name, nearest, &format!("`{}` does not answer it", hook.name)));
                return None;
            }
        }
        let mut fields = Vec::with_capacity(hook.answers.len());
        for field in &hook.answers {
            let wrong = |what: &str, place: Place| BadSetting {
                setting: field.name.to_string(),
                expected: field.ty.to_string(),
                found: what.to_owned(),
                place,
                help: format!("`{}` answers it: `hook {}` says of which type it is", field.name, hook.name),
            };
            match self.answers.iter().find(|(name, ..)| field.name == name.text.as_str()) {
                None if field.ty.is_optional() || !field.default.is_missing() => fields.push(field.default.clone()),
                None => {
                    found.push(wrong("nothing", self.hook.place));
                    return None;
                }
                Some((_, json, shown, place)) => match parse::from_json(json, &field.ty, &Reading::default()) {
                    Ok(value) => fields.push(value),
                    Err(_) => {
                        found.push(wrong(shown, *place));
                        return None;
                    }
                },
            }
        }
        Some(Sample { fields: fields.into(), fails: self.fails })
    }
}

/// A value of TOML as one of JSON, which is what hooks speak.
fn json(value: &DeValue<'_>) -> Json {
    match value {
        DeValue::String(text) => Json::String(text.to_string()),
        DeValue::Integer(number) => number_of(number.as_str()),
        DeValue::Float(number) => number_of(number.as_str()),
        DeValue::Boolean(truth) => Json::Bool(*truth),
        DeValue::Datetime(moment) => Json::String(moment.to_string()),
        DeValue::Array(items) => Json::Array(items.iter().map(|item| json(item.get_ref())).collect()),
        DeValue::Table(fields) => {
            Json::Object(fields.iter().map(|(key, value)| (key.get_ref().to_string(), json(value.get_ref()))).collect())
        }
    }
}

fn number_of(text: &str) -> Json {
    serde_json::from_str(text).unwrap_or_else(|_| Json::String(text.to_owned()))
}
