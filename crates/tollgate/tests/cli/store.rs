//! Backups, and what becomes of one that is put back.

use std::fs;

use crate::site::Site;

#[test]
fn an_older_copy_is_used_only_after_a_restore_and_says_what_it_lost() {
    let site = Site::new("store-restore");
    let (id, secret) = site.key();
    site.json(&["store", "backup", "copy.db"]);
    site.run(&["store", "backup", "copy.db"])
        .fails(3, "exists already, and nothing is overwritten");
    site.done(&["keys", "revoke", &id]);

    for name in ["tollgate.db-wal", "tollgate.db-shm"] {
        let _ = fs::remove_file(site.folder.join(name));
    }
    fs::copy(site.folder.join("copy.db"), site.folder.join("tollgate.db")).unwrap();
    site.run(&["keys", "list"]).fails(1, "restore");
    assert_eq!(site.json(&["store", "restore"])["incarnation"], 2);

    // Nor is one that is no older copy restored by mistake, beside the gates that use it.
    site.run(&["store", "restore"]).fails(3, "no older copy");
    assert_eq!(site.json(&["store", "restore", "--force"])["incarnation"], 3);

    // What was revoked after the copy was made is not revoked any more, and can be again.
    assert_eq!(site.run_with(&["inspect"], &secret, &[]).code, Some(0));
    site.done(&["keys", "revoke", &id]);
    assert_eq!(site.run_with(&["inspect"], &secret, &[]).code, Some(1));
}

#[test]
fn a_backup_is_a_whole_store_that_only_its_owner_may_read() {
    use std::os::unix::fs::PermissionsExt;

    let site = Site::new("store-backup");
    let (id, _) = site.key();
    site.json(&["store", "backup", "copy.db"]);
    let mode = fs::metadata(site.folder.join("copy.db")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    site.write("other.toml", &site.read("tollgate.toml").replace("tollgate.db", "copy.db"));
    let listed = site.json(&["keys", "list", "--config", "other.toml"]);
    assert_eq!(listed["keys"][0]["id"], id.as_str());
}
