"""Sample results: every kind of chart, series with two units, tables small and stored apart, odd texts."""

import datetime as dt
import math
import random
from uuid import UUID

import pyarrow as pa

from contract.manifest import parse
from contract.media import Media, MediaKind
from contract.result import Chart, Column, Metric, Result, Series, Table
from contract.run import Run, Status
from storage.part_query import query_rows

_random = random.Random(1)
YEARS = list(range(2026, 2056))
MEDIAN = [100 * 1.04**i for i in range(30)]
RISKS = ["Interest", "Equity", "Property", "Spread", "FX"]

CHARTS = (
    Chart(
        "fan",
        "Portfolio value",
        {
            "x": YEARS,
            "bands": [
                {"level": 50, "lower": [m * 0.85 for m in MEDIAN], "upper": [m * 1.2 for m in MEDIAN]},
                {"level": 90, "lower": [m * 0.6 for m in MEDIAN], "upper": [m * 1.7 for m in MEDIAN]},
            ],
            "median": MEDIAN,
            "mean": [m * 1.05 for m in MEDIAN],
        },
        "Year",
        "Value",
        "EUR",
    ),
    Chart(
        "histogram",
        "One-year loss",
        {
            "edges": [i * 1000.0 for i in range(-20, 41)],
            "counts": [int(1000 * math.exp(-(((i - 5) / 8) ** 2))) for i in range(-20, 40)],
            "markers": [
                {"label": "Mean", "x": 5300.0},
                {"label": "VaR 99.5%", "x": 21500.0},
                {"label": "ES 99.5%", "x": 25100.0},
            ],
        },
        "Loss",
        "Simulations",
        "EUR",
    ),
    Chart(
        "heatmap",
        "Correlations",
        {
            "x": RISKS,
            "y": RISKS,
            "z": [
                [1, 0.5, 0.5, 0.5, -0.25],
                [0.5, 1, 0.75, 0.75, 0.25],
                [0.5, 0.75, 1, 0.5, 0.25],
                [0.5, 0.75, 0.5, 1, -0.25],
                [-0.25, 0.25, 0.25, -0.25, 1],
            ],
        },
        "Risk",
        "Risk",
    ),
    Chart(
        "heatmap",
        "Log mortality",
        {
            "x": list(range(1970, 2020)),
            "y": list(range(100)),
            "z": [[-9 + 0.08 * a - 0.01 * (y - 1970) for y in range(1970, 2020)] for a in range(100)],
        },
        "Year",
        "Age (years)",
        "ln m",
    ),
    Chart(
        "waterfall",
        "From market risk to SCR",
        [
            {"label": "Market", "value": 1200.0, "kind": "relative"},
            {"label": "Life underwriting", "value": 800.0, "kind": "relative"},
            {"label": "Diversification", "value": -430.0, "kind": "relative"},
            {"label": "BSCR", "value": 1570.0, "kind": "total"},
            {"label": "Loss-absorbing capacity of deferred taxes", "value": -220.0, "kind": "relative"},
            {"label": "SCR", "value": 1350.0, "kind": "total"},
        ],
        None,
        "Capital",
        "k EUR",
    ),
    Chart(
        "tornado",
        "Sensitivity of the best estimate",
        [
            {"label": "Lapse down 50 %", "low": -120.0, "high": 90.0},
            {"label": "Mortality + 15 %", "low": -30.0, "high": 45.0},
            {"label": "Expenses + 10 %", "low": -60.0, "high": 55.0},
            {"label": "Interest rates parallel shift up and down by 100 bp", "low": -220.0, "high": 260.0},
        ],
        "Change in best estimate",
        None,
        "EUR",
    ),
    Chart(
        "surface",
        "Option price",
        {
            "x": [50 + 5 * i for i in range(21)],
            "y": [0.1 * j for j in range(1, 21)],
            "z": [
                [
                    max(0, 5 * i - 50) + 10 * math.exp(-(((5 * i - 50) / 30) ** 2)) * math.sqrt(0.1 * j)
                    for i in range(21)
                ]
                for j in range(1, 21)
            ],
        },
        "Spot",
        "Maturity (years)",
        "EUR",
    ),
    Chart(
        "triangle",
        "Cumulative claims",
        {
            "rows": list(range(2001, 2011)),
            "columns": list(range(1, 11)),
            "values": [[357848.0 * (1 + j) * (1 + 0.03 * i) for j in range(10)] for i in range(10)],
            "projected": [[i + j > 9 for j in range(10)] for i in range(10)],
        },
        "Development year",
        "Accident year",
        "EUR",
    ),
    Chart(
        "pie",
        "Allocation",
        [
            {"label": label, "value": value}
            for label, value in (
                ("Equity", 40),
                ("Government bonds", 25),
                ("Corporate bonds", 15),
                ("Property", 12),
                ("Cash", 8),
            )
        ],
        unit="M EUR",
    ),
    Chart(
        "box",
        "Reserves by method",
        [
            {"name": n, "q1": 10 + k, "median": 12 + k, "q3": 15 + k, "low": 5 + k, "high": 22 + k, "mean": 12.6 + k}
            for k, n in enumerate(("Mack", "ODP bootstrap", "Cape Cod"))
        ],
        "Method",
        "Reserve",
        "M EUR",
    ),
    Chart(
        "bar",
        "Cash flows",
        {
            "x": YEARS[:12],
            "series": [
                {"name": "Premiums", "y": [100 - 4 * i for i in range(12)]},
                {"name": "Claims", "y": [-30 - 2 * i for i in range(12)]},
                {"name": "Expenses", "y": [-12.0] * 12},
            ],
            "stacked": True,
        },
        "Year",
        "Cash flow",
        "k EUR",
    ),
    Chart(
        "bar",
        "Internal against table",
        {
            "x": ["VBT 2015", "2012 IAM", "AM92"],
            "series": [
                {"name": "Internal", "y": [1.2, 1.1, 1.3], "lower": [1.0, 0.9, 1.1], "upper": [1.4, 1.3, 1.5]},
                {"name": "Table", "y": [1.15, 1.05, 1.22]},
            ],
        },
        "Table",
        "q65",
        "%",
    ),
    Chart(
        "line",
        "Yield curves",
        {
            "x": [i / 2 for i in range(61)],
            "series": [
                {"name": n, "y": [s + 0.5 * (1 - math.exp(-i / 20)) for i in range(61)]}
                for n, s in (("Spot", 2.1), ("Forward", 2.4), ("Par", 2.0), ("Spot with VA", 2.3))
            ],
        },
        "Maturity (years)",
        "Rate",
        "%",
    ),
    Chart(
        "scatter",
        "Mean excess",
        {
            "x": list(range(60)),
            "series": [
                {"name": "Fire", "y": [i * 0.5 + _random.gauss(0, 3) for i in range(60)]},
                {"name": "Storm", "y": [i * 0.3 + _random.gauss(0, 3) for i in range(60)]},
            ],
        },
        "Threshold",
        "Excess",
        "M DKK",
    ),
    Chart(
        "figure",
        "Own figure",
        None,
        figure={
            "data": [
                {
                    "type": "scatterpolar",
                    "r": [1, 2, 3, 2],
                    "theta": ["a <a href='https://example.org'>link</a>", "b", "c", "d"],
                    "fill": "toself",
                }
            ],
            "layout": {"title": {"text": "A model's own <b>figure</b>"}},
        },
    ),
    Chart(
        "line", "Broken", {"x": [1, 2, 3], "series": [{"name": "A", "y": [1, "two", 3]}, {"name": "B", "y": [1, 2]}]}
    ),
)

AGES = list(range(45, 101))


def alive(scale):
    """Return survival from 45 to each age, in percent."""
    return [100 * math.exp(-(((a - 45) / scale) ** 3)) for a in AGES]


SERIES = (
    Series("Survival", AGES, alive(40), alive(37), alive(43), unit="%", rows=56),
    Series("Survival, shocked", AGES, alive(36), unit="%", kind="step", rows=56),
    Series("Deaths", AGES, [a * (a - 45) / 3 for a in AGES], unit="lives", kind="bar", rows=56),
)
LONG = Series(
    "Simulated path",
    list(range(200)),
    [0.0] * 200,
    unit="EUR",
    rows=200_000,
    part="series.Simulated path",
)
OUTPUTS = {
    "charts": {"Survival": {"x_label": "Age (years)", "y_label": "Alive"}, "Deaths": {"y_label": "Deaths a year"}}
}

SUMMARY = (
    Metric("Total IBNR", 18680855.6, "EUR", ",.0f", help="Sum over accident years"),
    Metric("Standard error", 2447094.9, "EUR", ",.0f", delta=-12000.5),
    Metric("Coefficient of variation", 0.13099, None, ".1%", delta=0.002),
    Metric("Life expectancy", 38.214, "years", ",.2f"),
    Metric("Simulations", 20_000),
    Metric("Ruin before horizon", value=False),
    Metric("Regime_2015/35 *draft*", "standard"),
    Metric("Not a number", None, "EUR"),
)

TABLE = Table(
    "Reserves",
    (
        Column("year", "Accident year"),
        Column("reserve", "Reserve", "EUR", ",.0f"),
        Column("cv", "Coefficient of variation", None, ".1%"),
        Column("note", "Note"),
        Column("mixed", "Mixed"),
    ),
    {
        "year": list(range(2001, 2011)),
        "reserve": [94633.8 * i for i in range(10)],
        "cv": [None, *[0.8 / i for i in range(1, 10)]],
        "note": ["=1+1", "fine", None, "<b>raw</b>", "a|b", "x", "y", "z", "u", "v"],
        "mixed": [1, "two", None, 4.5, True, [1, 2], {"a": 1}, 8, 9, 10],
    },
    10,
)
BIG = Table(
    "All simulations",
    (Column("n", "Simulation"), Column("loss", "Loss", "EUR", ",.2f")),
    {"n": list(range(200)), "loss": [float(i) for i in range(200)]},
    2_500,
    "tables.All simulations",
)

RESULT = Result(
    summary=SUMMARY,
    series=SERIES,
    tables=(TABLE, BIG),
    charts=CHARTS,
    notes=(
        "Method: **Mack 1993**, $\\hat f_k$ volume-weighted.\n\n"
        "![spy](https://example.org/pixel.png) <script>alert(1)</script>"
    ),
    warnings=("inputs.age: 95 is outside the calibrated range 25 to 90 years.",),
    files={"report.txt": "report.txt"},
    extras={"diagnostics": {"iterations": 12, "converged": True}},
    outputs=OUTPUTS,
)

WITH_MEDIA = Result(
    media=(
        Media(
            MediaKind.IMAGES,
            "Loss <map>",
            'A "map" of losses',
            "By county",
            "images/1.png",
            "image/png",
            2_400_000,
            640,
            480,
            "a" * 64,
        ),
        Media(MediaKind.AUDIO, "Reading", "Reading", None, "audio/1.wav", "audio/wav", 1_600, sha256="b" * 64),
        Media(MediaKind.VIDEO, "Film", "Film", None, "video/1.mp4", "video/mp4", 1_600, sha256="c" * 64),
    )
)

RUN = Run(
    UUID("01934b5c-6d00-7000-8000-0123456789ab"),
    7,
    "chain_ladder",
    "Chain ladder",
    "9f2c" * 16,
    Status.SUCCESS,
    {"age": 45, "rate": 3.25, "sex": "f", "band": [20, 60], "claims": [{"year": 2001, "paid": 5.5}]},
    42,
    "ada",
    dt.datetime(2026, 11, 21, 10, 0, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 21, 10, 0, 1, tzinfo=dt.UTC),
    dt.datetime(2026, 11, 21, 10, 0, 2, 250000, tzinfo=dt.UTC),
    peak_memory=123_400_000,
    cpu_seconds=0.98,
    worker="host:4711",
    environment={"python": "3.11.9", "numpy": "2.4.0", "pandas": "3.1.1"},
    git_commit="0123456789abcdef0123",
)
MANIFEST = parse(
    {
        "name": "Chain ladder",
        "version": "1.0.0",
        "inputs": {
            "age": {"type": "integer", "label": "Age", "unit": "years", "group": "Person"},
            "sex": {
                "type": "select",
                "label": "Sex",
                "options": [{"value": "f", "label": "Female"}, {"value": "m", "label": "Male"}],
                "group": "Person",
            },
            "rate": {"type": "number", "label": "Interest rate", "unit": "%", "step": 0.01},
            "band": {"type": "range", "label": "Age band", "unit": "years"},
            "claims": {
                "type": "table",
                "label": "Claims",
                "columns": {"year": {"type": "integer", "label": "Year", "max": 2100}, "paid": {"type": "number"}},
            },
        },
    }
)


def find_rows(name, query, offset, limit):
    """Return rows of `BIG` as the engine would."""
    assert name == BIG.part
    whole = pa.table({"n": list(range(BIG.rows)), "loss": [float(n) * 1.5 for n in range(BIG.rows)]})
    return query_rows(lambda: iter([whole]), query, offset, limit, BIG.rows)


def path_points(n=200_000):
    """Return the points of `LONG`: a wave with one peak and a gap."""
    y = [math.sin(i / (n / 20)) for i in range(n)]
    y[n // 3] = 9.0
    y[n // 2 : n // 2 + n // 20] = [None] * (n // 20)
    return {"x": list(range(n)), "y": y}
