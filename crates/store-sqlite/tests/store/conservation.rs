//! G3 over the store: never more than one exact bucket would admit, whoever shares the file.

use std::{ops::RangeInclusive, process::Child, thread};

use tollgate_core::{
    limit::{Numbers, Period},
    time::UnixMillis,
};
use tollgate_store_sqlite::Store;
use tollgate_testkit::{Random, full};

use crate::made::{Folder, Holder, NOW, another, create, each, told};

/// Each thread has its own connection and its own purse, and asks until it is refused.
fn admitted(store: &Store, ids: RangeInclusive<u8>, numbers: Numbers) -> u32 {
    let run = |number| {
        let store = store.beside().unwrap();
        move || spend(store, number, numbers)
    };
    let threads: Vec<_> = ids.map(|number| thread::spawn(run(number))).collect();
    threads.into_iter().map(|thread| thread.join().unwrap()).sum()
}

#[test]
fn a_limit_of_n_admits_n_over_two_connections() {
    let count = if full() { 20_000 } else { 600 };
    each(|store| {
        let quota = Numbers::quota(count.into(), Period::Total).unwrap();
        assert_eq!(admitted(&store, 1..=2, quota), count);
        // A second round finds nothing, whoever asks.
        assert_eq!(admitted(&store, 3..=6, quota), 0);
    });
}

#[test]
fn a_limit_of_n_admits_n_over_eight_connections() {
    let folder = Folder::new();
    let quota = Numbers::quota(800, Period::Total).unwrap();
    assert_eq!(admitted(&folder.store(), 1..=8, quota), 800);
}

/// Spends until it is refused.
fn spend(mut store: Store, number: u8, numbers: Numbers) -> u32 {
    let mut holder = Holder::new([number; 16], numbers);
    let mut admitted = 0;
    while holder.admit(&mut store, "acme/key/key_1/total", 1, NOW) {
        admitted += 1;
    }
    admitted
}

/// Called with a task it is one of the processes; in a run of its own it spends alone.
#[test]
fn a_process_spends_what_it_is_given_and_no_more() {
    let quota = Numbers::quota(500, Period::Total).unwrap();
    if let Some((path, number)) = told("spend") {
        let admitted = spend(create(&path), u8::try_from(number).unwrap(), quota);
        println!("\nadmitted {admitted}");
        return;
    }
    let folder = Folder::new();
    assert_eq!(spend(folder.store(), 1, quota), 500);
    assert_eq!(spend(folder.store(), 2, quota), 0);
}

#[test]
fn a_limit_of_n_admits_n_over_several_processes() {
    let folder = Folder::new();
    let path = folder.file("store.db");
    let test = "conservation::a_process_spends_what_it_is_given_and_no_more";
    // The store is not there yet: they make it together.
    let processes: Vec<_> =
        (1..=4).map(|number| another(test, "spend", &path, number).spawn().unwrap()).collect();
    let admitted = |process: Child| {
        let said = String::from_utf8(process.wait_with_output().unwrap().stdout).unwrap();
        let line = said.lines().find_map(|line| line.strip_prefix("admitted "));
        line.unwrap().parse::<u32>().unwrap()
    };
    assert_eq!(processes.into_iter().map(admitted).sum::<u32>(), 500);
}

/// No window of any length holds more than the burst and what refills in it.
fn check_windows(admissions: &[UnixMillis], burst: usize, per_second: usize) {
    for (first, from) in admissions.iter().enumerate() {
        for (last, to) in admissions.iter().enumerate().skip(first) {
            let refilled = usize::try_from(to.0 - from.0).unwrap() * per_second / 1_000;
            let count = last - first + 1;
            assert!(count <= burst + refilled, "{count} within {} ms", to.0 - from.0);
        }
    }
}

#[test]
fn no_window_admits_more_than_burst_and_refill() {
    let numbers = Numbers::steady(64, 40, 1_000).unwrap();
    for seed in 0..if full() { 40 } else { 3 } {
        let mut random = Random::new(seed);
        let mut stores = vec![Store::memory().unwrap()];
        stores.push(stores[0].beside().unwrap());
        let mut holders: Vec<Holder> =
            (0..4).map(|_| Holder::new(random.bytes(), numbers)).collect();
        let (mut now, mut admissions) = (NOW, vec![]);
        for _ in 0..1_500 {
            now = now.plus(random.below(25));
            let place = random.place(holders.len());
            if random.happens(10) {
                // It died, with whatever it held; another takes its place.
                holders[place] = Holder::new(random.bytes(), numbers);
            }
            let store = random.place(stores.len());
            if holders[place].admit(&mut stores[store], "b", 1, now) {
                admissions.push(now);
            }
        }
        assert!(admissions.len() > 400, "hardly anything was admitted: {}", admissions.len());
        check_windows(&admissions, 64, 40);
    }
}
