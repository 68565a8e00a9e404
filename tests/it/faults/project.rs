//! The projects that seeds choose among, and what their rules promise.

use onward::plan::Plan;
use onward::{Project, check_project};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// What the rules of a project say, for the oracles.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rules {
    /// So many in any 24 hours.
    pub cap: Option<u64>,
    /// Nothing from 21:00 to 08:00 (UTC).
    pub quiet: bool,
    pub hold_out: bool,
    /// Marketing is repeated in doubt, too.
    pub repeats: bool,
}

impl Rules {
    pub fn of(number: u64) -> Rules {
        let bit = |at: u64| number >> at & 1 == 1;
        Rules { cap: (!number.is_multiple_of(3)).then_some(number % 3), quiet: bit(2), hold_out: bit(3), repeats: bit(4) }
    }

    fn text(self) -> String {
        let mut policy = "timezone \"UTC\"\n".to_owned();
        if self.quiet {
            policy += "  quiet hours 21:00 to 08:00 then wait\n";
        }
        if let Some(cap) = self.cap {
            let noun = if cap == 1 { "message" } else { "messages" };
            policy += &format!("  at most {cap} {noun} in 1 day then skip\n");
        }
        if self.hold_out {
            policy += "  hold out 20%\n";
        }
        let doubt = if self.repeats { "repeat" } else { "skip" };
        PROJECT.replace("POLICY", &policy).replace("DOUBT", doubt)
    }

    pub fn plan(self) -> Arc<Plan> {
        static PLANS: Mutex<BTreeMap<Rules, Arc<Plan>>> = Mutex::new(BTreeMap::new());
        let mut plans = PLANS.lock().unwrap();
        Arc::clone(plans.entry(self).or_insert_with(|| {
            let (compiled, found) = check_project(Project::from_texts([("shop.journey", self.text().as_str())]));
            assert!(!found.has_errors(), "{found:?}");
            Arc::new(compiled.plan.expect("a plan"))
        }))
    }

    /// Acceptances that one message may have, by its name and whether its provider knows a key.
    pub fn acceptances(self, message: &str, keyed: bool) -> usize {
        if !keyed && (message == "receipt" || self.repeats) { 2 } else { 1 }
    }
}

pub const CUSTOMER_TOPIC: &str = "promo";

const PROJECT: &str = r#"
customer { email email?, points number = 0 }
event bought { order text = "-" }
event cancelled { order text = "-" }
event viewed { sku text = "-" }
topic promo "Promotions" opt in
topic orders "Orders" transactional "what became of her order"
policy {
  POLICY
}
message receipt about orders { email { subject "Receipt {{ customer.points }}", text "We have your order" } }
message thanks about promo {
  email { subject "Thanks", text "You have {{ customer.points }} points" }
  when in doubt DOUBT
}
message again about promo {
  email { subject "Again", text "Come again, with {{ customer.points }}" }
  when in doubt DOUBT
}
message look about promo {
  email { subject "Look", text "Look again" }
  when in doubt DOUBT
}
journey order "An order" {
  enter on bought
  one run per order
  exit on cancelled for the same order
  send receipt
  wait 2 hours
  send thanks
  wait 1 day
  increase customer.points by 1
  send again
}
journey looking "Looking around" {
  enter on viewed
  enter again always
  wait 30 minutes
  send look or exit if not sent
  wait up to 6 hours for bought otherwise exit "nothing bought"
  increase customer.points by 1
}
"#;
