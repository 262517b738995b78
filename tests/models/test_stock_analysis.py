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


def test_a_portfolio_without_shares_is_refused(model):
    with pytest.raises(ValueError, match="no shares are held"):
        model.run(holdings=[{"ticker": t, "shares": 0} for t in ("AAPL", "AMZN", "GOOG", "IBM", "MSFT")])


@pytest.mark.parametrize("shares", [(6, -5), (1, -3), (-2, -1)])
def test_a_portfolio_that_cancels_out_or_is_short_is_measured_by_its_gross_value(model, shares):
    held = [{"ticker": t, "shares": n} for t, n in zip("XY", shares, strict=True)]
    x, y = np.array([5, 6, 5, 7, 5.0] * 5), np.array([6, 5, 6, 5.5, 6] * 5)
    found = model.run(ticker="X", holdings=held, prices=pasted(x, y), confidence=90)
    gross = abs(shares[0]) * 5 + abs(shares[1]) * 6
    weights = np.array([shares[0] * 5, shares[1] * 6]) / gross
    returns = np.stack([x[1:] / x[:-1] - 1, y[1:] / y[:-1] - 1], axis=1) @ weights
    assert [row["weight"] for row in found["table"]] == pytest.approx(weights, rel=EXACT)
    assert found["summary"]["Portfolio volatility"] == pytest.approx(returns.std(ddof=1) * np.sqrt(12), rel=1e-10)
    assert sum(row["share"] for row in found["table"]) == pytest.approx(1, rel=1e-10)
    assert any("shares of the two together" in w for w in found["warnings"])


@pytest.mark.parametrize("growth", [1.1, 1.001, 0.97, 1.0])
def test_returns_that_are_all_the_same_have_no_ratio_over_their_rounding(model, growth):
    """100 x 1.1^i had a Sharpe ratio of 2.6e15."""
    prices = [100 * growth**i for i in range(60)]
    found = model.run(ticker="X", holdings=[{"ticker": "X", "shares": 1}], prices=pasted(prices))
    absent = {"Sharpe ratio", "Beta to portfolio", "Correlation with portfolio", "Alpha, annual"}
    assert not absent & set(found["summary"])
    assert found["summary"]["Annual volatility"] == 0
    assert found["summary"]["Share of risk"] == 0
    assert not {"Skewness"} & {row["figure"] for row in found["tables"]["Further figures"]}


def test_returns_equal_to_the_riskless_rate_have_no_sortino_ratio(model):
    prices = [100 * 1.01**i for i in range(60)]
    found = model.run(ticker="X", holdings=[{"ticker": "X", "shares": 1}], prices=pasted(prices), risk_free=12)
    assert "Sortino ratio" not in found["summary"]


def test_a_stock_that_never_moves_beside_one_that_does_has_a_beta_of_zero_and_no_correlation(model):
    held = [{"ticker": "X", "shares": 1}, {"ticker": "Y", "shares": 1}]
    found = model.run(ticker="X", holdings=held, prices=pasted([1.1**i for i in range(5)], [5, 6, 5, 7, 6]))
    assert found["summary"]["Beta to portfolio"] == pytest.approx(0, abs=1e-9)
    assert "Correlation with portfolio" not in found["summary"]


def test_no_figure_over_time_looks_ahead(model):
    """Later prices change neither the earlier volatilities nor the earlier drawdowns of the stock."""
    whole = model.manifest.defaults["prices"]
    lines = []
    for rows in (whole[:40], whole):
        charts = {
            c["title"]: c["data"]["series"][0]["y"] for c in model.run(prices=rows)["charts"] if c["kind"] == "line"
        }
        lines.append((charts["Volatility over 12 periods"][:28], charts["Drawdown"][:40]))
    assert lines[0] == lines[1]


def test_a_stock_that_is_held_in_two_rows_is_refused(model):
    with pytest.raises(ValueError, match="a stock is duplicated"):
        model.run(ticker="X", holdings=[{"ticker": "X", "shares": 1}] * 2, prices=pasted([1, 2, 3], [1, 2, 3]))


def test_dates_are_compared_as_dates_in_whatever_form_they_are_written(model):
    problems = []
    rows = [{"date": "2023-08-31"}, {"date": "2023-W35-5"}, {"date": "20230904"}]
    assert model.function.read_dates(rows, problems)[0] == ["2023-08-31", "2023-09-01", "2023-09-04"]
    assert problems == []
    model.function.read_dates([{"date": "2023-W36-1"}, {"date": "20230831"}], problems)
    assert problems == ["inputs.prices[1].date: 2023-08-31 comes after 2023-09-04. Put the oldest price first."]


def test_periods_that_the_dates_contradict_warn(model):
    assert any("The dates span 5.58 years" in w for w in model.run(periods_per_year=252)["warnings"])
    assert model.run()["warnings"] == []


def test_a_stock_sold_short_loses_where_its_price_rises(model):
    prices = pasted([100, 110, 88, 96.8, 140, 150], [5, 6, 5, 6, 5, 6])
    found = model.run(
        ticker="X", holdings=[{"ticker": "X", "shares": -1}, {"ticker": "Y", "shares": 100}], prices=prices
    )
    returns = np.diff([100, 110, 88, 96.8, 140, 150]) / [100, 110, 88, 96.8, 140]
    assert found["summary"]["Value at risk"] == pytest.approx(np.quantile(returns, 0.95), rel=1e-9)
    assert found["summary"]["Expected shortfall"] == pytest.approx(returns.max(), rel=1e-9)


def test_further_figures_are_their_definitions(model):
    found = model.run(ticker="X", holdings=[{"ticker": "X", "shares": 1}], prices=pasted([100, 110, 88, 96.8]))
    rows = {row["figure"]: row["figure_value"] for row in found["tables"]["Further figures"]}
    r = np.array([0.1, -0.2, 0.1])
    assert rows["Calmar ratio"] == pytest.approx((0.968**4 - 1) / 0.2, rel=1e-9)
    assert rows["Downside deviation, annual"] == pytest.approx(np.sqrt(0.04 / 3 * 12), rel=1e-9)
    assert rows["Skewness"] == pytest.approx(np.mean((r - r.mean()) ** 3) / r.std() ** 3, rel=1e-9)
    assert rows["Longest time below a high, periods"] == 2
