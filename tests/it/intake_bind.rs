//! Words on the wire become inputs: the same ones that a simulation of the same log has.

use super::intake_fake::NOW;
use onward::calendar::{Instant, Zone};
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::bind::{Bound, Refusal, bind};
use onward::daemon::intake::{Call, segment};
use onward::engine::InputKind;
use onward::ingest::config::Config;
use onward::ingest::mapping::{Item, ItemKind};
use onward::ingest::merge::{LogFile, origin_of};
use onward::plan::Plan;
use onward::schema::{ChannelId, EventId, FieldId, ListId, TopicId};
use onward::value::{Text, Value};
use onward::{Project, check_project};
use serde_json::{Map, Value as Json, json};
use std::path::Path;

#[test]
fn the_log_of_the_shop_means_the_same_in_the_daemon_and_in_a_simulation() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("journeys/shop");
    let (compiled, _) = check_project(onward::project::load(&folder).unwrap());
    let plan = compiled.plan.unwrap();
    let manifest = compiled.project.manifest.unwrap();
    let zone = Zone::parse("Asia/Bangkok").unwrap();

    // As a simulation reads it.
    let (config, mut found) = Config::read(compiled.project.sources.get(manifest).unwrap(), manifest);
    let log = &config.logs[0];
    let mut file = LogFile::open(&folder.join(&log.file.text), origin_of(log), Some(&log.shape), &plan.schema, zone, &mut found).unwrap();
    let (mut simulated, mut item) = (Vec::new(), Item::default());
    while file.next(&plan.schema, &mut item) {
        let kind = match item.kind {
            ItemKind::Event(event) => InputKind::Event { event, at: item.at, fields: item.values.clone().into() },
            ItemKind::Attributes => {
                InputKind::Attributes { at: item.at, changes: item.fields.iter().copied().zip(item.values.iter().cloned()).collect() }
            }
        };
        simulated.push((item.customer.clone(), kind));
    }

    // As Segment's client would send it.
    let text = std::fs::read_to_string(folder.join(&log.file.text)).unwrap();
    let body = format!("{{\"batch\":[{}]}}", text.lines().collect::<Vec<_>>().join(","));
    let items = segment::read(&call("/v1/batch", &body, zone)).unwrap();
    let (mut heard, mut refused) = (Vec::new(), 0);
    for item in items {
        let arrival = item.said.unwrap();
        match bind(&plan, zone, &arrival, NOW) {
            Ok(bound) => heard.extend(bound.inputs.into_iter().map(|input| (Text::new(&arrival.who[0].value), input))),
            Err(_) => refused += 1,
        }
    }
    assert!(simulated.len() > 10, "{}", simulated.len());
    assert_eq!((heard.len() + refused) as u64, file.report.rows);
    assert_eq!(refused as u64, file.report.refusals.total());
    assert_eq!(heard, simulated);
}

fn call<'a>(path: &'a str, body: &'a str, zone: Zone) -> Call<'a> {
    Call { method: "POST", path, headers: &[], body, received: NOW, source: "web", trusted: false, zone, request: "r" }
}

fn plan() -> Plan {
    let text = r#"customer {
  email      email?
  first_name "firstName" text?
  points     number = 7
  push_token text?
  tags       list of text = []
}
event order_placed "Order Placed" { total "Total" money THB, coupon text?, items number = 1 }
event page { name text?, url url? }
topic news "News" opt in
topic orders "Orders" transactional "asked for"
list newcomers "New here"
message hello about news {
  email {
    subject "Hello"
    html "Hello <a href=\"{{ unsubscribe_url }}\">x</a>"
  }
  push {
    title "Hello"
    body "Hello"
  }
}
journey follow_up(reason text, times number?) {
  enter when requested
  enter again always
  send hello by email
}
journey greet {
  enter on order_placed
  enter again always
  send hello by push
  remove from list newcomers
}
"#;
    let (compiled, found) = check_project(Project::from_texts([("a.journey", text)]));
    compiled.plan.unwrap_or_else(|| panic!("{:?}", found.into_sorted()))
}

fn said(what: What) -> Result<Bound, Refusal> {
    let who = vec![Identifier { kind: IdentifierKind::User, value: "u1".to_owned() }];
    let at = Some(NOW.plus_ms(-5));
    bind(&plan(), Zone::UTC, &Arrival { who, source: "web".to_owned(), id: None, at, what }, NOW)
}

fn object(value: Json) -> Map<String, Json> {
    value.as_object().unwrap().clone()
}

fn event(name: &str, properties: Json) -> Result<Bound, Refusal> {
    said(What::Event { name: name.to_owned(), properties: object(properties) })
}

fn words<T: std::fmt::Debug>(result: Result<T, Refusal>) -> String {
    result.unwrap_err().words().to_owned()
}

const AT: Instant = Instant(NOW.0 - 5);

#[test]
fn values_are_of_their_types_or_the_event_is_refused_in_words() {
    let number = |text: &str| Value::Number(text.parse().unwrap());
    let bound = event("Order Placed", json!({"Total": 12.50, "unknown": {"x": 1}})).unwrap();
    let fields = vec![number("12.50"), Value::Missing, number("1")].into();
    assert_eq!(bound.inputs, [InputKind::Event { event: EventId(0), at: AT, fields }]);
    assert!(event("order_placed", json!({"total": "12.50"})).is_ok(), "by our own names as well");
    let exact: Json = serde_json::from_str("{\"Total\": 9007199254740993}").unwrap();
    let InputKind::Event { fields, .. } = &event("Order Placed", exact).unwrap().inputs[0] else { panic!() };
    assert_eq!(fields[0], number("9007199254740993"));
    for (properties, says) in [
        (json!({}), "`properties.Total` is missing"),
        (json!({"Total": null}), "`properties.Total` is missing"),
        (json!({"Total": "many"}), "`many` is not money THB"),
        (json!({"Total": [1]}), "`properties.Total`: `[1]`"),
        (json!({"Total": 1, "coupon": 5}), "write \"5\" in quotes"),
        (serde_json::from_str("{\"Total\": 1e400}").unwrap(), "1e"),
        (serde_json::from_str("{\"Total\": 1.00000000000000000000000000001}").unwrap(), "more digits"),
    ] {
        let heard = words(event("Order Placed", properties.clone()));
        assert!(heard.contains(says), "{properties}: {heard:?} does not say {says:?}");
    }
    let undeclared = event("Order Plcaed", json!({})).unwrap_err();
    assert!(matches!(&undeclared, Refusal::Undeclared(words) if words.contains("did you mean `Order Placed`?")), "{undeclared:?}");
    assert!(matches!(event("dance", json!({})), Err(Refusal::Undeclared(_))));
    assert!(matches!(event("Order Placed", json!({})), Err(Refusal::Unfit(_))));
}

#[test]
fn known_attributes_count_and_the_others_are_told() {
    let bound = said(What::Attributes(object(json!({"firstName": "นก", "points": null, "emial": "a@b.example", "tags": ["a"]})))).unwrap();
    let tags = Value::List(vec![Value::text("a")].into());
    let changes = vec![(FieldId(1), Value::text("นก")), (FieldId(2), Value::Number(7.into())), (FieldId(4), tags)];
    assert_eq!(bound.inputs, [InputKind::Attributes { at: AT, changes }]);
    assert_eq!(bound.ignored, ["no customer field is called `emial`; did you mean `email`?"]);
    assert!(
        words(said(What::Attributes(object(json!({"email": "nobody"}))))).contains("`traits.email`: `nobody` is not an e-mail address")
    );
}

#[test]
fn devices_consent_lists_and_requests() {
    let bound = said(What::Device { token: "tok".to_owned(), there: true }).unwrap();
    assert_eq!(bound.inputs, [InputKind::Attributes { at: AT, changes: vec![(FieldId(3), Value::text("tok"))] }]);
    let bound = said(What::Device { token: "tok".to_owned(), there: false }).unwrap();
    assert_eq!(bound.inputs, [InputKind::Attributes { at: AT, changes: vec![(FieldId(3), Value::Missing)] }]);
    assert_eq!(bound.if_still, Some((FieldId(3), Value::text("tok"))));

    let consent = |topic: &str| said(What::Consent { topic: topic.to_owned(), subscribed: true });
    assert_eq!(consent("news").unwrap().inputs, [InputKind::Consent { at: AT, topic: TopicId(0), subscribed: true }]);
    assert!(words(consent("orders")).contains("transactional") && words(consent("new")).contains("did you mean `news`?"));

    let suppress = |channel: Option<&str>| said(What::Suppress { channel: channel.map(str::to_owned), suppressed: true });
    let all = suppress(None).unwrap().inputs;
    let tasks = plan().schema.channels.iter().filter(|channel| channel.kind == onward::schema::ChannelKind::Task).count();
    assert!(all.len() + tasks == plan().schema.channels.len() && tasks == 1, "a team of ours is written to, not she: {all:?}");
    let email = plan().schema.channel("email").unwrap();
    assert_eq!(suppress(Some("email")).unwrap().inputs, [InputKind::Suppress { channel: ChannelId(email.0), suppressed: true }]);
    assert!(words(suppress(Some("fax"))).contains("no channel is called `fax`"));

    let list = |list: &str| said(What::List { list: list.to_owned(), on: true });
    assert_eq!(list("newcomers").unwrap().inputs, [InputKind::List { list: ListId(0), on: true }]);
    assert!(words(list("newcomer")).contains("did you mean `newcomers`?"));

    let request = |journey: &str, arguments: Json| said(What::Request { journey: journey.to_owned(), arguments: object(arguments) });
    let InputKind::Requested { args, .. } = &request("follow_up", json!({"reason": "trial"})).unwrap().inputs[0] else { panic!() };
    assert_eq!(args, &[Value::text("trial"), Value::Missing]);
    assert!(words(request("follow_up", json!({}))).contains("`arguments.reason` is missing"));
    assert!(words(request("follow_up", json!({"reason": "x", "raeson": "y"}))).contains("did you mean `reason`?"));
    assert!(words(request("greet", json!({}))).contains("enter when requested"));
    assert!(words(request("follow", json!({}))).contains("no journey is called `follow`"));
    assert_eq!(said(What::Erase).unwrap(), Bound::default());
}

#[test]
fn a_page_is_an_event_where_the_project_declares_one() {
    let body = r#"{"anonymousId":"a1","name":"Home","properties":{"url":"https://shop.example/"}}"#;
    let items = segment::read(&call("/v1/p", body, Zone::UTC)).unwrap();
    let bound = bind(&plan(), Zone::UTC, items[0].said.as_ref().unwrap(), NOW).unwrap();
    let InputKind::Event { event, fields, .. } = &bound.inputs[0] else { panic!("{bound:?}") };
    assert_eq!((event.0, &fields[0], &fields[1]), (1, &Value::text("Home"), &Value::text("https://shop.example/")));
}
