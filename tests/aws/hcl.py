"""HCL as plain values, whichever of its two parsers is installed: python-hcl2, or the older one that checkov brings along."""

from pathlib import Path

import hcl2


def plain(value):
    """Without the quotes, escapes and marks that the parsers keep."""
    if isinstance(value, dict):
        return {plain(name): plain(one) for name, one in value.items() if not str(name).startswith("__")}
    if isinstance(value, list):
        return [plain(one) for one in value]
    if isinstance(value, str):
        value = value[1:-1] if len(value) > 1 and value[0] == value[-1] == '"' else value
        return value if value.startswith("${") and value.endswith("}") else value.replace('\\"', '"').replace("\\\\", "\\")
    return value


def unwrapped(value):
    """Of the older parser: every attribute and every single block is in a list of its own."""
    if isinstance(value, list) and len(value) == 1:
        return unwrapped(value[0]) if isinstance(value[0], dict) else plain(value[0])
    if isinstance(value, list):
        return [unwrapped(one) for one in value]
    return {plain(name): unwrapped(one) for name, one in value.items() if not name.startswith("__")} if isinstance(value, dict) else plain(value)


def is_block(value) -> bool:
    """Whether it is a block, or the label of one with the block."""
    return isinstance(value, dict) and ("__is_block__" in value or any(isinstance(one, dict) and "__is_block__" in one for one in value.values()))


def unblocked(value):
    """Of the newer one: a single block is in a list, and says that it is a block."""
    if isinstance(value, list) and value and all(map(is_block, value)):
        return unblocked(value[0]) if len(value) == 1 else [unblocked(one) for one in value]
    if isinstance(value, dict):
        return {plain(name): unblocked(one) for name, one in value.items() if not str(name).startswith("__")}
    return plain(value)


class Module:
    """All files of a folder."""

    def __init__(self, folder: Path):
        self.blocks: dict[str, list] = {}
        for path in sorted(folder.glob("*.tf")):
            with path.open() as file:
                for kind, blocks in hcl2.load(file).items():
                    if not kind.startswith("__"):
                        self.blocks.setdefault(kind, []).extend(blocks)

    def of(self, kind: str, *labels: str) -> dict:
        """What stands in the block of these labels."""
        for block in self.blocks.get(kind, []):
            found = block
            for label in labels:
                found = {plain(name): one for name, one in found.items()}.get(label)
                if found is None:
                    break
            else:
                return self.value(found)
        raise KeyError(f"no {kind} {' '.join(labels)}")

    def names(self, kind: str, label: str | None = None) -> list[str]:
        """The labels below `kind`, or below `kind` and `label`."""
        found = []
        for block in self.blocks.get(kind, []):
            for name, one in block.items():
                if not str(name).startswith("__"):
                    found += [plain(name)] if label is None else [plain(inner) for inner in one if plain(name) == label]
        return found

    def locals(self) -> dict:
        return {name: one for block in self.blocks.get("locals", []) for name, one in self.value(block).items()}

    @staticmethod
    def value(block):
        return unwrapped(block) if "__start_line__" in block else unblocked(block)
