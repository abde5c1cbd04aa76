//! One call, bounded: how long it may take, and what its failure says about its effect.

use std::{future::Future, time::Duration};

use aws_sdk_dynamodb::error::{ProvideErrorMetadata, SdkError};
use tollgate_core::time::Reading;
use tollgate_engine::{OpenError, StoreError};

use crate::clock::Clock;

/// The most calls of one kind that one errand makes.
pub(crate) const ATTEMPTS_MAX: u32 = 64;

/// The first pause is at most so long, and each at most twice the one before.
const JITTER_MS: u64 = 4;

/// How often pauses are doubled.
const JITTER_DOUBLINGS_MAX: u32 = 6;

/// A call that has not answered after half of the time that is left is given up and made again: not sooner than this.
const PATIENCE_MIN_MS: u64 = 20;

/// And not later than this.
const PATIENCE_MAX_MS: u64 = 500;

/// Until when somebody waits.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Deadline<'c> {
    clock: &'c Clock,
    start: Reading,
    total_ms: u64,
}

/// Why a call gave nothing that can be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    /// Nothing has happened, for the store keeps no pace.
    Throttled,
    /// It may have happened or not.
    Unknown,
    /// Nothing has happened, and nothing will.
    Hopeless(&'static str),
}

impl Failure {
    /// What who waited is told.
    pub(crate) const fn error(self) -> StoreError {
        match self {
            Self::Throttled => StoreError::Refused,
            Self::Unknown => StoreError::Unreachable,
            Self::Hopeless(code) => StoreError::Damaged(OpenError::Other(code)),
        }
    }
}

impl<'c> Deadline<'c> {
    /// Begins now.
    pub(crate) fn new(clock: &'c Clock, total_ms: u32) -> Self {
        Self { clock, start: clock.now(), total_ms: total_ms.into() }
    }

    fn left_ms(&self) -> u64 {
        self.total_ms.saturating_sub(self.clock.now().since(self.start))
    }

    /// Makes a call, and gives it half of the time that is left, so that there is time to make it again; none if it takes
    /// longer.
    pub(crate) async fn within<T>(&self, call: impl Future<Output = T>) -> Option<T> {
        let left = self.left_ms();
        let patience = (left / 2).clamp(PATIENCE_MIN_MS, PATIENCE_MAX_MS).min(left);
        if patience == 0 {
            return None;
        }
        let sent = self.clock.now();
        let told = tokio::time::timeout(Duration::from_millis(patience), call).await.ok()?;
        self.clock.took(self.clock.now().since(sent));
        Some(told)
    }

    /// The same for a call of the SDK.
    pub(crate) async fn call<T, E>(
        &self,
        call: impl Future<Output = Result<T, SdkError<E>>>,
    ) -> Result<T, Called<E>> {
        match self.within(call).await {
            Some(told) => told.map_err(|error| Called::Refused(Box::new(error))),
            None => Err(Called::Failed(Failure::Unknown)),
        }
    }

    /// Waits before the attempt after the one numbered `failed`, from 0; says whether there is time for another.
    pub(crate) async fn pause(&self, failed: u32) -> bool {
        let most = JITTER_MS.saturating_mul(1 << failed.min(JITTER_DOUBLINGS_MAX));
        let wait = fastrand::u64(0..=most);
        let needed = wait.saturating_add(self.clock.round_trip_ms());
        if failed.saturating_add(1) >= ATTEMPTS_MAX || needed >= self.left_ms() {
            return false;
        }
        tokio::time::sleep(Duration::from_millis(wait)).await;
        true
    }
}

/// What became of a call that gave nothing.
#[derive(Debug)]
pub(crate) enum Called<E> {
    /// It failed on this side.
    Failed(Failure),
    /// The store or the way to it answered so.
    Refused(Box<SdkError<E>>),
}

impl<E: ProvideErrorMetadata> Called<E> {
    /// What it says about the effect.
    pub(crate) fn failure(&self) -> Failure {
        match self {
            Self::Failed(failure) => *failure,
            Self::Refused(error) => match error.as_service_error() {
                Some(error) => of_code(error.code()),
                None => Failure::Unknown,
            },
        }
    }
}

/// What an error's code says. What is not named here may have had its effect.
fn of_code(code: Option<&str>) -> Failure {
    match code.unwrap_or_default() {
        "ProvisionedThroughputExceededException"
        | "ThrottlingException"
        | "RequestLimitExceeded"
        | "TransactionConflictException"
        | "TransactionCanceledException" => Failure::Throttled,
        "ResourceNotFoundException" => Failure::Hopeless("table_missing"),
        // Only a table that is not laid out as ours has collections of items with a bound.
        "ValidationException"
        | "SerializationException"
        | "ItemCollectionSizeLimitExceededException" => Failure::Hopeless("table_malformed"),
        "AccessDeniedException"
        | "UnrecognizedClientException"
        | "InvalidSignatureException"
        | "IncompleteSignatureException"
        | "MissingAuthenticationTokenException"
        | "ExpiredTokenException" => Failure::Hopeless("table_denied"),
        _ => Failure::Unknown,
    }
}
