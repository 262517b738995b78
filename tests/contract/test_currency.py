"""Units and labels in the analyst's currency."""

import pytest

from contract.currency import label_in, manifest_in, parse_currency, result_in, unit_in
from contract.manifest import parse
from contract.result import parse_result


@pytest.mark.parametrize(
    ("unit", "named", "unnamed"),
    [
        ("currency", "EUR", None),
        ("money", "EUR", None),
        ("currency a year", "EUR a year", "a year"),
        ("currency per policy and year", "EUR per policy and year", "per policy and year"),
        ("currency/month", "EUR/month", "per month"),
        ("money per point of rate", "EUR per point of rate", "per point of rate"),
        ("log of currency", "log of EUR", "log"),
        ("per unit of currency", "per unit of EUR", "per unit"),
        ("M EUR", "M EUR", "M EUR"),
        ("%", "%", "%"),
        ("reporting currency", "reporting currency", "reporting currency"),
        ("", "", ""),
        (None, None, None),
    ],
)
def test_a_unit_without_a_currency_gets_the_analysts_or_loses_the_word(unit, named, unnamed):
    assert unit_in(unit, "EUR") == named
    assert unit_in(unit, "") == unnamed


def test_a_unit_that_is_declared_to_follow_the_currency_does_whatever_it_is_called():
    assert unit_in("Talers", "EUR", follows=True) == "EUR"
    assert unit_in("Talers", "", follows=True) == "Talers"
    assert unit_in("currency a year", "EUR", follows=True) == "EUR a year"
    assert unit_in(None, "EUR", follows=True) == "EUR"


@pytest.mark.parametrize(
    ("label", "named", "unnamed"),
    [
        ("Loss (currency)", "Loss (USD)", "Loss"),
        ("Density (per unit of currency)", "Density (per unit of USD)", "Density (per unit)"),
        ("Gain (money) after tax", "Gain (USD) after tax", "Gain after tax"),
        ("Currency", "Currency", "Currency"),
        ("EEA government, own currency", "EEA government, own currency", "EEA government, own currency"),
        ("Loss (own currency)", "Loss (own currency)", "Loss (own currency)"),
        ("(currency)", "(USD)", "(currency)"),
    ],
)
def test_a_label_changes_in_its_brackets_only(label, named, unnamed):
    assert label_in(label, "USD") == named
    assert label_in(label, "") == unnamed


@pytest.mark.parametrize("text", ["EUR", "EUR m", "€", "k USD", "Kč", "1000 EUR"])
def test_names_of_currencies_are_read(text):
    assert parse_currency(f"  {text} ") == text


@pytest.mark.parametrize("text", [None, "", "   ", "<b>EUR</b>", "EUR; x", "a" * 20, "[x](y)", "€€", "EUR\\1"])
def test_what_is_no_name_of_a_currency_is_none(text):
    assert parse_currency(text) == ""


MANIFEST = parse(
    {
        "name": "M",
        "inputs": {
            "premium": {"type": "number", "label": "Premium", "unit": "currency a year"},
            "layers": {
                "type": "table",
                "label": "Layers",
                "columns": {"limit": {"type": "number", "label": "Limit", "unit": "currency"}},
            },
        },
        "outputs": {
            "summary": {"Total": {"unit": "currency"}},
            "columns": {"loss": {"label": "Loss", "unit": "currency"}},
            "charts": {"Path": {"y_label": "Value (currency)", "unit": "currency"}},
        },
    }
)
RAW = {
    "summary": {"Total": 5.0, "Mean": {"value": 2.0, "unit": "money"}},
    "table": [{"loss": 1.0}],
    "series": {"Path": {"x": [1, 2], "y": [3.0, 4.0]}},
    "charts": [
        {"kind": "line", "title": "Loss (currency)", "data": {"x": [1], "y": [2]}, "x_label": "Years"},
        {"kind": "bar", "title": "B", "data": {"x": [1], "y": [2]}, "y_label": "Amount (currency)", "unit": "currency"},
    ],
}


def test_every_unit_of_a_form_is_in_the_currency():
    found = manifest_in(MANIFEST, "CHF")
    assert found.inputs["premium"].title == "Premium (CHF a year)"
    assert found.inputs["layers"].columns["limit"].title == "Limit (CHF)"
    assert MANIFEST.inputs["premium"].unit == "currency a year"


@pytest.mark.parametrize(("currency", "unit"), [("CHF", "CHF"), ("", None)])
def test_every_unit_of_a_result_is_in_the_currency_and_its_values_stay(currency, unit):
    plain = parse_result(RAW, MANIFEST.outputs)
    found = result_in(plain, currency)
    ending = f" ({unit})" if unit else ""
    assert [(m.value, m.unit) for m in found.summary] == [(5.0, unit), (2.0, unit)]
    assert found.tables[0].columns[0].title == f"Loss{ending}"
    assert found.series[0].unit == unit
    assert found.outputs["charts"]["Path"]["y_label"] == f"Value{ending}"
    assert [c.title for c in found.charts] == [f"Loss{ending}", "B"]
    assert found.charts[1].y_label == f"Amount{ending}"
    assert found.charts[0].x_label == "Years"
    assert (found.tables[0].data, found.series[0].y) == (plain.tables[0].data, plain.series[0].y)
