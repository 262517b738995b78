"""What holds for every model of the catalogue."""

import contextlib
import copy
import functools
import json
import re
import traceback
import warnings
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from charting import figure, series_figure
from contract import inputs as contract_inputs
from contract.cases import mismatches
from contract.errors import InputError
from contract.fields import NUMERIC, SCALARS, is_number
from contract.result import parse_result
from contract.run import Status
from engine.sandbox.supervisor import CancelToken, Limits, SandboxJob
from registry import validation
from registry.model_files import read_folder
from tests.models.calling import Model, merged

ROOT = Path(__file__).resolve().parents[2] / "functions"
CATALOGUE = sorted(p.name for p in ROOT.iterdir() if (p / "manifest.json").is_file())
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
    "AI",
}
CHECKED = {name: validation.validate_model(read_folder(ROOT / name)) for name in CATALOGUE}
# Those whose runs need nothing but this machine; tests/engine/gateway has the others.
MODELS = [name for name in CATALOGUE if not CHECKED[name].manifest.gateway]
LIMITS = Limits(seconds=60, memory_mb=1_500)
# How much work a run is. Both bounds are run, one by one; where other inputs are drawn, these are at their least.
SIZES = {"paths", "simulations", "scenarios", "policies", "tree_steps", "exercise_dates", "n_assets", "backtest_days"}


@pytest.fixture(autouse=True)
def scratch(tmp_path, monkeypatch):
    """Give models that run in this process an empty working directory, as the sandbox does: some write files."""
    monkeypatch.chdir(tmp_path)


def run(sandbox, name, values, seed=1):
    manifest = CHECKED[name].manifest
    inputs = contract_inputs.validate(manifest, values)
    files = {k: ROOT / name / f.default for k, f in manifest.inputs.items() if f.type == "file" and f.default}
    call = SandboxJob(f"{name}-{seed}", ROOT / name, inputs, seed, LIMITS, files)
    with contextlib.closing(CancelToken()) as cancel, sandbox.run(call, lambda _: None, cancel) as out:
        return out


@pytest.mark.parametrize("name", CATALOGUE)
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


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_input_has_a_label_and_a_unit_or_help(name):
    for key, field in CHECKED[name].manifest.inputs.items():
        raw = CHECKED[name].manifest.raw["inputs"][key]
        assert raw.get("label"), key
        assert field.unit or field.help or field.type in {"boolean", "select", "multiselect"}, key


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_number_has_a_range_that_its_calibrated_range_and_default_lie_in(name):
    for key, field in CHECKED[name].manifest.inputs.items():
        if field.type not in NUMERIC:
            continue
        raw = CHECKED[name].manifest.raw["inputs"][key]
        assert {"min", "max"} <= set(raw), f"{key} has no range of its own"
        if field.valid is not None:
            assert field.minimum <= field.valid[0] < field.valid[1] <= field.maximum, key
            defaults = field.default if field.type == "range" else [field.default]
            assert all(field.valid[0] <= value <= field.valid[1] for value in defaults), key


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_model_that_needs_longer_than_usual_says_why(name):
    """How long the defaults take is measured by `python -m benchmarks.defaults`, which fails beyond two seconds."""
    manifest = CHECKED[name].manifest
    if manifest.limits.get("seconds"):
        assert "seconds" in (ROOT / name / "README.md").read_text()


@pytest.mark.parametrize("name", MODELS)
def test_the_defaults_give_finite_results_that_draw(name, sandbox):
    out = run(sandbox, name, {})
    assert (out.status, out.reason) == (Status.SUCCESS, None)
    result = drawn(name, out)
    assert not result.extras
    assert result.summary
    assert result.tables
    assert result.charts or result.series
    assert all(chart.title for chart in result.charts)


@pytest.mark.parametrize("name", MODELS)
def test_every_case_runs_and_every_reference_case_is_reproduced(name, sandbox):
    for case in CHECKED[name].cases:
        out = run(sandbox, name, dict(case.inputs))
        assert out.status is Status.SUCCESS, (case.name, out.reason)
        assert mismatches(case, out.result) == [], case.name
        drawn(name, out)


@pytest.mark.parametrize("name", MODELS)
def test_equal_inputs_give_equal_results_whatever_the_runs_own_seed(name, sandbox):
    first, second = run(sandbox, name, {}), run(sandbox, name, {}, seed=2)
    assert first.result == second.result


@pytest.mark.parametrize("name", [n for n in MODELS if "seed" in CHECKED[n].manifest.inputs])
def test_another_seed_gives_another_result_where_chance_has_a_part(name, sandbox):
    values = CHANCE.get(name, {})
    assert run(sandbox, name, values).result != run(sandbox, name, {**values, "seed": 77}).result


CHANCE = {"aggregate_loss": {"method": "monte_carlo"}, "market_risk": {"method": "monte_carlo"}}


def drawn(name, out):
    """Return a success as its page reads it, after checking that it is finite and that every chart can be drawn."""
    assert not out.nulls, out.nulls
    return draw(CHECKED[name].manifest, out.result)


def draw(manifest, raw):
    """Return a result as its page reads it, every chart of it drawn."""
    json.dumps(raw, allow_nan=False)
    result = parse_result(raw, manifest.outputs)
    for chart in result.charts:
        assert figure(chart).data, chart.title
    if result.series:
        assert series_figure(result.series, result.outputs).data
    return result


def answers_or_refuses(name, values):
    """Run a model in this process and check that it answers with finite figures or refuses with a reason of its own.

    Hundreds of runs need no sandbox each; the runs above, and those of the reference files, have one.
    """
    model = loaded(name)
    try:
        given = contract_inputs.validate(model.manifest, values)
    except InputError:
        return
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in a run: what counts is the result
            parts = model.parts(**given)
    except ValueError as error:
        frames = traceback.extract_tb(error.__traceback__)
        # A library's ValueError says nothing to an analyst: the model has to refuse before it comes to that.
        assert type(error) is ValueError, (values, error)
        assert Path(frames[-1].filename).is_relative_to(ROOT), (values, error, frames[-1])
        assert str(error), values
        return
    assert parts
    draw(model.manifest, merged(parts))


@functools.cache
def loaded(name):
    """Return a model whose manifest and modules are read once."""
    return Model(name)


def smaller(field, value):
    """Return a triangle's last rows and first columns, of the least size that the field takes."""
    height, width = field.min_origins, field.min_developments
    measures = {
        key: [line[: 1 if field.measures[key].per_origin else width] for line in matrix[-height:]]
        for key, matrix in value["measures"].items()
    }
    return {
        **value,
        "origins": value["origins"][-height:],
        "developments": value["developments"][:width],
        "measures": measures,
    }


def bounds():
    """Yield every model with every input at each of its bounds, and with every option."""
    for name in MODELS:
        for key, field in CHECKED[name].manifest.inputs.items():
            if field.type in {"number", "integer", "date"}:
                found = [field.minimum, field.maximum]
            elif field.type == "range":
                found = [[field.minimum] * 2, [field.maximum] * 2, [field.minimum, field.maximum]]
            elif field.type == "boolean":
                found = [not field.default]
            elif field.type in {"select", "multiselect"}:
                found = [[o.value] if field.type == "multiselect" else o.value for o in field.options]
            elif field.type == "table":
                found = [(field.default or [])[: max(field.min_rows, 1)]]
            elif field.type == "triangle":
                whole = field.default
                found = [smaller(field, whole), {**whole, "cumulative": False}]
                found += [{**whole, "grain": {"origin": g, "development": g}} for g in field.grains]
            else:
                continue
            for value in found:
                if value is not None and value != field.default:
                    yield pytest.param(name, key, value, id=f"{name}-{key}-{str(value)[:24]}")


@pytest.mark.slow
@pytest.mark.parametrize(("name", "key", "value"), list(bounds()))
def test_at_each_bound_of_each_input_a_model_answers_or_refuses_with_a_reason(name, key, value):
    answers_or_refuses(name, {key: value})


def values_of(field):
    """Return a strategy for what the form could hold, its bounds and default among the likelier."""
    if field.type in {"number", "integer"}:
        ends = st.sampled_from([field.minimum, field.maximum, field.default])
        grid = field.multiple_of or (field.maximum - field.minimum) / 1000 or 1
        first, last = int(-(-field.minimum // grid)), int(field.maximum // grid)
        inside = st.integers(first, max(first, last)).map(lambda n: on_grid(field, n, grid))
        return ends | inside
    if field.type == "range":
        return st.lists(st.integers(int(field.minimum), int(field.maximum)), min_size=2, max_size=2).map(sorted)
    if field.type == "boolean":
        return st.booleans()
    if field.type == "multiselect":
        options = [o.value for o in field.options]
        return st.lists(st.sampled_from(options), unique=True, min_size=field.min_items or 0)
    if field.type == "table":
        return tables(field)
    if field.type == "triangle":
        return triangles(field)
    return st.sampled_from([o.value for o in field.options])


def on_grid(field, n, grid):
    """Return the n-th point of a field's grid, within its bounds and without the dust of binary fractions."""
    value = min(max(n * grid, field.minimum), field.maximum)
    return int(value) if field.whole else float(f"{value:.12g}")


@st.composite
def tables(draw, field):
    """Draw rows of the default, some left out and one number changed within its column's range."""
    rows = [dict(row) for row in field.default or []]
    if len(rows) > 1:
        start = draw(st.integers(0, max(0, len(rows) - max(field.min_rows, 1))))
        rows = rows[start:] if draw(st.booleans()) else rows[: len(rows) - start]
    columns = [c for c in field.columns.values() if c.type in NUMERIC & SCALARS]
    if rows and columns:
        column, row = draw(st.sampled_from(columns)), draw(st.sampled_from(rows))
        ends = [v for v in (column.minimum, column.maximum) if is_number(v)]
        row[column.key] = draw(st.sampled_from([*ends, 0, 1]))
    return rows


@st.composite
def triangles(draw, field):
    """Draw the default with one amount changed within its range, increments or not, by any period; or a small one."""
    value = smaller(field, field.default) if draw(st.booleans()) else copy.deepcopy(field.default)
    measure = field.measures[draw(st.sampled_from(sorted(value["measures"])))]
    line = draw(st.sampled_from(value["measures"][measure.key]))
    known = [j for j, amount in enumerate(line) if amount is not None]
    if known:
        ends = [v for v in (measure.minimum, measure.maximum) if is_number(v)]
        line[draw(st.sampled_from(known))] = draw(st.sampled_from([*ends, 0, 1]))
    grain = draw(st.sampled_from(field.grains))
    return {
        **value,
        "cumulative": draw(st.booleans()),
        "grain": {"origin": grain, "development": grain},
    }


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
@settings(max_examples=12, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_for_any_inputs_within_their_ranges_a_model_answers_or_refuses_with_a_reason(name, data):
    fields = {
        key: field
        for key, field in CHECKED[name].manifest.inputs.items()
        if field.type in NUMERIC | {"boolean", "select", "multiselect", "table", "triangle"} and key not in SIZES
    }
    keys = data.draw(st.lists(st.sampled_from(sorted(fields)), unique=True, min_size=1, max_size=6))
    small = {k: f.minimum for k, f in CHECKED[name].manifest.inputs.items() if k in SIZES}
    answers_or_refuses(name, small | {key: data.draw(values_of(fields[key])) for key in keys})


def test_the_models_of_the_gateway_ask_it_with_the_same_code():
    asking = {(ROOT / name / "gateway.py").read_bytes() for name in CATALOGUE if CHECKED[name].manifest.gateway}
    assert len(asking) == 1
