"""The small pictures on the catalogue's cards."""

import re
import xml.etree.ElementTree as ET

import pytest

from charting import palette
from contract.result import parse_result
from ui.catalogue.pictures import main_picture
from ui.catalogue.thumbnail import HEIGHT, WIDTH, thumbnail_svg

SVG = "{http://www.w3.org/2000/svg}"
NUMBER = re.compile(r"-?\d+(?:\.\d+)?")


def picture(**raw):
    found = main_picture(parse_result(raw))
    assert found is not None
    return ET.fromstring(found)


def shapes(root, kind):
    return root.findall(f"{SVG}{kind}")


def strokes(root):
    return [p for p in shapes(root, "path") if p.get("stroke", "").startswith("#")]


LINE = {"Loss": {"x": [1, 2, 3], "y": [1.0, 5.0, 2.0]}}


def test_a_line_rises_where_its_values_rise():
    (line,) = strokes(picture(series=LINE))
    points = [float(n) for n in NUMBER.findall(line.get("d"))]
    heights = points[1::2]
    assert heights[1] < heights[2] < heights[0]
    assert points[0] < points[2] < points[4]


def test_a_gap_in_a_line_stays_a_gap():
    root = picture(series={"Loss": {"x": [1, 2, 3, 4, 5], "y": [1.0, 2.0, None, 2.0, 1.0]}})
    assert len(strokes(root)) == 2


def test_a_band_is_filled_between_its_edges():
    root = picture(series={"Loss": {"x": [1, 2], "y": [2.0, 3.0], "lower": [1.0, 2.0], "upper": [3.0, 4.0]}})
    filled = [p for p in shapes(root, "path") if p.get("fill", "").startswith("rgba")]
    assert len(filled) == 1


def test_a_long_series_becomes_a_short_path():
    many = list(range(900))
    root = picture(series={"Loss": {"x": many, "y": [float(i % 7) for i in many]}})
    assert len(NUMBER.findall(strokes(root)[0].get("d"))) < 400


def test_bars_stand_beside_each_other_and_reach_as_high_as_they_count():
    chart = {"kind": "bar", "data": {"x": ["a", "b"], "series": [{"name": "n", "y": [1, 4]}]}}
    first, second = shapes(picture(charts=[chart]), "rect")
    assert float(second.get("height")) == pytest.approx(4 * float(first.get("height")), abs=0.3)
    assert float(first.get("x")) + float(first.get("width")) <= float(second.get("x"))


def test_the_steps_of_a_waterfall_hang_where_the_last_one_ended():
    rows = [{"label": "a", "value": 10, "kind": "total"}, {"label": "b", "value": -4}, {"label": "c", "value": 2}]
    total, fall, rise = shapes(picture(charts=[{"kind": "waterfall", "data": rows}]), "rect")
    assert float(fall.get("y")) == pytest.approx(float(total.get("y")), abs=0.2)
    bottom = float(fall.get("y")) + float(fall.get("height"))
    assert float(rise.get("y")) + float(rise.get("height")) == pytest.approx(bottom, abs=0.2)
    assert [total.get("fill"), fall.get("fill"), rise.get("fill")] == [palette.TOTAL, palette.FALL, palette.RISE]


def test_a_triangle_has_a_cell_for_each_value_and_its_first_row_on_top():
    data = {"rows": [2020, 2021], "columns": [1, 2], "values": [[1, 9], [5, None]]}
    cells = shapes(picture(charts=[{"kind": "triangle", "data": data}]), "rect")
    assert len(cells) == 3
    assert float(cells[0].get("y")) < float(cells[2].get("y"))
    assert (cells[0].get("fill"), cells[1].get("fill")) == (palette.SEQUENTIAL[0], palette.SEQUENTIAL[-1])


def test_shares_of_a_pie_are_as_wide_as_they_are_large():
    data = [{"label": "a", "value": 1}, {"label": "b", "value": 3}]
    small, large = shapes(picture(charts=[{"kind": "pie", "data": data}]), "rect")
    assert float(large.get("width")) == pytest.approx(3 * float(small.get("width")), rel=0.05)


KINDS = {
    "fan": {"x": [1, 2], "bands": [{"level": 90, "lower": [1, 1], "upper": [3, 4]}], "median": [2, 2]},
    "heatmap": {"x": [1, 2], "y": [1, 2], "z": [[1, 2], [3, 4]]},
    "histogram": {"edges": [0, 1, 2], "counts": [3, 4], "markers": [{"label": "VaR", "x": 1.5}]},
    "tornado": [{"label": "a", "low": -1, "high": 2}, {"label": "b", "low": -3, "high": 1}],
    "surface": {"x": [1, 2], "y": [1, 2], "z": [[1, 2], [3, 4]]},
    "box": [{"name": "a", "low": 1, "q1": 2, "median": 3, "q3": 4, "high": 5}],
    "scatter": {"x": [1, 2], "series": [{"name": "a", "y": [3, 4]}]},
    "line": {"x": ["2024-01-01", "2024-02-01"], "series": [{"name": "a", "y": [3, 4]}]},
}


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_of_chart_has_a_picture_within_its_frame(kind):
    root = picture(charts=[{"kind": kind, "title": "t", "data": KINDS[kind]}])
    assert len(root) > 0
    for box in shapes(root, "rect"):
        x, y, w, h = (float(box.get(k)) for k in ("x", "y", "width", "height"))
        assert x >= 0
        assert y >= 0
        assert x + w <= WIDTH
        assert y + h <= HEIGHT
    for path in strokes(root):
        if "h" in path.get("d") or "V" in path.get("d"):
            continue
        points = [float(n) for n in NUMBER.findall(path.get("d"))]
        assert all(0 <= x <= WIDTH for x in points[::2])
        assert all(0 <= y <= HEIGHT for y in points[1::2])


def test_the_first_chart_that_can_be_drawn_is_taken():
    broken = {"kind": "bar", "data": {"x": ["a"], "series": [{"name": "n", "y": ["?"]}]}}
    root = picture(charts=[broken, {"kind": "pie", "data": [{"label": "a", "value": 1}]}])
    assert len(shapes(root, "rect")) == 1


def test_a_result_without_a_chart_has_no_picture():
    assert main_picture(parse_result({"summary": {"Total": 1}})) is None


def test_nothing_that_a_model_wrote_comes_into_its_picture():
    evil = '"><script>alert(1)</script><image href="http://example.com/x"/>'
    figure = {
        "data": [
            {"type": "scatter", "name": evil, "x": [evil, "b"], "y": [1, 2], "line": {"color": evil, "dash": evil}},
            {"type": "scatter", "x": [evil, "b"], "y": [1, 2], "fill": "tozeroy", "fillcolor": f"url({evil})"},
            {"type": "bar", "x": [evil, "b"], "y": [1, 2], "marker": {"color": [evil, "url(http://example.com)"]}},
        ],
        "layout": {"title": evil, "xaxis": {"title": evil, "type": evil}},
    }
    found = thumbnail_svg(figure)
    assert not re.search(r"script|image|href|example|url", found)
    assert {child.tag for child in ET.fromstring(found)} <= {f"{SVG}path", f"{SVG}rect"}


@pytest.mark.parametrize(
    "figure", [{}, {"data": []}, {"data": [{"type": "indicator"}]}, {"data": [{"x": [], "y": []}]}]
)
def test_a_figure_with_nothing_to_draw_has_no_picture(figure):
    assert thumbnail_svg(figure) is None


def test_amounts_that_are_not_finite_are_left_out():
    figure = {"data": [{"type": "bar", "x": ["a", "b", "c"], "y": [1, float("nan"), 1e308]}]}
    assert len(ET.fromstring(thumbnail_svg(figure)).findall(f"{SVG}rect")) == 1
