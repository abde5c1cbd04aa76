//! Room that is kept for revocations.

use std::{fs, os::unix::fs::MetadataExt};

use tollgate_store_sqlite::{Access, BALLAST_BYTES, Store};

use crate::made::Folder;

#[test]
fn a_store_has_ballast_of_real_blocks_that_only_its_owner_reads() {
    let folder = Folder::new();
    let store = folder.store();
    let file = folder.file("store.db.ballast");
    let found = fs::metadata(&file).unwrap();
    assert_eq!((found.len(), found.mode() & 0o777), (BALLAST_BYTES, 0o600));
    assert!(found.blocks() * 512 >= BALLAST_BYTES, "{} blocks", found.blocks());
    assert_eq!(store.keep_ballast(), Some(BALLAST_BYTES));
    assert_eq!(Store::memory().unwrap().keep_ballast(), None);
}

#[test]
fn ballast_that_is_missing_or_short_is_made_anew_and_nothing_else_is_left_there() {
    let folder = Folder::new();
    let store = folder.store();
    let file = folder.file("store.db.ballast");
    for short in [None, Some(0), Some(BALLAST_BYTES / 2)] {
        match short {
            None => fs::remove_file(&file).unwrap(),
            Some(len) => fs::File::options().write(true).open(&file).unwrap().set_len(len).unwrap(),
        }
        assert_eq!(store.keep_ballast(), Some(BALLAST_BYTES), "{short:?}");
        assert!(!folder.file("store.db.ballast.new").exists());
    }
    fs::remove_file(&file).unwrap();
    drop(Store::open(&folder.file("store.db"), Access::ReadWrite).unwrap());
    assert_eq!(fs::metadata(&file).unwrap().len(), BALLAST_BYTES);
}
