"""Stars of users, and how much models are used."""

import pytest
from sqlalchemy import text

from contract.actor import Actor
from contract.errors import NotFoundError
from engine.models.catalogue import find_app
from engine.models.favourites import count_uses, list_favourites, set_favourite
from engine.runs.submit import submit
from storage import apps
from tests.actors import ADA

LOOKS = "def run(inputs):\n    return {'notes': 'x'}\n"


def test_a_star_is_its_users_own_and_can_be_taken_back(add_model, context):
    add_model(LOOKS)
    app = find_app(context, "probe", actor=ADA)
    assert list_favourites(context, actor=ADA) == set()
    for _ in range(2):
        set_favourite(context, "probe", actor=ADA, starred=True)
    assert list_favourites(context, actor=ADA) == {app.id}
    assert list_favourites(context, actor=Actor("grace")) == set()
    set_favourite(context, "probe", actor=Actor("grace"), starred=False)
    set_favourite(context, "probe", actor=ADA, starred=False)
    assert list_favourites(context, actor=ADA) == set()


def test_a_model_that_is_not_there_cannot_be_starred(context):
    with pytest.raises(NotFoundError):
        set_favourite(context, "none", actor=ADA, starred=True)


def test_use_counts_what_people_asked_for_lately_and_stops_at_the_cap(add_model, context):
    for slug in ("used", "unused", "old"):
        add_model(f"{LOOKS}# {slug}\n", slug=slug)
    for n in range(3):
        submit(context, "used", {"n": n + 2}, actor=ADA)
    submit(context, "old", {"n": 2}, actor=ADA)
    with context.database.begin() as conn:
        conn.execute(text("update runs set queued_at = now() - interval '91 days' where app_id = :a"), {"a": 3})
    ids = {slug: find_app(context, slug, actor=ADA).id for slug in ("used", "unused", "old")}
    assert ids["old"] == 3
    assert count_uses(context, actor=ADA) == {ids["used"]: 3, ids["unused"]: 0, ids["old"]: 0}
    with context.database.read() as conn:
        assert apps.use_counts(conn, cap=2)[ids["used"]] == 1
