//! `pipeline-crm`: an origin behind a gate.

use std::{
    io::{self, Write},
    pin::pin,
    process::ExitCode,
    time::{Duration, SystemTime, UNIX_EPOCH},
};

use anyhow::Context;
use clap::Parser;
use pipeline_crm::{app::Crm, settings::Settings, store::Store};
use tokio::{
    net::TcpListener,
    runtime::Runtime,
    signal::unix::{SignalKind, signal},
    sync::oneshot,
    time::timeout,
};
use tollgate_origin::Verifier;

/// So long requests may take to end once the program was told to.
const ENDING_MAX: Duration = Duration::from_secs(10);

fn main() -> ExitCode {
    match run(&Settings::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pipeline-crm: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn run(settings: &Settings) -> anyhow::Result<()> {
    let verifier = Verifier::new(settings.trust()).context("--gate, --issuer, --audience")?;
    let (store, keeper) = Store::open(&settings.data).context("--data")?;
    let runtime = Runtime::new()?;
    let served = runtime.block_on(serve(settings, Crm::new(store, now_ms).router(&verifier)));
    // What was asked of the database is done before the file is closed.
    drop(runtime);
    keeper.wait();
    served
}

/// Serves until it is told to end, and then until what it has begun is done, or [`ENDING_MAX`] is over.
async fn serve(settings: &Settings, app: axum::Router) -> anyhow::Result<()> {
    let door = TcpListener::bind(settings.listen).await;
    let door = door.with_context(|| format!("--listen: {}", settings.listen))?;
    writeln!(io::stdout(), "listening on http://{}", door.local_addr()?)?;
    let (tell, told) = oneshot::channel::<()>();
    let serving = axum::serve(door, app).with_graceful_shutdown(async { drop(told.await) });
    let mut serving = pin!(serving.into_future());
    let (mut term, mut int) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        served = &mut serving => return Ok(served?),
        _ = term.recv() => drop(tell),
        _ = int.recv() => drop(tell),
    }
    timeout(ENDING_MAX, serving).await.map_or(Ok(()), |served| Ok(served?))
}

/// The clock, read here and nowhere else.
#[expect(clippy::disallowed_methods, reason = "the edge of the program, where time is read")]
fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
