//! Plans: what survives an edit, what a person sees of them, and that reading back gives the same.

use onward::plan::{Plan, encode, outline, picture, table};
use onward::schema::StepIx;
use onward::{Project, check_project};
use std::path::Path;

const JOURNEY: &str = r#"customer { email email? }
event bought { total money THB }
topic news "News" opt out
message hello about news {
  email { subject "Hi", text "Hello" }
}
message again about news {
  email { subject "Hi", text "Again" }
}

journey j {
  enter on bought
  enter again never
  send hello
  wait 2 days
  if has bought since entry {
    send again
  } else {
    wait 1 day
    send again
  }
  repeat up to 3 times {
    wait 1 day
    if has bought since entry { break }
  }
}
"#;

fn plan_of(text: &str) -> Plan {
    let (compiled, found) = check_project(Project::from_texts([("j.journey", text)]));
    let found: Vec<String> = found.iter().map(|finding| format!("{finding:?}")).collect();
    compiled.plan.unwrap_or_else(|| panic!("{found:?}"))
}

fn shipped() -> Vec<(String, Plan)> {
    ["grocery", "shop"]
        .iter()
        .map(|name| {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys").join(name);
            let (compiled, _) = check_project(onward::project::load(&folder).unwrap());
            ((*name).to_owned(), compiled.plan.unwrap())
        })
        .collect()
}

fn ids(plan: &Plan) -> Vec<&str> {
    plan.journeys[0].steps.iter().map(|step| step.id.as_str()).collect()
}

#[test]
fn a_step_is_named_by_what_it_is_and_where_it_stands() {
    assert_eq!(
        ids(&plan_of(JOURNEY)),
        [
            "send hello",
            "wait",
            "if",
            "if/then/send again",
            "if/else/wait",
            "if/else/send again",
            "repeat/start",
            "repeat",
            "repeat/wait",
            "repeat/if",
            "repeat/if/then/break",
            "end"
        ]
    );
}

#[test]
fn an_edit_elsewhere_renames_no_step() {
    let before = plan_of(JOURNEY);
    // A longer wait, a new step in one branch, a comment: only the new step is new.
    let edited = JOURNEY
        .replace("  wait 2 days", "  # a comment\n\n  wait 5 days")
        .replace("    wait 1 day\n    send again", "    wait 1 day\n    subscribe to news\n    send again");
    let after = plan_of(&edited);
    let (before, after) = (ids(&before), ids(&after));
    assert!(before.iter().all(|id| after.contains(id)), "{before:?} {after:?}");
    assert_eq!(after.len(), before.len() + 1);
}

#[test]
fn the_hash_is_of_what_is_done_not_of_where_it_is_written() {
    let plan = plan_of(JOURNEY);
    let moved = plan_of(&format!("# one line further down\n\n{}", JOURNEY.replace("  wait 2 days", "  wait   2 days # two")));
    assert_eq!(plan.hash, moved.hash);
    assert_eq!(plan.journeys[0].hash, moved.journeys[0].hash);
    let edited = plan_of(&JOURNEY.replace("wait 2 days", "wait 3 days"));
    assert_ne!(plan.hash, edited.hash);
    assert_ne!(plan.journeys[0].hash, edited.journeys[0].hash);
}

#[test]
fn what_is_read_back_is_what_was_written() {
    for (name, plan) in shipped() {
        let text = encode::to_json(&plan).unwrap();
        let again = encode::from_json(&text).unwrap();
        assert_eq!(again, plan, "{name}");
        assert_eq!(encode::hash(&again), plan.hash, "{name}");
    }
}

#[test]
fn a_newer_plan_is_refused_and_nonsense_too() {
    let newer = encode::to_json(&plan_of(JOURNEY)).unwrap().replacen("\"format\": 1", "\"format\": 99", 1);
    let error = encode::from_json(&newer).unwrap_err().to_string();
    assert!(error.contains("format 99") && error.contains("newer onward"), "{error}");
    assert!(encode::from_json("{\"format\": 1}").unwrap_err().to_string().starts_with("this is not a plan"));
}

#[test]
fn every_position_in_a_plan_is_valid() {
    use onward::plan::StepKind;
    for (name, plan) in shipped() {
        for journey in &plan.journeys {
            let valid = |at: StepIx| at.index() < journey.steps.len();
            for step in &journey.steps {
                assert!(valid(step.next), "{name} {}", step.id);
                match &step.kind {
                    StepKind::Wait { skip_to, .. } => assert!(valid(*skip_to)),
                    StepKind::Await { arms, otherwise, .. } => assert!(arms.iter().all(|arm| valid(arm.to)) && valid(*otherwise)),
                    StepKind::Branch { arms, otherwise } => assert!(arms.iter().all(|(_, to)| valid(*to)) && valid(*otherwise)),
                    StepKind::Split { paths, .. } => assert!(paths.iter().all(|path| valid(path.to))),
                    StepKind::Repeat { body, .. } => assert!(valid(*body)),
                    _ => {}
                }
            }
            assert!(matches!(journey.steps.last().unwrap().kind, StepKind::Exit { written: false, .. }));
            for (number, send) in journey.sends.iter().enumerate() {
                assert!(
                    matches!(&journey.steps[send.step.index()].kind, StepKind::Send(found) if found.id.index() == number),
                    "{name} {} send {number}",
                    journey.name
                );
            }
        }
    }
}

#[test]
fn every_step_is_shown_exactly_once() {
    fn count(items: &[outline::Item], seen: &mut Vec<StepIx>) {
        for item in items {
            match item {
                outline::Item::Step(at) => seen.push(*at),
                outline::Item::Fork { step, ways } => {
                    seen.push(*step);
                    ways.iter().for_each(|way| count(&way.items, seen));
                }
                outline::Item::Loop { step, body } => {
                    seen.push(*step);
                    count(body, seen);
                }
            }
        }
    }
    for (name, plan) in shipped() {
        for journey in &plan.journeys {
            let mut seen = Vec::new();
            count(&outline::outline(journey), &mut seen);
            seen.sort_unstable();
            let all: Vec<StepIx> =
                (0..journey.steps.len() as u16).map(StepIx).filter(|at| !outline::is_plumbing(&journey.steps[at.index()])).collect();
            assert_eq!(seen, all, "{name} {}", journey.name);
        }
    }
}

#[test]
fn a_table_and_a_chart_that_people_can_read() {
    let plan = plan_of(JOURNEY);
    insta::assert_snapshot!("table", table::table(&plan, None));
    insta::assert_snapshot!("mermaid", picture::mermaid(&plan, None));
}

#[test]
fn a_picture_holds_every_label_also_in_thai() {
    for (name, plan) in shipped() {
        let svg = picture::svg(&plan, None);
        assert!(svg.starts_with("<svg ") && svg.trim_end().ends_with("</svg>"));
        for journey in &plan.journeys {
            assert!(svg.contains(journey.title.as_deref().unwrap_or(&journey.name)), "{name} {}", journey.name);
            // Labels are wrapped; their first words stand together.
            for step in journey.steps.iter().filter(|step| !outline::is_plumbing(step)) {
                let first = step.label.split(' ').next().unwrap().replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;");
                assert!(svg.contains(&first), "{name} {}", step.label);
            }
        }
    }
}
