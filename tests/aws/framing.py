"""Where one HTTP message ends and the next begins, as both peers here write them: with a length, and not in chunks."""

import re

_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


def parted(held: bytes) -> tuple[bytes, bytes, bytes] | None:
    """The head and the body of the first message, and what follows it; nothing while some of it is still to come."""
    end = held.find(b"\r\n\r\n")
    if end < 0:
        return None
    head = held[: end + 4]
    length = _LENGTH.search(head)
    total = end + 4 + (int(length[1]) if length else 0)
    return (head, held[end + 4 : total], held[total:]) if len(held) >= total else None
