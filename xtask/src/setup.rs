//! What the suites need beyond Rust, Node, Python 3, Java, git and a C compiler, and how it is
//! installed: inside the project (`.tools/`) and the Rust toolchain's target folder only.

pub(crate) mod debian;
mod dynamodb;
pub(crate) mod go;
mod node;
mod origins;
pub(crate) mod python;
pub(crate) mod rust_source;
mod stamp;
mod toolchain;
pub(crate) mod wasm;
mod workers;

use crate::{clock::Stopwatch, console, project::Project};

/// Something that a step needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Need {
    /// The source of Rust's standard library, of exactly the compiler's version.
    RustSource,
    /// Rust's standard library for WebAssembly.
    Wasm,
    /// Node.
    Node,
    /// Python, with the packages of `tests/requirements.txt`.
    Python,
    /// valgrind, to count instructions.
    Valgrind,
    /// strace, to count what a process asks of its store.
    Strace,
    /// nginx, Caddy, HAProxy and wrk.
    Proxies,
    /// workerd and wrangler, and the Node that they want.
    Workers,
    /// DynamoDB Local, and Java.
    DynamoDb,
    /// Python, with the packages of `tests/aws/requirements.txt`.
    Aws,
    /// Python, with the packages of `tests/control/requirements.txt`.
    Control,
    /// Python, with the packages of `sdk/python/requirements.txt`.
    OriginsPython,
    /// The packages of `sdk/node/package-lock.json`.
    OriginsNode,
    /// Go 1.19.
    Go,
}

impl Need {
    const ALL: [Self; 14] = [
        Self::RustSource,
        Self::Wasm,
        Self::Node,
        Self::Python,
        Self::Valgrind,
        Self::Strace,
        Self::Proxies,
        Self::Workers,
        Self::DynamoDb,
        Self::Aws,
        Self::Control,
        Self::OriginsPython,
        Self::OriginsNode,
        Self::Go,
    ];

    const fn name(self) -> &'static str {
        match self {
            Self::RustSource => "rust-src",
            Self::Wasm => "wasm",
            Self::Node => "node",
            Self::Python => "python",
            Self::Valgrind => "valgrind",
            Self::Strace => "strace",
            Self::Proxies => "proxies",
            Self::Workers => "workers",
            Self::DynamoDb => "dynamodb",
            Self::Aws => "aws",
            Self::Control => "control",
            Self::OriginsPython => "origins-python",
            Self::OriginsNode => "origins-node",
            Self::Go => "go",
        }
    }

    /// The need of this name.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|need| need.name() == name)
    }

    /// All names, as `--without` takes them.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(",")
    }

    fn install(self, project: &Project) -> anyhow::Result<()> {
        match self {
            Self::RustSource => rust_source::install(project),
            Self::Wasm => wasm::install(project),
            Self::Node => node::check(project),
            Self::Python => python::install(project),
            Self::Valgrind => debian::program(project, "valgrind", "valgrind"),
            Self::Strace => debian::program(project, "strace", "strace"),
            Self::Proxies => debian::proxies(project),
            Self::Workers => workers::install(project),
            Self::DynamoDb => dynamodb::install(project),
            Self::Aws => python::install_aws(project),
            Self::Control => python::install_control(project),
            Self::OriginsPython => python::install_origins(project),
            Self::OriginsNode => origins::install(project),
            Self::Go => go::install(project),
        }
    }
}

/// Makes one thing ready; quick when it is already.
pub(crate) fn ready(project: &Project, need: Need) -> anyhow::Result<()> {
    let watch = Stopwatch::start();
    console::progress(&format!("> set-up/{}", need.name()));
    let outcome = need.install(project);
    let said = match &outcome {
        Ok(()) => "ready".to_owned(),
        Err(error) => format!("RED: {error:#}"),
    };
    console::progress(&format!("  set-up/{}: {said}, {}", need.name(), watch.shown()));
    outcome
}

/// Makes everything ready, and says whether it worked.
pub(crate) fn all(project: &Project, without: &[Need]) -> anyhow::Result<bool> {
    let watch = Stopwatch::start();
    let mut unready = vec![];
    for need in Need::ALL.into_iter().filter(|need| !without.contains(need)) {
        if ready(project, need).is_err() {
            unready.push(need.name());
        }
    }
    let verdict = if unready.is_empty() {
        "ready".to_owned()
    } else {
        format!("RED: {}", unready.join(", "))
    };
    let left_out: Vec<_> = without.iter().map(|need| need.name()).collect();
    let left_out = if left_out.is_empty() {
        String::new()
    } else {
        format!("; LEFT OUT as asked: {}", left_out.join(", "))
    };
    console::line(&format!("set-up: {verdict}, {}{left_out}", watch.shown()));
    Ok(unready.is_empty())
}
