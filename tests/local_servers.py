"""A web server on this machine that answers as a test says, with or without TLS."""

import ssl
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

HOST = "rows.example"
"""The name in the certificate; it leads nowhere (RFC 2606)."""

Answer = Callable[[BaseHTTPRequestHandler], None]


class Server:
    """Its port, and the paths that it was asked for."""

    def __init__(self, port: int) -> None:
        self.port = port
        self.asked: list[str] = []


@contextmanager
def serving(answers: Mapping[str, bytes | Answer], folder: Path | None = None) -> Iterator[Server]:
    """Serve contents or answers by path; with a folder for the certificate, over TLS."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            server.asked.append(self.path)
            answer = answers.get(self.path.partition("?")[0])
            if answer is None:
                self.send_error(404, "a phrase of the server's own")
            elif isinstance(answer, bytes):
                self.send_response(200)
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            else:
                answer(self)

        def log_message(self, format: str, *arguments: object) -> None:
            """Say nothing: the test looks at what was asked."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, request: object, client_address: object) -> None:
            """A client that hangs up is what some tests are about."""

    web = Quiet(("127.0.0.1", 0), Handler)
    server = Server(web.server_port)
    if folder is not None:
        web.socket = _secure(folder).wrap_socket(web.socket, server_side=True, do_handshake_on_connect=False)
    thread = Thread(target=web.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        web.shutdown()
        web.server_close()
        thread.join()


def redirect(to: str) -> Answer:
    """Send on to another place."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(302)
        handler.send_header("Location", to)
        handler.send_header("Content-Length", "0")
        handler.end_headers()

    return answer


def headed(content: bytes, **headers: str) -> Answer:
    """Answer with these headers, whatever they say of the content; _ stands for -."""

    def answer(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.end_headers()
        handler.wfile.write(content)

    return answer


def trusting() -> ssl.SSLContext:
    """Trust the certificate of `rows.example`, and no other."""
    return ssl.create_default_context(cadata=CERTIFICATE)


def _secure(folder: Path) -> ssl.SSLContext:
    (folder / "rows.example.pem").write_text(CERTIFICATE + KEY)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "rows.example.pem")
    return context


# Signed by itself, for tests only: nobody trusts it, and it opens nothing.
CERTIFICATE = """\
-----BEGIN CERTIFICATE-----
MIIBazCCARCgAwIBAgIBATAKBggqhkjOPQQDAjAXMRUwEwYDVQQDDAxyb3dzLmV4
YW1wbGUwIBcNMjAwMTAxMDAwMDAwWhgPMjEyMDAxMDEwMDAwMDBaMBcxFTATBgNV
BAMMDHJvd3MuZXhhbXBsZTBZMBMGByqGSM49AgEGCCqGSM49AwEHA0IABJhOf263
1Ro7BhbDPtXicnGkJ/PoHCCbO+bly1xhpZCx58KY2qRE2hlmqnkORZj3pVLVJz/X
IbsXHm5BCdaHcTKjSzBJMBcGA1UdEQQQMA6CDHJvd3MuZXhhbXBsZTAPBgNVHRMB
Af8EBTADAQH/MB0GA1UdDgQWBBTnYeAaJwXV7N09zirkoZg9QJ+iLDAKBggqhkjO
PQQDAgNJADBGAiEAn5yimvBGNlZqGritSB7i4NMzy/otHkwMMBpAhGmV8dQCIQCX
bJ7T3lLsXtxA5+TxmgFmwczUldMs7zkiB0YOuNh+YA==
-----END CERTIFICATE-----
"""
KEY = """\
-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/sBiOrLmOpPVet96
ZZhHMdnmWxX5EkX1l5vZ1KK08iqhRANCAASYTn9ut9UaOwYWwz7V4nJxpCfz6Bwg
mzvm5ctcYaWQsefCmNqkRNoZZqp5DkWY96VS1Sc/1yG7Fx5uQQnWh3Ey
-----END PRIVATE KEY-----
"""
