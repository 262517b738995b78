"""Targets of an attack: a secret in the environment and in a file, a port that listens."""

import contextlib
import os
import socket
import tempfile
from pathlib import Path

import pytest

SECRET = "canary-5f1d0a6e"


@pytest.fixture(scope="session")
def targets():
    """A folder that every user may enter, and inputs that name real targets for a model."""
    with tempfile.TemporaryDirectory(prefix="tontine-hostile-") as name, contextlib.ExitStack() as stack:
        home = Path(name)
        home.chmod(0o755)
        secret = home / "secret.txt"
        secret.write_text(SECRET)
        tcp = stack.enter_context(socket.create_server(("127.0.0.1", 0)))
        udp = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        udp.bind(("127.0.0.1", 0))
        os.environ["HOSTILE_PASSWORD"] = SECRET
        stack.callback(os.environ.pop, "HOSTILE_PASSWORD")
        inputs = {
            "n": 1,
            "canaries": [str(secret)],
            "ports": [tcp.getsockname()[1]],
            "udp": [udp.getsockname()[1]],
        }
        yield home, inputs
        assert secret.read_text() == SECRET
