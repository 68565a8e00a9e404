//! What a customer would see of a message, and how a journey looks: what commands, editors and pages show of a project.
//!
//! In: a message of a plan; a customer and arguments, or samples of them. Out: its [`Part`]s, or all its contents ([`contents`]); the picture
//! of a journey as SVG; what stands at a place of a file ([`subject_at`]). **Invariant:** nothing is sent; templates run as they do when a
//! message is sent, with the same limits; the same plan, values and moment give the same texts. Reads no clock and no file.

pub mod sample;
mod subject;

pub use subject::{Subject, subject_at};

use crate::calendar::Instant;
use crate::engine::evaluate::Context;
use crate::engine::row::Customer;
use crate::plan::{Message, Plan, Variant};
use crate::template::{Manner, OUTPUT_BYTES_MAX};
use crate::value::{Text, Value};

/// Largest picture of a journey that is made, bytes: a page or an editor must not choke on it.
pub const PICTURE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// One part of a message: its subject, its text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    pub name: Text,
    pub text: String,
    /// For a browser; MJML has become HTML.
    pub is_html: bool,
}

/// One content of a message: for one channel, in one language.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Content {
    pub channel: Text,
    /// `None`: for everybody who has no content of her own language.
    pub language: Option<Text>,
    pub kept_back: Vec<String>,
    /// Or the name of the part that cannot be shown, and why.
    pub parts: Result<Vec<Part>, (Text, String)>,
}

/// A customer such as the house might have. What she has by default stays; who speaks no language by default gets what everybody gets.
pub fn sample_customer(plan: &Plan, now: Instant) -> Customer {
    sample::customer(plan, sample::Who::Known, None, now)
}

/// Sample values of a message's parameters, by position.
pub fn sample_params(message: &Message, now: Instant) -> Vec<Value> {
    sample::params(message, now)
}

/// Every content of a message, each for a sample customer who speaks its language.
pub fn contents(plan: &Plan, message: &Message, who: sample::Who, now: Instant) -> Vec<Content> {
    let params = sample::params(message, now);
    let content = |variant: &Variant| {
        let row = sample::customer(plan, who, variant.language.as_ref(), now);
        let channel = plan.schema.channels.get(variant.channel.index());
        Content {
            channel: channel.map(|channel| channel.name.clone()).unwrap_or_default(),
            language: variant.language.clone(),
            kept_back: kept_back(plan, message, &row, &params, now).into_iter().map(str::to_owned).collect(),
            parts: parts(plan, variant, &row, &params, now),
        }
    };
    message.variants.iter().map(content).collect()
}

/// The picture of a journey as SVG; `None` where there is none of this name, or where it would be larger than [`PICTURE_BYTES_MAX`].
pub fn picture(plan: &Plan, journey: &str) -> Option<String> {
    plan.journey(journey)?;
    Some(crate::plan::picture::svg(plan, Some(journey))).filter(|svg| svg.len() <= PICTURE_BYTES_MAX)
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
    let items = sample::Items::of(plan, now);
    let context = context(plan, row, params, &items, now);
    message.skip_when.iter().filter(|(condition, _)| context.truth(condition)).map(|(_, reason)| reason.as_str()).collect()
}

/// The parts of one content, as they would be sent.
///
/// # Errors
/// Where a template stops, or MJML is none: the name of the part, and why.
pub fn parts(plan: &Plan, variant: &Variant, row: &Customer, params: &[Value], now: Instant) -> Result<Vec<Part>, (Text, String)> {
    let items = sample::Items::of(plan, now);
    let context = context(plan, row, params, &items, now);
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

fn context<'a>(plan: &'a Plan, row: &'a Customer, params: &'a [Value], items: &'a sample::Items, now: Instant) -> Context<'a> {
    let mut context = Context::new(plan, row, now, crate::engine::zone_of(plan, row)).reading(items);
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::Project;
    use crate::source::FileId;

    const SHOP: &str = r#"
customer {
  first_name text?
  email email?
  language language?
}
catalog product by sku {
  name text
  price money THB
}
event bought { sku text }
topic news "News" opt in
message hello(item product) about news {
  email {
    subject "สวัสดี {{ customer.first_name | default: 'คุณลูกค้า' }}"
    html "<b>{{ item.name }}</b> {{ item.price | money }}"
  }
  email in "en" {
    subject "Hello {{ customer.first_name | default: 'friend' }}"
    html "<b>{{ item.name }}</b>"
  }
  skip when customer.first_name is missing "nobody to greet"
}
journey greet "Greet" {
  enter on bought
  enter again always
  only while subscribed to news
  let item be product(entry.sku) or exit if missing
  send hello(item: item) by email
}
"#;

    fn plan() -> Plan {
        let (compiled, found) = crate::check_project(Project::from_texts([("shop.journey", SHOP)]));
        compiled.plan.unwrap_or_else(|| panic!("{found:?}"))
    }

    fn subjects(who: sample::Who) -> Vec<String> {
        let plan = plan();
        let shown = contents(&plan, &plan.messages[0], who, Instant(0));
        shown.into_iter().map(|shown| shown.parts.unwrap()[0].text.clone()).collect()
    }

    #[test]
    fn every_content_is_shown_to_somebody_who_speaks_its_language() {
        assert_eq!(subjects(sample::Who::Known), ["สวัสดี Nok", "Hello Nok"]);
        assert_eq!(subjects(sample::Who::Sparse), ["สวัสดี คุณลูกค้า", "Hello friend"]);
    }

    #[test]
    fn items_of_catalogs_are_samples_and_a_message_that_refuses_itself_says_why() {
        let plan = plan();
        let shown = contents(&plan, &plan.messages[0], sample::Who::Sparse, Instant(0)).into_iter().next().unwrap();
        assert_eq!(shown.kept_back, ["nobody to greet"]);
        let parts = shown.parts.unwrap();
        assert_eq!(parts[1].text, "<b>name</b> ฿1,290");
        assert!(parts[1].is_html && !parts[0].is_html);
    }

    #[test]
    fn a_place_shows_the_journey_or_message_that_holds_it() {
        let tree = crate::syntax::parse(FileId(0), SHOP);
        let file = crate::ast::lower(FileId(0), &tree, SHOP);
        let at = |text: &str| subject_at(&file, SHOP.find(text).unwrap() as u32);
        assert_eq!(at("item.price"), Some(Subject::Message("hello".into())));
        assert_eq!(at("let item"), Some(Subject::Journey("greet".into())));
        assert_eq!(at("catalog product"), None);
        let svg = picture(&plan(), "greet").unwrap();
        assert!(svg.starts_with("<svg") && svg.contains("Greet"), "{svg}");
        assert_eq!(picture(&plan(), "nobody"), None);
    }
}
