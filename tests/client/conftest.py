"""A real server with a worker and models for the client, and a way to lose its connections."""

import contextlib
import shutil
import socket
import threading

import pytest

from tests.journeys.test_main_job import FAILS, ROOT, SLOW, Server, model

LARGE = """
def run(inputs):
    n = int(inputs["rows"])
    yield {"progress": 0.5, "message": "half"}
    yield {
        "summary": {"Rows": n},
        "table": {"row": list(range(n)), "half": [i / 2 for i in range(n)], "name": [f"r{i}" for i in range(n)]},
        "tables": {"Small": [{"a": 1, "b": "x"}, {"a": 2.5, "b": None}]},
        "series": {"Curve": [{"x": 1, "y": 2.0}, {"x": 2, "y": 4.0}]},
    }
"""
COUNTS = """
def run(inputs):
    with open(inputs["claims"]) as file:
        lines = file.read().splitlines()
    with open("counted.txt", "w") as out:
        out.write(f"{len(lines)} lines")
    return {"summary": {"Lines": len(lines), "Paid": sum(r["paid"] for r in inputs["rows"])}, "files": {"counted.txt": "counted.txt"}}
"""
LINES = {
    "claims": {"type": "file", "label": "Claims", "accept": [".csv"]},
    "rows": {
        "type": "table",
        "label": "Rows",
        "columns": {"year": {"type": "integer", "max": 3000}, "paid": {"type": "number", "max": 1000, "step": 0.5}},
        "default": [],
    },
}


def start_server(home):
    shutil.copytree(ROOT / "functions" / "mortality", home / "functions" / "mortality")
    seconds = {"seconds": {"type": "number", "label": "Seconds", "min": 1, "max": 600, "default": 300}}
    model(home / "functions", "slow", SLOW, seconds, limits={"seconds": 600})
    model(home / "functions", "fails", FAILS, {"n": {"type": "number", "label": "N"}})
    rows = {"rows": {"type": "integer", "label": "Rows", "min": 1, "max": 50_000, "default": 12_345}}
    model(home / "functions", "large", LARGE, rows)
    model(home / "functions", "counts", COUNTS, LINES)
    return Server(home).start()


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    running = start_server(tmp_path_factory.mktemp("server"))
    yield running
    assert running.stop() == []


END = b"\n\n"  # of an event


class CuttingProxy:
    """Hands connections on to a port, and cuts each stream of events after its first `events`, `cuts` times."""

    def __init__(self, port, events, cuts):
        self.target, self.events, self.cuts = port, events, cuts
        self.requests = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self):
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for thread in self._threads:
            thread.join()

    def _accept(self):
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(client,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, client):
        server = socket.create_connection(("127.0.0.1", self.target))
        up = threading.Thread(target=self._send_up, args=(client, server))
        up.start()
        streaming, blocks = False, 0
        try:
            while piece := server.recv(65536):
                streaming = streaming or b"text/event-stream" in piece
                blocks += piece.count(END)  # lines of headers end with \r\n
                if streaming and self.cuts and blocks >= self.events:
                    self.cuts -= 1
                    kept = END.join(piece.split(END)[: -(blocks - self.events) - 1]) + END
                    client.sendall(kept)
                    break
                client.sendall(piece)
        except OSError:
            pass
        for side in (client, server):
            with contextlib.suppress(OSError):
                side.shutdown(socket.SHUT_RDWR)
        up.join()
        client.close()
        server.close()

    def _send_up(self, client, server):
        try:
            while piece := client.recv(65536):
                self.requests.append(piece)
                server.sendall(piece)
            server.shutdown(socket.SHUT_WR)
        except OSError:
            pass


@pytest.fixture
def cutting_proxy(server):
    made = []

    def start(events, cuts):
        made.append(CuttingProxy(server.port, events, cuts))
        return made[-1]

    yield start
    for proxy in made:
        proxy.close()
