"""The administrator's command, on a real database and on an embedded one that a server is using."""

import os
import subprocess
import sys

import pytest

import settings
from contract.access import GrantKind
from engine.commands import grants as grants_command
from engine.models.register import register_folders
from engine.processes import context as contexts
from storage import apps, versions
from storage import grants as stored
from storage.database import Database
from storage.embedded_postgres import EmbeddedServer
from storage.migrate import migrate
from tests.engine.conftest import ROOT

LOOKS = "def run(inputs):\n    return {'notes': 'x'}\n"


@pytest.fixture
def command(database_url, tmp_path, capsys):
    """Run the command on the test's database; return its exit code, what it printed and what it complained of."""

    def go(*arguments):
        code = grants_command.main(
            arguments, settings.read_settings({"DATABASE_URL": database_url, "TONTINE_DATA": str(tmp_path)})
        )
        printed = capsys.readouterr()
        return code, printed.out, printed.err

    return go


def test_what_a_model_asks_for_is_listed_granted_and_revoked(add_model, command):
    add_model(LOOKS, slug="curves", network=["www.example.com", "data.example.com"], secrets=["API_KEY"])
    add_model(LOOKS, slug="plain")
    code, out, _ = command("list")
    assert (code, out.splitlines()) == (
        0,
        [
            "curves  host  www.example.com  not granted",
            "curves  host  data.example.com  not granted",
            "curves  secret  API_KEY  not granted",
        ],
    )
    code, out, _ = command("grant", "curves", "--host", "WWW.example.com", "--secret", "API_KEY", "--by", "grace")
    assert code == 0
    assert "curves is now granted: host www.example.com" in out
    assert "TONTINE_SECRET_API_KEY" in out
    assert "was granted already" in command("grant", "curves", "--host", "www.example.com")[1]
    listed = command("list", "curves")[1].splitlines()
    assert listed[0].startswith("curves  host  www.example.com  granted by grace, 20")
    assert listed[1].endswith("not granted")
    assert "is no longer granted" in command("revoke", "curves", "--host", "www.example.com")[1]
    assert "was not granted" in command("revoke", "curves", "--host", "www.example.com")[1]
    assert command("list", "plain")[1] == "plain asks for no host and no secret.\n"


def test_a_grant_that_the_current_version_does_not_ask_for_is_shown_as_such_and_can_be_revoked(add_model, command):
    add_model(LOOKS, slug="curves", network=["old.example.com"])
    command("grant", "curves", "--host", "old.example.com")
    add_model(LOOKS + "\n", slug="curves")
    assert "the current version does not ask for it" in command("list", "curves")[1]
    assert command("revoke", "curves", "--host", "old.example.com")[0] == 0
    assert "asks for no host" in command("list", "curves")[1]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("grant", "none", "--host", "a.org"), "there is no model 'none'"),
        (("list", "none"), "there is no model 'none'"),
        (("grant", "curves", "--host", "a.org"), "the hosts it asks for: www.example.com"),
        (("grant", "curves", "--secret", "KEY"), "the secrets it asks for: none"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(add_model, command, context, arguments, words):
    add_model(LOOKS, slug="curves", network=["www.example.com"])
    code, _, err = command(*arguments)
    assert code == 1
    assert words in err
    with context.database.read() as conn:
        assert stored.list_grants(conn, apps.app_by_slug(conn, "curves").id) == []


@pytest.mark.parametrize("arguments", [("grant", "curves"), ("revoke", "curves"), ("grant",), (), ("give", "curves")])
def test_a_command_that_is_not_whole_is_refused_with_its_usage(command, capsys, arguments):
    with pytest.raises(SystemExit) as ended:
        command(*arguments)
    assert ended.value.code == 2
    assert "usage: python -m engine.commands.grants" in capsys.readouterr().err


def test_a_grant_has_the_reference_cases_run_again(add_model, command, context):
    cases = [{"name": "a", "inputs": {}, "expect": {"notes": "x"}}]
    add_model(LOOKS, slug="curves", network=["www.example.com"], cases=cases)

    def queued():
        with context.database.read() as conn:
            return conn.exec_driver_sql("select count(*) from procrastinate_jobs").scalar_one()

    before = queued()
    command("grant", "curves", "--host", "www.example.com")
    assert queued() == before + 1
    command("grant", "curves", "--host", "www.example.com")
    assert queued() == before + 1


def test_without_a_database_the_command_says_what_to_do(tmp_path, capsys):
    assert grants_command.main(["list"], settings.read_settings({"TONTINE_DATA": str(tmp_path)})) == 1
    assert "Start Tontine once" in capsys.readouterr().err


@pytest.mark.processes
def test_the_embedded_database_is_joined_while_a_server_uses_it_and_left_running(tmp_path):
    folder = tmp_path / "models" / "curves"
    folder.mkdir(parents=True)
    (folder / "manifest.json").write_text('{"name": "Curves", "network": ["www.example.com"]}')
    (folder / "function.py").write_text(LOOKS)
    server = EmbeddedServer(tmp_path / "data" / "postgres", fsync=False)
    with server as url:
        database = Database(url, pool=1)
        migrate(database)
        context = contexts.open_context(url, data=tmp_path / "data")
        assert register_folders(context, folder.parent) == {}
        context.close()
        environment = {**os.environ, "TONTINE_DATA": str(tmp_path / "data"), "DATABASE_URL": ""}
        done = subprocess.run(
            [
                sys.executable,
                "-m",
                "engine.commands.grants",
                "grant",
                "curves",
                "--host",
                "www.example.com",
                "--by",
                "root",
            ],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        assert server.alive()
        with database.read() as conn:
            app = apps.app_by_slug(conn, "curves")
            assert versions.get_version(conn, app.id, app.current_version)
            assert [(g.kind, g.name) for g in stored.list_grants(conn, app.id)] == [(GrantKind.HOST, "www.example.com")]
        database.close()


def test_the_values_of_secrets_come_from_the_environment_and_are_never_in_an_error():
    found = settings.secrets({"TONTINE_SECRET_API_KEY": "sesame-open", "TONTINE_SECRET_EMPTY": "", "API_KEY": "no"})
    assert found == {"API_KEY": "sesame-open"}
    for environment in ({"TONTINE_SECRET_A": "short-1"}, {"TONTINE_SECRET_A": "not-text-\udcff"}):
        with pytest.raises(settings.SettingsError, match="TONTINE_SECRET_A") as caught:
            settings.read_settings(environment)
        assert environment["TONTINE_SECRET_A"] not in str(caught.value)
        with pytest.raises(settings.SettingsError):
            settings.secrets(environment)
