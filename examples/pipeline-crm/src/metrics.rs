//! Metrics: what there is, what becomes of it, and who brings it. What is archived is in none of them.

mod rows;

use axum::{Json, extract::State};
use serde::{Deserialize, Serialize};

use crate::{
    app::Crm,
    input::Params,
    money::Sum,
    problem::Problem,
    stages::Kind,
    workspace::{May, ReadMetrics},
};

/// The most owners that a table has: those who won most.
pub const OWNERS_MAX: u32 = 100;
/// The period of a table that is asked for without one: 90 days.
const PERIOD_USUAL_MS: i64 = 90 * 86_400_000;

/// What there is now.
#[derive(Debug, Serialize)]
pub struct Overview {
    /// Each stage, in order, with what is in it.
    pub stages: Vec<Content>,
}

/// What is in a stage.
#[derive(Debug, Serialize)]
pub struct Content {
    /// Its id.
    pub stage: String,
    /// Its name.
    pub name: String,
    /// What it means to be in it.
    pub kind: Kind,
    /// How many opportunities.
    pub count: i64,
    /// What they would bring, a sum for each currency.
    pub amounts: Vec<Sum>,
}

/// What becomes of opportunities.
#[derive(Debug, Serialize)]
pub struct Conversion {
    /// Each open stage, in order.
    pub stages: Vec<Converted>,
}

/// What became of those that were ever in a stage.
#[derive(Debug, Serialize)]
pub struct Converted {
    /// Its id.
    pub stage: String,
    /// Its name.
    pub name: String,
    /// How many were ever in it.
    pub reached: i64,
    /// How many of these are won now.
    pub won: i64,
    /// How many of these are lost now.
    pub lost: i64,
    /// `won` for each thousand of `reached`, rounded down; null if there are none.
    pub won_permille: Option<i64>,
}

/// From when until when: `from_ms` is in it, `to_ms` is not.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    from_ms: Option<i64>,
    to_ms: Option<i64>,
}

/// What was won and lost in a period.
#[derive(Debug, Serialize)]
pub struct Performance {
    /// The first millisecond of the period.
    pub from_ms: i64,
    /// The first one after it.
    pub to_ms: i64,
    /// What was won, a sum for each currency.
    pub amounts: Vec<Sum>,
    /// Each owner of keys by whom opportunities were made that ended in it, at most [`OWNERS_MAX`]: who won most first.
    pub owners: Vec<Performed>,
}

/// What came of one owner's opportunities.
#[derive(Debug, Serialize)]
pub struct Performed {
    /// As the gate knows it.
    pub owner: String,
    /// How many were won.
    pub won: i64,
    /// How many were lost.
    pub lost: i64,
    /// `won` for each thousand that ended, rounded down.
    pub won_permille: Option<i64>,
    /// How long those that were won took from being made, on average; null if there are none.
    pub took_mean_ms: Option<i64>,
}

/// `GET /metrics/overview`
pub(crate) async fn overview(
    may: May<ReadMetrics>,
    State(crm): State<Crm>,
) -> Result<Json<Overview>, Problem> {
    let stages = crm.store.read(may.workspace, |desk| Ok(rows::contents(desk)?)).await?;
    Ok(Json(Overview { stages }))
}

/// `GET /metrics/conversion`
pub(crate) async fn conversion(
    may: May<ReadMetrics>,
    State(crm): State<Crm>,
) -> Result<Json<Conversion>, Problem> {
    let stages = crm.store.read(may.workspace, |desk| Ok(rows::converted(desk)?)).await?;
    Ok(Json(Conversion { stages }))
}

/// `GET /metrics/performance?from_ms=…&to_ms=…`
pub(crate) async fn performance(
    may: May<ReadMetrics>,
    State(crm): State<Crm>,
    Params(period): Params<Period>,
) -> Result<Json<Performance>, Problem> {
    // What ended this very millisecond is in it.
    let to_ms = period.to_ms.unwrap_or_else(|| crm.now_ms().saturating_add(1));
    let from_ms = period.from_ms.unwrap_or_else(|| to_ms.saturating_sub(PERIOD_USUAL_MS));
    if from_ms >= to_ms {
        return Err(Problem::invalid("from_ms", "must be before to_ms"));
    }
    let asked = crm.store.read(may.workspace, move |desk| {
        let amounts = rows::won(desk, from_ms, to_ms)?;
        let owners = rows::performed(desk, from_ms, to_ms)?;
        Ok(Performance { from_ms, to_ms, amounts, owners })
    });
    asked.await.map(Json)
}
