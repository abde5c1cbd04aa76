"""What ops take and give: the conventions of docs/spec/README.md, "Conformance"."""


class Refused(Exception):
    """A refusal or an error with its code. The op that raises it answers `{"error": code}`."""

    def __init__(self, code: str):
        super().__init__(code)
        self.code = code


def octets(text) -> bytes:
    """The bytes meant by a text that may hold arbitrary bytes."""
    if isinstance(text, str):
        return text.encode("utf-8")
    if isinstance(text, list):
        return b"".join(octets(part) for part in text)
    if "hex" in text:
        return bytes.fromhex(text["hex"])
    return text["repeat"].encode("utf-8") * text["times"]


def text(data: bytes):
    """The shortest way to write bytes as a text: as a string if they are UTF-8, else as hex."""
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return {"hex": data.hex()}


def integer(value) -> int:
    """An integer that may be given as a decimal string because it may exceed 2^53."""
    return int(value)
