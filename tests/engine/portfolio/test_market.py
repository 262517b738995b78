"""The market: its sources, the one updater, what is said where a source is away, and who takes over."""

import dataclasses
import json
import threading
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import numpy as np
import pytest
from sqlalchemy import text

from contract.actor import Actor, Role
from contract.errors import InputError, NotAllowedError
from engine.portfolio import http_feed
from engine.portfolio.feeds import FeedError, RandomWalkFeed, ReplayFeed, add_weekdays, read_history
from engine.portfolio.history.make import make
from engine.portfolio.http_feed import HttpFeed
from engine.portfolio.market import MarketUpdater
from engine.portfolio.market_source import (
    choose_random_walk,
    choose_replay,
    describe_source,
    grant_http_source,
    open_feed,
)
from engine.portfolio.sessions import create_session, get_session, list_sessions, set_holdings
from engine.secrets.manage import set_secret
from storage import audit, market
from storage.encryption import Cipher
from tests.engine.conftest import ROOT
from tests.engine.portfolio.conftest import ADA, messages

NOW = datetime(2026, 11, 27, 12, tzinfo=UTC)
PERIOD = 30


class Service:
    """A real HTTP server of prices that answers as it is told."""

    def __init__(self):
        self.prices, self.history, self.asked = {"AAPL": 100.0, "INDEX": 50.0}, {}, []
        self.status, self.headers, self.body = 200, {}, None
        service = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self):
                service.asked.append((self.path, dict(self.headers)))
                body = service.body
                if body is None:
                    found = {"as_of": NOW.isoformat(), "prices": service.prices}
                    body = json.dumps(found | ({"history": service.history} if "days=" in self.path else {})).encode()
                self.send_response(service.status)
                for name, value in service.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(0 if service.status == 304 else len(body)))
                self.end_headers()
                if service.status != 304:
                    self.wfile.write(body)

            def log_message(self, *_arguments):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.address = f"http://127.0.0.1:{self.server.server_port}/v1"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def service():
    made = Service()
    yield made
    made.close()


def test_the_shipped_history_is_what_its_script_makes():
    assert (ROOT / "engine" / "portfolio" / "history" / "prices.csv").read_text() == make()


def test_replayed_prices_are_the_shipped_rows_in_order_and_go_back_at_the_end_without_a_jump():
    tickers, rows, _ = read_history()
    feed = ReplayFeed()
    first = feed.quotes(tickers, 0, NOW)
    assert list(first.prices.values()) == rows[260]
    assert list(first.previous.values()) == rows[259]
    steps = [feed.quotes(["AAPL"], n, NOW) for n in range(3 * len(rows))]
    prices = np.array([q.prices["AAPL"] for q in steps])
    column = np.array([row[tickers.index("AAPL")] for row in rows])
    assert np.abs(np.diff(prices)).max() <= np.abs(np.diff(column)).max()
    days = [q.as_of for q in steps]
    assert days == sorted(set(days))
    assert {d.weekday() for d in days} == {0, 1, 2, 3, 4}


def test_equal_seeds_walk_alike_others_do_not_and_every_ticker_has_a_price():
    one, other = RandomWalkFeed(1), RandomWalkFeed(2)
    for step in (0, 5):
        assert one.quotes(["AAPL", "X"], step, NOW) == RandomWalkFeed(1).quotes(["AAPL", "X"], step, NOW)
    assert one.quotes(["X"], 5, NOW) != other.quotes(["X"], 5, NOW)
    before, after = one.quotes(["X"], 5, NOW), one.quotes(["X"], 6, NOW)
    assert after.previous == before.prices
    history = one.history(["X"], 6, NOW, 260)["X"]
    assert history[-1] == (before.as_of.date(), before.prices["X"])
    assert len(history) == 260


def test_weekdays_are_counted_over_weekends():
    friday = datetime(2026, 11, 27, tzinfo=UTC).date()
    assert add_weekdays(friday, 1).isoformat() == "2026-11-30"
    assert add_weekdays(friday, -5).isoformat() == "2026-11-20"


def test_prices_are_written_once_a_period_and_every_sessions_total_follows(context, session, updater, clock):
    other = create_session(context, "Other", [{"ticker": "IBM", "quantity": 2}], actor=ADA).id
    updater.update()
    before = {s.id: s.total for s in list_sessions(context, actor=ADA)}
    clock.move(PERIOD / 2)
    updater.update()
    assert {s.id: s.total for s in list_sessions(context, actor=ADA)} == before
    clock.move(PERIOD / 2)
    updater.update()
    after = [get_session(context, i, actor=ADA) for i in (session, other)]
    assert [s.body["market"]["step"] for s in after] == [1, 1]
    assert all(s.body["total"] != before[s.id] for s in after)
    for s in after:
        assert messages(context, s.id)[-1]["body"] == dict(s.body)


def test_without_a_session_no_source_is_asked_and_no_price_is_written(context, updater):
    assert updater.update() == PERIOD
    with context.database.read() as conn:
        assert market.get_market(conn) is None


def test_of_two_updaters_one_updates_and_the_other_takes_over_when_it_is_gone(context, session, updater, clock):
    second = MarketUpdater(context.database, context.limits, clock=clock)
    clock.move(PERIOD)
    assert second.update() == PERIOD
    assert get_session(context, session, actor=ADA).body["market"]["step"] == 0
    with context.database.autocommit() as conn:  # as when the process that holds the lock is killed
        conn.execute(
            text("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tontine-market'")
        )
    second.update()
    try:
        assert get_session(context, session, actor=ADA).body["market"]["step"] == 1
        assert updater.update() == PERIOD
        assert get_session(context, session, actor=ADA).body["market"]["step"] == 1
    finally:
        second.lock.release()


def test_a_session_that_was_not_told_before_its_updater_died_is_told_by_the_next(
    context, session, updater, clock, monkeypatch
):
    clock.move(PERIOD)
    monkeypatch.setattr(updater, "_tell", lambda *_arguments: None)
    updater.update()
    last = messages(context, session)[-1]["body"]["market"]["step"]
    updater.lock.release()
    second = MarketUpdater(context.database, context.limits, clock=clock)
    second.update()
    second.lock.release()
    assert (last, messages(context, session)[-1]["body"]["market"]["step"]) == (0, 1)


def test_a_ticker_that_is_newly_held_gets_its_price_before_the_period_is_over(context, session, updater, clock):
    choose_random_walk(context.database, 3, actor=ADA)
    clock.move(1)
    updater.update()
    rows = [{"ticker": "NEW", "quantity": 1}, {"ticker": "AAPL", "quantity": 1}]
    assert set_holdings(context, session, rows, actor=ADA).body["unpriced"] == ["NEW"]
    before = get_session(context, session, actor=ADA).body["market"]["step"]
    clock.move(1)
    updater.update()
    state = get_session(context, session, actor=ADA)
    assert (state.body["unpriced"], state.body["market"]["step"]) == ([], before)
    assert len(state.history["NEW"]) == 60
    assert messages(context, session)[-1]["body"]["unpriced"] == []


def test_another_source_starts_with_prices_of_its_own(context, session, updater, clock):
    choose_random_walk(context.database, 3, actor=ADA)
    updater.update()
    state = get_session(context, session, actor=ADA)
    assert state.body["market"]["source"] == "Random walk, seed 3"
    assert len(state.history["AAPL"]) == 60
    assert "random_walk (seed 3), chosen by ada" in describe_source(context.database, actor=ADA)
    choose_replay(context.database, actor=ADA)
    updater.update()
    assert get_session(context, session, actor=ADA).body["market"]["source"] == ReplayFeed.name


def test_a_service_is_asked_once_for_all_tickers_with_the_key_that_was_granted(context, session, updater, service):
    grant_http_source(context.database, service.address, secret="MARKET_KEY", private=True, actor=ADA)
    updater.secrets = {"MARKET_KEY": "s3cret"}
    service.history = {"AAPL": {"2026-11-25": 90.0, "2026-11-26": 95.0, "bad": 1, "2026-11-24": -1}}
    updater.update()
    state = get_session(context, session, actor=ADA)
    assert [h["price"] for h in state.body["holdings"]] == [100.0, None, None, None, None]
    assert state.body["holdings"][0]["previous"] == 95.0
    assert state.history["AAPL"] == [90.0, 95.0, 100.0]
    path, headers = service.asked[0]
    assert "tickers=AAPL%2CAMZN%2CGOOG%2CIBM%2CINDEX%2CMSFT" in path
    assert (headers["Authorization"], headers["User-Agent"]) == ("Bearer s3cret", http_feed.AGENT)
    assert sum("days=" not in path for path, _ in service.asked) == 1
    with context.database.read() as conn:
        entries = [e for e in audit.list_rows(conn, limit=10) if e.action == "market.source_set"]
    assert entries[0].detail["address"] == service.address


def test_while_a_service_is_away_the_last_prices_stay_with_the_reason_and_their_age(
    context, session, updater, clock, service
):
    grant_http_source(context.database, service.address, private=True, actor=ADA)
    updater.update()
    total = get_session(context, session, actor=ADA).body["total"]
    written = get_session(context, session, actor=ADA).body["market"]["written_at"]
    service.status = 503
    clock.move(PERIOD)
    updater.update()
    body = messages(context, session)[-1]["body"]
    assert body["total"] == total
    assert "answers with the status 503" in body["market"]["problem"]
    assert (body["market"]["written_at"], body["market"]["problem_since"] is not None) == (written, True)
    count = len(messages(context, session))
    clock.move(5)
    updater.update()  # nothing new to say
    assert len(messages(context, session)) == count
    service.status = 200
    clock.move(3600)
    updater.update()
    body = messages(context, session)[-1]["body"]
    assert (body["market"]["problem"], body["market"]["problem_since"]) == (None, None)


def test_a_service_that_fails_is_asked_less_and_less_often_and_one_that_names_a_time_not_before(service):
    feed = HttpFeed(service.address, private=True)
    service.status = 500
    now, waits = NOW, []
    for _ in range(8):
        with pytest.raises(FeedError, match="status 500"):
            feed.quotes(["AAPL"], 0, now)
        waits.append((feed.not_before - now).total_seconds())
        with pytest.raises(FeedError, match="asked again at"):
            feed.quotes(["AAPL"], 0, now + timedelta(seconds=1))
        now = feed.not_before
    assert waits == [15, 30, 60, 120, 240, 480, 600, 600]
    assert len(service.asked) == 8
    service.status, service.headers = 429, {"Retry-After": "77"}
    with pytest.raises(FeedError, match="status 429"):
        feed.quotes(["AAPL"], 0, now)
    assert (feed.not_before - now).total_seconds() == 77


def test_an_answer_that_has_not_changed_is_not_sent_again(service):
    feed = HttpFeed(service.address, private=True)
    service.headers = {"ETag": '"1"'}
    first = feed.quotes(["AAPL"], 0, NOW)
    service.status = 304
    assert feed.quotes(["AAPL"], 1, NOW) == first
    assert service.asked[1][1]["If-None-Match"] == '"1"'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b"<html>", "no JSON"),
        (b"[1]", "other than an object"),
        (b"{}", "without prices"),
        (b'{"prices": {"AAPL": -1}}', "no price of any"),
        (b'{"prices": {"AAPL": "12"}}', "no price of any"),
    ],
)
def test_an_answer_that_is_none_is_said_in_words(service, body, words):
    service.body = body
    with pytest.raises(FeedError, match=words):
        HttpFeed(service.address, private=True).quotes(["AAPL"], 0, NOW)


def test_a_service_that_refuses_the_key_or_is_not_there_is_said_in_words(service):
    service.status = 401
    with pytest.raises(FeedError, match="refuses the key"):
        HttpFeed(service.address, key="x", private=True).quotes(["AAPL"], 0, NOW)
    service.close()
    with pytest.raises(FeedError, match="does not answer"):
        HttpFeed(service.address, private=True).quotes(["AAPL"], 0, NOW)


def test_a_key_that_is_changed_counts_from_the_next_update_on(context, session, updater, clock, service):
    grant_http_source(context.database, service.address, secret="MARKET_KEY", private=True, actor=ADA)
    for key in ("first", "second"):
        updater.secrets = {"MARKET_KEY": key}
        clock.move(PERIOD)
        updater.update()
        assert service.asked[-1][1]["Authorization"] == f"Bearer {key}"


def test_a_private_address_is_reached_only_where_the_grant_says_so(service):
    with pytest.raises(FeedError, match="not on the public internet"):
        HttpFeed(service.address).quotes(["AAPL"], 0, NOW)
    assert service.asked == []


def test_a_source_is_granted_by_administrators_only_and_its_address_is_checked(context):
    database = context.database
    with pytest.raises(NotAllowedError, match="takes the role administrator"):
        grant_http_source(database, "https://prices.example", actor=Actor("vera", role=Role.AUTHOR))
    for address in ("ftp://x", "prices", "https://a:b@x/", "https://x/?a=1", "http://prices.example"):
        with pytest.raises(InputError):
            grant_http_source(database, address, actor=ADA)


def test_a_key_that_has_no_value_is_said_in_words_and_a_stored_one_is_used(context, session, updater, service):
    grant_http_source(context.database, service.address, secret="MARKET_KEY", private=True, actor=ADA)
    updater.update()
    problem = messages(context, session)[-1]["body"]["market"]["problem"]
    assert "MARKET_KEY" in problem
    cipher = Cipher(("a" * 43 + "=",))
    set_secret(dataclasses.replace(context, cipher=cipher), "MARKET_KEY", "stored-key", actor=ADA)
    with context.database.read() as conn:
        assert open_feed(market.get_source(conn), context.database, cipher, {}).key == "stored-key"
