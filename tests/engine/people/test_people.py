"""Who comes in, with which role, and their tokens, on a real database."""

import dataclasses
import hashlib
import time
from datetime import timedelta

import pytest
from sqlalchemy import text

from contract.actor import Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError, NotSignedInError
from contract.person import RoleSource, Scope
from contract.run import Visibility
from engine.people import people, tokens
from engine.people.audit import list_audit_rows, verify_audit_log
from engine.people.rules import PeopleRules, texts_of
from engine.people.sign_in import actor_from_claims
from tests.actors import ADMIN

NOW = int(time.time())


def claims(sub="1", **more):
    return {"iss": "https://login.example", "sub": sub, "iat": NOW, **more}


@pytest.fixture
def office(context):
    """Return an installation where people sign in, with the given rules."""

    def make(**rules):
        return dataclasses.replace(context, people=PeopleRules(sign_in=True, **rules), signed_in={})

    return make


def actions(context):
    return [row.action for row in reversed(list_audit_rows(context, actor=ADMIN, limit=500))]


def test_somebody_new_gets_the_default_role_and_a_row_in_the_log(office):
    opened = office()
    actor = actor_from_claims(opened, claims(email="ada@example.com", email_verified=True))
    assert actor == Actor("ada@example.com", role=Role.VIEWER)
    assert actor_from_claims(opened, claims()) == actor
    assert actions(opened) == ["person.signed_in"]
    assert verify_audit_log(opened, actor=ADMIN).intact


@pytest.mark.parametrize(
    "wrong",
    [{}, {"iss": "https://login.example"}, claims(sub=""), {**claims(), "iat": None}, {**claims(), "iat": True}],
)
def test_claims_that_name_nobody_let_nobody_in(office, wrong):
    with pytest.raises(NotSignedInError):
        actor_from_claims(office(), wrong)


def test_a_sign_in_ends_after_its_hours_and_none_is_of_tomorrow(office):
    opened = office(sign_in_hours=8)
    for moment in (NOW - 8 * 3600 - 1, NOW + 3600):
        with pytest.raises(NotSignedInError, match="your sign-in is over"):
            actor_from_claims(opened, {**claims(), "iat": moment})
    assert actor_from_claims(opened, {**claims(name="Ada"), "iat": NOW - 7 * 3600}).name == "Ada"


def test_an_administrator_of_the_setting_needs_a_verified_address_or_is_named_by_the_providers_id(office):
    opened = office(administrators=("ada@example.com", "https://login.example 7"))
    verified = claims("1", email="ada@example.com", email_verified=True)
    assert actor_from_claims(opened, verified).role is Role.ADMINISTRATOR
    for sub, trusted in (("2", False), ("3", None), ("4", "true")):
        claimed = claims(sub, email="ada@example.com", email_verified=trusted, preferred_username="eve")
        assert actor_from_claims(opened, claimed).role is Role.VIEWER, trusted
    assert actor_from_claims(opened, claims("7")).role is Role.ADMINISTRATOR
    elsewhere = {**claims("7"), "iss": "https://other.example"}
    assert actor_from_claims(opened, elsewhere).role is Role.VIEWER


def test_the_highest_role_that_the_claims_give_counts_and_is_taken_away_with_the_claim(office):
    opened = office(role_claim="realm.roles", roles={"a": Role.ANALYST, "b": Role.AUTHOR}, team_claim="groups")
    actor = actor_from_claims(opened, claims(name="Ada", realm={"roles": ["a", "b", "x"]}, groups=["life", "life"]))
    assert (actor.role, actor.teams) == (Role.AUTHOR, ("life",))
    later = {**claims(name="Ada", realm={"roles": []}), "iat": NOW + 1}
    assert actor_from_claims(opened, later).role is Role.VIEWER
    # An older cookie of the same person, in another browser, brings nothing back.
    opened.signed_in.clear()
    assert actor_from_claims(opened, claims(realm={"roles": ["b"]})).role is Role.VIEWER


def test_claims_are_read_as_one_text_or_a_list_at_any_depth_and_nothing_else():
    given = {"a": "x", "b": {"c": ["y", 7, None, ""]}, "https://ns.example/roles": ["z"], "d": 3}
    found = [texts_of(given, name) for name in ("a", "b.c", "https://ns.example/roles", "d", "b.c.e", "none", "")]
    assert found == [["x"], ["y"], ["z"], [], [], [], []]


def test_without_a_default_role_an_administrator_gives_one_first(office):
    opened = office(default_role=None)
    with pytest.raises(NotAllowedError, match="Ada has no role here yet"):
        actor_from_claims(opened, claims(name="Ada"))
    people.set_role(opened, "Ada", Role.ANALYST, actor=ADMIN)
    assert actor_from_claims(opened, claims()).role is Role.ANALYST
    later = {**claims(name="Ada"), "iat": NOW + 5}
    assert actor_from_claims(opened, later).role is Role.ANALYST  # a role of the page outlives the next sign-in
    [person] = [p for p in people.list_people(opened, actor=ADMIN) if p.name == "Ada"]
    assert (person.role, person.role_source) == (Role.ANALYST, RoleSource.PAGE)


def test_who_is_disabled_is_out_at_once_with_their_tokens_and_comes_in_again(office):
    opened = office(default_role=Role.ANALYST)
    actor = actor_from_claims(opened, claims(name="Ada"))
    _, token = tokens.create_token(opened, "t", Scope.RUN, 1, actor=actor)
    people.set_disabled(opened, "Ada", disabled=True, actor=ADMIN)
    with pytest.raises(NotAllowedError, match="Ada was disabled"):
        actor_from_claims(opened, claims())
    with pytest.raises(NotAllowedError, match="may not come in"):
        tokens.actor_of_token(opened, token)
    people.set_disabled(opened, "Ada", disabled=False, actor=ADMIN)
    assert actor_from_claims(opened, claims()) == actor
    assert actions(opened)[-2:] == ["person.disabled", "person.enabled"]


def test_nobody_changes_themselves_and_nobody_changes_tontine_or_who_is_not_there(office):
    opened = office(administrators=("https://login.example 1",))
    ada = actor_from_claims(opened, claims(name="Ada"))
    with pytest.raises(NotAllowedError, match="their own role"):
        people.set_role(opened, "Ada", Role.VIEWER, actor=ada)
    with pytest.raises(NotAllowedError, match="their own role"):
        people.set_disabled(opened, "Ada", disabled=True, actor=ada)
    for name in ("system", "nobody", "a\0b"):
        with pytest.raises(NotFoundError, match="nobody is called"):
            people.find_person(opened, name, actor=ada)
    with pytest.raises(NotFoundError):
        people.set_role(opened, "system", Role.VIEWER, actor=ada)


def test_names_that_are_taken_get_a_number_and_no_name_is_tontines_or_the_single_users(office):
    opened = office()
    names = [actor_from_claims(opened, claims(str(n), name="Ada")).name for n in range(3)]
    assert names == ["Ada", "Ada (2)", "Ada (3)"]
    assert actor_from_claims(opened, claims("8", name="system")).name == "system (2)"
    assert actor_from_claims(opened, claims("9", name=opened.user)).name == f"{opened.user} (2)"


def test_of_a_token_the_database_has_the_sha256_and_its_beginning(context):
    made, token = tokens.create_token(context, "nightly", Scope.READ, 7, actor=Actor(context.user))
    with context.database.read() as conn:
        row = conn.execute(text("select * from api_tokens")).mappings().one()
    assert bytes(row["hash"]) == hashlib.sha256(token.encode()).digest()
    assert token not in str(dict(row))
    assert token.startswith(made.hint)
    assert made.expires_at - row["created_at"] == pytest.approx(timedelta(days=7), abs=timedelta(seconds=60))
    assert tokens.actor_of_token(context, token) == Actor(context.user, role=Role.VIEWER, by_token=True)


def test_a_token_that_was_revoked_or_has_ended_is_refused_and_its_last_use_is_noted_once_a_minute(context):
    owner = Actor(context.user)
    made, token = tokens.create_token(context, "t", Scope.RUN, 1, actor=owner)
    tokens.actor_of_token(context, token)
    [first] = tokens.list_tokens(context, actor=owner)
    tokens.actor_of_token(context, token)
    assert tokens.list_tokens(context, actor=owner) == [first]
    assert first.last_used_at is not None
    with context.database.begin() as conn:
        conn.execute(text("update api_tokens set last_used_at = last_used_at - interval '2 minutes'"))
    tokens.actor_of_token(context, token)
    assert tokens.list_tokens(context, actor=owner)[0].last_used_at >= first.last_used_at
    with context.database.begin() as conn:
        conn.execute(text("update api_tokens set expires_at = now()"))
    with pytest.raises(NotSignedInError):
        tokens.actor_of_token(context, token)
    with context.database.begin() as conn:
        conn.execute(text("update api_tokens set expires_at = now() + interval '1 day'"))
    tokens.revoke_token(context, made.id, actor=owner)
    tokens.revoke_token(context, made.id, actor=owner)  # once more changes nothing
    with pytest.raises(NotSignedInError):
        tokens.actor_of_token(context, token)
    assert actions(context) == ["token.created", "token.revoked"]


def test_a_token_has_the_smaller_of_its_scope_and_its_owners_role_as_it_is_now(office):
    opened = office(default_role=Role.AUTHOR)
    actor = actor_from_claims(opened, claims(name="Ada"))
    _, token = tokens.create_token(opened, "t", Scope.REGISTER, 1, actor=actor)
    assert tokens.actor_of_token(opened, token).role is Role.AUTHOR
    people.set_role(opened, "Ada", Role.VIEWER, actor=ADMIN)
    assert tokens.actor_of_token(opened, token).role is Role.VIEWER
    people.set_role(opened, "Ada", Role.ADMINISTRATOR, actor=ADMIN)
    assert tokens.actor_of_token(opened, token).role is Role.AUTHOR


def test_a_token_beyond_ones_role_without_a_name_or_without_an_end_is_refused_with_all_problems(context):
    with pytest.raises(InputError) as refused:
        tokens.create_token(context, " ", Scope.ADMINISTER, 0, actor=Actor("bob", role=Role.VIEWER))
    assert [p.where for p in refused.value.problems] == ["name", "scope", "days"]


def test_nobody_revokes_the_token_of_somebody_else_but_an_administrator(context):
    made, _ = tokens.create_token(context, "t", Scope.READ, 1, actor=Actor("bob", role=Role.ANALYST))
    with pytest.raises(NotFoundError):
        tokens.revoke_token(context, made.id, actor=Actor("eve", role=Role.AUTHOR))
    assert tokens.revoke_token(context, made.id, actor=ADMIN).revoked_at is not None


def test_a_token_revokes_none_unless_its_scope_is_to_administer(context):
    owner = Actor(context.user)
    made = tokens.create_token(context, "t", Scope.RUN, 1, actor=owner)[0]
    for scope in (Scope.READ, Scope.RUN, Scope.REGISTER):
        program = tokens.actor_of_token(context, tokens.create_token(context, "p", scope, 1, actor=owner)[1])
        with pytest.raises(NotAllowedError, match="takes the scope administer to revoke one"):
            tokens.revoke_token(context, made.id, actor=program)
    program = tokens.actor_of_token(context, tokens.create_token(context, "p", Scope.ADMINISTER, 1, actor=owner)[1])
    assert tokens.revoke_token(context, made.id, actor=program).revoked_at is not None


def test_there_are_as_many_tokens_as_one_may_have_and_no_more(context, monkeypatch):
    monkeypatch.setattr(tokens, "MAX_TOKENS", 2)
    owner = Actor("bob", role=Role.ANALYST)
    made = [tokens.create_token(context, "t", Scope.READ, 1, actor=owner)[0] for _ in range(2)]
    with pytest.raises(InputError, match="2 tokens already"):
        tokens.create_token(context, "t", Scope.READ, 1, actor=owner)
    tokens.revoke_token(context, made[0].id, actor=owner)
    tokens.create_token(context, "t", Scope.READ, 1, actor=owner)


def test_where_nobody_signs_in_the_single_user_is_the_administrator_and_nobody_else_has_a_role(context):
    rules = PeopleRules()
    assert rules.run_visibility is Visibility.TEAM
    _, token = tokens.create_token(context, "t", Scope.ADMINISTER, 1, actor=Actor(context.user))
    assert tokens.actor_of_token(context, token).role is Role.ADMINISTRATOR
    _, other = tokens.create_token(context, "t", Scope.READ, 1, actor=Actor("bob"))
    with pytest.raises(NotAllowedError):
        tokens.actor_of_token(context, other)
