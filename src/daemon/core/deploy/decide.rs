//! What people decide about steps that an edit removes.
//!
//! In: wishes as they are written (`exit`, `move:wait#2`, `welcome/wait=stay`), and the two plans. Out: decisions, one for each step. **Invariant:**
//! a wish that names what is not there is refused with the nearest that is; one step alone counts more than all.

use super::retyped::retyped;
use crate::diagnostic::suggest;
use crate::engine::versions::{Decision, Fate, TYPE_OF};
use crate::plan::outline::is_plumbing;
use crate::plan::{Journey, Plan, Step};

/// Wishes in one deploy.
pub const WISHES_MAX: usize = 1_000;

/// Steps that people may stand on and that the newer plan does not have.
fn removed<'p>(before: &'p Plan, now: &'p Plan) -> impl Iterator<Item = (&'p Journey, Option<&'p Journey>, &'p Step)> {
    before.journeys.iter().flat_map(move |old| {
        let new = now.journeys.iter().find(|new| new.name == old.name);
        let gone = move |step: &&Step| new.is_none_or(|new| !new.steps.iter().any(|known| known.id == step.id));
        old.steps.iter().filter(|step| !is_plumbing(step)).filter(gone).map(move |step| (old, new, step))
    })
}

/// Reads wishes.
///
/// # Errors
/// In words, what is wrong with one of them.
pub fn decide(before: &Plan, now: &Plan, wishes: &[String]) -> Result<Vec<Decision>, String> {
    if wishes.len() > WISHES_MAX {
        return Err(format!("{} decisions about removed steps are more than the {WISHES_MAX} that may be given at once", wishes.len()));
    }
    let mut decisions: Vec<Decision> = Vec::new();
    let mut types: Vec<Decision> = Vec::new();
    let mut set = |journey: &Journey, step: &Step, fate: Fate, over: bool| match decisions
        .iter_mut()
        .find(|one| one.journey == journey.name && one.step == step.id)
    {
        Some(known) if over => known.fate = fate,
        Some(_) => {}
        None => decisions.push(Decision { journey: journey.name.clone(), step: step.id.clone(), fate }),
    };
    for wish in wishes.iter().filter(|wish| wish.contains('=')) {
        let (place, fate) = wish.rsplit_once('=').unwrap_or((wish, ""));
        let (journey, step) = place.split_once('/').ok_or_else(|| {
            format!("`{place}` names no step: write the journey and the step as the plan names them, for example `welcome/wait=exit`")
        })?;
        if step.starts_with(TYPE_OF) {
            types.push(type_decision(journey, step, fate)?);
            continue;
        }
        let gone: Vec<_> = removed(before, now).filter(|(old, _, _)| old.name == journey).collect();
        let Some((old, new, step)) = gone.iter().find(|(_, _, gone)| gone.id == step) else {
            let names = removed(before, now).map(|(old, _, step)| format!("{}/{}", old.name, step.id)).collect::<Vec<_>>();
            let near = suggest::best(place, names.iter().map(String::as_str));
            let help = near
                .map_or_else(|| "only a step that this edit removes is decided about".to_owned(), |near| format!("did you mean `{near}`?"));
            return Err(format!("no removed step is called `{place}`; {help}"));
        };
        set(old, step, fate_of(fate, *new)?, true);
    }
    for wish in wishes.iter().filter(|wish| !wish.contains('=')) {
        for (old, new, step) in removed(before, now) {
            match fate_of(wish, new) {
                Ok(fate) => set(old, step, fate, false),
                // A step to go on at is one journey's: for another it is no decision.
                Err(why) if !wish.starts_with("move:") => return Err(why),
                Err(_) => {}
            }
        }
        let known = removed(before, now).any(|(_, new, _)| fate_of(wish, new).is_ok());
        if !known && removed(before, now).next().is_some() {
            return Err(fate_of(wish, removed(before, now).find_map(|(_, new, _)| new)).err().unwrap_or_default());
        }
    }
    let all = wishes.iter().rfind(|wish| matches!(wish.trim(), "stay" | "exit"));
    if let Some(wish) = all {
        for journey in &before.journeys {
            for read in retyped(before, journey, now) {
                let one = type_decision(&journey.name, &format!("{TYPE_OF}{}", read.what), wish)?;
                if !types.iter().any(|known| known.journey == one.journey && known.step == one.step) {
                    types.push(one);
                }
            }
        }
    }
    decisions.append(&mut types);
    Ok(decisions)
}

/// About whose run reads what has another type now: she goes on without it, or her run ends.
fn type_decision(journey: &str, what: &str, wish: &str) -> Result<Decision, String> {
    let fate = match wish.trim() {
        "stay" => Fate::Stay,
        "exit" => Fate::Exit,
        other => return Err(format!("`{other}` is no decision about a type: say `stay` or `exit`")),
    };
    Ok(Decision { journey: journey.into(), step: what.into(), fate })
}

fn fate_of(wish: &str, journey: Option<&Journey>) -> Result<Fate, String> {
    match (wish.trim(), wish.trim().strip_prefix("move:")) {
        ("stay", _) => Ok(Fate::Stay),
        ("exit", _) => Ok(Fate::Exit),
        (_, Some(to)) => {
            let Some(journey) = journey else {
                return Err(format!("nobody can go on at `{to}`: the journey is gone; say `stay` or `exit`"));
            };
            let steps = || journey.steps.iter().filter(|step| !is_plumbing(step));
            if let Some(step) = steps().find(|step| step.id == to.trim()) {
                return Ok(Fate::Move(step.id.clone()));
            }
            let near = suggest::best(to.trim(), steps().map(|step| step.id.as_str()));
            let all: Vec<&str> = steps().map(|step| step.id.as_str()).take(20).collect();
            let help = near.map_or_else(|| format!("it has: {}", all.join(", ")), |near| format!("did you mean `{near}`?"));
            Err(format!("journey {} has no step `{}` in the new version; {help}", journey.name, to.trim()))
        }
        (other, None) => Err(format!("`{other}` is no decision: say `stay`, `exit` or `move:STEP`")),
    }
}
