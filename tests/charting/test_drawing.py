"""Figures drawn for print: every kind, the reader's separators, and figures that a model made badly."""

import xml.etree.ElementTree as ET

import pytest

import charting
from charting import number_formats
from charting.drawing import draw_svg
from contract.errors import ResultError
from contract.number_format import NumberFormat
from contract.result import KINDS, Chart, Series
from tests.charting import gallery

# matplotlib asks fc-list for the host's fonts the first time it is used.
pytestmark = pytest.mark.processes
SVG = "{http://www.w3.org/2000/svg}"
GERMAN = NumberFormat.from_languages("de-DE")


def drawn(figure):
    found = draw_svg(figure)
    assert found is not None
    return ET.fromstring(found.content)


def words(root):
    return ["".join(t.itertext()) for t in root.iter(f"{SVG}text")]


def own(*traces, **layout):
    return charting.figure(Chart("figure", "Own", None, figure={"data": list(traces), "layout": layout}))


DRAWABLE = [chart for chart in gallery.CHARTS if chart.kind != "figure" and chart.title != "Broken"]


@pytest.mark.parametrize("chart", DRAWABLE, ids=lambda c: f"{c.kind} {c.title}")
def test_every_chart_of_the_gallery_is_drawn_as_vectors_with_text_as_text(chart):
    root = drawn(charting.figure(chart, dark=False))
    assert len(list(root.iter(f"{SVG}path"))) > 1
    assert words(root)


def test_the_gallery_has_every_kind_of_chart():
    assert {chart.kind for chart in DRAWABLE} == set(KINDS)


def test_series_of_two_and_three_units_have_axes_of_their_own():
    for units in (["EUR", "%"], ["EUR", "%", "lives"]):
        series = [Series(u, [1, 2, 3], [10.0, 20.0 * i, 15.0], unit=u) for i, u in enumerate(units, 1)]
        found = words(drawn(charting.series_figure(series, {}, dark=False)))
        assert set(units) <= set(found)


def test_ticks_and_labels_have_the_readers_separators():
    chart = Chart("bar", "T", {"x": ["a", "b"], "y": [0.0, 1_500_000.0]}, unit="EUR")
    steps = [{"label": "Start", "value": 12345.5, "kind": "total"}, {"label": "Fall", "value": -1234.5}]
    with number_formats.written_in(GERMAN):
        assert "0,50M" in words(drawn(charting.figure(chart)))
        found = words(drawn(charting.figure(Chart("waterfall", "W", steps))))
    assert {"12.346", "\u22121.234"} <= set(found)


def test_years_take_no_thousands_separator():
    chart = Chart("line", "T", {"x": [1990, 2000, 2010, 2020], "y": [1.0, 2.0, 3.0, 4.0]}, "Year")
    with number_formats.written_in(GERMAN):
        assert "2000" in words(drawn(charting.figure(chart)))


def test_dates_stand_as_years_where_each_tick_begins_one():
    days = [f"{year}-{month:02}-01" for year in range(2000, 2012) for month in range(1, 13)]
    chart = Chart("line", "T", {"x": days, "y": list(range(len(days)))}, "Date")
    assert "2004" in words(drawn(charting.figure(chart)))


def test_markup_and_formulas_in_names_are_shown_as_written():
    names = ["<b>bold</b>", "$x^2$", "a & b", "\\frac{1}{2}"]
    chart = Chart("bar", "T", {"x": names, "y": [1, 2, 3, 4]}, "<i>x</i>")
    found = words(drawn(charting.figure(chart)))
    assert set(names) <= set(found)
    assert "<i>x</i>" in found


def test_the_same_figure_gives_the_same_file():
    figure = charting.figure(gallery.CHARTS[0], dark=False)
    assert draw_svg(figure).content == draw_svg(figure).content


def test_a_million_points_become_a_small_drawing():
    points = list(range(1_000_000))
    figure = own({"type": "scatter", "mode": "lines", "x": points, "y": [float(p % 1000) for p in points]})
    assert len(draw_svg(figure).content) < 400_000


def test_cells_too_many_for_vectors_are_one_picture():
    z = [[float(i * j) for i in range(100)] for j in range(100)]
    chart = Chart("heatmap", "T", {"x": list(range(100)), "y": list(range(100)), "z": z})
    root = drawn(charting.figure(chart))
    assert list(root.iter(f"{SVG}image"))


@pytest.mark.parametrize(
    "traces",
    [
        [{"type": "histogram", "x": [1, 2, 2, 3, 3, 3]}],
        [{"type": "box", "y": [1, 2, 3, 4, 50], "name": "raw"}],
        [
            {
                "type": "candlestick",
                "x": ["2026-01-01", "2026-01-02"],
                "open": [1, 2],
                "high": [3, 4],
                "low": [0, 1],
                "close": [2, 3],
            }
        ],
        [{"type": "contour", "z": [[1, 2], [3, 4]]}],
        [{"type": "pie", "labels": ["a", "b"], "values": [1, 3]}],
        [{"type": "surface", "z": [[1, 2, 3], [3, 4, 5], [0, 1, 2]]}],
        [{"type": "scatter", "x": {"bdata": "AQID", "dtype": "i1"}, "y": {"bdata": "AQID", "dtype": "i1"}}],
        [
            {"type": "bar", "x": ["a", "b"], "y": [1, 2], "yaxis": "y2"},
            {"type": "scatter", "x": ["a", "b"], "y": [3, 1]},
        ],
    ],
    ids=lambda t: t[0]["type"],
)
def test_kinds_of_a_models_own_figure_are_drawn(traces):
    assert len(list(drawn(own(*traces, yaxis2={"overlaying": "y", "side": "right"})).iter(f"{SVG}path"))) > 1


def test_what_only_a_browser_draws_is_named():
    sankey = {"type": "sankey", "node": {"label": ["a", "b"]}, "link": {"source": [0], "target": [1], "value": [1]}}
    assert draw_svg(own(sankey)) is None
    assert draw_svg(own({"type": "scatter", "x": [1], "y": [1]}, sankey)).missing == ("sankey",)


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "scatter", "x": [], "y": []},
        {"type": "scatter", "x": [None, None], "y": [None, None]},
        {"type": "scatter", "x": ["a", 1, None], "y": ["b", float("nan"), 10**400]},
        {"type": "bar", "x": [1, 1, 1], "y": [1, None, -5], "width": [0, 1]},
        {"type": "heatmap", "z": [[None, None], [None]]},
        {"type": "pie", "labels": [], "values": []},
        {"type": "scatter", "x": [1, 2], "y": [0, -1], "yaxis": "y"},
    ],
)
def test_a_figure_with_nothing_usable_in_it_is_drawn_empty_or_refused_in_words(trace):
    figure = own(trace, yaxis={"type": "log"} if trace.get("yaxis") else {})
    try:
        draw_svg(figure)
    except ResultError as error:
        assert "cannot be drawn for print" in str(error)
