//! What a customer did: `has …`, aggregates over events, and the same functions over lists.
//!
//! In: `has` and aggregates as written. Out: [`History`], [`MessageHistory`] and functions over lists. **Invariant:** backward windows are
//! exact (no months); only events have a history; a function fits the type of what it works on. What may not exist (the largest of nothing)
//! may be missing.

use super::expr::{Typer, a, broken};
use super::names::Kind;
use super::problem::problems;
use super::scope::Subject;
use crate::ast::{self, ExprKind, Function, HasCount, Spanned};
use crate::calendar::Span;
use crate::condition::{CountTest, Expr, Happening, History, HistoryFn, ListFn, MessageHistory, Since, What, Window};
use crate::diagnostic::{Code, Fix};
use crate::schema::{EventId, TrackerId};
use crate::source::Place;
use crate::value::{Type, Value};

/// The longest way back: a hundred years.
const BACK_MS_MAX: i64 = 36_525 * crate::calendar::DAY_MS;

problems! {
    /// `in the last 2 months`
    MonthsBack { fix: Vec<Fix> } = Code::new("E0214", "months-back");
        "a time that lies back is counted exactly, and months are not equally long", "a month has 28 to 31 days", "write it in days, for example `30 days`";

    /// `in the last 0 days`
    NoTimeBack {} = Code::new("E0215", "no-time-back");
        "nothing lies in this time", "it is zero, or more than 100 years", "write for example `in the last 30 days`";

    /// `sum of order_completed`
    PropertyNeeded { function: &'static str, event: String, help: String } = Code::new("E0219", "of-which-property");
        "it is not said what of `{event}` is meant", "`{function} of` needs a property", "{help}";

    /// `sum of order_completed.order_id`
    FunctionDoesNotFit { function: &'static str, is: String, help: String } = Code::new("E0218", "function-does-not-fit");
        "there is no {function} of this", "it is {is}", "{help}";

    /// `first of order_completed`, `earliest of entry.skus`
    EventsOrList { function: &'static str, what: &'static str, this: &'static str, fix: Vec<Fix>, help: String } = Code::new("E0235", "events-or-list");
        "`{function} of` is not for {what}", "{this}", "{help}";

    /// `sum of customer.plan`
    NothingToCount { is: String } = Code::new("E0236", "neither-events-nor-list");
        "an event or a list is needed here", "this is {is}", "name an event with its property, for example `sum of order_completed.total`, or a list";

    /// `first of entry.skus in the last 3 days`
    WindowOnList {} = Code::new("E0237", "a-list-has-no-time");
        "a list has no history", "only events happened at some time", "take the time out";

    /// `first of entry.skus where (…)`
    WhereOnList { function: &'static str } = Code::new("E0238", "where-not-here");
        "`{function}` takes no `where` here", "there is nothing to choose from", "take `where …` out, or ask `any of … where (…)`";

    /// `any of entry.skus`
    AnyNeedsWhere { function: &'static str } = Code::new("E0239", "any-of-needs-where");
        "it is not said what `{function} of` should ask of each element", "a condition is needed", "write for example `{function} of entry.skus where (it is \"A1\")`";

    /// `has received reminder where total > 3`
    WhereOnMessage { what: &'static str } = Code::new("E0240", "nothing-to-ask-of-it");
        "{what} has no properties that `where` could ask for", "there is nothing to compare", "take `where …` out, or ask by `and` for something else";
}

impl Typer<'_, '_, '_> {
    pub(super) fn has(&mut self, has: &ast::Has) -> Expr {
        let no = Expr::Const(Value::Boolean(false));
        let what = self.what(&has.target);
        let window = self.window(has.window.as_ref());
        let count = match has.count {
            None => CountTest::AtLeast(1),
            Some(HasCount::No) => CountTest::AtMost(0),
            Some(HasCount::AtLeast(n)) => CountTest::AtLeast(n),
            Some(HasCount::AtMost(n)) => CountTest::AtMost(n),
            Some(HasCount::Exactly(n)) => CountTest::Exactly(n),
        };
        match what {
            Some(What::Happened(of)) => {
                let condition = has.condition.as_ref().map(|condition| {
                    let subject = self.subject_of(What::Happened(of));
                    self.condition_in(subject, condition)
                });
                let Some(window) = window else { return no };
                let function = HistoryFn::Has(count);
                Expr::History(Box::new(History { of, function, window, condition, tracker: TrackerId::default() }))
            }
            Some(What::Message { verb, which, by }) => {
                if let Some(condition) = &has.condition {
                    self.found.push(WhereOnMessage { place: condition.place, what: "what happens to a message" });
                }
                let Some(window) = window else { return no };
                Expr::Messages(Box::new(MessageHistory { verb, which, by, count, window }))
            }
            None => {
                if let Some(condition) = &has.condition {
                    self.condition_in(Subject::Unknown, condition);
                }
                no
            }
        }
    }

    /// The time that a history looks at. `None` where it is reported.
    pub(crate) fn window(&mut self, window: Option<&ast::Window>) -> Option<Window> {
        match window {
            None => Some(Window::Ever),
            Some(ast::Window::InTheLast(length)) => self.back(length).map(|ms| Window::Last { ms }),
            Some(ast::Window::Before { length, path }) => {
                let ms = self.back(length);
                let moment = path.as_ref().and_then(|path| self.moment(path));
                Some(Window::Before { ms: ms?, moment: Box::new(moment?) })
            }
            Some(ast::Window::Since(since)) => self.since(since).map(|since| match since {
                Since::Entry => Window::SinceEntry,
                Since::Moment(moment) => Window::Since(moment),
            }),
        }
    }

    /// A length of time that lies back, in exact milliseconds.
    fn back(&mut self, length: &Spanned<Span>) -> Option<i64> {
        let span = length.value;
        if span.months != 0 {
            let fix = if span.days == 0 && span.ms == 0 {
                let days = if span.months % 12 == 0 { span.months / 12 * 365 } else { span.months * 30 };
                vec![Fix::replace(format!("change to `{days} days`"), length.place, format!("{days} days"))]
            } else {
                Vec::new()
            };
            self.found.push(MonthsBack { place: length.place, fix });
            return None;
        }
        let ms = span.exact_ms();
        if ms <= 0 || ms > BACK_MS_MAX {
            self.found.push(NoTimeBack { place: length.place });
            return None;
        }
        Some(ms)
    }

    // ------------------------------------------------------------ aggregates

    pub(super) fn aggregate(&mut self, written: &ast::Aggregate, place: Place) -> (Expr, Type) {
        let Some(operand) = written.operand.as_deref() else { return broken() };
        if let Some((event, name, property)) = self.event_operand(operand) {
            return self.of_events(written, place, event, name, property);
        }
        let (list, ty) = self.infer(operand);
        match ty.required() {
            Type::List(element) => self.of_list(written, list, &ty, &element.clone()),
            Type::Error => {
                if let Some(condition) = &written.condition {
                    self.condition_in(Subject::Unknown, condition);
                }
                broken()
            }
            other => {
                self.found.push(NothingToCount { place: operand.place, is: a(other) });
                broken()
            }
        }
    }

    /// An event, or an event's property, directly behind `of`. A name that is a value here is none.
    fn event_operand<'x>(&mut self, operand: &'x ast::Expr) -> Option<(EventId, &'x ast::Name, Option<&'x ast::Name>)> {
        let (name, property) = match &operand.kind {
            ExprKind::Name(name) => (name, None),
            ExprKind::Field(inner, property) => match &inner.kind {
                ExprKind::Name(name) => (name, Some(property)),
                _ => return None,
            },
            _ => return None,
        };
        self.project.names.get(Kind::Event, &name.text)?;
        if self.is_value(&name.text) {
            self.value_or_event(name);
        }
        self.project.event(name, self.found).map(|event| (event, name, property))
    }

    fn of_events(
        &mut self,
        written: &ast::Aggregate,
        place: Place,
        event: EventId,
        name: &ast::Name,
        property: Option<&ast::Name>,
    ) -> (Expr, Type) {
        let function = self.history_fn(written, place, event, name, property);
        let window = self.window(written.window.as_ref());
        let condition = written.condition.as_ref().map(|condition| self.condition_in(Subject::Event(event), condition));
        let (Some((function, ty)), Some(window)) = (function, window) else { return broken() };
        let history = History { of: Happening::Event(event), function, window, condition, tracker: TrackerId::default() };
        (Expr::History(Box::new(history)), ty)
    }

    fn history_fn(
        &mut self,
        written: &ast::Aggregate,
        place: Place,
        event: EventId,
        name: &ast::Name,
        property: Option<&ast::Name>,
    ) -> Option<(HistoryFn, Type)> {
        let function = written.function;
        match function {
            Function::Count => return Some((HistoryFn::Count, Type::Number)),
            Function::TimeSinceLatest => return Some((HistoryFn::TimeSinceLatest, Type::Duration.optional())),
            Function::First | Function::Last => {
                let instead = if function == Function::First { "earliest" } else { "latest" };
                let fix = vec![Fix::replace(format!("change to `{instead} of`"), written.function_place, format!("{instead} of"))];
                let help = format!("events are asked for by `{instead} of {}.…`", name.text);
                self.found.push(EventsOrList {
                    place: written.function_place,
                    function: words(function),
                    what: "events",
                    this: "it is followed by an event",
                    fix,
                    help,
                });
                return None;
            }
            Function::Any | Function::None => {
                let has = if function == Function::Any { "has" } else { "has no" };
                let help = format!("write `{has} {}`", name.text);
                self.found.push(EventsOrList {
                    place: written.function_place,
                    function: words(function),
                    what: "events",
                    this: "it is followed by an event",
                    fix: Vec::new(),
                    help,
                });
                return None;
            }
            _ => {}
        }
        let Some(property) = property else {
            let declared = &self.project.schema.events[event.index()];
            let example =
                declared.fields.iter().find(|field| suits(function, field.ty.required())).map_or("at", |field| field.name.as_str());
            let help = if example == "at" && !matches!(function, Function::Earliest | Function::Latest) {
                format!("`{}` has no property that fits; `count of {0}` counts it", declared.name)
            } else {
                format!("write for example `{} of {}.{}`", words(function), declared.name, example)
            };
            self.found.push(PropertyNeeded { place, function: words(function), event: declared.name.to_string(), help });
            return None;
        };
        let declared = &self.project.schema.events[event.index()];
        self.offer_event(event, property);
        if let Some(at) = declared.field(&property.text) {
            self.project.note_field(property, || self.project.owner(event), &declared.fields[usize::from(at)].ty);
        }
        let Some(at) = declared.field(&property.text) else {
            match function {
                Function::Earliest if property.text == "at" => return Some((HistoryFn::EarliestAt, Type::DateTime.optional())),
                Function::Latest if property.text == "at" => return Some((HistoryFn::LatestAt, Type::DateTime.optional())),
                _ => {}
            }
            self.unknown_event_property(event, property);
            return None;
        };
        let ty = declared.fields[usize::from(at)].ty.required().clone();
        if ty == Type::Error {
            return None;
        }
        if !suits(function, &ty) {
            self.does_not_fit(property.place, function, &ty);
            return None;
        }
        Some(match function {
            Function::Sum => (HistoryFn::Sum(at), ty),
            Function::Average => (HistoryFn::Average(at), ty.optional()),
            Function::Smallest => (HistoryFn::Smallest(at), ty.optional()),
            Function::Largest => (HistoryFn::Largest(at), ty.optional()),
            Function::MostFrequent => (HistoryFn::MostFrequent(at), ty.optional()),
            Function::Earliest => (HistoryFn::Earliest(at), ty.optional()),
            _ => (HistoryFn::Latest(at), ty.optional()),
        })
    }

    fn does_not_fit(&mut self, place: Place, function: Function, ty: &Type) {
        let help = match function {
            Function::Sum | Function::Average => "numbers, amounts and durations can be added up; `count of` counts anything".to_owned(),
            _ => "numbers, amounts, dates and times have a smallest and a largest".to_owned(),
        };
        self.found.push(FunctionDoesNotFit { place, function: words(function), is: a(ty), help });
    }

    fn of_list(&mut self, written: &ast::Aggregate, list: Expr, ty: &Type, element: &Type) -> (Expr, Type) {
        let function = written.function;
        if let Some(window) = &written.window {
            let place = match window {
                ast::Window::InTheLast(length) | ast::Window::Before { length, .. } => length.place,
                ast::Window::Since(ast::Since::Moment(moment)) => moment.place,
                ast::Window::Since(ast::Since::Path(path)) => path.place,
            };
            self.found.push(WindowOnList { place });
        }
        let asks = matches!(function, Function::Any | Function::None | Function::Count);
        let condition = match &written.condition {
            Some(condition) => {
                let checked = self.condition_in(Subject::Element(element.clone()), condition);
                if !asks {
                    self.found.push(WhereOnList { place: condition.place, function: words(function) });
                    return broken();
                }
                Some(Box::new(checked))
            }
            // A query has asked already: is there any such item?
            None if matches!(function, Function::Any | Function::None) && !is_query(written) => {
                self.found.push(AnyNeedsWhere { place: written.function_place, function: words(function) });
                return broken();
            }
            None => None,
        };
        // A collect keeps the first ones only, and counts all.
        if let (Function::Count, None, Expr::Local(local)) = (function, &condition, &list)
            && let Some((_, count)) = self.scope.collected.iter().find(|(collected, _)| collected == local)
        {
            return (Expr::Local(*count), Type::Number);
        }
        let Some((list_fn, result)) = self.list_fn(written, element) else { return broken() };
        let result = if ty.is_optional() && !matches!(result, Type::Boolean) { result.optional() } else { result };
        (Expr::ListFn { function: list_fn, list: Box::new(list), condition }, result)
    }

    fn list_fn(&mut self, written: &ast::Aggregate, element: &Type) -> Option<(ListFn, Type)> {
        let function = written.function;
        if *element == Type::Error {
            return None;
        }
        if matches!(function, Function::Earliest | Function::Latest | Function::TimeSinceLatest) {
            let instead = if function == Function::Earliest { "first" } else { "last" };
            let fix = vec![Fix::replace(format!("change to `{instead} of`"), written.function_place, format!("{instead} of"))];
            let help = format!("the elements of a list are asked for by `{instead} of …`");
            self.found.push(EventsOrList {
                place: written.function_place,
                function: words(function),
                what: "lists",
                this: "it is followed by a list",
                fix,
                help,
            });
            return None;
        }
        if !suits(function, element.required()) {
            self.does_not_fit(written.function_place, function, element);
            return None;
        }
        let one = element.clone().optional();
        Some(match function {
            Function::Count => (ListFn::Count, Type::Number),
            Function::Sum => (ListFn::Sum, element.required().clone()),
            Function::Average => (ListFn::Average, one),
            Function::Smallest => (ListFn::Smallest, one),
            Function::Largest => (ListFn::Largest, one),
            Function::First => (ListFn::First, one),
            Function::Last => (ListFn::Last, one),
            Function::MostFrequent => (ListFn::MostFrequent, one),
            Function::Any => (ListFn::Any, Type::Boolean),
            _ => (ListFn::None, Type::Boolean),
        })
    }
}

/// `any of top 3 of article where (…)`: the `where` is the query's.
fn is_query(written: &ast::Aggregate) -> bool {
    written.operand.as_deref().is_some_and(|operand| matches!(operand.kind, ExprKind::Top(ast::Top { condition: Some(_), .. })))
}

/// Whether a function makes sense of values of a type.
fn suits(function: Function, ty: &Type) -> bool {
    match function {
        Function::Sum | Function::Average => matches!(ty, Type::Number | Type::Money(_) | Type::Duration),
        Function::Smallest | Function::Largest => {
            matches!(ty, Type::Number | Type::Money(_) | Type::Duration | Type::Date | Type::Time | Type::DateTime)
        }
        Function::MostFrequent => !matches!(ty, Type::List(_) | Type::Record(_)),
        _ => true,
    }
}

fn words(function: Function) -> &'static str {
    match function {
        Function::Count => "count",
        Function::Sum => "sum",
        Function::Average => "average",
        Function::Smallest => "smallest",
        Function::Largest => "largest",
        Function::Earliest => "earliest",
        Function::Latest => "latest",
        Function::First => "first",
        Function::Last => "last",
        Function::MostFrequent => "most frequent",
        Function::Any => "any",
        Function::None => "none",
        Function::TimeSinceLatest => "time since latest",
    }
}
