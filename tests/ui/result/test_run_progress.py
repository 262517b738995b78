"""A run that is followed on a page: what is drawn at each of its changes, and what stays of the run before."""

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from uuid import UUID

import pytest
from streamlit.testing.v1 import AppTest

from contract.run import Status
from engine.runs.follow import Snapshot, brief
from tests.actors import ADA
from tests.charting import gallery
from ui.result import explanation, run_progress, run_view

GOING = replace(gallery.RUN, id=UUID(int=5), status=Status.RUNNING, finished_at=None, message="step 4")
ROWS = [{"year": 2001, "paid": 5.5}, {"year": 2002, "paid": 7.5}]
BEFORE = Snapshot(gallery.RUN, {"summary": {"Total": 12.5}, "series": [{"x": 1, "y": 2}, {"x": 2, "y": 3}]})


def going(seq, shown=None, log=""):
    return Snapshot(replace(GOING, seq=seq, progress=seq / 10), shown or {}, log)


@pytest.fixture
def page(monkeypatch):
    """Return what draws a run on a page, again on the same page at each call."""
    context = SimpleNamespace(context=lambda: None, run_manifest=lambda _run: gallery.MANIFEST)
    monkeypatch.setattr(run_progress, "cached", context)
    monkeypatch.setattr(run_view, "cached", context)
    monkeypatch.setattr(explanation, "show_explanations", lambda _run: None)
    for view in (run_progress, run_view):
        monkeypatch.setattr(view, "current_actor", lambda: ADA)
    at = AppTest.from_file(str(Path(__file__).with_name("live_script.py")), default_timeout=200)

    def draw(now, previous=None):
        at.session_state["now"], at.session_state["previous"] = now, previous
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return at

    return draw


def component(at, name):
    found = [e.proto for e in at.get("bidi_component") if e.proto.component_name == name]
    return (found[0].id, json.loads(found[0].json)) if found else None


def text(at):
    return " ".join(e.proto.body for e in at.get("html")) + " ".join(
        e.value for e in [*at.markdown, *at.error, *at.warning]
    )


def test_a_run_that_goes_on_is_shown_with_its_message_progress_and_cancel(page):
    at = page(going(4, {"summary": {"Step": 54}}, "begun\n"))
    _, data = component(at, "tontine_run_progress")
    assert data["news"]["message"] == "step 4"
    assert data["news"]["progress"] == 0.4
    assert data["follow"] == f"/api/ws/runs/{GOING.id}?brief=1"
    assert [b.label for b in at.button] == ["Cancel"]
    assert "54" in text(at)
    assert [c.value for c in at.code] == ["begun"]
    assert not at.get("download_button")


def test_no_script_waits_for_a_run_that_goes_on(page, monkeypatch):
    monkeypatch.setattr(run_progress, "wait_for_end", lambda *_: pytest.fail("it waited"))
    page(going(1))


def test_the_result_before_stays_in_sight_dimmed_until_there_is_something_to_show(page):
    at = page(going(1), BEFORE)
    assert "12.5" in text(at)
    assert len(at.get("bidi_component")) == 2
    _, data = component(at, "tontine_run_progress")
    assert data["stale"] == "run-body-chain_ladder"
    at = page(going(2, {"summary": {"Step": 54}}), BEFORE)
    assert "12.5" not in text(at)
    assert component(at, "tontine_run_progress")[1]["stale"] == ""


def test_the_next_result_is_painted_over_the_one_before(page):
    first, _ = component(page(BEFORE), "tontine_charts")
    waiting, _ = component(page(going(1), BEFORE), "tontine_charts")
    ended = Snapshot(replace(GOING, status=Status.SUCCESS, seq=5), {**BEFORE.shown, "summary": {"Total": 13}})
    last, _ = component(page(ended), "tontine_charts")
    assert first == waiting == last


def test_a_result_that_takes_another_shape_from_paint_to_paint_is_shown_whole(page):
    page(going(1, {"notes": "First a note."}))
    page(going(2, {"summary": {"Total": 1}, "notes": "Then a figure."}))
    page(going(3, {"table": ROWS}, "begun\n"))
    page(going(4, {"summary": {"Total": 3}, "table": ROWS, "notes": "Then all."}, "begun\n"))
    ended = replace(GOING, status=Status.SUCCESS, seq=6)
    at = page(Snapshot(ended, {"summary": {"Total": 12.5}, "table": ROWS, "notes": "All is there."}, "begun\n"))
    said = text(at)
    assert "All is there." in said
    assert "12.5" in said
    assert len(at.dataframe) == 1
    assert "Then " not in said
    assert not at.button


def test_a_cancelled_run_says_so_and_keeps_what_it_had_shown(page):
    ended = replace(GOING, status=Status.CANCELLED, seq=4, reason="Cancelled after 5.7 s.")
    at = page(Snapshot(ended, {"summary": {"Step": 54}}, "begun\n"), BEFORE)
    said = text(at)
    assert "Cancelled after 5.7 s." in said
    assert "54" in said
    assert "12.5" not in said


def test_the_mark_of_a_run_changes_with_what_there_is_to_draw_and_not_with_its_progress():
    one = going(1, {"summary": {"Step": 1}}, "begun\n")
    assert brief(one)["mark"] == brief(replace_seq(one, 2))["mark"]
    assert brief(one)["mark"] != brief(going(2, {"summary": {"Step": 2}}, "begun\n"))["mark"]
    assert brief(one)["mark"] != brief(going(2, {"summary": {"Step": 1}}, "begun\nmore\n"))["mark"]
    ended = Snapshot(replace(one.run, status=Status.SUCCESS), one.shown, one.log)
    assert brief(one)["mark"] != brief(ended)["mark"]


def replace_seq(now, seq):
    return Snapshot(replace(now.run, seq=seq, progress=0.9), now.shown, now.log)
