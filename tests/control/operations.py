"""`python -m control.operations`: every operation of the OpenAPI document is refused to whoever may not do it.

The cases are made of the document that the command itself serves. What an operation needs that is not known here is
a red row and no gap.
"""

import argparse
import base64
import hashlib
import json
import re
import sys
from pathlib import Path

from openapi_spec_validator import OpenAPIV31SpecValidator

from .deployed import Answer, Deployment

#: What there is of a tenant that others may not see; `{...}` in paths is filled with it, or with what there is not.
OURS, THEIRS = "globex", "acme"
OWNER = "alice"
NAME = "usual"
#: What there is nowhere.
NOWHERE = {"id": "key_0000000000000000", "n": "1", "tenant": "nobody", "owner": "nobody", "name": "nothing"}
#: What the tenant of the caller's own key cannot be: about the key that asks, or for operators alone. Each says why.
ALIKE = {
    "tenants.list": "it shows tenants to operators only, whoever asks",
    "tenants.create": "it makes tenants for operators only, whoever asks",
    "keys.validate": "a key of another tenant is told as one that there is not",
    "keys.revoke-self": "it is about the key that asks",
    "usage.own": "it is about the key that asks",
    "audit.keys": "the keys that sign are public, and of the deployment",
}
METHODS = ("get", "put", "post", "delete", "patch")


class Operation:
    """One operation of the document, and a request for it."""

    def __init__(self, document: dict, path: str, method: str, said: dict):
        self.path, self.method, self.said = path, method.upper(), said
        self.id = said["operationId"]
        self.name = self.id.split("@")[0]
        self.parameters = said.get("parameters", [])
        body = said.get("requestBody", {}).get("content", {}).get("application/json")
        self.body = None if body is None else json.dumps(body["example"]).encode()

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def is_still(self) -> bool:
        """Whether nothing of a request for it can be varied."""
        return not (self.parameters or self.body or self.said["security"])

    def names(self) -> list[str]:
        return re.findall(r"{([^}]*)}", self.path)

    def asks(self, name: str, place: str) -> bool:
        return any((one["name"], one["in"]) == (name, place) for one in self.parameters)

    def target(self, things: dict[str, str], tenant: str | None = None) -> str:
        target = re.sub(r"{([^}]*)}", lambda match: things[match[1]], self.path)
        return f"{target}?tenant={tenant}" if tenant and self.asks("tenant", "query") else target

    def fields(self) -> dict[str, str]:
        given = {"Content-Type": "application/json"} if self.body else {}
        return {**given, "If-Match": "*"} if self.asks("If-Match", "header") else given

    def scopes(self) -> set[str]:
        """The scopes each of which opens it; none if it needs none."""
        return {scope for way in self.said["security"] for scopes in way.values() for scope in scopes}


def operations(document: dict) -> list[Operation]:
    return [Operation(document, path, method, said) for path, item in document["paths"].items()
            for method, said in item.items() if method in METHODS]


class Held:
    """What held, and what did not."""

    def __init__(self):
        self.tests, self.faults = 0, []

    def expect(self, holds: bool, text: str):
        self.tests += 1
        if not holds:
            self.faults.append(text)


def code(answer: Answer) -> str:
    return answer.json()["code"] if answer.field("content-type") == "application/problem+json" else ""


def same(answer: Answer) -> tuple:
    """All of an answer that may not differ: everything but what names the request."""
    body = re.sub(rb"urn:tollgate:request:[^\"]*", b"", answer.body)
    named = ("date", "x-request-id", "tollgate-request-id")
    return answer.status, sorted((name.lower(), value) for name, value in answer.fields if name.lower() not in named), body


def forged(key: str) -> str:
    """The same key with another symbol near its end."""
    return key[:-9] + ("A" if key[-9] != "A" else "B") + key[-8:]


def unauthorized(deployment: Deployment, one: Operation, things: dict[str, str], keys: dict[str, str], held: Held):
    """Nobody without a key, with one that nobody of ours made, or with one that may do nothing here."""
    target, fields = one.target(things, THEIRS), one.fields()
    for what, key, expected in (
        ("no credential", None, (401, "credential_missing")),
        ("a forged key", forged(keys["admin"]), (401, "key_invalid")),
        ("a word", "tg_live_word", (401, "key_invalid")),
    ):
        answer = deployment.ask(one.method, target, key, one.body, fields)
        told = (answer.status, code(answer))
        held.expect(told == expected, f"{one}: {what} is answered {told}")
        held.expect("Bearer" in answer.field("www-authenticate"), f"{one}: {what} has no challenge")
    if not one.scopes():
        return
    for what in ("nothing", "client"):
        answer = deployment.ask(one.method, target, keys[what], one.body, fields)
        told = (answer.status, code(answer))
        held.expect(told == (403, "scope_missing"), f"{one}: a key with the scopes of {what} is answered {told}")
        challenge = answer.field("www-authenticate")
        named = any(f'scope="{scope}"' in challenge for scope in one.scopes())
        held.expect(named, f"{one}: {challenge} does not name the scope")


def wrong_tenant(deployment: Deployment, one: Operation, things: dict[str, str], keys: dict[str, str], held: Held):
    """A key of another tenant learns nothing: what is there is answered as what is not, byte for byte."""
    places = bool(one.names()) or one.asks("tenant", "query")
    if not places:
        held.expect(one.name in ALIKE, f"{one}: there is no case of another tenant, and nobody says why")
        return
    fields = one.fields()
    theirs = deployment.ask(one.method, one.target(things, THEIRS), keys["other"], one.body, fields)
    nothing = deployment.ask(one.method, one.target(NOWHERE, "nobody"), keys["other"], one.body, fields)
    held.expect(same(theirs) == same(nothing), f"{one}: {same(theirs)} is not {same(nothing)}")
    held.expect(theirs.status == 404, f"{one}: another tenant's is answered {theirs.status} {code(theirs)}")


def reached(deployment: Deployment, one: Operation, things: dict[str, str], keys: dict[str, str], held: Held):
    """Whoever may do it is let through the door: or what was refused above says nothing."""
    answer = deployment.ask(one.method, one.target(things, THEIRS), keys["admin"], one.body, one.fields())
    let = answer.status < 400 or answer.status in (409, 422)
    held.expect(let, f"{one}: whoever may is answered {answer.status} {code(answer)}")


def page(deployment: Deployment, held: Held):
    """The page is shown in its own style, and nothing else may be."""
    answer = deployment.ask("GET", "/api/docs")
    text = answer.body.decode()
    style = re.search(r"<style>(.*?)</style>", text, re.DOTALL)
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode() if style else ""
    policy = answer.field("content-security-policy")
    held.expect(f"style-src 'sha256-{digest}';" in policy, f"the style of the page is none that {policy} lets show")
    held.expect(answer.status == 200 and "<script" not in text, "the page has a script, or is not there")


def run(binary: Path) -> int:
    deployment, held = Deployment(binary), Held()
    try:
        _, admin = deployment.admin()
        _, other = deployment.admin(OURS)
        _, nothing = deployment.key("operators", "admin", [])
        _, client = deployment.key("operators", "admin", ["*:*", "*:read", "*:write"])
        keys = {"admin": admin, "other": other, "nothing": nothing, "client": client}
        deployment.start()
        document = deployment.document()
        OpenAPIV31SpecValidator(document).validate()
        held.tests += 1
        page(deployment, held)
        guarded = [one for one in operations(document) if one.said["security"]]
        opened = sorted(one.path for one in operations(document) if not one.said["security"])
        held.expect(opened == ["/api/docs", "/api/openapi.json"], f"open to everybody: {opened}")
        things = filled(deployment, admin)
        for one in guarded:
            missing = [name for name in one.names() if name not in things or name not in NOWHERE]
            held.expect(not missing, f"{one}: there is nothing here for {missing}: no case of it is played")
            if missing:
                continue
            things = filled(deployment, admin) if one.method != "GET" else things
            unauthorized(deployment, one, things, keys, held)
            wrong_tenant(deployment, one, things, keys, held)
        for one in guarded:
            things = filled(deployment, admin)
            if one.name != "keys.revoke-self" and all(name in things for name in one.names()):
                reached(deployment, one, things, keys, held)
        held.expect(deployment.alive() and "panicked" not in deployment.log(), "the command does not live, or has panicked")
        for fault in held.faults:
            print(f"FAILED {fault}")
        print(f"{len(guarded)} operations, {len(opened)} open to everybody")
        count = 0 if held.faults else held.tests
        print(f"tollgate-tally tests={count} rows=0 held=0 not_applicable=0 skipped=0")
        return 1 if held.faults else 0
    finally:
        deployment.close()


def filled(deployment: Deployment, admin: str, tenant: str = THEIRS) -> dict[str, str]:
    """What there is of a tenant, made anew: an operation may have ended what was made before."""
    key, _ = deployment.key(tenant, OWNER, ["orders:read"])
    for target, body in (
        ("/api/tenants", {"id": tenant}),
        (f"/api/owners?tenant={tenant}", {"id": OWNER, "kind": "user"}),
        (f"/api/roles?tenant={tenant}", {"name": NAME, "scopes": ["orders:read"]}),
        (f"/api/templates?tenant={tenant}", {"name": NAME, "defaults": {"env": "live", "limits": []}}),
    ):
        made = deployment.ask("POST", target, admin, json.dumps(body).encode(), {"Content-Type": "application/json"})
        if made.status not in (201, 409):
            raise RuntimeError(f"{target} is answered {made.status}: {made.body[:300]}")
    for target in (f"/api/tenants/{tenant}/resume", f"/api/owners/{OWNER}/resume?tenant={tenant}"):
        deployment.ask("POST", target, admin)
    return {"id": key, "n": "1", "tenant": tenant, "owner": OWNER, "name": NAME}


def main() -> int:
    parser = argparse.ArgumentParser(prog="control.operations", description=__doc__)
    parser.add_argument("--binary", help="the file that a user would deploy", default="../target/release/tollgate", type=Path)
    return run(parser.parse_args().binary)


if __name__ == "__main__":
    sys.exit(main())
