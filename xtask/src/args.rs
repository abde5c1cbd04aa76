//! The command line: five verbs, few flags, and an answer to every mistake.

use crate::{setup::Need, suites};

/// What to do.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chore {
    /// Print this text.
    Help(&'static str),
    /// Run test suites.
    Test(Wanted),
    /// Measure.
    Bench {
        /// Whose benches; all that stand if empty.
        suites: Vec<String>,
        /// One JSON object a line, and nothing else on standard output.
        json: bool,
        /// The long part too: a million keys in one gate.
        full: bool,
    },
    /// Build what ships to an edge runtime and compare its size with the budget.
    Size,
    /// Check what can be checked without compiling.
    Tidy,
    /// Install what the suites need.
    Setup {
        /// What to leave out.
        without: Vec<Need>,
    },
}

/// Which suites to run, and how.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// All that stand if empty.
    pub(crate) suites: Vec<String>,
    /// The long profile.
    pub(crate) full: bool,
    /// Whatever needs one of these is left out, and the last line says so.
    pub(crate) without: Vec<Need>,
    /// Only these steps; all if empty. The last line says so.
    pub(crate) only: Vec<String>,
    /// Write what was counted to the floor file where it is more than the floor.
    pub(crate) raise_floor: bool,
}

/// The command line was not understood: the message says what is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Usage(pub(crate) String);

const HELP: &str = "\
The chores of this repository.

  cargo xtask test [SUITE…]    install what is missing, then run the suites; all that stand if none is named
  cargo xtask bench [SUITE…]   measure, and print a table
  cargo xtask size             measure what ships, and compare its size with the budget
  cargo xtask tidy             check layering, licences, documents and house rules, without compiling
  cargo xtask setup            install what the suites need, and stop

`cargo xtask VERB --help` says more. Exit codes: 0 all held, 1 something is red, 2 not understood.";

const TEST_HELP: &str = "\
Install what is missing, then run test suites.

  cargo xtask test                       every suite that stands
  cargo xtask test core                  one suite
  cargo xtask test core --full           with what takes longer: more cases, longer simulations
  cargo xtask test --only tidy,lints     two steps
  cargo xtask test --without valgrind    leave out what needs valgrind, and say so in the last line

  --full            the long profile
  --without A,B     leave out every step that needs A or B, of rust-src, wasm, node, python, valgrind,
                    strace, proxies, workers, dynamodb, aws, control, origins-python, origins-node,
                    go
  --only S,T        run only the steps S and T, and say so in the last line
  --raise-floor     write the counts of a green run to tests/floor.toml where they grew

A suite is red when a step fails, when a step ran fewer tests or vector rows than tests/floor.toml
commits it to, when a test was skipped, or when it ran nothing. The output of each step is kept in
target/xtask/. On a machine that reaches neither rustup's host nor Debian's, TOLLGATE_RUST_SRC names an
archive of the library folder of Rust's source.";

const BENCH_HELP: &str = "\
Measure, and print a table.

  cargo xtask bench                 every suite with benches
  cargo xtask bench gate --full     the long part too: a million keys in one gate
  cargo xtask bench core --json     one JSON object a line: name, value, unit, and for ratios both sides

Times drift between runs; ratios of two things measured in one run do not, nor do instruction counts.";

const SIZE_HELP: &str = "\
Measure what ships, and compare its size with the budget in tests/budget.toml.

  cargo xtask size

Modules for edge runtimes are built. The command is measured as it was built last; its sha256 is what the contract's
driver must find in the file that it runs.";

const TIDY_HELP: &str = "\
Check layering, licences, documents and house rules, without compiling.

  cargo xtask tidy

Every finding is one line: the file, the line if there is one, and what to do.";

const SETUP_HELP: &str = "\
Install what the suites need, and stop: `test` does it by itself.

  cargo xtask setup
  cargo xtask setup --without valgrind,python

Writes inside the project (.tools/) and to the Rust toolchain's own folder (the WebAssembly target, and
the source it is built from). Debian packages are installed where it runs as root on Debian; elsewhere it
says the line to type. A second run is fast.";

/// Reads the arguments that follow the program's name.
pub(crate) fn read(arguments: Vec<String>) -> Result<Chore, Usage> {
    let mut arguments = arguments.into_iter();
    let Some(verb) = arguments.next() else {
        return Ok(Chore::Help(HELP));
    };
    let mut line = Line {
        full: false,
        json: false,
        raise_floor: false,
        without: vec![],
        only: vec![],
        words: vec![],
    };
    let mut help = false;
    while let Some(argument) = arguments.next() {
        let (flag, given) = match argument.split_once('=') {
            Some((flag, given)) if flag.starts_with("--") => (flag, Some(given.to_owned())),
            _ => (argument.as_str(), None),
        };
        match flag {
            "-h" | "--help" => help = true,
            "--full" => line.full = true,
            "--json" => line.json = true,
            "--raise-floor" => line.raise_floor = true,
            "--without" | "--only" => {
                let names = given.or_else(|| arguments.next());
                let names =
                    names.ok_or_else(|| Usage(format!("{flag} needs a list: {flag} A,B")))?;
                let mut names = names.split(',').map(str::trim).filter(|name| !name.is_empty());
                if flag == "--only" {
                    line.only.extend(names.map(str::to_owned));
                } else {
                    names.try_for_each(|name| line.leave_out(name))?;
                }
            }
            _ if flag.starts_with('-') => {
                let help = format!("`cargo xtask {verb} --help` lists them");
                return Err(Usage(format!("no flag {flag}; {help}")));
            }
            word => line.words.push(word.to_owned()),
        }
    }
    match verb.as_str() {
        "help" | "-h" | "--help" => Ok(Chore::Help(help_of(line.words.first()))),
        _ if help => Ok(Chore::Help(help_of(Some(&verb)))),
        "test" => line.test(),
        "bench" => line.bench(),
        "size" => line.bare("size").map(|()| Chore::Size),
        "tidy" => line.bare("tidy").map(|()| Chore::Tidy),
        "setup" => line.setup(),
        other => Err(Usage(format!("no chore {other}; `cargo xtask help` lists them"))),
    }
}

/// What says more about a verb, or about all of them.
fn help_of(verb: Option<&String>) -> &'static str {
    match verb.map(String::as_str) {
        Some("test") => TEST_HELP,
        Some("bench") => BENCH_HELP,
        Some("size") => SIZE_HELP,
        Some("tidy") => TIDY_HELP,
        Some("setup") => SETUP_HELP,
        Some(_) | None => HELP,
    }
}

#[derive(Debug)]
struct Line {
    full: bool,
    json: bool,
    raise_floor: bool,
    without: Vec<Need>,
    only: Vec<String>,
    words: Vec<String>,
}

impl Line {
    fn leave_out(&mut self, name: &str) -> Result<(), Usage> {
        let need = Need::named(name).ok_or_else(|| {
            Usage(format!("nothing here needs {name}; what can be left out: {}", Need::names()))
        })?;
        if !self.without.contains(&need) {
            self.without.push(need);
        }
        Ok(())
    }

    fn test(self) -> Result<Chore, Usage> {
        self.refuse(self.json, "test", "--json")?;
        self.known_suites()?;
        for step in &self.only {
            let known = suites::standing().filter_map(suites::steps).flatten();
            let known: Vec<_> = known.map(|known| known.name).collect();
            if !known.contains(&step.as_str()) {
                return Err(Usage(format!("no step {step}; the steps are {}", known.join(", "))));
            }
        }
        let Self { words, full, without, only, raise_floor, .. } = self;
        let mut suites = vec![];
        for word in words {
            if !suites.contains(&word) {
                suites.push(word);
            }
        }
        Ok(Chore::Test(Wanted { suites, full, without, only, raise_floor }))
    }

    fn bench(self) -> Result<Chore, Usage> {
        self.refuse(self.raise_floor, "bench", "--raise-floor")?;
        self.refuse(!self.without.is_empty(), "bench", "--without")?;
        self.refuse(!self.only.is_empty(), "bench", "--only")?;
        self.known_suites()?;
        Ok(Chore::Bench { suites: self.words, json: self.json, full: self.full })
    }

    fn setup(self) -> Result<Chore, Usage> {
        let without = self.without.clone();
        Self { without: vec![], ..self }.bare("setup")?;
        Ok(Chore::Setup { without })
    }

    fn bare(&self, verb: &str) -> Result<(), Usage> {
        self.refuse(self.full, verb, "--full")?;
        self.refuse(self.json, verb, "--json")?;
        self.refuse(self.raise_floor, verb, "--raise-floor")?;
        self.refuse(!self.without.is_empty(), verb, "--without")?;
        self.refuse(!self.only.is_empty(), verb, "--only")?;
        match self.words.first() {
            Some(word) => Err(Usage(format!("{verb} takes no argument, but {word} was given"))),
            None => Ok(()),
        }
    }

    fn refuse(&self, given: bool, verb: &str, flag: &str) -> Result<(), Usage> {
        let message = || Usage(format!("{verb} has no {flag}; see `cargo xtask {verb} --help`"));
        if given { Err(message()) } else { Ok(()) }
    }

    fn known_suites(&self) -> Result<(), Usage> {
        for word in &self.words {
            if !suites::KNOWN.contains(&word.as_str()) {
                let known = suites::KNOWN.join(", ");
                return Err(Usage(format!("no suite {word}; the suites are {known}")));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_line(line: &str) -> Result<Chore, Usage> {
        read(line.split_whitespace().map(str::to_owned).collect())
    }

    #[test]
    fn what_is_asked_for_is_done() {
        let valgrind = Need::named("valgrind").into_iter().collect::<Vec<_>>();
        let test = |wanted| Ok(Chore::Test(wanted));
        assert_eq!(read_line("test"), test(Wanted::default()));
        let wanted = Wanted { suites: vec!["core".into()], full: true, ..Wanted::default() };
        assert_eq!(read_line("test core --full"), test(wanted));
        for line in ["test --without valgrind", "test --without=valgrind,valgrind"] {
            let wanted = Wanted { without: valgrind.clone(), ..Wanted::default() };
            assert_eq!(read_line(line), test(wanted), "{line}");
        }
        let wanted = Wanted { only: vec!["tidy".into(), "lints".into()], ..Wanted::default() };
        assert_eq!(read_line("test --only tidy,lints"), test(wanted));
        let bench = |json, full| Ok(Chore::Bench { suites: vec![], json, full });
        assert_eq!(read_line("bench --json"), bench(true, false));
        assert_eq!(read_line("bench --full"), bench(false, true));
        assert_eq!(read_line("setup --without valgrind"), Ok(Chore::Setup { without: valgrind }));
        assert_eq!(read_line("help test"), Ok(Chore::Help(TEST_HELP)));
        assert_eq!(read_line("test core core"), read_line("test core"));
        for line in ["", "help", "--help", "test --help", "size -h"] {
            assert!(matches!(read_line(line), Ok(Chore::Help(_))), "{line}");
        }
    }

    #[test]
    fn what_is_not_understood_runs_nothing() {
        for line in [
            "tset",
            "test cores",
            "test --fulll",
            "test --without",
            "test --only",
            "test --only nothing",
            "size --only lints",
            "test --without nothing",
            "test --json",
            "bench --without valgrind",
            "size core",
            "tidy --json",
            "setup core",
        ] {
            assert!(read_line(line).is_err(), "{line}");
        }
    }

    #[test]
    fn the_help_names_everything_that_can_be_left_out() {
        for name in Need::names().split(',') {
            assert!(TEST_HELP.contains(name), "{name}");
        }
    }
}
