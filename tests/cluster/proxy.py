"""A proxy before an object store that fails on demand: it answers 500, or does not answer."""

import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

OUTAGE = b"<?xml version='1.0'?><Error><Code>InternalError</Code><Message>injected</Message></Error>"
# said anew by each who passes a message on
HOP = ("content-length", "transfer-encoding", "connection", "date", "server", "expect")


class FaultyProxy:
    """Forwards requests to a port of this machine, but for those that `fails` names.

    `fails` is a set of methods ("PUT", "GET", ...); of those one in `every` fails; `how` is "500" or "silence".
    """

    def __init__(self, port: int):
        self.port = port
        self.fails: frozenset[str] = frozenset()
        self.every, self.how = 1, "500"
        self.failed, self._seen = 0, 0
        self._counting, self.ended = threading.Lock(), threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), type("Handler", (_Handler,), {"proxy": self}))
        self._server.daemon_threads = True

    def is_to_fail(self, method: str) -> bool:
        """Whether a request that came just now fails; counts it."""
        if method not in self.fails:
            return False
        with self._counting:
            self._seen += 1
            fails = self._seen % self.every == 0
            self.failed += fails
            return fails

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended.set()
        self._server.shutdown()
        self._server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    proxy: FaultyProxy

    def _forward(self) -> None:
        body = self._body()
        if self.proxy.is_to_fail(self.command):
            if self.proxy.how == "silence":
                self.proxy.ended.wait(60)
                self.close_connection = True
            else:
                self._answer(500, {"Content-Type": "application/xml"}, OUTAGE)
            return
        connection = HTTPConnection("127.0.0.1", self.proxy.port, timeout=60)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in HOP} | {"Content-Length": str(len(body))}
        connection.request(self.command, self.path, body, headers)
        answer = connection.getresponse()
        content, headers = answer.read(), dict(answer.getheaders())
        self._answer(
            answer.status, headers, content, headers.get("Content-Length", "0") if self.command == "HEAD" else None
        )
        connection.close()

    do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _forward  # noqa: N815 - the names that http.server calls

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", ""):
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            parts.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return b"".join(parts)

    def _answer(self, status: int, headers: dict[str, str], content: bytes, length: str | None = None) -> None:
        self.send_response(status)
        for key, value in headers.items():
            if key.lower() not in HOP:
                self.send_header(key, value)
        if status not in (204, 304):
            self.send_header("Content-Length", length or str(len(content)))
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *_arguments: object) -> None:
        """Nothing."""
