"""`template.yaml` as AWS reads it: translated from SAM, and with its functions resolved for given parameters.

What only exists once it is deployed is written as `<Ledger>` or `<Ledger.Arn>`.
"""

import contextlib
import io
import json
import logging
import os
import re
from pathlib import Path
from unittest.mock import MagicMock

os.environ.setdefault("AWS_DEFAULT_REGION", "eu-central-1")

from samtranslator.translator.transform import transform  # noqa: E402 - it asks for a region when it is imported
from samtranslator.yaml_helper import yaml_parse  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]
FILE = ROOT / "template.yaml"
SECRET = "arn:aws:secretsmanager:eu-central-1:123456789012:secret:tollgate-AbCdEf"
PARAMETER = "arn:aws:ssm:eu-central-1:123456789012:parameter/tollgate"
GIVEN = {"Api": "both", "OriginUrl": "https://origin.example.com", "SecretArn": SECRET}
PSEUDO = {"AWS::Region": "eu-central-1", "AWS::AccountId": "123456789012", "AWS::Partition": "aws", "AWS::URLSuffix": "amazonaws.com"}
NOTHING = object()

logging.getLogger("samtranslator").setLevel(logging.CRITICAL)


def read(text: str | None = None) -> dict:
    """The template, or the text of a copy of it."""
    return yaml_parse(FILE.read_text() if text is None else text)


def translated(told: dict) -> dict:
    """What SAM makes of it. The code is taken for built and uploaded."""
    told = json.loads(json.dumps(told))
    for one in told["Resources"].values():
        if one["Type"] == "AWS::Serverless::Function":
            one["Properties"]["CodeUri"] = "s3://tollgate-artifacts/authorizer.zip"
    policies = MagicMock()
    policies.load.return_value = {}
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        # Parameters stay references: they are resolved below.
        return transform(told, {}, policies)


class Resolved:
    """A translated template for given parameters."""

    def __init__(self, told: dict, given: dict | None = None):
        self.told = told
        chosen = {**GIVEN, **(given or {})}
        unknown = chosen.keys() - told["Parameters"].keys()
        assert not unknown, f"the template has no {unknown}"
        self.parameters = {name: chosen.get(name, one.get("Default")) for name, one in told["Parameters"].items()}
        for name, one in told["Parameters"].items():
            value, pattern = self.parameters[name], one.get("AllowedPattern")
            assert value is not None, f"{name} has no value"
            assert not pattern or re.fullmatch(pattern, str(value)), f"{name} may not be {value}"
            assert "AllowedValues" not in one or value in one["AllowedValues"], f"{name} may not be {value}"
        self.resources = {
            name: {key: value for key, value in ((key, self.value(value)) for key, value in one.items()) if value is not NOTHING}
            for name, one in told["Resources"].items()
            if "Condition" not in one or self.holds(one["Condition"])
        }

    def of(self, kind: str) -> dict[str, dict]:
        """The properties of all resources of a kind, by their names."""
        return {name: one["Properties"] for name, one in self.resources.items() if one["Type"] == kind}

    def holds(self, condition: str) -> bool:
        return self.value(self.told["Conditions"][condition])

    def value(self, node):
        if isinstance(node, list):
            return [one for one in map(self.value, node) if one is not NOTHING]
        if not isinstance(node, dict):
            return node
        if len(node) == 1:
            ((name, of),) = node.items()
            if name == "Ref":
                return NOTHING if of == "AWS::NoValue" else self.ref(of)
            if name == "Condition" and isinstance(of, str):
                return self.holds(of)
            if name.startswith("Fn::"):
                return getattr(self, "fn_" + name[4:].lower())(of)
        found = {key: self.value(value) for key, value in node.items()}
        return {key: value for key, value in found.items() if value is not NOTHING}

    def ref(self, name: str):
        if name in PSEUDO:
            return PSEUDO[name]
        if name in self.parameters:
            return self.parameters[name]
        assert name in self.told["Resources"], f"nothing is called {name}"
        return f"<{name}>"

    def fn_getatt(self, of):
        name, field = of.split(".") if isinstance(of, str) else of
        assert name in self.told["Resources"], f"nothing is called {name}"
        return f"<{name}.{field}>"

    def fn_sub(self, text):
        return re.sub(r"\$\{([\w:.]+)\}", lambda found: str(
            self.fn_getatt(found[1]) if "." in found[1] else self.ref(found[1])), text)

    def fn_if(self, of):
        condition, yes, no = of
        return self.value(yes if self.holds(condition) else no)

    def fn_equals(self, of):
        left, right = map(self.value, of)
        return str(left) == str(right)

    def fn_not(self, of):
        return not self.value(of[0])

    def fn_or(self, of):
        return any(map(self.value, of))

    def fn_and(self, of):
        return all(map(self.value, of))

    def fn_split(self, of):
        by, text = of
        return self.value(text).split(by)

    def fn_select(self, of):
        at, items = of
        return self.value(items)[int(at)]

    def fn_join(self, of):
        by, items = of
        return by.join(map(str, self.value(items)))


def resolved(text: str | None = None, given: dict | None = None) -> Resolved:
    """The template, or the text of a copy of it, for these parameters."""
    return Resolved(translated(read(text)), given)
