//! What operators are told of somebody after the project was edited: every decision by the version that it was made under.

use super::admin::House;
use onward::daemon::arrival::What;
use onward::daemon::keeper::{self, Keeper, PLANS};
use onward::engine::Limits;
use onward::plan::Plan;
use onward::store::Disk;
use onward::{Project, check_project};
use std::sync::Arc;
use std::time::{Duration, Instant};

const FIRST: &str = r#"customer { email email?, name text? }
event bought { order text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
message again about promo { email { subject "Again", text "Come again" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
  wait 1 hour
  send again
}
"#;

/// Everything has another number and another line, and `thanks` another name.
const SECOND: &str = r#"customer { name text?, email email? }
event viewed { page text = "-" }
event bought { order text = "-" }
topic news "News" opt in
topic promo "Promotions" opt in
message again about promo { email { subject "Again", text "Come again" } }
message ขอบคุณ about promo { email { subject "Thanks", text "Thank you" } }

journey looking "Looking" {
  enter on viewed
  enter again always
  send again
}

journey after_order "After an order" {
  enter on bought
  enter again always
  send ขอบคุณ
  wait 1 hour
  send again
}
"#;

fn plan(text: &str) -> Arc<Plan> {
    let (compiled, found) = check_project(Project::from_texts([("shop.journey", text)]));
    assert!(!found.has_errors(), "{found:?}");
    Arc::new(compiled.plan.expect("a plan"))
}

async fn deploy(house: &mut House, text: &str) {
    let plan = plan(text);
    house.plan = Arc::clone(&plan);
    house.handle.ask(move |core, now| core.deploy(&plan, now).unwrap()).await.unwrap();
}

async fn next_is_sent(house: &mut House) {
    let sent = house.next_message().await;
    assert!(house.is_ready(&sent).await);
    house.is_accepted(&sent).await;
}

async fn until(house: &House, who: &str, what: &str, wanted: &str) -> String {
    let begin = Instant::now();
    loop {
        let said = house.why(who, what).await;
        if said.contains(wanted) {
            return said;
        }
        assert!(begin.elapsed() < Duration::from_secs(30), "{wanted}: {said}");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[test]
fn a_decision_is_told_by_the_version_it_was_made_under() {
    super::admin::run(async {
        let mut house = House::of("told", FIRST);
        house.subscribe("nok").await;
        house.buys("nok").await;
        next_is_sent(&mut house).await;
        house.set("2026-03-02 10:30");
        deploy(&mut house, SECOND).await;
        house.subscribe("mali").await;
        house.buys("mali").await;
        next_is_sent(&mut house).await;
        let by_first = "nok, 2026-03-02 10:00:00: thanks by email: sent (after_order 1, send thanks, shop.journey:9)";
        let by_second = "mali, 2026-03-02 10:30:00: ขอบคุณ by email: sent (after_order 1, send ขอบคุณ, shop.journey:18)";
        assert_eq!(house.why("nok", "message=thanks").await, by_first);
        assert_eq!(house.why("mali", "message=%E0%B8%82%E0%B8%AD%E0%B8%9A%E0%B8%84%E0%B8%B8%E0%B8%93").await, by_second);
        // Decided now, by a run that is pinned to the first version: its steps and its lines, under the numbers of the second.
        house.set("2026-03-02 11:05");
        next_is_sent(&mut house).await;
        let pinned = "nok, 2026-03-02 11:05:00: again by email: sent (after_order 1, send again, shop.journey:11)";
        assert_eq!(until(&house, "nok", "message=again", "again by email: sent").await, pinned);
        assert_eq!(
            house.why("mali", "message=again").await,
            "`again` is still to come: mali stands in after_order 1 at `wait 1 hour` (shop.journey:19) until 2026-03-02 11:30:00"
        );
        let story = house.get("/admin/v1/customers/nok/timeline").await;
        let places: Vec<&str> = story["lines"].as_array().unwrap().iter().filter_map(|line| line["place"].as_str()).collect();
        assert!(places.iter().all(|place| ["6", "7", "8", "9", "10", "11", "12"].contains(&&place[13..])), "{places:?}");
        // The versions are in the store.
        let house = house.again();
        assert_eq!(house.why("nok", "message=thanks").await, by_first);
        assert_eq!(house.why("nok", "message=again").await, pinned);
        let (status, _, text) = house.ask("GET /admin/v1/customers/nok/why?message=thank", None, "").await;
        assert_eq!((status, text.contains("did you mean `thanks`?")), (404, true), "a name of an older version is one: {text}");
    });
}

#[test]
fn a_run_that_goes_on_in_the_new_version_is_told_by_it_from_then_on() {
    super::admin::run(async {
        let mut house = House::of("moved", FIRST);
        house.subscribe("nok").await;
        house.buys("nok").await;
        next_is_sent(&mut house).await;
        let edited = format!(
            "# One line\n# and another.\n{}",
            FIRST.replace("  enter again always\n", "  enter again always\n  when edited continue in the new version\n")
        );
        deploy(&mut house, &edited).await;
        house.set("2026-03-02 11:05");
        next_is_sent(&mut house).await;
        assert_eq!(
            until(&house, "nok", "message=again", "again by email: sent").await,
            "nok, 2026-03-02 11:05:00: again by email: sent (after_order 1, send again, shop.journey:14)"
        );
        assert!(house.why("nok", "message=thanks").await.ends_with("shop.journey:9)"));
        let story = house.get("/admin/v1/customers/nok/timeline").await.to_string();
        assert!(story.contains("goes on in the new version"), "{story}");
    });
}

#[test]
fn without_a_name_there_is_a_sentence_for_every_message_and_every_run() {
    super::admin::run(async {
        let mut house = House::of("all", FIRST);
        house.take("mali", What::Attributes([("email".to_owned(), "mali@example.com".into())].into_iter().collect())).await;
        let why = |body: serde_json::Value| body["answer"].as_str().unwrap().to_owned();
        assert_eq!(why(house.get("/admin/v1/customers/mali/why").await), "nothing was decided about mali yet");
        house.buys("mali").await;
        assert_eq!(
            why(house.get("/admin/v1/customers/mali/why").await),
            "mali, 2026-03-02 10:00:00: thanks by email: skipped, no consent (after_order 1, send thanks, shop.journey:9)\n\
             mali stands in after_order 1 at `wait 1 hour` (shop.journey:10) until 2026-03-02 11:00:00"
        );
        house.subscribe("nok").await;
        house.buys("nok").await;
        next_is_sent(&mut house).await;
        assert!(why(house.get("/admin/v1/customers/nok/why").await).starts_with("nok, 2026-03-02 10:00:00: thanks by email: sent"));
        assert_eq!(house.ask("GET /admin/v1/customers/nok/why?message=thanks&journey=after_order", None, "").await.0, 400);
    });
}

#[test]
fn an_export_has_everything_whole_and_comes_a_few_times_a_minute() {
    super::admin::run(async {
        let mut house = House::of("export", FIRST);
        house.subscribe("nok").await;
        let long = "ก".repeat(500);
        let properties = [("order".to_owned(), long.as_str().into())].into_iter().collect();
        house.take("nok", What::Event { name: "bought".to_owned(), properties }).await;
        next_is_sent(&mut house).await;
        let export = house.get("/admin/v1/customers/nok/export").await;
        assert_eq!(export["customer"]["profile"]["email"], "nok@example.com");
        let happened = export["happened"].as_array().unwrap();
        let of = |what: &str| happened.iter().filter(|one| one["what"] == what).collect::<Vec<_>>();
        assert_eq!(of("event")[0]["properties"]["order"], long.as_str(), "nothing is cut");
        assert_eq!((&of("consent")[0]["topic"], &of("consent")[0]["subscribed"]), (&"promo".into(), &true.into()));
        let message = of("message")[0];
        assert_eq!((&message["address"], &message["parts"]["text"]), (&"nok@example.com".into(), &"Thank you".into()));
        let decided = of("decided").iter().any(|one| one["message"] == "thanks" && one["line"]["what"] == "thanks by email: sent");
        assert!(decided && of("outcome")[0]["outcome"] == "accepted", "{export}");
        // One was made; after the last that may be, nobody is copied.
        for _ in 1..20 {
            house.get("/admin/v1/customers/nok/export").await;
        }
        let (status, _, text) = house.ask("GET /admin/v1/customers/nok/export", None, "").await;
        assert!(status == 429 && text.contains("in the last minute"), "{status} {text}");
        house.set("2026-03-02 10:02");
        house.get("/admin/v1/customers/nok/export").await;
        let audit = house.get("/admin/v1/audit").await.to_string();
        assert!(audit.contains("export "), "{audit}");
    });
}

#[test]
fn what_the_archive_has_is_told_as_the_log_told_it_and_an_open_past_stays_as_it_was() {
    super::admin::run(async {
        let mut house = House::of("archived", FIRST);
        house.subscribe("nok").await;
        house.buys("nok").await;
        next_is_sent(&mut house).await;
        deploy(&mut house, SECOND).await;
        house.buys("nok").await;
        let (plan, files) = (Arc::clone(&house.plan), house.stop());
        let disk: Disk = Arc::new(files);
        let (mut keeper, core) = Keeper::open(disk, &plan, Limits::default()).unwrap();
        let number = core.find_by("nok").unwrap();
        let wanted = [number, PLANS];
        let by_log = keeper.past().unwrap().read(&wanted).unwrap();
        let versions = by_log.iter().filter(|(_, one)| matches!(one.what, keeper::What::Plan(_))).count();
        assert!(by_log.len() > 8 && versions == 2, "{by_log:#?}");
        assert!(by_log.is_sorted_by_key(|(_, one)| one.order), "in the order in which it happened");
        let open = keeper.past().unwrap();
        keeper.archive_until(keeper.last()).unwrap();
        assert_eq!(keeper.past().unwrap().read(&wanted).unwrap(), by_log);
        assert_eq!(open.read(&wanted).unwrap(), by_log, "opened before the archive was written: nothing is told twice");
    });
}
