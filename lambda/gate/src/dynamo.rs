//! The stores of a function: two tables in DynamoDB, under the function's own role.

use std::{future::Future, sync::Arc};

use serde_json::json;
use tollgate_engine::Errand;
use tollgate_gate::{Policy, settings::SettingsError};
use tollgate_native::clock;
use tollgate_store_dynamodb::{Link, Store, layout::Tables};

use crate::{About, Environment, Log, Replies, Stores};

const BUCKETS: &str = "TOLLGATE_BUCKETS_TABLE";
const LEDGER: &str = "TOLLGATE_LEDGER_TABLE";

/// Two tables.
#[derive(Clone, Debug)]
pub struct Dynamo {
    store: Arc<Store>,
    log: Log,
}

impl Dynamo {
    /// The tables that `environment` names.
    ///
    /// # Errors
    ///
    /// When a name, the region or the role's credentials are not set.
    pub fn new(environment: &Environment, log: Log) -> Result<Self, SettingsError> {
        let tables = Tables {
            buckets: needed(environment, BUCKETS)?.to_owned(),
            ledger: needed(environment, LEDGER)?.to_owned(),
        };
        let endpoint = ["AWS_ENDPOINT_URL_DYNAMODB", "AWS_ENDPOINT_URL"];
        let link = link(environment, endpoint)?;
        Ok(Self { store: Arc::new(Store::new(link, tables, clock::read)), log })
    }
}

impl Stores for Dynamo {
    fn answer(
        &self,
        errands: Vec<Errand>,
        policy: Arc<Policy>,
    ) -> impl Future<Output = Replies> + Send + 'static {
        let Self { store, log } = self.clone();
        async move {
            let replies = store.answer(&errands, policy.prover().peppers()).await;
            let repaired = store.take_repaired();
            if repaired > 0 {
                // Somebody's clock was more than ten seconds ahead when a bucket was written.
                let facts = json!({ "buckets": repaired });
                log.say_request(About::Failed, "error", "buckets_repaired", facts);
            }
            replies
        }
    }

    fn reconnect(&self) {
        self.store.reconnect();
    }
}

/// Where AWS is reached, and as whom: what Lambda sets in every environment.
pub(crate) fn link(environment: &Environment, endpoint: [&str; 2]) -> Result<Link, SettingsError> {
    Ok(Link {
        region: needed(environment, "AWS_REGION")?.to_owned(),
        endpoint: endpoint.iter().find_map(|name| environment.text(name)).map(str::to_owned),
        access_key_id: needed(environment, "AWS_ACCESS_KEY_ID")?.to_owned(),
        secret_access_key: needed(environment, "AWS_SECRET_ACCESS_KEY")?.to_owned(),
        session_token: environment.text("AWS_SESSION_TOKEN").map(str::to_owned),
    })
}

fn needed<'e>(environment: &'e Environment, name: &str) -> Result<&'e str, SettingsError> {
    environment.text(name).ok_or_else(|| SettingsError::new(name, "is not set"))
}
