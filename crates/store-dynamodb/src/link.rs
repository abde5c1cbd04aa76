//! How the tables are reached.

use std::fmt;

use aws_sdk_dynamodb::{
    Client, Config,
    config::{
        BehaviorVersion, Credentials, Intercept, Region, StalledStreamProtectionConfig,
        retry::RetryConfig,
    },
};
use aws_smithy_http_client::{Builder, tls};

use crate::clock::Dates;

/// Where the tables are, and as whom they are asked.
#[derive(Clone)]
pub struct Link {
    /// The region.
    pub region: String,
    /// Another endpoint than the region's own. One without TLS is taken for DynamoDB Local, whose answers carry no date.
    pub endpoint: Option<String>,
    /// The id of the access key.
    pub access_key_id: String,
    /// The access key's secret.
    pub secret_access_key: String,
    /// The token of a temporary access key.
    pub session_token: Option<String>,
}

impl Link {
    /// A new client with connections of its own.
    ///
    /// It repeats nothing on its own account: a lease is repeated by its own rules, and everything else by whoever asked.
    #[must_use]
    pub fn client(&self) -> Client {
        Client::from_conf(self.config().build())
    }

    /// The same, with somebody who sees every answer.
    pub(crate) fn client_with(&self, listener: impl Intercept + 'static) -> Client {
        Client::from_conf(self.config().interceptor(listener).build())
    }

    /// Whether its answers carry a date.
    pub(crate) fn dates(&self) -> Dates {
        if self.is_plain() { Dates::Optional } else { Dates::Required }
    }

    pub(crate) fn is_plain(&self) -> bool {
        self.endpoint.as_ref().is_some_and(|endpoint| endpoint.starts_with("http://"))
    }

    fn config(&self) -> aws_sdk_dynamodb::config::Builder {
        let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
        let http = if self.is_plain() {
            Builder::new().build_http()
        } else {
            Builder::new().tls_provider(provider).build_https()
        };
        let credentials = Credentials::new(
            &self.access_key_id,
            &self.secret_access_key,
            self.session_token.clone(),
            None,
            "tollgate",
        );
        let mut config = Config::builder()
            .behavior_version(BehaviorVersion::latest())
            .region(Region::new(self.region.clone()))
            .credentials_provider(credentials)
            .retry_config(RetryConfig::disabled())
            .stalled_stream_protection(StalledStreamProtectionConfig::disabled())
            .http_client(http);
        config.set_endpoint_url(self.endpoint.clone());
        config
    }
}

impl fmt::Debug for Link {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { region, endpoint, access_key_id, .. } = self;
        f.debug_struct("Link")
            .field("region", region)
            .field("endpoint", endpoint)
            .field("access_key_id", access_key_id)
            .finish_non_exhaustive()
    }
}
