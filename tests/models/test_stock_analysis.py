"""One stock within a portfolio: definitions, streaming and refusals."""

import numpy as np
import pytest

from tests.models.calling import Model

EXACT = 1e-12


@pytest.fixture(scope="module")
def model():
    return Model("stock_analysis")


def pasted(*columns):
    return [{f"a{i}": value for i, value in enumerate(row, start=1)} for row in zip(*columns, strict=True)]


def test_metrics_are_streamed_one_after_the_other(model):
    parts = model.parts()
    assert [p["message"] for p in parts] == [
        "return and volatility",
        "drawdown",
        "beta",
        "value at risk",
        "risk contribution",
    ]
    labels = [set(p["summary"]) for p in parts]
    assert all(not a & b for i, a in enumerate(labels) for b in labels[i + 1 :])
    assert [len(p["charts"]) for p in parts] == [2, 3, 4, 5, 6]


def test_a_price_that_doubles_in_a_year_of_two_periods_returns_a_hundred_per_cent(model):
    found = model.run(
        ticker="X", holdings=[{"ticker": "X", "shares": 1}], prices=pasted([100, 120, 200]), periods_per_year=2
    )
    assert found["summary"]["Annual return"] == pytest.approx(1, rel=EXACT)
    assert found["summary"]["Beta to portfolio"] == pytest.approx(1, rel=EXACT)
    assert found["summary"]["Weight"] == 1


def test_the_drawdown_is_from_the_highest_price_so_far(model):
    assert model.function.drawdowns(np.array([10.0, 8, 12, 9, 6, 13])).min() == pytest.approx(-0.5, rel=EXACT)


def test_contributions_add_up_to_the_portfolio(model):
    found = model.run()
    total = sum(row["contribution"] for row in found["table"])
    assert total == pytest.approx(found["summary"]["Portfolio volatility"], rel=EXACT)
    assert sum(row["share"] for row in found["table"]) == pytest.approx(1, rel=EXACT)
    assert sum(row["weight"] * row["beta"] for row in found["table"]) == pytest.approx(1, rel=EXACT)


def test_a_price_that_never_moves_has_no_sharpe_ratio(model):
    found = model.run(ticker="X", holdings=[{"ticker": "X", "shares": 1}], prices=pasted([5, 5, 5, 5]))
    assert "Sharpe ratio" not in found["summary"]
    assert found["summary"]["Annual volatility"] == 0


def test_a_stock_that_is_not_held_is_refused_with_those_that_are(model):
    with pytest.raises(ValueError, match=r"'TSLA' is not held\. Give one of AAPL, AMZN"):
        model.run(ticker="TSLA")


def test_an_empty_price_is_named_by_its_cell(model):
    rows = [{"a1": 1, "a2": 2}, {"a1": 1}, {"a1": 0, "a2": 2}]
    held = [{"ticker": "X", "shares": 1}, {"ticker": "Y", "shares": 1}]
    with pytest.raises(ValueError, match=r"prices\[1\]\.a2: the cell is empty") as raised:
        model.run(ticker="X", holdings=held, prices=rows)
    assert "prices[2].a1: 0 is not above 0" in str(raised.value)


def test_a_portfolio_worth_nothing_is_refused(model):
    with pytest.raises(ValueError, match="worth nothing"):
        model.run(holdings=[{"ticker": t, "shares": 0} for t in ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")])
