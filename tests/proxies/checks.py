"""What is expected, and what is not so."""


class Checks:
    """What is expected, and what is not so."""

    def __init__(self):
        self.faults: list[str] = []
        self.checks = 0

    def expect(self, holds, text: str) -> bool:
        self.checks += 1
        if not holds:
            self.faults.append(text)
        return bool(holds)
