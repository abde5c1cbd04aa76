//! A gate that serves: its listeners, its threads, and its end.

use std::sync::{Arc, Mutex, PoisonError};

use anyhow::{Context, anyhow};
use hyper::{Request, Response, body::Incoming};
use serde_json::json;
use tokio::net::TcpListener;
use tollgate_core::limit::Limit;
use tollgate_engine::{Settings, StoreError};
use tollgate_store_sqlite::{OpenFailure, Store};

use super::{
    admin,
    bind::{bind, tls},
    body::Payload,
    checkpoints, control,
    doors::{Door, Limits, Visit},
    flight::Places,
    gate::Gate,
    grpc,
    live::{self, Live},
    log::{Level, Log},
    proxy,
    reload::{self, Seen},
    report,
    seats::Seats,
    stamps::Stamps,
    stop::{Stop, Stopper},
    stores::Stores,
};
use crate::{
    clock,
    config::{Config, Source},
    secrets::Secrets,
    wire::tls::Tls,
};

/// How many connections the administrative listener has at most, and the management API.
const ADMIN_CONNECTIONS_MAX: usize = 64;

/// How many of as many one address has at most at the management API: enough for a proxy through which everybody comes.
const CONTROL_SHARE: usize = 48;

/// The listeners, bound.
pub(crate) struct Doors {
    pub(crate) gate: Option<TcpListener>,
    pub(crate) decide: Option<TcpListener>,
    pub(crate) admin: Option<TcpListener>,
    pub(crate) control: Option<TcpListener>,
    /// What the gate's own listener speaks.
    pub(crate) tls: Option<Arc<Tls>>,
}

impl Doors {
    /// Binds what `config` names. Must be called within the runtime that serves.
    ///
    /// # Errors
    ///
    /// When an address cannot be had, or there is nothing to serve.
    pub(crate) fn open(config: &Config) -> anyhow::Result<Self> {
        let gate = config.origin.as_ref().map(|_| config.gate.listen);
        let decide = config.decide.as_ref().map(|decide| decide.listen);
        if gate.is_none() && decide.is_none() {
            return Err(anyhow!(
                "nothing to serve: the configuration has neither [origin] nor [decide]"
            ));
        }
        Ok(Self {
            gate: bind("gate", gate)?,
            decide: bind("decide", decide)?,
            admin: bind("admin", config.admin)?,
            control: bind("control", config.control.as_ref().map(|control| control.listen))?,
            tls: tls(config)?,
        })
    }
}

/// A gate that serves.
pub(crate) struct Running {
    pub(crate) gate: Arc<Gate>,
    stopper: Stopper,
    /// Never asked: whoever watches a gate that stops must be able to.
    watching: Stopper,
}

impl Running {
    /// Starts the threads and listeners. The secrets' file was looked at before it was read. Must be called within the runtime that serves.
    pub(crate) fn start(
        source: Source,
        config: Config,
        (secrets, seen): (&Secrets, Option<Seen>),
        mut store: Store,
        doors: Doors,
        log: Log,
    ) -> anyhow::Result<Self> {
        let now = clock::read().wall;
        if config.control.is_some() {
            checkpoints::names(secrets, &mut store)?;
        }
        let ledger = |limits: &[Limit<'_>]| Ok(store.route_limits(limits, now)?);
        let stamps = Stamps::ask(&config.rules, ledger)?;
        let live = Live::new(&config, secrets, stamps, None, now)?;
        let (stores, inboxes) = Stores::new();
        let gate = Arc::new(Gate::new(settings(&config), live, stores, log));
        let store = Arc::new(Mutex::new(store));
        let known = Arc::clone(&store);
        let beside = move || beside(&known).map_err(|_| StoreError::Unreachable);
        inboxes.attend(&Arc::downgrade(&gate), beside).context("the threads of the store")?;
        tokio::spawn(Gate::keep_time(Arc::downgrade(&gate)));
        let running = Self { gate, stopper: Stopper::new(), watching: Stopper::new() };
        let tls = doors.tls.clone();
        running.attend(&config, doors, &store)?;
        tokio::spawn(report::summarise(Arc::downgrade(&running.gate)));
        reload::keep_current(Arc::clone(&running.gate), tls, store, (source, config), seen)?;
        Ok(running)
    }

    /// Takes no new connection, and asks those that are open to end. Those to the administrative listener
    /// end with the program.
    pub(crate) fn stop(&self) {
        self.stopper.ask();
    }

    /// Waits until every connection has ended.
    pub(crate) async fn ended(self) {
        self.stopper.gone().await;
    }

    fn attend(
        &self,
        config: &Config,
        doors: Doors,
        store: &Arc<Mutex<Store>>,
    ) -> anyhow::Result<()> {
        let limits = limits(config);
        // INVARIANT: one for all listeners that ask the store or the origin.
        let tls = doors.tls.clone();
        let places = Places::new(&self.gate.metrics.in_flight, config.connections.requests_max);
        if let Some(listener) = doors.gate {
            let (gate, places) = (Arc::clone(&self.gate), places.clone());
            let answer = move |request, visit| {
                proxy::answer(Arc::clone(&gate), places.enter(), request, visit)
            };
            let door = Door {
                gate: self.gate(),
                limits,
                tls: doors.tls,
                seats: None,
                second: true,
                answer,
            };
            self.open("gate", listener, door, self.stopper.watched());
        }
        if let Some((listener, decide)) = doors.decide.zip(config.decide.as_ref()) {
            let gate = Arc::clone(&self.gate);
            let trusted = Arc::new(live::trusted(&decide.trusted)?);
            let answer = move |request, visit| {
                let flight = places.enter();
                grpc::answer(Arc::clone(&gate), flight, Arc::clone(&trusted), request, visit)
            };
            let door =
                Door { gate: self.gate(), limits, tls: None, seats: None, second: true, answer };
            self.open("decide", listener, door, self.stopper.watched());
        }
        if let Some((listener, control)) = doors.control.zip(config.control.as_ref()) {
            let (gate, known) = (Arc::downgrade(&self.gate), Arc::clone(store));
            let open = move || beside(&known).map_err(|_| StoreError::Unreachable);
            let stop = self.stopper.watched();
            let desk = control::Desk::open(&gate, control, open, stop);
            let desk = Arc::new(desk.context("the thread of the management API")?);
            let gate = Arc::clone(&self.gate);
            let answer =
                move |request, visit| Arc::clone(&desk).answer(Arc::clone(&gate), request, visit);
            let seats = Some(Seats::new(ADMIN_CONNECTIONS_MAX, CONTROL_SHARE));
            let (gate, tls) = (self.gate(), tls.clone());
            let door = Door { gate, limits, tls, seats, second: false, answer };
            self.open("control", listener, door, self.stopper.watched());
        }
        if let Some(listener) = doors.admin {
            let gate = Arc::clone(&self.gate);
            let stopping = self.stopper.asked();
            let answer = move |request, _| {
                let answered = admin::answer(&gate, &request, *stopping.borrow());
                async { answered }
            };
            let limits = Limits { connections_max: ADMIN_CONNECTIONS_MAX, ..limits };
            let door =
                Door { gate: self.gate(), limits, tls: None, seats: None, second: false, answer };
            self.open("admin", listener, door, self.watching.watched());
        }
        Ok(())
    }

    fn gate(&self) -> Arc<Gate> {
        Arc::clone(&self.gate)
    }

    fn open<F, R>(&self, name: &str, listener: TcpListener, door: Door<F>, stop: Stop)
    where
        F: Fn(Request<Incoming>, Visit) -> R + Clone + Send + Sync + 'static,
        R: Future<Output = Response<Payload>> + Send + 'static,
    {
        let address = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
        let about = json!({ "listener": name, "address": address, "tls": door.tls.is_some() });
        self.gate.log.say(Level::Info, "listening", about);
        tokio::spawn(door.attend(listener, stop));
    }
}

/// Another connection to the store, for another thread.
pub(crate) fn beside(store: &Mutex<Store>) -> Result<Store, OpenFailure> {
    store.lock().unwrap_or_else(PoisonError::into_inner).beside()
}

/// About how often what was counted of keys is written down: what a crash loses.
const USAGE_EVERY_MS: u32 = 10_000;

fn settings(config: &Config) -> Settings {
    Settings {
        max_staleness: config.gate.max_staleness,
        store_deadline_ms: config.gate.store_deadline_ms,
        records_bytes_max: config.cache.records_bytes,
        absences_max: config.cache.absences,
        purses_max: config.cache.purses,
        usage_every_ms: USAGE_EVERY_MS,
        ..Settings::EMBEDDED
    }
}

fn limits(config: &Config) -> Limits {
    let connections = &config.connections;
    Limits {
        connections_max: connections.max,
        age_max: connections.max_age,
        drain: connections.drain,
        head: connections.head_timeout,
        idle: connections.idle_timeout,
        head_bytes_max: connections.head_bytes_max,
        fields_max: connections.fields_max,
    }
}
