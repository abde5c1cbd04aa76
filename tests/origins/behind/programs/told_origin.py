"""An origin that verifies nothing itself: Envoy in front of it tells it who calls. What it answers is in `../origin.py`."""

import base64
import json
import os
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

TOLD = json.loads(os.environ["ORIGIN"])


def read(part: str) -> dict:
    return json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        told = {name: self.headers.get(f"x-tollgate-{name}") for name in ("key", "owner", "tenant", "env", "plan", "scopes")}
        told["scopes"] = told["scopes"] and json.loads(base64.b64decode(told["scopes"] + "=" * (-len(told["scopes"]) % 4)))
        # For the test alone: which token it was.
        token = self.headers.get("Tollgate-Identity")
        header, claims = (read(part) for part in token.split(".")[:2])
        bound = None
        if "jti" in claims:
            bound = [claims["tg"]["method"], base64.urlsafe_b64decode(claims["tg"]["path"] + "==").decode()]
        body = json.dumps({**told, "kid": header["kid"], "expires_at": claims["exp"], "bound": bound, "token": token}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    do_POST = do_GET

    def log_message(self, *_):
        pass


ThreadingHTTPServer(("127.0.0.1", TOLD["port"]), Handler).serve_forever()
