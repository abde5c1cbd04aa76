//! A management API that serves, and whoever asks it from elsewhere: with a target and no store.

use std::{
    fs::{Permissions, set_permissions},
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    os::unix::fs::PermissionsExt,
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

use crate::site::Site;

/// What a deployment's configuration says beside its store.
const SERVED: &str = "[gate]\nlisten = '127.0.0.1:0'\n[decide]\nlisten = '127.0.0.1:0'\n\
                      [control]\nlisten = '127.0.0.1:0'\n";

/// A gate with its management API.
pub(crate) struct Deployment {
    pub(crate) site: Site,
    pub(crate) control: SocketAddr,
    /// The first admin key's secret.
    pub(crate) admin: String,
    child: Child,
}

impl Deployment {
    /// One in a folder for the test of this name.
    pub(crate) fn start(name: &str) -> Self {
        Self::with(name, "")
    }

    /// The same, with more in its configuration.
    pub(crate) fn with(name: &str, more: &str) -> Self {
        let site = Site::bare(&format!("{name}-there"));
        site.write("tollgate.toml", &format!("{SERVED}{more}"));
        let made = site.json(&["init"]);
        let admin = made["admin_key"]["secret"].as_str().unwrap().to_owned();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tollgate"));
        command.arg("serve").current_dir(&site.folder).env_clear();
        let mut child = command.stdin(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut control = None;
        for line in lines.by_ref().map_while(Result::ok) {
            let event: Value = serde_json::from_str(&line).unwrap_or_else(|_| panic!("{line}"));
            if event["event"] == "listening" && event["listener"] == "control" {
                control = Some(event["address"].as_str().unwrap().parse().unwrap());
            }
            if event["event"] == "started" {
                break;
            }
        }
        // A gate whose log nobody reads would wait for somebody who does.
        thread::spawn(move || lines.map_while(Result::ok).for_each(drop));
        Self { site, control: control.unwrap(), admin, child }
    }

    /// Somebody elsewhere, who has the admin key in a file of its own.
    pub(crate) fn client(&self, name: &str) -> Client {
        let client = Client::of(name, &format!("http://{}", self.control));
        client.keep("prod.admin-key", &self.admin, 0o600);
        client
    }
}

impl Drop for Deployment {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A folder with nothing but a target in it.
pub(crate) struct Client {
    pub(crate) site: Site,
}

impl Client {
    /// One whose target `prod` is at `url`.
    pub(crate) fn of(name: &str, url: &str) -> Self {
        let site = Site::bare(&format!("{name}-here"));
        let text = format!("[targets.prod]\nurl = '{url}'\nadmin_key = 'prod.admin-key'\n");
        site.write("tollgate.toml", &text);
        Self { site }
    }

    /// Writes a file that the owner, or somebody else too, may read.
    pub(crate) fn keep(&self, name: &str, text: &str, mode: u32) {
        self.site.write(name, &format!("{text}\n"));
        set_permissions(self.site.folder.join(name), Permissions::from_mode(mode)).unwrap();
    }

    /// The words of a command that asks the target.
    pub(crate) fn words<'a>(words: &[&'a str]) -> Vec<&'a str> {
        [words, &["--target", "prod"]].concat()
    }

    pub(crate) fn json(&self, words: &[&str]) -> Value {
        self.site.json(&Self::words(words))
    }

    pub(crate) fn done(&self, words: &[&str]) -> String {
        self.site.done(&Self::words(words))
    }

    pub(crate) fn run(&self, words: &[&str], input: &str) -> crate::site::Ran {
        self.site.run_with(&Self::words(words), input, &[])
    }
}

/// What a fake does with one connection.
#[derive(Clone, Debug)]
pub(crate) enum Does {
    /// Answers the status with the body.
    Says(u16, String),
    /// Reads the request and says nothing.
    Nothing,
    /// Hands the request to somebody else, and keeps the answer back.
    Withholds(SocketAddr),
    /// Hands the request to somebody else, and the answer back.
    Relays(SocketAddr),
}

/// Something that answers one connection after the other as it was told.
pub(crate) struct Fake {
    pub(crate) url: String,
    requests: Arc<Mutex<Vec<String>>>,
}

impl Fake {
    pub(crate) fn that(does: Vec<Does>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let requests = Arc::<Mutex<Vec<String>>>::default();
        let seen = Arc::clone(&requests);
        thread::spawn(move || {
            for does in does {
                let (mut stream, _) = listener.accept().unwrap();
                let request = request(&mut stream);
                seen.lock().unwrap().push(request.clone());
                let answer = match does {
                    Does::Nothing => continue,
                    Does::Says(status, body) => said(status, &body),
                    Does::Withholds(to) => {
                        ask(to, &request);
                        continue;
                    }
                    Does::Relays(to) => ask(to, &request),
                };
                stream.write_all(&answer).unwrap();
            }
        });
        Self { url, requests }
    }

    /// The requests as they came.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.requests.lock().unwrap().clone()
    }
}

fn said(status: u16, body: &str) -> Vec<u8> {
    let wait = if status == 503 { "retry-after: 7\r\n" } else { "" };
    let head = format!("HTTP/1.1 {status} Told\r\n{wait}content-length: {}\r\n\r\n", body.len());
    [head.as_bytes(), body.as_bytes()].concat()
}

/// A request as it came: its body is as long as it says.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = vec![];
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.lines().find_map(|line| line.strip_prefix("content-length: "));
            if body.len() >= length.map_or(0, |length| length.parse().unwrap()) {
                return text;
            }
        }
        let mut part = [0; 4_096];
        let count = stream.read(&mut part).unwrap();
        assert!(count > 0, "{text}");
        bytes.extend(&part[..count]);
    }
}

/// Sends a request on, and waits for the whole answer.
fn ask(to: SocketAddr, request: &str) -> Vec<u8> {
    let mut stream = TcpStream::connect(to).unwrap();
    let last = request.replacen("\r\n", "\r\nconnection: close\r\n", 1);
    stream.write_all(last.as_bytes()).unwrap();
    let mut answer = vec![];
    stream.read_to_end(&mut answer).unwrap();
    answer
}
