//! Rust's standard library for WebAssembly: from rustup, else built from its source.

use std::{fs, path::Path};

use anyhow::{Context, ensure};

use super::{rust_source, toolchain};
use crate::{console, exec, project::Project};

/// The target that Workers, browsers and Node run.
pub(crate) const TARGET: &str = "wasm32-unknown-unknown";

/// The standard library's parts that ordinary builds link.
const PARTS: &str = "-Zbuild-std=std,panic_abort,panic_unwind,proc_macro";
/// Without bitcode in the libraries, link-time optimisation fails later.
const BITCODE: &str = "-Cembed-bitcode=yes";
const THROW_AWAY: &str = "tollgate_throw_away";

/// Installs the target, or builds it.
pub(super) fn install(project: &Project) -> anyhow::Result<()> {
    let library = toolchain::sysroot()?.join("lib/rustlib").join(TARGET).join("lib");
    if installed(&library)
        || (toolchain::rustup(project, &["target", "add", TARGET]) && installed(&library))
    {
        return Ok(());
    }
    console::progress("    rustup has no such target for us; building it from source");
    rust_source::install(project)?;
    build(project, &library)?;
    ensure!(
        installed(&library),
        "the standard library was built, but not to {}",
        library.display()
    );
    Ok(())
}

fn installed(library: &Path) -> bool {
    let Ok(entries) = fs::read_dir(library) else {
        return false;
    };
    let mut names = entries.filter_map(Result::ok).map(|entry| entry.file_name());
    names.any(|name| name.to_string_lossy().starts_with("libstd-"))
}

/// Builds the standard library in a throw-away crate and copies its parts to `library`.
fn build(project: &Project, library: &Path) -> anyhow::Result<()> {
    let folder = project.tools().join("wasm-std");
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(folder.join("src"))?;
    let manifest = format!(
        "[package]\nname = \"{THROW_AWAY}\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n[workspace]\n"
    );
    fs::write(folder.join("Cargo.toml"), manifest)?;
    fs::write(folder.join("src/lib.rs"), "")?;
    let mut cargo = project.cargo(&["build", "--release", "--target", TARGET, PARTS]);
    cargo.current_dir(&folder).env("CARGO_TARGET_DIR", folder.join("target"));
    cargo.env("RUSTC_BOOTSTRAP", "1").env("RUSTFLAGS", BITCODE);
    exec::run(&mut cargo, &project.target.join("xtask/wasm-std.log"))?;
    fs::create_dir_all(library)?;
    let built = folder.join("target").join(TARGET).join("release/deps");
    for entry in fs::read_dir(&built).with_context(|| format!("{}", built.display()))? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if name.ends_with(".rlib") && !name.contains(THROW_AWAY) {
            fs::copy(&path, library.join(&name))?;
        }
    }
    // What was built against another standard library would not link with this one.
    let _ = fs::remove_dir_all(project.target.join(TARGET));
    fs::remove_dir_all(&folder)?;
    Ok(())
}
