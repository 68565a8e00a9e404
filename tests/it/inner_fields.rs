//! Fields in fields, of custom channels and of hooks: what they begin with, and what they are called outside.

use super::ingest::Folder;
use super::messages::{findings, holds};
use super::simulate::{fine, with};
use onward::value::json::to_json;
use onward::value::parse::{Reading, from_json};
use onward::value::{Type, Value};

const ORDER: &str = "let usual be 1\n\
    event ordered2 \"Order Completed\" {\n  order_id text\n  items list of { sku \"product_id\" text, quantity \"qty\" number = usual, note text?, box { size text = \"m\" } }\n}\n";

fn order_type() -> Type {
    let text = format!(
        "{ORDER}topic news opt out\nmessage m about news {{ sms \"x\" }}\njourney j {{ enter on ordered2\n one run per event\n send m by sms }}\ncustomer {{ phone phone? }}\n"
    );
    let (compiled, found) = onward::check_project(onward::Project::from_texts([("shop.journey", text.as_str())]));
    assert!(!found.has_errors(), "{:#?}", found.into_sorted());
    let plan = compiled.plan.unwrap();
    // The plan keeps it, and what an older binary wrote is still read.
    let kept: onward::plan::Plan = serde_json::from_str(&serde_json::to_string(&plan).unwrap()).unwrap();
    assert_eq!(kept.hash, plan.hash);
    kept.schema.events[0].fields[1].ty.clone()
}

#[test]
fn a_field_in_a_field_has_its_name_outside_and_what_it_begins_with() {
    let ty = order_type();
    let read = |json: serde_json::Value| from_json(&json, &ty, &Reading::default());
    let value =
        read(serde_json::json!([{ "product_id": "A1", "box": {} }, { "product_id": "B2", "qty": 3, "note": "n", "box": { "size": "l" } }]));
    let item = |sku: &str, quantity: i64, note: Value, size: &str| {
        Value::Record([Value::text(sku), Value::Number(quantity.into()), note, Value::Record([Value::text(size)].into())].into())
    };
    let expected = Value::List([item("A1", 1, Value::Missing, "m"), item("B2", 3, Value::text("n"), "l")].into());
    assert_eq!(value.as_ref(), Ok(&expected));
    // What goes out comes back as the same.
    let out = to_json(&expected, &ty);
    assert_eq!(out[1]["product_id"], "B2");
    assert_eq!(read(out), value);
    // Its own name is not its name outside, and what has no default must be there.
    assert!(read(serde_json::json!([{ "sku": "A1", "box": {} }])).is_err());
    assert!(read(serde_json::json!([{ "product_id": "A1" }])).is_err());
    assert!(read(serde_json::json!([{ "product_id": "A1", "qty": "many", "box": {} }])).is_err());
    let plain: Type = serde_json::from_str(r#"{"Record":[["a","Text"],["b","Number"]]}"#).unwrap();
    assert_eq!(serde_json::to_string(&plain).unwrap(), r#"{"Record":[["a","Text"],["b","Number"]]}"#);
}

#[test]
fn what_a_field_in_a_field_begins_with_holds_in_stories_and_steps_too() {
    holds(&format!(
        "{ORDER}event packed {{ size text, quantity number }}\n\
         journey j {{\n  enter on ordered2\n  one run per event\n  let item be first of entry.items or exit if missing\n\
           if item.quantity is 1 and item.box.size is \"m\" {{ emit packed {{ size: item.box.size, quantity: item.quantity }} }}\n  exit \"done\"\n}}\n\
         scenario \"s\" for j {{\n  at 2026-03-01 10:00 ordered2 {{ order_id: \"o\", items: [{{ sku: \"A1\", box: {{}} }}] }}\n  expect no messages\n  expect has packed where quantity is 1\n}}\n"
    ));
    let wrong = |fields: &str| findings(&format!("event made {{ items list of {{ {fields} }} }}\n"));
    assert_eq!(wrong("count number = \"one\""), ["E0201 \"one\"", "W0501 made"].map(str::to_owned)[..1]);
}

#[test]
fn a_field_of_a_custom_channel_may_begin_with_a_value() {
    let base = "custom channel kiosk reaches customer.id { headline text, colour one of \"red\", \"blue\" = \"blue\", amount money THB = 5 THB }\n";
    let made = |content: &str| {
        Folder::new().with(
            "p.journey",
            format!(
                "{base}customer {{ email email? }}\nevent bought {{ order text }}\ntopic news opt out\nmessage m about news {{ kiosk {{ {content} }} }}\n\
                 journey j {{ enter on bought\n one run per event\n send m by kiosk }}\n"
            ),
        )
    };
    let sent = |content: &str| -> String {
        let folder = made(content).with("log.csv", "user,at,order\nn1,2026-03-01 10:00,o\n").with(
            "onward.toml",
            "[project]\nname = \"p\"\n[[log]]\nfile = \"log.csv\"\nevent = \"bought\"\ncustomer = \"user\"\ntime = \"at\"\n",
        );
        let request = onward::simulate::run::Request { customer: Some("n1".into()), ..with(1, 0) };
        let story = fine(&folder.0, &request).story.unwrap();
        story.into_iter().map(|line| line.what).find(|what| what.contains("headline")).unwrap()
    };
    let shown = sent("headline \"Hi\"");
    assert!(shown.contains("colour \"blue\"") && shown.contains("amount \"5.00 THB\"") || shown.contains("฿5"), "{shown}");
    assert!(sent("headline \"Hi\", colour \"red\"").contains("colour \"red\""));
    assert_eq!(findings(&format!("{base}message m about news {{ kiosk {{ colour \"red\" }} }}\n")), ["E0433 kiosk"]);
}
