//! Parts are put into a frame and come out of it, and a frame that lies gives none.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use tollgate_store_cloudflare::{
    frame::{PART_MAX, parts, push_part},
    message::MessageError,
};

#[test]
fn parts_come_apart_as_they_were_put_together() {
    let longest = vec![7; PART_MAX];
    for two in [[&b""[..], b""], [b"a", b""], [b"", b"bc"], [b"answer", b"head"], [b"x", &longest]]
    {
        let mut frame = vec![];
        for part in two {
            push_part(part, &mut frame).unwrap();
        }
        assert_eq!(parts::<2>(&frame), Ok(two));
        assert_eq!(parts::<1>(&frame), Err(MessageError::Framing));
        assert_eq!(parts::<3>(&frame), Err(MessageError::Framing));
        frame.push(0);
        assert_eq!(parts::<2>(&frame), Err(MessageError::Framing));
    }
    assert_eq!(parts::<0>(b""), Ok([]));
    assert_eq!(push_part(&vec![0; PART_MAX + 1], &mut vec![]), Err(MessageError::TooLong));
}

#[test]
fn a_frame_that_was_cut_off_or_lies_about_lengths_is_refused() {
    let mut frame = vec![];
    for part in [&b"answer"[..], b"head"] {
        push_part(part, &mut frame).unwrap();
    }
    for len in 0..frame.len() {
        assert_eq!(parts::<2>(frame.get(..len).unwrap()), Err(MessageError::Framing));
    }
    for (lie, error) in [
        ([0, 0, 0, 5], MessageError::TooLong),
        ([0, 0, 0, 7], MessageError::Framing),
        ([0, 4, 0, 1], MessageError::TooLong),
        ([255; 4], MessageError::TooLong),
    ] {
        let mut lying = frame.clone();
        lying.get_mut(..4).unwrap().copy_from_slice(&lie);
        assert_eq!(parts::<2>(&lying), Err(error), "{lie:?}");
    }
}
