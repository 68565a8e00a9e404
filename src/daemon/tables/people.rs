//! Customers as they are: who they are, what holds of them, where they stand.
//!
//! In: the core as it was at the last batch. Out: rows. **Invariant:** each row by the names of the plan that it was last handled under.

use super::{
    ATTRIBUTES, CONSENTS, CUSTOMERS, CannotTell, Cell, IDENTIFIERS, PENDING, RUNS, Rows, SEGMENTS, SUPPRESSIONS, at, json, maybe, text,
    truth,
};
use crate::daemon::core::Core;
use crate::daemon::core::recovery::Unreadable;
use crate::daemon::keeper::CannotOpen;
use crate::engine::row::{ConsentState, Customer};
use crate::plan::Plan;
use crate::schema::SegmentRole;
use crate::shard::Number;
use crate::value::json::to_json;
use std::sync::Arc;

pub(super) fn tell(core: &Core, rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    for shard in core.shards() {
        let numbers: Vec<Number> = shard.entries().map(|(number, ..)| number).collect();
        for number in numbers {
            let row = shard.row(number).map_err(|damaged| CannotOpen::Unreadable(Unreadable::Damaged(damaged)))?;
            if let Some(row) = row {
                one(core, number, &row, rows)?;
            }
        }
    }
    Ok(())
}

fn one(core: &Core, number: Number, row: &Customer, rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    let loaded = row.plan.and_then(|id| core.world.loaded(id));
    let plan = loaded.map_or_else(|| Arc::clone(core.world.plan()), |loaded| Arc::clone(&loaded.plan));
    let who = Cell::Whole(number.0 as i64);
    rows.add(CUSTOMERS, [who.clone(), text(&row.uid), at(row.known_since), text(&plan.hash)])?;
    for (kind, value) in core.identifiers(number) {
        let kind = ["user", "anonymous", "email"].get(usize::from(kind)).copied().unwrap_or("other");
        rows.add(IDENTIFIERS, [who.clone(), text(kind), text(&value)])?;
    }
    for (field, value) in plan.schema.customer.iter().zip(&row.attributes).filter(|(_, value)| !value.is_missing()) {
        rows.add(ATTRIBUTES, [who.clone(), text(&field.name), json(&to_json(value, &field.ty))])?;
    }
    for consent in &row.consents {
        let Some(topic) = plan.schema.topics.get(consent.topic.index()) else { continue };
        let state = match consent.state {
            ConsentState::Subscribed => "subscribed",
            ConsentState::Unsubscribed => "unsubscribed",
            ConsentState::Pending => "to be confirmed",
        };
        rows.add(CONSENTS, [who.clone(), text(&topic.name), text(state), at(consent.at)])?;
    }
    for channel in row.suppressions.iter().filter_map(|id| plan.schema.channels.get(id.index())) {
        rows.add(SUPPRESSIONS, [who.clone(), text(&channel.name)])?;
    }
    for (segment, standing) in plan.segments.iter().zip(&row.segments) {
        if standing.member && !matches!(segment.role, SegmentRole::StageTest(_)) {
            rows.add(SEGMENTS, [who.clone(), text(&segment.name)])?;
        }
    }
    runs(core, &who, row, rows)?;
    pending(&plan, &who, row, rows)
}

fn runs(core: &Core, who: &Cell, row: &Customer, rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    for run in &row.runs {
        let loaded = row.plans.get(usize::from(run.plan)).and_then(|id| core.world.loaded(*id));
        let Some(loaded) = loaded else { continue };
        let Some(journey) = loaded.plan.journeys.get(run.journey.index()) else { continue };
        let step = journey.steps.get(run.step.index());
        let place = loaded.plan.locate(step.map_or(journey.line, |step| step.line));
        rows.add(
            RUNS,
            [
                who.clone(),
                Cell::Whole(i64::from(run.number)),
                text(&journey.name),
                truth(run.is_live()),
                truth(run.held_out),
                at(run.begin),
                maybe(step.map(|step| step.label.as_str())),
                text(&place),
                at(run.due),
                text(&loaded.original().hash),
            ],
        )?;
    }
    Ok(())
}

fn pending(plan: &Plan, who: &Cell, row: &Customer, rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    for one in &row.pending {
        let (state, until) = one.state.described();
        rows.add(
            PENDING,
            [
                who.clone(),
                Cell::Whole(i64::from(one.key.run)),
                maybe(plan.messages.get(one.message.index()).map(|message| message.name.as_str())),
                maybe(plan.schema.channels.get(one.key.channel.index()).map(|channel| channel.name.as_str())),
                text(state),
                at(one.planned_at),
                at(until),
            ],
        )?;
    }
    Ok(())
}
