"""The page of portfolio sessions, without a browser: opened, analysed, changed, refused."""

import uuid

import pytest

from contract.actor import Actor, Role
from engine.portfolio.analyses import analyze
from engine.portfolio.sessions import create_session, get_session, list_sessions, set_holdings
from storage import runs
from tests.engine.portfolio.conftest import ADA, clock, metrics_model, session, updater
from ui.portfolio.holdings_grid import Draft, holdings_field

__all__ = ["clock", "metrics_model", "session", "updater"]


def texts(app):
    return " ".join(
        str(element.value) for element in (*app.title, *app.error, *app.warning, *app.markdown, *app.caption, *app.info)
    )


def test_a_session_is_opened_with_example_holdings_and_listed(visit, context):
    app = visit("portfolio")
    assert "You have no portfolio session open." in texts(app)
    app.text_input[0].set_value("Mine")
    next(b for b in app.button if b.label == "Open a session").click().run()
    found = list_sessions(context, actor=ADA)
    assert [s.name for s in found] == ["Mine"]
    assert len(get_session(context, found[0].id, actor=ADA).body["holdings"]) == 5
    assert any("Mine" in link.proto.label for link in visit("portfolio").get("page_link"))


def test_a_name_that_is_none_is_refused_beside_the_form(visit, context):
    app = visit("portfolio")
    app.text_input[1].set_value("??")
    next(b for b in app.button if b.label == "Open a session").click().run()
    assert "is not a currency" in texts(app)
    assert list_sessions(context, actor=ADA) == []


def test_a_holding_is_analysed_and_its_metrics_fill_in(visit, context, session, metrics_model, run_now):
    app = visit("portfolio", session=str(session))
    app.button(key="portfolio-ticker-AAPL").click().run()
    analysis = get_session(context, session, actor=ADA).analysis
    assert "AAPL, 0 of 5 metrics" in texts(app)
    with context.database.read() as conn:
        first = runs.get_run(conn, analysis.metrics[0].run_id)
    run_now(first)
    app = visit("portfolio", session=str(session))
    assert "AAPL, 1 of 5 metrics" in texts(app)
    assert f"snapshot `{analysis.snapshot_hash[:12]}`" in texts(app)
    assert any("Annual volatility" in html.proto.body for html in app.get("html"))
    shown = visit("run", id=str(first.id))
    assert f"Return and volatility of AAPL, snapshot `{analysis.snapshot_hash[:12]}`" in texts(shown)
    assert any(link.proto.label == "Portfolio session" for link in shown.get("page_link"))
    app = visit("portfolio", session=str(session))
    app.button(key="portfolio-cancel").click().run()
    assert "cancelled after 1 of 5 metrics" in texts(app)


def test_an_analysis_that_cannot_be_started_says_why_on_the_page(visit, context, session, metrics_model):
    set_holdings(context, session, [{"ticker": "NONE", "quantity": 1}], actor=ADA)
    app = visit("portfolio", session=str(session))
    app.button(key="portfolio-ticker-NONE").click().run()
    assert "no price of NONE yet" in texts(app)


def test_a_metric_that_failed_shows_its_reason(visit, context, session, metrics_model, run_now):
    set_holdings(context, session, [{"ticker": "AAPL", "quantity": 0}], actor=ADA)
    analysis = analyze(context, session, "AAPL", actor=ADA)
    with context.database.read() as conn:
        found = [runs.get_run(conn, m.run_id) for m in analysis.metrics]
    for run in found:
        run_now(run)
    shown = texts(visit("portfolio", session=str(session)))
    assert "AAPL, complete" in shown
    assert "nothing is held" in shown


@pytest.mark.parametrize(
    ("given", "words"), [("nonsense", "names no session"), (str(uuid.UUID(int=7)), "no portfolio session")]
)
def test_a_link_that_leads_to_no_session_says_so(visit, given, words):
    assert words in texts(visit("portfolio", session=given))


def test_another_users_session_is_not_reachable(visit, context, monkeypatch):
    other = create_session(context, "Theirs", [], actor=Actor("bob"))
    monkeypatch.setattr("ui.portfolio.session_view.current_actor", lambda: Actor("ada", role=Role.ANALYST))
    app = visit("portfolio", session=str(other.id))
    assert "Theirs" not in texts(app)
    assert "bob" in texts(app)


def test_what_is_typed_into_the_grid_is_a_change_until_it_is_saved():
    draft = Draft(
        [{"ticker": "IBM", "quantity": 1.0, "cost": None}], [{"ticker": "IBM", "quantity": 1.0, "cost": None}]
    )
    assert not draft.changed
    draft.rows[0]["quantity"] = 2.0
    assert draft.changed
    assert list(holdings_field().columns) == ["ticker", "quantity", "cost"]
