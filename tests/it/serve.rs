//! The real binary, with real files and sockets: it is killed without warning while events come in, and nothing acknowledged is lost or doubled.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

const JOURNEY: &str = r#"
customer { email email? }
event bought { order text }
topic orders "Orders" transactional "the customer asked for it"
message receipt about orders { email { subject "Receipt", text "Thank you" } }
journey receipts "Receipts" {
  enter on bought
  enter again always
  one run per order
  send receipt
}
"#;

struct Served {
    child: Child,
    address: String,
}

impl Served {
    fn start(project: &Path) -> Served {
        let mut child = Command::new(env!("CARGO_BIN_EXE_onward"))
            .args(["serve", &project.display().to_string(), "--listen", "127.0.0.1:0"])
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines.next().expect("it says where it listens").unwrap();
        let address = first.rsplit("http://").next().unwrap().to_owned();
        Served { child, address }
    }

    /// An answer's status and text; `None` where there is none.
    fn ask(&self, request: &str) -> Option<(u16, String)> {
        let mut stream = TcpStream::connect(&self.address).ok()?;
        stream.set_read_timeout(Some(Duration::from_secs(20))).ok()?;
        stream.write_all(request.as_bytes()).ok()?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer).ok()?;
        let status = answer.split(' ').nth(1)?.parse().ok()?;
        Some((status, answer))
    }

    fn post(&self, body: &str) -> Option<u16> {
        let length = body.len();
        self.ask(&format!(
            "POST /v1/events HTTP/1.1\r\nhost: {}\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n{body}",
            self.address
        ))
        .map(|(status, _)| status)
    }

    /// Messages in the sandbox.
    fn kept(&self) -> usize {
        let (_, page) = self
            .ask(&format!("GET /sandbox HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n\r\n", self.address))
            .expect("the sandbox answers");
        let before = page.split(" kept").next().unwrap();
        let digits: String = before.chars().rev().take_while(char::is_ascii_digit).collect();
        digits.chars().rev().collect::<String>().parse().unwrap()
    }

    fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

fn project() -> (tempfile::Folder, PathBuf) {
    let folder = tempfile::Folder::new("serve");
    let path = folder.path().to_owned();
    fs::write(path.join("shop.journey"), JOURNEY).unwrap();
    fs::write(path.join("onward.toml"), "[project]\nname = \"shop\"\ntimezone = \"Asia/Bangkok\"\n").unwrap();
    (folder, path)
}

/// A folder that is gone with its value.
mod tempfile {
    use std::path::{Path, PathBuf};

    pub struct Folder(PathBuf);

    impl Folder {
        pub fn new(name: &str) -> Folder {
            let path = std::env::temp_dir().join(format!("onward-{name}-{}", std::process::id()));
            let _gone = std::fs::remove_dir_all(&path).is_ok();
            std::fs::create_dir_all(&path).unwrap();
            Folder(path)
        }

        pub fn path(&self) -> &Path {
            &self.0
        }
    }

    impl Drop for Folder {
        fn drop(&mut self) {
            let _gone = std::fs::remove_dir_all(&self.0).is_ok();
        }
    }
}

#[test]
fn killed_at_any_moment_it_loses_and_doubles_nothing() {
    let (_folder, path) = project();
    let mut daemon = Served::start(&path);
    let hello = r#"{"customer":"nok","attributes":{"email":"nok@example.com"}}"#;
    assert_eq!(daemon.post(hello), Some(200));
    let (mut sent, mut acknowledged) = (0, 0);
    for round in 0..6 {
        for _ in 0..7 {
            sent += 1;
            let event = format!(r#"{{"customer":"nok","event":"bought","properties":{{"order":"o{sent}"}},"id":"m{sent}"}}"#);
            acknowledged += usize::from(daemon.post(&event) == Some(200));
            if sent % 7 == round {
                // In the middle of what is under way.
                daemon.kill();
                daemon = Served::start(&path);
                // Who got no answer, and who is not sure, says it again.
                assert_eq!(daemon.post(&event), Some(200));
            }
        }
    }
    assert!(acknowledged >= sent - 6, "{acknowledged} of {sent}");
    for _ in 0..200 {
        if daemon.kept() >= sent {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    assert_eq!(daemon.kept(), sent, "one receipt for every order");
    daemon.kill();
}

#[test]
fn two_daemons_do_not_share_a_store() {
    let (_folder, path) = {
        let folder = tempfile::Folder::new("serve-two");
        let path = folder.path().to_owned();
        fs::write(path.join("shop.journey"), JOURNEY).unwrap();
        (folder, path)
    };
    let first = Served::start(&path);
    let second = Command::new(env!("CARGO_BIN_EXE_onward"))
        .args(["serve", &path.display().to_string(), "--listen", "127.0.0.1:0"])
        .output()
        .unwrap();
    assert_eq!(second.status.code(), Some(3));
    let said = String::from_utf8_lossy(&second.stderr).into_owned();
    assert!(said.contains("another process works with the store"), "{said}");
    first.kill();
}

#[test]
fn a_setting_that_nobody_knows_is_refused_with_its_line() {
    let folder = tempfile::Folder::new("serve-settings");
    fs::write(folder.path().join("shop.journey"), JOURNEY).unwrap();
    let refused = |settings: &str| {
        fs::write(folder.path().join("onward.toml"), format!("[project]\nname = \"shop\"\n{settings}")).unwrap();
        let out = Command::new(env!("CARGO_BIN_EXE_onward"))
            .args(["serve", &folder.path().display().to_string(), "--listen", "127.0.0.1:0"])
            .output()
            .unwrap();
        assert_eq!(out.status.code(), Some(1), "{settings}");
        String::from_utf8_lossy(&out.stderr).into_owned()
    };
    let said = refused("[serve]\nlisen = \"127.0.0.1:0\"\n");
    assert!(said.contains("onward.toml:4") && said.contains("listen"), "{said}");
    let said = refused("[channels.email]\nadapter = \"smpt\"\n");
    assert!(said.contains("onward.toml:4") && said.contains("smtp"), "{said}");
    let said = refused("[channels.emial]\nadapter = \"smtp\"\n");
    assert!(said.contains("emial") && said.contains("email"), "{said}");
    let said = refused("[channels.email]\nadapter = \"smtp\"\nhost = \"127.0.0.1\"\nform = \"a@shop.example\"\n");
    assert!(said.contains("form"), "{said}");
    let said = refused("[serve]\nlive = \"yes\"\n");
    assert!(said.contains("live"), "{said}");
}
