//! Surveys: questions that a message carries, as a page.
//!
//! In: the token of a message that asked, a form. Out: answers as values of the questions' types, to the desk. **Invariant:** an answer that does not
//! fit its question is not told to anybody: the page comes again with everything that was typed and says what is wrong where. A question of a
//! type that no form can hold is not asked.

use super::texts::{Texts, fill};
use super::{Setup, busy, elsewhere, gone, machine, notice, page, project, reading};
use crate::daemon::tokens::Sealed;
use crate::daemon::{CustomerNo, Said};
use crate::schema::Schema;
use crate::value::{Decimal, ParseError, Reading, Type, Value, parse};
use askama::Template;
use axum::extract::rejection::FormRejection;
use axum::extract::{Form, Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::Response;

/// Characters of one answer.
pub const ANSWER_MAX: usize = 5_000;
/// A range of so many whole numbers is shown as a scale.
const SCALE_MAX: i64 = 11;
/// Choices that are shown at once; more become a list that opens.
const CHOICES_MAX: usize = 12;

/// A survey as its page shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct Asked {
    pub title: String,
    pub questions: Vec<Question>,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Question {
    pub name: String,
    /// As the customer reads it.
    pub text: String,
    pub ty: Type,
    /// The least and the most, both included.
    pub range: Option<(Decimal, Decimal)>,
}

/// A survey of a project.
pub fn asked(schema: &Schema, name: &str) -> Option<Asked> {
    let survey = schema.surveys.iter().find(|survey| survey.name == name)?;
    let event = schema.events.get(survey.event.index())?;
    let questions = survey.questions.iter().zip(&event.fields).filter(|(_, field)| can_be_asked(&field.ty));
    let questions = questions.map(|(question, field)| Question {
        name: field.name.to_string(),
        text: if question.text.is_empty() { field.name.to_string() } else { question.text.clone() },
        ty: field.ty.clone(),
        range: question.range,
    });
    Some(Asked { title: survey.title.clone().unwrap_or_else(|| name.to_owned()), questions: questions.collect() })
}

fn can_be_asked(ty: &Type) -> bool {
    match ty.required() {
        Type::List(inner) => matches!(**inner, Type::OneOf(_)),
        Type::Record(_) | Type::Event(_) | Type::Catalog(_) | Type::Customer | Type::Error => false,
        _ => true,
    }
}

/// How a question is answered.
#[derive(Debug, PartialEq)]
enum Control {
    /// Whole numbers, one beside the other.
    Scale(Vec<String>),
    /// Some of a few: value and text. `bool`: several may be chosen.
    Choice(Vec<(String, String)>, bool),
    /// One of many.
    Select(Vec<String>),
    Lines,
    /// One line: the kind of an `input`, its keyboard, and what a browser may fill in.
    Line(&'static str, &'static str, &'static str),
}

/// A question with what was answered, for the page.
struct Shown<'a> {
    question: &'a Question,
    control: Control,
    optional: bool,
    /// Behind the field: `THB`.
    unit: &'a str,
    given: Vec<&'a str>,
    wrong: String,
}

impl Shown<'_> {
    fn has(&self, value: &str) -> bool {
        self.given.contains(&value)
    }

    fn first(&self) -> &str {
        self.given.first().copied().unwrap_or_default()
    }
}

#[derive(Template)]
#[template(path = "survey.html")]
struct Page<'a> {
    t: &'static Texts,
    project: &'a str,
    title: &'a str,
    questions: Vec<Shown<'a>>,
    wrong: bool,
}

pub(super) async fn ask(State(setup): State<Setup>, Path(token): Path<String>, headers: HeaderMap) -> Response {
    let Some((customer, _, name)) = whose(&setup, &token) else { return gone(&headers) };
    let Some(survey) = (setup.surveys)(&name) else { return gone(&headers) };
    let (reader, t) = reading(&setup, customer, &headers).await;
    let questions = survey.questions.iter().map(|question| shown(question, t, &[], String::new())).collect();
    page(StatusCode::OK, &Page { t, project: project(reader.as_ref()), title: &survey.title, questions, wrong: false })
}

pub(super) async fn answer(
    State(setup): State<Setup>,
    Path(token): Path<String>,
    headers: HeaderMap,
    form: Result<Form<Vec<(String, String)>>, FormRejection>,
) -> Response {
    let Some((customer, message, name)) = whose(&setup, &token) else { return gone(&headers) };
    let Some(survey) = (setup.surveys)(&name) else { return gone(&headers) };
    let (reader, t) = reading(&setup, customer, &headers).await;
    if !machine::same_site(&headers) {
        return elsewhere(t);
    }
    let fields = form.map(|Form(fields)| fields).unwrap_or_default();
    let (mut answers, mut questions, mut wrong) = (Vec::new(), Vec::new(), false);
    for question in &survey.questions {
        let read = read(question, &given(question, &fields), t, &setup.reading);
        let mistake = match read {
            Ok(Value::Missing) => String::new(),
            Ok(value) => {
                answers.push((question.name.clone(), value));
                String::new()
            }
            Err(mistake) => mistake,
        };
        wrong |= !mistake.is_empty();
        questions.push(shown(question, t, &fields, mistake));
    }
    let project = project(reader.as_ref());
    if wrong {
        return page(StatusCode::UNPROCESSABLE_ENTITY, &Page { t, project, title: &survey.title, questions, wrong });
    }
    match setup.desk.tell(customer, vec![Said::Answer { survey: name, message, answers }]).await {
        Ok(()) => notice(StatusCode::OK, t, t.survey_thanks_title, t.survey_thanks_lead),
        Err(full) => busy(t, full),
    }
}

fn whose(setup: &Setup, token: &str) -> Option<(CustomerNo, String, String)> {
    match setup.tokens.unseal(token) {
        Some(Sealed::Survey { customer, message, survey }) => Some((customer, message, survey)),
        _ => None,
    }
}

/// What was filled in for a question, without what is empty.
fn given<'a>(question: &Question, fields: &'a [(String, String)]) -> Vec<&'a str> {
    let of = |name: &str| name.strip_prefix("q-").is_some_and(|name| name == question.name);
    fields.iter().filter(|(name, _)| of(name)).map(|(_, value)| value.trim()).filter(|value| !value.is_empty()).collect()
}

/// The answer as a value of the question's type, or what is wrong with it, for the one who answers.
fn read(question: &Question, given: &[&str], t: &Texts, how: &Reading) -> Result<Value, String> {
    let Some(first) = given.first() else {
        return if question.ty.is_optional() { Ok(Value::Missing) } else { Err(t.survey_required.to_owned()) };
    };
    if given.iter().any(|one| one.chars().count() > ANSWER_MAX) {
        return Err(t.survey_long.to_owned());
    }
    let outside = || {
        let (from, to) = question.range.map_or_else(Default::default, |(from, to)| (from.to_string(), to.to_string()));
        fill(t.survey_range, &[("from", &from), ("to", &to)])
    };
    let one = |text: &str, ty: &Type| {
        parse::from_text(text, ty, how).map_err(|error| match error {
            ParseError::TooLong { .. } | ParseError::TooMany { .. } => t.survey_long.to_owned(),
            _ if question.range.is_some() => outside(),
            _ => t.survey_wrong.to_owned(),
        })
    };
    match question.ty.required() {
        Type::Boolean => match *first {
            "yes" => Ok(Value::Boolean(true)),
            "no" => Ok(Value::Boolean(false)),
            _ => Err(t.survey_wrong.to_owned()),
        },
        Type::List(inner) => {
            let items: Result<Vec<Value>, String> = given.iter().map(|text| one(text, inner)).collect();
            items.map(|items| Value::List(items.into()))
        }
        ty @ (Type::Number | Type::Money(_)) => {
            let value = one(&arabic(first), ty)?;
            match (&value, question.range) {
                (Value::Number(number), Some((from, to))) if *number < from || *number > to => Err(outside()),
                _ => Ok(value),
            }
        }
        ty => one(first, ty),
    }
}

/// Thai digits as the ones that numbers are read from.
fn arabic(text: &str) -> String {
    let digit = |letter: char| match letter {
        '๐'..='๙' => char::from_digit(u32::from(letter) - u32::from('๐'), 10).unwrap_or(letter),
        _ => letter,
    };
    text.chars().map(digit).collect()
}

fn shown<'a>(question: &'a Question, t: &Texts, fields: &'a [(String, String)], wrong: String) -> Shown<'a> {
    let unit = match question.ty.required() {
        Type::Money(currency) => currency.code(),
        _ => "",
    };
    Shown { question, control: control(question, t), optional: question.ty.is_optional(), unit, given: given(question, fields), wrong }
}

fn control(question: &Question, t: &Texts) -> Control {
    let both = |choices: &[crate::value::Text]| choices.iter().map(|one| (one.to_string(), one.to_string())).collect();
    match question.ty.required() {
        Type::Number => match question.range.and_then(whole) {
            Some(scale) => Control::Scale(scale),
            None => Control::Line("text", "decimal", "off"),
        },
        Type::Boolean => Control::Choice(vec![("yes".into(), t.yes.into()), ("no".into(), t.no.into())], false),
        Type::OneOf(choices) if choices.len() <= CHOICES_MAX => Control::Choice(both(choices), false),
        Type::OneOf(choices) => Control::Select(choices.iter().map(ToString::to_string).collect()),
        Type::List(inner) => match &**inner {
            Type::OneOf(choices) => Control::Choice(both(choices), true),
            _ => Control::Lines,
        },
        Type::Money(_) => Control::Line("text", "decimal", "off"),
        Type::Date => Control::Line("date", "none", "off"),
        Type::Time => Control::Line("time", "none", "off"),
        Type::DateTime => Control::Line("datetime-local", "none", "off"),
        Type::Email => Control::Line("email", "email", "email"),
        Type::Phone => Control::Line("tel", "tel", "tel"),
        Type::Url => Control::Line("url", "url", "url"),
        Type::Text => Control::Lines,
        _ => Control::Line("text", "text", "off"),
    }
}

/// The numbers of a short range of whole ones.
fn whole((from, to): (Decimal, Decimal)) -> Option<Vec<String>> {
    let number = |end: Decimal| if end.is_integer() { i64::try_from(end).ok() } else { None };
    let (from, to) = (number(from)?, number(to)?);
    (to.checked_sub(from)? < SCALE_MAX).then(|| (from..=to).map(|one| one.to_string()).collect())
}
