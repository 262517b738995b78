"""Times in the browser's zone."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from ui.history.runs_table import day_range
from ui.shell import time_zone
from ui.shell.formatting import timestamp

BERLIN = ZoneInfo("Europe/Berlin")
SUMMER = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)


class Context:
    def __init__(self, name):
        self.timezone = name


@pytest.mark.parametrize("name", [None, "", "Nowhere/Else", "../../etc/passwd", "/etc/passwd", "Europe", 7])
def test_a_zone_that_is_not_known_is_utc(monkeypatch, name):
    monkeypatch.setattr(time_zone.st, "context", Context(name))
    assert time_zone.zone_name() == "UTC"
    assert time_zone.session_zone() is UTC


def test_a_time_is_written_in_the_browsers_zone_with_its_name(monkeypatch):
    monkeypatch.setattr(time_zone.st, "context", Context("Europe/Berlin"))
    assert timestamp(SUMMER, time_zone.session_zone()) == "2026-07-02 00:30:00 CEST"
    assert timestamp(SUMMER) == "2026-07-01 22:30:00 UTC"
    assert time_zone.utc_text(SUMMER.astimezone(BERLIN)) == "2026-07-01T22:30:00+00:00"


def test_days_begin_at_midnight_where_the_reader_is():
    start, end = day_range([date(2026, 7, 2), date(2026, 7, 2)], BERLIN)
    assert (start.astimezone(UTC).hour, (end - start).total_seconds()) == (22, 86_400)
    assert start <= SUMMER < end
