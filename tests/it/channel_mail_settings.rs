//! The settings of mail as they are written in `onward.toml`.

use super::channel_given::{clock, folder};
use onward::channel::http::{Client, Egress};
use onward::channel::setup::Ground;
use onward::channel::smtp::{Config, Smtp};
use std::path::Path;

fn open(text: &str, folder: &Path) -> Result<Smtp, String> {
    let client = Client::new(&Egress::default(), clock()).unwrap();
    let config: Config = toml::from_str(text).map_err(|error| error.message().to_owned())?;
    config.open(Ground { folder, client: &client }, clock()).map_err(|error| error.to_string())
}

#[cfg(unix)]
fn secret(folder: &Path, name: &str, text: &str) {
    use std::os::unix::fs::PermissionsExt;
    let path = folder.join(name);
    std::fs::write(&path, text).unwrap();
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
}

#[test]
#[cfg(unix)]
fn settings_are_read_and_what_is_wrong_is_named_by_its_key() {
    let folder = folder("mail-settings");
    secret(&folder, "password", "canary-9");
    secret(&folder, "dkim.pem", include_str!("channel_mail/ed25519.pem"));
    let base = "host = \"smtp.shop.example\"\nfrom = \"ร้าน <hello@shop.example>\"\n";
    let all = format!(
        "{base}port = 2525\nsecurity = \"starttls\"\nuser = \"onward\"\npassword = {{ file = \"password\" }}\nhello = \"mail.shop.example\"\nconnections = 4\n\
         reply_to = \"help@shop.example\"\nbounces = \"bounce@mail.shop.example\"\n[[dkim]]\nselector = \"onward1\"\nkey = {{ file = \"dkim.pem\" }}\n"
    );
    for fine in [base, &all, &format!("{base}security = \"implicit\"")] {
        let smtp = open(fine, &folder).unwrap();
        assert!(!format!("{smtp:?}").contains("canary"));
    }
    let wrong = [
        ("from", "host = \"a.example\"\nfrom = \"Shop\"".to_owned()),
        ("from", "host = \"a.example\"".to_owned()),
        ("user", format!("{base}user = \"onward\"")),
        ("password", format!("{base}user = \"onward\"\npassword = \"canary-9\"")),
        ("password", format!("{base}user = \"onward\"\npassword = {{ file = \"nothing\" }}")),
        ("host", format!("{base}security = \"plain\"\nuser = \"onward\"\npassword = {{ file = \"password\" }}")),
        ("starttls", format!("{base}security = \"none\"")),
        ("verify", format!("{base}verify = false")),
        ("bounces", format!("{base}bounces = \"bounce\"")),
        ("roots", format!("{base}roots = \"nothing.pem\"")),
        ("dkim", format!("{base}[[dkim]]\nselector = \"a b\"\nkey = {{ file = \"dkim.pem\" }}")),
        ("dkim", format!("{base}[[dkim]]\nselector = \"a\"\nkey = {{ file = \"password\" }}")),
        ("dkim", format!("{base}{}", "[[dkim]]\nselector = \"a\"\nkey = { file = \"dkim.pem\" }\n".repeat(5))),
    ];
    for (key, text) in wrong {
        let why = open(&text, &folder).map(|_| ()).unwrap_err();
        // An inline secret is refused with the way to name it.
        let says = if text.contains("\"canary-9\"") { "env" } else { key };
        assert!(why.contains(says) && !why.contains("canary"), "{key}: {why}");
    }
}
