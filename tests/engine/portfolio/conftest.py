"""Sessions, the model of the metrics and a market whose time the test gives."""

from datetime import UTC, datetime, timedelta

import pytest

from contract.actor import SYSTEM, Actor
from engine.models.register import register
from engine.portfolio.market import MarketUpdater
from engine.portfolio.sessions import EXAMPLE, create_session
from registry.model_files import read_folder
from storage import portfolio
from tests.engine.conftest import ROOT

ADA = Actor("ada")


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self):
        self.now = datetime.now(UTC)

    def __call__(self):
        return self.now

    def move(self, seconds):
        self.now += timedelta(seconds=seconds)


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def updater(context, clock):
    made = MarketUpdater(context.database, context.limits, clock=clock)
    yield made
    made.lock.release()


@pytest.fixture
def metrics_model(context):
    """Register the model of the metrics, as the catalogue has it."""
    folder = ROOT / "functions" / "portfolio_metrics"
    register(context, folder.name, read_folder(folder), source={"kind": "local", "path": folder.name}, actor=SYSTEM)
    return folder.name


@pytest.fixture
def session(context, updater):
    """A session of five holdings at the market's first prices."""
    made = create_session(context, "Five", EXAMPLE, actor=ADA, cash=1000)
    updater.update()
    return made.id


def messages(context, session_id, after=0):
    """Return the messages of a session, as they are sent."""
    with context.database.read() as conn:
        return [m.as_dict() for m in portfolio.list_messages(conn, session_id, after, limit=100_000)]


def types(context, session_id, after=0):
    """Return what the messages of a session say, in order."""
    return [m["type"] for m in messages(context, session_id, after)]
