"""Numbers and dates as analysts write them into a form, with the reading shown and nothing changed unseen."""

import json

import pytest

from contract.manifest import parse
from tests.ui.form.test_inputs import at_link, editing, form_values, now, problems, shown
from ui.form import submission
from ui.shell import session_format


def of_language(language, **params):
    at = at_link(**params)
    at.session_state[session_format.CHOICE_KEY] = language
    return shown(at.run())


def typed(at, name, text):
    return shown(at.text_input(now(at, name)).set_value(text).run())


def markdown(at):
    return " ".join(m.value for m in at.markdown)


@pytest.mark.parametrize("language", ["de-DE", "en-US", "fr-FR", "de-CH"])
@pytest.mark.parametrize(
    ("text", "value"),
    [("2,5", 2.5), ("2.5", 2.5), ("1'234,5", 1234.5), ("1/4", 0.25), ("=10*1.02", 10.2), ("50bp", 0.5), ("12 %", 12)],
)
def test_a_text_of_one_meaning_is_that_number_in_every_language(language, text, value):
    at = typed(of_language(language), "loading.box", text)
    assert form_values(at).values["loading"] == value
    assert form_values(at).problems == []
    assert form_values(at).query["loading"] == repr(value)


@pytest.mark.parametrize(("language", "value", "other"), [("de-DE", 1.234, "1234"), ("en-US", 1234, "1.234")])
def test_an_open_text_is_read_by_the_session_and_says_what_else_it_could_be(language, value, other):
    at = typed(of_language(language), "loading.box", "1,234")
    assert form_values(at).values["loading"] == value
    assert f"not {other}" in markdown(at)
    at = typed(at, "seed.box", "7")
    assert f"not {other}" in markdown(at)  # it stays until the value changes
    at = typed(at, "loading.box", "3")
    assert f"not {other}" not in markdown(at)


def test_the_figure_that_the_box_shows_by_itself_has_no_note():
    at = of_language("de-DE", loading="1.234")
    assert at.text_input(now(at, "loading.box")).value == "1,234"
    assert "read as" not in markdown(at)


def test_what_cannot_be_read_stays_in_the_box_and_the_old_value_holds():
    at = typed(of_language("de-DE", loading="2.5"), "loading.box", "2,5,7")
    assert at.text_input(now(at, "loading.box")).value == "2,5,7"
    assert form_values(at).values["loading"] == 2.5
    assert form_values(at).query["loading"] == "2.5"
    assert "separators where none belongs" in problems(at)["loading"]
    assert "The value is still 2,5" in markdown(at)
    at = shown(at.button(now(at, "loading.restore")).click().run())
    assert at.text_input(now(at, "loading.box")).value == "2,5"
    assert form_values(at).problems == []


def test_a_slider_that_is_moved_takes_the_place_of_a_text_that_was_refused():
    at = typed(at_link(), "loading.box", "x")
    at = shown(at.slider(now(at, "loading.slider")).set_value(4.0).run())
    assert form_values(at).problems == []
    assert at.text_input(now(at, "loading.box")).value == "4"


def test_one_end_of_a_range_can_be_refused_and_the_other_taken():
    at = typed(of_language("de-DE"), "corridor.from", "x")
    at = typed(at, "corridor.to", "45")
    assert form_values(at).values["corridor"] == [10, 45]
    assert set(problems(at)) == {"corridor[0]"}
    assert at.text_input(now(at, "corridor.from")).value == "x"
    assert form_values(typed(at, "corridor.from", "5")).problems == []


def test_a_fraction_typed_for_a_whole_number_is_told_and_never_cut():
    at = typed(at_link(), "age.box", "62,5")
    assert at.text_input(now(at, "age.box")).value == "62.5"
    assert form_values(at).values["age"] == 62.5
    assert "62.5" in problems(at)["age"]


def test_a_figure_beyond_what_a_browser_counts_exactly_keeps_its_digits():
    at = typed(at_link(), "seed.box", "12345678901234567890")
    assert form_values(at).values["seed"] == 12345678901234567890
    assert at.text_input(now(at, "seed.box")).value == "12345678901234567890"


@pytest.mark.parametrize(("language", "text"), [("de-DE", "31.12.1990"), ("en-US", "12/31/1990"), ("en", "1990-12-31")])
def test_a_date_is_read_in_iso_and_in_the_sessions_order(language, text):
    at = typed(of_language(language), "born.box", text)
    assert form_values(at).values["born"] == "1990-12-31"
    assert at.date_input(now(at, "born")).value.isoformat() == "1990-12-31"


def test_a_date_of_two_readings_is_refused_with_both():
    at = typed(of_language("en", born="1990-12-31"), "born.box", "05/06/1990")
    assert "1990-06-05 (day first) or 1990-05-06 (month first)" in problems(at)["born"]
    assert form_values(at).values["born"] == "1990-12-31"
    assert at.text_input(now(at, "born.box")).value == "05/06/1990"


def test_the_calendar_and_the_box_of_a_date_stay_in_step():
    import datetime as dt

    at = typed(at_link(), "born.box", "1990-12-31")
    at = shown(at.date_input(now(at, "born")).set_value(dt.date(1980, 2, 29)).run())
    assert at.text_input(now(at, "born.box")).value == "1980-02-29"
    at = typed(at, "born.box", "")
    assert at.date_input(now(at, "born")).value is None
    assert "born" not in form_values(at).values


def test_json_takes_numbers_as_json_writes_them_and_refuses_a_text():
    at = editing(of_language("de-DE"))
    assert json.loads(at.text_area("everything:json.text").value)["rate"] == 0.03
    at = shown(at.text_area("everything:json.text").set_value('{"loading": "2,5", "born": "31.12.1990"}').run())
    assert "inputs.loading: '2,5' is not a number" in markdown(at)
    assert "inputs.born: '31.12.1990' is not a date" in markdown(at)


def test_a_link_holds_the_same_form_in_every_language_and_refuses_another():
    at = of_language("de-DE", loading="2,5")
    assert problems(at) == {"loading": "the link says '2,5', not a number"}
    assert form_values(of_language("de-DE", loading="1234.5")).values["loading"] == 1234.5


def test_a_json_text_that_is_not_applied_is_said_so():
    at = editing(at_link())
    at = shown(at.text_area("everything:json.text").set_value('{"age": 30}').run())
    assert any("Run applies it" in c.value for c in at.caption)
    at = shown(at.segmented_control("everything:view").set_value("Form").run())
    assert "edited and not applied" in markdown(at)
    assert form_values(at).values["age"] == 45
    at = shown(at.button("everything:json.drop").click().run())
    assert "edited and not applied" not in markdown(at)


def test_a_json_text_with_problems_keeps_run_back():
    at = editing(at_link())
    at = shown(at.text_area("everything:json.text").set_value('{"age": 999}').run())
    assert [p.where for p in form_values(at).problems] == ["JSON"]
    at = shown(at.button("everything:json.discard").click().run())
    assert form_values(at).problems == []


def test_a_preset_that_happens_to_equal_the_start_is_not_shown_as_chosen():
    at = at_link(age="80", shock="true")  # the inputs of the first case
    assert at.selectbox("everything:preset").value is None
    at = shown(at.selectbox("everything:preset").set_value(0).run())
    assert at.selectbox("everything:preset").value == 0


def table_file(at):
    return next(upload for upload in at.file_uploader if upload.label == "Or a CSV or Excel file")


def test_a_file_that_cannot_be_read_is_refused_and_the_form_keeps_its_values():
    at = at_link(age="61")
    at = shown(table_file(at).upload("a.csv", b'year,paid\r2020,"5\r').run())
    assert "a quotation mark is opened and not closed" in markdown(at)
    assert form_values(at).values["age"] == 61
    at = shown(table_file(at).upload("b.csv", b"year;paid\r2019;1.234,5\r").run())
    at = shown(at.button(now(at, "claims.use")).click().run())
    assert [(r["year"], r["paid"]) for r in form_values(at).values["claims"]] == [(2019, 1234.5)]


MODEL = parse(
    {
        "name": "M",
        "inputs": {
            "n": {"type": "number", "label": "N", "min": 0, "max": 50, "step": 0.5, "default": 5},
            "t": {
                "type": "table",
                "columns": {"a": {"type": "number", "step": 0.5}, "b": {"type": "text", "required": False}},
            },
        },
    }
)


def test_a_form_is_compared_with_a_run_as_a_run_stores_it(monkeypatch):
    from types import SimpleNamespace

    monkeypatch.setattr(submission.st, "session_state", {})
    stored = SimpleNamespace(inputs={"n": 5.0, "t": [{"a": 1.0, "b": None}]})
    assert not submission.differs_from_run(MODEL, {"n": 5, "t": [{"a": 1}]}, stored)
    assert submission.differs_from_run(MODEL, {"n": 5, "t": [{"a": 2}]}, stored)


def test_live_takes_5_and_5_0_for_the_same_press(monkeypatch):
    monkeypatch.setattr(submission.st, "session_state", {})
    digest = submission._form_digest("m", "v", submission.normalise(MODEL, {"n": 5.0, "t": [{"a": 1.0, "b": None}]}))
    submission.st.session_state["live_digest"] = digest
    assert not submission.form_changed("m", "v", MODEL, {"n": 5, "t": [{"a": 1}]})
    assert submission.form_changed("m", "v", MODEL, {"n": 6, "t": [{"a": 1}]})
