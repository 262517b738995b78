import os
import signal
import subprocess
import sys
import time

import psycopg
import pytest

from storage.server import EmbeddedServer, ServerError

HOLD = """
import sys, pathlib
from storage.server import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), fsync=False)
print(server.start(), flush=True)
sys.stdin.readline()
server.stop()
"""


def holder(home):
    return subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )


def postmaster(home):
    return int((home / "data" / "postmaster.pid").read_text().split()[0])


def ask(url, query):
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute(query).fetchone()[0]


def test_processes_that_start_together_share_one_server_and_the_last_one_out_stops_it(tmp_path):
    holders = [holder(tmp_path) for _ in range(4)]
    urls = {h.stdout.readline().strip() for h in holders}
    assert len(urls) == 1
    url = urls.pop()
    server = EmbeddedServer(tmp_path, fsync=False)
    for h in holders[:-1]:
        h.communicate("\n", timeout=30)
        assert server.alive()
    holders[-1].communicate("\n", timeout=30)
    assert not server.alive()
    with pytest.raises(psycopg.OperationalError):
        ask(url, "select 1")


def test_what_was_committed_is_there_after_a_stop_and_after_a_crash(tmp_path):
    with EmbeddedServer(tmp_path) as url:
        _make_table(url)
    server = EmbeddedServer(tmp_path)
    url = server.start()
    try:
        assert ask(url, "select count(*) from t") == 1
        ask(url, "insert into t values (2) returning a")
        pid = ask(url, "select pg_backend_pid()")
        assert pid
        os.kill(_outer_postmaster(tmp_path), signal.SIGKILL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            try:
                assert ask(url, "select count(*) from t") == 2
                return
            except psycopg.OperationalError:
                time.sleep(0.1)
        pytest.fail("the server did not come back")
    finally:
        server.stop()


def _make_table(url):
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create table t as select 1 as a")


def _outer_postmaster(home):
    import psutil

    return next(
        p.pid for p in psutil.process_iter(["cmdline"]) if p.info["cmdline"] and str(home / "data") in p.info["cmdline"]
    )


def test_a_holder_that_was_killed_does_not_keep_the_server_from_stopping(tmp_path):
    killed = holder(tmp_path)
    killed.stdout.readline()
    killed.kill()
    killed.communicate()
    server = EmbeddedServer(tmp_path, fsync=False)
    server.start()
    server.stop()
    assert not server.alive()


def test_data_of_another_major_version_is_refused_with_what_to_do(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "PG_VERSION").write_text("15\n")
    with pytest.raises(ServerError, match="written by PostgreSQL 15.*pg_dump"):
        EmbeddedServer(tmp_path).start()


def test_a_long_path_is_no_hindrance(tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    with EmbeddedServer(deep, fsync=False) as url:
        assert ask(url, "select 1") == 1
