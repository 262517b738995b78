import pytest
from sqlalchemy.exc import IntegrityError

from contract.access import GrantKind
from storage import grants, users
from tests.storage.factory import add_app


def test_a_grant_is_stored_once_with_who_granted_it_first(database):
    with database.begin() as conn:
        app, other = add_app(conn), add_app(conn, "pricer")
        ada, grace = users.get_or_create_user(conn, "ada"), users.get_or_create_user(conn, "grace")
        assert grants.grant(conn, app.id, GrantKind.SECRET, "KEY", ada)
        assert grants.grant(conn, app.id, GrantKind.HOST, "example.com", ada)
        assert not grants.grant(conn, app.id, GrantKind.HOST, "example.com", grace)
        assert grants.grant(conn, other.id, GrantKind.HOST, "example.com", grace)
    with database.read() as conn:
        found = grants.list_grants(conn, app.id)
        assert [(g.kind, g.name, g.granted_by) for g in found] == [
            (GrantKind.HOST, "example.com", "ada"),
            (GrantKind.SECRET, "KEY", "ada"),
        ]
        assert found[0].granted_at.tzinfo
        assert [g.granted_by for g in grants.list_grants(conn, other.id)] == ["grace"]


def test_a_revoked_grant_is_deleted_and_others_stay(database):
    with database.begin() as conn:
        app = add_app(conn)
        user = users.get_or_create_user(conn, "ada")
        for kind in GrantKind:
            grants.grant(conn, app.id, kind, "same", user)
        assert grants.revoke(conn, app.id, GrantKind.HOST, "same")
        assert not grants.revoke(conn, app.id, GrantKind.HOST, "same")
        assert {g.kind for g in grants.list_grants(conn, app.id)} == {GrantKind.PRIVATE_HOST, GrantKind.SECRET}


def test_nothing_but_hosts_and_secrets_can_be_granted(database):
    with database.begin() as conn:
        app, user = add_app(conn), users.get_or_create_user(conn, "ada")
    with pytest.raises(IntegrityError, match="grants_kind"), database.begin() as conn:
        grants.grant(conn, app.id, "file", "/etc", user)
