#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "a test stops at what should not be"
)]

use std::net::{Ipv4Addr, Ipv6Addr};

use tokio::sync::oneshot::error::TryRecvError;

use super::*;

const MOST: usize = 8;
const SHARE: usize = 6;

fn at(number: u8) -> IpAddr {
    Ipv4Addr::new(192, 0, 2, number).into()
}

fn six(network: u16, host: u16) -> IpAddr {
    Ipv6Addr::new(0x2001, 0xdb8, 0, network, 0, 0, 0, host).into()
}

/// So many connections of one address.
fn crowd(seats: &Arc<Seats>, peer: IpAddr, count: usize, now: Instant) -> Vec<Entered> {
    (0..count).map(|_| seats.enter(peer, now).unwrap()).collect()
}

fn left(entered: &mut Entered) -> bool {
    entered.leaves.try_recv() == Err(TryRecvError::Closed)
}

#[test]
fn one_address_has_its_share_and_room_is_left_to_others() {
    let (seats, now) = (Seats::new(MOST, SHARE), Instant::now());
    let mut held = crowd(&seats, at(1), SHARE, now);
    assert!(seats.enter(at(1), now).is_none());
    let others = crowd(&seats, at(2), MOST - SHARE, now);
    assert!(others.iter().all(|entered| !entered.pushed));
    assert!(!held.iter_mut().any(left));
    drop(held);
    assert_eq!(seats.taken().sitting.len(), MOST - SHARE);
}

#[test]
fn whoever_has_most_gives_way_at_once_to_an_address_with_fewer() {
    let (seats, now) = (Seats::new(MOST, SHARE), Instant::now());
    let mut many = crowd(&seats, at(1), SHARE, now);
    let mut few = crowd(&seats, at(2), MOST - SHARE, now);
    let mut came = seats.enter(at(3), now).unwrap();
    assert!(came.pushed && left(&mut many[0]) && !many[1..].iter_mut().any(left));
    assert!(!few.iter_mut().any(left) && !left(&mut came));
    assert_eq!(seats.taken().sitting.len(), MOST);
    // Whoever left does not take the seat of whoever came with it.
    drop(many.remove(0));
    assert_eq!(seats.taken().sitting.len(), MOST);
}

#[test]
fn where_nobody_has_more_the_longest_wait_ends_after_a_while() {
    let (seats, now) = (Seats::new(MOST, SHARE), Instant::now());
    let mut held: Vec<_> = (0..8).map(|number| seats.enter(at(number), now).unwrap()).collect();
    assert!(seats.enter(at(9), now + PATIENCE - Duration::from_millis(1)).is_none());
    assert!(seats.enter(at(9), now + PATIENCE).unwrap().pushed);
    assert_eq!(held.iter_mut().filter_map(|entered| left(entered).then_some(())).count(), 1);
    // The same within the share of one address.
    let seats = Seats::new(MOST, SHARE);
    let _held = crowd(&seats, at(1), SHARE, now);
    assert!(seats.enter(at(1), now + PATIENCE).unwrap().pushed);
}

#[test]
fn what_is_being_answered_stays_and_a_proved_key_goes_last() {
    let (seats, now) = (Seats::new(MOST, MOST), Instant::now());
    let mut held = crowd(&seats, at(1), MOST, now);
    for entered in &held {
        entered.seat.asks();
    }
    assert!(seats.enter(at(2), now + PATIENCE).is_none());
    held[0].seat.rests(true, now);
    // It has shown a key: that it is one of many is no reason.
    assert!(seats.enter(at(2), now).is_none());
    held[1].seat.rests(false, now + PATIENCE);
    let other = seats.enter(at(2), now + PATIENCE).unwrap();
    assert!(left(&mut held[1]) && !left(&mut held[0]));
    other.seat.asks();
    let _last = seats.enter(at(3), now + PATIENCE).unwrap();
    assert!(left(&mut held[0]));
}

#[test]
fn strangers_who_have_just_come_push_nobody_out_who_has_shown_a_key() {
    let (seats, now) = (Seats::new(MOST, SHARE), Instant::now());
    let mut known = seats.enter(at(0), now).unwrap();
    known.seat.asks();
    known.seat.rests(true, now);
    let late = now + PATIENCE;
    let fresh: Vec<_> = (1..8).map(|number| seats.enter(at(number), late).unwrap()).collect();
    assert!(seats.enter(at(9), late + PATIENCE / 2).is_none(), "it waits for its turn");
    assert!(!left(&mut known));
    assert!(seats.enter(at(9), late + PATIENCE).unwrap().pushed);
    assert!(!left(&mut known));
    drop(fresh);
}

#[test]
fn questions_without_a_key_make_no_connection_younger() {
    let (seats, now) = (Seats::new(1, 1), Instant::now());
    let mut held = seats.enter(at(1), now).unwrap();
    held.seat.asks();
    held.seat.rests(false, now + PATIENCE);
    assert!(seats.enter(at(2), now + PATIENCE).is_some());
    assert!(left(&mut held));
}

#[test]
fn a_network_of_ipv6_is_one_address() {
    let (seats, now) = (Seats::new(MOST, SHARE), Instant::now());
    let _held: Vec<_> = (0..6).map(|host| seats.enter(six(1, host), now).unwrap()).collect();
    assert!(seats.enter(six(1, 99), now).is_none());
    assert!(seats.enter(six(2, 1), now).is_some());
}
