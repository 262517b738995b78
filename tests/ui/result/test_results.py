"""A result on the page: what is shown, what is offered, and what is left alone."""

import csv
import io
import json
import xml.etree.ElementTree as ET
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from streamlit.testing.v1 import AppTest

from contract.result import Column, Metric, Table
from tests.charting import gallery
from ui.result import cards, chart_view, downloads, provenance, results, tables

SCRIPT = str(Path(__file__).with_name("result_script.py"))


def shown(case="all"):
    at = AppTest.from_file(SCRIPT, default_timeout=200)
    at.query_params["case"] = case
    at.run()
    assert not at.exception, [e.value for e in at.exception]
    return at


@pytest.fixture(scope="module")
def page():
    return shown()


def plots(at):
    return [json.loads(one["spec"]) for one in drawn(at)]


def drawn(at):
    """Return the charts that the page hands to the browser, in order."""
    components = [e.proto for e in at.get("bidi_component") if e.proto.component_name == "tontine_charts"]
    return [one for proto in components for one in json.loads(proto.json)["charts"]]


def cards_of(at):
    """Return the summary cards as {label: (value, delta, help)}, read as a browser reads them."""
    (block,) = [e.proto.body for e in at.get("html") if "tontine-summary" in e.proto.body]
    found = {}
    for card in ET.fromstring(block).iter("div"):
        label = card.find("dt")
        if label is None:
            continue
        helped = label.find("span")
        texts = [d.text for d in card.findall("dd")]
        found[label.text.strip()] = (
            *texts,
            *[None] * (2 - len(texts)),
            helped.get("aria-label") if helped is not None else None,
        )
    return found


def test_summary_figures_are_written_by_their_format_and_unit(page):
    found = cards_of(page)
    assert found["Total IBNR"] == ("18,680,856 EUR", None, "Sum over accident years")
    assert found["Coefficient of variation"] == ("13.1%", "+0.2%", None)
    assert found["Life expectancy"][0] == "38.21 years"
    assert found["Simulations"][0] == "20,000"
    assert found["Ruin before horizon"][0] == "No"
    assert found["Not a number"][0] == "–"
    assert found["Standard error"][1] == "\u221212,000 EUR"


def test_a_label_is_shown_letter_by_letter_and_not_as_markup(page):
    assert "Regime_2015/35 *draft*" in cards_of(page)
    hostile = "<img src=//x onerror=alert(1)>\"'&"
    block = cards.cards_html([Metric(hostile, hostile, hostile, help=hostile, delta=hostile)])
    assert "<img" not in block
    (card,) = ET.fromstring(block).iter("dl")
    assert hostile in "".join(card.itertext())
    assert card.find("div/dt/span").get("aria-label") == hostile


def test_all_summary_figures_are_one_element(page):
    assert len([e for e in page.get("html") if "tontine-summary" in e.proto.body]) == 1
    assert not page.metric


def test_headline_figures_stand_first_and_large_and_the_others_in_their_order():
    summary = [Metric("A", 1), Metric("B", 2), Metric("C", 3)]
    large, small = ET.fromstring(cards.cards_html(summary, ["C", "Unknown"]))
    assert (large.get("class"), small.get("class")) == ("tontine-headline", "tontine-cards")
    assert [d.text for d in large.iter("dt")] == ["C"]
    assert [d.text for d in small.iter("dt")] == ["A", "B"]


def test_every_chart_is_drawn_and_a_broken_one_says_where(page):
    assert len(plots(page)) == 1 + len(gallery.CHARTS) - 1
    (error,) = page.error
    assert "Broken cannot be drawn" in error.value
    assert "charts.Broken.data.series[0].y[1]" in error.value
    assert "charts.Broken.data.series[1].y" in error.value


def test_warnings_stand_in_boxes_of_their_own(page):
    assert [w.value for w in page.warning] == list(gallery.RESULT.warnings)


def test_notes_are_markdown_without_images_and_raw_html(page):
    (notes,) = [m for m in page.markdown if m.value.startswith("Method")]
    assert "![" not in notes.value
    assert "[spy](" in notes.value
    assert not notes.allow_html


def test_what_was_not_finite_is_counted_and_located(page):
    assert any("3 values were not finite" in c.value and "`table[3].reserve`" in c.value for c in page.caption)


@pytest.mark.parametrize(
    ("nulls", "found"),
    [
        ({}, (0, [])),
        ({"count": 3, "where": ["a", "b"]}, (3, ["a", "b"])),
        ({"summary.x": 1, "table.y": 4}, (5, ["summary.x", "table.y"])),
    ],
)
def test_both_forms_of_the_count_of_what_was_not_finite_are_read(nulls, found):
    assert results.not_finite(nulls) == found


def test_the_first_table_is_shown_with_numbers_as_numbers(page):
    frame = page.dataframe[0].value
    assert list(frame["reserve"][:2]) == [0.0, 94633.8]
    assert frame["cv"].isna()[0]
    assert list(frame["mixed"][:2]) == ["1", "two"]


def test_a_column_is_headed_by_label_and_unit_and_written_by_its_format(page):
    config = json.loads(page.dataframe[0].proto.columns)
    assert config["reserve"]["label"] == "Reserve (EUR)"
    assert config["reserve"]["type_config"] == {"type": "number", "format": "%,.0f"}
    assert config["cv"]["type_config"]["format"] == "percent"
    assert config["cv"]["type_config"]["step"] == pytest.approx(0.001)
    assert config["year"]["type_config"]["format"] == "%d"  # 2001 and not 2,001
    assert config["note"]["type_config"]["type"] == "text"


def test_a_table_stored_apart_is_read_one_page_at_a_time():
    at = shown()
    key = f"{gallery.RUN.app_slug}-result-tables"
    at.session_state[key] = 1
    at.run()
    assert not at.exception
    frame = at.dataframe[0].value
    assert len(frame) == tables.PAGE_ROWS
    assert frame["loss"][1] == 1.5
    assert any("Rows 1 to 1,000" in c.value for c in at.caption)
    at.session_state[f"{gallery.RUN.app_slug}-result-page-1"] = 3
    at.run()
    frame = at.dataframe[0].value
    assert list(frame["n"]) == list(range(2_000, 2_500))


def test_a_table_stored_apart_is_searched_and_sorted_whole_and_its_csv_follows():
    at = shown()
    name = f"{gallery.RUN.app_slug}-result"
    at.session_state[f"{name}-tables"] = 1
    at.session_state[f"{name}-page-1"] = 3
    at.run()
    at.text_input(key=f"{name}-1-search").set_value("1,500").run()
    assert not at.exception
    assert list(at.dataframe[0].value["n"]) == [1_000, 1_500]
    assert any("Rows 1 to 2 of the 2 found" in c.value for c in at.caption)
    at.text_input(key=f"{name}-1-search").set_value("").run()
    at.selectbox(key=f"{name}-1-sort").set_value("loss").run()
    at.toggle(key=f"{name}-1-descending").set_value(True).run()
    assert list(at.dataframe[0].value["n"][:2]) == [2_499, 2_498]
    assert any("sort=-loss" in b.proto.url for b in at.get("link_button"))
    at.text_input(key=f"{name}-1-search").set_value("no such text").run()
    assert any(c.value == "No row was found." for c in at.caption)


def test_a_table_behind_another_is_not_read():
    asked = []

    def find_rows(name, *asked_for):
        asked.append(name)
        return gallery.find_rows(name, *asked_for)

    def script(find):
        from dataclasses import replace

        from tests.charting import gallery
        from ui.result import results

        results.show_result(replace(gallery.RESULT, charts=()), run=gallery.RUN, find_rows=find)

    at = AppTest.from_function(script, args=(find_rows,), default_timeout=200).run()
    assert not at.exception
    assert asked == []


def test_more_is_closed_until_it_is_opened(page):
    assert not page.get("json")


def test_a_long_series_is_thinned_on_the_page():
    (plot,) = plots(shown("long"))
    assert "of 200,000 points" in plot["layout"]["title"]["subtitle"]["text"]


def test_a_partial_result_has_nothing_to_download():
    at = shown("partial")
    assert len(drawn(at)) == 4
    assert not at.get("download_button")
    assert not at.get("button_group")


def test_charts_are_known_by_their_place_and_never_by_their_run(page):
    other = shown("another-run")
    assert [one["key"] for one in drawn(page)] == [one["key"] for one in drawn(other)]
    ids = [[e.proto.id for e in at.get("bidi_component")] for at in (page, other)]
    assert ids[0] == ids[1]
    assert str(gallery.RUN.id) not in str(ids)


def test_every_chart_has_a_name_for_those_who_do_not_see_it(page):
    assert [one["alt"] for one in drawn(page)] == ["Series", *(c.title for c in gallery.CHARTS if c.title != "Broken")]


@pytest.mark.parametrize(
    ("wide", "alone"),
    [
        ([False, False], [False, False]),
        ([False], [True]),
        ([True, False, False, False], [True, False, False, True]),
        ([False, True, False, False], [True, True, False, False]),
        ([], []),
    ],
)
def test_charts_stand_in_pairs_and_what_is_left_has_the_width(wide, alone):
    assert results._charts_alone(wide) == alone


def test_an_image_is_named_after_its_chart_and_run(page):
    names = [one["config"]["toImageButtonOptions"]["filename"] for one in drawn(page)]
    assert names[1] == "chain_ladder-portfolio-value-456789ab"
    assert len(set(names)) == len(names)


def test_only_a_long_series_asks_for_the_range_that_is_shown(page):
    assert not any(one["refine"] for one in drawn(page))
    assert [one["refine"] for one in drawn(shown("long"))] == [True]


def test_the_range_shown_of_a_long_series_is_drawn_in_full_and_says_so(monkeypatch):
    monkeypatch.setattr(chart_view, "shown_range", lambda _key, _chart: (100.5, 1100.5))
    (plot,) = plots(shown("long"))
    assert plot["layout"]["title"]["subtitle"]["text"] == "In the range shown: all 1,000 points, of 200,000."


def test_a_result_without_a_run_shows_and_offers_what_the_page_holds():
    at = shown("bare")
    at.session_state["result-shown-tables"] = 1
    at.run()
    assert len(at.dataframe[0].value) == 200
    assert any("The first 200 of 2,500 rows" in c.value for c in at.caption)
    assert "CSV" in {b.proto.label for b in at.get("download_button")}
    assert not at.get("link_button")


# ---- provenance


def test_inputs_are_listed_in_the_forms_words_and_units(page):
    rows = provenance.input_rows(gallery.RUN.inputs, gallery.MANIFEST.inputs)
    found = {r["Key"]: (r["Group"], r["Input"], r["Value"], r["Unit"]) for r in rows}
    assert found == {
        "age": ("Person", "Age", "45", "years"),
        "sex": ("Person", "Sex", "Female", ""),
        "rate": ("", "Interest rate", "3.25", "%"),
        "band": ("", "Age band", "20 to 60", "years"),
        "claims": ("", "Claims", "1 row", ""),
    }
    assert [r["Key"] for r in rows] == ["age", "sex", "rate", "band", "claims"]


def test_an_input_the_manifest_does_not_know_stands_under_its_key():
    assert provenance.input_rows({"old": 1.5}, {}) == [{"Input": "old", "Value": "1.5", "Unit": "", "Key": "old"}]


def test_provenance_says_everything_recorded_and_nothing_else():
    facts = provenance.provenance_rows(gallery.RUN, gallery.MANIFEST)
    assert facts["Seed"] == "42"
    assert facts["Version"] == "1.0.0 · 9f2c9f2c9f2c"
    assert facts["Git commit"] == "0123456789ab"
    assert facts["Duration"] == "1.25 s"
    assert facts["Peak memory"] == "123.4 MB"
    assert facts["Processor time"] == "980 ms"
    assert facts["Python"] == "3.11.9"
    assert facts["Worker"] == "host:4711"
    assert "Reused from" not in facts
    reused = provenance.provenance_rows(replace(gallery.RUN, reused_from=gallery.RUN.id))
    assert reused["Reused from"] == f"run {gallery.RUN.id}"


def test_the_full_hash_can_be_copied(page):
    assert gallery.RUN.version in {c.value for c in page.code}


# ---- exports


def test_the_link_to_the_streaming_route_names_table_and_form():
    found = urlsplit(downloads.export_link(gallery.RUN.id, "By year & cohort", excel=True))
    assert found.path == f"/api/runs/{gallery.RUN.id}/export/csv"
    held = parse_qs(found.query, keep_blank_values=True)
    assert held == {"table": ["By year & cohort"], "currency": [""], "excel": ["1"]}


def test_a_file_is_named_after_model_table_and_run():
    assert downloads.export_filename("Total, by year", gallery.RUN) == "chain_ladder-total-by-year-456789ab"
    assert downloads.export_filename("../..", None) == "table"


def test_tables_and_series_of_a_run_are_offered_by_links_that_outlive_a_rerun():
    at = shown()
    assert not at.get("download_button")
    first = {b.proto.url for b in at.get("link_button")}
    assert f"/api/runs/{gallery.RUN.id}/files/report.txt" in first
    at.session_state[f"{gallery.RUN.app_slug}-result-tables"] = 1
    at.run()
    links = {b.proto.url: b.proto.label for b in at.get("link_button")}
    for excel in (False, True):
        link = downloads.export_link(gallery.RUN.id, gallery.BIG.name, excel=excel, language="en")
        assert link not in first
        assert links[link].endswith(f"({gallery.BIG.rows:,} rows)")


def test_media_are_shown_by_link_with_their_words_and_can_be_saved():
    at = shown("media")
    (found,) = [h.proto.body for h in at.get("html") if "tontine-media" in h.proto.body and "<figure>" in h.proto.body]
    files = f"/api/runs/{gallery.RUN.id}/files"
    assert f'<img src="{files}/images/1.png" alt="A &quot;map&quot; of losses"' in found
    assert "Loss &lt;map&gt;" in found
    assert "By county" in found
    assert "PNG, 2.4 MB, 640 × 480 pixels" in found
    assert f'<audio src="{files}/audio/1.wav"' in found
    assert f'<video src="{files}/video/1.mp4"' in found
    assert f'href="{files}/images/1.png?download=1"' in found


def test_while_a_run_goes_on_its_media_are_named_only():
    at = shown("media-partial")
    assert not [h for h in at.get("html") if "<figure>" in h.proto.body]
    assert any("Film: shown when the run has ended" in c.value for c in at.caption)


def test_the_csv_of_a_table_on_the_page_has_its_cells_under_their_labels():
    from contract.csv_export import write_csv

    content = b"".join(write_csv(gallery.TABLE.columns, [gallery.TABLE.data])).decode()
    rows = list(csv.DictReader(io.StringIO(content)))
    assert float(rows[1]["Reserve (EUR)"]) == 94633.8
    assert rows[0]["Note"] == "'=1+1"


# ---- tables


def test_numbers_beyond_what_a_browser_counts_exactly_become_text():
    columns = (Column("n", "N"),)
    data = {"n": [2**60, 1]}
    assert list(tables.to_dataframe(columns, data)["n"]) == [str(2**60), "1"]
    assert tables.column_config(columns, data)["n"]["type_config"]["type"] == "text"


def test_a_table_without_rows_says_so():
    def script():
        from contract.result import Table
        from ui.result import tables

        tables.show_table(Table("T", (), {}, 0), {})

    at = AppTest.from_function(script).run()
    assert [c.value for c in at.caption] == ["The table has no rows."]


def test_many_tables_are_chosen_from_a_list():
    def script():
        from contract.result import Column, Table
        from ui.result.tables import show_tables

        tables = [Table(f"T{i}", (Column("a", "A"),), {"a": [i]}, 1) for i in range(8)]
        show_tables(tables, None, None, "k")

    at = AppTest.from_function(script).run()
    assert at.selectbox[0].options == [f"T{i}" for i in range(8)]
    at.selectbox[0].set_value(5).run()
    assert list(at.dataframe[0].value["a"]) == [5]


def test_a_table_keeps_the_names_of_its_columns():
    table = Table("T", (Column("a", "A", "EUR"),), {"a": [1.0]}, 1)
    assert tables.column_config(table.columns, table.data)["a"]["label"] == "A (EUR)"
