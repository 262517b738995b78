"""Analyses: one snapshot for five runs, each result once, nothing of an analysis that another has replaced."""

import hashlib
import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract.actor import Actor, Role
from contract.errors import BusyError, InputError, NotFoundError
from contract.portfolio import AnalysisStatus, MetricKind
from contract.run import Status, Visibility
from contract.run_search import Filter
from engine.portfolio import analyses
from engine.portfolio.analyses import analysis_of_run, analyze, cancel_analysis, list_analyses, read_snapshot
from engine.portfolio.sessions import close_session, get_session, set_holdings
from engine.runs.follow import snapshot, wait_for_end
from engine.runs.search import search_runs
from storage import portfolio, runs
from tests.engine.portfolio.conftest import ADA, messages, types

pytestmark = pytest.mark.usefixtures("metrics_model")
SUMMARIES = {
    MetricKind.RETURN_VOLATILITY: "Annual volatility",
    MetricKind.BETA: "Beta",
    MetricKind.DRAWDOWN: "Maximum drawdown",
    MetricKind.TAIL_RISK: "Value at risk",
    MetricKind.RISK_CONTRIBUTION: "Share of risk",
}


def finish(context, run_id, doc=None, status=Status.SUCCESS):
    """End a run as a worker does."""
    with context.database.begin() as conn:
        run = runs.claim_run(conn, run_id, "w")
        if run is None:
            return False
        return runs.finish_run(conn, run_id, run.attempt, status=status, doc=doc or {"summary": {"a": 1}})


def test_five_metrics_of_one_snapshot_go_through_the_sandbox_and_are_said_as_they_end(context, session, run_now):
    before = get_session(context, session, actor=ADA).number
    analysis = analyze(context, session, "goog", actor=ADA)
    order = list(reversed(analysis.metrics))
    for metric in order:
        run_now(runs_of(context, metric))
    said = messages(context, session, before)
    assert [m["type"] for m in said] == ["analysis_started", *["analysis_result"] * 5, "analysis_complete"]
    assert [m["number"] for m in said] == list(range(before + 1, before + 8))
    assert [m["body"]["metric"] for m in said[1:6]] == [str(m.kind) for m in order]
    for m in said[1:6]:
        assert (m["body"]["status"], m["body"]["reason"]) == ("SUCCESS", None)
        assert SUMMARIES[MetricKind(m["body"]["metric"])] in m["body"]["summary"]
        assert m["body"]["url"] == f"/run?id={m['body']['run_id']}"
    assert {m["body"]["snapshot_hash"] for m in said} == {analysis.snapshot_hash}
    assert list_analyses(context, session, actor=ADA)[0].status is AnalysisStatus.COMPLETE


def runs_of(context, metric):
    with context.database.read() as conn:
        return runs.get_run(conn, metric.run_id)


def test_the_snapshot_is_what_its_hash_says_and_what_the_five_runs_got(context, session):
    analysis = analyze(context, session, "IBM", actor=ADA)
    content = read_snapshot(context, session, analysis.id, actor=ADA)
    assert hashlib.sha256(content.encode()).hexdigest() == analysis.snapshot_hash
    found = json.loads(content)
    state = get_session(context, session, actor=ADA).body
    assert [h["price"] for h in found["holdings"]] == [h["price"] for h in state["holdings"]]
    assert found["market"]["step"] == state["market"]["step"] == analysis.market_step
    assert len(found["history"]) == analyses.POINTS
    assert found["history"][-1]["prices"]["IBM"] == state["holdings"][3]["price"]
    inputs = [dict(runs_of(context, m).inputs) for m in analysis.metrics]
    assert [i.pop("metric") for i in inputs] == [str(kind) for kind in MetricKind]
    assert all(i == inputs[0] for i in inputs)
    assert inputs[0]["prices"][-1]["a4"] == state["holdings"][3]["price"]
    assert (inputs[0]["snapshot"], inputs[0]["session"]) == (analysis.snapshot_hash, str(session))


def test_the_history_finds_the_five_runs_by_their_snapshot_and_by_their_session(context, session):
    analysis = analyze(context, session, "IBM", actor=ADA)
    for words in (analysis.snapshot_hash, str(session)):
        found = search_runs(context, Filter(text=words), actor=ADA).runs
        assert {r.id for r in found} == {m.run_id for m in analysis.metrics}, words


def test_a_market_update_and_a_changed_holding_between_the_metrics_touch_none_of_them(
    context, session, updater, clock, run_now
):
    analysis = analyze(context, session, "AAPL", actor=ADA)
    first, *rest = analysis.metrics
    run_now(runs_of(context, first))
    for metric in rest:
        clock.move(30)
        updater.update()
        set_holdings(context, session, [{"ticker": "AAPL", "quantity": clock.now.second + 1}], actor=ADA)
        run_now(runs_of(context, metric))
    ended = [snapshot(context, m.run_id, actor=ADA) for m in analysis.metrics]
    assert {e.run.status for e in ended} == {Status.SUCCESS}
    assert {e.run.inputs["snapshot"] for e in ended} == {analysis.snapshot_hash}
    assert all(len(e.run.inputs["holdings"]) == 5 for e in ended)
    assert len({str(e.run.inputs["prices"]) for e in ended}) == 1
    weights = {row["ticker"]: row["weight"] for row in ended[4].shown["table"]}
    assert len(weights) == 5
    assert types(context, session)[-1] == "analysis_complete"


def test_asking_for_another_ticker_cancels_the_first_and_nothing_of_it_follows(context, session):
    first = analyze(context, session, "AAPL", actor=ADA)
    finish(context, first.metrics[0].run_id)
    second = analyze(context, session, "IBM", actor=ADA)
    for metric in first.metrics[1:]:
        assert not finish(context, metric.run_id)
        assert runs_of(context, metric).status is Status.CANCELLED
    for metric in second.metrics:
        finish(context, metric.run_id)
    said = messages(context, session)
    at = [m["type"] for m in said].index("analysis_started")
    kinds = [(m["type"], m["body"]["ticker"]) for m in said[at:]]
    assert kinds == [
        ("analysis_started", "AAPL"),
        ("analysis_result", "AAPL"),
        ("analysis_cancelled", "AAPL"),
        ("analysis_started", "IBM"),
        *[("analysis_result", "IBM")] * 5,
        ("analysis_complete", "IBM"),
    ]


def test_a_result_of_the_analysis_before_that_ends_after_the_switch_is_stored_and_not_said(context, session):
    """A worker may be about to store a result when its run's cancellation has not reached it yet."""
    first = analyze(context, session, "AAPL", actor=ADA)
    with context.database.begin() as conn:
        attempt = runs.claim_run(conn, first.metrics[0].run_id, "w").attempt
    second = analyze(context, session, "IBM", actor=ADA)
    with context.database.begin() as conn:
        assert runs.finish_run(
            conn, first.metrics[0].run_id, attempt, status=Status.SUCCESS, doc={"summary": {"late": 1}}
        )
    assert types(context, session)[-2:] == ["analysis_cancelled", "analysis_started"]
    assert snapshot(context, first.metrics[0].run_id, actor=ADA).shown == {"summary": {"late": 1}}
    assert [m.number for m in list_analyses(context, session, actor=ADA)[1].metrics] == [None] * 5
    assert list_analyses(context, session, actor=ADA)[0].id == second.id


def test_a_metric_that_fails_is_said_with_its_reason_and_the_analysis_is_complete_all_the_same(context, session):
    analysis = analyze(context, session, "AAPL", actor=ADA)
    for i, metric in enumerate(analysis.metrics):
        finish(context, metric.run_id, status=Status.FAILED if i == 2 else Status.SUCCESS)
    said = messages(context, session)
    failed = [m["body"] for m in said if m["type"] == "analysis_result" and m["body"]["status"] == "FAILED"]
    assert [m["metric"] for m in failed] == ["drawdown"]
    assert said[-1]["type"] == "analysis_complete"


def test_cancel_ends_the_analysis_keeps_what_there_is_and_does_nothing_twice(context, session):
    analysis = analyze(context, session, "AAPL", actor=ADA)
    finish(context, analysis.metrics[0].run_id)
    assert cancel_analysis(context, session, actor=ADA) == analysis.id
    assert cancel_analysis(context, session, actor=ADA) is None
    said = messages(context, session)[-1]
    assert (said["type"], said["body"]["reason"]) == ("analysis_cancelled", "Cancelled by ada.")
    state = get_session(context, session, actor=ADA)
    assert state.analysis.status is AnalysisStatus.CANCELLED
    assert [m.status for m in state.analysis.metrics] == ["SUCCESS", *["CANCELLED"] * 4]


@pytest.mark.parametrize(
    ("ticker", "words"), [("TSLA", "TSLA is not held"), ("", "it is empty"), ("A B", "is not a ticker"), (7, "ticker")]
)
def test_a_ticker_that_cannot_be_analysed_is_refused_and_the_analysis_goes_on(context, session, ticker, words):
    analysis = analyze(context, session, "AAPL", actor=ADA)
    with pytest.raises(InputError, match=words):
        analyze(context, session, ticker, actor=ADA)
    assert get_session(context, session, actor=ADA).analysis.status is AnalysisStatus.RUNNING
    assert get_session(context, session, actor=ADA).analysis.id == analysis.id


def test_a_holding_without_a_price_is_refused_with_words(context, session):
    set_holdings(context, session, [{"ticker": "NONE", "quantity": 1}], actor=ADA)
    with pytest.raises(InputError, match="no price of NONE yet"):
        analyze(context, session, "NONE", actor=ADA)


def test_a_switch_for_which_there_is_no_room_starts_nothing_and_the_analysis_before_has_ended(
    context, session, monkeypatch
):
    analyze(context, session, "AAPL", actor=ADA)
    monkeypatch.setattr(analyses.runs, "insert_run", _too_many)
    with pytest.raises(BusyError):
        analyze(context, session, "IBM", actor=ADA)
    assert types(context, session)[-2:] == ["analysis_started", "analysis_cancelled"]
    assert get_session(context, session, actor=ADA).analysis.status is AnalysisStatus.CANCELLED


def _too_many(*_arguments, **_options):
    from contract.errors import TooManyError

    raise TooManyError


def test_the_runs_are_private_in_the_history_and_say_what_they_belong_to_also_when_the_session_is_gone(
    context, session
):
    analysis = analyze(context, session, "AAPL", actor=ADA)
    run_id = analysis.metrics[1].run_id
    assert runs_of(context, analysis.metrics[1]).visibility is Visibility.PRIVATE
    found = analysis_of_run(context, run_id, actor=ADA)
    assert (found.session_id, found.analysis_id, found.metric) == (session, analysis.id, MetricKind.BETA)
    assert (found.snapshot_hash, found.session_exists) == (analysis.snapshot_hash, True)
    assert analysis_of_run(context, run_id, actor=Actor("bob", role=Role.ANALYST)) is None
    close_session(context, session, actor=ADA)
    assert analysis_of_run(context, run_id, actor=ADA).session_exists is False
    assert runs_of(context, analysis.metrics[1]).status is Status.CANCELLED
    with pytest.raises(NotFoundError):
        analyze(context, session, "AAPL", actor=ADA)


def test_runs_that_were_not_cancelled_with_their_analysis_are_cancelled_by_the_updater(
    context, session, updater, monkeypatch
):
    """As after a server that died between the switch and the cancellations."""
    first = analyze(context, session, "AAPL", actor=ADA)
    monkeypatch.setattr(analyses, "cancel", lambda *_arguments, **_options: None)
    analyze(context, session, "IBM", actor=ADA)
    assert runs_of(context, first.metrics[0]).status is Status.PENDING
    updater.update()
    assert {runs_of(context, m).status for m in first.metrics} == {Status.CANCELLED}


def test_switching_again_and_again_ends_with_the_last_and_leaves_no_run_behind(context, session, workers):
    workers(2)
    tickers = ["AAPL", "AMZN", "GOOG", "IBM", "MSFT"] * 4
    started = [analyze(context, session, ticker, actor=ADA) for ticker in tickers]
    for metric in started[-1].metrics:
        assert wait_for_end(context, metric.run_id, 60, actor=ADA).run.status is Status.SUCCESS
    for analysis in started[:-1]:
        for metric in analysis.metrics:
            assert wait_for_end(context, metric.run_id, 60, actor=ADA).final
    with context.database.read() as conn:
        assert portfolio.open_runs(conn, session) == []
    consistent(messages(context, session))
    assert messages(context, session)[-1]["body"]["ticker"] == "MSFT"


def consistent(said):
    """Check that each message is of the analysis that was started last, and that each result is said once."""
    numbers = [m["number"] for m in said]
    assert numbers == sorted(set(numbers))
    current, seen = None, set()
    for m in said:
        body = m["body"]
        if m["type"] == "analysis_started":
            current, seen = body["analysis_id"], set()
        elif m["type"].startswith("analysis_"):
            assert body["analysis_id"] == current
            if m["type"] == "analysis_result":
                assert body["metric"] not in seen
                seen.add(body["metric"])
            if m["type"] == "analysis_complete":
                assert len(seen) == 5
    return True


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_clients_results_and_market_updates_never_lose_each_others_writes(context, session, updater, clock, data):
    """Three writers at once, in any interleaving that the database gives: checked by what was said and what stands."""
    writes = st.lists(
        st.one_of(
            st.tuples(st.just("hold"), st.integers(1, 1000)),
            st.tuples(st.just("analyze"), st.sampled_from(["AAPL", "AMZN"])),
            st.tuples(st.just("cancel"), st.none()),
        ),
        min_size=1,
        max_size=6,
    )
    steps, asked = data.draw(st.integers(1, 4)), data.draw(writes)
    cancel_analysis(context, session, actor=ADA)  # that of the example before
    before = get_session(context, session, actor=ADA).number
    done = threading.Event()

    def client():
        try:
            ask()
        finally:
            done.set()

    def ask():
        for what, value in asked:
            if what == "hold":
                rows = [{"ticker": t, "quantity": value} for t in ("AAPL", "AMZN")]
                set_holdings(context, session, rows, actor=ADA)
            elif what == "analyze":
                analyze(context, session, value, actor=ADA)
            else:
                cancel_analysis(context, session, actor=ADA)

    def market():
        for _ in range(steps):
            clock.move(30)
            updater.update()

    def results():
        while not done.is_set():
            with context.database.read() as conn:
                waiting = portfolio.open_runs(conn, session)
            for run_id in waiting:
                finish(context, run_id)

    with ThreadPoolExecutor(3) as threads:
        for writer in [threads.submit(work) for work in (client, market, results)]:
            writer.result(120)
    check_invariants(context, session, before)


def check_invariants(context, session, before=0):
    """Check what holds of a session whatever has happened: totals, numbers, results."""
    said = messages(context, session, before)
    consistent([m for m in said if m["type"].startswith("analysis_")])
    for m in said:
        if m["type"] in {"portfolio", "market_update"}:
            total = sum(h["quantity"] * (h["price"] or 0) for h in m["body"]["holdings"]) + m["body"]["cash"]
            assert m["body"]["total"] == pytest.approx(total, rel=1e-12)
    state = get_session(context, session, actor=ADA)
    assert state.number == (said[-1]["number"] if said else before)
    by_run = [m["body"]["run_id"] for m in said if m["type"] == "analysis_result"]
    assert len(by_run) == len(set(by_run))
    with context.database.read() as conn:
        stored = portfolio.list_analyses(conn, session, limit=1000)
    numbered = {
        str(m.run_id): m.number for a in stored for m in a.metrics if m.number is not None and m.number > before
    }
    assert numbered == {m["body"]["run_id"]: m["number"] for m in said if m["type"] == "analysis_result"}
