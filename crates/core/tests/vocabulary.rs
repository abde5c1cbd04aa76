//! The shared vocabulary: canonical JSON, identifiers, limits, stamps, clocks.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use tollgate_core::{
    id::{ID_MAX, Id},
    json::{INTEGER_MAX, JsonError, Reader, Writer, from_hex},
    limit::{LimitScope, Numbers, Period, Refill},
    stamp::Stamp,
    time::{Reading, UnixMillis},
};

mod json {
    use super::*;

    /// Reads all of `text`, and says what is left unread.
    fn read<'a, T>(
        text: &'a str,
        with: impl FnOnce(&mut Reader<'a>) -> Result<T, JsonError>,
    ) -> Result<T, JsonError> {
        let mut reader = Reader::new(text.as_bytes());
        let value = with(&mut reader)?;
        reader.end()?;
        Ok(value)
    }

    fn written(with: impl FnOnce(&mut Writer<'_>) -> Result<(), JsonError>) -> String {
        let mut buffer = [0; 256];
        let mut writer = Writer::new(&mut buffer);
        with(&mut writer).unwrap();
        String::from_utf8(writer.written().to_vec()).unwrap()
    }

    #[test]
    fn an_integer_has_one_spelling() {
        for value in [0, 1, 9, 10, 42, 1_000_000, INTEGER_MAX - 1, INTEGER_MAX] {
            let text = written(|to| to.uint(value));
            assert_eq!(text, value.to_string());
            assert_eq!(read(&text, Reader::uint), Ok(value), "{text}");
        }
        for text in ["", "00", "01", "-1", "+1", " 1", "1 ", "1.0", "1e3", "0x1", "a", "\"1\""] {
            assert!(read(text, Reader::uint).is_err(), "{text}");
        }
    }

    #[test]
    fn an_integer_above_2_to_the_53_is_neither_read_nor_written() {
        for text in ["9007199254740993", "18446744073709551616", "99999999999999999999999999"] {
            assert_eq!(read(text, Reader::uint), Err(JsonError::IntegerTooLarge), "{text}");
        }
        for value in [INTEGER_MAX + 1, u64::MAX] {
            let mut buffer = [0; 64];
            assert_eq!(Writer::new(&mut buffer).uint(value), Err(JsonError::IntegerTooLarge));
        }
    }

    #[test]
    fn a_string_holds_exactly_what_needs_no_escape() {
        for byte in 0..=u8::MAX {
            let text = [b'"', b'a', byte, b'z', b'"'];
            let plain = (b' '..=b'~').contains(&byte) && byte != b'"' && byte != b'\\';
            let mut reader = Reader::new(&text);
            let held = reader.string(9).is_ok() && reader.end().is_ok();
            assert_eq!(held, plain, "reading {byte:#04x}");
            if byte.is_ascii() {
                let text = char::from(byte).to_string();
                let mut buffer = [0; 8];
                let held = Writer::new(&mut buffer).string(&text).is_ok();
                assert_eq!(held, plain, "writing {byte:#04x}");
            }
        }
        assert!(Writer::new(&mut [0; 8]).string("é").is_err());
    }

    #[test]
    fn a_string_ends_at_its_bound_and_must_be_closed() {
        for (text, max, expected) in [
            ("\"abc\"", 3, Ok("abc")),
            ("\"\"", 0, Ok("")),
            ("\"abc\"", 2, Err(JsonError::StringTooLong)),
            ("\"abc\"", usize::MAX, Ok("abc")),
            ("\"abc", 3, Err(JsonError::Expected("a string of plain ASCII"))),
            ("abc", 3, Err(JsonError::Expected("a string of plain ASCII"))),
            ("", 3, Err(JsonError::Expected("a string of plain ASCII"))),
        ] {
            assert_eq!(Reader::new(text.as_bytes()).string(max), expected, "{text} {max}");
        }
    }

    #[test]
    fn hexadecimal_is_lower_case_and_of_exactly_its_length() {
        assert_eq!(written(|to| to.hex(&[0x00, 0x9a, 0xff])), "\"009aff\"");
        assert_eq!(read("\"009aff\"", Reader::hex::<3>), Ok([0x00, 0x9a, 0xff]));
        for text in ["\"009AFF\"", "\"009af\"", "\"009aff0\"", "\"009aff00\"", "\"009agf\"", "\"\""]
        {
            assert!(read(text, Reader::hex::<3>).is_err(), "{text}");
        }
        assert_eq!(from_hex::<0>(b""), Some([]));
        assert_eq!(from_hex::<1>(b"0"), None);
    }

    #[test]
    fn a_list_is_separated_closed_and_bounded() {
        for (text, expected) in [
            ("[]", Ok(vec![])),
            ("[7]", Ok(vec![7])),
            ("[7,0,9]", Ok(vec![7, 0, 9])),
            ("[7,0,9,1]", Err(JsonError::ListTooLong)),
            ("[7,]", Err(JsonError::Expected("an integer"))),
            ("[,7]", Err(JsonError::Expected("an integer"))),
            ("[7 ,8]", Err(JsonError::Expected(","))),
            ("[7", Err(JsonError::Expected(","))),
            ("7]", Err(JsonError::Expected("["))),
        ] {
            let mut list = vec![];
            let held = read(text, |from| {
                from.list(3, |from| {
                    list.push(from.uint()?);
                    Ok(())
                })
            });
            assert_eq!(held.map(|()| list), expected, "{text}");
        }
        assert_eq!(written(|to| to.list([7, 0, 9], Writer::uint)), "[7,0,9]");
        assert_eq!(written(|to| to.list([], |to: &mut Writer<'_>, ()| to.raw("x"))), "[]");
    }

    #[test]
    fn nothing_is_read_past_the_end() {
        assert_eq!(read("1,", Reader::uint), Err(JsonError::Trailing));
        let mut reader = Reader::new(b"{\"a\":1");
        assert!(!reader.accept("}"));
        assert!(reader.accept("{\"a\":"));
        assert_eq!(reader.expect("2"), Err(JsonError::Expected("2")));
        assert_eq!(reader.rest(), b"1");
    }

    #[test]
    fn a_full_buffer_is_an_error_and_never_a_cut() {
        for len in 0..9 {
            let mut buffer = vec![0; len];
            let mut writer = Writer::new(&mut buffer);
            assert_eq!(writer.raw("ninebytes"), Err(JsonError::Full), "{len}");
            assert!(writer.is_empty());
        }
        let mut buffer = [0; 9];
        let mut writer = Writer::new(&mut buffer);
        assert_eq!(writer.raw("ninebytes"), Ok(()));
        assert_eq!(writer.len(), 9);
        assert_eq!(writer.uint(1), Err(JsonError::Full));
        assert_eq!(writer.written(), b"ninebytes");
    }
}

mod id {
    use super::*;

    #[test]
    fn an_identifier_has_no_separator_and_at_most_one_at_sign() {
        let longest = "a".repeat(ID_MAX);
        for text in ["a", "key_01.x-Y+z", "ops@example.org", "@", "0", longest.as_str()] {
            assert_eq!(Id::new(text).map(Id::as_str), Ok(text));
        }
        let longer = "a".repeat(ID_MAX + 1);
        for text in ["", "a b", "a/b", "a:b", "a@b@c", "@@", "a\"", "é", "a\n", longer.as_str()] {
            assert!(Id::new(text).is_err(), "{text}");
        }
    }

    #[test]
    fn every_other_character_is_refused() {
        for byte in 0..128_u8 {
            let allowed = byte.is_ascii_alphanumeric() || "._+-@".contains(char::from(byte));
            let text = char::from(byte).to_string();
            assert_eq!(Id::new(&text).is_ok(), allowed, "{byte:#04x}");
        }
    }
}

mod limit {
    use super::*;

    const MOST: u64 = 0xffff_ffff;

    #[test]
    fn the_numbers_of_a_limit_stay_within_their_bounds() {
        for (burst, rate, period_ms, held) in [
            (1, 1, 1, true),
            (100, 10, 1_000, true),
            (0, 1, 1, false),
            (1, 0, 1, false),
            (1, 1, 0, false),
            (MOST, MOST, 1, true),
            (MOST + 1, 1, 1, false),
            (1, MOST + 1, 1, false),
            (1, 1, MOST + 1, false),
            // 2^31 × (2^32 − 1) is just below 2^63; the next burst is not.
            (1 << 31, 1, MOST, true),
            ((1 << 31) + 1, 1, MOST, false),
            (MOST, 1, MOST, false),
        ] {
            let numbers = Numbers::steady(burst, rate, period_ms);
            assert_eq!(numbers.is_ok(), held, "{burst} {rate} {period_ms}");
            if let Ok(numbers) = numbers {
                let Refill::Steady { rate: r, period_ms: p } = numbers.refill() else {
                    unreachable!("a limit refills steadily");
                };
                let read = [numbers.burst(), r, p].map(u64::from);
                assert_eq!(read, [burst, rate, period_ms]);
            }
        }
    }

    #[test]
    fn the_count_of_a_quota_stays_within_its_bounds() {
        for period in Period::ALL {
            for (count, held) in [(0, false), (1, true), (MOST, true), (MOST + 1, false)] {
                let numbers = Numbers::quota(count, period);
                assert_eq!(numbers.is_ok(), held, "{count}");
                assert!(numbers.is_err() || numbers.unwrap().refill() == Refill::Each(period));
            }
        }
    }

    #[test]
    fn scopes_and_periods_are_written_each_in_its_own_way() {
        let scopes = LimitScope::ALL.map(LimitScope::as_str);
        assert_eq!(scopes, ["key", "owner", "tenant", "ip", "global"]);
        assert_eq!(Period::ALL.map(Period::as_str), ["day", "month", "total"]);
    }
}

mod stamp {
    use super::*;

    const fn at(incarnation: u64, epoch: u64) -> Stamp {
        Stamp { incarnation, epoch }
    }

    #[test]
    fn the_incarnation_outweighs_every_epoch() {
        let rising = [at(0, 0), at(0, 1), at(0, u64::MAX), at(1, 0), at(1, 7), at(2, 1)];
        assert!(rising.is_sorted_by(|earlier, later| earlier < later));
        assert_eq!(Stamp::default(), at(0, 0));
    }

    #[test]
    fn a_stamp_has_one_spelling() {
        let mut buffer = [0; 64];
        let mut writer = Writer::new(&mut buffer);
        at(1, 42).write(&mut writer).unwrap();
        assert_eq!(writer.written(), b"[1,42]");
        assert_eq!(Stamp::read(&mut Reader::new(b"[1,42]")), Ok(at(1, 42)));
        for text in ["[1, 42]", "[1]", "[1,42", "[01,42]", "[-1,42]", "{1,42}", "1,42"] {
            assert!(Stamp::read(&mut Reader::new(text.as_bytes())).is_err(), "{text}");
        }
        assert!(at(INTEGER_MAX + 1, 0).write(&mut Writer::new(&mut [0; 64])).is_err());
    }
}

mod time {
    use super::*;

    const fn reading(wall: u64, mono_ms: u64) -> Reading {
        Reading { wall: UnixMillis(wall), mono_ms }
    }

    #[test]
    fn neither_clock_alone_can_stretch_a_duration() {
        let start = reading(1_000, 500);
        for (now, since, apart) in [
            (reading(1_000, 500), 0, 0),
            (reading(1_250, 750), 250, 0),
            // The host was frozen: its monotonic clock stood still.
            (reading(9_000, 500), 8_000, 8_000),
            // The wall clock was set back.
            (reading(400, 750), 250, 850),
            // Both stepped back: no time, rather than a negative one.
            (reading(400, 100), 0, 200),
            (reading(u64::MAX, 500), u64::MAX - 1_000, u64::MAX - 1_000),
        ] {
            assert_eq!(now.since(start), since, "{now:?}");
            assert_eq!(now.disagreement_since(start), apart, "{now:?}");
        }
    }

    #[test]
    fn instants_neither_wrap_nor_go_below_zero() {
        assert_eq!(UnixMillis(5).since(UnixMillis(7)), 0);
        assert_eq!(UnixMillis(7).since(UnixMillis(5)), 2);
        assert_eq!(UnixMillis(u64::MAX).plus(1), UnixMillis(u64::MAX));
    }
}
