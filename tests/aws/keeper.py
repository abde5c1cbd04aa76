"""Who keeps secrets, played: it answers whatever a test wants, and says whether it was asked as AWS's own client asks."""

import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

#: Between two bytes of an answer that is never complete.
DRIBBLE_S = 0.2
#: For how long nothing is said at most: longer than anybody waits.
SILENT_S = 60


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: "Keeper"

    def log_message(self, *_):
        pass

    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((dict(self.headers), body))
        kind, *given = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        getattr(self, f"say_{kind}")(*given)

    def say_plain(self, status: int, body: bytes | str, **headers: str):
        body = body.encode() if isinstance(body, str) else body
        self.send_response(status)
        for name, value in {"Content-Type": "application/x-amz-json-1.1", "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def say_moved(self, where: str):
        self.send_response(307)
        self.send_header("Location", where)
        self.send_header("Content-Length", "0")
        self.end_headers()

    def say_nothing(self):
        self.server.over.wait(SILENT_S)
        self.close_connection = True

    def say_half(self, body: str):
        """Less than was announced, and then the end."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body.encode()[: len(body) // 2])
        self.close_connection = True

    def say_dribble(self, body: str):
        """One byte after the other, and never the last."""
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        for byte in body.encode()[:-1]:
            if self.server.over.wait(DRIBBLE_S):
                break
            self.wfile.write(bytes([byte]))
            self.wfile.flush()
        self.close_connection = True

    def say_closed(self):
        self.connection.shutdown(socket.SHUT_RDWR)
        self.close_connection = True


class Keeper(ThreadingHTTPServer):
    """Answers one after the other, and the last one again and again."""

    daemon_threads = True

    def __init__(self, *answers: tuple):
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers, self.asked, self.over = list(answers), [], threading.Event()
        threading.Thread(target=self.serve_forever, daemon=True).start()

    def handle_error(self, request, client_address):
        """Whoever asked has gone: that is what some cases are about."""

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.over.set()
        self.shutdown()
        self.server_close()


def signature(headers: dict[str, str], body: bytes, url: str, service: str, region: str, credentials: Credentials) -> str:
    """What AWS's own client would have written into `Authorization` for this request."""
    given = {name.lower(): value for name, value in headers.items()}
    signed = given["authorization"].split("SignedHeaders=")[1].split(",")[0].split(";")
    request = AWSRequest("POST", url, {name: given[name] for name in signed}, body)
    request.context["timestamp"] = given["x-amz-date"]
    signer = SigV4Auth(credentials, service, region)
    told = signer.string_to_sign(request, signer.canonical_request(request))
    scope = signer.scope(request)
    return f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders={';'.join(signed)}, Signature={signer.signature(told, request)}"


def is_recent(headers: dict[str, str]) -> bool:
    given = {name.lower(): value for name, value in headers.items()}
    at = time.strptime(given["x-amz-date"], "%Y%m%dT%H%M%SZ")
    return abs(time.mktime(at) - time.timezone - time.time()) < 300


def parameter(text: str) -> str:
    return json.dumps({"Parameter": {"Name": "tollgate", "Type": "SecureString", "Value": text, "Version": 1}})


def secret(text: object) -> str:
    return json.dumps({"Name": "tollgate", "SecretString": text, "VersionId": "1"})
