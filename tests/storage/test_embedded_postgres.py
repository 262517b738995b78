import contextlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil
import psycopg
import pytest

from contract.errors import ServerError
from storage import postgres_binaries, runs
from storage.backup import restore
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate
from tests.storage.factory import add_app, add_run

pytestmark = pytest.mark.processes

KEEP_OPEN = """
import sys, pathlib
from storage.embedded_postgres import EmbeddedServer
server = EmbeddedServer(pathlib.Path(sys.argv[1]), fsync=False)
print(server.start(), flush=True)
sys.stdin.readline()
server.stop()
"""


def holder(home, **environment):
    return subprocess.Popen(
        [sys.executable, "-c", KEEP_OPEN, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment},
    )


def query_value(url, query):
    with psycopg.connect(url, autocommit=True) as conn:
        return conn.execute(query).fetchone()[0]


def test_processes_that_start_together_share_one_server_and_the_last_one_stops_it(tmp_path):
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
    assert not server._sockets.exists()
    with pytest.raises(psycopg.OperationalError):
        query_value(url, "select 1")


def test_what_was_committed_is_there_after_a_stop_and_after_a_crash(tmp_path):
    with EmbeddedServer(tmp_path) as url:
        _make_table(url)
    server = EmbeddedServer(tmp_path)
    url = server.start()
    try:
        assert query_value(url, "select count(*) from t") == 1
        query_value(url, "insert into t values (2) returning a")
        pid = query_value(url, "select pg_backend_pid()")
        assert pid
        os.kill(_outer_postmaster(tmp_path), signal.SIGKILL)
        until = time.monotonic() + 30
        while time.monotonic() < until:
            with contextlib.suppress(psycopg.OperationalError):
                assert query_value(url, "select count(*) from t") == 2
                return
            time.sleep(0.1)
        pytest.fail("the server did not come back")
    finally:
        server.stop()


def _make_table(url):
    with psycopg.connect(url, autocommit=True) as conn:
        conn.execute("create table t as select 1 as a")


def _outer_postmaster(home):
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
    with pytest.raises(ServerError, match=r"written by PostgreSQL 15.*engine.commands.backup.*engine.commands.restore"):
        EmbeddedServer(tmp_path).start()


def test_a_server_starts_in_a_folder_with_a_long_path(tmp_path):
    deep = tmp_path / ("d" * 100) / ("e" * 100)
    with EmbeddedServer(deep, fsync=False) as url:
        assert query_value(url, "select 1") == 1


def test_processes_with_different_folders_for_temporary_files_share_one_server(tmp_path):
    (tmp_path / "other").mkdir()
    ours, theirs = holder(tmp_path / "home"), holder(tmp_path / "home", TMPDIR=str(tmp_path / "other"))
    assert ours.stdout.readline() == theirs.stdout.readline() != ""
    for process in (ours, theirs):
        process.communicate("\n", timeout=30)


def test_a_server_starts_although_the_pid_file_of_a_dead_one_names_another_program(tmp_path):
    with EmbeddedServer(tmp_path, fsync=False) as url:
        _make_table(url)
        note = (tmp_path / "data" / "postmaster.pid").read_text()
    (tmp_path / "data" / "postmaster.pid").write_text("\n".join([str(os.getppid()), *note.splitlines()[1:]]) + "\n")
    with EmbeddedServer(tmp_path, fsync=False) as url:
        assert query_value(url, "select count(*) from t") == 1


def test_no_second_server_is_started_while_a_process_of_the_first_is_there(tmp_path, monkeypatch):
    with EmbeddedServer(tmp_path, fsync=False):
        second = EmbeddedServer(tmp_path, fsync=False)
        second._launch(None)  # without binaries: starting any program would fail
        monkeypatch.setattr("storage.embedded_postgres.START_SECONDS", 0.5)
        monkeypatch.setattr(EmbeddedServer, "_ping", lambda _self: "connection refused")
        with pytest.raises(ServerError, match="does not start: connection refused"):
            second.start()


def test_data_that_was_removed_while_the_server_ran_is_not_created_again_by_the_watcher(tmp_path):
    server = EmbeddedServer(tmp_path, fsync=False)
    server.start()
    os.kill(_outer_postmaster(tmp_path), signal.SIGKILL)
    shutil.rmtree(tmp_path / "data", ignore_errors=True)
    server.stop()
    assert not (tmp_path / "data" / "PG_VERSION").exists()


def test_a_start_that_was_interrupted_while_creating_the_data_is_repeated(tmp_path):
    (tmp_path / "data.new").mkdir()
    (tmp_path / "data.new" / "PG_VERSION").write_text("18\n")
    with EmbeddedServer(tmp_path, fsync=False) as url:
        assert query_value(url, "select 1") == 1


def test_a_start_that_is_interrupted_after_the_launch_leaves_no_server(tmp_path, monkeypatch):
    launch = EmbeddedServer._launch

    def interrupted(self, programs):
        launch(self, programs)
        raise KeyboardInterrupt

    server = EmbeddedServer(tmp_path, fsync=False)
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(EmbeddedServer, "_launch", interrupted)
        server.start()
    assert not server._launched()
    assert not server._sockets.exists()
    with server as url:
        assert query_value(url, "select 1") == 1


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change user")
def test_root_without_user_namespaces_gives_the_data_to_an_account(monkeypatch):
    home = Path(tempfile.mkdtemp()) / "home"
    home.parent.chmod(0o755)
    try:
        with EmbeddedServer(home, fsync=False) as url:
            _make_table(url)
        monkeypatch.setattr(postgres_binaries, "_can_use_namespaces", lambda: False)
        with EmbeddedServer(home, fsync=False) as url:
            assert query_value(url, "select count(*) from t") == 1
            assert psutil.Process(_outer_postmaster(home)).uids().real != 0
        monkeypatch.undo()
        with EmbeddedServer(home, fsync=False) as url:  # and that account keeps it
            assert query_value(url, "select count(*) from t") == 1
            assert psutil.Process(_outer_postmaster(home)).uids().real == (home / "data").stat().st_uid != 0
    finally:
        shutil.rmtree(home.parent)


def test_a_link_where_the_socket_is_to_lie_is_refused_and_nothing_it_leads_to_is_used_or_changed(tmp_path, monkeypatch):
    monkeypatch.setattr(postgres_binaries, "_can_use_namespaces", lambda: False)
    monkeypatch.setattr(postgres_binaries.PostgresBinaries, "_hand_over", lambda *_: None)
    monkeypatch.setattr(EmbeddedServer, "_initialise", lambda *_: None)  # the account cannot come to the test's folder
    target = tmp_path / "target"
    target.mkdir(mode=0o700)
    (target / ".s.PGSQL.5432").write_text("theirs")
    before = target.stat().st_uid
    server = EmbeddedServer(tmp_path / "home")
    server.home.mkdir()
    server._sockets.symlink_to(target)
    pings = []
    monkeypatch.setattr(EmbeddedServer, "_ping", lambda _self: pings.append(1))
    try:
        with pytest.raises(ServerError, match="not private to Tontine"):
            server.start()
        assert (target.stat().st_uid, (target / ".s.PGSQL.5432").read_text(), pings) == (before, "theirs", [])
    finally:
        server._sockets.unlink()


def test_a_folder_for_the_socket_that_others_may_enter_is_refused_before_anything_in_it_is_believed(
    tmp_path, monkeypatch
):
    server = EmbeddedServer(tmp_path)
    server._sockets.mkdir(mode=0o755)
    pings = []
    monkeypatch.setattr(EmbeddedServer, "_ping", lambda _self: pings.append(1))
    try:
        with pytest.raises(ServerError, match="not private to Tontine"):
            server.start()
        assert pings == []
    finally:
        server._sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_folder_for_the_socket_that_belongs_to_somebody_else_stays_theirs(tmp_path):
    server = EmbeddedServer(tmp_path)
    server._sockets.mkdir(mode=0o700)
    os.chown(server._sockets, 4_321, 4_321)
    try:
        with pytest.raises(ServerError, match="not private to Tontine"):
            server.start()
        assert server._sockets.stat().st_uid == 4_321
    finally:
        server._sockets.rmdir()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root has to change user")
def test_a_folder_the_account_cannot_reach_is_named_with_what_to_do(monkeypatch):
    monkeypatch.setattr(postgres_binaries, "_can_use_namespaces", lambda: False)
    closed = Path(tempfile.mkdtemp())
    try:
        with pytest.raises(ServerError, match=r"cannot come to .*TONTINE_DATA"):
            EmbeddedServer(closed / "home").start()
    finally:
        shutil.rmtree(closed)


def test_what_a_release_without_our_command_dumps_by_hand_is_restored(tmp_path):
    old, new, dump = tmp_path / "old", tmp_path / "new", tmp_path / "tontine.dump"
    with EmbeddedServer(old, fsync=False) as url:
        database = Database(url, pool=1)
        migrate(database)
        with database.begin() as conn:
            runs.attach_job(conn, add_run(conn, add_app(conn)).id, 7)
        database.close()
        written = (old / "url").read_text().strip()  # as an operator reads it
        program = str(postgres_binaries.binaries_folder() / "pg_dump")
        subprocess.run([program, "-d", written, "-Fc", "-f", str(dump)], check=True, cwd="/", capture_output=True)
    with EmbeddedServer(new, fsync=False) as url:
        database = Database(url, pool=1)
        restore(database, dump)
        assert query_value(url, "select job_id from runs") == 7
        database.close()
