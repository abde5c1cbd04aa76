//! Every byte of a token matters.

use crate::made::{
    BOUND, BOUND_TOKEN, HEADER, UNBOUND, UNBOUND_TOKEN, forged, judged, refused_or_canonical,
    verifier,
};

const SYMBOLS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

#[test]
fn a_token_with_any_byte_changed_is_refused() {
    for token in [UNBOUND_TOKEN, BOUND_TOKEN] {
        let mut token = token.as_bytes().to_vec();
        for at in 0..token.len() {
            let right = token[at];
            for wrong in (0..=255).filter(|&wrong| wrong != right) {
                // Every bit, and a sample of the other symbols: all of them take a minute.
                let near = (wrong ^ right).is_power_of_two() || !SYMBOLS.contains(&wrong);
                if near || usize::from(wrong) % 7 == at % 7 {
                    token[at] = wrong;
                    assert_ne!(judged(&token), "ok", "byte {at} changed to {wrong}");
                }
            }
            token[at] = right;
        }
        assert_eq!(judged(&token), "ok");
    }
}

#[test]
fn a_token_with_a_byte_left_out_doubled_or_added_is_refused() {
    for token in [UNBOUND_TOKEN, BOUND_TOKEN] {
        for at in 0..token.len() {
            let (before, after) = token.split_at(at);
            assert_ne!(judged(format!("{before}{}", &after[1..]).as_bytes()), "ok");
            assert_ne!(judged(before.as_bytes()), "ok");
            for added in [&after[..1], "A", ".", "=", " ", "\n", "\0", "é"] {
                assert_ne!(judged(format!("{before}{added}{after}").as_bytes()), "ok");
            }
        }
        for added in ["A", ".", "=", "==", " ", "\r\n", "\0", ".e30"] {
            assert_eq!(judged(format!("{token}{added}").as_bytes()), "malformed");
        }
    }
}

/// What a trusted key signed but our signer would not have written is refused: accepted is only what
/// the signer makes of the very claims that were read.
#[test]
fn signed_claims_with_any_byte_changed_are_refused_or_say_something_else_in_the_one_spelling() {
    let (verifier, mut accepted) = (verifier(), 0);
    for (claims, header_too) in [(UNBOUND, true), (BOUND, false)] {
        for (text, is_header) in [(HEADER, true), (claims, false)] {
            if is_header && !header_too {
                continue;
            }
            let mut text = text.as_bytes().to_vec();
            for at in 0..text.len() {
                let right = text[at];
                // Every control character, every other kind of character, and bytes beyond ASCII.
                for wrong in (0..=0x7f).chain([0x80, 0xc3, 0xff]) {
                    text[at] = wrong;
                    let token = if is_header {
                        forged(&text, claims.as_bytes())
                    } else {
                        forged(HEADER.as_bytes(), &text)
                    };
                    accepted += usize::from(refused_or_canonical(&verifier, token.as_bytes()));
                }
                text[at] = right;
            }
        }
    }
    assert!(accepted > 1_000, "{accepted} variants were accepted");
}
