//! What a customer would see of a message: the picture of it that commands and editors show.
//!
//! In: a message of a plan; a customer and arguments, or samples of them. Out: its [`Part`]s. **Invariant:** nothing is sent; templates run
//! as they do when a message is sent, with the same limits; the same plan, values and moment give the same texts.

pub mod sample;

use crate::calendar::Instant;
use crate::engine::evaluate::Context;
use crate::engine::row::Customer;
use crate::plan::{Message, Plan, Variant};
use crate::template::{Manner, OUTPUT_BYTES_MAX};
use crate::value::{Text, Value};

/// Who she is where nobody says it.
const SOMEBODY: Text = Text::const_new("1042");

/// One part of a message: its subject, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: Text,
    pub text: String,
    /// For a browser; MJML has become HTML.
    pub is_html: bool,
}

/// A customer such as the house might have. What she has by default stays; who speaks no language by default gets what everybody gets.
pub fn sample_customer(plan: &Plan, now: Instant) -> Customer {
    let mut row = Customer { uid: SOMEBODY, clock: now, ..Customer::default() };
    row.attributes = plan.schema.customer.iter().map(|field| sample::field(field, now)).collect();
    if let Some(field) = plan.schema.language
        && plan.schema.customer[field.index()].default.is_missing()
    {
        row.attributes[field.index()] = Value::Missing;
    }
    row
}

/// Sample values of a message's parameters, by position.
pub fn sample_params(message: &Message, now: Instant) -> Vec<Value> {
    message.params.iter().map(|(name, ty)| sample::value(name, ty, now, 0)).collect()
}

/// The customer's language.
pub fn spoken_by(plan: &Plan, row: &Customer) -> Option<Text> {
    match row.attributes.get(plan.schema.language?.index()) {
        Some(Value::Text(language)) => Some(language.clone()),
        _ => None,
    }
}

/// Why the message would be kept back from her, each reason that holds.
pub fn kept_back<'p>(plan: &Plan, message: &'p Message, row: &Customer, params: &[Value], now: Instant) -> Vec<&'p str> {
    let context = context(plan, row, params, now);
    message.skip_when.iter().filter(|(condition, _)| context.truth(condition)).map(|(_, reason)| reason.as_str()).collect()
}

/// The parts of one content, as they would be sent.
///
/// # Errors
/// Where a template stops, or MJML is none: the name of the part, and why.
pub fn parts(plan: &Plan, variant: &Variant, row: &Customer, params: &[Value], now: Instant) -> Result<Vec<Part>, (Text, String)> {
    let context = context(plan, row, params, now);
    let language = variant.language.clone().or_else(|| spoken_by(plan, row)).unwrap_or_default();
    let mut parts = Vec::new();
    for (name, template) in &variant.parts {
        let manner = Manner {
            language: &language,
            zone: context.zone,
            one_line: crate::engine::is_one_line(name),
            markup: crate::engine::is_markup(name),
            bytes_max: OUTPUT_BYTES_MAX,
        };
        let is_html = manner.markup;
        let rendered = template.render(&mut |expr| context.shown(expr), manner).map_err(|why| (name.clone(), why.to_string()))?;
        let text = if name == "mjml" { html_of(&rendered).map_err(|why| (name.clone(), why))? } else { rendered };
        parts.push(Part { name: name.clone(), text, is_html });
    }
    Ok(parts)
}

fn context<'a>(plan: &'a Plan, row: &'a Customer, params: &'a [Value], now: Instant) -> Context<'a> {
    let mut context = Context::new(plan, row, now, crate::engine::zone_of(plan, row));
    context.params = params;
    context
}

/// MJML as the HTML that mail programs show.
fn html_of(mjml: &str) -> Result<String, String> {
    if crate::template::nesting::too_deep(mjml).is_some() {
        return Err(format!("this MJML has more than {} tags inside each other", crate::template::nesting::DEPTH_MAX));
    }
    let root = mrml::parse(mjml).map_err(|error| format!("this is no MJML: {error}"))?;
    root.element.render(&mrml::prelude::render::RenderOptions::default()).map_err(|error| format!("this MJML cannot be shown: {error}"))
}
