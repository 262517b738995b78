"""`tontine audit`: list and verify, on an installation's database."""

import json

import pytest
from sqlalchemy import text

from engine.commands import audit as command
from settings import Settings
from storage import audit


@pytest.fixture
def installation(database, database_url):
    with database.begin() as conn:
        for n in range(3):
            audit.append(conn, actor="ada\x1b[2J", action="token.created", subject=f"t{n}", detail={"n": n})
    return Settings(DATABASE_URL=database_url)


def test_an_intact_log_is_verified_with_the_hash_to_keep(installation, capsys):
    assert command.main(["verify"], installation) == 0
    said = capsys.readouterr().out
    assert "The audit log is intact: 3 rows" in said
    kept = said.split()[-1]
    assert command.main(["verify", "--expect", kept, "--json"], installation) == 0
    assert json.loads(capsys.readouterr().out) == {"rows": 3, "last_hash": kept, "problem": None}


def test_a_log_that_was_changed_is_an_error_with_the_row(installation, database, capsys):
    with database.begin() as conn:
        conn.execute(text("alter table audit_log disable trigger all"))
        conn.execute(text("update audit_log set subject = 'x' where number = 2"))
    assert command.main(["verify"], installation) == 1
    assert "row 2 was changed. The 1 rows before it are intact" in capsys.readouterr().out


def test_rows_are_listed_without_what_would_steer_the_terminal(installation, capsys):
    assert command.main(["list", "--limit", "2", "--action", "token"], installation) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split("\t")[0] for line in lines] == ["3", "2"]
    assert "\x1b" not in "".join(lines)
