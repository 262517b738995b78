from datetime import UTC, datetime
from urllib.parse import parse_qs, urlsplit

import pytest

from contract.errors import DatabaseUnavailable, SearchTooSlow
from contract.run import Status
from contract.run_search import Filter
from engine.runs.cancel import cancel
from engine.runs.submit import submit
from engine.runs.uploads import store_upload
from storage import search
from tests.actors import ADA, GRACE
from ui.history.runs_table import csv_link

ECHO = """
def run(inputs):
    print("said")
    return {"summary": {"Squared": inputs["n"] ** 2}, "table": [{"a": 1, "b": "x"}], "notes": "A note."}
"""
N = {"n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7, "unit": "pcs"}}


def words(app):
    groups = (app.title, app.markdown, app.caption, app.info, app.warning, app.error, app.subheader, app.code)
    return " ".join(str(item.value) for group in groups for item in group)


def cards(app):
    return " ".join(e.proto.body for e in app.get("html") if "tontine-summary" in e.proto.body)


def test_the_catalogue_without_models_says_what_to_do(visit):
    assert "no models yet" in words(visit("catalogue"))


def test_the_catalogue_shows_cards_and_search_narrows_them(visit, add_model):
    add_model(ECHO, N, slug="alpha", description="First of all", category="Life")
    add_model(ECHO + "\n", N, slug="beta", description="Second", category="Market risk")
    app = visit("catalogue")
    assert "First of all" in words(app)
    assert "not run yet" in words(app)
    app.text_input(key="q").input("second").run()
    assert "First of all" not in words(app)
    app.text_input(key="q").input("zzz").run()
    assert "No model matches" in words(app)


def test_hundreds_of_models_come_a_page_at_a_time(visit, add_model):
    for i in range(30):
        add_model(f"{ECHO}\n# {i}", N, slug=f"m{i:02}", description=f"number {i}")
    app = visit("catalogue")
    assert words(app).count("number ") == 24
    assert "30 models" in words(app)


def test_a_model_page_without_a_known_model_leads_back_to_the_catalogue(visit):
    assert "no model 'none'" in words(visit("model", app="none")).lower()


def test_pressing_run_submits_the_form_and_shows_the_run(visit, add_model, context):
    add_model(ECHO, N)
    app = visit("model", app="probe", n="9")
    assert "Set the inputs and press Run" in words(app)
    from storage import runs

    app.button(key="run").click()
    # The run is finished before the page looks, so that the page need not wait for a worker.
    with pytest.MonkeyPatch.context() as patch:
        real = runs.insert_run

        def add_and_finish(conn, **values):
            run, created = real(conn, **values)
            runs.claim_run(conn, run.id, "test")
            runs.finish_run(conn, run.id, 1, status=Status.SUCCESS, doc={"summary": {"Squared": 81}})
            return run, created

        patch.setattr(runs, "insert_run", add_and_finish)
        app.run()
    assert ">81<" in cards(app)
    with context.database.read() as conn:
        (run,) = search.search_runs(conn, Filter()).runs
    assert run.inputs == {"n": 9}
    assert str(run.id) in app.query_params["run"]


def test_a_value_in_a_link_that_does_not_fit_is_named_and_run_is_off(visit, add_model):
    add_model(ECHO, N)
    app = visit("model", app="probe", n="99")
    assert app.button(key="run").disabled
    assert "99" in words(app)
    assert "Fix 1 input" in words(app)


@pytest.mark.parametrize("given", ["nonsense", "", "00000000-0000-7000-8000-000000000000"])
def test_a_link_to_a_run_that_is_not_there_says_so(visit, given):
    text = words(visit("run", id=given)).lower()
    assert "names no run" in text or "there is no run" in text


def test_a_finished_run_shows_figures_tables_notes_log_and_how_it_went(visit, add_model, context, run_now):
    run = submit(context, add_model(ECHO, N), {"n": 5}, actor=ADA)
    run_now(run)
    app = visit("run", id=str(run.id))
    assert ">Squared<" in cards(app)
    assert ">25<" in cards(app)
    assert "A note." in words(app)
    assert "said" in words(app)
    assert len(app.dataframe) >= 1


def test_a_failed_run_shows_the_reason_the_traceback_and_a_report(visit, add_model, context, run_now):
    run = submit(context, add_model("def run(inputs):\n    print('near')\n    return 1 / 0\n", N), {}, actor=ADA)
    run_now(run)
    text = words(visit("run", id=str(run.id)))
    assert "ZeroDivisionError" in text
    assert 'File "function.py", line 3' in text
    assert f"Run:      {run.id}" in text
    assert "near" in text


def test_a_reused_run_says_which_run_it_comes_from(visit, add_model, context, run_now):
    slug = add_model(ECHO, N, deterministic=True)
    run_now(submit(context, slug, {}, actor=ADA))
    again = submit(context, slug, {}, actor=ADA)
    app = visit("run", id=str(again.id))
    links = [link.proto.label for link in app.get("page_link")]
    assert f"reused from run {str(again.reused_from)[-8:]}" in links


def test_an_empty_history_says_what_to_do(visit):
    assert "No run yet" in words(visit("history"))


def test_the_history_lists_filters_and_says_when_nothing_fits(visit, add_model, context, run_now):
    slug = add_model(ECHO, N)
    run_now(submit(context, slug, {"n": 1}, actor=ADA))
    submit(context, slug, {"n": 2}, actor=GRACE)
    app = visit("history")
    assert list(app.dataframe[0].value["Status"]) == ["Queued", "Success"]
    assert "2 runs" in words(app)
    app.text_input(key="user").input("grace").run()
    assert list(app.dataframe[0].value["User"]) == ["grace"]
    app.text_input(key="q").input("zzz").run()
    assert "No run fits" in words(app)


def test_the_monitor_warns_where_no_worker_answers_and_counts_runs(visit, add_model, context, run_now):
    run_now(submit(context, add_model(ECHO, N), {}, actor=ADA))
    app = visit("monitor")
    assert "No workers online" in words(app)
    assert {m.label: m.value for m in app.metric}["Runs"] == "1"


def test_the_guide_shows_every_chapter(visit):
    from ui.shell import guide

    app = visit("guide")
    assert app.radio(key="chapter").options
    for chapter in guide.chapters():
        app.radio(key="chapter").set_value(chapter.name).run()
        assert chapter.title.removeprefix("Decision: ")[:20] in words(app)


def test_a_database_that_is_away_is_said_in_plain_words(visit, monkeypatch):
    def away(*_args, **_kwargs):
        raise DatabaseUnavailable("connection refused")

    visit("history")
    monkeypatch.setattr("storage.search.search_runs", away)
    for page in ("history", "monitor"):
        assert "The database does not answer" in words(visit(page))


def test_a_search_that_takes_too_long_is_said_as_that(visit, monkeypatch):
    def slow(*_args, **_kwargs):
        raise SearchTooSlow("the search takes longer than 5 seconds; narrow it")

    monkeypatch.setattr("storage.search.search_runs", slow)
    for page in ("history", "monitor"):
        text = words(visit(page))
        assert "narrow it" in text
        assert "does not answer" not in text


def test_the_history_reads_its_page_of_runs_once_for_each_draw(visit, add_model, context, monkeypatch):
    submit(context, add_model(ECHO, N), {"n": 1}, actor=ADA)
    read, real = [], search.search_runs
    monkeypatch.setattr(search, "search_runs", lambda *args, **given: read.append(given) or real(*args, **given))
    app = visit("history")
    assert list(app.dataframe[0].value["Status"]) == ["Queued"]
    before = len(read)
    app.run()
    assert len(read) - before == 1


def test_the_historys_csv_is_a_link_with_the_filters_of_the_list(visit, add_model, context):
    submit(context, add_model(ECHO, N), {"n": 1}, actor=ADA)
    app = visit("history")
    app.text_input(key="q").input("probe").run()
    app.text_input(key="user").input("ada").run()
    [link] = [found.proto.url for found in app.get("link_button")]
    assert link == "/api/runs/export/csv?user=ada&query=probe&zone=UTC"


def test_a_csv_link_carries_every_filter():
    wanted = Filter(
        app="a",
        statuses=(Status.FAILED, Status.TIMED_OUT),
        since=datetime(2026, 1, 2, tzinfo=UTC),
        until=datetime(2026, 2, 3, tzinfo=UTC),
        text="x & y=ü",
    )
    query = parse_qs(urlsplit(csv_link(wanted)).query)
    assert query == {
        "app": ["a"],
        "status": ["FAILED", "TIMED_OUT"],
        "since": ["2026-01-02T00:00:00+00:00"],
        "until": ["2026-02-03T00:00:00+00:00"],
        "text": ["x & y=ü"],
    }
    assert csv_link(Filter()) == "/api/runs/export/csv"


def test_a_form_that_began_with_a_run_may_use_its_file_again(visit, add_model, context):
    code = "def run(inputs):\n    return {'summary': {'n': 1}}\n"
    slug = add_model(code, {"data": {"type": "file", "accept": [".csv"]}})
    theirs = submit(context, slug, {"data": store_upload(context, "a.csv", b"a\n1\n", actor=GRACE)}, actor=GRACE)
    cancel(context, theirs.id, actor=GRACE)
    app = visit("model", app=slug, **{"from": str(theirs.id)})
    app.button(key="run").click().run()
    assert not app.exception
    newest = search_all(context)[0]
    assert (newest.user, newest.inputs) == ("ada", theirs.inputs)


def search_all(context):
    with context.database.read() as conn:
        return search.search_runs(conn, Filter()).runs


REFUSES = """
def run(inputs):
    if inputs["n"] > 10:
        raise ValueError(f"inputs.n: {inputs['n']} is more than the model can do. Give at most 10.")
    return {"summary": {"n": inputs["n"]}}
"""


def test_what_a_model_says_of_an_input_is_beside_that_input_until_it_changes_and_keeps_no_run_back(
    visit, add_model, context, run_now
):
    slug = add_model(REFUSES, N)
    run = submit(context, slug, {"n": 20}, actor=ADA)
    run_now(run)
    app = visit("model", app=slug, n="20", run=str(run.id))
    beside = [m.value for m in app.markdown if "more than the model can do" in m.value]
    assert any("Give at most 10" in text for text in beside)
    assert not app.button(key="run").disabled
    app = visit("model", app=slug, n="5", run=str(run.id))
    assert not [m.value for m in app.markdown if "red" in m.value and "more than the model can do" in m.value]


def test_the_guide_links_to_the_chapters_before_and_after(visit):
    first = visit("guide")
    assert "How to write a model](/guide?chapter=02-write-a-model) →" in words(first)
    assert "←" not in words(first)
    second = visit("guide", chapter="02-write-a-model")
    assert "← [Getting started](/guide?chapter=01-getting-started)" in words(second)
    assert "(/guide?chapter=03-contract-reference) →" in words(second)


def test_the_glossary_is_searched_by_words_and_category_and_its_address_says_so(visit):
    page = visit("guide", chapter="04-glossary", term="forward", category="Interest rates")
    assert page.text_input(key="term").value == "forward"
    assert "| UFR |" in words(page)
    assert "| LLP |" not in words(page)
    page.text_input(key="term").set_value("no such word").run()
    assert "No term matches" in words(page)


def test_the_guide_shows_the_build_logs_of_models_and_a_template_to_fill_in(visit, add_model):
    add_model(ECHO, N, files={"BUILD_LOG.md": "How it *came* about\n"})
    page = visit("guide", chapter="09-build-logs")
    assert "How it *came* about" in words(page)
    page.selectbox(key="build-log-model").select("probe").run()
    assert page.code[-1].value.startswith("# Probe: build log")


def test_the_monitor_shows_the_average_duration_and_the_runs_of_today(visit, add_model, context, run_now):
    slug = add_model(ECHO, N)
    run_now(submit(context, slug, {}, actor=ADA))
    page = visit("monitor")
    figures = {m.label: m.value for m in page.metric}
    assert figures["Runs today"] == "1"
    assert figures["Average duration"].endswith("ms") or figures["Average duration"].endswith(" s")
