//! Another version of the project: what it would change, and that it becomes active.
//!
//! In: a plan as `onward` compiles it, decisions about steps that are gone. Out: the comparison; or that it is active, which is durable when it
//! is said. **Invariant:** who looks changes nothing; a plan becomes active only where what was compared is still what runs, and
//! where nobody stands at a removed step that nobody has decided about.

use super::{Answer, Refused, fine};
use crate::daemon::backfill;
use crate::daemon::core::Core;
use crate::daemon::core::backfill::Begun;
use crate::daemon::core::deploy::Progress;
use crate::daemon::core::deploy::comparison::Comparison;
use crate::daemon::core::deploy::decide::decide;
use crate::daemon::core::deploy::survey::Survey;
use crate::daemon::keys::Caller;
use crate::daemon::runner::Handle;
use crate::engine::World as _;
use crate::plan::{Plan, encode};
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;
use std::time::Duration;

/// Bytes of a plan that is sent, with what is said about it.
pub const PLAN_BYTES_MAX: usize = 64 << 20;
/// Customers that are looked at before ordinary work has a turn again.
const SLICE: usize = 500;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wish {
    /// As `onward plan --json` writes it.
    plan: String,
    /// `exit`, `move:wait#2`, `welcome/wait=stay`.
    #[serde(default)]
    removed_steps: Vec<String>,
    /// To apply: the plan that it was compared with.
    over: Option<String>,
}

/// What is asked for, found whole.
struct Wanted {
    plan: Arc<Plan>,
    removed_steps: Vec<String>,
    over: Option<String>,
}

/// What is asked for, read and found whole.
fn read(body: &[u8]) -> Result<Wanted, Refused> {
    let wrong = |why: String| Refused(StatusCode::BAD_REQUEST, why);
    let wish: Wish = serde_json::from_slice(body)
        .map_err(|why| wrong(format!("send {{\"plan\": \"what onward plan --json prints\", \"removed_steps\": [\"stay\"]}}: {why}")))?;
    let plan = encode::from_json(&wish.plan).map_err(|why| wrong(why.to_string()))?;
    if encode::hash(&plan) != plan.hash {
        return Err(wrong("the plan was changed since it was compiled: its content is not what its hash says".to_owned()));
    }
    Ok(Wanted { plan: Arc::new(plan), removed_steps: wish.removed_steps, over: wish.over })
}

/// Looks at everybody, slice by slice.
async fn survey(handle: &Handle, plan: Arc<Plan>, wishes: Vec<String>) -> Result<Survey, Refused> {
    let begun = handle.ask(move |core: &mut Core, _| {
        let decisions = decide(core.world.plan(), &plan, &wishes).map_err(|why| Refused(StatusCode::BAD_REQUEST, why))?;
        core.begin_survey(&plan, decisions).map_err(|why| Refused(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))
    });
    let mut survey = begun.await??;
    loop {
        let looked = handle.ask(move |core, now| {
            let more = core.survey(&mut survey, now, SLICE);
            (core.is_current(&survey), more, survey)
        });
        let (current, more, back) = looked.await?;
        survey = back;
        if !current {
            return Err(Refused(StatusCode::CONFLICT, "another version became active meanwhile; compare again".to_owned()));
        }
        match more {
            Ok(true) => {}
            Ok(false) => return Ok(survey),
            Err(damaged) => return Err(Refused(StatusCode::INTERNAL_SERVER_ERROR, damaged.to_string())),
        }
    }
}

/// For how long what has to be done before is waited for.
const WITHIN: Duration = Duration::from_secs(60);
/// Between two looks at it.
const PAUSE: Duration = Duration::from_millis(20);

pub(super) async fn apply(State(handle): State<Handle>, Extension(caller): Extension<Caller>, body: Bytes) -> Answer {
    let Wanted { plan, removed_steps, over } = read(&body)?;
    let over = over.ok_or_else(|| {
        let why = "say `over`: the hash of the plan that runs, as the comparison names it under `before`";
        Refused(StatusCode::BAD_REQUEST, why.to_owned())
    })?;
    let found = survey(&handle, Arc::clone(&plan), removed_steps).await?;
    let decisions = found.decisions().to_vec();
    let comparison = found.comparison();
    let on_hold = handle.ask(|core, _| core.world.on_hold()).await?;
    if comparison.is_same() {
        // Who applies what runs does not want what is on its way.
        let who = caller.name.clone();
        let stopped = handle.ask(move |core, now| core.stop_build(now, &who)).await?;
        return fine(&json!({ "applied": false, "stopped": stopped, "comparison": comparison, "on_hold": on_hold }));
    }
    if comparison.before != over {
        return Err(Refused(StatusCode::CONFLICT, "another version became active since you compared; compare again".to_owned()));
    }
    if comparison.undecided().next().is_some() {
        return Err(Refused(StatusCode::CONFLICT, format!("nothing was applied\n{}", comparison.told_undecided())));
    }
    let begun = tokio::time::Instant::now();
    loop {
        let (plan, decisions, over, who) = (Arc::clone(&plan), decisions.clone(), over.clone(), caller.name.clone());
        let tried = handle.ask(move |core, now| core.begin_build(&plan, &decisions, &over, &who, now)).await?;
        match tried.map_err(|why| Refused(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))? {
            Begun::NotNeeded => break,
            Begun::Yes => {
                tokio::spawn(backfill::drive(handle.clone()));
                return fine(&json!({ "applied": false, "building": true, "comparison": comparison, "on_hold": on_hold }));
            }
            Begun::Changed => {
                return Err(Refused(StatusCode::CONFLICT, "another version became active meanwhile; compare again".to_owned()));
            }
            Begun::Another => {
                let why = "another version is on its way: what it asks for is read back from the archive; wait for it, or apply the files that \
                           run to stop it";
                return Err(Refused(StatusCode::CONFLICT, why.to_owned()));
            }
            Begun::NotYet(why) if begun.elapsed() > WITHIN => {
                return Err(Refused(StatusCode::SERVICE_UNAVAILABLE, format!("nothing was applied: {why}; try again")));
            }
            Begun::NotYet(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    loop {
        let (plan, decisions, over, who) = (Arc::clone(&plan), decisions.clone(), over.clone(), caller.name.clone());
        let tried = handle.ask(move |core, now| core.try_deploy(&plan, &decisions, &over, &who, now)).await?;
        match tried.map_err(|why| Refused(StatusCode::INTERNAL_SERVER_ERROR, why.to_string()))? {
            Progress::Active => break,
            Progress::Changed => {
                return Err(Refused(StatusCode::CONFLICT, "another version became active meanwhile; compare again".to_owned()));
            }
            Progress::NotYet(why) if begun.elapsed() > WITHIN => {
                return Err(Refused(StatusCode::SERVICE_UNAVAILABLE, format!("nothing was applied: {why}; try again")));
            }
            Progress::NotYet(_) => tokio::time::sleep(PAUSE).await,
        }
    }
    tracing::info!(plan = %plan.hash, "another version of the project is active now");
    fine(&json!({ "applied": true, "comparison": comparison, "on_hold": on_hold }))
}

fn told(comparison: &Comparison) -> Answer {
    fine(&json!({ "comparison": comparison, "text": comparison.text() }))
}

pub(super) async fn compare(State(handle): State<Handle>, Extension(caller): Extension<Caller>, body: Bytes) -> Answer {
    let Wanted { plan, removed_steps, .. } = read(&body)?;
    let hash = plan.hash.clone();
    // Some customers are named.
    handle.ask(move |core, now| core.note(now, &caller.name, &format!("compare with plan {hash}"))).await?;
    told(&survey(&handle, plan, removed_steps).await?.comparison())
}
