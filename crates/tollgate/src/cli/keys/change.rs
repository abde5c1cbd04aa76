//! What becomes of a key, and what is said of it then.

use serde_json::{Value, json};
use tollgate_ledger::{Change, Key, Ledger};

use super::{
    arguments::{Revoke, Secret, Why},
    document, known, standing_of, there,
};
use crate::{
    cli::{
        Failure, Output,
        api::{Api, Question, odd},
        site::Site,
        standing::Gates,
    },
    issuing::IssueError,
};

pub(super) fn revoke(
    arguments: Revoke,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let Revoke { id, secret, why } = arguments;
    let Some(secret) = secret else {
        let question = Question::of("DELETE", &["keys", super::id(&id)?]);
        return change((Change::Revoke { id }, question), &why, "revoked", site, output);
    };
    let done = "rid of one secret";
    let lookup = match (site.elsewhere()?, secret) {
        (None, Secret::Lookup(lookup)) => lookup,
        (api, secret) => {
            let question = there::end_secret(&id, secret)?;
            let mut api = api.map_or_else(|| site.api(), Ok)?;
            return asked(&mut api, &question, done, site, output);
        }
    };
    let key = known(&mut site.ledger()?, &id)?;
    if key.secret(lookup).is_none() {
        let message = "the key has no secret of this lookup id; `tollgate keys show` lists them";
        return Err(Failure::refused("secret_unknown", message));
    }
    let mut ledger = site.ledger()?;
    let receipt = ledger.change(&Change::RevokeSecret { lookup }, site.now)?;
    tell(receipt.key.ok_or(IssueError::NoKey)?, &mut ledger, done, site, output)
}

/// Makes a change of one key, and says what the key is now: the ledger is asked for it, or the management API where that
/// is what there is, or where a reason is to be kept.
pub(super) fn change(
    (change, question): (Change, Question),
    why: &Why,
    done: &str,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let question = match why.body() {
        Some(body) => question.body(body).by_flags(),
        None => question,
    };
    if let Some(mut api) = site.elsewhere()? {
        return asked(&mut api, &question, done, site, output);
    }
    if why.given() {
        return asked(&mut site.api()?, &question, done, site, output);
    }
    let mut ledger = site.ledger()?;
    let receipt = ledger.change(&change, site.now)?;
    tell(receipt.key.ok_or(IssueError::NoKey)?, &mut ledger, done, site, output)
}

/// Asks the management API for a change, and says what the key is now.
fn asked(
    api: &mut Api,
    question: &Question,
    done: &str,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let answer = api.ask(question, site)?.json()?;
    told(&answer, api, done, site, output)
}

/// Says what the key of an answer is after a change of it: as the API has it, or as the store that is here.
pub(super) fn told(
    answer: &Value,
    api: &Api,
    done: &str,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    if matches!(api, Api::Here(_)) {
        let standing = standing_of(answer, site)?;
        return say(&standing.key.id, &json!({ "key": document(&standing) }), done, output);
    }
    let id = answer.get("id").and_then(Value::as_str).ok_or_else(odd)?;
    say(id, answer, done, output)
}

/// Says what a key is after a change of it.
pub(super) fn tell(
    key: Key,
    ledger: &mut impl Ledger,
    done: &str,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let standing = Gates::of(site).judge(key, ledger)?;
    say(&standing.key.id, &json!({ "key": document(&standing) }), done, output)
}

fn say(id: &str, document: &Value, done: &str, output: &mut Output<'_>) -> Result<(), Failure> {
    output.show(document, |out| {
        writeln!(out, "{id} is {done}. Every gate that reaches the store knows it within a second.")
    })?;
    Ok(())
}
