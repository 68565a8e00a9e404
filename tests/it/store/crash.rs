//! Power lost before and after every operation, and again during recovery; errors and full disks at every operation.

use super::{SMALL, all, disk, payload};
use onward::store::files::memory::Trouble;
use onward::store::files::memory::image::Image;
use onward::store::keyring::Key;
use onward::store::{Disk, MemFiles, Store, StoreError};

/// What was asked for and what was acknowledged.
#[derive(Default, Clone)]
struct Model {
    created: bool,
    epoch: u64,
    tried: u64,
    acked: u64,
    tried_cut: u64,
    tried_snapshot: u64,
    snapshot: u64,
    tried_archive: u64,
    archive: u64,
    keys: Vec<Key>,
    tried_destroyed: u64,
    destroyed: u64,
}

const ROUNDS: u64 = 3;

/// A life of a store with everything in it. Stops at the first error, as the process would.
fn live(disk: &Disk, model: &mut Model) -> Result<(), StoreError> {
    Store::create(disk, disk, SMALL)?;
    model.created = true;
    for round in 0..ROUNDS {
        let mut store = Store::open(disk.clone())?;
        model.epoch = store.epoch();
        let keys = store.keyring(disk)?;
        for _ in 0..5 {
            model.tried += 1;
            model.acked = store.append(&payload(model.tried))?;
        }
        let numbers: Vec<u64> = (0..(round + 1) * 3).collect();
        let live = &numbers[model.destroyed as usize..];
        let drawn = keys.keys(live)?;
        model.keys = vec![drawn[0].clone(); model.destroyed as usize].into_iter().chain(drawn).collect();
        store.note_mark()?;
        // More than a segment, so that a cut removes several.
        let many: Vec<Vec<u8>> = (1..=50).map(|one| payload(model.tried + one)).collect();
        model.tried += 50;
        model.acked = store.append_all(&many.iter().map(Vec::as_slice).collect::<Vec<_>>())?.end - 1;
        model.tried_snapshot = model.acked;
        let mut writer = store.snapshots().write("shard", model.acked)?;
        for row in 0..model.acked {
            writer.push(&row.to_be_bytes(), &payload(row + model.acked))?;
        }
        writer.finish()?;
        model.snapshot = model.acked;
        model.tried_cut = model.acked + 1;
        store.cut(model.acked + 1)?;
        model.tried_archive = round * 2 + 1;
        let mut writer = store.archive().write("day")?;
        for record in 0..40 {
            writer.push(&[record], round, &payload(u64::from(record)))?;
        }
        writer.seal()?;
        model.archive = round * 2 + 1;
        model.tried_archive = round * 2 + 2;
        store.archive().rewrite("day", |key| key[0] % 2 == 0)?;
        model.archive = round * 2 + 2;
        model.tried_destroyed = round + 1;
        keys.destroy(&[round])?;
        model.destroyed = round + 1;
        model.tried += 1;
        model.acked = store.append(&payload(model.tried))?;
        if round % 2 == 0 {
            store.close()?;
        }
    }
    Ok(())
}

/// Opens what a crash left, and says what is not as promised. `None` where no store was acknowledged and none is there.
fn recover(disk: &Disk, model: &Model) -> Result<Option<Store>, String> {
    let store = match Store::open(disk.clone()) {
        Ok(store) => store,
        Err(StoreError::NoStore { .. }) if !model.created => {
            Store::create(disk, disk, SMALL).map_err(|error| format!("it cannot be created any more: {error}"))?;
            return Ok(None);
        }
        Err(error) => return Err(format!("it does not open: {error}")),
    };
    let mark = store.mark();
    let promise = |kept: bool, what: String| if kept { Ok(()) } else { Err(what) };
    promise(mark >= model.acked && mark <= model.tried, format!("mark {mark}, acknowledged {}, tried {}", model.acked, model.tried))?;
    promise(store.epoch() > model.epoch, format!("epoch {} again", store.epoch()))?;
    let first = store.log().first();
    promise(first <= model.tried_cut.max(1), format!("the log begins with {first}, cut before {}", model.tried_cut))?;
    let read = all(&store, first).map_err(|error| format!("it does not read: {error}"))?;
    promise(read == (first..=mark).map(|number| (number, payload(number))).collect::<Vec<_>>(), "other batches".to_owned())?;
    tables(&store, model).map_err(|error| format!("tables: {error}"))?;
    let keys = store.keyring(disk).map_err(|error| format!("keyring: {error}"))?;
    for (number, key) in model.keys.iter().enumerate() {
        let number = number as u64;
        match keys.key(number) {
            Ok(found) => promise(found == *key && number >= model.destroyed, format!("key {number}"))?,
            Err(StoreError::KeyDestroyed { .. }) => promise(number < model.tried_destroyed, format!("key {number} is gone"))?,
            Err(error) => return Err(format!("key {number}: {error}")),
        }
    }
    Ok(Some(store))
}

fn tables(store: &Store, model: &Model) -> Result<(), String> {
    let text = |error: StoreError| error.to_string();
    let as_of = match store.snapshots().open("shard").map_err(text)? {
        Some(snapshot) => {
            let rows: Vec<_> = snapshot.entries().collect::<Result<_, _>>().map_err(text)?;
            let as_of = snapshot.as_of();
            let right = rows == (0..as_of).map(|row| (row.to_be_bytes().to_vec(), payload(row + as_of))).collect::<Vec<_>>();
            if right { as_of } else { return Err(format!("the snapshot of {as_of} has other rows")) }
        }
        None => 0,
    };
    if as_of < model.snapshot || as_of > model.tried_snapshot || store.log().first() > as_of + 1 {
        return Err(format!("snapshot of {as_of}, {} acknowledged, log from {}", model.snapshot, store.log().first()));
    }
    let version = match store.archive().open("day").map_err(text)? {
        Some(sealed) => {
            let records: Vec<_> = sealed.entries().collect::<Result<_, _>>().map_err(text)?;
            records[0].order * 2 + if records.len() == 40 { 1 } else { 2 }
        }
        None => 0,
    };
    if version < model.archive || version > model.tried_archive {
        return Err(format!("archive {version}, {} acknowledged", model.archive));
    }
    Ok(())
}

/// After recovery the store goes on as if nothing had been.
fn goes_on(disk: &Disk, store: Store, model: &Model) -> Result<(), String> {
    let text = |error: StoreError| error.to_string();
    let mut store = store;
    let mark = store.mark();
    // Into the next segment: what a crash left in this one must not stand in the way of a reader.
    for first in [mark + 1, mark + 21] {
        let many: Vec<Vec<u8>> = (first..first + 20).map(payload).collect();
        store.append_all(&many.iter().map(Vec::as_slice).collect::<Vec<_>>()).map_err(text)?;
    }
    let mut model = Model { epoch: store.epoch(), tried: mark + 40, acked: mark + 40, ..model.clone() };
    drop(store);
    recover(disk, &model)?.ok_or("gone")?.close().map_err(text)?;
    model.epoch += 1;
    recover(disk, &model)?.ok_or("gone")?;
    Ok(())
}

fn images(seed: u64) -> [Image; 5] {
    [
        Image::Nothing,
        Image::Everything,
        Image::FirstHalf,
        Image::Random { seed, sector: 512 },
        Image::Random { seed: seed ^ 0xffff, sector: 4096 },
    ]
}

fn calls() -> u64 {
    let files = MemFiles::new(1);
    let mut model = Model::default();
    live(&disk(&files), &mut model).unwrap();
    let calls = files.calls();
    assert!(recover(&disk(&files), &model).unwrap().is_some());
    calls
}

#[test]
fn power_lost_at_every_operation() {
    let all = calls();
    assert!(all > 400, "{all}");
    for call in 1..=all {
        let files = MemFiles::new(1);
        files.plan(Trouble::PowerAt(call));
        let mut model = Model::default();
        assert!(live(&disk(&files), &mut model).is_err() || call == all);
        for image in images(call) {
            let after = disk(&files.after_crash(image));
            let checked = recover(&after, &model).and_then(|store| store.map_or(Ok(()), |store| goes_on(&after, store, &model)));
            checked.unwrap_or_else(|wrong| panic!("{image:?} at {:?}: {wrong}", files.trace().last()));
        }
    }
}

/// Power lost, and lost again at every operation of the recovery. `step` thins the first crashes out, so that both stay affordable.
fn power_lost_twice(step: u64) {
    for call in (1..=calls()).step_by(step as usize) {
        let files = MemFiles::new(1);
        files.plan(Trouble::PowerAt(call));
        let mut model = Model::default();
        drop(live(&disk(&files), &mut model));
        for image in images(call) {
            let mut second = 1;
            loop {
                let again = files.after_crash(image);
                again.plan(Trouble::PowerAt(second));
                drop(Store::open(disk(&again)));
                if again.calls() < second {
                    break;
                }
                for image in [Image::Nothing, Image::Random { seed: call * 31 + second, sector: 512 }] {
                    let after = disk(&again.after_crash(image));
                    let checked = recover(&after, &model).and_then(|store| store.map_or(Ok(()), |store| goes_on(&after, store, &model)));
                    checked.unwrap_or_else(|wrong| panic!("{image:?} at {call} and again at {:?}: {wrong}", again.trace().last()));
                }
                second += 1;
            }
        }
    }
}

#[test]
fn power_lost_again_during_recovery() {
    power_lost_twice(13);
}

#[test]
#[ignore = "minutes: the long form of the one above"]
fn power_lost_again_during_every_recovery() {
    power_lost_twice(1);
}

#[test]
fn an_error_at_every_operation_loses_nothing_that_was_acknowledged() {
    for call in 1..=calls() {
        let files = MemFiles::new(1);
        files.plan(Trouble::ErrorAt(call));
        let mut model = Model::default();
        let error = live(&disk(&files), &mut model);
        let trace = files.trace();
        assert!(error.is_err() || trace[call as usize - 1].contains("remove"), "{:?} was swallowed", trace[call as usize - 1]);
        files.plan(Trouble::None);
        // The process starts again: it sees what the system remembers, which after a failed sync is more than what is on the disk.
        let again = disk(&files);
        let store = recover(&again, &model).unwrap_or_else(|wrong| panic!("after {:?}: {wrong}", trace[call as usize - 1]));
        let Some(mut store) = store else { continue };
        let mark = store.mark();
        store.append(&payload(mark + 1)).unwrap();
        // What it saw, it may have acted on: so all of it must be there after a loss of power.
        let mut seen = Model { epoch: store.epoch(), acked: mark + 1, tried: mark + 1, ..model.clone() };
        if let Some(snapshot) = store.snapshots().open("shard").unwrap() {
            seen.snapshot = snapshot.as_of();
        }
        let keys = store.keyring(&again).unwrap();
        for number in seen.keys.len() as u64.. {
            let Ok(key) = keys.key(number) else { break };
            seen.keys.push(key);
        }
        while matches!(keys.key(seen.destroyed), Err(StoreError::KeyDestroyed { .. })) {
            seen.destroyed += 1;
        }
        for image in images(call) {
            let after = disk(&files.after_crash(image));
            let checked = recover(&after, &seen).and_then(|store| goes_on(&after, store.unwrap(), &seen));
            checked.unwrap_or_else(|wrong| panic!("{image:?} after {:?}: {wrong}", trace[call as usize - 1]));
        }
    }
}

#[test]
fn a_disk_full_from_any_operation_on_is_told_and_when_there_is_room_again_it_goes_on() {
    for call in 1..=calls() {
        let files = MemFiles::new(1);
        files.plan(Trouble::FullFrom(call));
        let mut model = Model::default();
        match live(&disk(&files), &mut model) {
            Ok(()) => {}
            Err(StoreError::Full { .. } | StoreError::Io { .. }) => {}
            Err(error) => panic!("at {call}: {error}"),
        }
        files.plan(Trouble::None);
        let again = disk(&files);
        let checked = recover(&again, &model).and_then(|store| store.map_or(Ok(()), |store| goes_on(&again, store, &model)));
        checked.unwrap_or_else(|wrong| panic!("full at {call}: {wrong}"));
    }
}

#[test]
fn a_full_disk_does_not_end_the_log_and_what_fits_goes_on() {
    let files = MemFiles::new(1);
    let mut store = super::created(&disk(&files)).unwrap();
    store.append(&[1; 6000]).unwrap();
    files.plan(Trouble::FullFrom(1));
    let full = store.append(&[2; 6000]).unwrap_err();
    assert!(matches!(full, StoreError::Full { .. }) && !full.ends_process(), "{full}");
    assert!(!files.names().iter().any(|name| name.ends_with(".new")), "no room is kept by what failed");
    assert_eq!(store.append(&[3; 1000]).unwrap(), 2, "the segment that is there has room");
    store.note_mark().unwrap();
    files.plan(Trouble::None);
    assert_eq!(store.append(&[4; 6000]).unwrap(), 3);
    drop(store);
    let store = Store::open(disk(&files)).unwrap();
    assert_eq!(all(&store, 1).unwrap().iter().map(|(_, bytes)| bytes[0]).collect::<Vec<_>>(), [1, 3, 4]);
}

#[test]
fn after_a_failed_sync_nothing_more_is_taken() {
    let files = MemFiles::new(1);
    let mut store = super::created(&disk(&files)).unwrap();
    store.append(b"one").unwrap();
    files.plan(Trouble::ErrorAt(2));
    let failed = store.append(b"two").unwrap_err();
    assert!(matches!(failed, StoreError::Io { doing: "syncing", .. }) && failed.ends_process(), "{failed}");
    files.plan(Trouble::None);
    assert!(matches!(store.append(b"three"), Err(StoreError::Poisoned)));
    assert!(matches!(store.cut(1), Err(StoreError::Poisoned)));
    assert_eq!(store.mark(), 1);
    assert!(matches!(store.close(), Err(StoreError::Poisoned)), "nobody vouches for it");
}
