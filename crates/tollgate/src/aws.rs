//! Who asks AWS, and where: the usual environment and files, read the way every tool of AWS reads them.
//!
//! Roles, profiles and what runs beside a container are understood; single sign-on is not, and `aws configure
//! export-credentials` makes of it what is.

use aws_config::BehaviorVersion;
use aws_credential_types::provider::ProvideCredentials;
use aws_smithy_http_client::{
    Builder,
    tls::{Provider, rustls_provider::CryptoMode},
};
use tokio::runtime;
use tollgate_core::pepper::Peppers;
use tollgate_store_dynamodb::{Link, Publisher, layout::Tables};

use crate::{cli::Failure, config::Dynamodb};

/// The ledger in the tables that the configuration and the command line name.
///
/// # Errors
///
/// When region or credentials are missing.
pub(crate) fn publisher(
    tables: &Dynamodb,
    ledger: Option<&str>,
    peppers: Option<Peppers>,
) -> Result<Publisher, Failure> {
    let waiting = runtime::Builder::new_current_thread().enable_all().build()?;
    let link = waiting.block_on(link())?;
    let ledger = ledger.unwrap_or(&tables.ledger).to_owned();
    let tables = Tables { buckets: tables.buckets.clone(), ledger };
    Ok(Publisher::new(&link, &tables, peppers)?)
}

async fn link() -> Result<Link, Failure> {
    let missing = |what: String| Failure::failed("aws_unusable", what);
    let provider = Provider::Rustls(CryptoMode::Ring);
    let client = Builder::new().tls_provider(provider).build_https();
    let loader = aws_config::defaults(BehaviorVersion::latest()).http_client(client);
    let found = loader.load().await;
    let region = found.region().map(ToString::to_string).ok_or_else(|| {
        missing("say which region: AWS_REGION, or a profile of the shared configuration".into())
    })?;
    let provider = found.credentials_provider().ok_or_else(|| missing(CREDENTIALS.into()))?;
    let told = provider.provide_credentials().await;
    let told = told.map_err(|error| missing(format!("{CREDENTIALS}: {error}")))?;
    Ok(Link {
        region,
        endpoint: found.endpoint_url().map(str::to_owned),
        access_key_id: told.access_key_id().to_owned(),
        secret_access_key: told.secret_access_key().to_owned(),
        session_token: told.session_token().map(str::to_owned),
    })
}

const CREDENTIALS: &str = "there are no credentials for AWS: AWS_PROFILE names a profile, `aws login` or \
     `aws configure export-credentials --format env` gives some";
