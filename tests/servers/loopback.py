"""A server on this machine, on a free port, whose next answers can be spoilt on the way.

with CensusServer() as server:
    server.spoil("die", "429 Retry-After 1")
    ... --base-url {server.address}
"""

import collections
import contextlib
import dataclasses
import datetime as dt
import email.utils
import http.server
import threading
import time
from urllib.parse import parse_qsl, urlsplit


@dataclasses.dataclass
class Reply:
    """Status, body and headers of an answer."""

    status: int
    body: bytes = b""
    media: str = "application/json;charset=utf-8"
    headers: dict = dataclasses.field(default_factory=dict)


@dataclasses.dataclass(frozen=True)
class Question:
    """A request as a server reads it: path, parameters in their order, headers with names in lower case."""

    path: str
    parameters: tuple
    headers: dict

    def all(self, name):
        return [value for key, value in self.parameters if key == name]

    def one(self, name, default=""):
        return (self.all(name) or [default])[-1]


class Loopback:
    """Subclasses answer a `Question` with a `Reply`."""

    def __init__(self, port=0):
        self.spoilt = collections.deque()
        self.questions = []
        self.skew = dt.timedelta(0)
        owner = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # head and body in one packet

            def do_GET(self):
                with contextlib.suppress(ConnectionError):
                    owner._serve(self)

            def log_message(self, *_):
                pass

        self._server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def spoil(self, *faults):
        """How the next answers are spoilt, one word, phrase or `Reply` each; "" leaves one whole.

        die, cut, drip, html; or a status with a header, such as "429 Retry-After 1".
        """
        self.spoilt.extend(faults)

    def answer(self, question):
        raise NotImplementedError

    def _serve(self, handler):
        parts = urlsplit(handler.path)
        question = Question(
            parts.path.lstrip("/"), tuple(parse_qsl(parts.query, keep_blank_values=True)),
            {name.lower(): value for name, value in handler.headers.items()},
        )  # fmt: skip
        self.questions.append(question)
        fault = self.spoilt.popleft() if self.spoilt else ""
        word, _, rest = fault.partition(" ") if isinstance(fault, str) else ("", "", "")
        if isinstance(fault, Reply):
            reply = fault
        elif word.isdigit():
            name, _, value = rest.partition(" ")
            body = b'{"statusCode":%d,"message":"made trouble"}' % int(word)
            reply = Reply(int(word), body, headers={name: value} if name else {})
        elif word == "html":
            reply = Reply(200, b"<html><title>Sign in to the portal</title></html>", "text/html")
        else:
            reply = self.answer(question)
        if word == "cut":  # a whole message of a body that is not whole
            reply = dataclasses.replace(reply, body=reply.body[: len(reply.body) // 2])
        body, whole = reply.body, len(reply.body)
        if word == "die":  # the connection ends in the middle of the body
            body = body[: whole // 2]
        handler.send_response_only(reply.status)
        handler.send_header("Date", email.utils.format_datetime(dt.datetime.now(dt.UTC) + self.skew, usegmt=True))
        if reply.status != 204:
            handler.send_header("Content-Type", reply.media)
            handler.send_header("Content-Length", str(whole))
        for name, value in reply.headers.items():
            handler.send_header(name, value)
        handler.end_headers()
        if reply.status == 204:
            return
        if word == "drip":
            for byte in body:
                handler.wfile.write(bytes([byte]))
                handler.wfile.flush()
                time.sleep(0.05)
            return
        handler.wfile.write(body)
        if word == "die":
            handler.close_connection = True
