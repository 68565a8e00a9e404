//! Filters of templates with tags, each with its types.
//!
//! In: a value and its filters. Out: the type of what comes out, and the filters that types add: an amount is written as money and a date
//! in the message's language. **Invariant:** every filter of the reference is here; one that does not fit is reported once.

use super::rich::Walk;
use super::{FilterArgument, FilterDoesNotFit, UnknownFilter};
use crate::check::expr::a;
use crate::check::names;
use crate::diagnostic::Fix;
use crate::source::Place;
use crate::template::data;
use crate::template::filter::{self, Filter};
use crate::template::program::{Call, Expr};
use crate::template::tree::{FilterCall, Piped, Term, TermKind};
use crate::value::{Currency, Type, show};
use std::sync::Arc;

/// How a moment is shown that no filter has written.
const MOMENT: &str = "%F %R";

impl Walk<'_, '_, '_, '_> {
    /// `{{ … }}`: something that is there and can stand in a text.
    pub(super) fn shown(&mut self, piped: &Piped) {
        let ty = self.piped(piped, true);
        if ty == Type::Error {
            return;
        }
        if ty.is_optional() {
            self.needs_a_default(&ty, &piped.value.at, &piped.at);
        } else {
            self.can_be_shown(&ty, &piped.value.at);
        }
    }

    /// The type of a value behind its filters. `shown`: amounts and dates become texts at the end.
    pub(super) fn piped(&mut self, piped: &Piped, shown: bool) -> Type {
        let mut ty = self.term(&piped.value);
        let mut besides = Vec::new();
        for (at, call) in piped.filters.iter().enumerate() {
            // A text in place of an amount or a date that is missing: the others are written before.
            if call.name.text == "default" && shown && matches!(call.args.first().map(|arg| &arg.kind), Some(TermKind::Text(_))) {
                besides.extend(writes(&ty).map(|call| (at, call)));
            }
            let place = self.place(&call.name.at);
            ty = self.filter(call, ty, place);
        }
        if shown {
            besides.extend(writes(&ty).map(|call| (piped.filters.len(), call)));
        }
        if !besides.is_empty() {
            self.typed.besides.insert((self.partial.clone(), piped.at.start, piped.at.end), besides);
        }
        ty
    }

    fn filter(&mut self, call: &FilterCall, ty: Type, place: Place) -> Type {
        let name = call.name.text.as_str();
        self.typer.offer_filters(place);
        self.typer.note_filter(name, place);
        let args: Vec<Type> = call.args.iter().map(|arg| self.term(arg)).collect();
        if name == "money" {
            return self.money(call, ty, place);
        }
        let Some((fewest, most, _)) = filter::signature(name).filter(|_| !matches!(name, "h")) else {
            self.no_filter(name, place);
            return Type::Error;
        };
        let (fewest, most) = if name == "date" {
            (0, 1)
        } else if name == "default" {
            (1, 1)
        } else {
            (fewest, most)
        };
        if call.args.len() < fewest || call.args.len() > most || (!call.named.is_empty() && name != "default") {
            self.argument(name, place, &format!("write for example `{}`", example(name)));
            return Type::Error;
        }
        if name == "default" {
            return self.default(call, &ty, &args);
        }
        for (arg, ty) in call.args.iter().zip(&args) {
            self.must_be_there(arg, ty);
        }
        if *ty.required() == Type::Error {
            return Type::Error;
        }
        let optional = ty.is_optional();
        let result = match name {
            "date" => self.date(call, ty.required(), place),
            _ => self.typed_filter(call, name, ty.required(), &args, place),
        };
        // What is missing passes; the size of what is missing is 0.
        if optional && !matches!(name, "size" | "join" | "has") { result.optional() } else { result }
    }

    fn typed_filter(&mut self, call: &FilterCall, name: &str, ty: &Type, args: &[Type], place: Place) -> Type {
        let arg = args.first();
        let texts =
            |args: &[Type]| args.iter().all(|arg| arg.required().is_textual() || matches!(arg.required(), Type::Number | Type::Error));
        let numbers = |args: &[Type]| args.iter().all(|arg| matches!(arg.required(), Type::Number | Type::Error));
        match name {
            "append" | "prepend" if (ty.is_textual() || *ty == Type::Number) && texts(args) => Type::Text,
            "capitalize"
            | "downcase"
            | "upcase"
            | "strip"
            | "lstrip"
            | "rstrip"
            | "strip_html"
            | "strip_newlines"
            | "squish"
            | "newline_to_br"
            | "escape"
            | "escape_once"
            | "url_decode"
            | "base64_encode"
            | "base64_decode"
            | "base64_url_safe_encode"
            | "base64_url_safe_decode"
                if ty.is_textual() =>
            {
                Type::Text
            }
            "url_encode" if ty.is_textual() || *ty == Type::Number => Type::Text,
            "replace" | "replace_first" | "replace_last" | "remove" | "remove_first" | "remove_last" if ty.is_textual() && texts(args) => {
                Type::Text
            }
            "truncate" | "truncatewords" if ty.is_textual() && numbers(&args[..args.len().min(1)]) => Type::Text,
            "slice" if ty.is_textual() && numbers(args) => Type::Text,
            "split" if ty.is_textual() && texts(args) => Type::List(Arc::new(Type::Text)),
            "size" if ty.is_textual() || matches!(ty, Type::List(_)) => Type::Number,
            "first" | "last" if ty.is_textual() => Type::Text,
            "plus" | "minus" | "at_least" | "at_most" => self.sum(name, ty, arg, place),
            "times" | "divided_by" if numbers(args) && is_amount(ty) => ty.clone(),
            "times" if *ty == Type::Number && arg.is_some_and(|arg| is_amount(arg.required())) => {
                arg.map_or(Type::Error, |arg| arg.required().clone())
            }
            "modulo" if *ty == Type::Number && numbers(args) => Type::Number,
            "abs" | "ceil" | "floor" | "round" if is_amount(ty) && numbers(args) => ty.clone(),
            _ => match ty {
                Type::List(item) => self.list_filter(call, name, &item.clone(), args, place),
                _ => self.does_not_fit(name, ty, place),
            },
        }
    }

    fn sum(&mut self, name: &str, ty: &Type, arg: Option<&Type>, place: Place) -> Type {
        match (ty, arg.map(Type::required)) {
            (_, None | Some(Type::Error)) => Type::Error,
            (Type::Number, Some(other @ (Type::Number | Type::Money(_)))) => other.clone(),
            (Type::Money(_), Some(Type::Number)) => ty.clone(),
            (Type::Money(own), Some(Type::Money(other))) if own == other => ty.clone(),
            (Type::Money(own), Some(Type::Money(other))) => {
                let help = format!("one amount is in {}, the other in {}, and nothing is converted", own.code(), other.code());
                self.argument(name, place, &help);
                Type::Error
            }
            (ty, _) if is_amount(ty) => {
                self.argument(name, place, &format!("write a number: `{}`", example(name)));
                Type::Error
            }
            _ => self.does_not_fit(name, ty, place),
        }
    }

    fn list_filter(&mut self, call: &FilterCall, name: &str, item: &Type, args: &[Type], place: Place) -> Type {
        let list = || Type::List(Arc::new(item.clone()));
        let can_be_shown = !matches!(item.required(), Type::List(_) | Type::Record(_) | Type::Event(_));
        match name {
            "join" if can_be_shown => Type::Text,
            "first" | "last" => item.clone().optional(),
            "reverse" => list(),
            "slice" if args.iter().all(|arg| matches!(arg.required(), Type::Number | Type::Error)) => list(),
            "concat" => match args.first().map(Type::required) {
                Some(Type::List(other)) if **other == *item => list(),
                Some(Type::Error) => list(),
                _ => {
                    self.argument(name, place, "it takes a list of the same kind: `| concat: others`");
                    list()
                }
            },
            "sort" | "sort_natural" | "uniq" | "compact" => {
                if let Some(property) = call.args.first() {
                    self.property(item, property);
                } else if matches!(item.required(), Type::Record(_)) && name.starts_with("sort") {
                    self.argument(name, place, "say by what: `| sort: 'price'`");
                }
                list()
            }
            "map" => {
                let ty = call.args.first().map_or(Type::Error, |property| self.property(item, property));
                if ty == Type::Error { Type::Error } else { Type::List(Arc::new(ty)) }
            }
            "where" | "reject" | "find" | "find_index" | "has" => {
                if let Some(property) = call.args.first() {
                    self.property(item, property);
                }
                match name {
                    "where" | "reject" => list(),
                    "find" => item.clone().optional(),
                    "find_index" => Type::Number.optional(),
                    _ => Type::Boolean,
                }
            }
            "sum" => {
                let ty = match call.args.first() {
                    Some(property) => self.property(item, property),
                    None => item.clone(),
                };
                match ty.required() {
                    ty if is_amount(ty) || *ty == Type::Error => ty.clone(),
                    _ => self.does_not_fit(name, &list(), place),
                }
            }
            _ => self.does_not_fit(name, &list(), place),
        }
    }

    /// The type of a property that a filter names in quotes.
    fn property(&mut self, item: &Type, property: &Term) -> Type {
        let TermKind::Text(name) = &property.kind else {
            let place = self.place(&property.at);
            self.argument("map", place, "name the part in quotes: `'price'`");
            return Type::Error;
        };
        let at = property.at.start + 1..property.at.end - 1;
        match item.required() {
            Type::Record(fields) => match fields.iter().find(|(field, _)| field == name) {
                Some((_, ty)) => ty.clone(),
                None => self.no_part(item.required(), name, &at),
            },
            Type::Error => Type::Error,
            other => self.no_part(&other.clone(), name, &at),
        }
    }

    fn default(&mut self, call: &FilterCall, ty: &Type, args: &[Type]) -> Type {
        let arg = args.first().cloned().unwrap_or(Type::Error);
        if let Some(term) = call.args.first() {
            self.must_be_there(term, &arg);
        }
        let is = ty.required();
        match (is, arg.required()) {
            (Type::Error, _) | (_, Type::Error) => Type::Error,
            (Type::List(_) | Type::Record(_), arg) if arg == is => is.clone(),
            // Shown as a text either way.
            (_, arg) if arg.is_textual() => Type::Text,
            (Type::Number | Type::Money(_), Type::Number) => is.clone(),
            (is, arg) if is == arg => is.clone(),
            _ => {
                let place = call.args.first().map_or_else(|| self.place(&call.name.at), |arg| self.place(&arg.at));
                self.argument("default", place, "write it in quotes: `| default: 'there'`");
                Type::Error
            }
        }
    }

    fn date(&mut self, call: &FilterCall, ty: &Type, place: Place) -> Type {
        if !matches!(ty, Type::Date | Type::DateTime) {
            let help = "it writes dates and moments; take it out".to_owned();
            self.typer.found.push(FilterDoesNotFit { place, name: "date", is: a(ty), help });
            return Type::Error;
        }
        if let Some(arg) = call.args.first() {
            let at = self.place(&arg.at);
            let TermKind::Text(pattern) = &arg.kind else {
                self.argument("date", at, "write a pattern in quotes: `| date: '%d/%m/%Y'`");
                return Type::Text;
            };
            if let Err(part) = show::check_pattern(pattern) {
                self.argument("date", at, &format!("`{part}` is no part of a date; write for example `| date: '%d/%m/%Y'`"));
                return Type::Text;
            }
        }
        self.typed.filters.insert((self.partial.clone(), call.name.at.start), Filter::LocalDate);
        Type::Text
    }

    fn money(&mut self, call: &FilterCall, ty: Type, place: Place) -> Type {
        let said = match call.args.first().map(|arg| &arg.kind) {
            None => None,
            Some(TermKind::Text(code)) if Currency::parse(code).is_some() => Currency::parse(code),
            Some(_) => {
                self.argument("money", place, "write a currency in three capital letters: `| money: 'THB'`");
                return Type::Error;
            }
        };
        let currency = match (ty.required(), said) {
            (Type::Error, _) => return Type::Error,
            (Type::Money(own), None) => *own,
            (Type::Money(own), Some(said)) if *own == said => said,
            (Type::Number, Some(said)) => said,
            (Type::Money(own), Some(_)) => {
                self.argument("money", place, &format!("the amount is in {}, and nothing is converted; write `| money`", own.code()));
                return Type::Error;
            }
            (other, _) => {
                let help = match other {
                    Type::Number => "say the currency of the number: `| money: 'THB'`, or declare it as `money THB`",
                    Type::Text => "it writes amounts; put `money` before `default`, or take it out",
                    _ => "it writes amounts; take it out",
                };
                self.typer.found.push(FilterDoesNotFit { place, name: "money", is: a(other), help: help.to_owned() });
                return Type::Error;
            }
        };
        self.typed.filters.insert((self.partial.clone(), call.name.at.start), Filter::Money(currency));
        if ty.is_optional() { Type::Text.optional() } else { Type::Text }
    }

    fn no_filter(&mut self, name: &str, place: Place) {
        let all = filter::NAMES.iter().copied().filter(|name| *name != "h").chain(["money"]);
        let none = "often used are `default`, `money`, `date`, `upcase`, `append`, `join` and `size`; docs/templates.md has them all";
        let (help, near) = names::choose_from(name, all, none);
        let fix: Vec<Fix> = names::changes(&near, place);
        self.typer.found.push(UnknownFilter { place, name: name.to_owned(), help, fix });
    }

    fn argument(&mut self, name: &str, place: Place, help: &str) {
        self.typer.found.push(FilterArgument { place, name: known(name), help: help.to_owned() });
    }

    fn does_not_fit(&mut self, name: &str, ty: &Type, place: Place) -> Type {
        let help = match name {
            "plus" | "minus" | "times" | "divided_by" | "modulo" | "round" | "abs" | "ceil" | "floor" | "at_least" | "at_most" => {
                "it counts; it takes numbers and amounts"
            }
            "join" | "map" | "where" | "reject" | "find" | "find_index" | "has" | "sum" | "sort" | "sort_natural" | "uniq" | "compact"
            | "concat" | "reverse" => "it works on lists",
            _ if matches!(ty, Type::Money(_)) => "it works on texts; write the amount as a text first: `| money`",
            _ if matches!(ty, Type::Date | Type::DateTime) => "it works on texts; write the date as a text first: `| date: '%d/%m/%Y'`",
            _ => "it works on texts; take it out",
        };
        self.typer.found.push(FilterDoesNotFit { place, name: known(name), is: a(ty), help: help.to_owned() });
        Type::Error
    }
}

fn is_amount(ty: &Type) -> bool {
    matches!(ty, Type::Number | Type::Money(_))
}

/// The filter that writes an amount or a date as messages show them.
fn writes(ty: &Type) -> Option<Call> {
    let pattern = |text: &str| vec![Expr::Const(data::Value::text(text))];
    let (filter, args) = match ty.required() {
        Type::Money(currency) => (Filter::Money(*currency), Vec::new()),
        Type::Date => (Filter::LocalDate, Vec::new()),
        Type::DateTime => (Filter::LocalDate, pattern(MOMENT)),
        _ => return None,
    };
    Some(Call { filter, args, named: Vec::new() })
}

fn known(name: &str) -> &'static str {
    filter::NAMES.iter().find(|known| **known == name).copied().unwrap_or(if name == "money" { "money" } else { "default" })
}

/// How a filter is written.
fn example(name: &str) -> String {
    match name {
        "append" => "| append: '!'",
        "prepend" => "| prepend: 'No. '",
        "replace" | "replace_first" | "replace_last" => "| replace: 'old', 'new'",
        "remove" | "remove_first" | "remove_last" => "| remove: '-'",
        "slice" => "| slice: 0, 3",
        "split" => "| split: ','",
        "truncate" => "| truncate: 20",
        "truncatewords" => "| truncatewords: 5",
        "join" => "| join: ', '",
        "map" => "| map: 'name'",
        "where" | "reject" | "find" | "find_index" | "has" => "| where: 'in_stock', true",
        "plus" => "| plus: 1",
        "minus" => "| minus: 1",
        "times" => "| times: 2",
        "divided_by" => "| divided_by: 2",
        "modulo" => "| modulo: 2",
        "at_least" => "| at_least: 1",
        "at_most" => "| at_most: 10",
        "default" => "| default: 'there'",
        "date" => "| date: '%d/%m/%Y'",
        "concat" => "| concat: others",
        name => return format!("| {name}"),
    }
    .to_owned()
}
