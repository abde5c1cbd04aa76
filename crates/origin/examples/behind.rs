//! An origin with axum for the tests with a real gate: what it is told in `ORIGIN`, and what it answers, are in
//! `tests/origins/behind/origin.py`.
#![expect(
    clippy::print_stderr,
    clippy::disallowed_methods,
    reason = "the test says by a variable what to do, and reads why somebody was refused"
)]

use std::{error::Error, time::Duration};

use axum::{Json, Router, http::HeaderMap, routing::any};
use serde_json::{Value, json};
use tollgate_origin::{Identity, Settings, Verifier};

/// What this origin is told.
struct Told(Value);

impl Told {
    fn text(&self, name: &str) -> Result<&str, String> {
        self.0.get(name).and_then(Value::as_str).ok_or_else(|| format!("no {name}"))
    }

    fn number(&self, name: &str) -> Result<u64, String> {
        self.0.get(name).and_then(Value::as_u64).ok_or_else(|| format!("no {name}"))
    }

    fn settings(&self, member: &str) -> Result<Settings, String> {
        let seconds = |name: &str| self.number(name).map(Duration::from_secs);
        Ok(Settings::new(self.text("issuer")?, self.text(member)?)
            .jwks(self.text("jwks")?)
            .fresh(seconds("fresh_s")?)
            .max_age(seconds("max_age_s")?)
            .refetch(seconds("refetch_s")?)
            .deadline(seconds("deadline_s")?)
            .on_refused(|reason| eprintln!("refused {}", reason.code())))
    }
}

async fn answer(who: Identity, headers: HeaderMap) -> Json<Value> {
    let bound = who.binding().map(|binding| {
        let path = String::from_utf8_lossy(binding.path()).into_owned();
        [binding.method().to_owned(), path]
    });
    let token = headers.get("tollgate-identity").and_then(|token| token.to_str().ok());
    Json(json!({
        "key": who.key(), "owner": who.owner(), "tenant": who.tenant(), "env": who.env(), "plan": who.plan(),
        "scopes": who.scopes().collect::<Vec<_>>(), "kid": who.kid(), "expires_at": who.expires_at(),
        "bound": bound, "token": token,
    }))
}

#[tokio::main]
async fn main() -> Result<(), Box<dyn Error>> {
    let told = Told(serde_json::from_str(&std::env::var("ORIGIN")?)?);
    let usual = Verifier::new(told.settings("audience")?)?;
    let bound = Verifier::new(told.settings("audience")?.require_binding())?;
    let other = Verifier::new(told.settings("other")?)?;
    let app = Router::new()
        .fallback(answer)
        .layer(usual.layer())
        .merge(Router::new().route("/bound/{*rest}", any(answer)).layer(bound.layer()))
        .merge(Router::new().route("/other/{*rest}", any(answer)).layer(other.layer()));
    let port = u16::try_from(told.number("port")?)?;
    axum::serve(tokio::net::TcpListener::bind(("127.0.0.1", port)).await?, app).await?;
    Ok(())
}
