"""Benchmark Comparator: printed values of AM92, flags at the edge of the tolerance, refusals."""

import numpy as np
import pytest

from actuarial.soa_tables import SoaTable
from contract.errors import InputError
from tests.models.adapters import benchmark_mortality_tables as adapter
from tests.models.calling import Model
from tests.models.reference import compare_case

THREE_DIGITS, FIVE_DIGITS = 0.0005, 0.000005  # as the IFoA prints annuities and insurances


@pytest.fixture(scope="module")
def model():
    return Model("benchmark_comparator")


@pytest.mark.parametrize(
    ("age", "annuity", "insurance"), [(30, 21.834, 0.16023), (50, 17.444, 0.32907), (65, 12.276, 0.52786)]
)
def test_am92_at_four_percent_is_as_the_institute_prints_it(model, age, annuity, insurance):
    """IFoA (2002), Formulae and Tables for Examinations, AM92 ultimate at 4 %."""
    row = model.run(age=age, tables=["am92"], internal_rates=[])["table"][0]
    assert row["annuity_due"] == pytest.approx(annuity, abs=THREE_DIGITS)
    assert row["whole_life"] == pytest.approx(insurance, abs=FIVE_DIGITS)


def test_a_flat_table_gives_the_closed_form(model):
    a = model.archive
    table = SoaTable("flat", 0, 0, np.full(3000, 0.03))
    annuity, insurance, expectation = a.values(table, 0, 0.05)
    assert annuity == pytest.approx(1 / (1 - 0.97 / 1.05))
    assert insurance == pytest.approx(0.03 / 1.05 / (1 - 0.97 / 1.05))
    assert expectation == pytest.approx(0.97 / 0.03)


def test_the_ends_of_the_tolerance_belong_to_it(model):
    compare = model.function.compare
    assert compare(0.011, 0.01, 0.1)["flag"] == "within"
    assert compare(0.0111, 0.01, 0.1)["flag"] == "above"
    assert compare(0.0089, 0.01, 0.1)["flag"] == "below"
    assert compare(0.01, 0.0, 0.1)["ratio"] is None


def test_the_benchmarks_within_are_counted(model):
    found = model.run(internal_q=9.007, tolerance=0)
    assert [row["flag"] for row in found["table"]] == ["below", "within", "above", "above"]
    assert found["summary"]["Benchmarks within tolerance"] == 1
    assert found["summary"]["Closest benchmark"].startswith("2012 IAM Basic Table")


def test_a_table_that_does_not_cover_the_age_is_left_out_with_a_warning(model):
    found = model.run(age=115, tables=["am92", "gam83_male"], internal_rates=[])
    assert len(found["table"]) == 1
    assert "1983 GAM Table - Male covers ages 5 to 110" in found["warnings"][0]
    with pytest.raises(ValueError, match="none of the chosen tables covers age 2"):
        model.run(age=2, tables=["gam83_male"])


def test_tables_that_are_not_there_are_named_together(model):
    with pytest.raises(ValueError, match=r"archive\[0\]\.number: the archive has no table 9999") as raised:
        model.run(archive=[{"number": 9999}, {"number": 9998}])
    assert "archive[1].number" in str(raised.value)
    with pytest.raises(ValueError, match="no benchmark is chosen"):
        model.run(tables=[])


def test_an_age_given_twice_is_refused(model):
    with pytest.raises(InputError, match=r"internal_rates\[1\]\.age: 60 repeats an earlier row"):
        model.run(internal_rates=[{"age": 60, "q": 0.01}, {"age": 60, "q": 0.02}])


def test_a_table_chosen_twice_counts_once(model):
    # By its name and by its number: the mean over benchmarks would weigh it double.
    once = model.run(tables=["am92", "gam83_male"])["summary"]
    again = model.run(tables=["am92", "gam83_male"], archive=[{"number": 2513, "label": "AM92"}, {"number": 826}])
    assert again["summary"]["Benchmarks compared"] == 2
    mean = "Internal over mean of benchmarks"
    assert again["summary"][mean] == pytest.approx(once[mean], rel=1e-12)
    assert {row["table"] for row in again["table"]} == {"AM92", "1983 GAM Table - Male"}


def test_one_table_under_two_names_is_refused_by_row(model):
    rows = [{"number": 2513, "label": "A"}, {"number": 2513, "label": "B"}]
    with pytest.raises(ValueError, match=r"inputs\.archive\[1\]\.number: table 2513 is named 'A' in an earlier row"):
        model.run(archive=rows)


def test_the_main_age_may_be_repeated_with_the_same_rate_and_not_with_another(model):
    # 1.007 per mille and 0.001007 differ by the rounding of binary fractions.
    assert model.run(age=65, internal_q=1.007, internal_rates=[{"age": 65, "q": 0.001007}])["summary"]
    with pytest.raises(ValueError, match=r"inputs\.internal_rates\[0\]\.q: 0\.01 at age 65"):
        model.run(age=65, internal_q=9.5, internal_rates=[{"age": 65, "q": 0.01}])


class InProcess:
    """Runs the model of an adapter in this process."""

    def __init__(self, model):
        self.model = model

    def run(self, slug, values):
        assert slug == "benchmark_comparator"
        return self.model.run(**values)


MEN, WOMEN = 0.009007, 0.006829  # 2012 IAM basic at 65


@pytest.mark.parametrize(
    "case",
    [
        {"inputs": {"table": "AM92 ultimate", "age": 65, "i": 0.04}, "expect": {"qx": 0.014243}},
        {"inputs": {"table": "SOA table 2581", "ages": [65]}, "expect": {"qx": {"65": MEN}}},
        {"inputs": {"table": 2581, "ages": [65, 50]}, "expect": {"q": [MEN, 0.002285]}},
        {"inputs": {"tables": {"men": 2581, "women": 2582}, "ages": [65]}, "expect": {"men": [MEN], "women": [WOMEN]}},
        {
            "inputs": {"tables": {"men": 2581, "women": 2582}, "age": 65, "internal_q": MEN, "tolerance": 0.01},
            "expect": {"qx": {"men": MEN, "women": WOMEN}, "flag": {"men": "within", "women": "above"}},
        },
        {
            "inputs": {"tables": {"a": "1983 GAM Female"}, "ages": [50, 80], "i": 0.05},
            "expect": {"a": {"80": {"qx": 0.042945}, "50": {"qx": 0.001647}}},
        },
    ],
    ids=lambda case: "-".join([*case["inputs"], *case["expect"]]),
)
def test_a_reference_case_of_another_shape_is_run_with_every_input_of_it(model, case):
    found = compare_case({"rtol": 1e-9} | case, None, adapter, InProcess(model))
    assert [(c.path, c.expected, c.found) for c in found if not c.good] == []


@pytest.mark.parametrize(
    ("inputs", "words"),
    [
        ({"table": "ELT 15 Males", "age": 65}, "table: ELT 15 Males"),
        ({"table": 2513, "age": 65, "improvement": 0.01}, "does not know the inputs improvement"),
        ({"table": 2513}, "there is no age"),
    ],
)
def test_a_reference_case_with_an_unknown_input_is_missed_by_its_name(model, inputs, words):
    (found,) = compare_case({"inputs": inputs, "expect": {"qx": 1}}, None, adapter, InProcess(model))
    assert not found.good
    assert words in found.found
