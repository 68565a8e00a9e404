//! Against what we did not write: the vendors' own libraries and their published interfaces, served by Prism.
//!
//! Needs Node, Python and their registries, so it runs where `ONWARD_VENDOR_TESTS=1`, and says so where it does not. The interfaces are the files
//! in the folder `ONWARD_VENDOR_SPECS`.

use super::channel_callbacks::{self as callbacks, Case};
use super::channel_faults::{envelope, folder, hand_over, limits, run, secret_file};
use onward::channel::clock::Clock;
use onward::channel::http::{Client, Egress, Limits, Question, SystemResolver, Target};
use onward::channel::setup::Ground;
use onward::channel::{Adapter, Envelope, Verdict, line, twilio, whatsapp};
use onward::schema::ChannelKind;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Whether to run; installs on the first call.
fn installed() -> bool {
    static ONCE: Mutex<Option<bool>> = Mutex::new(None);
    let mut once = ONCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    *once.get_or_insert_with(|| {
        if std::env::var("ONWARD_VENDOR_TESTS").as_deref() != Ok("1") {
            eprintln!("SKIPPED: the vendors' own libraries and interfaces. To run them: ONWARD_VENDOR_TESTS=1 (needs npm and pip)");
            return false;
        }
        let status = script().arg("install").status().unwrap();
        assert!(status.success(), "tests/vendors/run.sh install: {status}");
        true
    })
}

fn script() -> Command {
    Command::new(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vendors/run.sh"))
}

fn specs() -> Option<PathBuf> {
    let folder = std::env::var_os("ONWARD_VENDOR_SPECS").map(PathBuf::from);
    if folder.is_none() {
        eprintln!(
            "SKIPPED: the vendors' interfaces. To run them: ONWARD_VENDOR_SPECS=FOLDER with line-messaging.yml, twilio_api.yaml, whatsapp_cloud.yaml, sendgrid_mail.yaml"
        );
    }
    folder
}

#[test]
fn the_vendors_own_libraries_believe_what_we_believe() {
    if !installed() {
        return;
    }
    let cases: Vec<Case> = callbacks::cases_for_vendors();
    let believed = cases.iter().filter(|case| case.believed).count();
    assert!(believed >= 5 && cases.len() > 1000, "{believed} of {}", cases.len());
    let mut cases: Vec<serde_json::Value> = cases.iter().map(Case::json).collect();
    cases.push(super::channel_webhook::case_for_vendors());
    cases.push(super::channel_mailers::case_for_vendors());
    let folder = folder("vendors");
    std::fs::create_dir_all(&folder).unwrap();
    let file = folder.join("cases.json");
    std::fs::write(&file, serde_json::to_vec(&cases).unwrap()).unwrap();
    let said = script().arg("agree").arg(&file).output().unwrap();
    eprintln!("{}{}", String::from_utf8_lossy(&said.stdout), String::from_utf8_lossy(&said.stderr));
    assert!(said.status.success());
    std::fs::remove_dir_all(&folder).unwrap();
}

/// A vendor's interface, answered by Prism.
struct Prism {
    server: Child,
    url: String,
}

impl Drop for Prism {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

impl Prism {
    async fn start(spec: &Path) -> Prism {
        assert!(spec.exists(), "{} is not there", spec.display());
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let server = script().arg("prism").arg(port.to_string()).arg(spec).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let prism = Prism { server, url: format!("http://127.0.0.1:{port}") };
        let listens = async {
            while tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_err() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(120), listens).await.expect("prism does not listen");
        prism
    }
}

fn patient() -> Client {
    let egress = Egress { allow: vec!["127.0.0.1".to_owned()], ports: Vec::new() };
    let client = Client::with(&egress, Clock::system(), Arc::new(SystemResolver), rustls::RootCertStore::empty()).unwrap();
    client.limited(Limits { head: Duration::from_secs(60), ..limits() })
}

/// The vendor's interface takes what the adapter says; and refuses what lacks something, so the first is no accident.
async fn takes(prism: &Prism, adapter: &dyn Adapter, envelope: &Envelope, wrong: (&str, &'static str, &'static str)) {
    let verdict = hand_over(adapter, envelope).await;
    assert!(matches!(verdict, Verdict::Accepted { .. }), "{}: {verdict:?}", adapter.name());
    let (path, kind, body) = wrong;
    let target = Target::parse(&format!("{}{path}", prism.url)).unwrap();
    let question = Question::post(target, kind, body).with("authorization", "Bearer x");
    let status = patient().ask(&question, None).await.unwrap().status;
    assert!((400..500).contains(&status), "{}: what is wrong was answered {status}", adapter.name());
}

#[test]
fn the_vendors_own_interfaces_take_what_the_adapters_say() {
    if !installed() {
        return;
    }
    let Some(specs) = specs() else { return };
    let folder = folder("prism");
    let token = secret_file(&folder, "token", "token");
    let client = patient();
    let ground = Ground { folder: &folder, client: &client };
    run(async {
        let prism = Prism::start(&specs.join("line-messaging.yml")).await;
        let adapter =
            line::Line::new(&line::Settings { token: token.clone(), silent: true, api: Some(prism.url.clone()) }, ground).unwrap();
        let text = envelope(ChannelKind::Line, "U4af4980629", &[("text", "สวัสดี")]);
        takes(&prism, &adapter, &text, ("/v2/bot/message/push", "application/json", "{\"to\":\"U1\"}")).await;

        let prism = Prism::start(&specs.join("twilio_api.yaml")).await;
        let account = "AC0123456789abcdef0123456789abcdef";
        let settings = twilio::Settings {
            account: account.to_owned(),
            token: token.clone(),
            key: None,
            from: Some("+15005550006".to_owned()),
            messaging_service: None,
            validity_seconds: Some(3600),
            api: Some(prism.url.clone()),
        };
        let adapter = twilio::Twilio::new(&settings, ground).unwrap();
        let sms = envelope(ChannelKind::Sms, "+66812345678", &[("text", "สวัสดี & co")]);
        let path = format!("/2010-04-01/Accounts/{account}/Messages.json");
        takes(&prism, &adapter, &sms, (&path, "application/x-www-form-urlencoded", "Body=hi")).await;

        let prism = Prism::start(&specs.join("whatsapp_cloud.yaml")).await;
        let settings = whatsapp::Settings {
            token: token.clone(),
            phone_number_id: "106540352242922".to_owned(),
            language: Some("th".to_owned()),
            values: whatsapp::Values::Named,
            version: None,
            api: Some(prism.url.clone()),
        };
        let adapter = whatsapp::Whatsapp::new(&settings, ground).unwrap();
        let template = envelope(ChannelKind::Whatsapp, "+66812345678", &[("template", "order_ready"), ("first_name", "นก")]);
        takes(&prism, &adapter, &template, ("/v23.0/106540352242922/messages", "application/json", "{\"type\":\"template\"}")).await;

        let prism = Prism::start(&specs.join("sendgrid_mail.yaml")).await;
        let (adapter, mail) = super::channel_mailers::sendgrid_for_vendors(ground, token.clone(), prism.url.clone());
        takes(&prism, &adapter, &mail, ("/v3/mail/send", "application/json", "{\"subject\":\"hi\"}")).await;
    });
    std::fs::remove_dir_all(&folder).unwrap();
}
