//! The source of Rust's standard library: from rustup, else from a named archive, else from Debian.

use std::{
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, bail, ensure};

use super::toolchain;
use crate::{console, exec, project::Project, settings};

/// Where Debian's packages go for versions newer than the release.
const BACKPORTS: &str = "trixie-backports";
const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

/// Says where the source is, or what is missing.
pub(crate) fn check() -> anyhow::Result<()> {
    let library = library()?;
    ensure!(whole(&library), "no Rust source at {}: run `cargo xtask setup`", library.display());
    Ok(())
}

/// Puts the source where cargo looks for it.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    let library = library()?;
    if whole(&library) {
        return Ok(());
    }
    if toolchain::rustup(project, &["component", "add", "rust-src"]) && whole(&library) {
        return Ok(());
    }
    let fetched = project.tools().join("rust-src");
    let _ = fs::remove_dir_all(&fetched);
    fs::create_dir_all(&fetched)?;
    if let Some(archive) = settings::rust_source_archive() {
        console::progress(&format!(
            "    rustup has no source for us; taking {}",
            archive.display()
        ));
        unpack(project, &archive, &fetched)?;
    } else {
        console::progress("    rustup has no source for us; asking Debian");
        download(project, &fetched).context(
            "neither rustup nor Debian has the Rust source; name an archive of its library folder in \
             TOLLGATE_RUST_SRC, or leave out what needs it with `--without rust-src,wasm`",
        )?;
    }
    let found = find_library(&fetched)?;
    fs::create_dir_all(library.parent().context("the library lies in a folder")?)?;
    let mut copy = project.command("cp");
    copy.arg("-R").arg(&found).arg(&library);
    exec::run(&mut copy, &log(project, "copy"))?;
    fs::remove_dir_all(&fetched)?;
    check()
}

fn library() -> anyhow::Result<PathBuf> {
    Ok(toolchain::sysroot()?.join("lib/rustlib/src/rust/library"))
}

fn whole(library: &Path) -> bool {
    library.join("core/src/lib.rs").is_file() && library.join("std/src/lib.rs").is_file()
}

fn log(project: &Project, name: &str) -> PathBuf {
    project.target.join("xtask").join(format!("rust-src-{name}.log"))
}

fn unpack(project: &Project, archive: &Path, into: &Path) -> anyhow::Result<()> {
    ensure!(archive.is_file(), "TOLLGATE_RUST_SRC names {}, which is no file", archive.display());
    let mut tar = project.command("tar");
    tar.arg("-xf").arg(archive).arg("-C").arg(into);
    exec::run(&mut tar, &log(project, "unpack"))?;
    Ok(())
}

/// Downloads Debian's package of exactly the compiler's version, with a list file and a state folder
/// of our own, so that the machine's package lists stay as they are.
fn download(project: &Project, into: &Path) -> anyhow::Result<()> {
    let mirror = mirror().context("this machine's apt names no Debian mirror")?;
    let apt = project.tools().join("apt");
    for folder in ["lists/partial", "cache/archives/partial"] {
        fs::create_dir_all(apt.join(folder))?;
    }
    let list = apt.join("sources.list");
    fs::write(&list, format!("deb [signed-by={KEYRING}] {mirror} {BACKPORTS} main\n"))?;
    let options = [
        format!("Dir::Etc::SourceList={}", list.display()),
        "Dir::Etc::SourceParts=-".to_owned(),
        format!("Dir::State::Lists={}", apt.join("lists").display()),
        format!("Dir::Cache={}", apt.join("cache").display()),
        "APT::Sandbox::User=root".to_owned(),
    ];
    let apt_get = |words: &[&str]| {
        let mut command = project.command("apt-get");
        command
            .current_dir(into)
            .args(options.iter().flat_map(|option| ["-o", option]))
            .args(words);
        command
    };
    exec::run(&mut apt_get(&["update"]), &log(project, "apt-update"))?;
    let package = format!("rust-src={}*", toolchain::version()?);
    exec::run(&mut apt_get(&["download", &package]), &log(project, "apt-download"))?;
    let entries = fs::read_dir(into)?.filter_map(Result::ok).map(|entry| entry.path());
    let mut packages = entries.filter(|path| path.extension().is_some_and(|e| e == "deb"));
    let package = packages.next().context("apt-get downloaded nothing")?;
    let mut dpkg = project.command("dpkg-deb");
    dpkg.arg("-x").arg(&package).arg(into);
    exec::run(&mut dpkg, &log(project, "dpkg"))?;
    Ok(())
}

/// The Debian mirror that this machine's apt is told to use.
fn mirror() -> Option<String> {
    let mut files = vec![PathBuf::from("/etc/apt/sources.list")];
    if let Ok(entries) = fs::read_dir("/etc/apt/sources.list.d") {
        files.extend(entries.filter_map(Result::ok).map(|entry| entry.path()));
    }
    let texts = files.into_iter().filter_map(|file| fs::read_to_string(file).ok());
    texts.into_iter().find_map(|text| mirror_in(&text))
}

fn mirror_in(text: &str) -> Option<String> {
    let lines = text.lines().map(str::trim).filter(|line| !line.starts_with('#'));
    let mut words = lines.flat_map(str::split_whitespace);
    let mirror = words.find(|word| {
        let path = word.trim_end_matches('/');
        word.contains("://") && path.ends_with("/debian")
    });
    mirror.map(str::to_owned)
}

/// The library folder in what was unpacked, wherever it lies.
fn find_library(below: &Path) -> anyhow::Result<PathBuf> {
    let mut folders = vec![below.to_owned()];
    while let Some(folder) = folders.pop() {
        if whole(&folder) {
            return Ok(folder);
        }
        let entries = fs::read_dir(&folder)?.filter_map(Result::ok);
        // Not through links: Debian's package links back into itself.
        let real = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
        folders.extend(real.map(|entry| entry.path()));
    }
    bail!("no library folder in the Rust source at {}", below.display())
}

#[cfg(test)]
mod tests {
    use super::mirror_in;

    #[test]
    fn the_debian_mirror_is_found_in_both_kinds_of_list() {
        for (text, mirror) in [
            ("deb http://one.example/debian bookworm main", Some("http://one.example/debian")),
            (
                "Types: deb\n# http://old/debian\nURIs: https://two.example/debian/\n",
                Some("https://two.example/debian/"),
            ),
            ("URIs: http://three.example/debian-security\n", None),
            ("", None),
        ] {
            assert_eq!(mirror_in(text).as_deref(), mirror, "{text}");
        }
    }
}
