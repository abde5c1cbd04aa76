//! Scopes: what is held covers what is required, exactly by the rule.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use tollgate_core::scope::{SCOPE_SIDE_MAX, Scope, first_missing};

const SIDES: [&str; 3] = ["a", "b", "*"];

fn all() -> Vec<String> {
    SIDES.iter().flat_map(|left| SIDES.map(|right| format!("{left}:{right}"))).collect()
}

#[test]
fn a_side_covers_itself_and_a_star_covers_everything() {
    for held in &all() {
        for required in &all() {
            let sides =
                |scope: &str| -> Vec<String> { scope.split(':').map(String::from).collect() };
            let pairs = sides(held).into_iter().zip(sides(required));
            let expected =
                pairs.into_iter().all(|(held, required)| held == "*" || held == required);
            let covers = Scope::new(held).unwrap().covers(Scope::new(required).unwrap());
            assert_eq!(covers, expected, "{held} covers {required}");
        }
    }
}

#[test]
fn the_first_scope_that_nothing_held_covers_is_the_one_that_is_missing() {
    let all = all();
    let scopes: Vec<_> = all.iter().map(|text| Scope::new(text).unwrap()).collect();
    // Every set of one or two held against every list of two required.
    for (at, first) in scopes.iter().enumerate() {
        for second in scopes.iter().skip(at) {
            for one in &scopes {
                for two in &scopes {
                    let held = [*first, *second];
                    let required = [*one, *two];
                    let covered = |scope: &Scope<'_>| held.iter().any(|held| held.covers(*scope));
                    let expected = required.iter().position(|scope| !covered(scope));
                    assert_eq!(first_missing(held.iter().copied(), &required), expected);
                }
            }
        }
    }
}

#[test]
fn the_empty_set_grants_nothing_and_an_empty_demand_is_met() {
    for text in &all() {
        let scope = Scope::new(text).unwrap();
        assert_eq!(first_missing(core::iter::empty(), &[scope]), Some(0), "{text}");
        assert_eq!(first_missing([scope].into_iter(), &[]), None, "{text}");
    }
    assert_eq!(first_missing(core::iter::empty(), &[]), None);
}

#[test]
fn every_character_outside_the_alphabet_is_refused_on_both_sides() {
    for character in (0..=u8::MAX).map(char::from) {
        let word = matches!(character, 'a'..='z' | '0'..='9' | '_' | '.' | '-');
        for (text, well_formed) in [
            (format!("x{character}:y"), word),
            (format!("x:y{character}"), word),
            (format!("{character}:y"), word || character == '*'),
            (format!("x:{character}"), word || character == '*'),
        ] {
            assert_eq!(Scope::new(&text).is_ok(), well_formed, "{text:?}");
        }
    }
}

#[test]
fn a_side_has_1_to_32_characters() {
    for len in 0..40 {
        let side = "a".repeat(len);
        let well_formed = (1..=SCOPE_SIDE_MAX).contains(&len);
        assert_eq!(Scope::new(&format!("{side}:x")).is_ok(), well_formed, "{len}");
        assert_eq!(Scope::new(&format!("x:{side}")).is_ok(), well_formed, "{len}");
    }
    for text in ["", "a", "a:b:c", ":", "**:a", "a:*b", "a:b*"] {
        assert!(Scope::new(text).is_err(), "{text}");
    }
}
