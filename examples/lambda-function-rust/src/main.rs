//! The function: `TOLLGATE_CONFIG`, `TOLLGATE_SECRETS_ARN`, `TOLLGATE_BUCKETS_TABLE` and `TOLLGATE_LEDGER_TABLE` are set as for
//! the authorizer. Where one is missing the function does not start, and so answers nobody.

use lambda_http::Error;
use tollgate_example_function::orders;
use tollgate_lambda::{Dynamo, Environment, Log, secrets};
use tollgate_lambda_layer::Protect;

fn main() -> Result<(), Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    runtime.block_on(async {
        let (environment, log) = (Environment::of_process(), Log::of_process());
        let stores = Dynamo::new(&environment, log.clone())?;
        let fetched = secrets(&environment).await?;
        let fetched = fetched.as_ref().map(|text| text.as_str());
        lambda_http::run(orders(Protect::new(&environment, fetched, stores, log)?)).await
    })
}
