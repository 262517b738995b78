"""Secrets are stored encrypted, handed to models that were granted them, and found nowhere else."""

import subprocess

import pytest
import structlog
from sqlalchemy import text

from contract.access import GrantKind
from contract.errors import NotFoundError, NotGrantedError, SecretError
from contract.run import Status
from contract.secret import MAX_LENGTH, MIN_LENGTH
from engine.models.grants import grant
from engine.runs.follow import wait_for_end
from engine.runs.submit import submit
from engine.secrets.manage import delete_secret, list_secrets, set_secret, storage_problems
from engine.secrets.rotate import encrypt_plain_values, rotate_keys
from engine.webhooks.manage import create_webhook
from settings import SECRET_LENGTH
from storage import backup
from storage.encryption import Cipher, new_key
from storage.postgres_binaries import binaries_folder
from tests.actors import ADA, ADMIN, GRACE

VALUE = "sesame-open-1234"
KNOWS = """
import os, sys
def run(inputs):
    value = os.environ['API_KEY']
    print('using', value, file=sys.stderr)
    return {'summary': {'length': len(value)}, 'notes': 'the key is ' + value}
"""
LOOKS = "import os\ndef run(inputs):\n    return {'notes': ', '.join(sorted(os.environ))}\n"


@pytest.fixture
def slug(context, add_model):
    made = add_model(KNOWS, secrets=["API_KEY"])
    grant(context.database, made, GrantKind.SECRET, "API_KEY", actor=ADMIN)
    return made


def all_rows(database):
    """Return every row of every table as text."""
    with database.read() as conn:
        tables = conn.execute(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        ).scalars()
        return {
            table: "\n".join(conn.execute(text(f'select cast(t as text) from "{table}" t')).scalars())
            for table in tables
        }


def test_a_stored_secret_is_given_to_its_model_and_is_in_plain_nowhere(context, slug, run):
    with structlog.testing.capture_logs() as logged:
        set_secret(context, "API_KEY", VALUE, actor=ADMIN)
        now = run(slug)
    assert now.run.status is Status.SUCCESS, now.run.reason
    assert (now.shown["summary"], now.shown["notes"], now.log) == (
        {"length": len(VALUE)},
        "the key is ***",
        "using ***\n",
    )
    assert VALUE not in repr(logged)
    rows = all_rows(context.database)
    assert "API_KEY" in rows["secrets"]
    assert not [table for table, content in rows.items() if VALUE in content or VALUE.encode().hex() in content]


def test_a_model_gets_the_secrets_that_it_names_and_was_granted_and_no_other(context, slug, add_model, run):
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    set_secret(context, "OTHER_KEY", VALUE + "-other", actor=ADMIN)
    other = add_model(LOOKS, slug="other", secrets=["OTHER_KEY"])
    with pytest.raises(NotGrantedError, match="needs the secret OTHER_KEY, which it was not granted"):
        run(other)
    grant(context.database, other, GrantKind.SECRET, "OTHER_KEY", actor=ADMIN)
    assert run(other).shown == {"notes": "HOME, LANG, OTHER_KEY, PATH, TMPDIR"}


def test_a_worker_process_decrypts_with_the_key_of_its_environment(context, slug, workers, key):
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    workers(1, TONTINE_SECRETS_KEY=key)
    now = wait_for_end(context, submit(context, slug, {}, actor=ADA).id, 60, actor=ADA)
    assert (now.run.status, now.shown["summary"]) == (Status.SUCCESS, {"length": len(VALUE)}), now.run.reason


def test_a_stored_value_comes_before_the_environments_which_is_used_where_none_is_stored(context, slug, run):
    assert run(slug, API_KEY="from-the-environment").shown["summary"] == {"length": len("from-the-environment")}
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    assert run(slug, API_KEY="from-the-environment").shown["summary"] == {"length": len(VALUE)}
    delete_secret(context, "API_KEY", actor=ADMIN)
    assert run(slug, API_KEY="from-the-environment").shown["summary"] == {"length": len("from-the-environment")}


def test_a_run_whose_secret_has_no_value_anywhere_fails_with_how_to_set_it(slug, run):
    now = run(slug)
    assert now.run.status is Status.FAILED
    assert "python -m engine.commands.secrets set API_KEY" in now.run.reason
    assert "TONTINE_SECRET_API_KEY" in now.run.reason


@pytest.mark.parametrize(("keys", "reason"), [([], "is not set"), ([new_key()], "does not hold here")])
def test_a_worker_without_the_key_says_so_and_takes_no_other_value_instead(context, slug, run, keys, reason):
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    now = run(slug, keys=keys, API_KEY="from-the-environment")
    assert now.run.status is Status.FAILED
    assert "The worker test-worker cannot decrypt the secret API_KEY" in now.run.reason
    assert reason in now.run.reason
    assert VALUE not in now.run.reason


def test_without_a_key_nothing_is_stored_and_the_refusal_says_what_to_do(context):
    object.__setattr__(context, "cipher", Cipher())
    assert len(storage_problems(context, actor=ADMIN)) == 1
    with pytest.raises(SecretError, match="TONTINE_SECRETS_KEY is not set"):
        set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    assert list_secrets(context, actor=ADMIN) == []
    with context.database.read() as conn:
        assert conn.execute(text("select count(*) from secrets")).scalar_one() == 0


def test_every_problem_of_a_name_and_a_value_is_said_at_once_and_no_value_is_shown(context):
    object.__setattr__(context, "cipher", Cipher())
    with pytest.raises(SecretError) as raised:
        set_secret(context, "no name", "short\x00", actor=ADMIN)
    assert [p.where for p in raised.value.problems] == ["name", "value", "value", "key"]
    assert "short" not in str(raised.value)
    assert MIN_LENGTH == SECRET_LENGTH


@pytest.mark.parametrize("value", ["1234567", "x" * (MAX_LENGTH + 1), "lone surrogate \ud800"])
def test_a_value_that_cannot_be_hidden_or_handed_over_is_refused(context, value):
    with pytest.raises(SecretError, match=r"^value: "):
        set_secret(context, "API_KEY", value, actor=ADMIN)


@pytest.mark.parametrize("name", ["PATH", "", "A B", "1A", "x" * 300])
def test_a_name_that_no_manifest_could_ask_for_is_refused(context, name):
    with pytest.raises(SecretError, match=r"^name: "):
        set_secret(context, name, VALUE, actor=ADMIN)


def test_the_list_says_who_set_what_and_which_models_get_it_or_ask_for_it_and_shows_no_value(context, add_model):
    add_model(KNOWS, slug="granted", secrets=["API_KEY"])
    add_model(KNOWS, slug="asking", secrets=["API_KEY", "TOKEN"])
    grant(context.database, "granted", GrantKind.SECRET, "API_KEY", actor=ADMIN)
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    stored = set_secret(context, "API_KEY", VALUE, actor=GRACE)
    set_secret(context, "UNUSED", VALUE, actor=ADMIN)
    found = {secret.name: secret for secret in list_secrets(context, actor=ADMIN)}
    assert list(found) == ["API_KEY", "TOKEN", "UNUSED"]
    assert found["API_KEY"].stored == stored
    assert (stored.set_by, found["UNUSED"].stored.set_by) == ("grace", "root")
    assert (found["API_KEY"].granted_to, found["API_KEY"].asked_by) == (("granted",), ("asking",))
    assert (found["TOKEN"].stored, found["TOKEN"].asked_by) == (None, ("asking",))
    assert VALUE not in repr(found)


def test_a_secret_without_a_stored_value_cannot_be_deleted(context):
    with pytest.raises(NotFoundError, match="has no stored value"):
        delete_secret(context, "API_KEY", actor=ADMIN)


def test_a_value_that_was_copied_to_another_secret_is_not_handed_out(context, slug, run):
    set_secret(context, "DEAR_KEY", VALUE, actor=ADMIN)
    with context.database.begin() as conn:
        conn.execute(text("insert into secrets select 'API_KEY', value, set_by, set_at from secrets"))
    now = run(slug)
    assert now.run.status is Status.FAILED
    assert "encrypted for something else" in now.run.reason


def test_the_database_refuses_a_value_in_plain(context):
    with (
        pytest.raises(Exception, match="secrets_encrypted"),
        context.database.begin() as conn,
    ):
        conn.execute(text("insert into users (name) values ('ada') on conflict do nothing"))
        conn.execute(text("insert into secrets (name, value, set_by) select 'A', 'plain-value', id from users"))


def test_keys_are_rotated_together_or_not_at_all(context, slug, run, key):
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    create_webhook(context, "https://1.1.1.1/hook", actor=ADA)
    new, foreign = new_key(), new_key()
    before = all_rows(context.database)
    with pytest.raises(SecretError) as raised:
        rotate_keys(context.database, Cipher([new, foreign]), actor=ADMIN)
    assert [p.where.split(".")[0] for p in raised.value.problems] == ["secrets", "webhooks"]
    assert all_rows(context.database) == before
    done = rotate_keys(context.database, Cipher([new, key]), actor=ADMIN)
    assert (done.secrets, done.webhooks) == (1, 1)
    assert run(slug, keys=[new]).shown["summary"] == {"length": len(VALUE)}
    assert run(slug, keys=[key]).run.status is Status.FAILED


def test_rotating_without_a_key_says_that_there_is_none(context):
    with pytest.raises(SecretError, match="TONTINE_SECRETS_KEY is not set"):
        rotate_keys(context.database, Cipher(), actor=ADMIN)


def test_webhooks_secrets_are_stored_encrypted_and_those_in_plain_are_encrypted_at_the_next_start(context):
    _, shown = create_webhook(context, "https://1.1.1.1/hook", actor=ADA)
    assert shown not in all_rows(context.database)["webhooks"]
    cipher = context.cipher
    object.__setattr__(context, "cipher", Cipher())
    _, plain = create_webhook(context, "https://1.1.1.1/hook", actor=ADA)
    assert plain in all_rows(context.database)["webhooks"]  # a webhook works without a key
    assert encrypt_plain_values(context.database, Cipher()) == 0
    assert encrypt_plain_values(context.database, cipher) == 1
    assert encrypt_plain_values(context.database, cipher) == 0
    assert plain not in all_rows(context.database)["webhooks"]


def test_a_backup_holds_no_value_in_plain_and_is_useless_without_the_key(context, slug, run, tmp_path):
    set_secret(context, "API_KEY", VALUE, actor=ADMIN)
    _, signing = create_webhook(context, "https://1.1.1.1/hook", actor=ADA)
    assert run(slug).run.status is Status.SUCCESS
    file = tmp_path / "backup"
    backup.back_up(context.database.dsn, file)
    script = tmp_path / "backup.sql"
    subprocess.run([binaries_folder() / "pg_restore", f"--file={script}", str(file)], check=True)
    content = script.read_bytes()
    assert b"API_KEY" in content
    for value in (VALUE, signing):
        assert value.encode() not in content
        assert value.encode().hex().encode() not in content
        assert value.encode() not in file.read_bytes()
    # What is restored is what was backed up, the same rows: who has them and not the key gets nothing.
    assert run(slug, keys=[]).run.status is Status.FAILED
    assert run(slug, keys=[new_key()]).run.status is Status.FAILED
