"""Links: what a form writes into an address, and what it believes of one."""

import json
from urllib.parse import parse_qsl, urlencode

import pytest

from contract.manifest import parse
from ui.form import links

INPUTS = {
    "age": {"type": "integer", "label": "Age", "min": 20, "max": 100, "default": 45, "unit": "years"},
    "rate": {"type": "number", "label": "Rate", "min": 0, "max": 0.1, "step": 0.005, "precision": 4, "default": 0.03},
    "corridor": {"type": "range", "label": "Corridor", "min": 0, "max": 50, "default": [10, 40]},
    "shock": {"type": "boolean", "label": "Shock"},
    "sex": {"type": "select", "label": "Sex", "options": ["female", "male"]},
    "region": {"type": "select", "label": "Region", "options": [1, 2, 3]},
    "riders": {"type": "multiselect", "label": "Riders", "options": ["a, b", "c"], "default": []},
    "note": {"type": "text", "label": "Note", "default": ""},
    "born": {"type": "date", "label": "Born", "required": False},
    "version": {"type": "integer", "label": "Version", "default": 3},
    "embedded_value": {"type": "number", "label": "Embedded value", "default": 7},
    "claims": {
        "type": "table",
        "label": "Claims",
        "columns": {"year": {"type": "integer", "label": "Year"}, "text": {"type": "text", "label": "Text"}},
        "default": [{"year": 2020, "text": "x"}],
    },
    "data": {"type": "file", "label": "Data", "required": False},
}


@pytest.fixture
def manifest():
    return parse({"name": "M", "inputs": INPUTS})


def through_the_address(query):
    return dict(parse_qsl(urlencode(query), keep_blank_values=True))


def wrong(reading):
    return [p.where for p in [*reading.errors.values(), *reading.unknown]]


CHANGED = {
    "age": 61,
    "rate": 0.0275,
    "corridor": [5, 45],
    "shock": True,
    "sex": "male",
    "region": 3,
    "riders": ["c", "a, b"],
    "note": "50% & more? ünï #1+1",
    "born": "1980-02-29",
    "version": 8,
    "embedded_value": 12,
    "claims": [{"year": 2021, "text": "=1+1"}],
    "data": {"file": "0" * 64, "name": "x.csv", "size": 3},
}


def test_a_link_written_for_values_reads_back_as_those_values(manifest):
    query = through_the_address({"app": "everything", "version": "abc", **links.encode(manifest, CHANGED)})
    reading = links.parse(manifest, query)
    assert (reading.values, wrong(reading)) == (CHANGED, [])


def test_a_link_carries_every_scalar_even_where_it_is_the_default(manifest):
    assert through_the_address(links.encode(manifest, manifest.initial_values)) == {
        "age": "45",
        "rate": "0.03",
        "corridor": "10,40",
        "shock": "false",
        "sex": "female",
        "region": "1",
        "riders": "[]",
        "note": "",
        "in.version": "3",
        "in.embedded_value": "7",
    }


def test_an_input_named_like_a_key_of_the_page_keeps_its_own_value_beside_it(manifest):
    reading = links.parse(manifest, {"app": "m", "version": "f00", "in.version": "4", "run": "r"})
    assert (reading.values, wrong(reading)) == ({"version": 4}, [])


def test_streamlits_own_embed_keys_are_nobodys_input(manifest):
    reading = links.parse(manifest, {"embed": "true", "embed_options": "x", "embedded_value": "3"})
    assert (reading.values, wrong(reading)) == ({"embedded_value": 3}, [])


def test_a_value_out_of_range_is_kept_as_it_stands(manifest):
    assert links.parse(manifest, {"age": "999"}).values == {"age": 999}


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("age", "old"),
        ("age", ""),
        ("age", "nan"),
        ("rate", "3 percent"),
        ("corridor", "1"),
        ("shock", "maybe"),
        ("sex", "other"),
        ("region", "9"),
        ("riders", '["z"]'),
        ("claims", "[{"),
    ],
)
def test_a_text_that_is_no_value_is_named_and_becomes_no_value(manifest, key, text):
    reading = links.parse(manifest, {key: text})
    assert reading.values == {}
    assert wrong(reading) == [f"inputs.{key}"]
    assert reading.unreadable == {key: text}


def test_a_key_nobody_knows_is_reported_with_the_inputs_there_are(manifest):
    reading = links.parse(manifest, {"app": "m", "agge": "3"})
    assert wrong(reading) == ["link.agge"]
    assert "age" in reading.unknown[0].hint


def test_a_table_stands_in_a_link_only_where_it_was_changed(manifest):
    assert "claims" not in links.encode(manifest, manifest.initial_values)
    changed = {**manifest.initial_values, "claims": [{"year": 2022, "text": "y"}]}
    assert json.loads(links.encode(manifest, changed)["claims"]) == [{"year": 2022, "text": "y"}]


def test_a_table_too_long_for_a_link_is_left_out_and_named(manifest):
    rows = [{"year": i, "text": "word"} for i in range(links.MAX_TABLE_TEXT // 20)]
    changed = {**manifest.initial_values, "claims": rows}
    assert "claims" not in links.encode(manifest, changed)
    assert links.omitted_tables(manifest, changed) == ["claims"]
    assert links.omitted_tables(manifest, manifest.initial_values) == []


def test_an_emptied_input_does_not_read_back_as_its_default(manifest):
    query = links.encode(manifest, {"age": None, "born": None})
    assert query == {"age": ""}
    assert wrong(links.parse(manifest, query)) == ["inputs.age"]


def test_a_run_is_linked_by_its_id():
    assert links.run_link("0197-ab") == "/run?id=0197-ab"
