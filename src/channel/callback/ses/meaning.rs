//! What SES says inside a message of SNS.
//!
//! In: a believed message. Out: its report, if it is one. **Invariant:** both spellings are read: `eventType` of a configuration set and
//! `notificationType` of an identity.

use super::super::{IDENTITY, ours};
use crate::calendar::Instant;
use crate::channel::{About, Report, Reported};
use chrono::DateTime;
use serde_json::Value;

pub(super) fn report(said: &Value) -> Option<Report> {
    let event: Value = serde_json::from_str(said["Message"].as_str()?).ok()?;
    let kind = event["eventType"].as_str().or_else(|| event["notificationType"].as_str())?;
    let (part, what) = match kind {
        "Delivery" => ("delivery", Reported::Delivered),
        "Bounce" => ("bounce", Reported::Bounced { hard: event["bounce"]["bounceType"].as_str() == Some("Permanent") }),
        "Complaint" => ("complaint", Reported::Complained),
        "Open" => ("open", Reported::Opened { by_machine: false }),
        "Click" => {
            let url = event["click"]["link"].as_str().map(str::to_owned);
            ("click", Reported::Clicked { url, by_machine: false })
        }
        "Reject" => ("reject", Reported::Failed),
        "Rendering Failure" => ("failure", Reported::Failed),
        "Subscription" => ("subscription", Reported::Unsubscribed),
        _ => return None,
    };
    let mail = &event["mail"];
    let theirs = mail["messageId"].as_str().filter(|id| !id.is_empty()).map(|id| About::Provider("ses", id.to_owned()));
    let about = mail["tags"][IDENTITY][0].as_str().and_then(ours).or(theirs)?;
    let at = event[part]["timestamp"].as_str().and_then(|text| DateTime::parse_from_rfc3339(text).ok());
    let at = at.map(|at| Instant(at.timestamp_millis()));
    Some(Report { id: said["MessageId"].as_str().map(str::to_owned), about, what, at })
}
