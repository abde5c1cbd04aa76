"""What a client is told of each refusal: byte for byte what the gate tells it."""

import json

ID = "0123456789abcdef"
FACES = (
    ("credential_missing", 401, "Credential missing", "The request presents no API key.", ""),
    ("key_invalid", 401, "Key invalid", "The API key is not valid.", ', error="invalid_token"'),
    ("request_invalid", 400, "Request invalid",
     "The request has a header that an origin could take for Tollgate-Identity. Leave it out.", ', error="invalid_request"'),
    ("scope_missing", 403, "Scope missing", "The key lacks a scope that this request needs.",
     ', error="insufficient_scope", scope="orders:write *:read"'),
    ("unavailable", 503, "Unavailable", "The request cannot be judged at the moment.", None),
)


def answers():
    for code, status, title, detail, challenge in FACES:
        fields = [["retry-after", "1"]] if challenge is None else [["www-authenticate", f'Bearer realm="api"{challenge}']]
        fields += [["content-type", "application/problem+json"], ["cache-control", "no-store"]]
        body = json.dumps(
            {"type": "about:blank", "title": title, "status": status, "detail": detail,
             "instance": f"urn:tollgate:request:{ID}", "code": code},
            separators=(",", ":"),
        )
        required = ["orders:write", "*:read"] if code == "scope_missing" else []
        for method, told in (("GET", body + "\n"), ("HEAD", "")):
            yield {"code": code, "required": required, "method": method, "request_id": ID,
                   "out": {"status": status, "fields": fields, "body": told}}
