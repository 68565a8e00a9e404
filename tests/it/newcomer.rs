//! The ten mistakes that everybody makes first: each gives one error, and who does what it says has a file that is right.

use onward::diagnostic::{Diagnostic, Severity};
use onward::{Project, check_project};

const RIGHT: &str = r#"customer {
  email       email?
  first_name  text?
  plan        one of "free", "pro" = "free"
}
event order_completed { order_id text, total money THB }
topic news "News" opt out

message thanks(total money THB) about news {
  email {
    subject "Thank you, {{ customer.first_name | default: 'friend' }}"
    text "We have your order of {{ total | money }}."
  }
}

journey after_order "After an order" {
  enter on order_completed
  enter again never

  wait 2 days
  if customer.plan is "free" {
    send thanks(total: entry.total) by email
  }
  split {
    path "more" 60% {
      set customer.plan to "pro"
    }
    path "nothing" 40% { }
  }
}
"#;

fn check(text: &str) -> Vec<Diagnostic> {
    check_project(Project::from_texts([("first.journey", text)])).1.into_sorted()
}

/// The text after the first fix.
fn fixed(text: &str, finding: &Diagnostic) -> Option<String> {
    let fix = finding.fixes.first()?;
    let mut edits = fix.edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.place));
    let mut text = text.to_owned();
    for edit in edits {
        text.replace_range(edit.place.span.range(), &edit.text);
    }
    Some(text)
}

/// A mistake: what stands in the right file, what a newcomer writes, the code, and where no fix can know what is meant, what the help says
/// to write, with what is put in its place.
struct Mistake {
    what: &'static str,
    right: &'static str,
    wrong: &'static str,
    code: &'static str,
    by_hand: Option<(&'static str, &'static str, &'static str)>,
}

const MISTAKES: [Mistake; 10] = [
    Mistake {
        what: "an unclosed brace",
        right: "entry.total) by email\n  }\n",
        wrong: "entry.total) by email\n",
        code: "E0003",
        by_hand: None,
    },
    Mistake { what: "a misspelt keyword", right: "    send thanks", wrong: "    sned thanks", code: "E0012", by_hand: None },
    Mistake { what: "a missing quote", right: "is \"free\" {", wrong: "is \"free {", code: "E0005", by_hand: None },
    Mistake { what: "`=` for `is`", right: "plan is \"free\" {", wrong: "plan = \"free\" {", code: "E0010", by_hand: None },
    Mistake { what: "a missing default", right: " | default: 'friend'", wrong: "", code: "E0450", by_hand: None },
    Mistake { what: "a wrong channel", right: "by email\n", wrong: "by emial\n", code: "E0102", by_hand: None },
    Mistake { what: "an unknown field", right: "if customer.plan", wrong: "if customer.plann", code: "E0104", by_hand: None },
    Mistake { what: "percentages that do not add up", right: "40%", wrong: "30%", code: "E0380", by_hand: None },
    Mistake {
        what: "a wait without a unit",
        right: "wait 2 days",
        wrong: "wait 2",
        code: "E0013",
        by_hand: Some(("`wait 2 days`", "wait 2\n", "wait 2 days\n")),
    },
    Mistake { what: "a message without its arguments", right: "thanks(total: entry.total)", wrong: "thanks", code: "E0410", by_hand: None },
];

#[test]
fn each_of_the_ten_first_mistakes_gives_one_error_that_mends_it() {
    assert!(check(RIGHT).is_empty(), "{:#?}", check(RIGHT));
    let mut wrong = Vec::new();
    for mistake in MISTAKES {
        assert_eq!(RIGHT.matches(mistake.right).count(), 1, "{}", mistake.what);
        let text = RIGHT.replace(mistake.right, mistake.wrong);
        let found = check(&text);
        let [one] = found.as_slice() else {
            wrong.push(format!("{}: {found:#?}", mistake.what));
            continue;
        };
        if one.severity() != Severity::Error || one.code.number != mistake.code {
            wrong.push(format!("{}: {one:?}", mistake.what));
            continue;
        }
        let help = one.help().unwrap_or_default();
        let mended = match mistake.by_hand {
            None => fixed(&text, one),
            Some((said, from, to)) => help.contains(said).then(|| text.replace(from, to)),
        };
        let Some(mended) = mended else {
            wrong.push(format!("{}: no fix; {one:?}; help: {help}", mistake.what));
            continue;
        };
        let left = check(&mended);
        if !left.is_empty() {
            wrong.push(format!("{}: after `{help}`: {left:#?}\n{mended}", mistake.what));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
