//! The function: events in, answers out, until the environment ends.

use std::{process::ExitCode, sync::Arc};

use lambda_runtime::{Diagnostic, LambdaEvent, service_fn};
use serde_json::{json, value::RawValue};
use tokio::sync::Mutex;
use tollgate_authorizer::{Answer, Failure, Start};
use tollgate_lambda::{Environment, Log, Patience};

/// How Lambda is told that there was no answer: the message decides what API Gateway makes of it.
#[derive(Debug)]
struct Error(Failure);

impl From<Error> for Diagnostic {
    fn from(Error(failure): Error) -> Self {
        Self { error_type: String::from("Tollgate"), error_message: failure.message().to_owned() }
    }
}

fn main() -> ExitCode {
    // One event at a time: one thread.
    let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else {
        return ExitCode::FAILURE;
    };
    let log = Log::of_process();
    log.end_with_panics();
    match runtime.block_on(serve(log.clone())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(_) => {
            log.say("error", "runtime_lost", json!({}));
            ExitCode::FAILURE
        }
    }
}

async fn serve(log: Log) -> Result<(), lambda_runtime::Error> {
    let start = Start::begin(Environment::of_process(), log).await;
    let start = Arc::new(Mutex::new(start));
    let handler = move |event: LambdaEvent<Box<RawValue>>| {
        let start = Arc::clone(&start);
        async move {
            let patience = Patience::until(event.context.deadline);
            match start.lock().await.answer(event.payload.get(), patience).await {
                Answer::Said(said) => Ok(said),
                Answer::Failed(failure) => Err(Error(failure)),
            }
        }
    };
    lambda_runtime::run(service_fn(handler)).await
}
