//! Loads HTTP/1.1 servers on this machine and prints, as one JSON object a target, what they answered.
//!
//! ```text
//! tollgate-load closed CONNECTIONS SECONDS ROUNDS TARGET...     as fast as they answer
//! tollgate-load open RATE SECONDS ROUNDS TARGET...              at a steady rate, whatever they answer
//! tollgate-load once CONNECTIONS SECONDS ROUNDS TARGET...       every key once, for SECONDS at most
//! tollgate-load fill STORE SECRETS COUNT FILE                   makes keys in a store and writes them to a file
//! ```
//!
//! A target is `name=address:port=file`; the file holds the bytes of one request. With `=each=keys` or
//! `=zipf=keys` behind it, a line of the file `keys` stands in the place of `{key}`. Targets take turns, round
//! by round, so that what drifts on the machine drifts for all of them. In the open loop a request's latency
//! counts from when it was due, not from when it could be sent: a server that stalls cannot hide it.

mod asking;
mod connection;
mod figures;
mod fill;
mod turn;

use std::{net::SocketAddr, rc::Rc};

use anyhow::{bail, ensure};
use serde_json::{Value, json};

use asking::Asking;
use figures::Figures;

/// One server, and what it is asked.
#[derive(Debug)]
struct Target {
    name: String,
    address: SocketAddr,
    asking: Asking,
}

/// How the load is made.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// So many connections, each asking again as soon as it is answered.
    Closed { connections: usize },
    /// So many requests a second, each due at its own instant.
    Open { rate: u32 },
    /// So many connections, each asking again as soon as it is answered, until everything was asked once.
    Once { connections: usize },
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [fill, store, secrets, count, file] = arguments.as_slice()
        && fill == "fill"
    {
        return print(&fill::fill(store, secrets, count, file)?);
    }
    let [shape, amount, seconds, rounds, targets @ ..] = arguments.as_slice() else {
        bail!("tollgate-load closed|open AMOUNT SECONDS ROUNDS name=address:port=file...");
    };
    let shape = match shape.as_str() {
        "closed" => Shape::Closed { connections: amount.parse()? },
        "open" => Shape::Open { rate: amount.parse()? },
        "once" => Shape::Once { connections: amount.parse()? },
        other => bail!("no shape `{other}`: closed, open or once"),
    };
    let (seconds, rounds): (u64, u32) = (seconds.parse()?, rounds.parse()?);
    let targets = targets
        .iter()
        .map(|text| Ok(Rc::new(target(text)?)))
        .collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!targets.is_empty(), "no target");
    ensure!(targets.iter().all(|target| target.address.ip().is_loopback()), "loopback only");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures: Vec<Figures> = targets.iter().map(|_| Figures::default()).collect();
    // Everybody once, unmeasured, so that nobody is measured cold.
    for target in targets.iter().filter(|_| !matches!(shape, Shape::Once { .. })) {
        runtime.block_on(turn::take(target, shape, 1))?;
    }
    for _ in 0..rounds {
        for (target, figures) in targets.iter().zip(&mut figures) {
            figures.add(runtime.block_on(turn::take(target, shape, seconds))?);
        }
    }
    for (target, figures) in targets.iter().zip(&mut figures) {
        print(&json!({"name": target.name, "figures": figures.told()}))?;
    }
    Ok(())
}

fn print(line: &Value) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    Ok(std::io::Write::write_all(&mut out, format!("{line}\n").as_bytes())?)
}

fn target(text: &str) -> anyhow::Result<Target> {
    let parts: Vec<&str> = text.split('=').collect();
    let (name, address, asking) = match parts.as_slice() {
        [name, address, file] => (name, address, Asking::same(file)?),
        [name, address, file, order, keys] => (name, address, Asking::keyed(file, keys, order)?),
        _ => bail!("`{text}` is no target: name=address:port=file[=each|zipf=keys]"),
    };
    Ok(Target { name: (*name).to_owned(), address: address.parse()?, asking })
}
