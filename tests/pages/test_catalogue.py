"""The catalogue's cards, and the result that a model's page opens with."""

import re

import pytest

from contract.actor import Actor
from engine.models.favourites import list_favourites
from engine.runs.submit import submit
from storage.search import Filter, search_runs
from tests.actors import ADA
from ui.catalogue import pictures

CURVE = """
def run(inputs):
    return {"summary": {"Squared": inputs["n"] ** 2}, "series": {"Line": {"x": [1, 2, 3], "y": [1, inputs["n"], 2]}}}
"""
N = {"n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7, "unit": "pcs"}}


def words(app):
    groups = (app.title, app.markdown, app.caption, app.info)
    return " ".join(str(item.value) for group in groups for item in group)


def links(app):
    return [link.proto.label.strip("*") for link in app.get("page_link")]


def images(app):
    return [
        html.proto.body
        for html in app.get("html")
        if "tontine-picture" in html.proto.body and "<style" not in html.proto.body
    ]


@pytest.fixture
def run_start(context, run_now):
    """Run what the system has queued."""

    def go():
        with context.database.read() as conn:
            waiting = [r for r in search_runs(conn, Filter(user="system")).runs if not r.status.final]
        for run in waiting:
            run_now(run)
        pictures._find_starting_runs.clear()  # the page looks for new ones every ten seconds

    return go


def test_a_card_has_the_picture_of_its_models_starting_result(visit, add_model, run_start):
    add_model(CURVE, N)
    add_model("def run(inputs):\n    return {'notes': 'x'}\n", N, slug="wordy")
    assert all("<img" not in image for image in images(visit("catalogue")))
    run_start()
    shown = images(visit("catalogue"))
    assert len([image for image in shown if re.search(r'src="data:image/svg\+xml;base64,\w{100}', image)]) == 1
    assert len([image for image in shown if "No picture" in image]) == 1


def test_a_starred_model_comes_first_and_a_second_press_takes_the_star_back(visit, add_model, context):
    add_model(CURVE, N, slug="alpha")
    add_model(CURVE + "\n", N, slug="beta")
    app = visit("catalogue")
    assert links(app) == ["Alpha", "Beta"]
    app.button(key="star-beta").click().run()
    assert links(app) == ["Beta", "Alpha"]
    assert len(list_favourites(context, actor=ADA)) == 1
    app.button(key="star-beta").click().run()
    assert links(app) == ["Alpha", "Beta"]


def test_what_is_used_comes_before_what_is_not(visit, add_model, context):
    add_model(CURVE, N, slug="alpha")
    add_model(CURVE + "\n", N, slug="beta")
    submit(context, "beta", {"n": 3}, actor=Actor("grace"))
    assert links(visit("catalogue")) == ["Beta", "Alpha"]


def test_a_models_page_opens_with_the_result_of_its_starting_inputs(visit, add_model, context, run_start):
    add_model(CURVE, N)
    before = words(visit("model", app="probe"))
    assert "press Run" in before
    assert "is being computed" in before
    run_start()
    app = visit("model", app="probe")
    assert any(">49</dd>" in item.proto.body for item in app.get("html"))
    assert "The form holds them" in words(app)
    assert "run" not in app.query_params


def test_a_form_that_differs_says_that_the_result_is_not_its_own(visit, add_model, run_start):
    add_model(CURVE, N)
    run_start()
    assert "The form holds others" in words(visit("model", app="probe", n="9"))
