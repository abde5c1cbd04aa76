//! One request and its answer, on a connection of its own.

use std::{error::Error, fmt, io, path::Path, time::Duration};

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::{
    HeaderMap, Method, Request, Response,
    body::Incoming,
    client::conn::http1::{SendRequest, handshake},
    header::{AUTHORIZATION, HOST, HeaderName, HeaderValue},
};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::{TlsConnector, rustls::pki_types::ServerName};
use zeroize::Zeroizing;

use super::{AdminKey, Place};
use crate::trust::{explained, trust};

/// The longest answer: a page of a thousand keys of every size has room.
const ANSWER_MAX: usize = 64 << 20;

/// So much of what somebody else answered is said, in characters.
const SAID_MAX: usize = 200;

/// An answer as it came.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) status: u16,
    pub(super) fields: HeaderMap,
    pub(super) body: Bytes,
}

/// What is asked, beside whom.
pub(super) struct Asked<'a> {
    pub(super) method: Method,
    /// With the query.
    pub(super) path: String,
    /// Besides those of every request.
    pub(super) fields: &'a [(HeaderName, String)],
    pub(super) body: Vec<u8>,
    /// Who may have signed the certificate, unless whom this machine trusts.
    pub(super) ca: Option<&'a Path>,
}

/// Why none came.
#[derive(Debug)]
pub(crate) enum CallError {
    /// Nothing was sent.
    Unconnected(io::Error),
    /// The question may have arrived.
    Broken(Box<dyn Error + Send + Sync>),
    /// The question may have arrived, and there was no answer in time.
    Late,
    /// What came is no answer to what was asked.
    Nonsense,
}

/// What an answer says that is none of a ledger's.
#[derive(Debug)]
struct Odd {
    status: u16,
    said: String,
}

impl CallError {
    /// Whether the question may have arrived.
    pub(crate) const fn was_sent(&self) -> bool {
        !matches!(self, Self::Unconnected(_))
    }
}

impl fmt::Display for CallError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unconnected(_) => f.write_str("there is no connection to the deployment"),
            Self::Broken(_) => f.write_str("the connection ended before the answer did"),
            Self::Late => f.write_str("the deployment did not answer in time"),
            Self::Nonsense => f.write_str("what answers there is no ledger that is known here"),
        }
    }
}

impl Error for CallError {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        match self {
            Self::Unconnected(error) => Some(error),
            Self::Broken(error) => Some(error.as_ref()),
            Self::Late | Self::Nonsense => None,
        }
    }
}

impl fmt::Display for Odd {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the deployment answered {} {}", self.status, self.said)
    }
}

impl Error for Odd {}

impl Answer {
    /// The document, if the answer is one.
    pub(super) fn json(&self) -> Option<Value> {
        serde_json::from_slice(&self.body).ok()
    }

    /// The answer as the cause of an error: its code, or how it begins.
    pub(super) fn odd(&self) -> Box<dyn Error + Send + Sync> {
        let told = self.json();
        let code = told.as_ref().and_then(|told| told.get("code")).and_then(Value::as_str);
        let text = String::from_utf8_lossy(&self.body);
        let line = code.unwrap_or_else(|| text.lines().next().unwrap_or_default());
        let shown = line.chars().filter(|c| !c.is_control()).take(SAID_MAX);
        Box::new(Odd { status: self.status, said: shown.collect() })
    }
}

/// Sends what is asked to `place`, once. Connecting may take as long as `patience`, and the answer as well.
pub(super) async fn send(
    place: &Place,
    key: &AdminKey,
    asked: Asked<'_>,
    patience: Duration,
) -> Result<Answer, CallError> {
    let connected = timeout(patience, connect(place, asked.ca)).await;
    let late = || Err(io::Error::from(io::ErrorKind::TimedOut));
    let mut sender = connected.unwrap_or_else(|_| late()).map_err(CallError::Unconnected)?;
    let asked = question(place, key, asked).map_err(CallError::Unconnected)?;
    let answered = async {
        let response = sender.send_request(asked).await;
        read(response.map_err(|error| CallError::Broken(Box::new(error)))?).await
    };
    timeout(patience, answered).await.unwrap_or(Err(CallError::Late))
}

async fn read(response: Response<Incoming>) -> Result<Answer, CallError> {
    let (status, fields) = (response.status().as_u16(), response.headers().clone());
    let body = Limited::new(response.into_body(), ANSWER_MAX).collect().await;
    Ok(Answer { status, fields, body: body.map_err(CallError::Broken)?.to_bytes() })
}

fn question(place: &Place, key: &AdminKey, asked: Asked<'_>) -> io::Result<Request<Full<Bytes>>> {
    let Asked { method, path, fields, body, .. } = asked;
    let bearer = Zeroizing::new(format!("Bearer {}", key.as_str()));
    let mut bearer = HeaderValue::from_str(&bearer).map_err(io::Error::other)?;
    bearer.set_sensitive(true);
    let question = Request::builder()
        .method(method)
        .uri(path)
        .header(HOST, place.authority())
        .header(AUTHORIZATION, bearer);
    let question =
        fields.iter().fold(question, |question, (name, value)| question.header(name, value));
    question.body(Full::new(body.into())).map_err(io::Error::other)
}

async fn connect(place: &Place, ca: Option<&Path>) -> io::Result<SendRequest<Full<Bytes>>> {
    let stream = TcpStream::connect((place.host(), place.port())).await?;
    if !place.is_tls() {
        return talk(stream).await;
    }
    let name = ServerName::try_from(place.host().to_owned()).map_err(io::Error::other)?;
    let connected = TlsConnector::from(trust(ca)?).connect(name, stream).await;
    talk(connected.map_err(|error| explained(error, place.host()))?).await
}

async fn talk(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
) -> io::Result<SendRequest<Full<Bytes>>> {
    let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(io::Error::other)?;
    // Its errors reach whoever waits for the answer.
    drop(tokio::spawn(connection));
    Ok(sender)
}
