//! Typical mistakes of people: each gives one finding, with its code; where it has a fix, the fix mends it.

use super::{findings, mended};

/// The mistake in a line of a journey, and the code of the one finding that it gives.
const STEPS: &[(&str, &str)] = &[
    ("sned hello", "E0012"),
    ("Send hello", "E0012"),
    ("wiat 2 days", "E0012"),
    ("delay 2 days", "E0012"),
    ("and send hello", "E0012"),
    ("goto x", "E0012"),
    ("wait 24h", "E0010"),
    ("wait 2days", "E0010"),
    ("wait 2 hrs", "E0010"),
    ("wait two days", "E0010"),
    ("wait a day", "E0010"),
    ("wait -1 hour", "E0010"),
    ("wait", "E0013"),
    ("wait days", "E0013"),
    ("wait 2", "E0013"),
    ("wait for 2 days", "E0013"),
    ("wait 2 day and 3 hours", "E0014"),
    ("wait 2 days, until 9:00", "E0010"),
    ("wait 2 days, until 9am", "E0010"),
    ("wait 2 days until 10:00", "E0014"),
    ("wait 1.5 months", "E0017"),
    ("wait until 25:00", "E0016"),
    ("wait until 2026-02-30", "E0016"),
    ("wait until 2026-03-01T09:00", "E0010"),
    ("wait until 01/03/2026", "E0010"),
    ("wait until monday", "E0013"),
    ("wait until monday 09:00", "E0013"),
    ("wait until", "E0013"),
    ("wait until 3 days customer.birthday", "E0013"),
    ("wait until customer.birthday at 9:00", "E0010"),
    ("wait until it is 09:00 18:00", "E0013"),
    ("wait until customer.birthday or exit if gone", "E0013"),
    ("wait up to 2 days", "E0019"),
    ("wait up to 2 days for order", "E0022"),
    ("wait up to 2 days for order otherwise", "E0022"),
    ("wait up to 2 days for order else exit", "E0010"),
    ("wait up 2 days for order otherwise exit", "E0013"),
    ("wait the full 3 days {\n    on a { }\n    otherwise { }\n  }", "E0013"),
    ("if customer.plan == \"pro\" {\n  }", "E0010"),
    ("if customer.plan = \"pro\" {\n  }", "E0010"),
    ("if customer.plan != \"pro\" {\n  }", "E0010"),
    ("if customer.plan <> \"pro\" {\n  }", "E0010"),
    ("if a => 1 {\n  }", "E0010"),
    ("if a ≥ 1 {\n  }", "E0010"),
    ("if a && b {\n  }", "E0010"),
    ("if a || b {\n  }", "E0010"),
    ("if !a {\n  }", "E0010"),
    ("if a is not missing {\n  }", "E0010"),
    ("if a is empty {\n  }", "E0010"),
    ("if a is null {\n  }", "E0010"),
    ("if a then {\n  }", "E0010"),
    ("if a: {\n  }", "E0010"),
    ("if a is {\n  }", "E0013"),
    ("if {\n  }", "E0013"),
    ("if a and {\n  }", "E0013"),
    ("if a b {\n  }", "E0014"),
    ("if (a or b {\n  }", "E0020"),
    ("if a or b) {\n  }", "E0014"),
    ("if a in [1, 2 {\n  }", "E0020"),
    ("if a in [1 2] {\n  }", "E0021"),
    ("if a in [1,, 2] {\n  }", "E0021"),
    ("if a {\n  } elif b {\n  }", "E0010"),
    ("if a {\n  } elseif b {\n  }", "E0010"),
    ("if a {\n  } otherwise {\n  }", "E0010"),
    ("if a >= 20,000 THB {\n  }", "E0010"),
    ("if a >= ฿500 {\n  }", "E0010"),
    ("if a >= $5 {\n  }", "E0010"),
    ("if a >= 5USD {\n  }", "E0017"),
    ("if has more than 2 order {\n  }", "E0010"),
    ("if has at least order {\n  }", "E0013"),
    ("if has {\n  }", "E0013"),
    ("if any of a where it is 1 {\n  }", "E0010"),
    ("if has order in the last days {\n  }", "E0013"),
    ("if in segment {\n  }", "E0013"),
    ("send", "E0013"),
    ("send hello via email", "E0010"),
    ("send hello by", "E0013"),
    ("send hello bye email", "E0014"),
    ("send hello email", "E0014"),
    ("send hello(total = 5) by email", "E0010"),
    ("send hello(total: 5 by email", "E0020"),
    ("send hello(total:) by email", "E0013"),
    ("send hello(total: 5 name: 6)", "E0021"),
    ("send hello to team", "E0013"),
    ("send hello as", "E0013"),
    ("send hello as in", "E0015"),
    ("send hello { }", "E0014"),
    ("send hello;", "E0010"),
    ("send hello // now", "E0010"),
    ("// send hello", "E0010"),
    ("exit \"done", "E0005"),
    ("exit 'done'", "E0010"),
    ("exit “done”", "E0010"),
    ("exit done", "E0014"),
    ("exit \"a\\q\"", "E0018"),
    ("let x = 5", "E0010"),
    ("let x 5", "E0013"),
    ("let be 5", "E0013"),
    ("let x be", "E0013"),
    ("let x be 5 if a, 6 if b", "E0022"),
    ("let in be 5", "E0015"),
    ("set customer.plan = \"pro\"", "E0010"),
    ("set customer.plan \"pro\"", "E0013"),
    ("set to \"pro\"", "E0013"),
    ("increase customer.points 5", "E0013"),
    ("add \"tv\" customer.interests", "E0013"),
    ("add \"tv\" in customer.interests", "E0013"),
    ("subscribe news", "E0013"),
    ("unsubscribe from", "E0013"),
    ("repeat 3 times {\n  }", "E0013"),
    ("repeat up to 3 {\n  }", "E0013"),
    ("repeat up to times {\n  }", "E0013"),
    ("split {\n    path a 50% { }\n    path \"b\" 50% { }\n  }", "E0013"),
    ("split {\n    path \"a\" 50 { }\n    path \"b\" 50% { }\n  }", "E0013"),
    ("split {\n    \"a\" 50% { }\n    path \"b\" 50% { }\n  }", "E0012"),
    ("start journey", "E0013"),
    ("start other", "E0012"),
    ("emit", "E0013"),
    ("emit e { a 1 }", "E0013"),
    ("emit e { a = 1 }", "E0010"),
    ("emit e { a: }", "E0013"),
    ("goal order", "E0013"),
    ("goal order within 7 days", "E0013"),
    ("goal order in 7 days of entry", "E0013"),
    ("enter cart_updated", "E0013"),
    ("enter on", "E0013"),
    ("enter on cart_updated when total > 5", "E0014"),
    ("enter again", "E0013"),
    ("enter again 7 days", "E0013"),
    ("enter every monday 09:00", "E0013"),
    ("while running", "E0013"),
    ("priority urgent", "E0013"),
    ("quiet hours 21:00-08:00 then wait", "E0013"),
    ("quiet hours 9pm to 08:00 then wait", "E0010"),
    ("quiet hours 21:00 to 08:00", "E0013"),
    ("at most 4 in 7 days from this journey then skip", "E0013"),
    ("at most 4 messages 7 days from this journey then skip", "E0013"),
    ("at most 4 messages in 7 days from this journey skip", "E0013"),
    ("hold out 10", "E0013"),
    ("one run cart_id", "E0012"),
    ("runs from tomorrow", "E0013"),
];

/// The same for whole files.
const FILES: &[(&str, &str)] = &[
    ("evnt order { id text }\n", "E0011"),
    ("journy x {\n  enter when requested\n  wait 1 day\n}\n", "E0011"),
    ("send hello\n", "E0011"),
    ("hello\n", "E0011"),
    ("event order { id: text }\n", "E0010"),
    ("event order { id }\n", "E0013"),
    ("event order { id text total number }\n", "E0014"),
    ("event order { id text,, total number }\n", "E0021"),
    ("event order { in text }\n", "E0015"),
    ("event order\n", "E0019"),
    ("event { id text }\n", "E0013"),
    ("event order { total money }\n", "E0013"),
    ("event order { tags list of }\n", "E0013"),
    ("event order { plan one of free, pro }\n", "E0010"),
    ("topic news \"News\"\n", "E0013"),
    ("topic news optin\n", "E0013"),
    ("topic news transactional\n", "E0013"),
    ("segment s\n", "E0019"),
    ("segment s { }\n", "E0013"),
    ("segment s {\n  has a\n  has b\n}\n", "E0012"),
    ("let a be \"x\n", "E0005"),
    ("let a be \"\"\"\n  x\n", "E0006"),
    ("let a be 123456789012345678901234567890123\n", "E0017"),
    ("message hello { sms \"Hi\" }\n", "E0013"),
    ("message hello about news { sms }\n", "E0013"),
    ("message hello about news { email { subject: \"Hi\" } }\n", "E0010"),
    ("message hello(total: number) about news { sms \"Hi\" }\n", "E0010"),
    ("policy {\n  time zone \"Asia/Bangkok\"\n}\n", "E0012"),
    ("policy {\n  timezone Asia/Bangkok\n}\n", "E0013"),
    ("route r\n", "E0013"),
    ("scenario for j {\n  expect 1 message\n}\n", "E0013"),
    ("scenario \"x\" {\n  expect 1 message\n}\n", "E0013"),
    ("scenario \"x\" for j {\n  when 2026-03-01 10:00 a\n}\n", "E0012"),
    ("scenario \"x\" for j {\n  at 2026-03-01 a\n}\n", "E0013"),
    ("scenario \"x\" for j {\n  after 2 hours\n}\n", "E0013"),
    ("scenario \"x\" for j {\n  expect\n}\n", "E0013"),
    ("journey j {\n  enter when requested\n  if a {\n    exit\n}\n", "E0003"),
    ("journey j {\n  enter when requested\n  if a\n    exit\n  }\n}\n", "E0004"),
    ("journey j {\n  enter when requested\n}\n}\n", "E0004"),
    ("journey j {{\n  enter when requested\n}\n", "E0003"),
    ("let a be 1\0\n", "E0007"),
    ("let a be 1\rlet b be 2\n", "E0007"),
    ("let a\u{A0}be 1\n", "E0008"),
    ("let a be \"x\u{202E}y\"\n", "E0008"),
    ("let a\u{200B}b be 1\n", "E0008"),
    ("let pr\u{43E}mo be 1\n", "W0009"),
];

fn in_a_journey(line: &str) -> String {
    format!("journey j {{\n  {line}\n  exit \"end\"\n}}\n")
}

#[test]
fn a_typical_mistake_gives_one_finding_with_its_code() {
    let mut wrong = Vec::new();
    let steps = STEPS.iter().map(|(line, code)| (in_a_journey(line), *code));
    for (text, code) in steps.chain(FILES.iter().map(|(text, code)| ((*text).to_owned(), *code))) {
        let found = findings(&text);
        if found.len() != 1 || found[0].code.number != code {
            wrong.push(format!("{code} wanted:\n{text}{found:#?}"));
        }
    }
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), STEPS.len() + FILES.len(), wrong.join("\n"));
}

#[test]
fn a_fix_mends_what_it_is_for() {
    let mut wrong = Vec::new();
    let mut fixes = 0;
    let steps = STEPS.iter().map(|(line, _)| in_a_journey(line));
    for text in steps.chain(FILES.iter().map(|(text, _)| (*text).to_owned())) {
        for fix in findings(&text).iter().flat_map(|one| one.fixes.iter()) {
            fixes += 1;
            let after = mended(&text, fix);
            let left = findings(&after);
            if !left.is_empty() {
                wrong.push(format!("{}:\n{text}becomes\n{after}{left:#?}", fix.title));
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {fixes}:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn words_for_people_have_no_full_stop_and_no_inner_name() {
    for text in STEPS.iter().map(|(line, _)| in_a_journey(line)).chain(FILES.iter().map(|(text, _)| (*text).to_owned())) {
        for one in findings(&text) {
            let (message, help) = (one.message(), one.help().unwrap_or_default());
            assert!(!message.ends_with('.') && message.chars().count() <= 110, "{message}");
            assert!(!help.is_empty(), "{message}: what should one do?");
            for inner in ["Kind", "pest", "parse", "token", "None", "E00"] {
                assert!(!message.contains(inner) && !help.contains(inner), "{message}: {help}");
            }
        }
    }
}
