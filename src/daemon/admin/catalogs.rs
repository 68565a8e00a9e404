//! Items of catalogs by HTTP: look, put, change, take out.
//!
//! In: the name of a catalog, the key of an item, its fields as JSON. Out: the item as it is now. **Invariant:** a field that is not declared, or does
//! not have its type, changes nothing and is told; what is answered with `200` is durable, and whom it concerns is told in her turn.

use super::{Answer, Refused, fine, known};
use crate::daemon::core::Core;
use crate::daemon::keys::Caller;
use crate::daemon::runner::Handle;
use crate::ingest::mapping::decode;
use crate::ingest::rows::Cell;
use crate::plan::Plan;
use crate::schema::{Catalog, CatalogId};
use crate::value::Value;
use crate::value::json::to_json;
use crate::value::parse::Reading;
use axum::body::Bytes;
use axum::extract::{Extension, Path, State};
use axum::http::StatusCode;
use serde_json::{Map, Value as Json, json};
use std::sync::Arc;

/// Characters of an item's key.
const KEY_CHARS_MAX: usize = 256;
/// Changes of one item that come within a millisecond count a millisecond apart: whoever asks sees the last word, also where it counts in a
/// moment only.
const SAID_LAST: crate::calendar::Instant = crate::calendar::Instant::NEVER;

type Place = Path<(String, String)>;

pub(super) async fn look(State(handle): State<Handle>, Path((catalog, key)): Place) -> Answer {
    let plan = handle.plan();
    let (id, _) = find(&plan, &catalog)?;
    let wanted = key.clone();
    let fields = handle.ask(move |core, _| core.world.items().fields(id, &wanted, SAID_LAST).cloned()).await?;
    let fields = fields.ok_or_else(|| no_item(&catalog, &key))?;
    fine(&shown(&plan, id, &key, &fields))
}

/// The whole item: what is left out has its default.
pub(super) async fn put(handle: State<Handle>, caller: Extension<Caller>, place: Place, body: Bytes) -> Answer {
    change(handle, caller, place, &body, true).await
}

/// Some fields of an item that is there.
pub(super) async fn patch(handle: State<Handle>, caller: Extension<Caller>, place: Place, body: Bytes) -> Answer {
    change(handle, caller, place, &body, false).await
}

async fn change(
    State(handle): State<Handle>,
    Extension(caller): Extension<Caller>,
    Path((catalog, key)): Place,
    body: &[u8],
    whole: bool,
) -> Answer {
    let plan = handle.plan();
    let (id, declared) = find(&plan, &catalog)?;
    check_key(&key)?;
    let object: Map<String, Json> = serde_json::from_slice(body)
        .map_err(|_| Refused(StatusCode::BAD_REQUEST, "send the fields as one JSON object: {\"price\": 900, \"stock\": 3}".to_owned()))?;
    let said = read(&plan, declared, &object)?;
    let (what, wanted) = (format!("put {catalog} {}", short(&key)), key.clone());
    let hash = plan.hash.clone();
    let done = handle.ask(move |core, now| {
        // A plan that became active in between numbers otherwise.
        if core.world.plan().hash != hash {
            return Err("the project was edited at this very moment; send it again".to_owned());
        }
        let before = core.world.items().fields(id, &wanted, SAID_LAST).cloned();
        if before.is_none() && !core.has_room_for_items() {
            return Err("the catalogs are full: take out items that nobody needs".to_owned());
        }
        let declared = core.world.plan().schema.catalogs.get(id.index()).cloned();
        let Some(declared) = declared else { return Err("there is no such catalog any more".to_owned()) };
        let fields = merge(&declared, before.filter(|_| !whole).as_deref(), said, whole)?;
        put_noted(core, now, &caller, &what, id, &wanted, Some(Arc::clone(&fields)));
        Ok(fields)
    });
    let fields = done.await?.map_err(|why| Refused(StatusCode::UNPROCESSABLE_ENTITY, why))?;
    fine(&shown(&plan, id, &key, &fields))
}

pub(super) async fn delete(State(handle): State<Handle>, Extension(caller): Extension<Caller>, Path((catalog, key)): Place) -> Answer {
    let plan = handle.plan();
    let (id, _) = find(&plan, &catalog)?;
    let (what, wanted) = (format!("take out {catalog} {}", short(&key)), key.clone());
    let gone = handle.ask(move |core, now| {
        let there = core.world.items().fields(id, &wanted, SAID_LAST).is_some();
        if there {
            put_noted(core, now, &caller, &what, id, &wanted, None);
        }
        there
    });
    if gone.await? { fine(&json!({ "gone": key })) } else { Err(no_item(&catalog, &key)) }
}

fn put_noted(
    core: &mut Core,
    now: crate::calendar::Instant,
    caller: &Caller,
    what: &str,
    id: CatalogId,
    key: &str,
    fields: Option<Arc<[Value]>>,
) {
    if core.put_item(id, key, fields) {
        core.note(now, &caller.name, what);
    }
}

fn find<'p>(plan: &'p Plan, catalog: &str) -> Result<(CatalogId, &'p Catalog), Refused> {
    known("catalog", catalog, plan.schema.catalogs.iter().map(|catalog| catalog.name.as_str()))?;
    let found = plan.schema.catalog(catalog).and_then(|id| Some((id, plan.schema.catalogs.get(id.index())?)));
    found.ok_or_else(|| Refused(StatusCode::NOT_FOUND, "there is no such catalog".to_owned()))
}

fn no_item(catalog: &str, key: &str) -> Refused {
    Refused(StatusCode::NOT_FOUND, format!("`{catalog}` has no item `{}`", short(key)))
}

fn check_key(key: &str) -> Result<(), Refused> {
    if key.trim().is_empty() || key.chars().count() > KEY_CHARS_MAX || key.chars().any(char::is_control) {
        return Err(Refused(
            StatusCode::BAD_REQUEST,
            format!("the key of an item is a text of 1 to {KEY_CHARS_MAX} characters on one line"),
        ));
    }
    Ok(())
}

fn short(text: &str) -> String {
    text.chars().take(100).collect()
}

/// By position; `None` for what nobody says.
fn read(plan: &Plan, declared: &Catalog, object: &Map<String, Json>) -> Result<Vec<Option<Value>>, Refused> {
    let reading = Reading { zone: plan.policy.zone, ..Reading::default() };
    for name in object.keys() {
        if *name == declared.key.as_str() {
            continue;
        }
        let names = declared.fields.iter().flat_map(|field| [field.name.as_str(), field.wire.as_str()]);
        known(&format!("field of `{}`", declared.name), name, names).map_err(|Refused(_, why)| Refused(StatusCode::BAD_REQUEST, why))?;
    }
    let mut said = Vec::with_capacity(declared.fields.len());
    for field in &declared.fields {
        let found = object.get(field.wire.as_str()).or_else(|| object.get(field.name.as_str()));
        said.push(match found.map(Cell::of) {
            None => None,
            Some(Cell::Missing) => Some(field.default.clone()),
            Some(cell) => Some(decode(field, &field.name, cell, &reading).map_err(|refusal| {
                let why = format!("`{}` is `{}`: expected {}", field.name, refusal.found, refusal.expected);
                Refused(StatusCode::BAD_REQUEST, why)
            })?),
        });
    }
    Ok(said)
}

fn merge(declared: &Catalog, before: Option<&[Value]>, said: Vec<Option<Value>>, whole: bool) -> Result<Arc<[Value]>, String> {
    if !whole && before.is_none() {
        return Err("there is no such item yet: PUT it with all its fields".to_owned());
    }
    let mut fields = Vec::with_capacity(declared.fields.len());
    for (at, (field, said)) in declared.fields.iter().zip(said).enumerate() {
        let value = match said.or_else(|| before.and_then(|before| before.get(at)).cloned()) {
            Some(value) => value,
            None => field.default.clone(),
        };
        if value.is_missing() && !field.ty.is_optional() {
            return Err(format!("`{}` is missing: expected {}", field.name, field.ty));
        }
        fields.push(value);
    }
    Ok(fields.into())
}

fn shown(plan: &Plan, id: CatalogId, key: &str, fields: &[Value]) -> Json {
    let mut object = Map::new();
    if let Some(declared) = plan.schema.catalogs.get(id.index()) {
        object.insert(declared.key.to_string(), key.into());
        for (field, value) in declared.fields.iter().zip(fields) {
            object.insert(field.name.to_string(), to_json(value, &field.ty));
        }
    }
    Json::Object(object)
}
