"""What is broken, and not noticed at once, is played once more.

A guard that goes red nearly always is a guard: that one play was not noticed may be a race in how it was played, which is no
proof that nobody watches. So what is seen at the second try counts as seen, and is told; what is seen in neither is red. This is
for what is broken and must go red, and for nothing else: an ordinary test that is red is red.
"""

from collections.abc import Callable

#: How xtask knows what is to be read although all was well.
TOLD = "tollgate-told "


def unnoticed(name: str, play: Callable[[], str | None]) -> str | None:
    """Why what is broken is not noticed, in neither of two plays; nothing if it is. `play` says the same of one play."""
    first = play()
    if first is None:
        return None
    second = play()
    if second is None:
        print(f"{TOLD}{name}: seen at the second try; at the first: {' '.join(first.split())[:300]}", flush=True)
    return second
