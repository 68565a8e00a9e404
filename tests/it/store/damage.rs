//! Damage: found with its place, or harmless; never taken for data.

use super::{SMALL, all, created, disk, memory, payload};
use onward::store::check::check;
use onward::store::files::memory::Trouble;
use onward::store::{Disk, MemFiles, Store, StoreError};

/// A closed store of some segments, with a snapshot, an archive and keys.
fn closed() -> MemFiles {
    let (files, disk) = memory();
    let mut store = created(&disk).unwrap();
    for number in 1..=50 {
        store.append(&payload(number)).unwrap();
    }
    let mut writer = store.snapshots().write("shard-1", 50).unwrap();
    (0..400u64).for_each(|row| writer.push(&row.to_be_bytes(), &payload(row)).unwrap());
    writer.finish().unwrap();
    let mut writer = store.archive().write("day").unwrap();
    (0..400u64).for_each(|row| writer.push(&row.to_be_bytes(), 0, &payload(row)).unwrap());
    writer.seal().unwrap();
    store.keyring(&disk).unwrap().keys(&[0, 1, 2]).unwrap();
    store.close().unwrap();
    files
}

/// Everything that can be read of a store.
fn content(disk: &Disk) -> Result<Vec<Vec<u8>>, StoreError> {
    let store = Store::open(disk.clone())?;
    let mut found: Vec<Vec<u8>> = all(&store, 1)?.into_iter().map(|(_, bytes)| bytes).collect();
    let missing = || StoreError::NoStore { folder: String::new() };
    for entry in store.snapshots().open("shard-1")?.ok_or_else(missing)?.entries() {
        found.push(entry?.1);
    }
    for entry in store.archive().open("day")?.ok_or_else(missing)?.entries() {
        found.push(entry?.value);
    }
    let keys = store.keyring(disk)?;
    for number in 0..3 {
        let sealer = onward::store::keyring::Sealer::new(std::sync::Arc::new(MemFiles::new(1)));
        found.push(sealer.seal(&keys.key(number)?, b"", b"x")?);
    }
    Ok(found)
}

fn copy(files: &MemFiles) -> MemFiles {
    files.after_crash(onward::store::files::memory::image::Image::Everything)
}

/// Flips one bit at every `step`-th byte, and says how many flips were found.
fn flipped(step: usize) -> (usize, usize) {
    let files = closed();
    let right = content(&disk(&copy(&files))).unwrap();
    let (mut found, mut harmless) = (0, 0);
    for name in files.names() {
        let bytes = files.bytes(&name).unwrap();
        for at in (0..bytes.len()).step_by(step) {
            // Zeros behind the end of the log and between slots: one in a hundred is enough.
            if bytes[at] == 0 && bytes[at..].iter().take(64).all(|byte| *byte == 0) && at % 101 != 0 {
                continue;
            }
            let damaged = copy(&files);
            let mut changed = bytes.clone();
            changed[at] ^= 1 << (at % 8);
            damaged.overwrite(&name, changed);
            match content(&disk(&damaged)) {
                Ok(read) => {
                    assert!(read == right, "byte {at} of {name} changed what is read");
                    harmless += 1;
                }
                Err(error) => {
                    assert!(!matches!(error, StoreError::NoStore { .. }), "byte {at} of {name}: {error}");
                    found += 1;
                }
            }
        }
    }
    (found, harmless)
}

#[test]
fn a_flipped_bit_is_found_or_harmless() {
    let (found, harmless) = flipped(37);
    assert!(found > 800 && harmless > 20, "{found} found, {harmless} harmless");
}

#[test]
#[ignore = "a minute: the long form of the one above"]
fn a_flipped_bit_anywhere_is_found_or_harmless() {
    let (found, harmless) = flipped(1);
    eprintln!("{found} flips found, {harmless} harmless");
}

#[test]
fn every_file_that_is_cut_off_or_gone_is_found() {
    let files = closed();
    for name in files.names() {
        let bytes = files.bytes(&name).unwrap();
        for length in [0, 1, 63, 64, bytes.len() / 2, bytes.len() - 1].into_iter().filter(|length| *length < bytes.len()) {
            let damaged = copy(&files);
            damaged.overwrite(&name, bytes[..length].to_vec());
            // When it was closed, each slot of the owner says the same; behind its slots, a keyring holds nothing.
            let harmless = name == "owner" && length >= 4096 || name == "keys/ring" && length == bytes.len() - 1;
            assert_eq!(content(&disk(&damaged)).is_ok(), harmless, "{name} with {length} of {} bytes", bytes.len());
        }
        let damaged = copy(&files);
        damaged.lose(&name);
        let error = content(&disk(&damaged)).unwrap_err();
        assert!(!error.help().is_empty());
        assert!(Store::create(&disk(&damaged), &disk(&damaged), SMALL).is_err(), "nothing is created over what is left");
    }
}

#[test]
fn files_of_another_place_or_store_are_refused() {
    let files = closed();
    let stranger = MemFiles::new(2);
    let mut store = created(&disk(&stranger)).unwrap();
    (1..=50).for_each(|number| assert_eq!(store.append(&payload(number)).unwrap(), number));
    store.close().unwrap();
    let segments: Vec<String> = files.names().into_iter().filter(|name| name.starts_with("log/")).collect();
    assert!(segments.len() >= 3);
    for name in ["STORE", "owner", &segments[0], segments.last().unwrap()] {
        let mixed = copy(&files);
        mixed.overwrite(name, stranger.bytes(name).unwrap());
        let error = content(&disk(&mixed)).unwrap_err();
        assert!(matches!(error, StoreError::Foreign { .. }), "{name}: {error}");
    }
    let swapped = copy(&files);
    swapped.overwrite(&segments[0], files.bytes(&segments[1]).unwrap());
    swapped.overwrite(&segments[1], files.bytes(&segments[0]).unwrap());
    assert!(matches!(content(&disk(&swapped)), Err(StoreError::Foreign { .. })));
    let renamed = copy(&files);
    renamed.overwrite("snapshots/shard-2.snapshot", files.bytes("snapshots/shard-1.snapshot").unwrap());
    let store = Store::open(disk(&renamed)).unwrap();
    assert!(matches!(store.snapshots().open("shard-2").map(|_| ()), Err(StoreError::Foreign { .. })));
    drop(store);
    let strange = copy(&files);
    strange.overwrite("log/notes.txt", b"mine".to_vec());
    assert!(matches!(content(&disk(&strange)), Err(StoreError::Foreign { .. })));
}

/// Raises the version in the first header of a file, with a right checksum.
fn newer(bytes: &[u8]) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    bytes[8..12].copy_from_slice(&2u32.to_le_bytes());
    let crc = crc32c(&bytes[..60]);
    bytes[60..64].copy_from_slice(&crc.to_le_bytes());
    bytes
}

/// CRC32C bit by bit: the tests do not take the word of the code that they test.
fn crc32c(bytes: &[u8]) -> u32 {
    let step = |crc: u32, _| if crc & 1 == 1 { (crc >> 1) ^ 0x82f6_3b78 } else { crc >> 1 };
    !bytes.iter().fold(!0u32, |crc, byte| (0..8).fold(crc ^ u32::from(*byte), step))
}

#[test]
fn a_newer_format_is_refused_with_its_version() {
    let files = closed();
    for name in files.names() {
        let changed = copy(&files);
        let mut bytes = newer(&files.bytes(&name).unwrap());
        if name == "owner" {
            let second = newer(&bytes[4096..]);
            bytes.splice(4096.., second);
        }
        changed.overwrite(&name, bytes);
        let error = content(&disk(&changed)).unwrap_err();
        assert!(matches!(error, StoreError::Newer { version: 2, known: 1, .. }), "{name}: {error}");
        assert_eq!(copy(&changed).bytes(&name), changed.bytes(&name), "and nothing is changed");
    }
}

/// A store that was not closed: 10 batches, the mark at 7.
fn open_ended() -> (MemFiles, Vec<usize>) {
    let (files, disk) = memory();
    let mut store = created(&disk).unwrap();
    let mut places = vec![4096];
    for number in 1..=10u64 {
        store.append(&[number as u8; 100]).unwrap();
        places.push(places.last().unwrap() + 136);
        if number == 7 {
            store.note_mark().unwrap();
        }
    }
    (files, places)
}

#[test]
fn the_end_of_a_log_is_judged_by_the_mark_and_by_what_stands_behind_a_hole() {
    let (files, places) = open_ended();
    let name = "log/00000000000000000001.log";
    for number in 1..=10 {
        let damaged = copy(&files);
        let mut bytes = files.bytes(name).unwrap();
        bytes[places[number - 1] + 50] ^= 1;
        damaged.overwrite(name, bytes);
        let opened = Store::open(disk(&damaged));
        match (number, opened) {
            (1..=7, Err(StoreError::EndsBeforeMark { offset, last, mark: 7, .. })) => {
                assert_eq!((offset, last), (places[number - 1] as u64, number as u64 - 1));
            }
            (8..=9, Err(StoreError::Damaged { offset, found, .. })) => {
                assert_eq!(offset, places[number - 1] as u64);
                assert!(found.contains(&format!("batch {}, written after it was durable", number + 1)), "{found}");
            }
            // What nobody can tell from a torn write: the last write before a crash.
            (10, Ok(store)) => assert_eq!((store.mark(), store.log().torn()), (9, 132)),
            (_, other) => panic!("batch {number}: {:?}", other.map(|store| store.mark())),
        }
    }
}

#[test]
fn either_slot_of_the_owner_is_enough_and_no_epoch_comes_twice() {
    let (files, disk1) = memory();
    drop(created(&disk1).unwrap());
    for number in 1..=3 {
        let mut store = Store::open(disk(&files)).unwrap();
        store.append(&payload(number)).unwrap();
        store.note_mark().unwrap();
    }
    for slot in [0, 4096] {
        let damaged = copy(&files);
        let mut bytes = files.bytes("owner").unwrap();
        bytes[slot + 40] ^= 1;
        damaged.overwrite("owner", bytes);
        let store = Store::open(disk(&damaged)).unwrap();
        assert_eq!((store.epoch(), store.mark()), (5, 3));
    }
}

#[test]
fn a_batch_of_another_history_is_no_link_of_the_chain() {
    let (files, disk1) = memory();
    created(&disk1).unwrap().close().unwrap();
    let twin = copy(&files);
    for (files, text) in [(&files, b"a"), (&twin, b"b")] {
        let mut store = Store::open(disk(files)).unwrap();
        store.append(text).unwrap();
        store.append(b"the same").unwrap();
        store.close().unwrap();
    }
    let name = "log/00000000000000000001.log";
    let (mut mine, theirs) = (files.bytes(name).unwrap(), twin.bytes(name).unwrap());
    // A frame of 32 bytes and its payload, at a multiple of 8.
    mine.splice(4096 + 40..4096 + 80, theirs[4096 + 40..4096 + 80].iter().copied());
    assert_ne!(mine, files.bytes(name).unwrap(), "same number, same bytes, another batch before");
    files.overwrite(name, mine);
    assert!(matches!(Store::open(disk(&files)), Err(StoreError::EndsBeforeMark { last: 1, mark: 2, .. })));
}

#[test]
fn what_a_torn_write_left_is_gone_before_anything_is_written_over_it() {
    let (files, disk1) = memory();
    let mut store = created(&disk1).unwrap();
    files.plan(Trouble::PowerAt(2));
    assert!(store.append_all(&[[1; 1000].as_slice(); 7]).is_err());
    // The sector of the first batch did not reach the disk, the others did.
    let torn = copy(&files);
    let name = "log/00000000000000000001.log";
    let mut bytes = torn.bytes(name).unwrap();
    bytes[4096..4608].fill(0);
    torn.overwrite(name, bytes);
    let mut store = Store::open(disk(&torn)).unwrap();
    assert_eq!((store.mark(), store.log().torn()), (0, 7 * 1032));
    // One that ends a little before what was left there, and one that needs the next segment.
    store.append(&[2; 7000]).unwrap();
    store.append(&[3; 3000]).unwrap();
    assert_eq!(all(&store, 1).unwrap().iter().map(|(_, bytes)| bytes.len()).collect::<Vec<_>>(), [7000, 3000]);
    assert!(torn.bytes(name).unwrap()[4096 + 7032..].iter().all(|byte| *byte == 0));
}

#[test]
fn a_log_put_back_to_an_older_state_is_refused() {
    let (files, disk1) = memory();
    let mut store = created(&disk1).unwrap();
    store.append(b"one").unwrap();
    let older = files.bytes("log/00000000000000000001.log").unwrap();
    store.append(b"two").unwrap();
    store.close().unwrap();
    files.overwrite("log/00000000000000000001.log", older);
    assert!(matches!(Store::open(disk(&files)), Err(StoreError::EndsBeforeMark { last: 1, mark: 2, .. })));
    let report = check(&disk(&files), None).unwrap();
    assert!(report.wrong.iter().any(|error| matches!(error, StoreError::EndsBeforeMark { .. })), "{report:?}");
}

#[test]
fn the_check_finds_every_damage_at_once_and_changes_nothing() {
    let files = closed();
    let report = check(&disk(&files), Some(&disk(&files))).unwrap();
    assert!(report.wrong.is_empty(), "{report:?}");
    assert_eq!((report.batches, report.mark, report.closed), (Some((1, 50)), 50, true));
    assert_eq!(report.snapshots, [("shard-1".to_owned(), 50, 400)]);
    assert_eq!((report.archive.as_slice(), report.keys), ([("day".to_owned(), 400)].as_slice(), Some((3, 0))));
    let places =
        [("log/00000000000000000001.log", 4200), ("snapshots/shard-1.snapshot", 500), ("archive/day.archive", 300), ("keys/ring", 4100)];
    for (name, at) in places {
        let mut bytes = files.bytes(name).unwrap();
        bytes[at] ^= 1;
        files.overwrite(name, bytes);
    }
    files.overwrite("archive/x.archive.new", vec![1]);
    assert!(!report.at_work);
    let before: Vec<_> = files.names().iter().map(|name| files.bytes(name)).collect();
    let report = check(&disk(&files), Some(&disk(&files))).unwrap();
    let wrong: Vec<String> = report.wrong.iter().map(ToString::to_string).collect();
    assert_eq!(wrong.len(), 4, "{wrong:#?}");
    for (name, _) in places {
        assert!(wrong.iter().any(|error| error.contains(name)), "{name}: {wrong:#?}");
    }
    assert_eq!(report.leftovers, ["archive/x.archive.new"]);
    assert_eq!(files.names().iter().map(|name| files.bytes(name)).collect::<Vec<_>>(), before);
}
