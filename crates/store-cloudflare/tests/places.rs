//! Who is asked: one object for each bucket, but a bounded number for the limits on addresses.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::{
    collections::BTreeMap,
    net::{IpAddr, Ipv4Addr},
};

use tollgate_core::{
    bucket::{BucketName, NAME_MAX, Subject},
    id::{ID_MAX, Id},
    lookup::LookupId,
};
use tollgate_store_cloudflare::place::{
    ADDRESS_OBJECTS, BUCKET_KEY_MAX, BUCKET_PREFIX, LEDGER, bucket_key, object_of, record_key,
    record_of,
};

/// The longest name of an object or a key that the platform takes, in bytes.
const PLATFORM_MAX: usize = 512;

fn id(text: &str) -> Id<'_> {
    Id::new(text).unwrap()
}

#[test]
fn a_bucket_has_an_object_of_its_own_name() {
    let tenant = id("acme");
    for subject in
        [Subject::Key(id("ip")), Subject::Owner(id("ann")), Subject::Tenant, Subject::Global]
    {
        let name = BucketName::new(tenant, subject, id("ip"));
        assert_eq!(object_of(name.as_str()), name.as_str());
    }
    // A tenant may be called as a scope is.
    let name = BucketName::new(id("ip"), Subject::Key(id("key_1")), id("burst"));
    assert_eq!(object_of(name.as_str()), name.as_str());
}

#[test]
fn limits_on_addresses_share_a_bounded_number_of_objects_evenly() {
    const ADDRESSES: u32 = 64 * ADDRESS_OBJECTS;
    let mut objects: BTreeMap<String, u32> = BTreeMap::new();
    for address in 0..ADDRESSES {
        let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | address));
        let name = BucketName::new(id("acme"), Subject::Ip(address), id("burst"));
        *objects.entry(object_of(name.as_str()).into_owned()).or_default() += 1;
    }
    let expected: Vec<_> = (0..ADDRESS_OBJECTS).map(|number| format!("ip/{number}")).collect();
    assert!(objects.len() <= expected.len());
    assert!(objects.keys().all(|name| expected.contains(name)), "{:?}", objects.keys());
    assert_eq!(objects.len(), expected.len(), "every object is used");
    assert!(objects.values().all(|&buckets| buckets < 4 * 64), "no object has most of them");
}

#[test]
fn no_object_of_addresses_is_taken_for_a_buckets_own() {
    let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
    let name = BucketName::new(id("acme"), Subject::Ip(address), id("burst"));
    let object = object_of(name.as_str());
    assert_ne!(object.split('/').count(), name.as_str().split('/').count());
    assert_ne!(object, LEDGER);
}

#[test]
fn keys_fit_the_platform_and_say_what_they_are_of() {
    let longest = "x".repeat(ID_MAX);
    let name = BucketName::new(id(&longest), Subject::Tenant, id(&longest));
    let key = bucket_key(name.as_str());
    assert_eq!(key.strip_prefix(BUCKET_PREFIX), Some(name.as_str()));
    assert!(name.as_str().len() <= NAME_MAX && NAME_MAX <= PLATFORM_MAX);
    assert!(key.len() <= BUCKET_KEY_MAX && BUCKET_KEY_MAX <= PLATFORM_MAX);
    let lookup = LookupId::new([0x2c; 16]);
    assert_eq!(record_key(lookup), "r/2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c");
    assert_eq!(record_of(&record_key(lookup)), Some(lookup));
    for other in [
        "",
        "r/",
        "r/2c",
        "s/2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c",
        "r/2C2c2c2c2c2c2c2c2c2c2c2c2c2c2c2c",
    ] {
        assert_eq!(record_of(other), None);
    }
}
