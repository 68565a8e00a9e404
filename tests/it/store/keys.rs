//! Keys of customers: durable before they are used, gone when they are destroyed.

use super::{created, disk, memory};
use onward::store::files::memory::image::Image;
use onward::store::keyring::{OVERHEAD, Sealer, open};
use onward::store::{Disk, Keyring, MemFiles, StoreError};
use std::sync::Arc;

#[test]
fn sealed_bytes_open_with_their_key_and_place_only_and_not_after_it_is_destroyed() {
    let (_, disk) = memory();
    let store = created(&disk).unwrap();
    let keys = store.keyring(&disk).unwrap();
    let two = keys.keys(&[1, 2]).unwrap();
    let sealer = Sealer::new(disk.clone());
    let sealed = sealer.seal(&two[0], b"customer 1, profile", "ความลับ".as_bytes()).unwrap();
    assert_eq!(sealed.len(), "ความลับ".len() + OVERHEAD);
    assert_eq!(open(&two[0], b"customer 1, profile", &sealed).unwrap(), "ความลับ".as_bytes());
    assert!(open(&two[1], b"customer 1, profile", &sealed).is_err());
    assert!(open(&two[0], b"customer 2, profile", &sealed).is_err());
    for at in 0..sealed.len() {
        let mut changed = sealed.clone();
        changed[at] ^= 4;
        assert!(open(&two[0], b"customer 1, profile", &changed).is_err(), "byte {at}");
        assert!(open(&two[0], b"customer 1, profile", &sealed[..at]).is_err(), "{at} bytes");
    }
    let again = sealer.seal(&two[0], b"customer 1, profile", "ความลับ".as_bytes()).unwrap();
    assert_ne!(sealed, again, "no nonce twice");
    assert!(keys.keys(&[1]).unwrap()[0] == two[0], "the key stays");
    keys.destroy(&[1]).unwrap();
    let reopened = Keyring::open(disk, store.id()).unwrap();
    for ring in [&keys, &reopened] {
        assert!(matches!(ring.key(1), Err(StoreError::KeyDestroyed { number: 1 })));
        assert!(matches!(ring.keys(&[1]).map(|_| ()), Err(StoreError::KeyDestroyed { number: 1 })));
        assert!(matches!(ring.key(3), Err(StoreError::NoKey { number: 3 })));
        assert!(ring.key(2).unwrap() == two[1]);
    }
    assert!(matches!(keys.key((1 << 37) + 1), Err(StoreError::TooLarge { .. })));
    assert_eq!(keys.check().unwrap().0, 1);
}

#[test]
fn a_key_survives_a_crash_and_a_destroyed_one_does_not() {
    let (files, first) = memory();
    let store = created(&first).unwrap();
    let keys = store.keyring(&first).unwrap();
    let made = keys.keys(&(0..50).collect::<Vec<_>>()).unwrap();
    let seen = |image| Keyring::open(disk(&files.after_crash(image)), store.id()).unwrap();
    for seed in 0..20 {
        let ring = seen(Image::Random { seed, sector: 512 });
        assert!((0..50).all(|number| ring.key(number).unwrap() == made[number as usize]));
    }
    keys.destroy(&[7]).unwrap();
    let after = files.after_crash(Image::Nothing);
    assert!(matches!(Keyring::open(disk(&after), store.id()).unwrap().key(7), Err(StoreError::KeyDestroyed { .. })));
    assert!(seen(Image::Everything).key(8).is_ok());
}

#[test]
fn a_damaged_or_foreign_keyring_is_refused() {
    let (files, disk) = memory();
    let store = created(&disk).unwrap();
    let keys = store.keyring(&disk).unwrap();
    keys.keys(&[0, 1]).unwrap();
    let mut bytes = files.bytes("keys/ring").unwrap();
    bytes[4096 + 20] ^= 1;
    files.overwrite("keys/ring", bytes);
    assert!(matches!(keys.key(0), Err(StoreError::Damaged { offset: 4096, .. })));
    assert!(keys.key(1).is_ok());
    assert_eq!(keys.check().unwrap().2.len(), 1);
    let other: Disk = Arc::new(MemFiles::new(2));
    let stranger = created(&other).unwrap();
    assert!(matches!(stranger.keyring(&disk).map(|_| ()), Err(StoreError::Foreign { .. })));
}
