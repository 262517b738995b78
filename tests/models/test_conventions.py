"""What holds for every model of the catalogue."""

import contextlib
import json
import math
import re
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contract import inputs as contract_inputs
from contract.cases import misses
from contract.fields import NUMERIC
from contract.problems import InputError
from contract.result import view
from contract.run import Status
from engine.sandbox.supervisor import Call, Cancel, Limits
from registry import check
from registry.folder import read_folder
from ui.charts import figure, series_figure

ROOT = Path(__file__).resolve().parents[2] / "functions"
MODELS = sorted(p.name for p in ROOT.iterdir() if (p / "manifest.json").is_file())
CATEGORIES = {
    "Life",
    "P&C reserving",
    "P&C pricing",
    "Solvency II",
    "Market risk",
    "Portfolio",
    "Curves",
    "Mortality",
    "IFRS 17",
}
CHECKED = {name: check.check(read_folder(ROOT / name)) for name in MODELS}
LIMITS = Limits(seconds=60, memory_mb=1_500)


def run(sandbox, name, values, seed=1):
    manifest = CHECKED[name].manifest
    inputs = contract_inputs.check(manifest, values)
    files = {k: ROOT / name / f.default for k, f in manifest.inputs.items() if f.type == "file" and f.default}
    call = Call(f"{name}-{seed}", ROOT / name, inputs, seed, LIMITS, files)
    with contextlib.closing(Cancel()) as cancel, sandbox.run(call, lambda _: None, cancel) as out:
        return out


@pytest.mark.parametrize("name", MODELS)
def test_the_folder_is_named_documented_and_checks_without_a_warning(name):
    manifest = CHECKED[name].manifest
    assert re.fullmatch(r"[a-z][a-z0-9_]*", name)
    assert not manifest.warnings
    assert manifest.category in CATEGORIES
    assert manifest.description
    assert manifest.references
    assert manifest.license == "Apache-2.0"
    readme = (ROOT / name / "README.md").read_text().lower()
    for words in (r"use it|use for|when to use", r"do not use|not for|when not", r"source|method"):
        assert re.search(words, readme), words
    assert CHECKED[name].cases


@pytest.mark.parametrize("name", MODELS)
def test_every_input_has_a_label_and_a_unit_or_help(name):
    for key, field in CHECKED[name].manifest.inputs.items():
        raw = CHECKED[name].manifest.raw["inputs"][key]
        assert raw.get("label"), key
        assert field.unit or field.help or field.type in {"boolean", "select", "multiselect"}, key


@pytest.mark.parametrize("name", MODELS)
def test_the_defaults_run_within_two_seconds_of_processor_and_give_finite_results_that_draw(name, sandbox):
    out = run(sandbox, name, {})
    assert (out.status, out.reason) == (Status.SUCCESS, None)
    assert not out.nulls
    assert out.cpu_seconds < 2 or CHECKED[name].manifest.limits.get("seconds")
    result = view(out.result, CHECKED[name].manifest.outputs)
    assert not result.more
    assert result.summary
    assert result.tables
    assert result.charts or result.series
    for chart in result.charts:
        assert figure(chart).data, chart.title
        assert chart.title
    if result.series:
        assert series_figure(result.series, result.outputs).data


@pytest.mark.parametrize("name", MODELS)
def test_every_case_runs_and_every_reference_case_is_reproduced(name, sandbox):
    for case in CHECKED[name].cases:
        out = run(sandbox, name, dict(case.inputs))
        assert out.status is Status.SUCCESS, (case.name, out.reason)
        assert misses(case, out.result) == [], case.name


@pytest.mark.parametrize("name", [n for n in MODELS if "seed" in CHECKED[n].manifest.inputs])
def test_equal_seeds_give_equal_results(name, sandbox):
    first, second = run(sandbox, name, {}), run(sandbox, name, {}, seed=2)
    assert first.result == second.result


def extremes(field):
    if field.type in {"number", "integer"}:
        return st.sampled_from([v for v in (field.minimum, field.maximum, field.default) if v is not None])
    if field.type == "range":
        return st.sampled_from([[field.minimum, field.minimum], [field.minimum, field.maximum]])
    if field.type == "boolean":
        return st.booleans()
    return st.sampled_from([o.value for o in field.options])


@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_at_its_bounds_a_model_answers_or_refuses_with_a_reason(name, sandbox, data):
    fields = {k: f for k, f in CHECKED[name].manifest.inputs.items() if f.type in NUMERIC | {"boolean", "select"}}
    key = data.draw(st.sampled_from(sorted(fields)))
    values = {key: data.draw(extremes(fields[key]))}
    try:
        out = run(sandbox, name, values)
    except InputError:
        return
    if out.status is Status.SUCCESS:
        assert all(math.isfinite(m.value) for m in view(out.result).summary if isinstance(m.value, float))
        json.dumps(out.result, allow_nan=False)
    else:
        assert out.status is Status.FAILED, (values, out.reason)
        assert "The model's code failed" not in out.reason, (values, out.reason, out.traceback)
