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
