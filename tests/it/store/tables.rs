//! Snapshots and the archive.

use super::{created, memory};
use onward::store::{Archive, StoreError};

fn value(number: u32) -> Vec<u8> {
    format!("value {number} ").repeat(1 + number as usize % 40).into_bytes()
}

#[test]
fn a_snapshot_gives_back_everything_in_order_and_each_by_its_key() {
    let (files, disk) = memory();
    let store = created(&disk).unwrap();
    let mut writer = store.snapshots().write("shard-001", 77).unwrap();
    writer.push(b"", b"the part itself").unwrap();
    for number in 0..5000u32 {
        writer.push(&number.to_be_bytes(), &value(number)).unwrap();
    }
    let snapshot = writer.finish().unwrap();
    assert_eq!((snapshot.as_of(), snapshot.len(), snapshot.part()), (77, 5001, "shard-001"));
    assert!(snapshot.table().blocks() > 10);
    let read: Vec<_> = snapshot.entries().collect::<Result<_, _>>().unwrap();
    assert_eq!(read[0], (Vec::new(), b"the part itself".to_vec()));
    for (at, (key, found)) in read[1..].iter().enumerate() {
        assert_eq!((key.as_slice(), found), ((at as u32).to_be_bytes().as_slice(), &value(at as u32)));
    }
    files.plan(onward::store::files::memory::Trouble::None);
    for number in [0u32, 1, 2499, 4999] {
        assert_eq!(snapshot.get(&number.to_be_bytes()).unwrap(), Some(value(number)));
    }
    assert!(files.calls() <= 8, "one block for each: {:?}", files.trace());
    assert_eq!(snapshot.get(&5000u32.to_be_bytes()).unwrap(), None);
    assert_eq!(snapshot.get(b"\0\0").unwrap(), None);
}

#[test]
fn a_new_snapshot_replaces_the_old_one_and_who_reads_it_reads_on() {
    let (_, disk) = memory();
    let store = created(&disk).unwrap();
    let mut writer = store.snapshots().write("world", 1).unwrap();
    writer.push(b"k", b"old").unwrap();
    let old = writer.finish().unwrap();
    let mut writer = store.snapshots().write("world", 2).unwrap();
    writer.push(b"k", b"new").unwrap();
    drop(writer);
    assert_eq!(store.snapshots().open("world").unwrap().unwrap().as_of(), 1, "one that was not finished changes nothing");
    let mut writer = store.snapshots().write("world", 3).unwrap();
    writer.push(b"k", b"new").unwrap();
    writer.finish().unwrap();
    assert_eq!(old.get(b"k").unwrap().unwrap(), b"old");
    assert_eq!(store.snapshots().open("world").unwrap().unwrap().get(b"k").unwrap().unwrap(), b"new");
    assert_eq!(store.snapshots().parts().unwrap(), ["world"]);
    assert!(store.snapshots().open("other").unwrap().is_none());
}

#[test]
fn keys_must_ascend_and_names_and_sizes_have_limits() {
    let (files, disk) = memory();
    let store = created(&disk).unwrap();
    let mut writer = store.snapshots().write("a", 1).unwrap();
    writer.push(b"b", b"").unwrap();
    assert!(matches!(writer.push(b"b", b""), Err(StoreError::Unordered { .. })));
    assert!(matches!(writer.push(b"a", b""), Err(StoreError::Unordered { .. })));
    writer.push(&[b'c'; 4096], &vec![0; 16 << 20]).unwrap();
    assert!(matches!(writer.push(&[b'd'; 4097], b""), Err(StoreError::TooLarge { .. })));
    assert!(matches!(writer.push(b"d", &vec![0; (16 << 20) + 1]), Err(StoreError::TooLarge { .. })));
    writer.finish().unwrap();
    for name in ["", "../x", "A", "a/b", "a.b", &"a".repeat(101)] {
        assert!(store.snapshots().write(name, 1).is_err(), "{name}");
    }
    assert!(store.archive().write(&"a".repeat(100)).is_ok());
    assert!(!files.names().iter().any(|name| name.ends_with(".new")), "{:?}", files.names());
}

fn archived(archive: &Archive, part: &str) {
    let mut writer = archive.write(part).unwrap();
    for customer in 0..300u32 {
        for order in 0..20 {
            let text =
                format!(r#"{{"customer":{customer},"event":"Order Completed","order":{order},"total":"{}.00 THB"}}"#, customer * order);
            writer.push(format!("c{customer:05}").as_bytes(), u64::from(order), text.as_bytes()).unwrap();
        }
    }
    writer.seal().unwrap();
}

#[test]
fn the_archive_finds_by_key_and_prefix_and_reads_only_what_it_needs() {
    let (files, disk) = memory();
    let store = created(&disk).unwrap();
    let archive = store.archive();
    archived(&archive, "2026-11-24-shard-001");
    let sealed = archive.open("2026-11-24-shard-001").unwrap().unwrap();
    assert_eq!(sealed.len(), 6000);
    let plain: u64 = sealed.entries().map(|entry| entry.unwrap().value.len() as u64).sum();
    assert!(sealed.size() * 3 < plain, "{} bytes for {plain}", sealed.size());
    files.plan(onward::store::files::memory::Trouble::None);
    let found: Vec<_> = sealed.find(b"c00150").map(|entry| entry.unwrap().order).collect();
    assert_eq!(found, (0..20).collect::<Vec<_>>());
    assert!(files.calls() <= 2, "{:?}", files.trace());
    assert_eq!(sealed.prefix(b"c0015").count(), 200);
    assert_eq!(sealed.find(b"c0015").count(), 0);
    assert_eq!(sealed.find(b"c9").count() + sealed.find(b"a").count(), 0);
}

#[test]
fn rewriting_leaves_keys_out() {
    let (files, disk) = memory();
    let store = created(&disk).unwrap();
    let archive = store.archive();
    archived(&archive, "day");
    assert_eq!(archive.rewrite("day", |_| true).unwrap(), 0);
    assert_eq!(archive.rewrite("day", |key| key != b"c00007").unwrap(), 20);
    let sealed = archive.open("day").unwrap().unwrap();
    assert_eq!((sealed.find(b"c00007").count(), sealed.len()), (0, 5980));
    assert_eq!(archive.rewrite("day", |_| false).unwrap(), 5980);
    assert_eq!(archive.parts().unwrap(), Vec::<String>::new());
    assert!(!files.names().iter().any(|name| name.starts_with("archive")), "{:?}", files.names());
    assert_eq!(archive.rewrite("day", |_| false).unwrap(), 0);
}
