//! `tollgate keys`.

mod arguments;
mod change;
mod details;
mod shown;
mod there;
mod update;
mod verify;
mod view;

use std::io::{self, Write};

use serde_json::{Value, json};
use tollgate_control::model::Details;
use tollgate_core::time::UnixMillis;
use tollgate_ledger::{Change, Key, Ledger, PAGE_MAX, Settings};

use super::{
    Failure, Output,
    api::{Pages, Question, odd},
    flags::Given,
    output::painted,
    settings,
    site::Site,
    standing::{Gates, Standing},
    target::Target,
};
use crate::{
    exit::Exit,
    issuing::{self, IssueError, Issued},
    written::{duration_text, instant_text},
};
use arguments::{Create, Disable, List, One, Rotate};
pub(super) use arguments::{Keys, Why};
use change::{change, revoke};
pub(super) use details::entries;
pub(super) use shown::Shown;
pub(super) use update::version;
use view::with_details;
pub(super) use view::{document, lines, verdict};

pub(super) fn run(command: Keys, site: &Site, output: &mut Output<'_>) -> Result<Exit, Failure> {
    match command {
        Keys::Create(arguments) => create(*arguments, site, output)?,
        Keys::List(arguments) => list(&arguments, site, output)?,
        Keys::Show(One { id }) => show(&id, site, output)?,
        Keys::Update(arguments) => update::run(&arguments, site, output)?,
        Keys::Rotate(arguments) => rotate(&arguments, site, output)?,
        Keys::Disable(Disable { id, why }) => {
            let question = Question::of("POST", &["keys", self::id(&id)?, "disable"]);
            change((Change::Disable { id }, question), &why, "disabled", site, output)?;
        }
        Keys::Enable(One { id }) => {
            let question = Question::of("POST", &["keys", self::id(&id)?, "enable"]);
            change((Change::Enable { id }, question), &Why::none(), "enabled", site, output)?;
        }
        Keys::Revoke(arguments) => revoke(arguments, site, output)?,
        Keys::Verify(arguments) => return verify::run(&arguments, site, output),
    }
    Ok(Exit::Done)
}

impl Keys {
    /// Refuses what is wrong whatever there is: a store does not know whose a key would be unless it is said.
    pub(super) fn check(&self, target: &Target) -> Result<(), Failure> {
        let Self::Create(given) = self else { return Ok(()) };
        let Create { tenant, owner, settings: None, .. } = given.as_ref() else { return Ok(()) };
        if target.is_api() || (tenant.is_some() && owner.is_some()) {
            return Ok(());
        }
        let message =
            "--tenant and --owner are needed, or --settings\n`tollgate help` lists the commands";
        Err(Failure::usage("settings_missing", message))
    }
}

fn limits_missing() -> Failure {
    let message = "say how fast the key may be used: --limit burst:key=100,50/1s, or --unlimited";
    Failure::usage("limits_missing", message)
}

fn create(arguments: Create, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    if let Some(mut api) = site.elsewhere()? {
        let made = there::create(&arguments, &mut api, site)?;
        return there::present(&made, None, site, output);
    }
    if arguments.details.given() || arguments.template.is_some() {
        return create_with_details(&arguments, site, output);
    }
    let Create { tenant, owner, env, name, settings, allow_past, rights, .. } = arguments;
    let given = if settings.is_some() { Given::Json } else { Given::Flags };
    let settings = match (settings, tenant, owner) {
        (Some(_), Some(_), _) => {
            let message =
                "the settings of a store say themselves whose the key is: leave out --tenant";
            return Err(Failure::usage("settings_twofold", message));
        }
        (Some(from), ..) => settings::read(&from)?,
        (None, Some(tenant), Some(owner)) => {
            if !rights.says_limits() {
                return Err(limits_missing());
            }
            let mut settings = issuing::blank(tenant, owner, only_env(env, site)?);
            rights.lay_over(&mut settings, site.now);
            settings
        }
        (None, ..) => {
            return Err(Failure::usage("settings_missing", "--tenant and --owner are needed"));
        }
    };
    let accepted = site.config.keys.brand.envs().any(|env| env.as_str() == settings.env);
    if !accepted {
        let message =
            format!("env {:?} is not among keys.envs: no gate would accept the key", settings.env);
        return Err(Failure::usage("env_not_accepted", message));
    }
    if !allow_past {
        ahead(&settings, None, site.now)?;
    }
    let (mut ledger, peppers) = (site.ledger()?, site.peppers()?);
    let by = (site.config.keys.prefix, &peppers);
    let issued = issuing::create(&mut ledger, by, name, settings, site.now);
    let issued = issued.map_err(|error| match error {
        IssueError::Ledger(error) => given.failure(error),
        error @ (IssueError::Env | IssueError::Randomness | IssueError::NoKey) => error.into(),
    })?;
    let standing = Gates::of(site).judge(issued.key.clone(), &mut ledger)?;
    present(&issued, &standing, None, output)
}

/// Makes a key on the store that is here, with what only the management API keeps: shown as every key of the store.
fn create_with_details(
    arguments: &Create,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let made = there::create(arguments, &mut site.api()?, site)?;
    let secret = made.get("secret").and_then(Value::as_str).ok_or_else(odd)?;
    let standing = standing_of(&made, site)?;
    reveal(secret, &standing, None, output)
}

/// How the key of an answer stands, as the store has it.
fn standing_of(answer: &Value, site: &Site) -> Result<Standing, Failure> {
    let key = answer.get("key").unwrap_or(answer);
    let id = key.get("id").and_then(Value::as_str).ok_or_else(odd)?;
    let mut ledger = site.ledger()?;
    let key = known(&mut ledger, id)?;
    Ok(Gates::of(site).judge(key, &mut ledger)?)
}

/// Refuses an end that has passed, unless it was the key's already: a slip would look like a key that works.
fn ahead(settings: &Settings, before: Option<&Settings>, now: UnixMillis) -> Result<(), Failure> {
    let same = before.is_some_and(|before| before.expires == settings.expires);
    let Some(expires) = settings.expires.filter(|&expires| expires <= now.0 && !same) else {
        return Ok(());
    };
    Err(expires_past(expires))
}

fn expires_past(expires: u64) -> Failure {
    let message = format!(
        "expires {} has passed, so every gate would refuse the key: look at the year, or --allow-past",
        instant_text(UnixMillis(expires))
    );
    Failure::usage("expires_past", message)
}

/// The env that is given, or the only one there is.
fn only_env(given: Option<String>, site: &Site) -> Result<String, Failure> {
    let envs: Vec<String> =
        site.config.keys.brand.envs().map(|env| env.as_str().to_owned()).collect();
    match (given, envs.as_slice()) {
        (Some(env), _) => Ok(env),
        (None, [env]) => Ok(env.clone()),
        (None, envs) => {
            let message =
                format!("say which env the key is for: --env {}", envs.join(" or --env "));
            Err(Failure::usage("env_missing", message))
        }
    }
}

fn rotate(arguments: &Rotate, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    if let Some(mut api) = site.elsewhere()? {
        let turned = there::rotate(arguments, &mut api, site)?;
        return there::present(&turned, Some(arguments.grace), site, output);
    }
    let (mut ledger, peppers) = (site.ledger()?, site.peppers()?);
    let key = known(&mut ledger, &arguments.id)?;
    let by = (site.config.keys.prefix, &peppers);
    let of = (key.id.as_str(), key.settings.env.as_str());
    let issued = issuing::rotate(&mut ledger, by, of, arguments.grace, site.now)?;
    let standing = Gates::of(site).judge(issued.key.clone(), &mut ledger)?;
    present(&issued, &standing, Some(arguments.grace), output)
}

/// Shows a secret: one of the two places that do.
fn present(
    Issued { secret, .. }: &Issued,
    standing: &Standing,
    grace_ms: Option<u64>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    reveal(secret.as_str(), standing, grace_ms, output)
}

fn reveal(
    secret: &str,
    standing: &Standing,
    grace_ms: Option<u64>,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let document = json!({ "key": document(standing), "secret": secret });
    output.show(&document, |out| {
        handed_out(out, secret, grace_ms)?;
        lines(out, standing, &Details::default())
    })?;
    Ok(())
}

/// What is said beside a secret.
fn handed_out(out: &mut dyn Write, secret: &str, grace_ms: Option<u64>) -> io::Result<()> {
    writeln!(out, "{secret}")?;
    writeln!(out)?;
    writeln!(out, "This is shown once and kept nowhere. Its holder sends it as")?;
    writeln!(out, "  Authorization: Bearer <key>   or   X-API-Key: <key>")?;
    if let Some(grace_ms) = grace_ms {
        let grace = duration_text(grace_ms);
        writeln!(out, "The older secrets of the key are good for {grace} more at most.")?;
    }
    writeln!(out)
}

fn list(arguments: &List, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    if let Some(mut api) = site.elsewhere()? {
        let found = there::list(arguments, &mut api, site)?;
        return there::show_list(&found, arguments, site, output);
    }
    let (keys, next) = match arguments.filter.given() || arguments.all {
        true => filtered(arguments, site)?,
        false => {
            let count = usize::from(arguments.count).min(PAGE_MAX);
            let (after, tenant) = (arguments.after.as_deref(), arguments.tenant.as_deref());
            let page = site.ledger()?.keys(after, count, tenant)?;
            (page.keys, page.next)
        }
    };
    let gates = Gates::of(site);
    let mut ledger = site.ledger()?;
    let standings = keys.into_iter().map(|key| gates.judge(key, &mut ledger));
    let standings = standings.collect::<Result<Vec<_>, _>>()?;
    let keys: Vec<_> = standings.iter().map(document).collect();
    let document = json!({ "keys": keys, "next": next, "notes": gates.notes() });
    let paint = output.paint(&site.source.environment);
    output.show(&document, |out| {
        let head = ["id", "state", "tenant", "owner", "env", "name"].map(str::to_owned);
        let rows = standings.iter().map(|standing| {
            let Key { id, name, settings, state, .. } = standing.key.clone();
            let refused = standing.refusal().map(|refusal| refusal.word.clone());
            let state = refused.unwrap_or_else(|| view::state(state).to_owned());
            [id, state, settings.tenant, settings.owner, settings.env, name.unwrap_or_default()]
        });
        let rows = std::iter::once(head).chain(rows).collect::<Vec<_>>();
        painted(out, &rows, Some((1, paint)))?;
        unseen(out, &gates)?;
        there::more(out, next.as_deref(), arguments, site)
    })?;
    Ok(())
}

/// The keys that the management API finds on the store that is here, as the store has them.
fn filtered(arguments: &List, site: &Site) -> Result<(Vec<Key>, Option<String>), Failure> {
    let whole = List { tenant: Some(whose(arguments)), ..arguments.clone() };
    let Pages { found: keys, next } = there::list(&whole, &mut site.api()?, site)?;
    let mut ledger = site.ledger()?;
    let ids = keys.iter().filter_map(|key| key.get("id").and_then(Value::as_str));
    // One that somebody has deleted meanwhile is none of them any more.
    let found = ids.map(|id| ledger.key(id)).collect::<Result<Vec<_>, _>>()?;
    Ok((found.into_iter().flatten().collect(), next))
}

/// Whose keys: on a store everybody's, unless it is said.
fn whose(arguments: &List) -> String {
    arguments.tenant.clone().unwrap_or_else(|| tollgate_control::model::ALL.to_owned())
}

fn show(id: &str, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    if let Some(mut api) = site.elsewhere()? {
        let key = api.ask(&Question::get(&["keys", self::id(id)?]), site)?.json()?;
        let paint = output.paint(&site.source.environment);
        output.show(&key, |out| shown::lines(out, &Shown::of(&key, site.now), paint))?;
        return Ok(());
    }
    let mut ledger = site.ledger()?;
    let key = known(&mut ledger, id)?;
    let gates = Gates::of(site);
    let standing = gates.judge(key, &mut ledger)?;
    let kept = ledger.details(id)?.unwrap_or_default();
    let document = json!({ "key": with_details(&standing, &kept), "notes": gates.notes() });
    output.show(&document, |out| {
        lines(out, &standing, &kept)?;
        unseen(out, &gates)
    })?;
    Ok(())
}

/// Says what could not be looked at.
fn unseen(out: &mut dyn Write, gates: &Gates) -> io::Result<()> {
    gates.notes().iter().try_for_each(|note| writeln!(out, "not looked at: {note}"))
}

/// A key's id, if it is one.
fn id(text: &str) -> Result<&str, Failure> {
    // SECURITY: what is no id may be a secret that was put here by mistake.
    if !text.starts_with("key_") || text.len() > 64 {
        return Err(Failure::usage(
            "id_malformed",
            "a key's id begins with key_: `tollgate keys list` shows them",
        ));
    }
    Ok(text)
}

fn known(ledger: &mut impl Ledger, text: &str) -> Result<Key, Failure> {
    let id = id(text)?;
    let unknown = || {
        Failure::refused(
            "key_unknown",
            format!("no key has the id {id:?}: `tollgate keys list` shows them"),
        )
    };
    ledger.key(id)?.ok_or_else(unknown)
}

impl From<IssueError> for Failure {
    fn from(error: IssueError) -> Self {
        match error {
            IssueError::Env => Self::usage("env_malformed", "an env is 1 to 8 of a-z 0-9"),
            IssueError::Randomness => {
                Self::failed("no_randomness", "the system gives no randomness")
            }
            IssueError::Ledger(error) => error.into(),
            IssueError::NoKey => Self::failed("store_damaged", "the store told nothing of the key"),
        }
    }
}
