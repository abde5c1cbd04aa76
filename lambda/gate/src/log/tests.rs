//! How many lines there are.

#![expect(clippy::unwrap_used, reason = "a test stops at what should not be")]

use super::*;

#[derive(Clone, Default)]
struct Lines(Arc<Mutex<Vec<u8>>>);

impl Write for Lines {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Lines {
    fn count(&self, word: &str) -> usize {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap().matches(word).count()
    }
}

#[test]
fn each_kind_has_so_many_lines_a_second_and_what_was_left_out_is_told_in_a_later_one() {
    let lines = Lines::default();
    let log = Log::new(Box::new(lines.clone()));
    for about in [About::Unproven, About::Proven, About::Failed] {
        for _ in 0..1_000 {
            log.say_in(7, about, "info", &format!("{about:?}"), json!({}));
        }
    }
    assert_eq!(["Unproven", "Proven", "Failed"].map(|kind| lines.count(kind)), [10, 100, 100]);
    log.tell_left_out_in(7);
    assert_eq!(lines.count("requests_left_out"), 0, "the second is not over");
    log.say_in(8, About::Proven, "info", "Proven", json!({}));
    log.tell_left_out_in(8);
    log.tell_left_out_in(9);
    assert_eq!(lines.count("Proven"), 101);
    let told =
        r#"{"event":"requests_left_out","failed":900,"level":"warn","proven":900,"unproven":990}"#;
    assert_eq!((lines.count("requests_left_out"), lines.count(told)), (1, 1));
}

#[test]
fn what_is_said_of_the_environment_itself_is_never_left_out() {
    let lines = Lines::default();
    let log = Log::new(Box::new(lines.clone()));
    for _ in 0..1_000 {
        log.say("info", "started", json!({}));
    }
    assert_eq!(lines.count("started"), 1_000);
}
