//! One transaction, sent until its fate is known.

use std::time::Duration;

use aws_sdk_dynamodb::{
    Config,
    config::retry::RetryConfig,
    error::{DisplayErrorContext, ProvideErrorMetadata, SdkError},
    operation::transact_write_items::TransactWriteItemsError,
};

use super::{
    fault::{Fault, Said, broken},
    written::Op,
};
use crate::documents::read::Reading;

/// So often a transaction is sent whose fate is not known.
const SENDINGS_MAX: u32 = 5;

/// After the first time it is sent again after so long, then each time after twice that.
const AGAIN_MS: u64 = 50;

/// What became of a transaction.
#[derive(Debug)]
pub(crate) enum Sent {
    /// It is committed.
    Done,
    /// Something that it is conditioned on has changed.
    Lost,
    /// The same, and that may have been itself: it was sent more than once.
    Doubtful,
    /// It was in the way of another one, and has not happened.
    Busy,
    /// No answer came, however often it was sent: it may have been committed, or be yet.
    Unknown(Said),
}

/// Sends `ops`. Whatever is sent under a token has its effect once.
pub(crate) async fn send(reading: &Reading, ops: &[Op], token: &str) -> Result<Sent, Fault> {
    let items = ops.iter().map(|op| op.clone().build(&reading.table));
    let items = items.collect::<Result<Vec<_>, _>>()?;
    let mut said = Said::new("nothing was sent");
    let mut unknown = false;
    for sending in 0..SENDINGS_MAX {
        if sending > 0 {
            let most = AGAIN_MS.saturating_mul(1 << sending);
            tokio::time::sleep(Duration::from_millis(fastrand::u64(most / 2..=most))).await;
        }
        let transaction = reading.client.transact_write_items().client_request_token(token);
        let transaction = transaction.set_transact_items(Some(items.clone())).customize();
        // What repeats it must know that it does.
        let once = Config::builder().retry_config(RetryConfig::disabled());
        let answer = transaction.config_override(once).send().await;
        let error = match answer {
            Ok(_) => return Ok(Sent::Done),
            Err(error) => error,
        };
        match fate(&error) {
            Fate::Lost => return Ok(if unknown { Sent::Doubtful } else { Sent::Lost }),
            Fate::Busy if !unknown => return Ok(Sent::Busy),
            // An earlier sending may have been what it was in the way of.
            Fate::Busy => {}
            Fate::Refused if !unknown => {
                // What is in the way of nothing helps nobody to try again.
                let fault = broken(error);
                return Err(if let Fault::Busy(said) = fault {
                    Fault::Unreachable(said)
                } else {
                    fault
                });
            }
            Fate::Refused | Fate::Unknown => {
                unknown = true;
                said = Said::new(DisplayErrorContext(&error));
            }
        }
    }
    Ok(Sent::Unknown(said))
}

enum Fate {
    Lost,
    Busy,
    Refused,
    Unknown,
}

fn fate(error: &SdkError<TransactWriteItemsError>) -> Fate {
    let SdkError::ServiceError(service) = error else {
        // What could not even be made was not sent; of anything else nobody knows.
        let unmade = matches!(error, SdkError::ConstructionFailure(_));
        return if unmade { Fate::Refused } else { Fate::Unknown };
    };
    if service.raw().status().is_server_error() {
        return Fate::Unknown;
    }
    let TransactWriteItemsError::TransactionCanceledException(canceled) = service.err() else {
        return match service.err().code() {
            Some("TransactionInProgressException") => Fate::Unknown,
            Some(
                "ProvisionedThroughputExceededException"
                | "RequestLimitExceeded"
                | "ThrottlingException",
            ) => Fate::Busy,
            Some(_) | None => Fate::Refused,
        };
    };
    let codes = || canceled.cancellation_reasons().iter().filter_map(|one| one.code());
    // The old ones say it in words alone.
    let words = canceled.message.as_deref().unwrap_or_default();
    let says = |code: &str| codes().any(|one| one == code) || words.contains(code);
    let busy = ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"];
    if says("ConditionalCheckFailed") {
        Fate::Lost
    } else if busy.into_iter().any(says) {
        Fate::Busy
    } else {
        Fate::Refused
    }
}
