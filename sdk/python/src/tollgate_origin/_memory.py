"""What a verifier remembers, each within a bound: tokens that were good, and tokens that were used."""

from __future__ import annotations

import threading
from collections import OrderedDict

from ._token import Bad, KeySet
from .identity import Identity

_Mark = tuple[str, str, bytes]


class Remembered:
    """Tokens without binding that were verified: the signature is not computed again while the key is the same.

    Times are judged at every use. When it is full the oldest goes, which is nearly the first to expire.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[bytes, tuple[_Mark, Identity]] = OrderedDict()
        self._lock = threading.Lock()

    def __len__(self) -> int:
        return len(self._held)

    def find(self, token: bytes) -> Identity | None:
        held = self._held.get(token)
        return held[1] if held else None

    def holds(self, token: bytes, keys: KeySet) -> bool:
        """Whether the key that it was verified with is still one of these."""
        held = self._held.get(token)
        key = keys.find(held[0][0]) if held else None
        return held is not None and key is not None and key.mark == held[0]

    def keep(self, token: bytes, keys: KeySet, identity: Identity) -> None:
        key = keys.find(identity.kid)
        if self._most == 0 or identity.binding is not None or key is None:
            return
        with self._lock:
            self._held[token] = (key.mark, identity)
            while len(self._held) > self._most:
                self._held.popitem(last=False)

    def forget(self, token: bytes) -> None:
        with self._lock:
            self._held.pop(token, None)


class Used:
    """Bound tokens that were used, until they could not be used any more.

    When it is full of tokens that still could, further ones are refused: none is used twice for want of room.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._until: dict[str, int] = {}
        #: When the first of them can be forgotten: a full memory is not gone through before, by whomever.
        self._first = 0
        self._latest = 0
        self._lock = threading.Lock()

    def take(self, identity: Identity, skew_ms: int, now_ms: int) -> None:
        if self._most == 0 or identity.binding is None:
            return
        ends = identity.expires_at * 1000 + skew_ms
        with self._lock:
            self._latest = max(self._latest, now_ms)
            if ends <= self._latest:
                # The clock was set back: this one may have been forgotten already.
                raise Bad("expired")
            if identity.binding.jti in self._until:
                raise Bad("replayed")
            if len(self._until) >= self._most and self._first <= self._latest:
                self._until = {jti: end for jti, end in self._until.items() if end > self._latest}
                self._first = min(self._until.values(), default=ends)
            if len(self._until) >= self._most:
                raise Bad("replay_full")
            self._first = min(self._first, ends) if self._until else ends
            self._until[identity.binding.jti] = ends
