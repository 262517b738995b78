import pytest
from alembic import command
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

from contract.access import Kind
from storage import grants, users
from storage.migrate import config, migrate
from tests.storage.factory import add_app


def test_a_grant_is_kept_once_with_who_gave_it_first(database):
    with database.begin() as conn:
        app, other = add_app(conn), add_app(conn, "pricer")
        ada, grace = users.ensure_user(conn, "ada"), users.ensure_user(conn, "grace")
        assert grants.grant(conn, app.id, Kind.SECRET, "KEY", ada)
        assert grants.grant(conn, app.id, Kind.HOST, "example.com", ada)
        assert not grants.grant(conn, app.id, Kind.HOST, "example.com", grace)
        assert grants.grant(conn, other.id, Kind.HOST, "example.com", grace)
    with database.read() as conn:
        found = grants.grants_of(conn, app.id)
        assert [(g.kind, g.name, g.granted_by) for g in found] == [
            (Kind.HOST, "example.com", "ada"),
            (Kind.SECRET, "KEY", "ada"),
        ]
        assert found[0].granted_at.tzinfo
        assert [g.granted_by for g in grants.grants_of(conn, other.id)] == ["grace"]


def test_a_revoked_grant_is_gone_and_others_stay(database):
    with database.begin() as conn:
        app = add_app(conn)
        user = users.ensure_user(conn, "ada")
        for kind in Kind:
            grants.grant(conn, app.id, kind, "same", user)
        assert grants.revoke(conn, app.id, Kind.HOST, "same")
        assert not grants.revoke(conn, app.id, Kind.HOST, "same")
        assert [g.kind for g in grants.grants_of(conn, app.id)] == [Kind.SECRET]


def test_nothing_but_hosts_and_secrets_can_be_granted(database):
    with database.begin() as conn:
        app, user = add_app(conn), users.ensure_user(conn, "ada")
    with pytest.raises(IntegrityError, match="grants_kind"), database.begin() as conn:
        grants.grant(conn, app.id, "file", "/etc", user)


def test_a_database_from_before_grants_is_upgraded_and_keeps_its_models(database):
    with database.begin() as conn:
        conn.execute(text("drop table grants"))
        command.stamp(config(conn), "0002", purge=True)
    with database.begin() as conn:
        app = add_app(conn)
    migrate(database)
    with database.begin() as conn:
        assert grants.grants_of(conn, app.id) == []
        assert grants.grant(conn, app.id, Kind.HOST, "example.com", users.ensure_user(conn, "ada"))
