"""What the history and a run's page say of a run."""

from contract.actor import Actor
from engine.runs.submit import submit
from storage.search import Filter, search_runs
from tests.actors import ADA

TWO = "def run(inputs):\n    return {'summary': {'Basis': 'x', 'Total': inputs['n'] * 1000, 'Half': inputs['n'] / 2}}\n"
FAILS = (
    "def run(inputs):\n    raise ValueError('inputs.n: ' + 'too large to be carried through. ' * 5 + 'Give less.')\n"
)
N = {
    "n": {"type": "number", "label": "Number", "min": 0, "max": 50, "default": 7, "unit": "pcs"},
    "m": {"type": "number", "label": "Other", "min": 0, "max": 50, "default": 7},
}


def words(app):
    return " ".join(str(item.value) for group in (app.title, app.markdown, app.caption) for item in group)


def test_the_history_says_what_differs_and_the_headline_figure(visit, add_model, context, run_now):
    add_model(TWO, N, outputs={"summary": {"Total": {"unit": "EUR", "format": ",.0f"}}})
    run_now(submit(context, "probe", {"n": 9}, actor=ADA))
    run_now(submit(context, "probe", {}, actor=ADA))
    submit(context, "probe", {"n": 9}, actor=Actor("grace"))
    frame = visit("history").dataframe[0].value
    assert list(frame["Inputs"]) == ["Number 9 pcs", "The model's starting values", "Number 9 pcs"]
    assert list(frame["Result"]) == ["Total 9,000 EUR", "Total 7,000 EUR", "Total 9,000 EUR"]
    assert next(iter(frame["Status"])) == "Success (reused)"


def test_the_history_shows_the_whole_reason_of_a_failure(visit, add_model, context, run_now):
    add_model(FAILS, N)
    run = submit(context, "probe", {"n": 9}, actor=ADA)
    run_now(run)
    with context.database.read() as conn:
        (failed,) = search_runs(conn, Filter()).runs
    app = visit("history")
    assert list(app.dataframe[0].value["Result"]) == [" ".join(failed.reason.split())]
    assert "Give less." in failed.reason
    assert app.dataframe[0].proto.row_height > 35


def test_the_summaries_of_a_page_of_runs_are_one_statement(visit, add_model, context, run_now, monkeypatch):
    from storage import summaries

    add_model(TWO, N)
    for n in range(4):
        run_now(submit(context, "probe", {"n": n}, actor=ADA))
    asked = []
    real = summaries.read_summaries
    monkeypatch.setattr(
        summaries, "read_summaries", lambda conn, ids, **more: asked.append(len(ids)) or real(conn, ids, **more)
    )
    visit("history")
    assert set(asked) == {4}
    assert len(asked) == 1


def test_the_history_leaves_the_systems_runs_out_unless_they_are_asked_for(visit, add_model):
    add_model(TWO, N)
    app = visit("history")
    assert "No run yet" in " ".join(item.value for item in app.info)
    app.text_input(key="user").input("system").run()
    assert list(app.dataframe[0].value["User"]) == ["system"]


def test_a_runs_page_begins_with_the_inputs_that_differ(visit, add_model, context, run_now):
    add_model(TWO, N)
    run = submit(context, "probe", {"n": 9, "m": 8}, actor=ADA)
    run_now(run)
    shown = words(visit("run", id=str(run.id)))
    assert "Number 9 pcs" in shown
    assert "starting value 7 pcs" in shown
    same = submit(context, "probe", {}, actor=ADA)
    run_now(same)
    assert "The model's starting values" in words(visit("run", id=str(same.id)))


def test_an_ended_run_is_offered_as_pdf_in_the_sessions_format_and_currency(visit, add_model, context, run_now):
    add_model(TWO, N)
    run = submit(context, "probe", {"n": 9}, actor=ADA)
    waiting = visit("run", id=str(run.id))
    assert not [b for b in waiting.get("link_button") if "/export/pdf" in b.proto.url]
    run_now(run)
    app = visit("run", id=str(run.id))
    assert not [b for b in app.get("link_button") if "/export/" in b.proto.url]  # worked out when the menu is opened
    app.session_state["probe-export"] = True
    app = app.run()
    links = {b.proto.label: b.proto.url for b in app.get("link_button") if "/export/" in b.proto.url}
    assert links == {
        "PDF": f"/api/runs/{run.id}/export/pdf?language=en&currency=&zone=UTC",
        "Excel workbook": f"/api/runs/{run.id}/export/xlsx",
        "JSON": f"/api/runs/{run.id}/export/json",
        "Rebuild bundle": f"/api/runs/{run.id}/export/bundle",
    }


def test_the_charts_of_a_run_are_offered_as_images_where_it_has_some(visit, add_model, context, run_now):
    add_model("def run(inputs):\n    return {'charts': [{'kind': 'pie', 'title': 'P', 'data': {'a': 1, 'b': 2}}]}\n", N)
    run = submit(context, "probe", {"n": 9}, actor=ADA)
    run_now(run)
    app = visit("run", id=str(run.id))
    app.session_state["probe-export"] = True
    links = {b.proto.label: b.proto.url for b in app.run().get("link_button")}
    assert links["Charts as SVG"] == f"/api/runs/{run.id}/export/svg?language=en&currency="
    assert links["Charts as PNG"] == f"/api/runs/{run.id}/export/png?language=en&currency="


def test_a_run_is_verified_by_computing_it_again(visit, add_model, context, run_now, monkeypatch):
    monkeypatch.setattr("ui.result.verify.TURN", 0.0)
    add_model(TWO, N)
    run = submit(context, "probe", {"n": 9}, actor=ADA)
    run_now(run)
    app = visit("run", id=str(run.id))
    app.session_state["probe-provenance"] = True
    app = app.run().button("probe-verify").click().run()
    assert "still being computed" in app.info[0].value
    with context.database.read() as conn:
        (again,) = [r for r in search_runs(conn, Filter()).runs if r.id != run.id]
    assert (again.version, again.inputs, again.seed) == (run.version, run.inputs, run.seed)
    run_now(again)
    app = app.run()
    assert "Identical" in app.success[0].value


def test_a_result_that_is_computed_differently_is_said_to_differ_and_where(visit, add_model, context, run_now):
    add_model(TWO, N)
    run, other = (submit(context, "probe", {"n": n}, actor=ADA) for n in (9, 11))
    run_now(run)
    run_now(other)
    app = visit("run", id=str(run.id))
    app.session_state["probe-provenance"] = True
    app.session_state[f"verify:{run.id}"] = str(other.id)
    app = app.run()
    assert "Different: result.summary.Total was 9000 and is 11000." in app.error[0].value
