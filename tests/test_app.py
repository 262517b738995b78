"""What the server does to its own process when it starts."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[1]
SCRIPT = """
import json, os, socket
import app
listening = socket.create_server(("127.0.0.1", 0))
read, write = os.pipe()
def open_now():
    return {os.readlink(f"/proc/self/fd/{n}") + n for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")}
before = len(open_now())
app._answer_at_once()
after = len(open_now())
os.close(write)
os.set_blocking(read, False)
print(json.dumps([before == after, os.read(read, 1) == b"", listening.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)]))
"""


@pytest.mark.skipif(not Path("/proc/self/fd").is_dir(), reason="there is no /proc here")
def test_finding_the_listening_sockets_leaves_no_other_descriptor_open_twice(tmp_path):
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT],
        cwd=ROOT,
        env={**os.environ, "TONTINE_DATA": str(tmp_path), "PYTHONPATH": str(ROOT)},
        check=True,
        capture_output=True,
        text=True,
    )
    same, ended, at_once = json.loads(done.stdout.splitlines()[-1])
    assert (same, ended, bool(at_once)) == (True, True, True)
