//! Storms: what is lost, late, repeated, and what dies, freezes, steps or is restored.

use super::{Cut, Event, Faults, World};

impl World {
    pub(super) fn weather(&mut self) {
        let (storm_us, calm_us) = self.settings.weather_us;
        self.storm_until_us = self.now_us + storm_us;
        self.after(storm_us + calm_us, Event::Weather);
    }

    pub(super) fn storm(&self) -> bool {
        self.now_us < self.storm_until_us
    }

    /// Something dies, freezes, steps, or is restored.
    pub(super) fn fault(&mut self) {
        let next = self.random.exponential(self.settings.faults.gap_us);
        self.after(next, Event::Fault);
        if !self.storm() {
            return;
        }
        let gate = self.below(self.gates.len());
        let ms = self.random.one_of(&[300, 900, 1_500, 6_000]);
        match self.random.below(12) {
            0 => self.gates[gate].restart(),
            1 => {
                let relay = self.below(self.relays.len());
                self.relays[relay].restart();
                self.fault_us = self.fault_us.max(self.now_us);
            }
            2 | 3 if self.ledger.running() => {
                self.ledger.crash();
                self.publishing = None;
                self.fault_us = self.fault_us.max(self.now_us);
                let down = self.random.within(50_000, 2_500_000);
                self.after(down, Event::Start);
            }
            4 => self.back_up(),
            5 if self.ledger.running() => self.restore(),
            // A freeze below a second and a wall clock that steps back as far can hide each other: the
            // specification says so, so no gate here has both.
            6..9 if gate.is_multiple_of(2) && self.gates[gate].frozen_until_us <= self.now_us => {
                let stands_still = self.random.happens(700);
                self.freeze(gate, ms, stands_still);
            }
            _ if self.settings.clocks_off => {
                let ms = i64::try_from(self.random.below(20_000)).expect("small");
                let back = !gate.is_multiple_of(2) && self.random.happens(500);
                let step_us = if back { -ms * 1_000 } else { ms * 1_000 };
                self.gates[gate].clocks.wall_off_us += step_us;
                self.gates[gate].upset_us = self.now_us;
            }
            _ => {}
        }
    }

    /// Sends a message on its way, or not, or twice.
    pub(super) fn travel(&mut self, way: Option<Cut>, event: Event) {
        if way.is_some_and(|way| self.cut.contains(&way)) {
            return;
        }
        let faults = if self.storm() { self.settings.faults } else { Faults::default() };
        let copies = if self.random.happens(faults.repeated) { 2 } else { 1 };
        for _ in 0..copies {
            let mut way_us = self.settings.way_us;
            if faults.late_us > 0 {
                way_us += self.random.below(faults.late_us);
            }
            if self.random.happens(faults.held) {
                way_us += self.random.below(8_000_000);
            }
            let lost = self.random.happens(faults.lost);
            if lost || way_us > self.settings.way_us {
                self.fault_us = self.fault_us.max(self.now_us);
            }
            if !lost {
                self.after(way_us, event.clone());
            }
        }
    }
}
