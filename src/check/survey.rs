//! Surveys: questions that a message carries, and the event that their answers are.
//!
//! In: `survey …` declarations, and `survey nps` in messages. Out: [`Survey`]s, each with an event `answered NAME` behind all declared
//! ones. **Invariant:** a question has one name, one text and one type; a range goes up. Does not know who asks.

use super::declare::{self, FieldTwice};
use super::message::Cx;
use super::names::{Kind, listed};
use super::problem::problems;
use super::project::Project;
use crate::ast::{self, Answer};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{Event, EventId, Field, Question, Survey};
use crate::source::Place;
use crate::value::{Decimal, Text, Type, Value};

/// Questions of one survey: nobody answers more.
const QUESTIONS_MAX: usize = 50;

problems! {
    /// `survey nps { }`
    NoQuestions { survey: String } = Code::new("E0460", "survey-without-questions");
        "the survey `{survey}` asks nothing", "there is no question in it", "add one, for example `score \"How likely are you to recommend us?\" from 0 to 10`";

    /// `from 10 to 0`
    RangeEmpty { from: String, to: String, fix: Option<Fix> } = Code::new("E0461", "range-upside-down");
        "no answer lies between {from} and {to}", "a range goes from the least to the most", "write `from {to} to {from}`";

    /// `after 1 day answered nps { score: 11 }`
    OutsideRange { name: String, is: String, from: String, to: String } = Code::new("E0462", "answer-outside-range");
        "`{name}` cannot be answered with {is}", "the question goes from {from} to {to}", "give an answer within the range";

    /// `survey nps` twice in one message.
    SurveyTwice { survey: String, other: Option<(Place, &'static str)>, fix: Option<Fix> } = Code::new("E0463", "survey-twice");
        "the message carries `{survey}` twice", "nobody answers the same questions twice", "take one of the two out";

    /// More than anybody answers.
    QuestionsTooMany {} = Code::new("E0464", "too-many-questions");
        "a survey has at most 50 questions", "this is the fifty-first", "ask less, or divide it into several surveys";

    /// A survey in a message that only people of ours get, or that cannot show one.
    NobodyToAsk { survey: String, channels: String } = Code::new("E0465", "survey-nobody-sees");
        "nobody could answer `{survey}` here", "{channels} shows no survey", "add content for a channel that customers read, for example `email`";
}

/// Declares one survey. Its event is added by [`finish`], behind all others.
pub(super) fn declare(
    project: &Project,
    surveys: &mut Vec<(Survey, Event)>,
    name: &ast::Name,
    title: Option<&ast::TextLit>,
    written: &[ast::Question],
    found: &mut Diagnostics,
) {
    if written.is_empty() {
        found.push(NoQuestions { place: name.place, survey: name.text.to_string() });
    }
    let mut seen: Vec<&ast::Name> = Vec::new();
    let (mut fields, mut questions) = (Vec::new(), Vec::new());
    for question in written {
        if let Some(first) = seen.iter().find(|first| first.text == question.name.text) {
            let other = Some((first.place, "the first one"));
            found.push(FieldTwice { place: question.name.place, name: question.name.text.to_string(), other });
            continue;
        }
        if seen.len() == QUESTIONS_MAX {
            found.push(QuestionsTooMany { place: question.place });
        }
        seen.push(&question.name);
        let (ty, range) = match &question.answer {
            Answer::Range(Some(from), Some(to)) => {
                if from.value >= to.value {
                    let place = from.place.to(to.place);
                    let (from, to) = (from.value.to_string(), to.value.to_string());
                    let fix = Some(Fix::replace("turn it round", place, format!("{to} to {from}"))).filter(|_| from != to);
                    found.push(RangeEmpty { place, from, to, fix });
                }
                (Type::Number, Some((from.value, to.value)))
            }
            // Reported by the syntax.
            Answer::Range(..) | Answer::Type(None) => (Type::Error, None),
            Answer::Type(Some(ty)) => (declare::type_of(project, ty, found), None),
        };
        let text = question.text.as_ref().map(|text| text.text.clone()).unwrap_or_default();
        fields.push(Field { name: question.name.text.clone(), wire: question.name.text.clone(), ty, default: Value::Missing });
        questions.push(Question { text, range });
    }
    if project.names.own(Kind::Survey, name).is_none() {
        return;
    }
    let event_name = Text::from(format!("answered {}", name.text));
    let title = title.map(|title| title.text.clone());
    let survey = Survey { name: name.text.clone(), title, event: EventId::default(), questions };
    surveys.push((survey, Event { name: event_name.clone(), wire: event_name, fields }));
}

/// Numbers the events of surveys, behind all declared ones.
pub(super) fn finish(project: &mut Project, surveys: Vec<(Survey, Event)>) {
    for (survey, event) in surveys {
        let number = EventId(u16::try_from(project.schema.events.len()).unwrap_or(u16::MAX));
        project.schema.events.push(event);
        project.schema.surveys.push(Survey { event: number, ..survey });
    }
}

/// The surveys that a message carries, each once.
pub(super) fn carried(cx: &mut Cx, message: &ast::Message) -> Vec<ast::Name> {
    let mut carried: Vec<ast::Name> = Vec::new();
    for content in &message.contents {
        let ast::Content::Survey(Some(name), place) = content else { continue };
        if cx.project.survey(name, cx.found).is_none() {
            continue;
        }
        if let Some(first) = carried.iter().find(|first| first.text == name.text) {
            let fix = Some(Fix::replace("take it out", *place, ""));
            let other = Some((first.place, "the first one"));
            cx.found.push(SurveyTwice { place: name.place, survey: name.text.to_string(), other, fix });
            continue;
        }
        carried.push(name.clone());
    }
    carried
}

/// Reports a survey where no content of the message can show it.
pub(super) fn nobody(cx: &mut Cx, survey: &ast::Name, channels: &[String]) {
    let channels = if channels.is_empty() { "a message without content".to_owned() } else { listed(channels) };
    cx.found.push(NobodyToAsk { place: survey.place, survey: survey.text.to_string(), channels });
}

/// Whether an answer in a story is one that could be given.
pub(super) fn answers(project: &Project, event: EventId, fields: &[Value], place: Place, found: &mut Diagnostics) {
    let Some(survey) = project.schema.surveys.iter().find(|survey| survey.event == event) else { return };
    let Some(event) = project.schema.events.get(event.index()) else { return };
    for ((question, value), field) in survey.questions.iter().zip(fields).zip(&event.fields) {
        let (Some((from, to)), Value::Number(is)) = (question.range, value) else { continue };
        if *is < from || *is > to {
            let [is, from, to] = [*is, from, to].map(|number: Decimal| number.normalize().to_string());
            found.push(OutsideRange { place, name: field.name.to_string(), is, from, to });
        }
    }
}
