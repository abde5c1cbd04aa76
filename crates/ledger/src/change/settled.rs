//! Settings as they are kept: checked, apart from those of other keys, and every limit stamped.

use tollgate_core::stamp::Stamp;

use crate::{
    Allowance, ChangeError, Object, Settings, Shared, Snapshot,
    identity::{TOKEN_MAX, identity_len_max},
};

/// One limit or quota, wherever it counts.
struct Carried {
    object: Option<Object>,
    name: String,
    allowance: Allowance,
    changed: Stamp,
}

/// `settings` in the place of `before`, with the stamp of the last change of each limit's numbers.
pub(super) fn settled(
    snapshot: &Snapshot,
    id: &str,
    before: Option<&Settings>,
    settings: &Settings,
    stamp: Stamp,
) -> Result<Settings, ChangeError> {
    settings.check()?;
    let bytes = identity_len_max(id, settings);
    if bytes > TOKEN_MAX {
        return Err(ChangeError::IdentityTooLong { bytes });
    }
    let before = before.map_or_else(Vec::new, carried);
    let mut after = settings.clone();
    let stamps = carried(settings)
        .iter()
        .map(|carried| changed(snapshot, &before, carried, stamp))
        .collect::<Result<Vec<_>, _>>()?;
    let limits = after.limits.iter_mut().map(|spec| &mut spec.changed);
    let quotas = after.quotas.iter_mut().map(|spec| &mut spec.changed);
    for (place, changed) in limits.chain(quotas).zip(stamps) {
        *place = changed;
    }
    Ok(after)
}

/// When the numbers of `carried` last changed: now, unless they are in force already.
fn changed(
    snapshot: &Snapshot,
    before: &[Carried],
    carried: &Carried,
    stamp: Stamp,
) -> Result<Stamp, ChangeError> {
    let Carried { object, name, allowance, .. } = carried;
    let in_force =
        |shared: &&Shared| object.as_ref() == Some(&shared.object) && shared.name == *name;
    if let Some(shared) = snapshot.shared.iter().find(in_force) {
        return if shared.allowance == *allowance {
            Ok(shared.changed)
        } else if shared.allowance.is_alike(*allowance) {
            let object = shared.object.as_str().to_owned();
            Err(ChangeError::OtherNumbers { name: name.clone(), object })
        } else {
            Err(ChangeError::KindChanged { name: name.clone() })
        };
    }
    let Some(same) = before.iter().find(|same| same.object == *object && same.name == *name) else {
        return Ok(stamp);
    };
    if !same.allowance.is_alike(*allowance) {
        return Err(ChangeError::KindChanged { name: name.clone() });
    }
    Ok(if same.allowance == *allowance { same.changed } else { stamp })
}

fn carried(settings: &Settings) -> Vec<Carried> {
    let limits =
        settings.limits.iter().map(|spec| (spec.scope, &spec.name, spec.into(), spec.changed));
    let quotas =
        settings.quotas.iter().map(|spec| (spec.scope, &spec.name, spec.into(), spec.changed));
    let all = limits.chain(quotas).map(|(scope, name, allowance, changed)| {
        let object = Object::of(settings, scope);
        Carried { object, name: name.clone(), allowance, changed }
    });
    all.collect()
}
