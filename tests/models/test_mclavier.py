"""Folders written for the MCLAVIER Marketplace register and run here unchanged.

The two folders in `mclavier/` are rebuilt from the core of the contract: manifests with core keys alone, `async run`,
formatted text in tables, display labels by position, a formula summed one year too long and a path without a seed.
"""

import contextlib
from pathlib import Path

import pytest

from charting import series_figure
from contract import inputs as contract_inputs
from contract.result import parse_result
from contract.run import Status
from engine.sandbox.supervisor import CancelToken, Limits, SandboxJob
from registry import validation
from registry.model_files import read_folder

FOLDERS = Path(__file__).with_name("mclavier")
CORE = {"type", "label", "min", "max", "step", "default", "unit"}


@pytest.fixture
def run(sandbox):
    def call(name, *, seed=1, **values):
        inputs = contract_inputs.validate(validation.validate_model(read_folder(FOLDERS / name)).manifest, values)
        made = SandboxJob(f"mclavier-{name}", FOLDERS / name, inputs, seed, Limits(seconds=30))
        with contextlib.closing(CancelToken()) as cancel, sandbox.run(made, lambda _: None, cancel) as outcome:
            assert outcome.status is Status.SUCCESS, outcome.reason
            return outcome.result

    return call


@pytest.mark.parametrize("name", ["mortality", "pricer"])
def test_the_folder_registers_without_a_warning_and_keeps_to_the_core(name):
    found = validation.validate_model(read_folder(FOLDERS / name))
    assert found.manifest.warnings == ()
    assert set(found.manifest.raw) == {"name", "description", "inputs"}
    assert all(set(field) <= CORE for field in found.manifest.raw["inputs"].values())


def test_the_mortality_model_gives_its_own_numbers_one_year_too_long(run):
    """Age 45, shock 10 %: 26.65 years as reported, of which 1 is S(0); S to 65 is 0.7218."""
    result = run("mortality", age=45, shock_rate=10)
    assert result["summary"]["Life expectancy"] == "26.65 years"
    assert result["summary"]["Survival to 65"] == "72.18%"
    assert result["series"][20] == {"x": 65, "y": pytest.approx(0.7217970357996165, rel=1e-10)}
    assert result["series"][-1]["y"] == pytest.approx(2.705146844859896e-06, rel=1e-10)


def test_labels_head_the_columns_by_position_and_formatted_text_stays_as_it_is(run):
    shown = parse_result(run("mortality"))
    table = shown.tables[0]
    assert [(c.key, c.label) for c in table.columns] == [
        ("a", "Age"),
        ("s", "Survival probability"),
        ("q", "Annual mortality"),
    ]
    assert table.data["s"][0] == "100.00%"
    assert shown.warnings == ()


@pytest.mark.parametrize("name", ["mortality", "pricer"])
def test_the_series_draws_and_every_part_of_the_result_is_shown(run, name):
    shown = parse_result(run(name))
    assert series_figure(shown.series, shown.outputs).data
    assert (len(shown.summary), len(shown.tables), shown.extras) == (3, 1, {})


def test_the_pricer_without_a_seed_of_its_own_repeats_with_the_runs_seed(run):
    first, again, other = run("pricer", seed=5), run("pricer", seed=5), run("pricer", seed=6)
    assert first == again
    assert first["series"] != other["series"]
    assert len(first["series"]) == 25
