//! A deployment in a folder of its own, and the gate that serves it: the real binary, on ports that are free.

use std::{
    cell::RefCell,
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::PathBuf,
    process::{Child, Command, ExitStatus, Output, Stdio},
    sync::{
        Arc, Mutex,
        atomic::{AtomicU64, Ordering},
        mpsc::{self, Receiver},
    },
    thread,
    time::{Duration, Instant, SystemTime},
};

use serde_json::Value;

use crate::wire::{Answer, DEADLINE, Wire};

/// Configuration, secrets and store, gone when the test ends.
pub(crate) struct Site {
    folder: PathBuf,
    variables: Vec<(String, String)>,
    secrets: RefCell<Vec<String>>,
}

/// A key that was made for a test.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) id: String,
    pub(crate) secret: String,
}

impl Site {
    /// In front of `origin`, with `routes` as they stand in the file.
    pub(crate) fn new(origin: SocketAddr, routes: &str) -> Self {
        static SITES: AtomicU64 = AtomicU64::new(0);
        let number = SITES.fetch_add(1, Ordering::Relaxed);
        let name = format!("tollgate-serve-{}-{number}", std::process::id());
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        let site = Self { folder, variables: Vec::new(), secrets: RefCell::default() };
        site.tell(&["init"]);
        let site = site
            .with("gate.listen", "127.0.0.1:0")
            .with("admin.listen", "127.0.0.1:0")
            .with("origin.url", &format!("http://{origin}"))
            // Two cores are shared by many tests at once: no deadline of the store is the point here.
            .with("gate.store_deadline_ms", "5000");
        site.routes(routes);
        site
    }

    /// The same with another value of one field.
    pub(crate) fn with(self, field: &str, value: &str) -> Self {
        let mut site = self.without(field);
        site.variables.push((variable(field), value.to_owned()));
        site
    }

    /// The same with one field less: what the file says of it holds.
    pub(crate) fn without(mut self, field: &str) -> Self {
        let name = variable(field);
        self.variables.retain(|(known, _)| *known != name);
        self
    }

    /// Where the secrets are.
    pub(crate) fn secrets_file(&self) -> PathBuf {
        self.folder.join("tollgate.secrets.json")
    }

    /// Where the store is.
    pub(crate) fn store_file(&self) -> PathBuf {
        self.folder.join("tollgate.db")
    }

    /// Writes the file with these routes.
    pub(crate) fn routes(&self, routes: &str) {
        self.write(&format!("[origin]\nurl = \"http://127.0.0.1:9\"\n{routes}"));
    }

    /// Writes the file.
    pub(crate) fn write(&self, text: &str) {
        fs::write(self.folder.join("tollgate.toml"), text).unwrap();
    }

    /// Says that the file was last changed so long after 1970.
    pub(crate) fn dated(&self, seconds: u64) {
        let file = fs::File::options().write(true).open(self.folder.join("tollgate.toml")).unwrap();
        file.set_modified(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)).unwrap();
    }

    /// Renames a file of the deployment.
    pub(crate) fn rename(&self, from: &str, to: &str) {
        fs::rename(self.folder.join(from), self.folder.join(to)).unwrap();
    }

    /// A key without limits, with whatever else is asked for.
    pub(crate) fn key(&self, more: &[&str]) -> Key {
        let mut words = vec!["keys", "create", "--tenant", "acme", "--owner", "owner_1"];
        words.extend(more);
        if !more.contains(&"--limit") {
            words.push("--unlimited");
        }
        let made = self.tell(&words);
        let secret = made["secret"].as_str().unwrap().to_owned();
        self.secrets.borrow_mut().push(secret.clone());
        Key { id: made["key"]["id"].as_str().unwrap().to_owned(), secret }
    }

    /// Of a key that was made otherwise no piece may be logged either.
    pub(crate) fn keep(&self, key: &Key) {
        self.secrets.borrow_mut().push(key.secret.clone());
    }

    /// Does what an operator would, and answers what the operator is told.
    pub(crate) fn tell(&self, words: &[&str]) -> Value {
        let Output { status, stdout, stderr } = self.command(words).output().unwrap();
        assert!(status.success(), "{words:?}: {}", String::from_utf8_lossy(&stderr));
        serde_json::from_slice(&stdout).unwrap_or(Value::Null)
    }

    fn command(&self, words: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg("--config").arg(self.folder.join("tollgate.toml")).arg("--json").args(words);
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        command.stdin(Stdio::null());
        command
    }

    /// Starts the gate; returns when it serves.
    pub(crate) fn start(&self) -> Gate {
        self.run(self.command(&["serve"]))
    }

    /// Starts the gate with so many open files, which it may raise to so many.
    pub(crate) fn start_with_files(&self, soft: u64, hard: u64) -> Gate {
        let plain = self.command(&["serve"]);
        let mut limited = Command::new("sh");
        let limit = format!("ulimit -Sn {soft} && ulimit -Hn {hard} && exec \"$0\" \"$@\"");
        limited.arg("-c").arg(limit).arg(plain.get_program()).args(plain.get_args());
        limited.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
        limited.stdin(Stdio::null());
        self.run(limited)
    }

    fn run(&self, mut command: Command) -> Gate {
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let said = Arc::<Mutex<Vec<String>>>::default();
        let (lines, events) = mpsc::channel();
        let reader = BufReader::new(child.stderr.take().unwrap());
        let kept = Arc::clone(&said);
        thread::spawn(move || {
            for line in reader.lines().map_while(Result::ok) {
                kept.lock().unwrap().push(line.clone());
                let _ = lines.send(serde_json::from_str(&line).unwrap_or(Value::String(line)));
            }
        });
        let secrets = self.secrets.borrow().clone();
        let mut gate = Gate { child, events, said, secrets, doors: Vec::new() };
        loop {
            let event = gate.next_event();
            match event["event"].as_str() {
                Some("listening") => gate.doors.push((
                    event["listener"].as_str().unwrap().to_owned(),
                    event["address"].as_str().unwrap().parse().unwrap(),
                )),
                Some("started") => return gate,
                _ => panic!("{event}"),
            }
        }
    }

    /// Whether the gate does not start, and what it says then.
    pub(crate) fn refuses(&self) -> String {
        let mut child = self.command(&["serve"]).stderr(Stdio::piped()).spawn().unwrap();
        let begun = Instant::now();
        while child.try_wait().unwrap().is_none() {
            if begun.elapsed() >= DEADLINE {
                child.kill().unwrap();
                panic!("it serves");
            }
            thread::park_timeout(Duration::from_millis(20));
        }
        let Output { status, stderr, .. } = child.wait_with_output().unwrap();
        assert!(!status.success());
        String::from_utf8(stderr).unwrap()
    }
}

impl Drop for Site {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.folder);
    }
}

/// A gate that runs.
pub(crate) struct Gate {
    child: Child,
    events: Receiver<Value>,
    said: Arc<Mutex<Vec<String>>>,
    secrets: Vec<String>,
    doors: Vec<(String, SocketAddr)>,
}

impl Gate {
    /// Where one of its listeners is.
    pub(crate) fn address(&self, listener: &str) -> SocketAddr {
        self.doors.iter().find(|(name, _)| name == listener).unwrap().1
    }

    pub(crate) fn connect(&self) -> Wire {
        Wire::connect(self.address("gate"))
    }

    /// One request on a connection of its own.
    pub(crate) fn ask(&self, request: impl AsRef<[u8]>) -> Answer {
        self.connect().ask(request)
    }

    /// `GET` with a key.
    pub(crate) fn get(&self, path: &str, key: &Key) -> Answer {
        self.ask(get(path, key))
    }

    /// The next thing it logs.
    pub(crate) fn next_event(&self) -> Value {
        self.events.recv_timeout(DEADLINE).unwrap_or_else(|_| {
            // Not under the lock, which whatever ends the gate needs.
            let said = self.said.lock().unwrap().clone();
            panic!("nothing more is logged after {said:#?}")
        })
    }

    /// Waits until it logs `event`.
    pub(crate) fn await_event(&self, event: &str) -> Value {
        loop {
            let next = self.next_event();
            if next["event"] == event {
                return next;
            }
        }
    }

    pub(crate) fn metric(&self, line: &str) -> u64 {
        let page =
            Wire::connect(self.address("admin")).ask("GET /metrics HTTP/1.1\r\nhost: a\r\n\r\n");
        let found =
            page.text().lines().find_map(|known| known.strip_prefix(line)?.strip_prefix(' '));
        found.unwrap_or_else(|| panic!("no {line} in {}", page.text())).parse().unwrap()
    }

    /// The most memory it has used so far, in kB.
    pub(crate) fn peak_kb(&self) -> u64 {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id())).unwrap();
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        peak.trim().trim_end_matches(" kB").parse().unwrap()
    }

    /// How many files it may have open.
    pub(crate) fn files_max(&self) -> u64 {
        let limits = fs::read_to_string(format!("/proc/{}/limits", self.child.id())).unwrap();
        let files = limits.lines().find_map(|line| line.strip_prefix("Max open files")).unwrap();
        files.split_whitespace().next().unwrap().parse().unwrap()
    }

    pub(crate) fn signal(&self, name: &str) {
        let pid = self.child.id().to_string();
        assert!(Command::new("kill").args(["-s", name, &pid]).status().unwrap().success());
    }

    /// Waits until it has ended by itself.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < DEADLINE, "it has not ended");
            thread::yield_now();
        }
    }
}

/// Whatever a test is about: the log holds no piece of a key.
impl Drop for Gate {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprintln!("the gate said {:#?}", self.said.lock().unwrap());
            return;
        }
        for line in self.said.lock().unwrap().iter() {
            for secret in &self.secrets {
                let symbols = &secret.as_bytes()[secret.len() - 50..];
                let leaks = symbols
                    .windows(10)
                    .any(|piece| line.as_bytes().windows(10).any(|part| part == piece));
                assert!(!leaks, "a piece of a key is logged: {line}");
            }
        }
    }
}

/// What sets a field in the environment.
fn variable(field: &str) -> String {
    format!("TOLLGATE_{}", field.replace('.', "_").to_uppercase())
}

/// `GET` of `path` with a key.
pub(crate) fn get(path: &str, key: &Key) -> String {
    format!("GET {path} HTTP/1.1\r\nhost: gate.example\r\nx-api-key: {}\r\n\r\n", key.secret)
}
