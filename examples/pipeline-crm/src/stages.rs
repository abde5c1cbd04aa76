//! Stages: the order in which opportunities go on, and where they end.

mod rows;

use axum::{Json, extract::State, http::StatusCode};
use rusqlite::{
    ToSql,
    types::{FromSql, FromSqlError, FromSqlResult, ToSqlOutput, ValueRef},
};
use serde::{Deserialize, Serialize};

use crate::{
    app::Crm,
    input::{Body, Line, Named, Params, present},
    problem::Problem,
    workspace::{May, ReadStages, WriteStages},
};
pub(crate) use rows::{first_open, one};

/// The most stages of a workspace.
pub const STAGES_MAX: usize = 50;
/// The longest name, in characters.
pub const NAME_MAX: usize = 100;

/// A stage as it is shown.
#[derive(Debug, Serialize)]
pub struct Stage {
    /// Its name in paths.
    pub id: String,
    /// What people call it; no two of a workspace have the same.
    pub name: String,
    /// What it means to be in it.
    pub kind: Kind,
    /// Its place, from 0, without gaps.
    pub position: i64,
}

/// What it means to be in a stage.
#[derive(Clone, Copy, Debug, Deserialize, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// It may still become a sale.
    Open,
    /// It has.
    Won,
    /// It never will.
    Lost,
}

impl Kind {
    const ALL: [Self; 3] = [Self::Open, Self::Won, Self::Lost];

    /// Whether nothing more is expected.
    pub fn is_closed(self) -> bool {
        self != Self::Open
    }

    const fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Won => "won",
            Self::Lost => "lost",
        }
    }
}

/// What is said of a new stage.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct New {
    name: Line<NAME_MAX>,
    kind: Kind,
    /// At the end if it is left out.
    #[serde(default, deserialize_with = "present")]
    position: Option<i64>,
}

/// All stages, in the order that they shall have.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    stages: Vec<String>,
}

/// Where the opportunities of a removed stage go.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Removal {
    move_to: Option<String>,
}

/// All stages of a workspace, in their order.
#[derive(Debug, Serialize)]
pub struct Stages {
    /// At most [`STAGES_MAX`].
    pub stages: Vec<Stage>,
}

/// What became of a removal.
#[derive(Debug, Serialize)]
pub struct Removed {
    /// How many opportunities were moved.
    pub moved: usize,
    /// The stages that are left.
    pub stages: Vec<Stage>,
}

/// `GET /stages`
pub(crate) async fn list(
    may: May<ReadStages>,
    State(crm): State<Crm>,
) -> Result<Json<Stages>, Problem> {
    let stages = crm.store.read(may.workspace, |desk| Ok(rows::all(desk)?)).await?;
    Ok(Json(Stages { stages }))
}

/// `POST /stages`
pub(crate) async fn create(
    may: May<WriteStages>,
    State(crm): State<Crm>,
    Body(new): Body<New>,
) -> Result<(StatusCode, Json<Stage>), Problem> {
    let made = crm.store.change(may.workspace, move |desk| rows::add(desk, &new)).await?;
    Ok((StatusCode::CREATED, Json(made)))
}

/// `PUT /stages/order`
pub(crate) async fn order(
    may: May<WriteStages>,
    State(crm): State<Crm>,
    Body(order): Body<Order>,
) -> Result<Json<Stages>, Problem> {
    let put = crm.store.change(may.workspace, move |desk| rows::put_in_order(desk, &order.stages));
    Ok(Json(Stages { stages: put.await? }))
}

/// `DELETE /stages/{id}?move_to={id}`
pub(crate) async fn remove(
    may: May<WriteStages>,
    State(crm): State<Crm>,
    Named(id): Named,
    Params(removal): Params<Removal>,
) -> Result<Json<Removed>, Problem> {
    let now_ms = crm.now_ms();
    let done = crm.store.change(may.workspace, move |desk| {
        rows::remove(desk, &id, removal.move_to.as_deref(), now_ms)
    });
    done.await.map(Json)
}

impl ToSql for Kind {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        self.word().to_sql()
    }
}

impl FromSql for Kind {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        let word = value.as_str()?;
        Self::ALL.into_iter().find(|kind| kind.word() == word).ok_or(FromSqlError::InvalidType)
    }
}
