//! Network rules: blocks contain what their bits say, and deny wins.

#![expect(clippy::unwrap_used, clippy::string_slice, reason = "a test stops at what should not be")]

use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use tollgate_core::network::{Address, Block, Country, admits};
use tollgate_testkit::Random;

/// The bits of an address, as text, family first: what the rule is about, without any masks.
fn bits(ip: IpAddr) -> String {
    match ip {
        IpAddr::V4(ip) => format!("4:{:032b}", ip.to_bits()),
        IpAddr::V6(ip) => format!("6:{:0128b}", ip.to_bits()),
    }
}

fn check_block(first: IpAddr, length: u8, random: &mut Random) {
    let shared = bits(first)[..2 + usize::from(length)].to_owned();
    let block = Block::parse(&format!("{first}/{length}")).unwrap();
    assert_eq!(block.to_string(), format!("{first}/{length}"));
    for _ in 0..8 {
        // An address that shares a random number of leading bits with the block.
        let common = u32::try_from(random.below(u64::from(length) + 3)).unwrap();
        let other = match first {
            IpAddr::V4(ip) => {
                let flipped = u32::from_le_bytes(random.bytes()).checked_shr(common).unwrap_or(0);
                IpAddr::V4(Ipv4Addr::from_bits(ip.to_bits() ^ flipped))
            }
            IpAddr::V6(ip) => {
                let flipped = u128::from_le_bytes(random.bytes()).checked_shr(common).unwrap_or(0);
                IpAddr::V6(Ipv6Addr::from_bits(ip.to_bits() ^ flipped))
            }
        };
        let address = Address::new(other);
        let expected = bits(address.ip()).starts_with(&shared);
        assert_eq!(block.contains(address), expected, "{block} and {other}");
    }
}

#[test]
fn a_block_contains_the_addresses_that_share_its_bits() {
    let mut random = Random::new(0x0b10);
    for round in 0_u32..200 {
        for length in 0..=32 {
            let bits = u32::from_le_bytes(random.bytes())
                & u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0);
            check_block(IpAddr::V4(Ipv4Addr::from_bits(bits)), length, &mut random);
        }
        for length in (0..=128).filter(|length| (u32::from(*length) + round).is_multiple_of(7)) {
            let mask = u128::MAX.checked_shl(128 - u32::from(length)).unwrap_or(0);
            let first = Ipv6Addr::from_bits(u128::from_le_bytes(random.bytes()) & mask);
            if first.to_ipv4_mapped().is_none() {
                check_block(IpAddr::V6(first), length, &mut random);
            }
        }
    }
}

#[test]
fn a_mapped_address_is_the_ipv4_address() {
    let mapped = Address::parse("::ffff:192.0.2.7").unwrap();
    assert_eq!(mapped, Address::parse("192.0.2.7").unwrap());
    assert!(Block::parse("192.0.2.0/24").unwrap().contains(mapped));
    assert!(!Block::parse("::/0").unwrap().contains(mapped));
    assert_eq!(mapped.to_string(), "192.0.2.7");
    assert!(Block::parse("::ffff:192.0.2.0/120").is_err());
    assert!(Block::parse("::ffff:c000:200/120").is_err());
}

#[test]
fn a_limit_counts_ipv4_by_address_and_ipv6_by_its_64() {
    for (address, counted) in [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::"),
        ("2001:db8:1:2::", "2001:db8:1:2::"),
        ("::1", "::"),
    ] {
        assert_eq!(Address::parse(address).unwrap().counted().to_string(), counted, "{address}");
    }
}

#[test]
fn a_block_has_one_spelling() {
    for text in [
        "10.0.0.0/8",
        "0.0.0.0/0",
        "255.255.255.255/32",
        "::/0",
        "2001:db8::/32",
        "::1/128",
        "1:0:0:2::/64",
        "fe80::/10",
    ] {
        assert_eq!(Block::parse(text).unwrap().to_string(), text);
    }
    for text in [
        "",
        "/",
        "10.0.0.0",
        "10.0.0.0/",
        "10.0.0.0/08",
        "10.0.0.0/+8",
        "10.0.0.0/33",
        "10.0.0.0/-1",
        "10.0.0.0/256",
        "10.0.0.0/8 ",
        " 10.0.0.0/8",
        "010.0.0.0/8",
        "10.0.0/8",
        "10.0.0.0/8/8",
        "10.0.0.1/8",
        "2001:DB8::/32",
        "2001:db8:0::/48",
        "2001:db8:0:0:0:0:0:0/32",
        "::/129",
        "2001:db8::1/64",
        "fe80::%1/64",
        "::0/0",
        "0::/0",
        "[::]/0",
        "::1.2.3.4/128",
    ] {
        assert!(Block::parse(text).is_err(), "{text:?}");
    }
}

#[test]
fn the_rule_holds_for_every_combination_of_lists_and_places() {
    let country = |code: &str| Country::new(code.as_bytes()).unwrap();
    let known = [country("DE"), country("FR"), country("T1")];
    let subsets = || {
        (0..8_usize).map(|set| {
            let members = known.iter().enumerate().filter(move |(at, _)| set >> at & 1 == 1);
            members.map(|(_, country)| *country).collect::<Vec<_>>()
        })
    };
    for allow in subsets() {
        for deny in subsets() {
            for place in known.map(Some).into_iter().chain([None]) {
                let expected = match place {
                    _ if allow.is_empty() && deny.is_empty() => true,
                    None => false,
                    Some(place) if deny.contains(&place) => false,
                    Some(place) => allow.is_empty() || allow.contains(&place),
                };
                let admitted = admits(place, allow.iter().copied(), deny.iter().copied());
                assert_eq!(admitted, expected, "{place:?} with {allow:?} and not {deny:?}");
            }
        }
    }
}

#[test]
fn a_country_is_two_characters_and_never_xx() {
    for first in 0..=u8::MAX {
        for second in 0..=u8::MAX {
            let expected = first.is_ascii_uppercase()
                && (second.is_ascii_uppercase() || second.is_ascii_digit())
                && [first, second] != *b"XX";
            assert_eq!(Country::new(&[first, second]).is_some(), expected, "{first} {second}");
        }
    }
    assert!(Country::new(b"D").is_none() && Country::new(b"DEU").is_none());
}
