"""The network inside the sandbox: a loopback proxy that answers for Azure's own host names."""

import logging
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import trustme

from sandbox.errors import ArmError, NotModelledError
from sandbox.http import LOOPBACK, Endpoint, Headers, Request, Response

NO_CONTENT = 204


class Network:
    """Hosts and the endpoints that answer for them; clients come in by the proxy of `serve`."""

    def __init__(self, folder: Path, standing: Callable[[], tuple[str, ...]] = tuple) -> None:
        self.standing = standing
        """Returns the virtual networks in which the proxy's clients stand."""
        self._endpoints: list[tuple[Callable[[str], bool], Endpoint]] = []
        self._authority = trustme.CA(organization_name="Sandbox")
        self.authority = folder / "ca.pem"
        """Certificate of the sandbox's own authority, which clients have to trust."""
        self._authority.cert_pem.write_to_path(self.authority)

    def register(self, match: Callable[[str], bool], endpoint: Endpoint) -> None:
        """Let `endpoint` answer for every host (lower case, no port) that `match` accepts."""
        self._endpoints.append((match, endpoint))

    def send(self, request: Request) -> Response:
        """Return the answer of the request's host; no real host is ever called.

        Raises NotModelledError for other hosts, and ConnectionError, as in DNS, for what is no host
        name or no service of that name; names below `invalid` are none.
        https://www.rfc-editor.org/rfc/rfc6761#section-6.4
        """
        for match, endpoint in self._endpoints:
            if match(request.host.lower()):
                return endpoint(request)
        if "." not in request.host or request.host.lower().endswith(".invalid"):
            raise ConnectionError(f"The remote name could not be resolved: '{request.host}'")
        raise NotModelledError(f"the sandbox has no host {request.host}, and calls no real one")

    @cache  # noqa: B019 as many as the run has hosts
    def tls(self, host: str) -> ssl.SSLContext:
        """Make a server's TLS context in the name of `host`."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(host).configure_cert(context)
        return context

    @contextmanager
    def serve(self) -> Iterator[int]:
        """Serve the proxy on a loopback port for as long as the block runs."""
        server = _Server((LOOPBACK, 0), _Connection)
        server.network = self
        threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        try:
            yield server.server_port
        finally:
            server.shutdown()
            server.server_close()


class _Server(ThreadingHTTPServer):
    network: Network
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128


class _Connection(BaseHTTPRequestHandler):
    """A tunnel that carries TLS, or plain requests to the loopback address itself."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: _Server
    tunnel = ""

    def handle(self) -> None:
        """Serve until the client is done; a client that goes away is no error."""
        try:
            super().handle()
        except (ConnectionError, ssl.SSLError, TimeoutError):
            self.close_connection = True

    def finish(self) -> None:
        """Close the TLS socket that CONNECT put in place of the plain one.

        What a client that went away did not read is dropped with it.
        """
        with suppress(ConnectionError, ssl.SSLError):
            super().finish()
        self.connection.close()

    def do_CONNECT(self) -> None:
        """Accept the tunnel and answer TLS in the name of the host it asks for."""
        self.tunnel = urlsplit(f"//{self.path}").hostname or ""
        self.send_response_only(200, "Connection established")
        self.end_headers()
        context = self.server.network.tls(self.tunnel)
        self.connection = context.wrap_socket(self.connection, server_side=True)
        self.rfile = self.connection.makefile("rb")
        self.wfile = self.connection.makefile("wb")
        self.close_connection = False

    def _exchange(self) -> None:
        here = f"https://{self.tunnel or LOOPBACK}"
        url = here + self.path if self.path.startswith("/") else self.path
        headers, ip = Headers(self.headers.items()), self.client_address[0]
        request = Request.to(self.command, url, headers, self._body(), ip)
        request = replace(request, networks=self.server.network.standing())
        if not self.tunnel and request.host != LOOPBACK:  # Azure's endpoints are TLS only
            request = replace(request, host=f"http://{request.host}")
        self._reply(_answer(self.server.network, request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _exchange  # noqa: N815

    def _body(self) -> bytes:
        if "chunked" not in self.headers.get("Transfer-Encoding", "").lower():
            return self.rfile.read(int(self.headers.get("Content-Length", 0)))
        chunks = []
        while size := int(self.rfile.readline().split(b";")[0], 16):
            chunks.append(self.rfile.read(size))
            self.rfile.readline()
        while self.rfile.readline().strip():
            """Trailers are read and dropped."""
        return b"".join(chunks)

    def _reply(self, response: Response) -> None:
        body = response.body
        self.send_response_only(response.status)
        for name, value in response.headers:
            if name.lower() not in ("content-length", "transfer-encoding", "connection"):
                self.send_header(name, value)
        if not isinstance(body, bytes):
            self.send_header("Transfer-Encoding", "chunked")
        elif response.status != NO_CONTENT:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if isinstance(body, bytes):
            self.wfile.write(body if self.command != "HEAD" else b"")
        else:
            self._stream(body)
        self.wfile.flush()

    def _stream(self, chunks: Iterator[bytes]) -> None:
        """Send each chunk as it comes; if the client leaves, end the endpoint's work too."""
        try:
            for chunk in filter(None, chunks):
                self.wfile.write(b"%x\r\n%b\r\n" % (len(chunk), chunk))
                self.wfile.flush()
            self.wfile.write(b"0\r\n\r\n")
        finally:
            if close := getattr(chunks, "close", None):
                close()


def _answer(network: Network, request: Request) -> Response:
    """Return the endpoint's response, or an HTTP error that says what went wrong."""
    try:
        return network.send(request)
    except ArmError as error:
        body = {"error": {"code": error.code, "message": error.message}}
        return Response.json(error.status, body)
    except (NotModelledError, ConnectionError) as error:
        return Response(502, Headers([("Content-Type", "text/plain")]), f"{error}\n".encode())
    except Exception as error:  # a fault of the sandbox reaches the client as one
        logging.getLogger(__name__).exception("%s %s", request.method, request.host + request.path)
        return Response(500, Headers(), f"the sandbox failed: {type(error).__name__}\n".encode())
