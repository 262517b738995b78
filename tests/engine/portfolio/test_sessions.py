"""Sessions: what is refused, what is said, who reaches them, and when they end."""

import uuid
from datetime import timedelta

import pytest
from sqlalchemy import text

from contract.actor import Actor, Role
from contract.errors import InputError, NotAllowedError, NotFoundError
from engine.portfolio.analyses import analyze
from engine.portfolio.follow import read_messages
from engine.portfolio.sessions import (
    EXAMPLE,
    close_session,
    create_session,
    get_session,
    list_sessions,
    set_holdings,
    touch_session,
)
from storage import portfolio, runs
from tests.engine.portfolio.conftest import ADA, messages, types

HELD = [{"ticker": "AAPL", "quantity": 10, "cost": 5.0}]


def test_a_session_is_worth_its_holdings_at_the_markets_prices_and_its_cash(context, session):
    body = get_session(context, session, actor=ADA).body
    assert body["total"] == pytest.approx(sum(h["quantity"] * h["price"] for h in body["holdings"]) + 1000)
    assert body["day_change"] == pytest.approx(
        sum(h["quantity"] * (h["price"] - h["previous"]) for h in body["holdings"])
    )
    assert (body["unpriced"], body["market"]["step"]) == ([], 0)
    assert [h["gain"] for h in body["holdings"]] == [
        pytest.approx(h["quantity"] * (h["price"] - h["cost"])) for h in body["holdings"]
    ]


def test_every_problem_of_the_holdings_is_named_by_its_row(context):
    rows = [{"ticker": "aapl", "quantity": 1}, {"ticker": "AAPL", "quantity": "x"}, {"ticker": "", "quantity": None}, 7]
    rows.append({"ticker": "IBM", "quantity": float("inf"), "cost": -1, "colour": "red"})
    with pytest.raises(InputError) as raised:
        create_session(context, "Five", rows, actor=ADA)
    assert {p.where for p in raised.value.problems} == {
        "holdings[1].ticker",
        "holdings[1].quantity",
        "holdings[2].ticker",
        "holdings[2].quantity",
        "holdings[3]",
        "holdings[4].quantity",
        "holdings[4].cost",
        "holdings[4].colour",
    }


@pytest.mark.parametrize(
    ("terms", "where"),
    [({"name": ""}, "name"), ({"currency": "dollars"}, "currency"), ({"cash": float("nan")}, "cash")],
)
def test_terms_that_are_none_are_refused(context, terms, where):
    with pytest.raises(InputError) as raised:
        create_session(context, **{"name": "Five", "holdings": HELD, **terms}, actor=ADA)
    assert [p.where for p in raised.value.problems] == [where]


def test_a_press_that_comes_twice_opens_one_session_and_nobody_elses(context):
    press = uuid.uuid4()
    first, second = (create_session(context, "Five", HELD, actor=ADA, session_id=press) for _ in range(2))
    assert (first.id, second.number) == (second.id, first.number)
    assert len(list_sessions(context, actor=ADA)) == 1
    with pytest.raises(NotAllowedError):
        create_session(context, "Mine", HELD, actor=Actor("bob", role=Role.ANALYST), session_id=press)


def test_what_is_refused_changes_nothing(context, session):
    before = get_session(context, session, actor=ADA)
    with pytest.raises(InputError):
        set_holdings(context, session, [*HELD, *HELD], actor=ADA)
    assert get_session(context, session, actor=ADA).body == before.body
    assert get_session(context, session, actor=ADA).number == before.number


def test_changed_holdings_are_said_with_a_number_of_their_own(context, session):
    before = get_session(context, session, actor=ADA).number
    state = set_holdings(context, session, HELD, actor=ADA, name="One", cash=5)
    said = messages(context, session, before)
    assert [(m["type"], m["number"]) for m in said] == [("portfolio", before + 1)]
    assert said[0]["body"] == dict(state.body)
    assert (said[0]["body"]["name"], said[0]["body"]["cash"]) == ("One", 5)


def test_a_ticker_that_the_market_does_not_know_is_kept_and_said(context, session, updater):
    state = set_holdings(context, session, [*HELD, {"ticker": "NONE", "quantity": 3}], actor=ADA)
    assert state.body["unpriced"] == ["NONE"]
    assert state.body["total"] == pytest.approx(10 * state.body["holdings"][0]["price"] + 1000)
    assert state.body["holdings"][1]["price"] is None


def test_a_holding_has_its_recent_prices_the_last_of_which_is_the_price(context, session):
    state = get_session(context, session, actor=ADA)
    assert {t: len(prices) for t, prices in state.history.items()} == dict.fromkeys(
        ("AAPL", "AMZN", "GOOG", "IBM", "MSFT"), 60
    )
    assert [state.history[h["ticker"]][-1] for h in state.body["holdings"]] == [
        h["price"] for h in state.body["holdings"]
    ]


def test_a_session_is_not_reached_by_anybody_else(context, session):
    bob = Actor("bob", role=Role.ANALYST)
    for verb in (
        lambda: get_session(context, session, actor=bob),
        lambda: set_holdings(context, session, HELD, actor=bob),
        lambda: analyze(context, session, "AAPL", actor=bob),
        lambda: touch_session(context, session, actor=bob),
        lambda: close_session(context, session, actor=bob),
        lambda: read_messages(context, session, 0, actor=bob),
    ):
        with pytest.raises(NotAllowedError, match="ada"):
            verb()
    assert list_sessions(context, actor=bob) == []
    assert [s.id for s in list_sessions(context, actor=ADA)] == [session]


def test_a_viewer_keeps_no_sessions(context):
    with pytest.raises(NotAllowedError, match="takes the role analyst"):
        create_session(context, "Five", EXAMPLE, actor=Actor("vera", role=Role.VIEWER))


def test_a_session_is_gone_a_day_after_the_last_activity_of_its_client_with_what_hangs_on_it(
    context, session, updater, clock, metrics_model
):
    analyze(context, session, "AAPL", actor=ADA)
    clock.move(23 * 3600)
    touch_session(context, session, actor=ADA, now=clock.now)
    clock.move(23 * 3600)
    updater.update()
    assert get_session(context, session, actor=ADA, now=clock.now).id == session
    with context.database.read() as conn:
        started = portfolio.open_runs(conn, session)
    clock.move(24 * 3600)
    with pytest.raises(NotFoundError):  # before anything has deleted it
        get_session(context, session, actor=ADA, now=clock.now)
    updater.update()
    with context.database.read() as conn:
        for table in ("portfolio_sessions", "portfolio_messages", "portfolio_analyses"):
            assert conn.execute(text(f"select count(*) from {table}")).scalar_one() == 0, table
        # Its runs stay in the history; those that had not ended are cancelled.
        assert {str(runs.get_run(conn, r).status) for r in started} == {"CANCELLED"}
        assert len(started) == 5


def test_activity_of_its_client_puts_off_the_end_and_market_updates_do_not(context, session, updater, clock):
    clock.move(20 * 3600)
    updater.update()
    clock.move(3 * 3600)
    assert touch_session(context, session, actor=ADA, now=clock.now) == clock.now + timedelta(hours=24)
    clock.move(25 * 3600)
    updater.update()
    with pytest.raises(NotFoundError):
        touch_session(context, session, actor=ADA, now=clock.now)


def test_the_end_of_sessions_is_found_by_index(context):
    with context.database.begin() as conn:
        conn.execute(text("insert into users (name) values ('x')"))
        conn.execute(
            text(
                "insert into portfolio_sessions (id, user_id, name, currency, cash, holdings, active_at, expires_at) "
                "select gen_random_uuid(), (select max(id) from users), 'n', 'USD', 0, '[]', now(), "
                "now() + n * interval '1 minute' from generate_series(1, 20000) n"
            )
        )
    with context.database.autocommit() as conn:
        conn.execute(text("analyze portfolio_sessions"))
        plan = conn.execute(
            text("explain select id from portfolio_sessions where expires_at <= now() order by expires_at limit 200")
        )
        assert "portfolio_sessions_expiry" in "\n".join(plan.scalars())


def test_a_closed_session_is_gone_and_a_session_that_never_was_is_refused_with_words(context, session):
    close_session(context, session, actor=ADA)
    for session_id in (session, uuid.uuid4()):
        with pytest.raises(NotFoundError, match=f"no portfolio session {session_id}"):
            get_session(context, session_id, actor=ADA)


def test_a_market_update_replaces_the_one_before_it(context, session, updater, clock):
    for _ in range(3):
        clock.move(30)
        updater.update()
    assert types(context, session) == ["portfolio", "market_update"]
    last = messages(context, session)[-1]
    assert (last["number"], last["body"]["market"]["step"]) == (5, 3)
