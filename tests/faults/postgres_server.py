"""A PostgreSQL server that a test stops and kills, and a proxy in front of it that can stop forwarding."""

import contextlib
import os
import select
import signal
import socket
import threading
import time

import psutil

from storage.postgres_binaries import PostgresBinaries


def free_port():
    with socket.create_server(("127.0.0.1", 0)) as found:
        return found.getsockname()[1]


class PostgresServer:
    """A PostgreSQL server on a port, started, stopped and killed by the test."""

    def __init__(self, home, address="127.0.0.1", network="127.0.0.1/32"):
        self.home, self.address, self.port = home, address, free_port()
        home.mkdir(parents=True)
        self.binaries = PostgresBinaries(home)
        self.data = home / "data"
        self.binaries.run("initdb", "-D", str(self.data), "-U", "tontine", "--auth=trust", "-E", "UTF8", "-k", "-N")
        with (self.data / "pg_hba.conf").open("a") as rules:
            rules.write(f"host all all {network} trust\n")

    def url(self, database="postgres", port=None):
        return f"postgresql://tontine@{self.address}:{port or self.port}/{database}"

    def start(self):
        options = f"-c listen_addresses={self.address} -c port={self.port} -c unix_socket_directories='' "
        options += "-c max_connections=100"
        self.binaries.run("pg_ctl", "start", "-w", "-D", str(self.data), "-l", str(self.home / "log"), "-o", options)

    def stop(self, mode="fast"):
        self.binaries.run("pg_ctl", "stop", "-w", "-m", mode, "-D", str(self.data), check=False)

    def kill(self):
        """Kill the postmaster; its children end with it."""
        pid = postmaster(self.data)
        children = psutil.Process(pid).children(recursive=True)
        os.kill(pid, signal.SIGKILL)
        psutil.wait_procs(children, timeout=20)
        with contextlib.suppress(OSError):
            (self.data / "postmaster.pid").unlink()


def postmaster(data):
    """Return the process id of the server in the folder in this process namespace; `postmaster.pid` may hold another."""
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] == "postgres" and str(data) in (process.info["cmdline"] or []):
            return process.pid
    raise AssertionError(f"no server uses {data}")


class Proxy:
    """Forwards TCP connections until `silent` is set; from then on it accepts everything and forwards nothing.

    No connection is closed and the kernel still acknowledges every packet, so that both ends can detect this only by
    a timeout of their own.
    """

    def __init__(self, address, port):
        self.target, self.silent, self.ended = (address, port), threading.Event(), threading.Event()
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.port = self.listening.getsockname()[1]
        self.pairs = {}
        self.thread = threading.Thread(target=self.forward_until_closed, daemon=True)
        self.thread.start()

    def forward_until_closed(self):
        while not self.ended.is_set():
            if self.silent.is_set():
                time.sleep(0.02)
                continue
            for ready in select.select([self.listening, *self.pairs], [], [], 0.02)[0]:
                if self.silent.is_set():
                    break
                if ready is self.listening:
                    self.accept()
                elif ready in self.pairs:
                    self.forward(ready)

    def accept(self):
        ours, _ = self.listening.accept()
        try:
            theirs = socket.create_connection(self.target, 5)
        except OSError:
            ours.close()
            return
        self.pairs |= {ours: theirs, theirs: ours}

    def forward(self, ready):
        other = self.pairs[ready]
        try:
            if content := ready.recv(65_536):
                other.sendall(content)
                return
        except OSError:
            pass
        for end in (ready, other):
            self.pairs.pop(end, None)
            end.close()

    def close(self):
        self.ended.set()
        self.thread.join()
        for end in (self.listening, *self.pairs):
            end.close()
