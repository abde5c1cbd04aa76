//! `tollgate serve`: the gate in front of an origin, and beside other proxies.

pub(crate) mod access;
mod admin;
mod awaited;
mod bind;
pub(crate) mod body;
mod checkpoints;
mod control;
mod decide;
pub(crate) mod doors;
mod files;
mod flight;
mod forward;
pub(crate) mod gate;
mod grpc;
mod ids;
mod judge;
mod live;
pub(crate) mod log;
mod metrics;
mod proxy;
mod reload;
mod report;
mod running;
mod seats;
mod stamps;
mod stop;
mod stores;

use std::sync::Arc;

use anyhow::{Context, anyhow};
use serde_json::json;
use tokio::signal::unix::{SignalKind, signal};
use tollgate_store_sqlite::{Access, OpenFailure, Store};

use crate::{
    config::{Config, Connections, Source, StorePlace},
    secrets::Secrets,
};
use log::{Level, Log};
pub(crate) use reload::Seen;
pub(crate) use running::{Doors, Running};

/// Serves until told to stop, and then until what is under way has finished. A store in memory is filled first: nobody
/// else can reach it.
///
/// # Errors
///
/// When the gate cannot start: nothing was let through then.
pub(crate) fn run(
    source: Source,
    fill: impl FnOnce(&Config, &Secrets, &mut Store) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let config = source.load()?;
    let (seen, secrets) =
        Seen::before(&config.secrets, |path| Secrets::load(path, &source.environment));
    let secrets = secrets.context("secrets.path")?;
    let mut store = open(&config)?;
    let log = Log::start(Level::Info).context("no thread for the log")?;
    log.tell_panics();
    runtime()?.block_on(async {
        let doors = Doors::open(&config)?;
        if config.store == StorePlace::Memory {
            fill(&config, &secrets, &mut store)?;
        }
        let connections = config.connections.clone();
        let running = Running::start(source, config, (&secrets, seen), store, doors, log)?;
        until_told(running, &connections).await
    })
}

/// What every connection runs on.
pub(crate) fn runtime() -> anyhow::Result<tokio::runtime::Runtime> {
    let mut builder = tokio::runtime::Builder::new_multi_thread();
    builder.enable_all().build().context("no threads to serve with")
}

/// Opens the store of `config`, which must be there unless it is in memory.
pub(crate) fn open(config: &Config) -> anyhow::Result<Store> {
    match &config.store {
        StorePlace::Memory => Store::memory().context("the store in memory"),
        StorePlace::File(path) => match Store::open(path, Access::ReadWrite) {
            Ok(store) => Ok(store),
            Err(OpenFailure::Missing) => {
                let path = path.display();
                Err(anyhow!("store.path: {path}: there is no such file; `tollgate init` makes it"))
            }
            Err(error) => Err(error).with_context(|| format!("store.path: {}", path.display())),
        },
    }
}

/// Waits for a signal, then stops: what has not finished after the time to drain, or at the second signal, is cut off.
pub(crate) async fn until_told(running: Running, connections: &Connections) -> anyhow::Result<()> {
    let no_signals = "signals cannot be waited for";
    let mut terminate = signal(SignalKind::terminate()).context(no_signals)?;
    let mut interrupt = signal(SignalKind::interrupt()).context(no_signals)?;
    let gate = Arc::clone(&running.gate);
    gate.log.say(Level::Info, "started", json!({ "version": env!("CARGO_PKG_VERSION") }));
    files::provide(connections, &gate.log);
    let by = tokio::select! {
        _ = terminate.recv() => "SIGTERM",
        _ = interrupt.recv() => "SIGINT",
    };
    running.stop();
    let in_flight = gate.metrics.in_flight.count();
    gate.log.say(Level::Info, "stopping", json!({ "by": by, "in_flight": in_flight }));
    let ending = stop::Ending::begin(&gate, connections.drain);
    let finished = tokio::select! {
        () = running.ended() => true,
        () = ending.drained() => false,
        _ = terminate.recv() => false,
        _ = interrupt.recv() => false,
    };
    // At the second signal nothing is waited for.
    let left = tokio::select! {
        left = ending.handed_back() => left,
        _ = terminate.recv() => ending.left(),
        _ = interrupt.recv() => ending.left(),
    };
    let cut_off = if finished { 0 } else { gate.metrics.connections.count() };
    gate.access.tell(&gate.log);
    let level = if finished { Level::Info } else { Level::Warn };
    gate.log.say(level, "stopped", json!({ "connections_cut_off": cut_off, "leases_left": left }));
    gate.log.flush();
    Ok(())
}
