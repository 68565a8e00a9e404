//! Templates: every `{{ … }}` of a message with its type.
//!
//! In: text literals with templates in them, in the scope of a message. Out: compiled [`Template`]s. **Invariant:** a finding stands at its
//! exact place in the file, also behind escapes and in long texts; a value that may be missing has a `default`; every filter fits.

mod pipe;
mod rich;
mod value;
mod wrong;

pub(crate) use rich::ContentBlock;

use super::expr::{Typer, a};
use super::names::{self, choose_from};
use super::problem::problems;
use crate::ast::{self, TextLit};
use crate::diagnostic::{Code, Fix};
use crate::source::{Place, Span};
use crate::template::parse::{self, Arg, At, Wrong};
use crate::template::{Filter, Piece, Show, Template, filter};
use crate::value::{Currency, Text, Type, Value, show};

problems! {
    /// `{{ customer.first_name }}` where it may be missing.
    NeedsDefault { text: String, example: String, fix: Vec<Fix> } = Code::new("E0450", "needs-default");
        "`{text}` may be missing", "what should stand here without it?", "add a default: `{example}`";

    /// `{{ total | mony }}`
    UnknownFilter { name: String, help: String, fix: Vec<Fix> } = Code::new("E0451", "unknown-filter");
        "there is no filter `{name}`", "not a filter", "{help}";

    /// `{{ customer.plan | money }}`
    FilterDoesNotFit { name: &'static str, is: String, help: String } = Code::new("E0452", "filter-does-not-fit");
        "`{name}` cannot be applied to this", "the value is {is}", "{help}";

    /// `{{ total | default }}`
    FilterArgument { name: &'static str, help: String } = Code::new("E0453", "filter-argument");
        "what stands behind `{name}` does not fit", "a filter takes what it is made for", "{help}";

    /// `{{ customer.interests }}`
    CannotBeShown { is: String } = Code::new("E0454", "cannot-be-shown");
        "this cannot stand in a text", "it is {is}", "name a single value of it";

    /// `{{ total`
    BracesOpen { fix: Option<Fix> } = Code::new("E0455", "braces-open");
        "this `{{{{` has no `}}}}`", "a value in a text ends with two braces, on the same line", "write for example `{{{{ customer.first_name }}}}`";

    /// `{{ }}`
    BracesEmpty { fix: Option<Fix> } = Code::new("E0456", "braces-empty");
        "it is not said what should stand here", "these braces are empty", "write for example `{{{{ customer.first_name }}}}`, or take them out";

    /// `{{ total + 1 }}`
    BracesOddly { text: String } = Code::new("E0457", "not-a-template-value");
        "`{text}` cannot stand here", "a value, and then filters behind `|`", "write for example `{{{{ total | money }}}}`; what is to be calculated goes into a parameter of the message";

    /// `%%FirstName%%`
    ForeignTemplate { product: &'static str, help: String, fix: Option<Fix> } = Code::new("E0458", "template-of-another-product");
        "this is a template of {product}", "here it would be sent as it stands", "{help}";
}

/// What simple texts use; a text with more is a program.
const FILTERS: [&str; 5] = ["default", "money", "date", "upcase", "downcase"];

/// A value between two filters.
struct Shown {
    ty: Type,
    optional: bool,
}

/// A value that is known already, as the whole text.
pub(super) fn of_constant(value: &crate::value::Value, ty: &Type) -> Template {
    vec![Piece::Value { value: crate::condition::Expr::Const(value.clone()), filters: Vec::new(), show: shown_as(ty) }].into()
}

impl Typer<'_, '_, '_> {
    /// Compiles the template in a text; what is wrong in it is reported at its place in the file.
    pub(crate) fn template(&mut self, text: &TextLit) -> Template {
        let (pieces, wrong) = parse::parse(&text.text);
        if needs_program(&pieces, &wrong) {
            return self.rich_template(text, wrong);
        }
        for wrong in wrong {
            self.wrong_template(text, wrong);
        }
        let pieces = pieces
            .into_iter()
            .filter_map(|piece| match piece {
                parse::Piece::Text(at) => Some(Piece::Text(text.text[at].to_owned())),
                parse::Piece::Value(value) => self.template_value(text, &value),
            })
            .collect::<Vec<_>>();
        pieces.into()
    }

    /// One value as a template of its own: `due entry.date`.
    pub(crate) fn value_as_template(&mut self, written: &ast::Expr) -> Option<Template> {
        let (value, ty) = self.infer(written);
        if ty == Type::Error {
            return None;
        }
        if ty.is_optional() {
            let text = self.text(written.place);
            let example = format!("{{{{ {text} | default: \"…\" }}}}");
            self.found.push(NeedsDefault { place: written.place, text, example, fix: Vec::new() });
            return None;
        }
        self.can_be_shown(written.place, &ty).then(|| vec![Piece::Value { value, filters: Vec::new(), show: shown_as(&ty) }].into())
    }

    fn template_value(&mut self, text: &TextLit, value: &parse::Value) -> Option<Piece> {
        let parts: Vec<ast::Name> = value
            .path
            .iter()
            .map(|name| ast::Name {
                text: Text::new(&name.text),
                place: place(text, &name.at),
                quoted: text.text[name.at.clone()].starts_with('`'),
            })
            .collect();
        let path_place = parts.first()?.place.to(parts.last()?.place);
        let (expr, ty) = match self.path(&ast::PathRef { parts, place: path_place }) {
            Some(found) => found,
            // The filters are checked all the same.
            None => (crate::condition::Expr::Const(Value::Missing), Type::Error),
        };
        let money = shown_as(&ty);
        let mut shown = Shown { ty: ty.required().clone(), optional: ty.is_optional() };
        let mut filters = Vec::with_capacity(value.filters.len());
        let mut whole = true;
        for filter in &value.filters {
            match self.filter(text, filter, &mut shown) {
                Some(filter) => filters.push(filter),
                None => whole = false,
            }
        }
        if !whole || ty == Type::Error {
            return None;
        }
        if shown.optional {
            self.needs_default(text, value, &shown.ty, path_place);
            return None;
        }
        self.can_be_shown(path_place, &shown.ty).then_some(Piece::Value { value: expr, filters, show: money })
    }

    fn needs_default(&mut self, text: &TextLit, value: &parse::Value, ty: &Type, at: Place) {
        let (Some(first), Some(last)) = (value.path.first(), value.path.last()) else { return };
        let written = text.text[first.at.start..last.at.end].to_owned();
        let default = match ty {
            Type::Number => "0".to_owned(),
            _ => "'…'".to_owned(),
        };
        let end = value.filters.last().map_or(last.at.end, |filter| filter.args.last().map_or(filter.name.at.end, |(_, at)| at.end));
        let example = format!("{{{{ {} | default: {default} }}}}", &text.text[first.at.start..end]);
        let fix = Fix::replace(format!("add `| default: {default}`"), place(text, &(end..end)), format!(" | default: {default}"));
        self.found.push(NeedsDefault { place: at, text: written, example, fix: vec![fix] });
    }

    fn can_be_shown(&mut self, place: Place, ty: &Type) -> bool {
        let can = !matches!(ty.required(), Type::List(_) | Type::Record(_) | Type::Event(_) | Type::Catalog(_) | Type::Customer);
        if !can {
            self.found.push(CannotBeShown { place, is: a(ty) });
        }
        can
    }

    fn filter(&mut self, text: &TextLit, filter: &parse::Filter, value: &mut Shown) -> Option<Filter> {
        let name_place = place(text, &filter.name.at);
        self.offer_filters(name_place);
        self.note_filter(&filter.name.text, name_place);
        let known = FILTERS.iter().find(|known| **known == filter.name.text).copied();
        let Some(name) = known else {
            self.unknown_filter(&filter.name.text, name_place);
            value.ty = Type::Error;
            value.optional = false;
            return None;
        };
        let args_place = match (filter.args.first(), filter.args.last()) {
            (Some((_, first)), Some((_, last))) => place(text, &(first.start..last.end)),
            _ => name_place,
        };
        let argument = |help: &str| FilterArgument { place: args_place, name, help: help.to_owned() };
        match name {
            "default" => {
                let [(arg, _)] = filter.args.as_slice() else {
                    self.found.push(argument("say what should stand there instead: `| default: 'there'`"));
                    value.optional = false;
                    return None;
                };
                value.optional = false;
                match arg {
                    Arg::Text(text) => {
                        value.ty = if value.ty == Type::Error { Type::Error } else { Type::Text };
                        Some(Filter::Default(Value::text(text)))
                    }
                    Arg::Number(number) if matches!(value.ty, Type::Number | Type::Money(_) | Type::Error) => {
                        Some(Filter::Default(Value::Number(*number)))
                    }
                    Arg::Number(_) | Arg::Other => {
                        self.found.push(argument("write it in quotes: `| default: 'there'`"));
                        None
                    }
                }
            }
            "money" => self.money_filter(filter, value, name_place, args_place),
            "date" => {
                if !matches!(value.ty, Type::Date | Type::DateTime | Type::Error) {
                    let help = "it writes dates and moments; take it out".to_owned();
                    self.found.push(FilterDoesNotFit { place: name_place, name, is: a(&value.ty), help });
                    return None;
                }
                let pattern = match filter.args.as_slice() {
                    [] => None,
                    [(Arg::Text(pattern), _)] => Some(pattern.as_str()),
                    _ => {
                        self.found.push(argument("write a pattern in quotes: `| date: '%d/%m/%Y'`"));
                        return None;
                    }
                };
                if let Some(pattern) = pattern
                    && let Err(part) = show::check_pattern(pattern)
                {
                    self.found.push(argument(&format!("`{part}` is no part of a date; write for example `| date: '%d/%m/%Y'`")));
                    return None;
                }
                value.ty = Type::Text;
                Some(Filter::Date(pattern.map(Text::new)))
            }
            _ => {
                if !filter.args.is_empty() {
                    self.found.push(argument("take it out: this filter stands alone"));
                    return None;
                }
                if !value.ty.is_textual() && value.ty != Type::Error {
                    let help = "it changes the letters of a text; take it out".to_owned();
                    self.found.push(FilterDoesNotFit { place: name_place, name, is: a(&value.ty), help });
                    return None;
                }
                value.ty = Type::Text;
                Some(if name == "upcase" { Filter::Upcase } else { Filter::Downcase })
            }
        }
    }

    fn money_filter(&mut self, filter: &parse::Filter, value: &mut Shown, at: Place, args_place: Place) -> Option<Filter> {
        let said = match filter.args.as_slice() {
            [] => None,
            [(Arg::Text(code), _)] if Currency::parse(code).is_some() => Currency::parse(code),
            _ => {
                let help = "write a currency in three capital letters: `| money: 'THB'`".to_owned();
                self.found.push(FilterArgument { place: args_place, name: "money", help });
                return None;
            }
        };
        let currency = match (&value.ty, said) {
            (Type::Money(own), None) => *own,
            (Type::Money(own), Some(said)) if *own == said => said,
            (Type::Number, Some(said)) => said,
            (Type::Error, _) => {
                value.ty = Type::Text;
                return None;
            }
            (Type::Money(own), Some(_)) => {
                let help = format!("the amount is in {}, and nothing is converted; write `| money`", own.code());
                self.found.push(FilterArgument { place: args_place, name: "money", help });
                return None;
            }
            (Type::Number, None) => {
                let help = "say the currency of the number: `| money: 'THB'`, or declare it as `money THB`".to_owned();
                self.found.push(FilterDoesNotFit { place: at, name: "money", is: a(&value.ty), help });
                return None;
            }
            (Type::Text, _) => {
                let help = "it writes amounts; put `money` before `default`, or take it out".to_owned();
                self.found.push(FilterDoesNotFit { place: at, name: "money", is: a(&value.ty), help });
                return None;
            }
            _ => {
                let help = "it writes amounts; take it out".to_owned();
                self.found.push(FilterDoesNotFit { place: at, name: "money", is: a(&value.ty), help });
                return None;
            }
        };
        value.ty = Type::Text;
        Some(Filter::Money(currency))
    }

    fn unknown_filter(&mut self, name: &str, at: Place) {
        let (help, near) = match name {
            "upper" | "uppercase" | "upcase_all" => ("write `upcase`".to_owned(), vec!["upcase".to_owned()]),
            "lower" | "lowercase" => ("write `downcase`".to_owned(), vec!["downcase".to_owned()]),
            "currency" | "number_to_currency" | "money_format" => ("write `money`".to_owned(), vec!["money".to_owned()]),
            "fallback" | "or" | "default_value" => ("write `default: '…'`".to_owned(), vec!["default".to_owned()]),
            _ => {
                let all = filter::NAMES.iter().copied().chain(["money"]);
                choose_from(
                    name,
                    all,
                    "often used are `default`, `money`, `date`, `upcase`, `append`, `join` and `size`; docs/templates.md has them all",
                )
            }
        };
        let fix = names::changes(&near, at);
        self.found.push(UnknownFilter { place: at, name: name.to_owned(), help, fix });
    }

    fn wrong_template(&mut self, text: &TextLit, wrong: Wrong) {
        match wrong {
            Wrong::Open(at) => self.found.push(BracesOpen { place: place(text, &at), fix: None }),
            Wrong::Empty(at) => {
                let at = place(text, &at);
                self.found.push(BracesEmpty { place: at, fix: Some(Fix::replace("take them out", at, "")) });
            }
            // A text with tags went another way.
            Wrong::Tag(..) => {}
            Wrong::Unexpected(at) => {
                let written = text.text[at.clone()].to_owned();
                self.found.push(BracesOddly { place: place(text, &at), text: written });
            }
            Wrong::Foreign { at, product, here } => {
                let at = place(text, &at);
                let (help, fix) = match here {
                    Some(here) => (format!("write `{here}`"), Some(Fix::replace(format!("change to `{here}`"), at, here))),
                    None => ("here it is `{% if customer.first_name %} … {% else %} … {% endif %}`".to_owned(), None),
                };
                self.found.push(ForeignTemplate { place: at, product, help, fix });
            }
        }
    }
}

/// Whether a text is more than values with the common filters. A text of another product is not read any further.
fn needs_program(pieces: &[parse::Piece], wrong: &[Wrong]) -> bool {
    if wrong.iter().any(|wrong| matches!(wrong, Wrong::Foreign { .. })) {
        return false;
    }
    let beyond = |piece: &parse::Piece| match piece {
        parse::Piece::Text(_) => false,
        parse::Piece::Value(value) => {
            // The end of a list, and what is not said of a customer alone.
            let command = value.path.iter().skip(1).any(|part| matches!(part.text.as_str(), "size" | "first" | "last"));
            let literal =
                value.path.len() == 1 && matches!(value.path[0].text.as_str(), "true" | "false" | "nil" | "null" | "empty" | "blank");
            let filter = |filter: &parse::Filter| {
                let name = filter.name.text.as_str();
                (!FILTERS.contains(&name) && filter::NAMES.contains(&name))
                    || (name == "default" && filter.args.iter().any(|(arg, _)| *arg == Arg::Other))
            };
            command || literal || value.filters.iter().any(filter)
        }
    };
    wrong.iter().any(|wrong| matches!(wrong, Wrong::Tag(..) | Wrong::Unexpected(_))) || pieces.iter().any(beyond)
}

fn shown_as(ty: &Type) -> Show {
    match ty.required() {
        Type::Money(currency) => Show::Money(*currency),
        _ => Show::Plain,
    }
}

/// Where a stretch of a text stands in its file.
pub(in crate::check) fn place(text: &TextLit, at: &At) -> Place {
    let offset = |at: usize| {
        let at = at as u32;
        let before = text.map.partition_point(|(inside, _)| *inside <= at);
        match before.checked_sub(1).and_then(|before| text.map.get(before)) {
            Some((inside, file)) => file + (at - inside),
            None => text.content.span.start + at,
        }
    };
    let (start, end) = (offset(at.start), offset(at.end));
    // Behind an escape at its very end the map has already moved on.
    Place { span: Span::new(start, end.max(start)), ..text.content }
}
