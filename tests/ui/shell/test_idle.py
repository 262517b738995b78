"""A server that sleeps while nobody asks for anything, and still ends at once; in a process of its own."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

pytestmark = pytest.mark.processes

ROOT = Path(__file__).resolve().parents[3]
SERVER = """
import asyncio, socket, uvicorn
from ui.shell.idle import sleep_when_idle

told_to_end = asyncio.Event()

async def app(scope, receive, send):
    if scope["type"] == "lifespan":
        await receive()
        sleep_when_idle(on_stop=told_to_end.set)
        await send({"type": "lifespan.startup.complete"})
        await receive()
        print("stopped", flush=True)
        await send({"type": "lifespan.shutdown.complete"})
        return
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b"ok", "more_body": scope["path"] != "/"})
    if scope["path"] == "/stream":
        await told_to_end.wait()
        await send({"type": "http.response.body", "body": b" and the end"})
    elif scope["path"] == "/endless":
        await asyncio.Event().wait()

class Server(uvicorn.Server):
    ticks = 0

    async def on_tick(self, counter):
        self.ticks += 1
        print("tick", flush=True)
        return await super().on_tick(counter)

with socket.create_server(("127.0.0.1", 0)) as listening:
    print(listening.getsockname()[1], flush=True)
    Server(uvicorn.Config(app, log_level="error")).run(sockets=[listening])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_looks_around_once_a_second_and_a_signal_ends_it_in_good_order(number):
    process = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        assert process.stdout.readline() == "tick\n"
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(2.5)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}") as answer:
            assert (answer.read(), bool(answer.headers["date"])) == (b"ok", True)
        process.send_signal(number)
        said = process.communicate(timeout=120)[0].splitlines()
        assert said[-1] == "stopped"
        assert said.count("tick") < 10  # uvicorn's own loop looks 25 times meanwhile
    finally:
        process.kill()


@pytest.mark.parametrize(("path", "rest"), [("/stream", b" and the end"), ("/endless", None)])
def test_an_answer_that_is_being_sent_does_not_keep_the_server_from_stopping(path, rest):
    process = subprocess.Popen([sys.executable, "-c", SERVER], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    try:
        port = int(process.stdout.readline())
        assert process.stdout.readline() == "tick\n"
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}") as answer:
            assert answer.read(2) == b"ok"
            process.send_signal(signal.SIGTERM)
            if rest is not None:
                assert answer.read() == rest
            assert process.communicate(timeout=120)[0].splitlines()[-1] == "stopped"
    finally:
        process.kill()


WATCHES = """
import sys
from streamlit import config
from streamlit.watcher.polling_path_watcher import PollingPathWatcher
from ui.shell.idle import sleep_when_idle

config.set_option("server.fileWatcherType", sys.argv[2])
sleep_when_idle(on_stop=print)
scheduled = []
PollingPathWatcher._executor.submit = lambda *call: scheduled.append(call)
PollingPathWatcher(sys.argv[1], print)
print(len(scheduled))
"""


@pytest.mark.parametrize(("kind", "watches"), [("none", 0), ("auto", 1)])
def test_configuration_files_are_watched_only_where_files_are(tmp_path, kind, watches):
    (tmp_path / "config.toml").write_text("")
    done = subprocess.run(
        [sys.executable, "-c", WATCHES, str(tmp_path / "config.toml"), kind],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert int(done.stdout.splitlines()[-1]) == watches
