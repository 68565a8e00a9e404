//! Another version of the project: what it would change, and that it becomes active.
//!
//! In: a plan as `onward` compiles it, decisions about steps that are gone. Out: the comparison; or that it is active, which is durable when it
//! is said. **Invariant:** who looks changes nothing; a plan becomes active only where what was compared is still what runs, and
//! where nobody stands at a removed step that nobody has decided about.

use super::{Answer, Refused, fine};
use crate::daemon::core::Core;
use crate::daemon::core::deploy::comparison::Comparison;
use crate::daemon::core::deploy::decide::decide;
use crate::daemon::core::deploy::survey::Survey;
use crate::daemon::keys::Caller;
use crate::daemon::runner::Handle;
use crate::plan::{Plan, encode};
use axum::body::Bytes;
use axum::extract::{Extension, State};
use axum::http::StatusCode;
use serde::Deserialize;
use serde_json::json;
use std::sync::Arc;

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
}

/// What is asked for, read and found whole.
fn read(body: &[u8]) -> Result<(Arc<Plan>, Vec<String>), Refused> {
    let wrong = |why: String| Refused(StatusCode::BAD_REQUEST, why);
    let wish: Wish = serde_json::from_slice(body)
        .map_err(|why| wrong(format!("send {{\"plan\": \"what onward plan --json prints\", \"removed_steps\": [\"stay\"]}}: {why}")))?;
    let plan = encode::from_json(&wish.plan).map_err(|why| wrong(why.to_string()))?;
    if encode::hash(&plan) != plan.hash {
        return Err(wrong("the plan was changed since it was compiled: its content is not what its hash says".to_owned()));
    }
    Ok((Arc::new(plan), wish.removed_steps))
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

fn told(comparison: &Comparison) -> Answer {
    fine(&json!({ "comparison": comparison, "text": comparison.text() }))
}

pub(super) async fn compare(State(handle): State<Handle>, Extension(caller): Extension<Caller>, body: Bytes) -> Answer {
    let (plan, wishes) = read(&body)?;
    let hash = plan.hash.clone();
    // Some customers are named.
    handle.ask(move |core, now| core.note(now, &caller.name, &format!("compare with plan {hash}"))).await?;
    told(&survey(&handle, plan, wishes).await?.comparison())
}
