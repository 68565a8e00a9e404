//! Hooks: what is asked of a service of the house, and the steps that ask it.
//!
//! In: `hook NAME(params) { … }`, `call HOOK(args) as answer otherwise { … }`. Out: [`schema::Hook`](crate::schema::Hook)s by number, and
//! checked steps. **Invariant:** an answer has the declared types, or there is none; where `otherwise` goes on, the answer may be missing
//! behind the step. Calls nobody.

use super::checked::StepKind;
use super::declare::{self, params};
use super::journey::Cx;
use super::names::Kind;
use super::problem::problems;
use super::project::Project;
use super::sends_arguments::arguments;
use crate::ast::{self, DeclKind};
use crate::diagnostic::{Code, Diagnostics, Fix};
use crate::schema::{Hook, HookId};
use crate::source::Place;
use crate::value::{Text, Type};

/// How long an answer is waited for where nothing is said, ms.
const TIMEOUT_MS: i64 = 10_000;
/// The shortest and the longest that can be said, ms.
const TIMEOUTS_MS: (i64, i64) = (1_000, 600_000);

problems! {
    /// A hook without a place to call.
    NoUrl { name: String } = Code::new("E0840", "hook-without-url");
        "it is not said where `{name}` is", "nobody could be asked", "add a line `url \"https://hooks.example.com/{name}\"`";

    /// `url "hooks.example.com"`
    NotAUrl { why: &'static str } = Code::new("E0841", "not-a-hook-url");
        "this is no address that can be called", "{why}", "write the whole address, for example `https://hooks.example.com/stock`";

    /// `timeout 2 days`
    TimeoutOutOfRange {} = Code::new("E0842", "timeout-out-of-range");
        "a hook is waited for between 1 second and 10 minutes", "what takes longer is an event that comes later",
        "write for example `timeout 5 seconds`; for an answer that takes longer wait for an event";

    /// Two `url` lines.
    SaidTwice { what: &'static str } = Code::new("E0843", "hook-says-it-twice");
        "`{what}` is said twice", "only one can hold", "take one of the two lines out";

    /// `call ping as answer` where ping answers nothing.
    NoAnswer { hook: String, bind: String, fix: Option<Fix> } = Code::new("E0844", "hook-answers-nothing");
        "`{hook}` answers nothing that could be called `{bind}`", "its declaration has no `answers`",
        "take `as {bind}` out, or declare what it answers: `answers {{ left number }}`";

    /// `after 1 second stock answers { … }` of a hook that the journey does not call.
    NotCalled { hook: String, journey: String } = Code::new("E0845", "hook-is-not-called");
        "`{journey}` never calls `{hook}`", "so it cannot answer here", "take this line out, or name a hook that the journey calls";
}

/// Declares the hooks, in the order of their numbers. Defaults of answers are not known yet.
pub(super) fn declare(project: &mut Project, files: &[ast::File], found: &mut Diagnostics) {
    for decl in files.iter().flat_map(|file| &file.decls) {
        let DeclKind::Hook(hook) = &decl.kind else { continue };
        let hook = hook.as_ref();
        let declared = Hook {
            name: hook.name.as_ref().map(|name| name.text.clone()).unwrap_or_default(),
            params: params(project, &hook.params, found),
            url: url(hook, decl.keyword, found),
            timeout_ms: timeout(hook, found),
            answers: answers(project, hook, found),
        };
        let counts = hook.name.as_ref().is_some_and(|name| project.names.own(Kind::Hook, name).is_some());
        if counts {
            project.schema.hooks.push(declared);
        }
    }
}

fn url(hook: &ast::Hook, place: Place, found: &mut Diagnostics) -> Text {
    twice(hook.urls.iter().map(|url| url.place), "url", found);
    let Some(url) = hook.urls.first() else {
        let name = hook.name.as_ref().map_or_else(String::new, |name| name.text.to_string());
        found.push(NoUrl { place: hook.name.as_ref().map_or(place, |name| name.place), name });
        return Text::default();
    };
    let text = url.text.trim();
    let is_local = ["http://localhost", "http://127.0.0.1"].iter().any(|local| text.starts_with(local));
    let rest = text.strip_prefix("https://").unwrap_or(if is_local { "localhost" } else { "" });
    let why = if text.starts_with("http://") && !is_local {
        Some("without `https` anybody on the way could read it")
    } else if rest.is_empty() || rest.starts_with('/') || text.contains(char::is_whitespace) {
        Some("it has to begin with `https://`, and has no blanks")
    } else {
        None
    };
    if let Some(why) = why {
        found.push(NotAUrl { place: url.place, why });
    }
    Text::new(text)
}

fn timeout(hook: &ast::Hook, found: &mut Diagnostics) -> i64 {
    twice(hook.timeouts.iter().map(|timeout| timeout.place), "timeout", found);
    let Some(timeout) = hook.timeouts.first() else { return TIMEOUT_MS };
    let ms = timeout.value.exact_ms();
    if timeout.value.months != 0 || !(TIMEOUTS_MS.0..=TIMEOUTS_MS.1).contains(&ms) {
        found.push(TimeoutOutOfRange { place: timeout.place });
        return TIMEOUT_MS;
    }
    ms
}

fn answers(project: &Project, hook: &ast::Hook, found: &mut Diagnostics) -> Vec<crate::schema::Field> {
    twice(hook.answers.iter().map(|(_, place)| *place), "answers", found);
    let Some((fields, _)) = hook.answers.first() else { return Vec::new() };
    let mut answers = declare::fields(project, fields, false, found);
    for (at, value) in declare::values(project, &answers, fields, found) {
        answers[at].default = value;
    }
    answers
}

fn twice(places: impl Iterator<Item = Place>, what: &'static str, found: &mut Diagnostics) {
    for place in places.skip(1) {
        found.push(SaidTwice { place, what });
    }
}

/// `call HOOK(args) as answer otherwise { … }`
pub(super) fn call(cx: &mut Cx, call: &ast::Call) -> Option<StepKind> {
    let name = call.hook.as_ref()?;
    let hook = cx.project.names.find(Kind::Hook, name, cx.found).map(HookId);
    let declared = hook.and_then(|hook| cx.project.schema.hooks.get(hook.index()));
    let args = match declared {
        Some(declared) => arguments(cx, super::names::Kind::Hook, name, &declared.params, &call.args, call.args_place),
        None => {
            for value in call.args.iter().filter_map(|arg| arg.value.as_ref()) {
                cx.infer(value);
            }
            None
        }
    };
    // What happens otherwise does not know the answer, and is read first for it.
    let otherwise = cx.block(&call.otherwise);
    let bind = call.bind.as_ref().map(|bind| {
        let ty = match declared {
            Some(declared) if declared.answers.is_empty() => {
                cx.found.push(NoAnswer { place: bind.place, hook: name.text.to_string(), bind: bind.text.to_string(), fix: None });
                Type::Error
            }
            Some(declared) => Type::Record(declared.answers.iter().map(|field| (field.name.clone(), field.ty.clone())).collect()),
            None => Type::Error,
        };
        let goes_on = super::flow::goes_on(&otherwise) && ty != Type::Error;
        cx.bind(bind, if goes_on { ty.optional() } else { ty })
    });
    Some(StepKind::Call { hook: hook?, args: args?, bind, otherwise })
}
