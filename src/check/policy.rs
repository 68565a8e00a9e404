//! The policy: the rules that hold for every message of the project.
//!
//! In: `policy { … }` blocks. Out: [`Policy`]. **Invariant:** the zone is one of the time zone database; each rule stands once.

use super::amount;
use super::checked::Policy;
use super::header_caps::{self, Limit, Where};
use super::names::did_you_mean;
use super::problem::problems;
use super::project::Project;
use crate::ast::{self, DeclKind, PolicyRule};
use crate::calendar::{Zone, zone};
use crate::diagnostic::{Code, Diagnostics, Fix, suggest};
use crate::source::Place;

problems! {
    /// `timezone "Bangkok"`
    UnknownZone { name: String, help: String, fix: Vec<Fix> } = Code::new("E0140", "unknown-time-zone");
        "there is no time zone \"{name}\"", "not in the list of time zones", "{help}";

    /// `timezone "EST"`
    LegacyZone { name: String } = Code::new("W0141", "zone-without-summer-time");
        "\"{name}\" is a fixed distance from UTC, not a place", "no summer time is kept there", "name a place, for example `\"America/New_York\"`";

    /// Two `timezone` lines.
    RuleTwice { what: &'static str, other: Option<(Place, &'static str)> } = Code::new("E0142", "policy-rule-twice");
        "{what} is said twice in the policy", "only one can hold", "take one of the two lines out";
}

fn rules(files: &[ast::File]) -> impl Iterator<Item = &PolicyRule> {
    files
        .iter()
        .flat_map(|file| &file.decls)
        .filter_map(|decl| match &decl.kind {
            DeclKind::Policy { rules } => Some(rules),
            _ => None,
        })
        .flatten()
}

/// The project's zone: others need it before the policy is checked.
pub(super) fn zone(files: &[ast::File], found: &mut Diagnostics) -> Zone {
    let mut zone: Option<(Zone, Place)> = None;
    for rule in rules(files) {
        let PolicyRule::Timezone(Some(name), place) = rule else { continue };
        if let Some((_, first)) = zone {
            found.push(RuleTwice { place: *place, what: "the time zone", other: Some((first, "the first one")) });
            continue;
        }
        zone = Some((zone_of(name, found), *place));
    }
    zone.map(|(zone, _)| zone).unwrap_or_default()
}

fn zone_of(name: &ast::TextLit, found: &mut Diagnostics) -> Zone {
    match Zone::parse(&name.text) {
        Some(zone) => {
            if zone.is_legacy() {
                found.push(LegacyZone { place: name.place, name: name.text.clone() });
            }
            zone
        }
        None => {
            let near = nearest_zones(&name.text);
            let fix = near.iter().map(|near| Fix::replace(format!("change to \"{near}\""), name.content, near.clone())).collect();
            let help = if near.is_empty() {
                "name a place as the time zone database does, for example `\"Asia/Bangkok\"`".to_owned()
            } else {
                did_you_mean(&near)
            };
            found.push(UnknownZone { place: name.place, name: name.text.clone(), help, fix });
            Zone::default()
        }
    }
}

/// Zones that a text may mean: nearly that name, or a city alone.
fn nearest_zones(written: &str) -> Vec<String> {
    let near = suggest::nearest(written, zone::names());
    if !near.is_empty() {
        return near;
    }
    let lower = written.to_lowercase().replace(' ', "_");
    let mut cities: Vec<String> = zone::names()
        .filter(|name| name.rsplit('/').next().is_some_and(|city| city.to_lowercase() == lower) && *name != written)
        .map(str::to_owned)
        .collect();
    cities.sort();
    cities.truncate(suggest::SUGGESTIONS_MAX);
    cities
}

/// Checks the rules; several `policy` blocks count as one.
pub(super) fn check(project: &Project, files: &[ast::File], found: &mut Diagnostics) -> Policy {
    let mut policy = Policy { zone: project.zone, ..Policy::default() };
    let mut hold_out: Option<Place> = None;
    for rule in rules(files) {
        match rule {
            PolicyRule::Timezone(..) => {}
            PolicyRule::QuietHours(hours) => policy.quiet_hours.extend(header_caps::quiet_hours(project, hours, found)),
            PolicyRule::AtMost(cap) => match header_caps::at_most(project, cap, Where::Policy, found) {
                Some(Limit::Messages(cap)) => policy.caps.push(cap),
                Some(Limit::Entries(_)) | None => {}
            },
            PolicyRule::HoldOut(share, place) => {
                if let Some(first) = hold_out {
                    found.push(RuleTwice { place: *place, what: "the hold-out", other: Some((first, "the first one")) });
                    continue;
                }
                hold_out = Some(*place);
                if let Some(share) = share {
                    policy.hold_out = amount::share(share, "a hold-out", found).unwrap_or_default();
                }
            }
        }
    }
    policy
}
