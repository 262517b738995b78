"""Patterns and rules that authors write run in the web process: none may hold it up or take its memory."""

import re
import threading

import pytest

from contract import inputs, manifest, patterns, rules
from contract.errors import InputError, ManifestError, PatternError
from contract.result import parse_result

ENDLESS = r"(a|aa)+$"  # tries about 1.6 to the power of the length
LONG = "a" * 80 + "b"


def build(**fields):
    return manifest.parse({"name": "m", "inputs": fields})


def problems(m, values):
    with pytest.raises(InputError) as caught:
        inputs.validate(m, values)
    return [str(p) for p in caught.value.problems]


def test_a_pattern_is_searched_for_as_json_schema_says():
    m = build(code={"type": "text", "pattern": r"^[A-Z]{2}\d{3}$", "default": "AB123"})
    assert inputs.validate(m, {"code": "XY999"})["code"] == "XY999"
    assert problems(m, {"code": "xy"})[0].startswith("inputs.code: 'xy' does not have the required form. Give a text")


@pytest.mark.parametrize("pattern", [r"^(?=.*\d)(?!x).{3,}$", r"^(?P<a>\w)(?P=a)$", r"(?i)ä|ß", r"[[:a]", r"^\Z|x$"])
@pytest.mark.parametrize("text", ["", "zz", "zz9", "xz9", "ÄB", "a:", "ax"])
@pytest.mark.filterwarnings("ignore:Possible nested set:FutureWarning")
def test_a_pattern_finds_what_pythons_own_expressions_find(pattern, text):
    assert patterns.matches_pattern(pattern, text) == (re.search(pattern, text) is not None)


def test_a_text_whose_pattern_the_empty_text_does_not_fit_has_to_be_given():
    m = build(code={"type": "text", "pattern": "^[A-Z]+$"}, note={"type": "text", "pattern": "^[A-Z]*$"})
    assert (m.inputs["code"].required, m.defaults) == (True, {"note": ""})
    assert problems(m, {})[0].startswith("inputs.code: it is missing.")


def test_a_pattern_that_would_take_for_ever_is_given_up_and_the_text_refused():
    m = build(code={"type": "text", "pattern": ENDLESS})
    assert "takes too long to compare with the required form" in problems(m, {"code": LONG})[0]
    assert inputs.validate(m, {"code": "aaaa"})["code"] == "aaaa"


def test_a_table_of_texts_shares_the_time_of_one_check(monkeypatch):
    tried = []
    real = patterns.compile_pattern(ENDLESS)

    class Counting:
        def search(self, text, timeout):
            tried.append(timeout)
            return real.search(text, timeout=timeout)

    monkeypatch.setattr(patterns, "compile_pattern", lambda _pattern: Counting())
    m = build(t={"type": "table", "columns": {"code": {"type": "text", "pattern": ENDLESS}}})
    found = inputs.find_problems(m, {"t": [{"code": LONG}] * 1_000})
    assert [p.where for p in found] == [f"inputs.t[{i}].code" for i in range(1_000)]
    assert 0 < len(tried) <= patterns.BUDGET / patterns.TIMEOUT + 1
    assert max(tried) == patterns.TIMEOUT


def test_each_check_has_its_own_time():
    m = build(code={"type": "text", "pattern": ENDLESS})
    for _ in range(20):
        assert "takes too long" in problems(m, {"code": LONG})[0]
    assert inputs.validate(m, {"code": "aa"})
    caught = []
    thread = threading.Thread(target=lambda: caught.append(inputs.find_problems(m, {"code": "aa"})))
    with patterns.pattern_budget():
        thread.start()
        thread.join()
    assert caught == [[]]


def test_a_default_that_its_pattern_cannot_be_compared_with_is_refused_when_the_model_is_registered():
    with pytest.raises(ManifestError, match=r"inputs\.code\.default: .* takes too long"):
        build(code={"type": "text", "pattern": ENDLESS, "default": LONG})


@pytest.mark.parametrize("pattern", ["(", "a" * 2_001, "(?:" * 400 + "a" + ")*" * 400], ids=["open", "long", "deep"])
def test_a_pattern_that_cannot_be_used_is_named_in_the_manifest(pattern):
    with pytest.raises(PatternError):
        patterns.compile_pattern(pattern)
    with pytest.raises(ManifestError, match=r"inputs\.code\.pattern: .* is not a pattern: .*Correct the expression\."):
        build(code={"type": "text", "pattern": pattern})


@pytest.mark.parametrize(
    "check",
    [
        "choices * 1000000000 == 0",
        "1000000000 * choices == 0",
        "choices + choices == 0",
        "text * 1000000000 == 0",
        "text % 5 == 0",
        "rows * 1000000000 == 0",
        "ends * 1000000000 == 0",
    ],
)
def test_arithmetic_in_a_rule_is_for_numbers_and_takes_no_memory_for_lists_and_texts(check):
    values = {"choices": ["a", "b"], "text": "%d", "rows": [{"a": 1}], "ends": [1, 2]}
    assert not rules.evaluate(rules.parse_rule(check, "no"), values)


def test_a_rule_nested_too_deeply_is_refused_and_a_long_sum_is_not():
    with pytest.raises(ManifestError, match="nests more than 200 operations"):
        manifest.parse({"name": "m", "inputs": {"a": {}}, "rules": [{"check": "-" * 300 + "a > 0", "message": "no"}]})
    total = rules.parse_rule("+".join(["a"] * 120) + " == 120", "no")
    assert rules.evaluate(total, {"a": 1})


def test_a_declared_label_with_many_wildcards_is_compared_at_once():
    outputs = {"summary": {"*a" * 200 + "*c": {"unit": "EUR"}, "Value after * of *": {"unit": "USD"}}}
    shown = parse_result({"summary": {"a" * 5_000 + "b": 1, "Value after 5 of 7": 2, "Value after  of": 3}}, outputs)
    assert [m.unit for m in shown.summary] == [None, "USD", None]


@pytest.mark.parametrize(
    ("pattern", "text", "fits"),
    [
        ("a*", "a", True),
        ("a*a", "a", False),
        ("*a*a*", "aa", True),
        ("*ab*ab*", "abxab", True),
        ("*ab*ba", "aba", False),
        ("x*y*z", "xyyz\nz", True),
        ("x.*", "xab", False),
        ("**", "", True),
    ],
)
def test_a_star_in_a_declared_label_is_anything_or_nothing(pattern, text, fits):
    (metric,) = parse_result({"summary": {text: 1}}, {"summary": {pattern: {"unit": "EUR"}}}).summary
    assert (metric.unit == "EUR") is fits
