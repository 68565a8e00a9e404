//! `onward store` as an operator meets it.

use onward::store::backup::LIST;
use onward::store::{Disk, RealFiles, Settings, Store};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;

fn onward(arguments: &[&str], folder: &Path) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_onward")).args(arguments).current_dir(folder).output().expect("the command starts");
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().expect("it ends by itself"), text(output.stdout), text(output.stderr))
}

fn fresh(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join("store-cli").join(name);
    if folder.exists() {
        fs::remove_dir_all(&folder).unwrap();
    }
    fs::create_dir_all(&folder).unwrap();
    folder
}

/// A store of some batches with a snapshot, an archive and two keys, in `data`.
fn filled(folder: &Path) -> Store {
    let disk: Disk = Arc::new(RealFiles::new(folder.join("data")));
    Store::create(&disk, &disk, Settings { shards: 4, segment_size: 1 << 16 }).unwrap();
    let mut store = Store::open(disk.clone()).unwrap();
    for number in 1..=300u64 {
        assert_eq!(store.append(&[number as u8; 500]).unwrap(), number);
    }
    let mut writer = store.snapshots().write("shard-001", 300).unwrap();
    writer.push(b"a", b"1").unwrap();
    writer.finish().unwrap();
    let mut writer = store.archive().write("day").unwrap();
    writer.push(b"a", 1, b"1").unwrap();
    writer.seal().unwrap();
    store.keyring(&disk).unwrap().keys(&[0, 1]).unwrap();
    store
}

#[test]
fn check_backup_and_restore_as_an_operator_does_them() {
    let folder = fresh("round");
    let store = filled(&folder);
    let (code, out, _) = onward(&["store", "check", "data"], &folder);
    assert!(code == 0 && out.contains("a process works with it"), "{out}");
    let (code, _, error) = onward(&["store", "backup", "data", "copy"], &folder);
    assert!(
        code == 3 && error.contains("another process works with the store") && error.contains("help: stop the other process"),
        "{error}"
    );
    store.close().unwrap();
    let (code, out, _) = onward(&["store", "check", "data"], &folder);
    assert_eq!(
        (code, out.as_str()),
        (
            0,
            "log: batches 1 to 300 in 3 files, durable up to 300\nowner: epoch 1, closed\n\
             snapshots: 1, 1 entries, the oldest as of batch 300\narchive: 1 file, 1 records\nkeys: 2 live, 0 destroyed\nnothing is wrong\n"
        )
    );
    let (code, out, error) = onward(&["store", "backup", "data", "copy", "--keys-to", "keys-copy"], &folder);
    assert!(code == 0 && out.contains("up to batch 300") && out.contains("keep only this copy"), "{out}{error}");
    assert!(!folder.join("copy/keys").exists() && folder.join("keys-copy/keys/ring").exists());
    let (code, out, _) = onward(&["store", "check", "copy"], &folder);
    assert!(code == 0 && out.starts_with("backup of store ") && out.ends_with("nothing is wrong\n"), "{out}");
    let (code, _, error) = onward(&["store", "restore", "copy", "data"], &folder);
    assert!(code == 3 && error.contains("is not empty"), "{error}");
    let (code, out, error) = onward(&["store", "restore", "copy", "again", "--keys-from", "keys-copy"], &folder);
    assert!(code == 0 && out.contains("on hold"), "{out}{error}");
    let (code, out, _) = onward(&["--format", "json", "store", "check", "again"], &folder);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    assert_eq!(code, 0, "{out}");
    assert_eq!(
        (&report["found"]["last"], &report["found"]["restored"], &report["found"]["keys"]["live"], &report["wrong"]),
        (&300.into(), &true.into(), &2.into(), &serde_json::json!([]))
    );
    fs::write(folder.join("again/archive/x.archive.new"), b"half").unwrap();
    let (code, out, error) = onward(&["store", "compact", "again"], &folder);
    assert_eq!((code, out.as_str()), (0, "removed archive/x.archive.new\n1 file removed; the log begins with batch 1\n"), "{error}");
}

#[test]
fn damage_is_named_with_file_and_byte_and_nothing_is_made_where_nothing_is() {
    let folder = fresh("damage");
    filled(&folder).close().unwrap();
    let file = folder.join("data/snapshots/shard-001.snapshot");
    let mut bytes = fs::read(&file).unwrap();
    bytes[70] ^= 1;
    fs::write(&file, bytes).unwrap();
    let (code, out, _) = onward(&["store", "check", "data"], &folder);
    let line = format!(
        "error: `{}` is damaged at byte 64: the checksum of a block is wrong\n  help: ",
        Path::new("data/snapshots/shard-001.snapshot").display()
    );
    assert!(code == 1 && out.contains(&line), "{out}");
    let (code, _, error) = onward(&["store", "backup", "data", "copy"], &folder);
    assert!(code == 3 && error.contains("is damaged at byte 64") && !folder.join("copy").join(LIST).exists(), "{error}");
    for command in ["check", "compact"] {
        let (code, _, error) = onward(&["store", command, "nowhere"], &folder);
        assert!(code == 3 && error.starts_with("error: there is no store in `nowhere`\n  help: mount the volume"), "{error}");
    }
    assert!(!folder.join("nowhere").exists());
}
