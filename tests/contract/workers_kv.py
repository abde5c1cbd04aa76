"""Workers KV as workerd asks for it: a namespace behind HTTP, which can be told to be what KV may be at its worst."""

import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote, urlsplit

#: How long a silent namespace keeps who asked waiting, at most.
SILENT_S = 30


class Namespace:
    """What is stored, how often it was asked, and how it answers."""

    def __init__(self):
        self.values: dict[str, bytes] = {}
        self.reads = self.writes = 0
        #: `honest`; `stale`: nothing that is written is ever seen; `silent`; `broken`: 500; or a function from key to
        #: value.
        self.manner = "honest"
        self.ended = threading.Event()
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            # An answer goes out whole and at once.
            disable_nagle_algorithm = True
            wbufsize = -1

            def do_GET(self):
                value = owner.read(key_of(self.path))
                if value is False:
                    self.send_error(500)
                    return
                self.send_response(404 if value is None else 200)
                self.send_header("Content-Length", str(len(value or b"")))
                self.end_headers()
                self.wfile.write(value or b"")

            def do_PUT(self):
                length = self.headers["Content-Length"]
                body = self.rfile.read(int(length)) if length else self.chunks()
                self.send_response(200 if owner.write(key_of(self.path), body) else 500)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def chunks(self) -> bytes:
                body = b""
                while size := int(self.rfile.readline().strip() or b"0", 16):
                    body += self.rfile.read(size)
                    self.rfile.readline()
                self.rfile.readline()
                return body

            def log_message(self, *_):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        # Whoever asked may be gone, or killed.
        self.server.handle_error = lambda *_: None
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def read(self, key: str) -> bytes | None | bool:
        """What is answered; False is an error."""
        with self._lock:
            self.reads += 1
            manner = self.manner
        if callable(manner):
            return manner(key)
        if manner == "silent":
            self.ended.wait(SILENT_S)
            return False
        return False if manner == "broken" else self.values.get(key)

    def write(self, key: str, value: bytes) -> bool:
        with self._lock:
            self.writes += 1
            if self.manner == "broken":
                return False
            if self.manner != "stale":
                self.values[key] = value
            return True

    def close(self):
        self.ended.set()
        self.server.shutdown()
        self.server.server_close()


def key_of(path: str) -> str:
    return unquote(urlsplit(path).path[1:])
