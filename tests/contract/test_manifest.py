"""Keys of a manifest that say how a model is shown and who looks after it."""

import pytest

from contract import manifest
from contract.errors import ManifestError
from contract.result import parse_result
from contract.schema import input_schema


def parse(**keys):
    return manifest.parse({"name": "Probe", **keys})


def wheres(**keys):
    with pytest.raises(ManifestError) as caught:
        parse(**keys)
    return [p.where for p in caught.value.problems]


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        (["Total IBNR"], ("Total IBNR",)),
        (["SCR", "Own funds", "Ratio"], ("SCR", "Own funds", "Ratio")),
        ("Reserve, net of reinsurance", ("Reserve, net of reinsurance",)),
        (None, ()),
    ],
)
def test_a_headline_is_one_to_three_labels_of_the_summary(given, kept):
    model = parse(headline=given)
    assert (model.headline, model.warnings) == (kept, ())
    assert manifest.parse(model.raw).headline == kept


@pytest.mark.parametrize("given", [[], ["a", "b", "c", "d"], ["a", "a"], [""], ["a", 1], {"a": 1}, 5])
def test_a_headline_of_another_shape_is_refused(given):
    assert wheres(headline=given) == ["headline"]


def test_the_layout_is_wide_or_left_out_and_is_in_the_schema():
    assert input_schema(parse(layout="wide"))["x-layout"] == "wide"
    assert "x-layout" not in input_schema(parse())
    assert wheres(layout="narrow") == ["layout"]
    assert wheres(layout=1) == ["layout"]


def test_maintainers_are_kept_like_authors():
    assert parse(maintainers=["Ada", "Grace"]).maintainers == ("Ada", "Grace")
    assert parse(maintainers="Ada, Grace").maintainers == ("Ada", "Grace")
    assert wheres(maintainers=[1]) == ["maintainers"]


def test_a_field_and_a_column_may_follow_the_analysts_currency():
    model = parse(
        inputs={
            "premium": {"type": "number", "unit": "EUR", "currency": True},
            "layer": {"type": "range", "unit": "EUR", "currency": True},
            "age": {"type": "integer"},
            "t": {"type": "table", "columns": {"paid": {"type": "number", "unit": "EUR", "currency": True}}},
        }
    )
    assert [f.currency for f in model.inputs.values()] == [True, True, False, False]
    schema = input_schema(model)["properties"]
    assert (schema["premium"]["x-currency"], schema["layer"]["x-currency"]) == (True, True)
    assert "x-currency" not in schema["age"]
    assert schema["t"]["items"]["properties"]["paid"]["x-currency"] is True


def test_a_currency_is_true_or_false_and_belongs_to_numbers():
    assert wheres(inputs={"a": {"type": "number", "currency": "EUR"}}) == ["inputs.a.currency"]
    assert parse(inputs={"a": {"type": "text", "currency": True}}).warnings == (
        "inputs.a.currency is not known for a text and is ignored.",
    )


def test_outputs_that_follow_the_currency_say_so_in_the_result():
    outputs = {
        "summary": {"SCR": {"unit": "EUR", "currency": True}, "Ratio": {"unit": "%"}},
        "columns": {"paid": {"unit": "EUR", "currency": True}},
        "charts": {"Reserve": {"unit": "EUR", "currency": True}},
    }
    shown = parse_result(
        {
            "summary": {"SCR": 5, "Ratio": 150},
            "table": [{"year": 2001, "paid": 1.0}],
            "series": {"Reserve": [{"x": 1, "y": 2}]},
            "charts": [{"kind": "bar", "title": "Reserve", "data": {"x": [1], "series": []}}],
        },
        parse(outputs=outputs).outputs,
    )
    assert [m.currency for m in shown.summary] == [True, False]
    assert [c.currency for c in shown.tables[0].columns] == [False, True]
    assert (shown.series[0].currency, shown.charts[0].currency) == (True, True)


def test_a_currency_of_an_output_is_true_or_false():
    assert wheres(outputs={"summary": {"SCR": {"currency": "EUR"}}}) == ["outputs.summary.SCR.currency"]


def test_a_message_about_many_names_gives_the_first_and_their_number():
    many = {f"c{i}": {"type": "number"} for i in range(60)}
    with pytest.raises(ManifestError) as caught:
        parse(inputs={"t": {"type": "table", "columns": many, "unique": ["x"]}})
    assert str(caught.value) == (
        "inputs.t.unique: there is no column 'x'. Use some of c0, c1, c2, c3, c4, c5 and 54 more."
    )


def test_the_key_python_is_a_version_with_one_point_and_anything_else_says_what_to_write():
    assert manifest.parse({"name": "a", "python": " 3.12 "}, {}).python == "3.12"
    assert manifest.parse({"name": "a"}, {}).python is None
    for value, words in (
        (">=3.12,<3.13", "is not a version of Python"),
        ("3.12.4", "is not a version of Python"),
        ("3.12t", "is not a version of Python"),
        ("2.7", "is not a version of Python"),
        (["3.12"], "is not a version of Python"),
        ("3.10", "is older than 3.11"),
        (3.1, "could not tell 3.1 from 3.10"),
    ):
        with pytest.raises(ManifestError) as caught:
            manifest.parse({"name": "a", "python": value}, {})
        [problem] = caught.value.problems
        assert problem.where == "python"
        assert words in problem.message
        assert '"3.12"' in problem.hint


def test_a_stored_manifest_whose_python_was_ignored_when_it_was_registered_can_be_read():
    assert manifest.parse({"name": "a", "python": ">=3.8"}).python is None
