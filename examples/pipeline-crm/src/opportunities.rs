//! Opportunities: what may become a sale, in which stage, and what it would bring.

mod rows;

use axum::{
    Json,
    extract::State,
    http::{HeaderName, StatusCode, header},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::Crm,
    input::{Body, Line, Named, PageLen, Params, Seen, present},
    money::{Currency, Money},
    problem::Problem,
    stages::Kind,
    workspace::{May, ReadOpportunities, WriteOpportunities},
};

/// The longest title and the longest name of a customer, in characters.
pub const TITLE_MAX: usize = 200;

/// An opportunity as it is shown.
#[derive(Debug, Serialize)]
pub struct Opportunity {
    /// Its name in paths.
    pub id: String,
    /// How often it was changed, from 1: what `If-Match` repeats.
    pub version: i64,
    /// What it is about.
    pub title: String,
    /// Who would buy.
    pub customer: String,
    /// What it would bring.
    pub amount: Money,
    /// The id of its stage.
    pub stage: String,
    /// What kind of stage that is: whether it is open, won or lost.
    pub state: Kind,
    /// The owner of the key that made it, as the gate knows it.
    pub created_by: String,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
    /// When it was changed last.
    pub updated_ms: i64,
    /// When it was won or lost.
    pub closed_ms: Option<i64>,
    /// When it was archived.
    pub archived_ms: Option<i64>,
}

/// What is said of a new one. Whose it is, is not said: the gate knows.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    title: Line<TITLE_MAX>,
    customer: Line<TITLE_MAX>,
    amount: Money,
    /// The first open stage if it is left out.
    #[serde(default, deserialize_with = "present")]
    stage: Option<String>,
}

/// What is said of a change: what is left out stays.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    #[serde(default, deserialize_with = "present")]
    title: Option<Line<TITLE_MAX>>,
    #[serde(default, deserialize_with = "present")]
    customer: Option<Line<TITLE_MAX>>,
    #[serde(default, deserialize_with = "present")]
    amount: Option<Money>,
    #[serde(default, deserialize_with = "present")]
    stage: Option<String>,
}

impl Change {
    fn is_empty(&self) -> bool {
        let Self { title, customer, amount, stage } = self;
        title.is_none() && customer.is_none() && amount.is_none() && stage.is_none()
    }
}

/// Which ones are wanted, newest first.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Filter {
    stage: Option<String>,
    state: Option<Kind>,
    currency: Option<Currency>,
    created_by: Option<String>,
    archived: bool,
    limit: PageLen,
    cursor: Option<String>,
}

/// A part of a list.
#[derive(Debug, Serialize)]
pub struct Page {
    /// At most as many as were asked for.
    pub opportunities: Vec<Opportunity>,
    /// What to give as `cursor` for the next ones; null if there are none.
    pub next: Option<String>,
}

/// An answer about one of them, with its version as `ETag`.
type Shown = ([(HeaderName, String); 1], Json<Opportunity>);

/// `GET /opportunities`
pub(crate) async fn list(
    may: May<ReadOpportunities>,
    State(crm): State<Crm>,
    Params(filter): Params<Filter>,
) -> Result<Json<Page>, Problem> {
    crm.store.read(may.workspace, move |desk| rows::page(desk, &filter)).await.map(Json)
}

/// `GET /opportunities/{id}`
pub(crate) async fn show(
    may: May<ReadOpportunities>,
    State(crm): State<Crm>,
    Named(id): Named,
) -> Result<Shown, Problem> {
    crm.store.read(may.workspace, move |desk| rows::one(desk, &id)).await.map(shown)
}

/// `POST /opportunities`
pub(crate) async fn create(
    may: May<WriteOpportunities>,
    State(crm): State<Crm>,
    Body(new): Body<New>,
) -> Result<(StatusCode, [(HeaderName, String); 1], Shown), Problem> {
    let (by, now_ms) = (may.owner, crm.now_ms());
    let made = crm.store.change(may.workspace, move |desk| rows::add(desk, &new, &by, now_ms));
    let made = made.await?;
    let place = [(header::LOCATION, format!("/opportunities/{}", made.id))];
    Ok((StatusCode::CREATED, place, shown(made)))
}

/// `PATCH /opportunities/{id}`
pub(crate) async fn update(
    may: May<WriteOpportunities>,
    State(crm): State<Crm>,
    Named(id): Named,
    seen: Seen,
    Body(change): Body<Change>,
) -> Result<Shown, Problem> {
    if change.is_empty() {
        return Err(Problem::invalid(".", "says nothing to change"));
    }
    let now_ms = crm.now_ms();
    let done = crm.store.change(may.workspace, move |desk| {
        let held = rows::one(desk, &id)?;
        if held.version != seen.0 {
            return Err(Problem::Changed);
        }
        if held.archived_ms.is_some() {
            let detail = "It is archived, and stays as it is.";
            return Err(Problem::Conflict { code: "archived", detail });
        }
        rows::change(desk, &held, &change, now_ms)
    });
    done.await.map(shown)
}

/// `POST /opportunities/{id}/archive`: out of lists and figures, and kept. Asked again, it changes nothing.
pub(crate) async fn archive(
    may: May<WriteOpportunities>,
    State(crm): State<Crm>,
    Named(id): Named,
) -> Result<Shown, Problem> {
    let now_ms = crm.now_ms();
    crm.store.change(may.workspace, move |desk| rows::archive(desk, &id, now_ms)).await.map(shown)
}

fn shown(opportunity: Opportunity) -> Shown {
    ([(header::ETAG, format!("\"{}\"", opportunity.version))], Json(opportunity))
}
