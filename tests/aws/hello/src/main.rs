//! Says hello, whatever the event.

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let handler = |_: LambdaEvent<Value>| async { Ok::<_, Error>(json!({ "message": "hello" })) };
    runtime.block_on(lambda_runtime::run(service_fn(handler)))
}
