//! The guard of deployments that are not live, and the file drop.

use super::channel_given::{Counting, block_on, clock, folder, mail};
use onward::channel::file::FileDrop;
use onward::channel::guard::{Allowed, Guard};
use onward::channel::sandbox::{Look, Sandbox, Tray};
use onward::channel::{Adapter, Envelope, Gate, Task, Verdict};
use onward::schema::ChannelKind;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// An adapter that writes down whom it was asked to write to.
#[derive(Debug, Default)]
struct Outside {
    addresses: Mutex<Vec<String>>,
    key: bool,
}

impl Adapter for Outside {
    fn name(&self) -> &'static str {
        "outside"
    }

    fn remembers(&self) -> Option<Duration> {
        self.key.then_some(Duration::from_secs(60))
    }

    fn hand_over<'a>(&'a self, envelope: &'a Envelope, _gate: &'a dyn Gate) -> Task<'a, Verdict> {
        self.addresses.lock().unwrap().push(envelope.address.clone());
        Box::pin(async { Verdict::Accepted { provider_id: Some("outside".to_owned()) } })
    }
}

fn allowed() -> Allowed {
    let entries = ["Team@shop.example", "@qa.shop.example", "*@Lab.shop.example", " +66812345678", "designers"];
    Allowed::read(&entries.map(str::to_owned)).unwrap()
}

#[test]
fn nobody_outside_the_list_is_written_to_before_the_deployment_is_live() {
    let mails = [
        ("team@shop.example", true),
        ("TEAM@Shop.Example", true),
        ("anybody@qa.shop.example", true),
        ("anybody@QA.shop.example ", true),
        ("anybody@lab.shop.example", true),
        ("nok@shop.example", false),
        ("anybody@deep.qa.shop.example", false),
        ("anybody@qa.shop.example.evil.example", false),
        ("nok@evil.example,team@shop.example", false),
        ("nok@evil.example\r\nRCPT TO:<team@shop.example>", false),
        ("\"nok@evil.example\"@qa.shop.example", false),
        ("team@shop.example@evil.example", false),
        ("@qa.shop.example", false),
        ("+66812345678", false),
        ("", false),
    ];
    let others = [
        (ChannelKind::Sms, "+66812345678", true),
        (ChannelKind::Sms, "+66812345679", false),
        (ChannelKind::Sms, "team@shop.example", false),
        (ChannelKind::Task, "designers", true),
        (ChannelKind::Task, "everybody", false),
        (ChannelKind::Webhook, "https://evil.example", false),
    ];
    let mails = mails.into_iter().map(|(address, out)| (ChannelKind::Email, address, out));
    let outside = Arc::new(Outside::default());
    let sandbox = Arc::new(Sandbox::open(&folder("guard"), clock()).unwrap());
    let guard = Guard::new(outside.clone(), sandbox.clone(), allowed());
    let (mut out, mut caught) = (Vec::new(), Vec::new());
    for (at, (kind, address, passes)) in mails.chain(others).enumerate() {
        let envelope = Envelope { kind, address: address.to_owned(), ..mail(&format!("m-{at}")) };
        let verdict = block_on(guard.hand_over(&envelope, &Counting::default()));
        assert_eq!(verdict, Verdict::Accepted { provider_id: passes.then(|| "outside".to_owned()) }, "{kind:?} {address:?}");
        if passes { &mut out } else { &mut caught }.push(address.to_owned());
    }
    assert_eq!(*outside.addresses.lock().unwrap(), out);
    caught.reverse();
    let shown = sandbox.list(&Look { count: 100, ..Look::default() });
    assert_eq!(shown.iter().map(|note| note.address.clone()).collect::<Vec<_>>(), caught);
    assert!(shown.iter().all(|note| note.instead_of.as_deref() == Some("outside")));
}

#[test]
fn what_is_caught_goes_the_way_of_the_adapter_behind_and_live_passes_everything() {
    for key in [true, false] {
        let outside = Arc::new(Outside { key, ..Outside::default() });
        let sandbox = Arc::new(Sandbox::open(&folder("guard"), clock()).unwrap());
        let guard = Guard::new(outside.clone(), sandbox.clone(), Allowed::default());
        assert_eq!((guard.name(), guard.remembers().is_some()), ("outside", key));
        let closed = Counting { closed: true, ..Counting::default() };
        let verdict = block_on(guard.hand_over(&mail("m-1"), &closed));
        // With a key nobody asks the gate.
        assert_eq!(verdict == Verdict::Withdrawn, !key, "{verdict:?}");
        assert_eq!((sandbox.kept(), closed.times(), outside.addresses.lock().unwrap().len()), (usize::from(key), u32::from(!key), 0));
        let live = Guard::live(outside.clone(), sandbox);
        block_on(live.hand_over(&mail("m-2"), &Counting::default()));
        assert_eq!(*outside.addresses.lock().unwrap(), ["nok@example.org"]);
    }
}

#[test]
fn a_list_that_says_nobody_or_everybody_is_refused() {
    for wrong in
        ["", "*", "*@", "**@shop.example", "n*@shop.example", "*@*.example", "@", "@*", "@localhost", "a b@shop.example", "@shop.example>"]
    {
        assert!(Allowed::read(&[wrong.to_owned()]).is_err(), "{wrong:?}");
    }
    assert!(Allowed::read(&vec!["a@b.example".to_owned(); 1_000]).is_ok());
    assert!(Allowed::read(&vec!["a@b.example".to_owned(); 1_001]).is_err());
}

#[test]
fn a_printed_message_is_one_whole_file_however_often_it_is_handed_over() {
    let folder = folder("file");
    let drop = FileDrop::open(&folder.join("print"), clock()).unwrap();
    let mut envelope = Envelope { kind: ChannelKind::Print, address: "ถนนสุขุมวิท 1".to_owned(), ..mail("p-1") };
    envelope.parts = vec![("name".to_owned(), "คุณนก".to_owned()), ("voucher".to_owned(), "A-1".to_owned())];
    // What a crash left behind.
    std::fs::write(folder.join("print/.unfinished-p-1"), "{\"half").unwrap();
    let gate = Counting { closed: true, ..Counting::default() };
    let accepted = Verdict::Accepted { provider_id: Some("p-1.json".to_owned()) };
    assert_eq!(block_on(drop.hand_over(&envelope, &gate)), accepted);
    let file = folder.join("print/p-1.json");
    let written = std::fs::read_to_string(&file).unwrap();
    let json: serde_json::Value = serde_json::from_str(&written).unwrap();
    assert_eq!((json["fields"]["name"].as_str(), json["address"].as_str()), (Some("คุณนก"), Some("ถนนสุขุมวิท 1")));
    envelope.attempt = 2;
    envelope.parts[1].1 = "another".to_owned();
    assert_eq!(block_on(drop.hand_over(&envelope, &gate)), accepted);
    assert_eq!(std::fs::read_to_string(&file).unwrap(), written, "the first stays");
    let names: Vec<_> = std::fs::read_dir(folder.join("print")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["p-1.json"]);
    assert!(drop.remembers().unwrap() > Duration::from_secs(365 * 24 * 3600));
    for id in ["", "../p-2", "p/2", "ก"] {
        envelope.id = id.to_owned();
        assert!(matches!(block_on(drop.hand_over(&envelope, &gate)), Verdict::Refused { .. }), "{id:?}");
    }
    std::fs::remove_dir_all(folder.join("print")).unwrap();
    envelope.id = "p-3".to_owned();
    assert!(matches!(block_on(drop.hand_over(&envelope, &gate)), Verdict::NotSent { .. }));
}
