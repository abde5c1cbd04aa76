//! A function that answers orders, behind the gate.

use lambda_http::{
    Body, Error, Request, Response,
    tower::{Service, ServiceBuilder, service_fn},
};
use tollgate_lambda::Stores;
use tollgate_lambda_layer::Protect;

/// What answers an order. Whoever calls is known: the identity is there, and was written by the gate.
///
/// # Errors
///
/// None; the type is that of every function.
async fn order(request: Request) -> Result<Response<Body>, Error> {
    let known = request.headers().contains_key("tollgate-identity");
    let told = format!("{} for {}\n", request.uri().path(), if known { "you" } else { "anybody" });
    Ok(Response::new(Body::from(told)))
}

/// The function behind `protect`.
pub fn orders<T: Stores>(
    protect: Protect<T>,
) -> impl Service<
    Request,
    Response = Response<Body>,
    Error = Error,
    Future: Future<Output = Result<Response<Body>, Error>> + Send,
> {
    ServiceBuilder::new().layer(protect).service(service_fn(order))
}
