//! Appending, reading, cutting; one owner; holds.

use super::{SMALL, all, created, disk, memory, payload};
use onward::store::epoch::Hold;
use onward::store::{Disk, RealFiles, Store, StoreError};
use std::sync::Arc;

#[test]
fn what_is_appended_is_read_back_after_closing_and_without() {
    for closed in [true, false] {
        let (_, disk) = memory();
        let mut store = created(&disk).unwrap();
        for number in 1..=100 {
            assert_eq!(store.append(&payload(number)).unwrap(), number);
        }
        let many: Vec<Vec<u8>> = (101..=200).map(payload).collect();
        assert_eq!(store.append_all(&many.iter().map(Vec::as_slice).collect::<Vec<_>>()).unwrap(), 101..201);
        assert!(store.size() > 3 * SMALL.segment_size);
        if closed {
            store.close().unwrap();
        } else {
            drop(store);
        }
        let mut store = Store::open(disk.clone()).unwrap();
        assert_eq!((store.mark(), store.epoch()), (200, 2));
        let read = all(&store, 1).unwrap();
        assert_eq!(read, (1..=200).map(|number| (number, payload(number))).collect::<Vec<_>>());
        assert_eq!(all(&store, 150).unwrap(), read[149..]);
        assert_eq!(all(&store, 201).unwrap(), []);
        assert_eq!(store.append(b"next").unwrap(), 201);
        assert_eq!(all(&store, 201).unwrap(), [(201, b"next".to_vec())]);
    }
}

#[test]
fn the_same_on_a_real_disk() {
    let folder = super::fresh("store-real");
    let disk: Disk = Arc::new(RealFiles::new(folder.join("data/store")));
    let mut store = created(&disk).unwrap();
    if cfg!(unix) {
        let room = disk.room().unwrap().unwrap();
        assert!(room.free > 0 && room.free <= room.total, "{room:?}");
    }
    for number in 1..=60 {
        store.append(&payload(number)).unwrap();
    }
    assert!(matches!(Store::open(disk.clone()), Err(StoreError::Taken { .. })), "a second owner is refused");
    store.note_mark().unwrap();
    assert_eq!(store.cut(30).unwrap(), *store_segments(&disk).first().unwrap());
    let mut snapshot = store.snapshots().write("shard-1", 60).unwrap();
    snapshot.push(b"a", b"1").unwrap();
    snapshot.finish().unwrap();
    drop(store);
    let store = Store::open(disk.clone()).unwrap();
    assert_eq!(store.mark(), 60);
    assert_eq!(all(&store, 30).unwrap().len(), 31);
    assert_eq!(store.snapshots().open("shard-1").unwrap().unwrap().get(b"a").unwrap().unwrap(), b"1");
    assert_eq!(store.hold(), None, "it lies where it was made");
    store.close().unwrap();
}

fn store_segments(disk: &Disk) -> Vec<u64> {
    disk.list("log").unwrap().iter().filter_map(|name| name.strip_suffix(".log")?.parse().ok()).collect()
}

#[test]
fn cutting_removes_whole_segments_and_a_pin_holds_them_back() {
    let (_, disk) = memory();
    let mut store = created(&disk).unwrap();
    for number in 1..=200 {
        store.append(&payload(number)).unwrap();
    }
    let pin = store.log().pin(50);
    let first = store.cut(150).unwrap();
    assert!(first > 1 && first <= 50, "{first}");
    assert_eq!(all(&store, 50).unwrap().len(), 151);
    drop(pin);
    let first = store.cut(150).unwrap();
    assert!(first > 50 && first <= 150, "{first}");
    assert!(matches!(store.read(first - 1).map(|_| ()), Err(StoreError::Cut { number, first: of }) if number == first - 1 && of == first));
    store.cut(10_000).unwrap();
    assert_eq!(store.append(b"goes on").unwrap(), 201);
    drop(store);
    let store = Store::open(disk).unwrap();
    assert_eq!(store.mark(), 201);
}

#[test]
fn a_batch_fits_a_segment_or_is_refused() {
    let (_, disk) = memory();
    let mut store = created(&disk).unwrap();
    assert_eq!(store.append(&[7; 8192 - 32]).unwrap(), 1);
    assert!(matches!(store.append(&[7; 8192 - 31]), Err(StoreError::TooLarge { length: 8161, limit: 8160, .. })));
    assert_eq!(store.append(b"").unwrap(), 2, "an empty one is a batch like others");
    assert_eq!(all(&store, 2).unwrap(), [(2, Vec::new())]);
}

#[test]
fn a_store_is_created_only_in_an_empty_folder_and_opened_only_where_one_is() {
    let (files, disk) = memory();
    assert!(matches!(Store::open(disk.clone()).map(|_| ()), Err(StoreError::NoStore { .. })));
    created(&disk).unwrap().close().unwrap();
    assert!(matches!(Store::create(&disk, &disk, SMALL), Err(StoreError::NotEmpty { .. })));
    files.lose("STORE");
    let gone = Store::open(disk.clone()).map(|_| ()).unwrap_err();
    assert!(matches!(gone, StoreError::Missing { .. }), "{gone}");
    assert!(matches!(Store::create(&disk, &disk, SMALL), Err(StoreError::NotEmpty { .. })), "not over what is left of one");
    let (files, disk) = memory();
    files.overwrite("notes.txt", b"mine".to_vec());
    let refused = Store::create(&disk, &disk, SMALL).unwrap_err();
    assert_eq!(refused.to_string(), "`memory/` is not empty: it holds `notes.txt`");
    assert!(!refused.help().is_empty());
}

#[test]
fn a_copy_and_a_move_to_another_machine_start_on_hold_until_released() {
    let (files, disk1) = memory();
    created(&disk1).unwrap().close().unwrap();
    for change in [(|files: &onward::store::MemFiles| files.renumber()) as fn(&_), |files| files.move_to_machine(9)] {
        change(&files);
        let store = Store::open(disk(&files)).unwrap();
        assert!(matches!(store.hold(), Some(Hold::Moved { .. })));
        drop(store);
        let mut store = Store::open(disk(&files)).unwrap();
        assert!(matches!(store.hold(), Some(Hold::Moved { .. })), "opening it again changes nothing");
        store.append(b"taking in goes on").unwrap();
        store.release().unwrap();
        assert_eq!(store.hold(), None);
        drop(store);
        assert_eq!(Store::open(disk(&files)).unwrap().hold(), None);
    }
}

#[test]
fn an_owner_that_was_overtaken_stops() {
    let (files, disk) = memory();
    let mut first = created(&disk).unwrap();
    first.append(b"one").unwrap();
    let owner = files.bytes("owner").unwrap();
    drop(first);
    // The lock was lost (a network disk, a lock file taken away): two processes believe that the store is theirs.
    let mut stale = Store::open(disk.clone()).unwrap();
    let twin = files.after_crash(onward::store::files::memory::image::Image::Everything);
    drop(Store::open(super::disk(&twin)).unwrap());
    files.overwrite("owner", twin.bytes("owner").unwrap());
    assert_ne!(owner, twin.bytes("owner").unwrap());
    stale.append(b"two").unwrap();
    let stopped = stale.note_mark().unwrap_err();
    assert!(matches!(stopped, StoreError::Overtaken { found: 3, ours: 2, .. }), "{stopped}");
    assert!(stopped.ends_process());
}
