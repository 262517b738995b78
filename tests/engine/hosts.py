"""Hosts that a test's models may reach: servers on this machine, and a sandbox that treats its address as public."""

import contextlib
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from engine.sandbox.supervisor import Sandbox
from engine.sandbox.tiers import Tier, probe

confined = pytest.mark.skipif(probe() is Tier.D, reason="this host confines nothing")


class Answer(BaseHTTPRequestHandler):
    """Answers every request with `body`, which subclasses give."""

    def body(self):
        raise NotImplementedError

    def do_GET(self):
        self.respond(self.body())

    def respond(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        pass


@contextlib.contextmanager
def serving(handler, context=None):
    """Serve on a port of the loopback interface and yield it; with TLS where `context` is given."""
    with _Quiet(("127.0.0.1", 0), handler) as made:
        if context is not None:
            made.socket = context.wrap_socket(made.socket, server_side=True)
        thread = threading.Thread(target=made.serve_forever)
        thread.start()
        yield made.server_address[1]
        made.shutdown()
        thread.join()


class _Quiet(ThreadingHTTPServer):
    def handle_error(self, *_arguments):
        pass  # a client that does not trust the certificate closes the connection


@pytest.fixture(scope="module")
def local(tmp_path_factory):
    """A sandbox that treats this machine's own address as public."""
    made = Sandbox(tmp_path_factory.mktemp("local"), allowed=lambda address: address in {"127.0.0.1", "::1"})
    made.start()
    yield made
    made.close()
