"""Which models the catalogue shows, and in which order."""

from datetime import UTC, datetime

from contract.app import App
from ui.catalogue.order import matches, sort_models


def app(number, name, **more):
    values = {"description": "", "category": None, "tags": (), **more}
    return App(number, name.lower(), name, source={}, current_version="v", created_at=datetime.now(UTC), **values)


MODELS = [app(1, "Zeta"), app(2, "alpha"), app(3, "Beta"), app(4, "Gamma")]


def test_favourites_come_first_then_the_most_used_then_the_names():
    found = sort_models(MODELS, {3}, {1: 5, 4: 5})
    assert [a.name for a in found] == ["Beta", "Gamma", "Zeta", "alpha"]


def test_among_favourites_the_most_used_comes_first():
    assert [a.id for a in sort_models(MODELS, {2, 3}, {3: 1})][:2] == [3, 2]


def test_every_word_must_be_found_somewhere_in_a_models_texts():
    one = app(1, "Chain ladder", description="Run-off triangles", tags=("Mack",), category="Reserving")
    assert matches(one, ["mack", "triangles"], [])
    assert not matches(one, ["mack", "life"], [])
    assert matches(one, [], ["Reserving"])
    assert not matches(one, [], ["Other"])
    assert matches(app(2, "x"), [], ["Other"])
