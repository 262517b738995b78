"""The administrator's command: a value comes from standard input, and is never an argument or in what is printed."""

import os
import re
import subprocess
import sys

import pytest

import settings
from contract.access import GrantKind
from engine.commands import secrets as secrets_command
from engine.models.grants import grant
from storage.encryption import Cipher
from tests.actors import ADMIN
from tests.engine.conftest import ROOT
from tests.engine.secrets.test_secrets import KNOWS, VALUE


@pytest.fixture
def command(database_url, tmp_path, key):
    """Run the command in a process of its own, with a key; return its exit code and what it printed."""

    def go(*arguments, given="", **environment):
        done = subprocess.run(
            [sys.executable, "-m", "engine.commands.secrets", *arguments],
            cwd=ROOT,
            check=False,
            capture_output=True,
            text=True,
            input=given,
            env={
                **os.environ,
                "DATABASE_URL": database_url,
                "TONTINE_DATA": str(tmp_path),
                "TONTINE_SECRETS_KEY": key,
                **environment,
            },
        )
        return done.returncode, done.stdout, done.stderr

    return go


def test_a_value_from_standard_input_is_set_listed_used_and_deleted(context, add_model, command, run):
    slug = add_model(KNOWS, secrets=["API_KEY"])
    assert command("list")[1] == "API_KEY  no stored value  probe asks for it\n"
    grant(context.database, slug, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    code, out, error = command("set", "API_KEY", given=VALUE + "\n")
    assert code == 0, error
    assert out.startswith("API_KEY is set.")
    assert VALUE not in out + error
    assert run(slug).shown["summary"] == {"length": len(VALUE)}  # without the line end
    assert re.fullmatch(r"API_KEY  set by \S+, 20.*  granted to probe\n", command("list")[1])
    assert command("delete", "API_KEY")[0] == 0
    code, out, error = command("delete", "API_KEY")
    assert (code, out) == (1, "")
    assert "has no stored value" in error


def test_without_a_key_and_with_a_short_value_it_says_both_and_shows_no_value(command):
    code, out, error = command("set", "API_KEY", given="short", TONTINE_SECRETS_KEY="")
    assert (code, out) == (1, "")
    assert "value: it has fewer than 8 characters" in error
    assert "TONTINE_SECRETS_KEY is not set" in error
    assert "short" not in error


def test_a_new_key_is_one_that_the_setting_takes_and_the_setting_shows_none_that_it_refuses(capsys):
    assert secrets_command.main(["new-key"]) == 0
    made = capsys.readouterr().out.strip()
    found = settings.read_settings({"TONTINE_SECRETS_KEY": f"{made}, {made}"})
    assert found.secrets_keys == (made, made)
    assert made not in repr(found)
    assert Cipher(found.secrets_keys).has_key
    for wrong in (made[:-1], made + "x", f"{made},{made[:20]}", "x" * 44, "é" * 44):
        with pytest.raises(settings.SettingsError) as raised:
            settings.read_settings({"TONTINE_SECRETS_KEY": wrong})
        assert "engine.commands.secrets new-key" in str(raised.value)
        assert wrong[:10] not in str(raised.value)


def test_rotating_tells_what_was_encrypted_anew(command, key):
    assert command("set", "API_KEY", given=VALUE)[0] == 0
    newer = secrets_command.new_key()
    code, out, error = command("rotate", TONTINE_SECRETS_KEY=newer)
    assert (code, out) == (1, "")
    assert "secrets.API_KEY" in error
    code, out, error = command("rotate", TONTINE_SECRETS_KEY=f"{newer},{key}")
    assert (code, error) == (0, "")
    assert out.startswith("1 secrets and the signing secrets of 0 webhooks")
    assert command("rotate", TONTINE_SECRETS_KEY=newer)[0] == 0
