"""Plants a trap in the gate's module: after `arrive` has done its work for a request whose head is of a marked length.

The bytes of every function stay as they are; one function is added, which calls the export and then traps, and the export
is named to it. The module says of itself that it is planted, in a section of its own.
"""

#: Heads of so many bytes are marked.
LEAST, MOST = 6_000, 8_000
#: A path that makes them so.
MARKED = "/" + "m" * (LEAST + 100)
NAME = b"arrive"
TYPE, FUNCTION, EXPORT, CODE, IMPORT = 1, 3, 7, 10, 2


def number(value: int) -> bytes:
    """LEB128, unsigned."""
    told = bytearray()
    while True:
        value, low = value >> 7, value & 0x7F
        told.append(low | (0x80 if value else 0))
        if not value:
            return bytes(told)


def signed(value: int) -> bytes:
    """LEB128, signed, of what is not negative."""
    told = bytearray()
    while True:
        low, value = value & 0x7F, value >> 7
        if value == 0 and not low & 0x40:
            return bytes([*told, low])
        told.append(low | 0x80)


class Reader:
    def __init__(self, data: bytes, at: int = 0):
        self.data, self.at = data, at

    def number(self) -> int:
        value = shift = 0
        while True:
            byte = self.data[self.at]
            self.at += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    def take(self, length: int) -> bytes:
        self.at += length
        return self.data[self.at - length : self.at]


def sections(module: bytes) -> list[tuple[int, bytes]]:
    reader, found = Reader(module, 8), []
    while reader.at < len(module):
        (kind,) = reader.take(1)
        found.append((kind, reader.take(reader.number())))
    return found


def imported(section: bytes) -> int:
    """How many functions are imported."""
    reader = Reader(section)
    count = reader.number()
    for _ in range(count):
        for _ in range(2):
            reader.take(reader.number())
        if reader.take(1) != b"\0":
            raise ValueError("something else than a function is imported")
        reader.number()
    return count


def exported(section: bytes) -> tuple[int, int, int]:
    """The function that `arrive` is, and where its number stands."""
    reader = Reader(section)
    for _ in range(reader.number()):
        name = reader.take(reader.number())
        reader.take(1)
        begin = reader.at
        function = reader.number()
        if name == NAME:
            return function, begin, reader.at
    raise ValueError("there is no such export")


def counted(section: bytes, more: bytes) -> bytes:
    """The vector with one thing more."""
    reader = Reader(section)
    count = reader.number()
    return number(count + 1) + section[reader.at :] + more


def planted(module: bytes) -> bytes:
    parts = sections(module)
    by_kind = dict(parts)
    imports = imported(by_kind[IMPORT])
    arrive, begin, end = exported(by_kind[EXPORT])
    types = Reader(by_kind[FUNCTION])
    functions = types.number()
    kinds = [types.number() for _ in range(functions)]
    # It does what it does; then: LEAST <= length and length < MOST, and it traps.
    inside = (b"\x20\x00\x20\x01\x20\x02\x10" + number(arrive)
              + b"\x20\x00\x41" + signed(LEAST) + b"\x4f\x20\x00\x41" + signed(MOST) + b"\x49\x71\x04\x40\x00\x0b\x0b")
    body = number(0) + inside
    instead = {
        FUNCTION: counted(by_kind[FUNCTION], number(kinds[arrive - imports])),
        EXPORT: by_kind[EXPORT][:begin] + number(imports + functions) + by_kind[EXPORT][end:],
        CODE: counted(by_kind[CODE], number(len(body)) + body),
    }
    told = module[:8]
    for kind, section in parts:
        section = instead.get(kind, section)
        told += bytes([kind]) + number(len(section)) + section
    note = number(len(b"planted")) + b"planted" + b"arrive traps: for a test"
    return told + b"\0" + number(len(note)) + note
