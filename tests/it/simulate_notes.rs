//! What a simulation makes up or leaves out, and that its report says so.

use super::ingest::Folder;
use super::simulate::{fine, json, with};
use onward::simulate::run::Request;

#[test]
fn codes_are_made_up_alike_by_any_number_of_threads_and_the_report_says_so() {
    let project = "customer { email email? }\nevent bought { order text }\ntopic news opt out\ncodes spring \"Spring codes\"\n\
        message voucher(code text) about news { email { subject \"A present\", text \"Code {{ code }}.\" } }\n\
        journey thanks {\n  enter on bought\n  enter again always\n  draw code from spring as code otherwise { exit \"none\" }\n\
        draw code from spring as another otherwise { exit \"none\" }\n  send voucher(code: another) by email\n}\n";
    let toml = "[project]\nname = \"p\"\n[[log]]\nfile = \"log.csv\"\nevent = \"bought\"\ncustomer = \"user\"\ntime = \"at\"\n\
        [[customers]]\n[customers.everyone]\nemail = { template = \"{user}@example.com\" }\n";
    let rows: String = (0..40).map(|row| format!("n{},2026-03-0{} 10:00,o{row}\n", row % 7, 1 + row / 7)).collect();
    let folder = Folder::new().with("p.journey", project).with("onward.toml", toml).with("log.csv", format!("user,at,order\n{rows}"));
    let whole = fine(&folder.0, &with(1, 0)).report;
    assert_eq!((whole.journeys[0].entered, whole.messages[0].planned), (40, 40));
    assert!(whole.notes.iter().any(|note| note.contains("no real codes were drawn")), "{:?}", whole.notes);
    let codes = |threads, customer: &str| -> Vec<String> {
        let story = fine(&folder.0, &Request { customer: Some(customer.to_owned()), ..with(threads, 3) }).story.unwrap();
        story.into_iter().map(|line| line.what).filter(|what| what.starts_with("draws the code spring-")).collect()
    };
    let mut all: Vec<String> = ["n0", "n1"].iter().flat_map(|customer| codes(1, customer)).collect();
    assert_eq!(codes(4, "n1"), all[12..]);
    all.sort();
    all.dedup();
    assert_eq!(all.len(), 24, "every code is given once");
    assert_eq!(json(&fine(&folder.0, &with(5, 2)).report), json(&whole));
}

const LOG: &str = "[project]\nname = \"p\"\n[[log]]\nfile = \"log.csv\"\nevent = \"bought\"\ncustomer = \"user\"\ntime = \"at\"\n";

#[test]
fn hooks_answer_as_the_project_says_and_the_report_says_what_was_assumed() {
    let project = "event bought { order text }\nhook credit(order text) {\n  url \"https://example.com/credit\"\n  timeout 10 seconds\n\
        answers { limit number, kind one of \"good\", \"bad\", note text? }\n}\n\
        journey ask {\n  enter on bought\n  one run per event\n  call credit(order: entry.order) as answer otherwise { exit \"no answer\" }\n\
        if answer.limit > 100 and answer.kind is \"good\" { exit \"rich\" }\n  exit \"poor\"\n}\n";
    let rows: String = (0..400).map(|row| format!("n{},2026-03-0{} 10:00,o{row}\n", row % 50, 1 + row / 50)).collect();
    let folder = |settings: &str| {
        let made = Folder::new().with("p.journey", project).with("log.csv", format!("user,at,order\n{rows}"));
        made.with("onward.toml", format!("{LOG}{settings}"))
    };
    let ended = |report: &onward::simulate::Report| -> Vec<(String, u64)> {
        report.journeys[0].ended.iter().map(|count| (count.what.clone(), count.count)).collect()
    };
    let silent = fine(&folder("").0, &with(1, 0)).report;
    assert_eq!(ended(&silent), [("exit \"no answer\"".to_owned(), 350)]);
    assert_eq!(silent.journeys[0].active, 50, "the log ends before the time of the last ones is over");
    assert!(silent.notes.iter().any(|note| note.contains("takes `otherwise` when its time is over")), "{:?}", silent.notes);
    let always = folder("[simulate.hooks.credit]\nanswers = { limit = 100.5, kind = \"good\" }\n");
    let always = fine(&always.0, &with(1, 0)).report;
    assert_eq!(ended(&always), [("exit \"rich\"".to_owned(), 400)]);
    let failing = folder("[simulate.hooks.credit]\nfails = \"25%\"\nanswers = { limit = 5, kind = \"good\" }\n");
    let whole = fine(&failing.0, &with(1, 0)).report;
    let counts = ended(&whole);
    assert_eq!(counts[0].0, "exit \"poor\"");
    assert!(counts[0].1 + counts[1].1 == 400 && (60..140).contains(&counts[1].1), "{counts:?}");
    assert_eq!(json(&fine(&failing.0, &with(3, 7)).report), json(&whole));
    let note = "ask: each call of `credit` was answered at once as `[simulate.hooks.credit]` says, but for 25% that failed";
    assert!(whole.notes.iter().any(|one| one == note), "{:?}", whole.notes);
}

#[test]
fn a_sample_answer_that_does_not_fit_its_hook_is_a_finding() {
    let project = "event bought { order text }\nhook credit(order text) {\n  url \"https://example.com/credit\"\n  timeout 10 seconds\n\
        answers { limit number, note text? }\n}\njourney ask {\n  enter on bought\n  one run per event\n\
        call credit(order: entry.order) as answer otherwise { exit }\n}\n";
    let codes = |settings: &str| -> Vec<String> {
        let made = Folder::new().with("p.journey", project).with("log.csv", "user,at,order\nn1,2026-03-01,o\n");
        let made = made.with("onward.toml", format!("{LOG}{settings}"));
        let (outcome, found) = super::simulate::simulate(&made.0, &with(1, 0));
        assert!(outcome.is_none());
        found.into_sorted().into_iter().map(|one| format!("{} {}", one.code.number, one.report)).collect()
    };
    for (settings, expected) in [
        ("[simulate.hooks.credt]\nanswers = { limit = 5 }\n", "E0605 "),
        ("[simulate.hooks.credit]\nanswers = { limitt = 5 }\n", "E0605 "),
        ("[simulate.hooks.credit]\nanswers = { limit = \"much\" }\n", "E0603 `limit` must be number, not the text \"much\""),
        ("[simulate.hooks.credit]\nanswers = { note = \"x\" }\n", "E0603 `limit` must be number, not nothing"),
        ("[simulate.hooks.credit]\nanswers = { limit = 5 }\nfail = \"2%\"\n", "E0602 "),
        ("[simulate.hooks]\ncredit = 5\n", "E0603 "),
    ] {
        let found = codes(settings);
        assert!(found.len() == 1 && found[0].starts_with(expected), "{settings}: {found:?}");
    }
}

#[test]
fn who_is_on_a_list_comes_from_a_file() {
    let project = "event bought { order text }\nlist vip \"Very important\"\nlist press \"Press\"\n\
        journey thank {\n  enter on bought where in list vip or in list press\n  enter again always\n\
        if in list press { exit \"press\" }\n  exit \"vip\"\n}\n\
        journey joined { enter when joins list vip\n  enter again always\n  exit \"joined\" }\n";
    let settings = "[[customers]]\nfile = \"vip.csv\"\nid = \"user\"\n[customers.lists]\nvip = true\npress = \"writes\"\n\
        [[customers]]\nfile = \"press.csv\"\nid = \"user\"\n[customers.lists]\npress = true\n";
    let made = Folder::new()
        .with("p.journey", project)
        .with("log.csv", "user,at,order\nn1,2026-03-01,a\nn2,2026-03-01,b\nn3,2026-03-01,c\nn4,2026-03-01,d\n")
        .with("vip.csv", "user,writes\nn1,no\nn2,yes\n")
        .with("press.csv", "user\nn3\n")
        .with("onward.toml", format!("{LOG}{settings}"));
    let report = fine(&made.0, &with(2, 1)).report;
    let ended = |at: usize| -> Vec<(&str, u64)> { report.journeys[at].ended.iter().map(|one| (one.what.as_str(), one.count)).collect() };
    assert_eq!(ended(0), [("exit \"press\"", 2), ("exit \"vip\"", 1)]);
    // They were on it before the log begins: nobody joins.
    assert_eq!(ended(1), []);
    let wrong = made.with("vip.csv", "user,writes\nn1,perhaps\n");
    let outcome = super::simulate::simulate(&wrong.0, &with(1, 0)).0;
    let refused = outcome.map(|one| one.report.files.iter().map(|file| file.refused.len()).sum::<usize>());
    assert!(refused.is_none_or(|refused| refused == 1), "{refused:?}");
}

#[test]
fn who_answered_too_little_gets_everybodys_best_hour() {
    let project = "customer { email email?, note text? }\nevent bought { order text }\nevent asked { order text }\ntopic news opt out\n\
        message hello about news { email { subject \"Hello\", text \"Hello\" } }\n\
        journey ping {\n  enter on bought\n  one run per event\n  send hello by email\n}\n\
        journey best {\n  enter on asked\n  one run per event\n  wait until best time within 24 hours\n  send hello by email\n}\n";
    // Ten customers are written to at 15:00 UTC and answer soon after; one who never answered is asked for at 08:00 the next day.
    let log: String = (0..60).map(|row| format!("n{},2026-03-0{} 15:00,o{row}\n", row % 10, 1 + row / 10)).collect();
    let made = Folder::new()
        .with("p.journey", project)
        .with("log.csv", format!("user,at,order\n{log}"))
        .with("asked.csv", "user,at,order\nnew,2026-03-01 08:00,early\nnewer,2026-03-08 08:00,late\nnewer,2026-03-09 08:00,end\n")
        .with(
            "onward.toml",
            format!(
                "{LOG}[[log]]\nfile = \"asked.csv\"\nevent = \"asked\"\ncustomer = \"user\"\ntime = \"at\"\n[simulate.responses]\nopened = \"100%\"\n\
                 [[customers]]\n[customers.everyone]\nemail = {{ template = \"{{user}}@example.com\" }}\n"
            ),
        );
    let sent = |uid: &str, threads, chunk| -> Vec<String> {
        let request = Request { customer: Some(uid.to_owned()), ..with(threads, chunk) };
        let story = fine(&made.0, &request).story.unwrap();
        story.into_iter().filter(|line| line.what.contains("@example.com")).map(|line| line.at).collect()
    };
    // Nobody had answered yet: at once. Later most had answered in the hour from 15:00 on.
    assert!(sent("new", 1, 0)[0].starts_with("2026-03-01 08:00"), "{:?}", sent("new", 1, 0));
    let late = sent("newer", 1, 0);
    assert!(late[0].starts_with("2026-03-08 15:00"), "{late:?}");
    assert_eq!(sent("newer", 3, 5), late);
    assert_eq!(json(&fine(&made.0, &with(3, 5)).report), json(&fine(&made.0, &with(1, 0)).report));
}
