//! Clients that other people wrote, unmodified, in pinned versions. Where npm and PyPI cannot be reached, this says so and passes.

use super::intake_fake::{Folder, Server, certificate, run};
use onward::daemon::arrival::{Arrival, Identifier, IdentifierKind, What};
use onward::daemon::http::Limits;
use onward::daemon::keys::Kind;
use serde_json::json;
use std::path::Path;
use std::process::Command;

/// What one person said, in order of arrival.
fn of<'a>(taken: &'a [Arrival], who: &str) -> Vec<&'a What> {
    let about = |arrival: &&Arrival| arrival.who.iter().any(|known| known.kind == IdentifierKind::User && known.value == who);
    taken.iter().filter(about).map(|arrival| &arrival.what).collect()
}

fn event<'a>(whats: &[&'a What], name: &str) -> Vec<&'a serde_json::Map<String, serde_json::Value>> {
    let named = |what: &&'a What| match *what {
        What::Event { name: is, properties } if is == name => Some(properties),
        _ => None,
    };
    whats.iter().filter_map(named).collect()
}

#[test]
fn unmodified_clients_are_heard() {
    run(async {
        let folder = Folder::new("clients");
        let (tls, ca) = certificate(&folder.0);
        let plain = Server::start("clients-http", Limits::default(), None).await;
        let secure = Server::start("clients-https", Limits::default(), Some(tls)).await;
        // The first call of the first client finds us busy: it must come again, and count once.
        *plain.recorder.busy_first.lock().unwrap() = 1;
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let mut command = Command::new("sh");
        command.arg(root.join("tests/clients/run.sh")).arg(root.join("target/clients"));
        command.arg(format!("http://{}", plain.address)).arg(plain.secret(Kind::Write));
        command.arg(secure.address.port().to_string()).arg(secure.secret(Kind::Server)).arg(&ca);
        let output = tokio::task::spawn_blocking(move || command.output()).await.unwrap();
        let Ok(output) = output else {
            eprintln!("SKIPPED: no shell to run tests/clients/run.sh with");
            return;
        };
        let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        if output.status.code() == Some(3) {
            eprintln!(
                "SKIPPED: the clients of Segment, RudderStack and Customer.io (npm and PyPI are needed once, for tests/clients/run.sh)\n{said}"
            );
            return;
        }
        assert!(output.status.success(), "{said}");

        let taken = plain.recorder.taken.lock().unwrap().clone();
        for (who, calls) in [("segment-node", 5), ("segment-python", 6), ("rudder-node", 4), ("rudder-python", 4)] {
            let whats = of(&taken, who);
            assert_eq!(whats.len(), calls, "{who}: {whats:#?}\n{said}");
            let orders = event(&whats, "Order Placed");
            assert_eq!((orders.len(), &orders[0]["total"], &orders[0]["note"]), (1, &json!(1290.5), &json!("ขอบคุณ 🙏")), "{who}");
            let known = json!({"first_name": "นก", "points": 12}).as_object().unwrap().clone();
            assert!(whats.contains(&&What::Attributes(known)), "{who}: {whats:#?}");
            assert_eq!(event(&whats, "page")[0]["name"], json!("Home"), "{who}");
            let old = Identifier { kind: IdentifierKind::Anonymous, value: format!("{who}-old") };
            assert!(whats.contains(&&What::SameAs(old)), "{who}: {whats:#?}");
        }
        assert!(plain.recorder.buried.lock().unwrap().is_empty(), "{:?}", plain.recorder.reasons());

        let taken = secure.recorder.taken.lock().unwrap().clone();
        for (client, calls) in [("node", 9), ("python", 12)] {
            let who = format!("customerio/{client} ก");
            let whats = of(&taken, &who);
            assert_eq!(whats.len(), calls, "{who}: {whats:#?}");
            let orders = event(&whats, "Order Placed");
            assert_eq!((orders.len(), &orders[0]["note"]), (1, &json!("ขอบคุณ 🙏")), "{who}");
            assert!(matches!(whats[0], What::Attributes(known) if known["email"] == json!(format!("{client}@example.com"))), "{whats:#?}");
            assert!(whats.contains(&&What::Device { token: "token/1".to_owned(), there: false }) && whats.contains(&&What::Erase));
            assert!(whats.contains(&&What::SameAs(Identifier { kind: IdentifierKind::Email, value: "old@example.com".to_owned() })));
        }
        let anonymous = taken.iter().filter(|arrival| arrival.who[0].kind == IdentifierKind::Anonymous).count();
        assert_eq!((anonymous, secure.recorder.reasons().len()), (2, 2), "{:?}", secure.recorder.reasons());
    });
}
