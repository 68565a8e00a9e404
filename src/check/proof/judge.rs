//! Whether a condition can hold, and whether it can fail, given what is known.
//!
//! In: a condition, typed and as written, and [`Facts`]. Out: what is known where it holds and where it does not; `None` for what cannot
//! be. Parts that decide nothing are reported here, whole conditions by whoever asks. **Invariant:** reports only what no customer can
//! escape. Does not know steps.

use super::domain::{Domain, Range, Values};
use super::facts::{Fact, Facts, Term, either};
use super::{Proof, Test};
use crate::ast;
use crate::calendar::Zone;
use crate::condition::{Comparison, CountTest, Expr, Happening, HistoryFn};
use crate::schema::{LocalId, Schema};
use crate::source::Place;
use crate::value::{Decimal, Text, Type, Value, display};

/// What a condition comes to.
pub(super) struct Outcome {
    /// Known where it holds; `None`: it never does.
    pub(super) yes: Option<Facts>,
    /// Known where it does not hold; `None`: it always does.
    pub(super) no: Option<Facts>,
    /// Why it is decided, where it is.
    pub(super) why: Option<Why>,
    /// A part of it is reported, and the whole need not be.
    pub(super) told: bool,
}

/// The reason for a verdict: in words, and the places that prove it.
#[derive(Debug, Clone)]
pub(super) struct Why {
    pub(super) text: String,
    pub(super) proof: Vec<Place>,
}

/// The types of what conditions ask about.
#[derive(Clone, Copy)]
pub(super) struct Types<'a> {
    pub(super) schema: &'a Schema,
    pub(super) entry: &'a [(Text, Type)],
    pub(super) locals: &'a [(Text, Type)],
    /// A step of the run may replace the entry's values.
    pub(super) entry_changes: bool,
    pub(super) zone: Zone,
}

/// A question with a set of values for which the answer is yes.
struct Atom {
    term: Term,
    holds: Domain,
}

pub(super) struct Judge<'a, 'p, 'f> {
    pub(super) types: Types<'a>,
    pub(super) proof: &'p mut Proof<'f>,
    /// Types of the subjects of the `where`s around, the nearest last.
    pub(super) subjects: Vec<Option<Vec<Type>>>,
}

/// `x is set`, `x is missing`: beside another test it says on purpose what happens to who has none.
fn asks_presence(written: &ast::Expr) -> bool {
    matches!(bare(written).kind, ast::ExprKind::IsMissing(_) | ast::ExprKind::IsSet { .. })
}

fn bare(written: &ast::Expr) -> &ast::Expr {
    match &written.kind {
        ast::ExprKind::Paren(inner) => bare(inner),
        _ => written,
    }
}

impl Judge<'_, '_, '_> {
    /// What comes of a condition.
    pub(super) fn condition(&mut self, written: &ast::Expr, expr: &Expr, facts: &Facts) -> Outcome {
        let written = bare(written);
        match (expr, &written.kind) {
            (Expr::And(parts), ast::ExprKind::Joined { tests, .. }) if parts.len() == tests.len() => self.all_of(tests, parts, facts),
            (Expr::Or(parts), ast::ExprKind::Joined { tests, .. }) if parts.len() == tests.len() => self.any_of(tests, parts, facts),
            (Expr::Not(inner), ast::ExprKind::Not(written)) => {
                let Outcome { yes, no, why, told } = self.condition(written, inner, facts);
                Outcome { yes: no, no: yes, why, told }
            }
            _ => {
                self.inside(written, expr, facts);
                self.single(written, expr, facts)
            }
        }
    }

    fn all_of(&mut self, tests: &[ast::Expr], parts: &[Expr], facts: &Facts) -> Outcome {
        let mut yes = Some(facts.clone());
        let mut no: Option<Facts> = None;
        let mut told = false;
        let mut always = Vec::new();
        for (written, part) in tests.iter().zip(parts) {
            let Some(known) = &yes else { break };
            let one = self.condition(written, part, known);
            told |= one.told;
            if one.yes.is_none() && !one.told {
                self.proof.tell(Test::Never, written.place, one.why.as_ref());
                told = true;
            }
            if one.no.is_none() {
                always.push((written, one.why.clone(), one.told));
            }
            no = either(no, one.no);
            yes = one.yes;
        }
        if no.is_none() {
            // All of it always holds: that is said of the whole.
            let why = always.into_iter().find_map(|(_, why, _)| why);
            return Outcome { yes, no, why, told };
        }
        if yes.is_some() {
            for (written, why, said) in always {
                if !said && !asks_presence(written) {
                    self.proof.tell(Test::Always, written.place, why.as_ref());
                    told = true;
                }
            }
        }
        Outcome { yes, no, why: None, told }
    }

    fn any_of(&mut self, tests: &[ast::Expr], parts: &[Expr], facts: &Facts) -> Outcome {
        let mut no = Some(facts.clone());
        let mut yes: Option<Facts> = None;
        let mut told = false;
        let mut never = Vec::new();
        let mut why = None;
        for (written, part) in tests.iter().zip(parts) {
            let Some(known) = &no else { break };
            let one = self.condition(written, part, known);
            told |= one.told;
            if one.yes.is_none() {
                never.push((written, one.why.clone(), one.told));
            } else if one.no.is_none() {
                let together = || Why { text: "together the alternatives cover every case".to_owned(), proof: Vec::new() };
                why = if yes.is_none() { one.why.clone() } else { Some(together()) };
            }
            yes = either(yes, one.yes);
            no = one.no;
        }
        if yes.is_none() {
            let why = never.into_iter().find_map(|(_, why, _)| why);
            return Outcome { yes, no, why, told };
        }
        if no.is_some() {
            for (written, why, said) in never {
                if !said && !asks_presence(written) {
                    self.proof.tell(Test::Never, written.place, why.as_ref());
                    told = true;
                }
            }
        }
        Outcome { yes, no, why, told }
    }

    fn single(&mut self, written: &ast::Expr, expr: &Expr, facts: &Facts) -> Outcome {
        if let Expr::Const(Value::Boolean(truth)) = expr {
            let why = Some(Why { text: format!("it is written as `{truth}`"), proof: Vec::new() });
            let here = Some(facts.clone());
            return match truth {
                true => Outcome { yes: here, no: None, why, told: false },
                false => Outcome { yes: None, no: here, why, told: false },
            };
        }
        let (turned, expr) = turned(expr);
        let atom = self.atom(expr).unwrap_or_else(|| Atom { term: Term::asked(expr), holds: Domain::truth(true) });
        let known = facts.get(&atom.term);
        let before = known.map_or_else(|| self.natural(&atom.term), |fact| fact.domain.clone());
        let holds = if turned { atom.holds.complement() } else { atom.holds };
        let (mut is, mut is_not) = (before.intersect(&holds), before.intersect(&holds.complement()));
        if matches!(atom.term, Term::Count(_)) {
            (is, is_not) = (is.whole_numbers(), is_not.whole_numbers());
        }
        // Nothing is known that could happen: whoever says so has said it.
        if is.is_empty() && is_not.is_empty() {
            return Outcome { yes: None, no: None, why: None, told: true };
        }
        let decided = is.is_empty() || is_not.is_empty();
        let why = decided.then(|| self.why(written, &atom.term, &before, known));
        let volatile = self.volatile(expr);
        let mut locals = Vec::new();
        expr.walk(&mut |part| {
            if let Expr::Local(local) = part {
                locals.push(*local);
            }
        });
        let narrowed = |domain: Domain| {
            (!domain.is_empty()).then(|| {
                let mut facts = facts.clone();
                let proof = vec![written.place];
                if !decided {
                    facts.narrow(Fact { term: atom.term.clone(), domain, volatile, locals: locals.clone(), proof });
                }
                facts
            })
        };
        Outcome { yes: narrowed(is), no: narrowed(is_not), why, told: false }
    }

    /// A test of one thing against written values.
    fn atom(&self, expr: &Expr) -> Option<Atom> {
        match expr {
            Expr::Compare { op, left, right, ignoring_case: false } => {
                let (term, op, value) = match (&**left, &**right) {
                    (left, Expr::Const(value)) => (Term::of(left)?, *op, value),
                    (Expr::Const(value), right) => (Term::of(right)?, flipped(*op), value),
                    _ => return None,
                };
                Some(Atom { term, holds: Domain::of(op, value)? })
            }
            Expr::In { item, list, ignoring_case: false } => match &**list {
                Expr::Const(Value::List(values)) => Some(Atom { term: Term::of(item)?, holds: Domain::one_of(values)? }),
                _ => None,
            },
            Expr::IsMissing(inner) => Some(Atom { term: Term::of(inner)?, holds: Domain::missing() }),
            Expr::History(history) => {
                let HistoryFn::Has(count) = history.function else { return None };
                let number = |n: u32| Value::Number(Decimal::from(n));
                let holds = match count {
                    CountTest::AtLeast(n) => Domain::of(Comparison::AtLeast, &number(n)),
                    CountTest::AtMost(n) => Domain::of(Comparison::AtMost, &number(n)),
                    CountTest::Exactly(n) => Domain::of(Comparison::Is, &number(n)),
                };
                Some(Atom { term: Term::count(history), holds: holds? })
            }
            // A truth on its own: `customer.is_member`.
            other => Some(Atom { term: Term::of(other)?, holds: Domain::truth(true) }),
        }
    }

    /// What something can be, as far as its type says.
    fn natural(&self, term: &Term) -> Domain {
        match term {
            Term::Count(_) => Domain::from(0),
            Term::Asked(_) => Domain::either(),
            Term::Now | Term::Today | Term::EntryAt | Term::EntryDate => Domain::set(),
            _ => self.type_of(term).map_or_else(Domain::everything, |ty| Domain::of_type(&ty)),
        }
    }

    fn type_of(&self, term: &Term) -> Option<Type> {
        match term {
            Term::Customer(field) => Some(self.types.schema.customer.get(usize::from(*field))?.ty.clone()),
            Term::Entry(at) => Some(self.types.entry.get(usize::from(*at))?.1.clone()),
            Term::Local(local) => Some(self.types.locals.get(local.index())?.1.clone()),
            Term::Subject { depth, field } => {
                let around = self.subjects.len().checked_sub(usize::from(*depth) + 1)?;
                self.subjects.get(around)?.as_ref()?.get(usize::from(*field)).cloned()
            }
            Term::Field(inner, at) => {
                let of = self.type_of(inner)?;
                let field = match of.required() {
                    Type::Record(fields) => fields.get(usize::from(*at))?.1.clone(),
                    Type::Event(name) => {
                        let event = self.types.schema.event(name)?;
                        self.types.schema.events.get(event.index())?.fields.get(usize::from(*at))?.ty.clone()
                    }
                    _ => return None,
                };
                // Of something that may be missing, every field may be.
                Some(if of.is_optional() { field.optional() } else { field })
            }
            _ => None,
        }
    }

    /// Whether the answer may be another one after time has passed, or after a step.
    pub(super) fn volatile(&self, expr: &Expr) -> bool {
        let mut any = false;
        expr.walk(&mut |part| {
            any |= match part {
                Expr::Const(_)
                | Expr::CustomerId
                | Expr::EntryAt
                | Expr::EntryDate
                | Expr::Local(_)
                | Expr::Field(..)
                | Expr::List(_)
                | Expr::Record(_)
                | Expr::And(_)
                | Expr::Or(_)
                | Expr::Not(_)
                | Expr::IsMissing(_)
                | Expr::Compare { .. }
                | Expr::In { .. }
                | Expr::Text { .. }
                | Expr::Matches { .. }
                | Expr::Negate(_)
                | Expr::Subject { .. }
                | Expr::It { .. } => false,
                Expr::Entry(_) => self.types.entry_changes,
                // Moments go by the zone that she has at the time.
                _ => true,
            };
        });
        any
    }

    /// What an assignment leaves behind.
    pub(super) fn value(&self, expr: &Expr, facts: &Facts) -> Option<(Domain, Vec<Place>)> {
        match expr {
            Expr::Const(value) => Some((Domain::exactly(value)?, Vec::new())),
            Expr::Choice { choices, otherwise } => {
                let mut all = self.value(otherwise, facts)?;
                for (value, _) in choices {
                    let (domain, proof) = self.value(value, facts)?;
                    all.0 = all.0.union(&domain);
                    all.1.extend(proof);
                }
                Some(all)
            }
            _ => {
                let term = Term::of(expr)?;
                Some(match facts.get(&term) {
                    Some(fact) => (fact.domain.clone(), fact.proof.clone()),
                    None => (self.natural(&term), Vec::new()),
                })
            }
        }
    }

    /// Conditions inside of a test: the `where` of a history, or of a list.
    fn inside(&mut self, written: &ast::Expr, expr: &Expr, facts: &Facts) {
        match (expr, &written.kind) {
            (Expr::Not(inner), _) => self.inside(written, inner, facts),
            (Expr::History(history), ast::ExprKind::Has(has)) => {
                if let (Some(condition), Some(asked)) = (&has.condition, &history.condition) {
                    self.nested(self.properties(history.of), condition, asked, facts);
                }
            }
            (Expr::History(history), ast::ExprKind::Aggregate(aggregate)) => {
                if let (Some(condition), Some(asked)) = (&aggregate.condition, &history.condition) {
                    self.nested(self.properties(history.of), condition, asked, facts);
                }
            }
            (Expr::ListFn { condition: Some(asked), .. }, ast::ExprKind::Aggregate(aggregate)) => {
                if let Some(condition) = &aggregate.condition {
                    self.nested(None, condition, asked, facts);
                }
            }
            (Expr::Compare { left: a, right: b, .. }, ast::ExprKind::Binary { left, right, .. }) => {
                self.inside(bare(left), a, facts);
                self.inside(bare(right), b, facts);
            }
            _ => {}
        }
    }

    fn properties(&self, of: Happening) -> Option<Vec<Type>> {
        let Happening::Event(event) = of else { return None };
        Some(self.types.schema.events.get(event.index())?.fields.iter().map(|field| field.ty.clone()).collect())
    }

    fn nested(&mut self, subject: Option<Vec<Type>>, written: &ast::Expr, expr: &Expr, facts: &Facts) {
        let mut known = facts.clone();
        known.forget_subjects();
        self.over(subject, written, expr, &known);
    }

    /// A `where`, reported as a whole where it is decided. What comes of it still speaks of its subject.
    pub(super) fn over(&mut self, subject: Option<Vec<Type>>, written: &ast::Expr, expr: &Expr, facts: &Facts) -> Outcome {
        self.subjects.push(subject);
        let outcome = self.condition(written, expr, facts);
        self.subjects.pop();
        self.proof.whole(written.place, &outcome);
        outcome
    }

    // ------------------------------------------------------------ words

    fn why(&self, written: &ast::Expr, term: &Term, known: &Domain, fact: Option<&Fact>) -> Why {
        let proof = fact.map(|fact| fact.proof.clone()).unwrap_or_default();
        let text = match term {
            Term::Asked(_) => "this was asked on the way here, and the answer cannot have changed".to_owned(),
            Term::Count(_) => format!("this happened {} here", self.times(known)),
            _ => format!("`{}` is {} here", self.proof.text(operand(written)), self.shown(known)),
        };
        Why { text, proof }
    }

    fn times(&self, known: &Domain) -> String {
        match &known.values {
            Values::Ranges(ranges) if ranges.len() == 1 => match (&ranges[0].low, &ranges[0].high) {
                (Some(low), Some(high)) if low == high => format!("exactly {} times", display(&low.value, self.types.zone)),
                (Some(low), None) => format!("at least {} times", display(&low.value, self.types.zone)),
                (low, Some(high)) => {
                    let low = low.as_ref().map_or_else(|| "0".to_owned(), |low| display(&low.value, self.types.zone));
                    format!("{low} to {} times", display(&high.value, self.types.zone))
                }
                _ => "some number of times".to_owned(),
            },
            _ => "a number of times that decides this".to_owned(),
        }
    }

    fn shown(&self, known: &Domain) -> String {
        let value = |value: &Value| match value {
            Value::Text(text) => format!("\"{text}\""),
            other => display(other, self.types.zone),
        };
        let list = |values: &[Value], word: &str| values.iter().map(value).collect::<Vec<_>>().join(word);
        let mut parts = match &known.values {
            Values::All if known.missing => return "not known".to_owned(),
            Values::All => return "always there".to_owned(),
            Values::Among(values) if values.is_empty() => Vec::new(),
            Values::Among(values) => vec![list(values, " or ")],
            Values::Except(values) => vec![format!("anything but {}", list(values, " and "))],
            Values::Ranges(ranges) => ranges.iter().map(|range| range_shown(range, &value)).collect(),
        };
        if known.missing {
            parts.push("missing".to_owned());
        }
        parts.join(" or ")
    }
}

fn range_shown(range: &Range, value: &impl Fn(&Value) -> String) -> String {
    match (&range.low, &range.high) {
        (Some(low), Some(high)) if low.value == high.value => value(&low.value),
        (None, None) => "anything".to_owned(),
        (low, high) => {
            let low = low.as_ref().map(|low| format!("{} {}", if low.included { "at least" } else { "more than" }, value(&low.value)));
            let high = high.as_ref().map(|high| format!("{} {}", if high.included { "at most" } else { "less than" }, value(&high.value)));
            [low, high].into_iter().flatten().collect::<Vec<_>>().join(" and ")
        }
    }
}

/// The part of a test that is asked about.
fn operand(written: &ast::Expr) -> Place {
    let written = bare(written);
    match &written.kind {
        ast::ExprKind::Not(inner) => operand(inner),
        ast::ExprKind::IsMissing(value) | ast::ExprKind::IsSet { value, .. } => value.place,
        ast::ExprKind::Binary { left, right, .. } => {
            let read =
                |side: &ast::Expr| matches!(side.kind, ast::ExprKind::Name(_) | ast::ExprKind::Field(..) | ast::ExprKind::Aggregate(_));
            if !read(left) && read(right) { right.place } else { left.place }
        }
        _ => written.place,
    }
}

/// The negations around a question, and the question.
fn turned(expr: &Expr) -> (bool, &Expr) {
    match expr {
        Expr::Not(inner) => {
            let (turned, inner) = turned(inner);
            (!turned, inner)
        }
        other => (false, other),
    }
}

fn flipped(op: Comparison) -> Comparison {
    match op {
        Comparison::Less => Comparison::Greater,
        Comparison::AtMost => Comparison::AtLeast,
        Comparison::Greater => Comparison::Less,
        Comparison::AtLeast => Comparison::AtMost,
        same => same,
    }
}

/// The facts about the subject of a `where`, told of the value that holds it from now on.
pub(super) fn of_subject(facts: Facts, holder: impl Fn(u16) -> Option<(Term, Vec<LocalId>, bool)>) -> Facts {
    let mut moved: Vec<Fact> = Vec::new();
    for fact in facts.all() {
        if let Term::Subject { depth: 0, field } = fact.term
            && let Some((term, locals, volatile)) = holder(field)
        {
            moved.push(Fact { term, domain: fact.domain.clone(), volatile, locals, proof: fact.proof.clone() });
        }
    }
    let mut facts = facts;
    facts.forget_subjects();
    moved.into_iter().for_each(|fact| facts.put(fact));
    facts
}
