"""Charts: each kind draws its data where it belongs, never by hue alone, and says what it cannot draw."""

import itertools
import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import plotly.graph_objects as go
import pytest
from hypothesis import given
from hypothesis import strategies as st

import charting
from charting import downsample, number_formats, palette
from contract.errors import ResultError
from contract.result import KINDS as CONTRACT_KINDS
from contract.result import Chart, Series, parse_result
from tests.charting import gallery

APART = 14  # CIE76 distance below which two colours of the palette would be taken for each other
# Machado, Oliveira, Fernandes (2009), severity 1: how protanopes, deuteranopes and tritanopes see linear RGB.
SIGHTS = {
    "full": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}


def chart(title):
    return next(c for c in gallery.CHARTS if c.title == title)


def draw(kind, data, **more):
    return charting.figure(Chart(kind, "T", data, "X", "Y", "EUR") if not more else Chart(kind, "T", data, **more))


def problems(kind, data):
    with pytest.raises(ResultError) as caught:
        draw(kind, data)
    return [p.where for p in caught.value.problems]


def linear(color):
    c = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(c <= 0.04045, c / 12.92, ((c + 0.055) / 1.055) ** 2.4)


def contrast(a, b):
    low, high = sorted(float(linear(c) @ [0.2126, 0.7152, 0.0722]) for c in (a, b))
    return (high + 0.05) / (low + 0.05)


def lab(rgb):
    xyz = np.array([[0.4125, 0.3576, 0.1804], [0.2127, 0.7152, 0.0722], [0.0193, 0.1192, 0.9503]]) @ np.clip(rgb, 0, 1)
    f = np.cbrt(xyz / [0.95047, 1, 1.08883])
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


# ---- palette


@pytest.mark.parametrize("background", [palette.LIGHT_BACKGROUND, palette.DARK_BACKGROUND])
@pytest.mark.parametrize("color", palette.COLORS)
def test_every_colour_stands_out_on_the_light_and_the_dark_background(color, background):
    assert contrast(color, background) >= 3


@pytest.mark.parametrize("sight", SIGHTS)
def test_every_two_colours_stay_apart_for_every_kind_of_sight(sight):
    seen = [lab(SIGHTS[sight] @ linear(c)) for c in palette.COLORS]
    # Tritanopia is some hundred times rarer; dashes and markers carry the difference there.
    least = APART if sight != "tritanopia" else APART * 0.8
    assert min(np.linalg.norm(a - b) for a, b in itertools.combinations(seen, 2)) >= least


def test_the_sequential_scale_darkens_at_every_step():
    lightness = [lab(linear(c))[0] for c in palette.SEQUENTIAL]
    assert all(a - b > 4 for a, b in itertools.pairwise(lightness))


def test_sixty_four_styles_are_all_different_without_their_hue_among_any_eight():
    looks = [palette.series_style(i) for i in range(64)]
    assert len({(s.color, s.dash) for s in looks}) == 64
    for start in range(0, 64, 8):
        group = looks[start : start + 8]
        assert len({s.dash for s in group}) == len({s.marker for s in group}) == len({s.pattern for s in group}) == 8


def test_the_theme_has_the_charts_colours_and_backgrounds():
    theme = tomllib.loads((Path(charting.__file__).parents[1] / ".streamlit" / "config.toml").read_text())["theme"]
    assert tuple(theme["chartCategoricalColors"]) == palette.COLORS
    assert tuple(theme["chartSequentialColors"]) == palette.SEQUENTIAL
    assert tuple(theme["chartDivergingColors"]) == palette.DIVERGING
    assert theme["light"]["backgroundColor"] == palette.LIGHT_BACKGROUND
    assert theme["dark"]["backgroundColor"] == palette.DARK_BACKGROUND


# ---- kinds


def test_every_kind_of_the_contract_can_be_drawn_and_is_in_the_gallery():
    assert set(charting.KINDS) == set(CONTRACT_KINDS)
    assert {c.kind for c in gallery.CHARTS} == {*CONTRACT_KINDS, "figure"}


@pytest.mark.parametrize("dark", [None, True, False])
@pytest.mark.parametrize("one", [c for c in gallery.CHARTS if c.title != "Broken"], ids=lambda c: c.title)
def test_every_chart_is_valid_json_with_its_title(one, dark):
    figure = charting.figure(one, dark=dark)
    read = json.loads(figure.to_json())
    assert read["data"]
    assert one.title in read["layout"]["title"]["text"] or one.kind == "figure"
    assert read["layout"]["uirevision"] == one.title


def test_a_chart_outside_of_streamlit_brings_its_own_surface():
    assert (
        charting.figure(chart("Yield curves"), dark=True).layout.template.layout.paper_bgcolor
        == palette.DARK_BACKGROUND
    )
    assert charting.figure(chart("Yield curves")).layout.template.layout.paper_bgcolor is None


@pytest.mark.parametrize("title", ["Portfolio value", "One-year loss", "Cash flows", "Yield curves", "Mean excess"])
def test_axes_have_titles_with_units(title):
    one = chart(title)
    layout = charting.figure(one).layout
    assert layout.xaxis.title.text.startswith(one.x_label)
    assert layout.yaxis.title.text.startswith(one.y_label)
    assert one.unit in layout.xaxis.title.text + layout.yaxis.title.text


def test_a_unit_that_the_label_names_is_not_named_twice():
    layout = charting.figure(Chart("line", "T", {"x": [1], "y": [2]}, "Age (years)", "Reserve in EUR", "EUR")).layout
    assert layout.yaxis.title.text == "Reserve in EUR"


def test_a_fan_draws_the_widest_band_first_and_the_median_on_top():
    figure = draw(
        "fan",
        {
            "x": [1, 2],
            "bands": [
                {"level": 50, "lower": [2, 3], "upper": [4, 5]},
                {"level": 0.9, "lower": [1, 1], "upper": [6, 7]},
            ],
            "median": [3, 4],
            "mean": [3.5, 4.5],
        },
    )
    assert [(t.name, tuple(t.y)) for t in figure.data] == [
        ("90% band, lower", (1, 1)),
        ("90% band", (6, 7)),
        ("50% band, lower", (2, 3)),
        ("50% band", (4, 5)),
        ("Median", (3, 4)),
        ("Mean", (3.5, 4.5)),
    ]
    assert [t.fill for t in figure.data[:4]] == [None, "tonexty", None, "tonexty"]


def cells(traces, part="z"):
    """Return the cells of traces laid over each other, each of which is in one of them."""
    found = []
    for rows in zip(*(getattr(t, part) for t in traces), strict=True):
        found.append([])
        for column in zip(*rows, strict=True):
            given = [v for v in column if v not in {None, ""}]
            assert len(given) <= 1
            found[-1].append(given[0] if given else column[0])
    return found


def test_a_heat_map_holds_each_value_at_its_row_and_column_in_numbers_too():
    traces = draw("heatmap", {"x": ["a", "b"], "y": [1, 2], "z": [[1, -2], [3, None]]}).data
    assert cells(traces) == [[1, -2], [3, None]]
    assert cells(traces, "text") == [["1", "−2"], ["3", ""]]
    assert all((t.zmin, t.zmax) == (-3, 3) for t in traces)  # signs meet in the middle of the scale


@pytest.mark.parametrize("signs", [(0, 100), (-50, 50)])
def test_the_number_in_every_cell_is_read_as_easily_as_wcag_asks(signs):
    low, high = signs
    z = [[low + (high - low) * (10 * i + j) / 99 for j in range(10)] for i in range(10)]
    traces = draw("heatmap", {"x": list(range(10)), "y": list(range(10)), "z": z}).data
    assert len(traces) == 2
    for trace in traces:
        scale = [color for _, color in trace.colorscale]
        for value in (v for row in trace.z for v in row if v is not None):
            ground = palette.color_between(scale, (value - trace.zmin) / (trace.zmax - trace.zmin))
            assert contrast(trace.textfont.color, ground) >= 4.5, (value, ground)


def test_a_large_heat_map_is_drawn_in_steps_and_says_so():
    figure = draw("heatmap", {"x": list(range(500)), "y": list(range(400)), "z": [[1.0] * 500] * 400})
    assert len(figure.data[0].x) * len(figure.data[0].y) <= 40_000
    assert "400 by 500" in figure.layout.title.subtitle.text


def test_a_surface_holds_its_grid_and_axis_titles():
    figure = charting.figure(chart("Option price"))
    assert len(figure.data[0].z) == 20
    assert len(figure.data[0].z[0]) == 21
    assert figure.layout.scene.xaxis.title.text == "Spot"
    assert figure.layout.scene.zaxis.title.text == "EUR"


def test_a_triangle_tells_projected_cells_by_a_line_and_italics():
    data = {
        "rows": [2001, 2002],
        "columns": [1, 2],
        "values": [[10, 20], [30, 40]],
        "projected": [[False, False], [False, True]],
    }
    figure = draw("triangle", data)
    seen = [t for t in figure.data if t.name == "observed"]
    projected = [t for t in figure.data if t.name == "projected"]
    assert cells(seen) == [[10, 20], [30, None]]
    assert cells(projected) == [[None, None], [None, 40]]
    assert all(t.textfont.style == "italic" for t in projected)
    assert all(t.textfont.style != "italic" for t in seen)
    assert {(s.x0, s.x1, s.y0, s.y1) for s in figure.layout.shapes} == {(0.5, 0.5, 0.5, 1.5), (0.5, 1.5, 0.5, 0.5)}
    assert "projected" in figure.layout.title.subtitle.text
    assert figure.layout.yaxis.autorange == "reversed"


def test_a_triangle_of_rows_that_grow_shorter_is_filled_with_nothing():
    traces = draw("triangle", {"rows": [1, 2], "columns": [1, 2], "values": [[1, 2], [3]]}).data
    assert cells(traces) == [[1, 2], [3, None]]


def test_a_histogram_has_bars_as_wide_as_their_bins_and_named_markers():
    data = {"edges": [0, 1, 3], "counts": [5, 7], "markers": [{"label": "VaR", "x": 2.5}, {"label": "ES", "x": 2.8}]}
    bars, *marks = draw("histogram", data).data
    assert (list(bars.x), list(bars.width), list(bars.y)) == ([0.5, 2], [1, 2], [5, 7])
    assert [list(m.x) for m in marks] == [[2.5, 2.5], [2.8, 2.8]]
    assert len({m.line.dash for m in marks}) == 2
    assert marks[0].name.startswith("VaR: 2.5")


def test_a_waterfall_climbs_by_steps_to_its_totals_with_signs_in_words():
    trace = charting.figure(chart("From market risk to SCR")).data[0]
    assert list(trace.measure) == ["relative", "relative", "relative", "absolute", "relative", "absolute"]
    assert list(trace.y) == [1200, 800, -430, 1570, -220, 1350]
    assert list(trace.text)[:4] == ["+1,200", "+800", "−430", "1,570"]


def test_a_tornado_has_its_widest_bar_on_top_around_its_base():
    low, high = draw(
        "tornado",
        [{"label": "a", "low": 90, "high": 105, "base": 100}, {"label": "b", "low": 80, "high": 130, "base": 100}],
    ).data
    assert list(low.y) == ["a", "b"]  # Plotly draws the last on top
    assert [base + x for base, x in zip(low.base, low.x, strict=True)] == [90, 80]
    assert [base + x for base, x in zip(high.base, high.x, strict=True)] == [105, 130]
    assert low.marker.pattern.shape != high.marker.pattern.shape


def test_a_pie_has_its_values_and_labels_and_a_pattern_a_slice():
    trace = charting.figure(chart("Allocation")).data[0]
    assert list(trace["values"]) == [40, 25, 15, 12, 8]
    assert "label" in trace.textinfo
    assert len(set(trace.marker.pattern.shape)) == 5


def test_a_box_has_its_five_numbers_and_mean():
    trace = draw("box", [{"name": "a", "low": 1, "q1": 2, "median": 3, "q3": 4, "high": 9, "mean": 3.5}]).data[0]
    found = [trace[k][0] for k in ("lowerfence", "q1", "median", "q3", "upperfence", "mean")]
    assert found == [1, 2, 3, 4, 9, 3.5]


def test_bars_are_stacked_only_when_asked_and_hatched_apart():
    data = {"x": ["a"], "series": [{"name": "p", "y": [1]}, {"name": "q", "y": [-2]}]}
    assert draw("bar", data).layout.barmode == "group"
    figure = draw("bar", {**data, "stacked": True})
    assert figure.layout.barmode == "relative"
    assert [list(t.y) for t in figure.data] == [[1], [-2]]
    assert len({t.marker.pattern.shape for t in figure.data}) == 2


def test_bars_and_points_with_bounds_have_bars_of_error():
    for kind in ("bar", "scatter"):
        trace = draw(kind, {"x": [1], "series": [{"name": "p", "y": [5], "lower": [3], "upper": [9]}]}).data[0]
        assert (list(trace.error_y.array), list(trace.error_y.arrayminus)) == ([4], [2])


def test_lines_differ_in_dash_and_marker_and_keep_gaps():
    data = {"x": [1, 2, 3], "series": [{"name": n, "y": [1, None, i]} for i, n in enumerate("abcd")]}
    traces = draw("line", data).data
    assert [list(t.y) for t in traces] == [[1, None, i] for i in range(4)]
    assert len({t.line.dash for t in traces}) == len({t.marker.symbol for t in traces}) == 4
    assert all("markers" in t.mode for t in traces)


def test_texts_and_dates_along_x_are_read_as_what_they_are():
    assert draw("bar", {"x": ["2001", "2003"], "y": [1, 2]}).layout.xaxis.type == "category"
    assert draw("line", {"x": ["2026-01-31", "2026-02-28"], "y": [1, 2]}).layout.xaxis.type == "date"
    assert draw("line", {"x": [1, 2], "y": [1, 2]}).layout.xaxis.type == "linear"


# ---- data that does not fit


@pytest.mark.parametrize(
    ("kind", "data", "where"),
    [
        ("line", {"x": [1, 2], "series": [{"name": "a", "y": [1, "two"]}]}, "series[0].y[1]"),
        ("line", {"x": [1, 2], "series": [{"name": "a", "y": [1]}]}, "series[0].y"),
        ("line", {"series": [{"name": "a", "y": [1]}]}, "x"),
        ("bar", {"x": [1], "series": "none"}, "series"),
        ("scatter", [1, 2], ""),
        ("fan", {"x": [1], "median": [1]}, "bands"),
        ("fan", {"x": [1], "median": [1], "bands": [{"level": 5, "lower": [1], "upper": [1, 2]}]}, "bands[0].upper"),
        ("heatmap", {"x": [1], "y": [1], "z": [[1, 2]]}, "z[0]"),
        ("heatmap", {"x": [1], "y": [1], "z": [[1], [2]]}, "z"),
        ("surface", {"x": [1], "y": [1], "z": [["a"]]}, "z[0][0]"),
        ("triangle", {"rows": [1], "columns": [1], "values": [[1]], "projected": [["x"]]}, "projected[0]"),
        ("histogram", {"edges": [0, 1], "counts": [1, 2]}, "edges"),
        ("histogram", {"edges": [1, 0], "counts": [1]}, "edges"),
        ("waterfall", [{"label": "a", "value": None}], "[0].value"),
        ("waterfall", [{"label": "a", "value": 1, "kind": "sum"}], "[0].kind"),
        ("tornado", [{"label": "a", "low": 1}], "[0].high"),
        ("pie", [{"label": "a", "value": -1}], "[0].value"),
        ("box", [{"name": "a", "low": 5, "q1": 2, "median": 3, "q3": 4, "high": 9}], "[0]"),
    ],
)
def test_data_that_does_not_fit_is_a_problem_with_its_path(kind, data, where):
    separator = "." if where and not where.startswith("[") else ""
    assert f"charts.T.data{separator}{where}" in problems(kind, data)


def test_every_fault_is_named_at_once():
    assert problems("line", {"x": [1, 2], "series": [{"name": "a", "y": [1, "x"]}, {"name": "b", "y": [1]}]}) == [
        "charts.T.data.series[0].y[1]",
        "charts.T.data.series[1].y",
    ]


KEYS = [
    *("x", "y", "z", "series", "bands", "level", "lower", "upper", "median", "mean", "rows", "columns", "values"),
    *("projected", "edges", "counts", "markers", "label", "value", "kind", "low", "high", "base", "name", "stacked"),
]
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(KEYS),
            inner,
            max_size=6,
        )
    ),
    max_leaves=12,
)


@given(st.sampled_from(CONTRACT_KINDS), anything)
def test_no_data_whatever_crashes_a_chart(kind, data):
    try:
        figure = charting.figure(Chart(kind, "T", data))
    except ResultError:
        return  # said so, which is all that is asked; anything else fails here
    assert figure.to_json()


# ---- a model's own figure


def own(**figure):
    return charting.figure(Chart("figure", "Own", None, figure=figure))


def test_a_models_own_figure_keeps_its_data_and_layout_only():
    figure = own(
        data=[{"type": "bar", "x": ["a"], "y": [2]}], layout={"title": {"text": "Mine"}, "width": 3000}, config={}
    )
    assert list(figure.data[0].y) == [2]
    assert figure.layout.title.text == "Mine"
    assert figure.layout.width is None


def test_a_figure_that_plotly_refuses_is_a_problem_and_not_a_crash():
    for bad in ({"data": [{"type": "nonsense"}]}, {"data": [{"type": "bar", "colour": 1}]}, {"data": ["x"]}):
        with pytest.raises(ResultError, match=r"charts\.Own"):
            own(**bad)


def test_links_scripts_and_outside_images_are_stripped_from_a_figure():
    figure = own(
        data=[{"type": "scatter", "x": [1], "y": [1], "text": ["<a href='https://e.org'>x</a>"], "xsrc": "u:1"}],
        layout={
            "title": {"text": "<b>Bold</b><script>alert(1)</script><<a>a href='javascript:x'>y"},
            "images": [{"source": "https://e.org/p.png"}, {"source": "data:image/png;base64,AAAA"}],
            "annotations": [{"text": "<span style='background:url(https://e.org)'>z</span>"}],
        },
    )
    written = figure.to_json()
    for bad in ("e.org", "<a", "<script", "<span", "javascript", "u:1"):
        assert bad not in written
    assert "<b>Bold</b>" in figure.layout.title.text
    assert [i.source for i in figure.layout.images] == [None, "data:image/png;base64,AAAA"]


@pytest.mark.parametrize("kind", ["scattergeo", "choropleth", "scattermap", "choroplethmapbox", "densitymap"])
def test_a_map_that_would_fetch_its_tiles_is_refused(kind):
    with pytest.raises(ResultError, match="outside"):
        own(data=[{"type": kind}])
    with pytest.raises(ResultError, match="outside"):
        own(data=[{"type": "bar"}], frames=[{"data": [{"type": kind}]}])


@pytest.mark.parametrize(
    "trace",
    [
        {"type": "heatmap", "z": [[1, 2], [3, 4]]},
        {"type": "treemap", "labels": ["a", "b"], "parents": ["", "a"], "values": [2, 1]},
        {"type": "histogram2dcontour", "x": [1, 2], "y": [1, 2]},
        {"type": "sunburst", "labels": ["a"], "parents": [""]},
        {"type": "funnel", "x": [2, 1], "y": ["a", "b"]},
    ],
    ids=lambda trace: trace["type"],
)
def test_a_figure_that_is_no_map_is_drawn(trace):
    assert own(data=[trace]).data[0].type == trace["type"]
    assert own(data=[{"type": "bar"}], frames=[{"data": [trace]}]).frames[0].data[0].type == trace["type"]


def test_every_kind_of_plotly_that_draws_a_map_is_refused():
    kinds = [
        name.lower()
        for name in dir(go)
        if re.search(r"(geo|map|mapbox)$", name.lower()) or "choropleth" in name.lower()
    ]
    maps = {k for k in kinds if k not in {"heatmap", "treemap", "densityheatmap"}}
    assert {"scattergeo", "choropleth", "scattermap"} <= maps
    for kind in maps:
        with pytest.raises(ResultError, match="outside"):
            own(data=[{"type": kind}])


def test_a_menu_that_would_turn_a_figure_into_a_map_is_dropped():
    menu = {"buttons": [{"method": "restyle", "args": ["type", "scattergeo"], "label": "Map"}]}
    assert not own(data=[{"type": "bar"}], layout={"updatemenus": [menu]}).layout.updatemenus
    menu["buttons"][0]["args"] = ["type", "bar"]
    assert len(own(data=[{"type": "bar"}], layout={"updatemenus": [menu]}).layout.updatemenus) == 1


def test_markup_in_a_models_texts_is_shown_and_not_obeyed():
    link = "<a href='https://e.org'>x</a>"
    figure = charting.figure(
        Chart(
            "bar", link, {"x": [link], "series": [{"name": link, "y": [1]}, {"name": "b", "y": [2]}]}, link, link, link
        )
    )
    series = charting.series_figure([Series(link, [link], [1.0], unit=link), Series("b", [link], [1.0])], {})
    for found in (figure, series):
        shown = found.to_dict()
        shown["layout"].pop("uirevision")
        assert "<a" not in json.dumps(shown, default=list)
        assert "&lt;a" in json.dumps(shown, default=list)


# ---- series


def test_series_of_one_unit_share_one_axis_and_of_two_units_have_two():
    one = charting.series_figure([Series("a", [1], [2], unit="EUR"), Series("b", [1], [3], unit="EUR")], {})
    assert {t.yaxis for t in one.data} == {"y"}
    two = charting.series_figure(gallery.SERIES, gallery.OUTPUTS)
    by_name = {t.name: t for t in two.data}
    assert by_name["Survival"].yaxis == "y"
    assert by_name["Deaths (right)"].yaxis == "y2"
    assert two.layout.yaxis2.side == "right"
    assert two.layout.yaxis.title.text == "Alive (%)"
    assert two.layout.yaxis2.title.text == "Deaths a year (lives)"
    assert two.layout.xaxis.title.text == "Age (years)"


def test_bars_of_the_right_axis_lie_beneath_the_lines_of_the_left():
    layout = charting.series_figure(gallery.SERIES, {}).layout
    assert (layout.yaxis.overlaying, layout.yaxis2.overlaying) == ("y2", None)


def test_three_units_stand_above_each_other():
    figure = charting.series_figure([Series(u, [1, 2], [1, 2], unit=u) for u in ("EUR", "%", "lives")], {})
    domains = [figure.layout[a].domain for a in ("yaxis", "yaxis2", "yaxis3")]
    assert all(upper[0] > lower[1] for upper, lower in itertools.pairwise(domains))


def test_a_series_may_ask_for_the_right_axis():
    figure = charting.series_figure([Series("a", [1], [2]), Series("b", [1], [3], axis="right")], {})
    assert [t.yaxis for t in figure.data] == ["y", "y2"]


@pytest.mark.parametrize(
    ("kind", "check"),
    [
        ("line", lambda t: t.type == "scatter" and "lines" in t.mode),
        ("area", lambda t: t.fill == "tozeroy"),
        ("bar", lambda t: t.type == "bar"),
        ("scatter", lambda t: t.mode == "markers"),
        ("step", lambda t: t.line.shape == "hv"),
    ],
)
def test_each_kind_of_series_is_drawn_as_it_says(kind, check):
    trace = charting.series_figure([Series("a", [1, 2], [3, 4], kind=kind)], {}).data[0]
    assert check(trace)
    assert (list(trace.x), list(trace.y)) == ([1, 2], [3, 4])


def test_a_band_is_filled_between_its_bounds_beneath_its_line():
    lower, upper, line = charting.series_figure([Series("a", [1, 2], [3, 4], [2, 3], [5, 6], kind="band")], {}).data
    assert (list(lower.y), list(upper.y), list(line.y)) == ([2, 3], [5, 6], [3, 4])
    assert upper.fill == "tonexty"
    alone = charting.series_figure([Series("a", [1, 2], [None, None], [2, 3], [5, 6], kind="band")], {})
    assert [t.name for t in alone.data] == ["a, lower", "a"]


def test_a_series_with_a_text_for_a_number_is_a_problem_with_its_path():
    with pytest.raises(ResultError) as caught:
        charting.series_figure([Series("a", [1, 2], [3, "x"])], {})
    assert caught.value.problems[0].where == "series.a[1].y"


def test_a_long_series_is_thinned_keeps_its_peak_and_its_gap_and_says_so():
    figure = charting.series_figure([gallery.LONG], {}, lambda _: gallery.path_points())
    trace = figure.data[0]
    assert len(trace.x) <= downsample.POINTS + 1
    assert max(v for v in trace.y if v is not None) == 9.0
    gap = list(trace.y).index(None)
    assert trace.x[gap - 1] < 100_000 <= trace.x[gap + 1]
    assert "2,000 of 200,000 points" in figure.layout.title.subtitle.text


def test_a_series_of_five_thousand_points_is_drawn_whole():
    x = list(range(downsample.LIMIT))
    figure = charting.series_figure([Series("a", x, x)], {})
    assert list(figure.data[0].y) == x
    assert figure.layout.title.subtitle.text is None


def test_a_long_cloud_of_points_is_thinned_whatever_its_order():
    x = [float((i * 7919) % 20_000) for i in range(20_000)]
    y = [v * 2 for v in x]
    for figure in (
        charting.series_figure([Series("a", x, y, kind="scatter")], {}),
        draw("scatter", {"x": x, "series": [{"name": "a", "y": y}]}),
    ):
        trace = figure.data[0]
        assert len(trace.x) <= downsample.POINTS
        assert all(b == a * 2 for a, b in zip(trace.x, trace.y, strict=True))
        assert "of 20,000 points" in figure.layout.title.subtitle.text


@given(st.integers(5_001, 8_000), st.integers(0, 2**32 - 1), st.floats(0, 1))
def test_thinning_chooses_given_points_in_order(count, seed, missing):
    random = np.random.default_rng(seed)
    y = [None if gone else v for v, gone in zip(random.normal(size=count), random.random(count) < missing, strict=True)]
    places, _ = downsample.downsample(range(len(y)), y)
    chosen = [p for p in places if p is not None]
    assert chosen == sorted(set(chosen))
    assert all(y[p] is not None for p in chosen)
    assert len(chosen) == min(downsample.POINTS, sum(v is not None for v in y))
    for a, b in itertools.pairwise(places):
        if a is not None and b is not None:
            assert None not in y[a : b + 1]  # what is joined by a line has no gap between


def test_a_range_in_sight_is_drawn_in_full_with_a_few_points_beside_it():
    figure = charting.series_figure([gallery.LONG], {}, lambda _: gallery.path_points(), shown=(20_000.0, 23_000.0))
    x = [v for v in figure.data[0].x if v is not None]
    assert [v for v in x if 20_000 <= v <= 23_000] == list(range(20_000, 23_001))
    assert 0 < len([v for v in x if v < 19_999]) <= downsample.BESIDE
    assert 0 < len([v for v in x if v > 23_001]) <= downsample.BESIDE
    assert "In the range shown: all 3,001 points, of 200,000." in figure.layout.title.subtitle.text


def test_a_wide_range_in_sight_is_thinned_and_keeps_its_peak():
    figure = charting.series_figure([gallery.LONG], {}, lambda _: gallery.path_points(), shown=(50_000.0, 80_000.0))
    assert max(v for v in figure.data[0].y if v is not None) == 9.0
    assert "about 2,000 of 30,001 points" in figure.layout.title.subtitle.text


def test_a_range_of_dates_is_drawn_in_full():
    days = [str(np.datetime64("1990-01-01") + i) for i in range(9_000)]
    figure = charting.figure(Chart("line", "T", {"x": days, "y": list(range(9_000))}))
    assert charting.is_thinned(figure)
    near = charting.figure(
        Chart("line", "T", {"x": days, "y": list(range(9_000))}), shown=("1995-03-01 11:00", "1995-06-01")
    )
    assert {d for d in days if "1995-03-02" <= d <= "1995-06-01"} <= set(near.data[0].x)
    assert "all" in near.layout.title.subtitle.text


def test_a_range_of_a_log_axis_is_read_as_powers_of_ten():
    x = [float(i) for i in range(1, 9_001)]
    near = charting.figure(Chart("line", "T", {"x": x, "y": x}, x_scale="log"), shown=(1.0, 2.0))
    assert [v for v in near.data[0].x if 10 <= v <= 100] == x[9:100]


def test_a_short_chart_asks_for_no_range():
    assert not charting.is_thinned(charting.figure(chart("Yield curves")))


def test_series_apart_without_their_points_show_their_head_and_say_so():
    figure = charting.series_figure([replace(gallery.LONG)], {})
    assert len(figure.data[0].x) == 200
    assert "first points" in figure.layout.title.subtitle.text


def test_a_png_is_named_after_its_chart():
    options = charting.chart_config("chain_ladder One/two: ä")["toImageButtonOptions"]
    assert options["format"] == "png"
    assert options["filename"] == "chain_ladder-one-two"


def test_a_result_as_a_model_returns_it_is_drawn():
    raw = {
        "series": {"A": [{"x": 1, "y": 2}]},
        "charts": [{"kind": "bar", "title": "B", "data": {"x": [1], "y": [5]}}, {"data": [{"type": "bar", "y": [3]}]}],
    }
    result = parse_result(raw)
    assert list(charting.series_figure(result.series, result.outputs).data[0].y) == [2]
    assert [list(charting.figure(c).data[0].y) for c in result.charts] == [[5], [3]]
    assert isinstance(charting.figure(result.charts[1]), go.Figure)


# ---- formats


@pytest.mark.parametrize(
    ("value", "fmt", "unit", "text"),
    [
        (18680855.6, ",.0f", None, "18,680,856"),
        (18680855.6, "compact", "EUR", "18.7M EUR"),
        (0.0123, ".2%", "%", "1.23%"),
        (-5.2, ",.1f", "%", "−5.2%"),
        (-1234, "$,.2f", None, "−$1,234.00"),
        (1234.5, "currency", "EUR", "1,234.50 EUR"),
        (2.7, "d", "years", "3 years"),
        (999_999, "compact", None, "1M"),
        (0.00012345, None, None, "0.000123"),
        (2026, None, None, "2026"),
        (20_000, None, None, "20,000"),
        (-0.001, ".1f", None, "0.0"),
        (None, ",.0f", "EUR", "–"),
        (float("nan"), None, None, "–"),
        (True, None, None, "Yes"),
        ("text", ",.0f", "EUR", "text"),
        (12.5, "no format at all", None, "12.50"),
        (1.5, ",.1f", "currency a year", "1.5"),
    ],
)
def test_numbers_read_as_their_format_and_unit_say(value, fmt, unit, text):
    assert number_formats.format_number(value, fmt, unit) == text


@given(st.floats() | st.integers(), st.text(max_size=6) | st.from_regex(number_formats.SPEC, fullmatch=True))
def test_every_number_has_a_text_in_every_format(value, fmt):
    assert number_formats.format_number(value, fmt)
    number_formats.column_format(fmt, [value])


@given(
    st.from_regex(number_formats.SPEC, fullmatch=True).map(number_formats.parse_format).filter(bool),
    st.floats(-1e6, 1e6),
)
def test_what_a_format_says_python_and_plotly_read_alike(spec, value):
    if spec.kind in {"f", "%"} and spec.places is not None and not spec.trim:
        ours, python = number_formats.format_number(value, spec.d3).replace("−", "-"), format(value, spec.d3)
        assert ours.lstrip("+-") == python.lstrip("+-")


# ---- scales and labels


def test_a_log_axis_is_drawn_as_one_and_says_what_it_leaves_out():
    data = {"x": [1, 10, 100], "y": [0.001, 0.0, 0.1]}
    figure = charting.figure(Chart("line", "T", data, "X", "Y", x_scale="log", y_scale="log"))
    assert (figure.layout.xaxis.type, figure.layout.yaxis.type) == ("log", "log")
    assert figure.layout.title.subtitle.text.startswith("1 value of 0 or less left out")
    assert list(figure.data[0].y) == [0.001, 0.0, 0.1]  # the values themselves, not their logarithms


def test_names_along_an_axis_stay_names_whatever_its_scale():
    assert charting.figure(Chart("bar", "T", {"x": ["a"], "y": [1]}, x_scale="log")).layout.xaxis.type == "category"


def test_a_scale_that_is_none_is_told_and_the_axis_is_linear():
    result = parse_result(
        {"charts": [{"kind": "line", "title": "T", "data": {"x": [1], "y": [1]}, "y_scale": "logit"}]}
    )
    assert result.charts[0].y_scale == "linear"
    assert "charts.T.y_scale is 'logit'" in result.warnings[0]


def test_series_take_the_scale_that_the_manifest_declares():
    outputs = {"charts": {"q": {"y_scale": "log", "y_label": "Rate"}}}
    result = parse_result({"series": [{"name": "q", "x": [1, 2], "y": [0.01, 0.1]}]}, outputs)
    assert charting.series_figure(result.series, outputs).layout.yaxis.type == "log"


def test_long_names_beneath_bars_stand_in_lines_and_the_values_keep_their_names():
    name = "A life table with a long name <b>"
    figure = draw("bar", {"x": [name, "b"], "y": [1, 2]})
    assert figure.layout.xaxis.ticktext[0] == "A life table<br>with a long name<br>&lt;b&gt;"
    assert list(figure.layout.xaxis.tickvals) == list(figure.data[0].x)


def test_a_matrix_of_names_is_read_from_the_top_and_numbers_rise():
    square = {"x": ["a", "b"], "z": [[1, 0.5], [0.5, 1]]}
    assert draw("heatmap", {**square, "y": ["a", "b"]}).layout.yaxis.autorange == "reversed"
    assert draw("heatmap", {**square, "y": [1, 2]}).layout.yaxis.autorange is None


def test_small_values_have_powers_of_ten_along_their_axis_and_large_ones_millions():
    assert draw("line", {"x": [1, 2], "y": [1e-7, 2e-7]}).layout.yaxis.exponentformat == "power"
    assert draw("line", {"x": [1, 2], "y": [1e6, 2e6]}).layout.yaxis.exponentformat == "B"


def test_the_legend_stands_at_the_foot_of_the_figure_clear_of_long_labels():
    legend = draw("bar", {"x": ["a"], "series": [{"name": n, "y": [1]} for n in "pq"]}).layout.legend
    assert (legend.yref, legend.y, legend.yanchor) == ("container", 0, "bottom")


def test_only_a_chart_with_many_cells_in_numbers_keeps_its_width_on_a_phone():
    def cells(n):
        return draw("triangle", {"rows": list(range(n)), "columns": list(range(n)), "values": [[1.0] * n] * n})

    assert charting.has_many_cells(cells(10))
    assert not charting.has_many_cells(cells(4))
    assert not charting.has_many_cells(cells(40))  # too many for numbers: colours alone, which fit
    assert not charting.has_many_cells(draw("bar", {"x": ["a"], "y": [1]}))


def test_a_chart_along_x_mixes_kinds_where_its_series_say_so():
    data = {"x": [1, 2], "series": [{"name": "p", "y": [1, 2]}, {"name": "q", "y": [3], "x": [2], "kind": "scatter"}]}
    line, points = draw("line", data).data
    assert ("lines" in line.mode, points.mode) == (True, "markers")
    assert list(points.x) == [2]
    assert problems("line", {"x": [1], "series": [{"name": "p", "y": [1], "kind": "pie"}]}) == [
        "charts.T.data.series[0].kind"
    ]


def test_series_are_titled_by_the_one_that_declares_a_title():
    outputs = {"charts": {"Base": {"title": "Survival"}}}
    result = parse_result({"series": [{"name": n, "x": [1], "y": [1]} for n in ("Base", "Shock of 10 %")]}, outputs)
    assert charting.series_figure(result.series, outputs).layout.title.text == "Survival"


# ---- ticks and names of lines


@pytest.mark.parametrize("x", [[1, 2], [1, 2, 3], [2020, 2021, 2022], [0], list(range(8))])
def test_a_short_axis_of_whole_numbers_has_a_tick_at_each_and_repeats_none(x):
    axis = charting.figure(Chart("line", "T", {"x": x, "y": [0.5] * len(x)})).layout.xaxis
    assert (axis.dtick, axis.tickformat) == (1, "d")


def test_years_of_a_decade_have_ticks_at_whole_years_that_fit_a_phone():
    axis = charting.figure(Chart("line", "T", {"x": list(range(2010, 2022)), "y": [0.5] * 12})).layout.xaxis
    assert (axis.dtick, axis.tickformat) == (2, "d")


def test_counts_of_a_few_have_whole_ticks_and_amounts_between_have_none():
    assert draw("bar", {"x": ["a", "b", "c"], "y": [1, 2, 3]}).layout.yaxis.dtick == 1
    assert draw("bar", {"x": ["a", "b"], "y": [1, 2.5]}).layout.yaxis.dtick is None
    assert draw("bar", {"x": ["a", "b"], "y": [100, 250]}).layout.yaxis.dtick is None


def test_a_long_axis_of_whole_numbers_is_left_to_plotly():
    assert draw("line", {"x": list(range(60)), "y": [1.5] * 60}).layout.xaxis.dtick is None


def lines(count, **more):
    series = [{"name": f"Line <{i}>", "y": [0, i / 10 if i < 5 else 5.0]} for i in range(count)]
    return draw("line", {"x": [0, 1], "series": series}, **more)


def test_many_lines_are_named_at_their_ends_in_their_order_and_apart():
    figure = lines(10)
    assert figure.layout.showlegend is False
    labels = figure.layout.annotations
    assert len(labels) == 10
    assert {a.x for a in labels} == {1}
    heights = [a.y for a in labels]
    assert all(b - a > 5 * 12 / 320 for a, b in itertools.pairwise(heights))
    assert [re.search(r"Line &lt;(\d)&gt;", a.text)[1] for a in labels][:5] == list("01234")
    assert "<9>" not in labels[-1].text


def test_a_few_lines_keep_their_legend_and_very_many_too():
    for count in (6, 30):
        assert lines(count).layout.showlegend is True
        assert not lines(count).layout.annotations


def test_a_long_name_at_the_end_of_a_line_is_shortened():
    series = [{"name": "A very long name of a line & more " + str(i), "y": [0, i]} for i in range(8)]
    text = draw("line", {"x": [0, 1], "series": series}).layout.annotations[0].text
    assert text.endswith("\u2026")
    assert "&amp;" not in text or text.count("&") == text.count("&amp;")


def test_lines_over_a_log_axis_are_named_at_powers_of_ten():
    series = [{"name": str(i), "y": [1, 10.0**i]} for i in range(8)]
    labels = charting.figure(Chart("line", "T", {"x": [0, 1], "series": series}, y_scale="log")).layout.annotations
    assert labels[-1].y == pytest.approx(7, abs=0.01)


def test_a_results_own_series_are_named_at_their_ends_too():
    series = [Series(f"S{i}", [0, 1], [0.0, float(i)]) for i in range(9)]
    figure = charting.series_figure(series, {})
    assert len(figure.layout.annotations) == 9
    assert figure.layout.showlegend is False
    assert not charting.series_figure([*series[:-1], replace(series[-1], kind="bar")], {}).layout.annotations
