"""A web server as `make run` starts it."""

import contextlib
import os
import signal
import subprocess
import sys
import urllib.request

import psutil

from tests.faults.installation import ENVIRONMENT, ROOT, until
from tests.faults.postgres_server import free_port


class WebServer:
    """`streamlit run app.py`, with the embedded database and one worker unless `environment` says otherwise."""

    def __init__(self, home, **environment):
        self.home, self.port = home, free_port()
        (home / "functions").mkdir(parents=True, exist_ok=True)
        options = {"port": self.port, "address": "127.0.0.1", "headless": "true"}
        command = ["streamlit", "run", str(ROOT / "app.py"), *(f"--server.{k}={v}" for k, v in options.items())]
        with (home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", *command],
                env={
                    **{k: v for k, v in os.environ.items() if k != "DATABASE_URL"},
                    **ENVIRONMENT,
                    "TONTINE_DATA": str(home),
                    "TONTINE_FUNCTIONS": str(home / "functions"),
                    "TONTINE_WORKERS": "1",
                    **environment,
                },
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
                cwd=ROOT,
            )
        until(self.is_healthy, 120, 0.2)

    def is_healthy(self):
        assert self.process.poll() is None, (self.home / "server.log").read_text()[-2_000:]
        with contextlib.suppress(OSError), self.open("/api/health") as got:
            return got.status == 200

    def open(self, path, **given):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", **given)
        return urllib.request.urlopen(request, timeout=10)

    def descendants(self):
        return psutil.Process(self.process.pid).children(recursive=True)

    def stop(self, how=signal.SIGTERM):
        """Send the signal, wait until the server has ended, and return those of its processes that are left."""
        descendants = self.descendants()
        self.process.send_signal(how)
        self.process.wait(30)
        return psutil.wait_procs(descendants, timeout=25)[1]
