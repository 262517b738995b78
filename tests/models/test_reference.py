"""Every published value in the reference files that lie beside the project is reproduced, in the sandbox."""

from pathlib import Path

import pytest

from tests.models.case_inputs import CaseInputs
from tests.models.reference import Runner, compare, compare_case, compare_file

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "reference"
FILES = [p for p in sorted(FOLDER.glob("*.json")) if not p.stem.startswith("data_")]


@pytest.fixture(scope="session")
def runner(sandbox):
    return Runner(sandbox)


@pytest.mark.skipif(not FILES, reason="the reference files do not lie beside the project")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_published_value_is_reproduced(path, runner):
    found = compare_file(path, runner)
    assert found
    assert [f"{c.case} {c.path}: published {c.expected!r}, ours {c.found!r}" for c in found if not c.good] == []


class Adapter:
    """An adapter of a test: what it asks of the model, and what it reads from the results."""

    def __init__(self, runs, measured):
        self.runs, self.measured = runs, measured


def test_a_value_beyond_tolerance_or_missing_is_a_miss():
    case = {"id": "c", "expect": {"a": 1.0, "b": [1, 2], "note": "x"}, "rtol": 0.01}
    found = {c.path: c.good for c in compare(case, {"a": 1.02, "b": [1]}, commentary=("note",))}
    assert found == {"a": False, "b.0": True, "b.1": False}


def test_an_expected_value_that_the_adapter_does_not_measure_is_a_miss():
    assert [c.good for c in compare({"expect": {"a": 1.0, "b": 2.0}}, {"a": 1.0})] == [True, False]


def test_a_case_with_an_input_that_the_adapter_passes_over_is_missed_as_a_whole():
    case = {"id": "c", "inputs": {"age": 45, "law": {"B": 1, "c": 2}, "new": 3}, "expect": {"a": 1.0, "b": 2.0}}

    def runs(case, _folder):
        assert (case["inputs"]["age"], case["inputs"]["law"]["B"]) == (45, 1)
        return []

    module = Adapter(runs, lambda *_: {"a": 1, "b": 2})
    found = compare_case(case, None, module, runner=None)
    assert [c.good for c in found] == [False, False]
    assert {c.found for c in found} == {"the adapter does not know the inputs law.c, new"}


def test_a_case_that_breaks_its_adapter_is_missed_with_each_of_its_values():
    def break_down(*_):
        raise ZeroDivisionError

    found = compare_case({"inputs": {}, "expect": {"a": 1, "b": [1, 2]}}, None, Adapter(break_down, None), runner=None)
    assert [(c.path, c.good) for c in found] == [("a", False), ("b.0", False), ("b.1", False)]


def test_a_file_without_an_adapter_is_missed(tmp_path):
    path = tmp_path / "unknown_model.json"
    path.write_text('{"cases": [{"id": "c", "inputs": {}, "expect": {"a": 1}}]}')
    assert [(c.good, c.found) for c in compare_file(path, runner=None)] == [(False, "there is no adapter")]


def test_going_over_all_inputs_of_a_case_reads_none_of_them():
    inputs = CaseInputs({"a": 1, "b": {"c": 2, "d": 3}, "e": {"45": 1}})
    assert dict(inputs.items()).keys() == {"a", "b", "e"}
    assert inputs["b"]["c"] == 2
    assert inputs.raw("e") == {"45": 1}
    assert inputs.unread() == ["a", "b.d"]
