//! Secrets by their ARN, from Secrets Manager or the Parameter Store: one signed call.

use std::time::{Duration, SystemTime};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4,
};
use aws_smithy_http_client::{Builder, tls};
use aws_smithy_runtime::client::orchestrator::operation::Operation;
use aws_smithy_runtime_api::{
    client::{identity::Identity, orchestrator::HttpRequest},
    http::Request,
};
use aws_smithy_types::{body::SdkBody, timeout::TimeoutConfig};
use serde_json::{Value, json};
use tollgate_native::clock;
use tollgate_store_dynamodb::Link;
use zeroize::Zeroizing;

use crate::{Environment, StartError, dynamo};

/// Where the secrets are, if the environment does not hold them.
pub(crate) const ARN: &str = "TOLLGATE_SECRETS_ARN";

/// How long it may take.
const DEADLINE: Duration = Duration::from_millis(2_500);

const JSON: &str = "application/x-amz-json-1.1";

/// What is asked.
#[derive(Debug)]
struct Question {
    service: &'static str,
    target: &'static str,
    url: String,
    body: Vec<u8>,
    link: Link,
}

/// What was answered.
struct Hidden(Zeroizing<Vec<u8>>);

// SECURITY: the client wants to be able to show what it brings.
impl std::fmt::Debug for Hidden {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Hidden")
    }
}

/// The secrets that `environment` names by an ARN, as they stand in the secrets file; none if it names none.
///
/// # Errors
///
/// When they cannot be fetched. What was answered is not shown.
pub async fn secrets(environment: &Environment) -> Result<Option<Zeroizing<String>>, StartError> {
    let Some(arn) = environment.text(ARN) else { return Ok(None) };
    let question = Question::new(arn, environment)?;
    let call = Operation::builder()
        .service_name(question.service)
        .operation_name(question.target)
        .endpoint_url(&question.url)
        .http_client(client(&question.url))
        .no_auth()
        .no_retry()
        .timeout_config(TimeoutConfig::disabled())
        .serializer(|question: Question| question.signed())
        .deserializer::<_, std::convert::Infallible>(|response| {
            let good = response.status().is_success();
            let body = response.body().bytes().unwrap_or_default();
            Ok(good.then(|| Hidden(Zeroizing::new(body.to_vec()))))
        })
        .build();
    let silent = StartError::Secrets("TOLLGATE_SECRETS_ARN: there was no answer");
    let answer = tokio::time::timeout(DEADLINE, call.invoke(question)).await;
    let Ok(Ok(body)) = answer else { return Err(silent) };
    let refused = StartError::Secrets("TOLLGATE_SECRETS_ARN: the answer was an error");
    let empty = StartError::Secrets("TOLLGATE_SECRETS_ARN: the answer holds no secret");
    let Hidden(body) = body.ok_or(refused)?;
    // SECURITY: the reader's message is not shown: it may quote what it read.
    let Ok(Value::Object(mut body)) = serde_json::from_slice(&body) else { return Err(empty) };
    let parameter = body.get_mut("Parameter").and_then(|found| found.get_mut("Value"));
    match parameter.map(Value::take).or_else(|| body.remove("SecretString")) {
        Some(Value::String(text)) => Ok(Some(Zeroizing::new(text))),
        _ => Err(empty),
    }
}

impl Question {
    fn new(arn: &str, environment: &Environment) -> Result<Self, StartError> {
        let parts: Vec<&str> = arn.splitn(6, ':').collect();
        let wrong = StartError::Secrets("TOLLGATE_SECRETS_ARN: names no secret and no parameter");
        let &[_, partition, service, region, ..] = parts.as_slice() else { return Err(wrong) };
        let domain = if partition == "aws-cn" { "amazonaws.com.cn" } else { "amazonaws.com" };
        let (service, target, body, endpoint) = match service {
            "secretsmanager" => (
                "secretsmanager",
                "secretsmanager.GetSecretValue",
                json!({ "SecretId": arn }),
                "AWS_ENDPOINT_URL_SECRETS_MANAGER",
            ),
            "ssm" => (
                "ssm",
                "AmazonSSM.GetParameter",
                json!({ "Name": arn, "WithDecryption": true }),
                "AWS_ENDPOINT_URL_SSM",
            ),
            _ => return Err(wrong),
        };
        let mut link = dynamo::link(environment, [endpoint, "AWS_ENDPOINT_URL"])?;
        region.clone_into(&mut link.region);
        let own = ["https://", service, ".", region, ".", domain].concat();
        let url = [link.endpoint.as_deref().unwrap_or(&own).trim_end_matches('/'), "/"].concat();
        Ok(Self { service, target, url, body: body.to_string().into_bytes(), link })
    }

    fn signed(self) -> Result<HttpRequest, Box<dyn std::error::Error + Send + Sync>> {
        let Self { service, target, url, body, link } = self;
        let headers = [("content-type", JSON), ("x-amz-target", target)];
        let mut request = Request::new(SdkBody::from(body.clone()));
        request.set_method("POST")?;
        request.set_uri(url.as_str())?;
        for (name, value) in headers {
            request.headers_mut().try_insert(name, value)?;
        }
        let token = link.session_token.clone();
        let Link { access_key_id, secret_access_key, .. } = &link;
        let credentials =
            Credentials::new(access_key_id, secret_access_key, token, None, "tollgate");
        let identity: Identity = credentials.into();
        let now = Duration::from_millis(clock::read().wall.0);
        let params = v4::SigningParams::builder()
            .identity(&identity)
            .region(&link.region)
            .name(service)
            .time(SystemTime::UNIX_EPOCH.checked_add(now).unwrap_or(SystemTime::UNIX_EPOCH))
            .settings(SigningSettings::default())
            .build()?;
        let bare =
            SignableRequest::new("POST", &url, headers.into_iter(), SignableBody::Bytes(&body))?;
        let (instructions, _) = sign(bare, &params.into())?.into_parts();
        let (signed, _) = instructions.into_parts();
        for header in signed {
            request.headers_mut().try_insert(header.name(), header.value().to_owned())?;
        }
        Ok(request)
    }
}

fn client(url: &str) -> aws_smithy_runtime_api::client::http::SharedHttpClient {
    let provider = tls::Provider::Rustls(tls::rustls_provider::CryptoMode::Ring);
    if url.starts_with("http://") {
        Builder::new().build_http()
    } else {
        Builder::new().tls_provider(provider).build_https()
    }
}
