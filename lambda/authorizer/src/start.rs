//! From an environment to an authorizer, once it can be had.
//!
//! Whatever is missing or wrong, the function goes on asking for events: an environment that ends is started again at once
//! and for ever, and answers nobody meanwhile.

use serde_json::json;
use tokio::time::{Duration, Instant};
use tollgate_lambda::{Dynamo, Environment, Log, Patience, StartError, secrets};

use crate::{Answer, Authorizer, Failure};

/// How long nothing is tried again after it has failed.
const PAUSE: Duration = Duration::from_secs(1);

/// An authorizer, or why there is none yet.
#[derive(Debug)]
pub struct Start {
    environment: Environment,
    log: Log,
    authorizer: Option<Authorizer<Dynamo>>,
    again: Option<Instant>,
}

impl Start {
    /// Begins: what can be had is had before the first event.
    pub async fn begin(environment: Environment, log: Log) -> Self {
        let mut start = Self { environment, log, authorizer: None, again: None };
        start.try_now().await;
        if let Some(authorizer) = &start.authorizer {
            authorizer.connect().await;
        }
        start
    }

    /// What API Gateway is told about an event: an error while there is no authorizer.
    pub async fn answer(&mut self, text: &str, patience: Patience) -> Answer {
        if self.authorizer.is_none() && self.again.is_none_or(|again| again <= Instant::now()) {
            let patience = Duration::from_millis(patience.0);
            // What takes longer than the invocation is tried anew by the next one.
            let _: Result<(), _> = tokio::time::timeout(patience, self.try_now()).await;
        }
        match &mut self.authorizer {
            Some(authorizer) => authorizer.answer(text, patience).await,
            None => Answer::Failed(Failure::Unavailable),
        }
    }

    async fn try_now(&mut self) {
        match self.made().await {
            Ok(authorizer) => {
                self.log.say("info", "started", json!({}));
                self.authorizer = Some(authorizer);
            }
            Err(error) => {
                self.again = Instant::now().checked_add(PAUSE);
                self.log.say("error", "not_started", json!({ "why": error.to_string() }));
            }
        }
    }

    async fn made(&self) -> Result<Authorizer<Dynamo>, StartError> {
        let stores = Dynamo::new(&self.environment, self.log.clone())?;
        let fetched = secrets(&self.environment).await?;
        let secrets = fetched.as_ref().map(|text| text.as_str());
        Authorizer::new(&self.environment, secrets, stores, self.log.clone())
    }
}
