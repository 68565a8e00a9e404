//! Pools of codes: steps that draw from them, and what they hold in a story.
//!
//! In: `draw code from POOL as code otherwise { … }`, `given POOL "A1"`. Out: checked steps and lines. **Invariant:** a code is given once,
//! so a story does not hold one twice; where `otherwise` goes on, the code may be missing behind the step. Draws nothing.

use super::checked::{SceneKind, StepKind};
use super::journey::Cx;
use super::names::Kind;
use super::problem::problems;
use super::scenario;
use crate::ast::{self, ItemScene};
use crate::diagnostic::Code;
use crate::schema::PoolId;
use crate::source::Place;
use crate::value::{Text, Type};

/// Most characters of a code.
pub(crate) const CODE_CHARS_MAX: usize = 256;

problems! {
    /// `given spring "A1"` twice in one story.
    GivenTwice { code: String, pool: String } = Code::new("E0820", "code-given-twice");
        "the code \"{code}\" is in `{pool}` already", "every code is given to one customer only", "take this line out, or write another code";

    /// `given spring ""`, `given spring "A1" { percent: 5 }`
    NoCode { why: &'static str, pool: String } = Code::new("E0821", "not-a-code");
        "this cannot be a code of `{pool}`", "{why}", "write the code and nothing else, for example `given {pool} \"SAVE-7GH2\"`";

    /// `given spring "A1"` where the journey never draws from it.
    NeverDrawn { pool: String, journey: String } = Code::new("E0822", "pool-is-not-drawn-from");
        "`{journey}` never draws from `{pool}`", "so its codes change nothing here", "take this line out, or name a pool that the journey draws from";
}

/// `draw code from POOL as code otherwise { … }`
pub(super) fn draw(cx: &mut Cx, draw: &ast::Draw) -> Option<StepKind> {
    let pool = cx.project.names.find(Kind::Codes, draw.pool.as_ref()?, cx.found).map(PoolId);
    // What happens otherwise has no code, and is read first for it.
    let otherwise = cx.block(&draw.otherwise);
    let bind = draw.bind.as_ref().map(|bind| {
        let ty = if super::flow::goes_on(&otherwise) { Type::Text.optional() } else { Type::Text };
        cx.bind(bind, ty)
    });
    Some(StepKind::Draw { pool: pool?, bind, otherwise })
}

/// Whether `given NAME …` is about a pool of codes: a catalog of that name comes first.
pub(super) fn is_pool(cx: &scenario::Cx, written: &ItemScene) -> bool {
    let Some(name) = &written.catalog else { return false };
    let names = &cx.project.names;
    names.get(Kind::Codes, &name.text).is_some() && names.get(Kind::Catalog, &name.text).is_none()
}

/// `given POOL "A1"`, or `given POOL` of one that is empty.
pub(super) fn given(cx: &mut scenario::Cx, written: &ItemScene, place: Place) -> Option<SceneKind> {
    let name = written.catalog.as_ref()?;
    let pool = PoolId(cx.project.names.find(Kind::Codes, name, cx.found)?);
    let pool_name = || name.text.to_string();
    if !cx.draws(pool) {
        let journey = cx.journey_name();
        cx.found.push(NeverDrawn { place: name.place, pool: pool_name(), journey });
    }
    if let Some(fields) = &written.fields {
        cx.found.push(NoCode { place: fields.place, why: "a code has no fields", pool: pool_name() });
        return None;
    }
    let Some(code) = &written.key else { return Some(SceneKind::GivenCode { pool, code: None }) };
    let why = match code.text.chars().count() {
        _ if code.text.trim().is_empty() => Some("it is empty"),
        length if length > CODE_CHARS_MAX => Some("it has more than 256 characters"),
        _ => None,
    };
    if let Some(why) = why {
        cx.found.push(NoCode { place: code.place, why, pool: pool_name() });
        return None;
    }
    let text = Text::new(&code.text);
    if !cx.codes.insert((pool, text.clone())) {
        cx.found.push(GivenTwice { place, code: code.text.to_string(), pool: pool_name() });
        return None;
    }
    Some(SceneKind::GivenCode { pool, code: Some(text) })
}
