//! On what kind of file system a file is.

use std::{
    fs,
    path::{Path, PathBuf},
};

use super::facts::existing;

/// Kinds on which locks and shared memory do not hold between machines, or at all.
const NETWORK: [&str; 14] = [
    "9p",
    "afs",
    "beegfs",
    "ceph",
    "cifs",
    "davfs",
    "fuse.glusterfs",
    "fuse.s3fs",
    "fuse.sshfs",
    "lustre",
    "nfs",
    "nfs4",
    "smb3",
    "smbfs",
];

/// The kind of the file system that holds `path`, where the system tells.
pub(super) fn kind_of(path: &Path) -> Option<String> {
    let mounts = fs::read_to_string("/proc/self/mountinfo").ok()?;
    kind_in(&mounts, &existing(path)?)
}

/// Whether a kind is that of a file system over a network.
pub(super) fn is_network(kind: &str) -> bool {
    NETWORK.contains(&kind)
}

/// The kind that `mounts`, written as in proc(5), tells of `path`: that of the longest mount point; of equals the last.
fn kind_in(mounts: &str, path: &Path) -> Option<String> {
    let mount = |line: &str| {
        let (before, after) = line.split_once(" - ")?;
        let point = PathBuf::from(unescaped(before.split(' ').nth(4)?));
        let kind = after.split(' ').next()?.to_owned();
        path.starts_with(&point).then(|| (point.components().count(), kind))
    };
    mounts.lines().filter_map(mount).max_by_key(|(depth, _)| *depth).map(|(_, kind)| kind)
}

/// The characters that would end a field are written as three octal digits.
fn unescaped(field: &str) -> String {
    field.replace("\\040", " ").replace("\\011", "\t").replace("\\012", "\n").replace("\\134", "\\")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{is_network, kind_in};

    const MOUNTS: &str = "\
21 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw
40 21 0:44 / /srv/share rw,relatime shared:9 - nfs4 files:/share rw
41 21 0:45 / /srv/share/local rw - xfs /dev/sdb rw
42 21 0:46 / /srv/with\\040blank rw - cifs //files/x rw
";

    #[test]
    fn the_innermost_mount_says_on_what_a_file_is() {
        for (path, kind) in [
            ("/var/lib", "ext4"),
            ("/srv/share", "nfs4"),
            ("/srv/share/db", "nfs4"),
            ("/srv/shared", "ext4"),
            ("/srv/share/local/db", "xfs"),
            ("/srv/with blank", "cifs"),
        ] {
            assert_eq!(kind_in(MOUNTS, Path::new(path)).as_deref(), Some(kind), "{path}");
        }
        assert_eq!(kind_in("", Path::new("/var")), None);
        assert!(is_network("nfs4") && is_network("cifs") && !is_network("ext4"));
    }
}
