//! Reads what [`write`](crate::write) writes, and nothing else.

use tollgate_core::{
    id::{ID_MAX, Id},
    json::{JsonError, Reader},
    key::{ENV_MAX, Env},
    scope::{SCOPE_MAX, SCOPES_MAX, Scope},
};

use crate::{
    Algorithm, Binding, Claims, Jti, METHOD_MAX, Method, NAME_MAX, Name, PATH_MAX, Path, Scopes,
    base64url, write,
};

/// The algorithm and the `kid` of a header.
pub(crate) fn header(text: &[u8]) -> Option<(Algorithm, &str)> {
    let mut reader = Reader::new(text);
    reader.expect(r#"{"alg":"#).ok()?;
    let algorithm = Algorithm::parse(reader.string(TEXT_MAX).ok()?)?;
    reader.expect(r#","kid":"#).ok()?;
    let kid = id(&mut reader)?;
    reader.expect(write::TYPE).ok()?;
    reader.end().ok()?;
    Some((algorithm, kid.as_str()))
}

/// What the claims say, with `iat` and `exp`; `room` takes the bytes of the path.
pub(crate) fn claims<'a>(
    text: &'a [u8],
    room: &'a mut [u8; PATH_MAX],
) -> Option<(Claims<'a, Scopes<'a>>, u64, u64)> {
    let mut reader = Reader::new(text);
    reader.expect(r#"{"iss":"#).ok()?;
    let issuer = name(&mut reader)?;
    reader.expect(r#","aud":"#).ok()?;
    let audience = name(&mut reader)?;
    reader.expect(r#","sub":"#).ok()?;
    let owner = id(&mut reader)?;
    reader.expect(r#","iat":"#).ok()?;
    let iat = reader.uint().ok()?;
    reader.expect(r#","exp":"#).ok()?;
    let exp = reader.uint().ok()?;
    let jti =
        if reader.accept(r#","jti":"#) { Some(Jti::new(reader.hex().ok()?).ok()?) } else { None };
    reader.expect(r#","tg":{"key":"#).ok()?;
    let key = id(&mut reader)?;
    reader.expect(r#","tenant":"#).ok()?;
    let tenant = id(&mut reader)?;
    reader.expect(r#","env":"#).ok()?;
    let env = Env::new(reader.string(ENV_MAX).ok()?).ok()?;
    reader.expect(r#","scopes":"#).ok()?;
    let scopes = scopes(&mut reader)?;
    reader.expect(r#","plan":"#).ok()?;
    let plan = if reader.accept("null") { None } else { Some(id(&mut reader)?) };
    let binding = match jti {
        Some(jti) => {
            reader.expect(r#","method":"#).ok()?;
            let method = Method::new(reader.string(METHOD_MAX).ok()?).ok()?;
            reader.expect(r#","path":"#).ok()?;
            let path = path(&mut reader, room)?;
            Some(Binding { jti, method, path })
        }
        None => None,
    };
    reader.expect("}}").ok()?;
    reader.end().ok()?;
    let claims = Claims { issuer, audience, owner, key, tenant, env, scopes, plan, binding };
    Some((claims, iat, exp))
}

fn id<'a>(reader: &mut Reader<'a>) -> Option<Id<'a>> {
    Id::new(reader.string(ID_MAX).ok()?).ok()
}

fn name<'a>(reader: &mut Reader<'a>) -> Option<Name<'a>> {
    Name::new(reader.string(NAME_MAX).ok()?).ok()
}

fn scopes<'a>(reader: &mut Reader<'a>) -> Option<Scopes<'a>> {
    const WRONG: JsonError = JsonError::Expected("a scope");
    let list = reader.rest().get(1..)?;
    reader
        .list(SCOPES_MAX, |reader| {
            Scope::new(reader.string(SCOPE_MAX)?).map(drop).map_err(|_| WRONG)
        })
        .ok()?;
    let len = list.len().checked_sub(reader.rest().len())?.checked_sub(1)?;
    Some(Scopes::of_list(list.get(..len)?))
}

fn path<'a>(reader: &mut Reader<'a>, room: &'a mut [u8; PATH_MAX]) -> Option<Path<'a>> {
    let symbols = reader.string(base64url::encoded_len(PATH_MAX)).ok()?;
    Path::new(base64url::decode(symbols.as_bytes(), room)?).ok()
}

/// More than any name of an algorithm.
const TEXT_MAX: usize = 16;
