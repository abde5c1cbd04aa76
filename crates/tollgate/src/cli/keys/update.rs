//! `tollgate keys update`: what others change at the same time is not overwritten.

use clap::Args;
use tollgate_control::model::Details;
use tollgate_core::stamp::Stamp;
use tollgate_ledger::{Change, ChangeError, Ledger, LedgerError, Receipt, Settings};

use super::{
    ahead,
    change::{tell, told as answered},
    details, known, there,
};
use crate::{
    cli::{
        Failure, Output,
        api::Api,
        books::Books,
        flags::Given,
        settings::{self, Clear, Rights},
        site::Site,
    },
    issuing::IssueError,
};

/// How often a key that others change at the same time is read again.
const UPDATE_TRIES_MAX: u32 = 16;

#[derive(Args, Debug)]
pub(in crate::cli) struct Update {
    /// The key's public id
    pub(super) id: String,
    /// Who the key acts for
    #[arg(long)]
    pub(super) owner: Option<String>,
    /// What people call it
    #[arg(long)]
    pub(super) name: Option<String>,
    /// All settings as JSON, from a file or, if it is called -, from standard input
    #[arg(long, value_name = "FILE", conflicts_with_all = ["owner", "name", "clear", "Rights", "Details"])]
    pub(super) settings: Option<String>,
    /// Only if the key is at this version, as `tollgate keys show` tells it
    #[arg(long, value_name = "VERSION", value_parser = version)]
    pub(super) if_version: Option<Stamp>,
    /// Whatever version it is at: for --settings that are not made from what is there
    #[arg(long, requires = "settings", conflicts_with = "if_version")]
    pub(super) overwrite: bool,
    /// Even if the key has expired by that
    #[arg(long)]
    pub(super) allow_past: bool,
    /// What is emptied
    #[arg(long, value_enum, value_name = "FIELD")]
    pub(super) clear: Vec<Clear>,
    #[command(flatten)]
    pub(super) details: details::Details,
    #[command(flatten)]
    pub(super) rights: Rights,
}

/// Reads a version as `tollgate keys show` writes it.
pub(in crate::cli) fn version(text: &str) -> Result<Stamp, String> {
    let numbers = text.split_once('.').and_then(|(incarnation, epoch)| {
        Some(Stamp { incarnation: incarnation.parse().ok()?, epoch: epoch.parse().ok()? })
    });
    numbers.ok_or_else(|| {
        "a version is two numbers, such as 1.41: `tollgate keys show` tells it".to_owned()
    })
}

/// Puts what is given over what is there, or refuses.
pub(super) fn run(arguments: &Update, site: &Site, output: &mut Output<'_>) -> Result<(), Failure> {
    if arguments.settings.is_some() && arguments.if_version.is_none() && !arguments.overwrite {
        let message = "--settings replaces everything: say which version it was made from, with --if-version and \
                       what `tollgate keys show` tells, or --overwrite";
        return Err(Failure::usage("version_missing", message));
    }
    if arguments.settings.is_none() && there::patch(arguments, site.now).is_empty() {
        return Err(Failure::nothing_to_change());
    }
    let kept_there = arguments.name.is_some()
        || arguments.details.given()
        || arguments.clear.iter().any(|field| field.is_a_detail());
    let api = match site.elsewhere()? {
        None if kept_there => Some(site.api()?),
        elsewhere => elsewhere,
    };
    if let Some(api) = api {
        return asked(arguments, api, site, output);
    }
    let mut ledger = site.ledger()?;
    let read = arguments.settings.as_deref().map(settings::read).transpose()?;
    for tries in 1..=UPDATE_TRIES_MAX {
        let last = tries == UPDATE_TRIES_MAX || arguments.if_version.is_some();
        match put(arguments, read.as_ref(), &mut ledger, site)? {
            // Somebody else was faster: the same is put over what there is now.
            Some(Err(LedgerError::Refused(ChangeError::OtherVersion { .. }))) if !last => {}
            Some(other) => return told(other, arguments, &mut ledger, site, output),
            None => break,
        }
    }
    asked(arguments, site.api()?, site, output)
}

/// Asks the management API, there or here.
fn asked(
    arguments: &Update,
    mut api: Api,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let answer = there::update(arguments, &mut api, site)?;
    answered(&answer, &api, "changed", site, output)
}

/// Whether more than its settings says what a key may be: the management API alone knows how.
fn is_ruled(details: &Details) -> bool {
    details.template.is_some() || !details.roles.is_empty()
}

/// Puts what is given over the key as it is, or over the version that is named; nothing where that is for the management
/// API to do.
fn put(
    arguments: &Update,
    read: Option<&Settings>,
    ledger: &mut Books,
    site: &Site,
) -> Result<Option<Result<Receipt, LedgerError>>, Failure> {
    let Update { id, owner, clear, rights, .. } = arguments;
    let before = known(ledger, id)?;
    // Whoever rules it after this moves its version.
    if ledger.details(id)?.is_some_and(|details| is_ruled(&details)) {
        return match read {
            None => Ok(None),
            Some(_) => Err(Failure::refused(
                "settings_incomplete",
                "the key has roles or was made by a template, of which --settings says nothing: change it by flags, \
                 such as --plan or --scope",
            )),
        };
    }
    let mut settings = before.settings.clone();
    if let Some(read) = read {
        settings = read.clone();
    } else {
        settings.owner = owner.clone().unwrap_or(settings.owner);
        clear.iter().for_each(|field| field.apply(&mut settings));
        rights.clone().lay_over(&mut settings, site.now);
    }
    if !arguments.allow_past {
        ahead(&settings, Some(&before.settings), site.now)?;
    }
    let made_from = arguments.if_version.or((!arguments.overwrite).then_some(before.changed));
    let change = Change::Update { id: id.clone(), settings, expected: made_from };
    Ok(Some(ledger.change(&change, site.now)))
}

fn told(
    changed: Result<Receipt, LedgerError>,
    arguments: &Update,
    ledger: &mut impl Ledger,
    site: &Site,
    output: &mut Output<'_>,
) -> Result<(), Failure> {
    let given = if arguments.settings.is_some() { Given::Json } else { Given::Flags };
    let receipt = changed.map_err(|error| given.failure(error))?;
    tell(receipt.key.ok_or(IssueError::NoKey)?, ledger, "changed", site, output)
}
