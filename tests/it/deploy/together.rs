//! Two edits at once, over HTTP and the core's threads; and an edit while nothing may be sent.

use super::super::admin::{House, run};
use super::super::daemon::harness::{Daemon, SHOP, at, plan_of};
use onward::engine::Outcome;
use onward::plan::encode;
use serde_json::{Value as Json, json};

const FIRST: &str = r#"customer { email email? }
event bought { order text = "-" }
topic promo "Promotions" opt in
message thanks about promo { email { subject "Thanks", text "Thank you" } }
journey after_order "After an order" {
  enter on bought
  enter again always
  send thanks
}
"#;

fn wish(text: &str, over: &str) -> String {
    json!({ "plan": encode::to_json(&plan_of(text)).unwrap(), "over": over }).to_string()
}

#[test]
fn of_two_who_apply_at_once_one_wins_and_the_other_compares_again() {
    run(async {
        let house = House::of("together", FIRST);
        house.subscribe("nok").await;
        let mut over = plan_of(FIRST).hash.to_string();
        for round in 0..8 {
            let texts = ["one", "two"].map(|name| FIRST.replace("Thank you", &format!("{name} {round}")));
            let hashes = texts.each_ref().map(|text| plan_of(text).hash.to_string());
            let bodies = texts.each_ref().map(|text| wish(text, &over));
            let call = "POST /admin/v1/plan/apply";
            let (first, second) = tokio::join!(house.ask(call, None, &bodies[0]), house.ask(call, None, &bodies[1]));
            let active = house.get("/admin/v1/status").await["plan"].as_str().unwrap().to_owned();
            let won = hashes.iter().position(|hash| *hash == active).expect("one of the two is active");
            let (winner, loser) = if won == 0 { (first, second) } else { (second, first) };
            assert_eq!((winner.0, &winner.1["applied"]), (200, &Json::Bool(true)), "{}", winner.2);
            assert_eq!(loser.0, 409, "{}", loser.2);
            assert!(loser.2.contains("compare again"), "{}", loser.2);
            over = active;
        }
        // The same edit twice: applied once, and nobody is told that it was not.
        let text = FIRST.replace("Thank you", "the same");
        let body = wish(&text, &over);
        let (first, second) =
            tokio::join!(house.ask("POST /admin/v1/plan/apply", None, &body), house.ask("POST /admin/v1/plan/apply", None, &body));
        let applied = [&first, &second].into_iter().filter(|answer| answer.1["applied"] == true).count();
        assert_eq!(applied, 1, "{} {}", first.2, second.2);
        assert_eq!(house.get("/admin/v1/status").await["plan"], plan_of(&text).hash.as_str());
        let audit = house.get("/admin/v1/audit").await.to_string();
        assert_eq!(audit.matches("apply plan").count(), 9, "{audit}");
    });
}

#[test]
fn an_edit_on_hold_is_active_and_nothing_leaves_before_the_release() {
    let edited = SHOP.replace("subject \"Thanks\"", "subject \"Many thanks\"");
    let mut daemon = Daemon::new(SHOP);
    daemon.subscribe(at("2026-03-01 09:00"), "nok", "nok@example.com");
    daemon.subscribe(at("2026-03-01 09:00"), "lek", "lek@example.com");
    daemon.core().world.set_hold(true);
    daemon.event(at("2026-03-01 10:00"), "nok", "bought", "m1");
    assert!(daemon.outgoing().is_empty(), "on hold");
    daemon.deploy(at("2026-03-01 10:05"), &edited);
    daemon.follow_all();
    daemon.event(at("2026-03-01 10:06"), "lek", "bought", "m2");
    daemon.touch(at("2026-03-01 10:30"));
    assert!(daemon.outgoing().is_empty(), "the edit is active, and nothing leaves");
    daemon.core().released();
    daemon.touch(at("2026-03-01 10:32"));
    let mut told: Vec<String> = Vec::new();
    for sent in daemon.outgoing() {
        assert!(daemon.ready(&sent));
        daemon.outcome(&sent, Outcome::Accepted);
        let subject = &sent.1.parts.iter().find(|(name, _)| name == "subject").unwrap().1;
        told.push(format!("{} {subject}", sent.1.address.split('@').next().unwrap()));
    }
    told.sort();
    assert_eq!(told, ["lek Many thanks", "nok Thanks"], "each by the version that she entered under");
}
