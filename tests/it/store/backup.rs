//! Backups: consistent while the store works on, checked, restored into an empty folder and on hold.

use super::{all, created, disk, memory, payload};
use onward::store::backup::{self, Source};
use onward::store::epoch::Hold;
use onward::store::files::memory::Trouble;
use onward::store::files::memory::image::Image;
use onward::store::{MemFiles, Store, StoreError};

fn filled(files: &MemFiles) -> Store {
    let disk = disk(files);
    let mut store = created(&disk).unwrap();
    (1..=60).for_each(|number| assert_eq!(store.append(&payload(number)).unwrap(), number));
    let mut writer = store.snapshots().write("shard-1", 40).unwrap();
    (0..100u64).for_each(|row| writer.push(&row.to_be_bytes(), &payload(row)).unwrap());
    writer.finish().unwrap();
    store.cut(41).unwrap();
    let mut writer = store.archive().write("day").unwrap();
    (0..100u64).for_each(|row| writer.push(&row.to_be_bytes(), 1, &payload(row)).unwrap());
    writer.seal().unwrap();
    store.keyring(&disk).unwrap().keys(&[0, 1]).unwrap();
    store
}

#[test]
fn a_backup_of_a_working_store_is_what_it_was_at_that_moment() {
    let files = MemFiles::new(1);
    let mut store = filled(&files);
    let source = store.backup().unwrap();
    assert_eq!(source.mark(), 60);
    // The store works on before anything is copied.
    (61..=120).for_each(|number| assert_eq!(store.append(&payload(number)).unwrap(), number));
    let mut writer = store.snapshots().write("shard-1", 120).unwrap();
    writer.push(b"new", b"new").unwrap();
    writer.finish().unwrap();
    let first = store.log().first();
    assert_eq!(store.cut(121).unwrap(), first, "the backup holds the log back");
    let (copied, to) = memory();
    let list = source.copy(&to).unwrap();
    drop(source);
    assert!(store.cut(121).unwrap() > first);
    assert_eq!((list.mark(), list.bytes() > 10_000), (60, true));
    assert!(!copied.names().iter().any(|name| name.starts_with("keys")), "{:?}", copied.names());
    let (restored, place) = memory();
    backup::restore(&to, &place).unwrap();
    let mut again = Store::open(place.clone()).unwrap();
    assert_eq!((again.mark(), again.hold(), again.id()), (60, Some(Hold::Restored), store.id()));
    assert_eq!(all(&again, 41).unwrap(), (41..=60).map(|number| (number, payload(number))).collect::<Vec<_>>());
    assert_eq!(again.snapshots().open("shard-1").unwrap().unwrap().as_of(), 40);
    assert_eq!(again.archive().open("day").unwrap().unwrap().len(), 100);
    assert_eq!(again.append(b"goes on").unwrap(), 61);
    again.release().unwrap();
    again.close().unwrap();
    assert_eq!(Store::open(disk(&restored)).unwrap().hold(), None);
}

#[test]
fn a_closed_store_is_copied_and_a_working_one_is_refused() {
    let files = MemFiles::new(1);
    let store = filled(&files);
    assert!(matches!(Source::closed(&disk(&files)).map(|_| ()), Err(StoreError::Taken { .. })));
    drop(store);
    let source = Source::closed(&disk(&files)).unwrap();
    assert!(matches!(Store::open(disk(&files)).map(|_| ()), Err(StoreError::Taken { .. })), "nobody writes meanwhile");
    let (_, to) = memory();
    source.copy(&to).unwrap();
    assert!(matches!(source.copy(&to), Err(StoreError::NotEmpty { .. })));
    assert!(matches!(backup::restore(&to, &disk(&files)), Err(StoreError::NotEmpty { .. })));
    assert!(matches!(Store::open(to).map(|_| ()), Err(StoreError::NoStore { .. } | StoreError::Missing { .. })), "a backup is no store");
}

#[test]
fn a_damaged_backup_is_refused_and_a_damaged_store_is_not_copied() {
    let files = MemFiles::new(1);
    drop(filled(&files));
    let (copied, to) = memory();
    Source::closed(&disk(&files)).unwrap().copy(&to).unwrap();
    assert!(backup::check(&to).unwrap().1.is_empty());
    for name in copied.names() {
        let whole = copied.bytes(&name).unwrap();
        for damage in [whole.len() / 3, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[damage] ^= 16;
            copied.overwrite(&name, bytes);
            let (target, place) = memory();
            assert!(backup::restore(&to, &place).is_err(), "{name}");
            assert!(target.names().is_empty(), "nothing is begun: {:?}", target.names());
        }
        copied.overwrite(&name, whole);
    }
    copied.lose("BACKUP");
    let (_, place) = memory();
    assert!(matches!(backup::restore(&to, &place), Err(StoreError::Missing { .. })));
    let mut bytes = files.bytes("snapshots/shard-1.snapshot").unwrap();
    bytes[100] ^= 1;
    files.overwrite("snapshots/shard-1.snapshot", bytes);
    let (copied, to) = memory();
    assert!(matches!(Source::closed(&disk(&files)).unwrap().copy(&to), Err(StoreError::Damaged { .. })));
    assert!(!copied.names().contains(&"BACKUP".to_owned()));
}

#[test]
fn power_lost_at_every_operation_of_a_backup_and_of_a_restore() {
    let files = MemFiles::new(1);
    drop(filled(&files));
    let (copied, to) = memory();
    Source::closed(&disk(&files)).unwrap().copy(&to).unwrap();
    let copying = copied.calls();
    let (target, place) = memory();
    backup::restore(&to, &place).unwrap();
    let restoring = target.calls();
    // Done is durable.
    let copied_then = disk(&copied.after_crash(Image::Nothing));
    assert!(backup::check(&copied_then).unwrap().1.is_empty());
    assert_eq!(all(&Store::open(disk(&target.after_crash(Image::Nothing))).unwrap(), 41).unwrap().len(), 20);
    for call in 1..=copying {
        let (copied, to) = memory();
        copied.plan(Trouble::PowerAt(call));
        assert!(Source::closed(&disk(&files)).unwrap().copy(&to).is_err());
        for image in [Image::Nothing, Image::Everything, Image::Random { seed: call, sector: 512 }] {
            let left = disk(&copied.after_crash(image));
            if let Ok((_, wrong)) = backup::check(&left) {
                assert!(wrong.is_empty(), "{call}: a list stands there, but {wrong:?}");
            }
        }
    }
    for call in 1..=restoring {
        let (target, place) = memory();
        target.plan(Trouble::PowerAt(call));
        assert!(backup::restore(&to, &place).is_err());
        for image in [Image::Nothing, Image::Everything, Image::Random { seed: call, sector: 512 }] {
            let left = disk(&target.after_crash(image));
            match Store::open(left.clone()) {
                Ok(store) => assert_eq!((store.mark(), store.hold()), (60, Some(Hold::Restored))),
                Err(StoreError::NoStore { .. }) => {
                    backup::restore(&to, &left).unwrap_or_else(|error| panic!("{call} {image:?}: {error}"));
                    assert_eq!(all(&Store::open(left).unwrap(), 41).unwrap().len(), 20);
                }
                Err(error) => panic!("{call} {image:?}: {error}"),
            }
        }
    }
}

#[test]
fn keys_are_copied_apart_and_only_over_an_older_copy_of_the_same_store() {
    let files = MemFiles::new(1);
    let store = filled(&files);
    let (apart, to) = memory();
    backup::copy_keys(&disk(&files), store.id(), &to).unwrap();
    let keys = store.keyring(&disk(&files)).unwrap();
    let copied = store.keyring(&to).unwrap();
    assert!(copied.key(1).unwrap() == keys.key(1).unwrap());
    keys.destroy(&[1]).unwrap();
    backup::copy_keys(&disk(&files), store.id(), &to).unwrap();
    assert!(matches!(store.keyring(&to).unwrap().key(1), Err(StoreError::KeyDestroyed { number: 1 })));
    let stranger = MemFiles::new(2);
    let other = created(&disk(&stranger)).unwrap();
    assert!(matches!(backup::copy_keys(&disk(&stranger), other.id(), &to), Err(StoreError::Foreign { .. })));
    assert_eq!(apart.names(), ["keys/ring"]);
}

#[test]
fn compacting_cuts_the_log_only_behind_snapshots_of_every_part() {
    let files = MemFiles::new(1);
    let mut store = filled(&files);
    files.overwrite("snapshots/shard-2.snapshot.new", vec![1, 2, 3]);
    let first = store.log().first();
    let (removed, left) = store.compact(&["shard-1".to_owned(), "shard-2".to_owned()]).unwrap();
    assert_eq!((removed.as_slice(), left), (["snapshots/shard-2.snapshot.new".to_owned()].as_slice(), first));
    let mut writer = store.snapshots().write("shard-1", 60).unwrap();
    writer.push(b"a", b"b").unwrap();
    writer.finish().unwrap();
    assert!(store.compact(&["shard-1".to_owned()]).unwrap().1 > first);
    assert_eq!(store.mark(), 60);
}
