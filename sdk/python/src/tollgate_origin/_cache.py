"""The keys that are held, how old they may be, and when they are fetched again.

* Younger than `fresh_s`: used.
* Older: used, and fetched again behind the requests.
* Older than `max_age_s` without a good answer: not used any more.
* A `kid` that is not known: fetched again, at most once in `refetch_s`, whoever asks.

A good answer replaces all keys. So a key that the gate has removed goes with the next answer, and if none comes
with its `max_age_s`.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass

from ._token import Bad, KeySet

_LOG = logging.getLogger("tollgate_origin")

#: With no key in hand nothing can be served, so that is tried again sooner.
RETRY_S = 1.0

Fetch = Callable[[], KeySet]


@dataclass(frozen=True)
class Ages:
    """What the module says of times, in seconds."""

    fresh_s: float = 60.0
    max_age_s: float = 300.0
    refetch_s: float = 10.0
    deadline_s: float = 2.0


@dataclass(frozen=True)
class Instant:
    """Both clocks: one can be set back, and the other stands still while a machine sleeps."""

    steady_s: float
    wall_s: float

    def since(self, earlier: Instant) -> float:
        return max(self.steady_s - earlier.steady_s, self.wall_s - earlier.wall_s)


def now() -> Instant:
    return Instant(time.monotonic(), time.time())


def in_thread(work: Callable[[], None]) -> None:
    threading.Thread(target=work, name="tollgate-jwks", daemon=True).start()


class Keys:
    """Keys that are fetched when they are needed. At most one fetch is under way."""

    def __init__(
        self,
        fetch: Fetch,
        ages: Ages,
        *,
        clock: Callable[[], Instant] = now,
        run: Callable[[Callable[[], None]], None] = in_thread,
    ) -> None:
        self._fetch, self._ages, self._clock, self._run = fetch, ages, clock, run
        self._lock = threading.Lock()
        self._held: KeySet | None = None
        self._came: Instant | None = None
        self._tried: Instant | None = None
        self._flight: Future[None] | None = None
        self._said: Instant | None = None

    def look(self, kid: str) -> tuple[KeySet | None, Future[None] | None]:
        """The keys that may be used now, and what to wait for if they are not enough for this `kid`."""
        at = self._clock()
        with self._lock:
            if self._tried is not None and at.since(self._tried) > self._ages.deadline_s + RETRY_S:
                # Whatever holds it up (looking up a name has no deadline), it does not stand in the way.
                self._flight = None
            held = self._usable(at)
            enough = held is not None and held.find(kid) is not None
            start = self._flight is None and self._is_due(at, held, enough)
            if start:
                self._tried, self._flight = at, Future()
                # Others wait for it as well: whoever gives up must not cancel it.
                self._flight.set_running_or_notify_cancel()
            flight = self._flight
        if start and flight is not None:
            self._depart(flight, at)
        return held, None if enough else flight

    def _usable(self, at: Instant) -> KeySet | None:
        if self._came is None or at.since(self._came) >= self._ages.max_age_s:
            return None
        return self._held

    def _is_due(self, at: Instant, held: KeySet | None, enough: bool) -> bool:
        waited = None if self._tried is None else at.since(self._tried)
        if held is None or self._came is None:
            return waited is None or waited >= RETRY_S
        if enough and at.since(self._came) < self._ages.fresh_s:
            return False
        return waited is None or waited >= self._ages.refetch_s

    def _depart(self, flight: Future[None], began: Instant) -> None:
        try:
            self._run(lambda: self._land(flight, began))
        except RuntimeError:
            # The machine has no thread left. Whoever waits must not wait for a flight that never lands.
            self._say("no thread could be started")
            self._end(flight, began, None)

    def _land(self, flight: Future[None], began: Instant) -> None:
        found: KeySet | None = None
        try:
            found = self._fetch()
        except Bad as bad:
            self._say(bad.reason)
        except Exception as error:  # Whatever it is, it must not end in a flight that never lands.
            self._say(type(error).__name__)
        finally:
            self._end(flight, began, found)

    def _say(self, reason: str) -> None:
        """Tells the operator, and not each time: with no key in hand there may be a fetch each second."""
        at = self._clock()
        with self._lock:
            is_due = self._said is None or at.since(self._said) >= self._ages.refetch_s
            if is_due:
                self._said = at
        if is_due:
            _LOG.warning("the keys of the gate could not be had: %s", reason)

    def _end(self, flight: Future[None], began: Instant, found: KeySet | None) -> None:
        with self._lock:
            # One that was given up may bring what a later one has replaced.
            if self._flight is flight:
                self._flight = None
                if found is not None:
                    # As old as the question: the gate may have answered it at once.
                    self._held, self._came = found, began
        flight.set_result(None)


class Fixed:
    """Keys that were given and never change."""

    def __init__(self, held: KeySet) -> None:
        self._held = held

    def look(self, kid: str) -> tuple[KeySet | None, Future[None] | None]:
        return self._held, None
