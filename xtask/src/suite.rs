//! Runs suites: what they need, their steps one after the other, their counts, and the verdict.

use std::{collections::BTreeMap, fs, path::PathBuf};

use crate::{
    args::Wanted,
    clock::Stopwatch,
    console, exec,
    floor::Floor,
    project::Project,
    setup::{self, Need},
    step::{Step, Surroundings},
    suites,
    tally::Tally,
};

const FLOOR: &str = "tests/floor.toml";

/// Runs the suites that were asked for, and says whether all of them held.
pub(crate) fn test(project: &Project, wanted: Wanted) -> anyhow::Result<bool> {
    let names: Vec<String> = if wanted.suites.is_empty() {
        suites::standing().map(str::to_owned).collect()
    } else {
        wanted.suites.clone()
    };
    let mut session = Session {
        project,
        floor: Floor::read(&project.path(FLOOR))?,
        unready: BTreeMap::new(),
        left_out: vec![],
        reds: vec![],
        wanted,
    };
    let watch = Stopwatch::start();
    session.prepare(&names);
    let (mut total, mut red) = (Tally::default(), vec![]);
    for name in &names {
        let Some(steps) = suites::steps(name) else {
            console::line(&format!("{name}: red: this suite does not stand yet"));
            red.push(name.clone());
            continue;
        };
        let (tally, failed) = session.suite(name, steps);
        total.add(tally);
        red.extend(failed.iter().map(|step| format!("{name}/{step}")));
    }
    if names.len() > 1 {
        session.repeat_red();
    }
    let verdict =
        if red.is_empty() { "green".to_owned() } else { format!("RED: {}", red.join(", ")) };
    let only = if session.wanted.only.is_empty() {
        String::new()
    } else {
        format!("; ONLY these steps, as asked: {}", session.wanted.only.join(", "))
    };
    let left_out = if session.left_out.is_empty() {
        String::new()
    } else {
        format!("; LEFT OUT as asked: {}", session.left_out.join(", "))
    };
    if session.wanted.raise_floor && red.is_empty() {
        session.floor.write(&project.path(FLOOR))?;
        console::line(&format!("{FLOOR} says what was counted, where that was more"));
    }
    console::line(&format!(
        "total: {}, {}: {verdict}{only}{left_out}",
        shown(total),
        watch.shown()
    ));
    Ok(red.is_empty())
}

struct Session<'a> {
    project: &'a Project,
    wanted: Wanted,
    floor: Floor,
    /// What could not be made ready, and why.
    unready: BTreeMap<Need, String>,
    left_out: Vec<String>,
    reds: Vec<Red>,
}

/// A step that failed.
struct Red {
    step: String,
    why: String,
    log: PathBuf,
}

impl Session<'_> {
    /// Makes ready what the steps need, each once.
    fn prepare(&mut self, names: &[String]) {
        let steps = names.iter().filter_map(|name| suites::steps(name)).flatten();
        let mut needs: Vec<Need> = steps
            .filter(|step| self.wants(step) && !self.leaves_out(step))
            .flat_map(|step| step.needs.iter().copied())
            .collect();
        needs.sort();
        needs.dedup();
        for need in needs {
            if let Err(error) = setup::ready(self.project, need) {
                self.unready.insert(need, format!("{error:#}"));
            }
        }
    }

    fn wants(&self, step: &Step) -> bool {
        self.wanted.only.is_empty() || self.wanted.only.iter().any(|name| name == step.name)
    }

    fn leaves_out(&self, step: &Step) -> bool {
        step.needs.iter().any(|need| self.wanted.without.contains(need))
    }

    /// Runs every step, whether or not an earlier one failed; names those that did.
    fn suite(&mut self, suite: &str, steps: &[Step]) -> (Tally, Vec<String>) {
        let watch = Stopwatch::start();
        let (mut total, mut failed, mut ran) = (Tally::default(), vec![], false);
        for step in steps.iter().filter(|step| self.wants(step)).collect::<Vec<_>>() {
            if self.leaves_out(step) {
                console::progress(&format!("- {suite}/{}: left out as asked", step.name));
                self.left_out.push(format!("{suite}/{}", step.name));
                continue;
            }
            ran = true;
            let step_watch = Stopwatch::start();
            console::progress(&format!("> {suite}/{}: {}", step.name, step.about));
            match self.step(suite, step) {
                Ok(tally) => {
                    total.add(tally);
                    let (name, time) = (step.name, step_watch.shown());
                    console::progress(&format!("  {suite}/{name}: ok, {time}{}", counted(tally)));
                }
                Err(error) => {
                    let (name, time) = (step.name, step_watch.shown());
                    let why = format!("{error:#}");
                    console::progress(&format!("  {suite}/{name}: RED, {time}: {why}"));
                    failed.push(name.to_owned());
                    let red =
                        Red { step: format!("{suite}/{name}"), why, log: self.log(suite, step) };
                    self.reds.push(red);
                }
            }
        }
        let unknown = self.floor.steps(suite).filter(|name| !steps.iter().any(|s| s.name == *name));
        failed.extend(unknown.map(|name| format!("{name} (in {FLOOR}, but no step)")));
        if !ran || (total == Tally::default() && self.wanted.only.is_empty()) {
            failed.push("nothing was run".to_owned());
        }
        let verdict = if failed.is_empty() {
            "green".to_owned()
        } else {
            format!("RED: {}", failed.join(", "))
        };
        console::line(&format!("{suite}: {}, {}: {verdict}", shown(total), watch.shown()));
        (total, failed)
    }

    fn log(&self, suite: &str, step: &Step) -> PathBuf {
        self.project.target.join("xtask").join(format!("{suite}-{}.log", step.name))
    }

    /// Says again what was red: whoever reads only the end of a long run finds it there.
    fn repeat_red(&self) {
        for Red { step, why, log } in &self.reds {
            console::progress(&format!("! {step} was red: {why}"));
            exec::show_end(&fs::read_to_string(log).unwrap_or_default());
        }
    }

    fn step(&mut self, suite: &str, step: &Step) -> anyhow::Result<Tally> {
        let log = self.log(suite, step);
        // What an earlier run left would be read as this one's.
        let _ = fs::remove_file(&log);
        for need in step.needs {
            if let Some(why) = self.unready.get(need) {
                anyhow::bail!("{why}");
            }
        }
        let surroundings = Surroundings { project: self.project, full: self.wanted.full, log };
        let tally = (step.run)(&surroundings)?;
        let counted = tally.tests > 0 || tally.rows > 0;
        match self.floor.of(suite, step.name) {
            Some(least) => {
                if let Some(short) = least.lacks(tally) {
                    anyhow::bail!("{short}");
                }
            }
            None if counted && !self.wanted.raise_floor => {
                anyhow::bail!("{FLOOR} does not say how much it runs at least: add --raise-floor");
            }
            None => {}
        }
        if tally.skipped > 0 {
            anyhow::bail!("skipped {} that it was not told to skip", tally.skipped);
        }
        if counted {
            self.floor.raise(suite, step.name, tally);
        }
        Ok(tally)
    }
}

fn shown(tally: Tally) -> String {
    let Tally { tests, rows, held, not_applicable, skipped } = tally;
    format!(
        "{tests} tests, {rows} vector rows, contract rows {held} held / {not_applicable} not applicable \
         / {skipped} skipped"
    )
}

fn counted(tally: Tally) -> String {
    match (tally.tests, tally.rows) {
        (0, 0) => String::new(),
        (tests, 0) => format!(", {tests} tests"),
        (tests, rows) => format!(", {tests} tests, {rows} vector rows"),
    }
}
