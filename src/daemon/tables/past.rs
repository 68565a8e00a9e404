//! What happened: what came in, what was decided, what was sent, and who looked.
//!
//! In: archive and log. Out: rows, part by part as they lie there. **Invariant:** nothing is collected in memory but which version each run is pinned to.

use super::{AUDIT, CannotTell, Cell, DECISIONS, INPUTS, MESSAGES, Rows, at, json, maybe, text};
use crate::calendar::Zone;
use crate::daemon::keeper::{Happened, Shelf, What};
use crate::daemon::told::json::{said, sent};
use crate::daemon::told::{Of, Told, Versions};
use crate::shard::Number;
use serde_json::Value as Json;

pub(super) fn tell(shelf: &Shelf, mut versions: Versions, zone: Zone, rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    let mut told = Vec::new();
    shelf.everything(|number, happened: Happened| {
        if let What::Audit(entry) = &happened.what {
            let hash: String = entry.hash.iter().map(|byte| format!("{byte:02x}")).collect();
            return rows.add(AUDIT, [Cell::Whole(entry.number as i64), at(entry.at), text(&entry.who), text(&entry.what), text(&hash)]);
        }
        versions.tell(number, happened, zone, &mut told);
        told.drain(..).try_for_each(|one| row(number, &one, rows))
    })
}

fn row(number: Number, one: &Told, rows: &mut Rows<'_>) -> Result<(), CannotTell> {
    let who = Cell::Whole(number.0 as i64);
    let handled = at(one.at);
    match &one.of {
        Of::Input(input) => {
            let mut content = said(&one.plan, input);
            let what = json(&content["what"]);
            let (name, time) = (json(&content["event"]), json(&content["time"]));
            if let Json::Object(members) = &mut content {
                for known in ["what", "event", "time"] {
                    members.remove(known);
                }
            }
            rows.add(INPUTS, [who, handled, what, name, time, json(&content)])
        }
        Of::Record(said) => {
            let Some(line) = &one.line else { return Ok(()) };
            let run = if said.run > 0 { Cell::Whole(i64::from(said.run)) } else { Cell::Nothing };
            let (journey, message) = (maybe(said.journey.as_deref()), maybe(said.message.as_deref()));
            let (step, place) = (maybe(line.step.as_deref()), maybe(line.place.as_deref()));
            rows.add(DECISIONS, [who, handled, text(&line.at), journey, run, message, text(&line.what), step, place])
        }
        Of::Message { message, parcel } => {
            let sent = sent(&one.plan, message, parcel);
            let of = |name: &str| json(&sent[name]);
            rows.add(MESSAGES, [who, handled, of("message"), of("channel"), of("address"), of("language"), of("parts")])
        }
        Of::Errand(_) => Ok(()),
    }
}
