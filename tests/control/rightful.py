"""What schemathesis takes for a finding and is right all the same: each kind with its reason, each time counted.

A schema says which values are right by themselves. What is wrong between fields, with what there is, or with a version
that somebody else has changed meanwhile, no schema says; a value that it could have told is a finding here too.
"""

import json
import re
import urllib.parse
from dataclasses import dataclass
from typing import Callable

from schemathesis.core.failures import Failure
from schemathesis.openapi.checks import MissingHeaderNotRejected, RejectedPositiveData, UseAfterFree

#: Problems that are about what there is, or about all of a request.
TOGETHER = {
    (412, "version_differs"): "the version that If-Match names is another one",
    (400, "cursor_invalid"): "a cursor is of one query, and of no other",
    (422, "retry_differs"): "the Idempotency-Key was another request's",
}
BOUND = r"(/defaults)?/(metadata|labels)(/.*)?|/name|/naming/(prefix|suffix)"
MAKES_KEYS = ("POST /api/keys", "POST /api/api-keys", "POST /api/auth/apikey/generate")
CHANGES_KEYS = ("/api/keys/{id}", "/api/api-keys/{id}")


@dataclass(frozen=True)
class Rule:
    """One code, at the places where no schema tells it, under a condition."""

    code: str
    place: str
    why: str
    holds: Callable = lambda case, place: True

    def fits(self, case, finding: dict, place: str) -> bool:
        return finding["code"] == self.code and bool(re.fullmatch(self.place, place)) and self.holds(case, place)


def at(body, pointer: str):
    """What stands at a pointer; nothing where the body has no such place."""
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, TypeError, ValueError):
            return None
    return body


def makes(case, place: str) -> bool:
    return case.operation.label in MAKES_KEYS


def made_without(case, place: str) -> bool:
    """Whether a key is to be made, and its maker leaves this to the template."""
    return makes(case, place) and at(case.body, place) is None


def by_template(case, place: str) -> bool:
    """Whether a key is made by a template, or one is changed that may have been."""
    return makes(case, place) and at(case.body, "/template") is not None or case.operation.path in CHANGES_KEYS


def is_whole(case, place: str) -> bool:
    """Whether a number stands there that has a fraction of zero."""
    value = at(case.body, place)
    return isinstance(value, float) and value.is_integer()


def is_long(case, place: str) -> bool:
    """Whether something stands there, or is named so, that has more bytes than characters."""
    text = json.dumps([place, at(case.body, place)], ensure_ascii=False)
    return len(text.encode("utf-8", "replace")) > len(text)


RULES = (
    Rule("conflict", r"/(expires|not_before)", "a key ends after it begins"),
    Rule("conflict", r"(/defaults)?/(limits|quotas)/\d+/name", "limits and quotas have names of their own"),
    Rule("conflict", r"/defaults/lifetime_ms", "a life is no longer than the longest"),
    Rule("conflict", r"/naming/(prefix|suffix)", "where names are plain, what they begin and end with is"),
    Rule("conflict", r"\?from", "a span begins before it ends, and is of bounded length"),
    Rule("conflict", r"\?chain", "a chain that is of no tenant is asked for without one"),
    Rule("not_allowed", r"/[a-z_]+", "its template does not let it", by_template),
    Rule("unknown_name", r"(/defaults)?/env|/template|/roles/\d+", "it names what there is not"),
    Rule("required", r"/(env|limits)", "no template says it either", made_without),
    Rule("required", r"/name", "its template has a rule for names", by_template),
    Rule("not_integer", r"/.*", "1.0 is refused where 1 is due, which JSON Schema takes for the same", is_whole),
    Rule("too_long", BOUND, "it is bounded in bytes, which JSON Schema cannot count", is_long),
    Rule("out_of_range", r"/(expires|not_before)", "it is an instant that is over"),
    Rule("out_of_range", r"\?after", "an export goes on after an entry that there is"),
)


def reason(failure: Failure, case, response, state) -> str | None:
    """Why it is right; none if it is a finding. `state` says of a key's id in which state it is shown."""
    if isinstance(failure, MissingHeaderNotRejected) and response.status_code == 428:
        return "a missing If-Match is answered 428, which is there for that"
    if isinstance(failure, UseAfterFree):
        key = urllib.parse.unquote((case.path_parameters or {}).get("id", ""))
        if case.path.startswith(("/api/keys/", "/api/api-keys/")) and state(key) == "revoked":
            return "a key that was deleted is shown as revoked, with the reason"
    if isinstance(failure, RejectedPositiveData):
        return refused(case, response)
    return None


def refused(case, response) -> str | None:
    """Why what each schema takes is refused."""
    if response.status_code not in (400, 412, 422):
        return None
    problem = json.loads(response.content)
    told = (response.status_code, problem["code"])
    shown = [(case.headers or {}).get(name, "") for name in ("X-API-Key", "Authorization")]
    if told == (400, "request_invalid") and any("," in value for value in shown):
        return "a header that shows a key is no list, which a security scheme cannot say"
    if told in TOGETHER:
        return TOGETHER[told]
    reasons = [of(case, finding) for finding in problem.get("errors", [])]
    return reasons[0] if reasons and all(reasons) else None


def of(case, finding: dict) -> str | None:
    place = finding.get("pointer") or "?" + finding.get("parameter", "")
    return next((rule.why for rule in RULES if rule.fits(case, finding, place)), None)
