//! Loads HTTP/1.1 servers on this machine and prints, as one JSON object a target, what they answered.
//!
//! ```text
//! tollgate-load closed CONNECTIONS SECONDS ROUNDS TARGET...     as fast as they answer
//! tollgate-load open RATE SECONDS ROUNDS TARGET...              at a steady rate, whatever they answer
//! ```
//!
//! A target is `name=address:port=file`; the file holds the bytes of one request. Targets take turns, round
//! by round, so that what drifts on the machine drifts for all of them. In the open loop a request's latency
//! counts from when it was due, not from when it could be sent: a server that stalls cannot hide it.

mod connection;
mod figures;
mod turn;

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use serde_json::json;

use figures::Figures;

/// One server, and what it is asked.
#[derive(Debug)]
struct Target {
    name: String,
    address: SocketAddr,
    request: Vec<u8>,
}

/// How the load is made.
#[derive(Clone, Copy, Debug)]
enum Shape {
    /// So many connections, each asking again as soon as it is answered.
    Closed { connections: usize },
    /// So many requests a second, each due at its own instant.
    Open { rate: u32 },
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [shape, amount, seconds, rounds, targets @ ..] = arguments.as_slice() else {
        bail!("tollgate-load closed|open AMOUNT SECONDS ROUNDS name=address:port=file...");
    };
    let shape = match shape.as_str() {
        "closed" => Shape::Closed { connections: amount.parse()? },
        "open" => Shape::Open { rate: amount.parse()? },
        other => bail!("no shape `{other}`: closed or open"),
    };
    let (seconds, rounds): (u64, u32) = (seconds.parse()?, rounds.parse()?);
    let targets = targets.iter().map(|text| target(text)).collect::<anyhow::Result<Vec<_>>>()?;
    ensure!(!targets.is_empty(), "no target");
    ensure!(targets.iter().all(|target| target.address.ip().is_loopback()), "loopback only");

    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut figures: Vec<Figures> = targets.iter().map(|_| Figures::default()).collect();
    // Everybody once, unmeasured, so that nobody is measured cold.
    for target in &targets {
        runtime.block_on(turn::take(target, shape, 1))?;
    }
    for _ in 0..rounds {
        for (target, figures) in targets.iter().zip(&mut figures) {
            figures.add(runtime.block_on(turn::take(target, shape, seconds))?);
        }
    }
    let mut out = std::io::stdout().lock();
    for (target, figures) in targets.iter().zip(&mut figures) {
        let line = json!({"name": target.name, "figures": figures.told()});
        std::io::Write::write_all(&mut out, format!("{line}\n").as_bytes())?;
    }
    Ok(())
}

fn target(text: &str) -> anyhow::Result<Target> {
    let mut parts = text.splitn(3, '=');
    let (Some(name), Some(address), Some(file)) = (parts.next(), parts.next(), parts.next()) else {
        bail!("`{text}` is no target: name=address:port=file");
    };
    let request = std::fs::read(file).with_context(|| file.to_owned())?;
    Ok(Target { name: name.to_owned(), address: address.parse()?, request })
}
