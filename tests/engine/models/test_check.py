"""A model is checked by running it in the sandbox; each result says where, what was found and what to do."""

import json
import os
from pathlib import Path

import pytest

from contract.checks import CheckResult, Level, is_refused, problems_of
from contract.fields import Field
from engine.models.check import Checker, bound_values, check_model
from engine.processes.limits import InstallationLimits
from engine.sandbox.tiers import Tier
from registry.model_files import read_folder

ROOT = Path(__file__).resolve().parents[3]
HOSTILE = next((p / "shared" / "hostile" for p in ROOT.parents if (p / "shared" / "hostile").is_dir()), ROOT / "none")
GOOD = "def run(inputs):\n    return {'summary': {'n': inputs['n'], 'twice': 2 * inputs['n']}}\n"
N = {"n": {"type": "integer", "min": 0, "max": 9, "default": 1}}


@pytest.fixture
def checker(sandbox, tmp_path):
    made = Checker(sandbox, InstallationLimits(seconds=10, seconds_core=10, memory_mb=500), tmp_path / "checks")
    yield made
    made.cancel.close()


@pytest.fixture
def check(checker):
    def go(code=GOOD, inputs=N, cases=None, **manifest):
        files = {
            "manifest.json": json.dumps({"name": "Probe", "inputs": inputs, **manifest}).encode(),
            "function.py": code.encode(),
        }
        if cases is not None:
            files["cases.json"] = json.dumps(cases).encode()
        return check_model(checker, files)

    return go


def of(results, check, level=None):
    return [r for r in results if r.check == check and level in {None, r.level}]


def test_a_good_model_passes_every_check_in_order_and_each_is_handed_on_at_once(checker):
    files = {"manifest.json": json.dumps({"name": "Probe", "inputs": N}).encode(), "function.py": GOOD.encode()}
    seen = []
    results = check_model(checker, files, seen.append)
    assert seen == results
    assert [r.check for r in results] == [
        "Files",
        "manifest.json",
        "function.py",
        "Known keys",
        "Requirements",
        "Confinement",
        "Import",
        "Default inputs",
        "Result",
        "Bounds of inputs",
    ]
    assert {r.level for r in results} == {Level.PASS}
    assert [p.name for p in checker.folder.iterdir()] == [".lock"]
    assert [CheckResult.from_dict(r.as_dict()) for r in results] == results


def test_every_problem_of_manifest_cases_and_code_is_a_failure_of_its_own_file_and_nothing_is_run(check):
    results = check(code="def run(:\n", inputs={"n": {"type": "nothing"}}, limits={"hours": 1})
    assert is_refused(results)
    assert {r.check for r in results if r.level is Level.FAIL} == {"manifest.json", "function.py"}
    assert len(of(results, "manifest.json", Level.FAIL)) == 2
    assert not of(results, "Import")
    assert all(p.where and p.message and p.hint for p in problems_of(results))


def test_unknown_keys_are_named_and_refuse_nothing(check):
    results = check(colour="red")
    [warning] = of(results, "Known keys")
    assert (warning.level, "colour" in warning.found) == (Level.WARNING, True)
    assert not is_refused(results)


def test_code_that_does_not_import_in_the_sandbox_is_refused_with_its_traceback(check):
    [failure] = of(check(code=f"import nothing_of_this_name\n{GOOD}"), "Import")
    assert failure.level is Level.FAIL
    assert "nothing_of_this_name" in failure.found
    [failure] = of(check(code="raise RuntimeError('at import')\n" + GOOD), "Import")
    assert "line 1" in failure.detail
    [failure] = of(check(code="run = 3\n"), "Import")
    assert "defines no run" in failure.found


def test_the_code_is_imported_by_the_confined_child_and_not_by_this_process(check, tmp_path):
    proof = tmp_path / "proof"
    check(code=f"import os\ntry:\n    open({str(proof)!r}, 'w')\nexcept OSError:\n    pass\nPID = os.getpid()\n{GOOD}")
    assert not proof.exists()
    code = "import os\n\ndef run(inputs):\n    raise ValueError(f'pid {os.getpid()}')\n"
    [failure] = of(check(code=code), "Default inputs")
    assert f"pid {os.getpid()}" not in failure.found


def test_defaults_that_fail_are_refused_and_missing_ones_are_a_warning(check):
    [failure] = of(check(code="def run(inputs):\n    return {'a': 1 / 0}\n"), "Default inputs")
    assert failure.level is Level.FAIL
    assert "ZeroDivisionError" in failure.found
    assert "function.py" in failure.detail
    [failure] = of(
        check(code="def run(inputs):\n    while True:\n        pass\n", limits={"seconds": 1}), "Default inputs"
    )
    assert "1 s" in failure.found
    [warning] = of(check(inputs={"d": {"type": "date"}}), "Default inputs")
    assert (warning.level, "d" in warning.found) == (Level.WARNING, True)


def test_a_model_that_needs_a_host_or_a_secret_is_not_refused_for_failing_without_it(check):
    code = "import os\n\ndef run(inputs):\n    return {'summary': {'k': len(os.environ['API_KEY'])}}\n"
    results = check(code=code, secrets=["API_KEY"], cases=[{"name": "a", "inputs": {}, "expect": {"summary.k": 1}}])
    assert not is_refused(results)
    assert {r.check for r in results if r.level is Level.WARNING} == {"Default inputs", "Reference cases"}


def test_a_result_that_is_no_object_is_refused_and_one_that_is_not_wholly_read_is_a_warning(check):
    assert of(check(code="def run(inputs):\n    return 3\n"), "Result", Level.FAIL)
    code = "def run(inputs):\n    return {'summary': {'a': float('nan')}, 'notes': 3, 'warnings': ['mine']}\n"
    results = check(code=code, headline=["b"])
    found = " ".join(r.found for r in of(results, "Result", Level.WARNING))
    for words in ("NaN", "notes", "headline 'b'"):
        assert words in found
    assert "mine" not in found
    assert not is_refused(results)


def test_reference_cases_pass_and_fail_one_by_one_with_both_numbers(check):
    cases = [
        {"name": "good", "inputs": {"n": 3}, "expect": {"summary.twice": 6}},
        {"name": "bad", "inputs": {"n": 3}, "expect": {"summary.twice": 7, "summary.n": 3}},
        {"name": "preset", "inputs": {"n": 2}},
    ]
    results = check(cases=cases)
    assert [(r.where, r.level) for r in of(results, "Reference cases")] == [
        ("cases.json good", Level.PASS),
        ("cases.json bad", Level.FAIL),
    ]
    assert "summary.twice is 6, published is 7" in of(results, "Reference cases")[1].found


def test_a_crash_at_a_bound_is_a_warning_and_a_refusal_in_words_is_none(check):
    code = (
        "def run(inputs):\n    if inputs['n'] == 9:\n        raise ValueError('inputs.n: 9 is too many. Give less.')\n"
        "    return {'summary': {'x': 1 / inputs['n']}}\n"
    )
    results = check(code=code)
    [warning] = of(results, "Bounds of inputs")
    assert (warning.level, warning.where) == (Level.WARNING, "inputs.n")
    assert "at 0" in warning.found
    assert "ZeroDivisionError" in warning.found
    assert not is_refused(results)


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ({"type": "number", "minimum": 0, "maximum": 9}, [0, 9]),
        ({"type": "number", "minimum": 5, "maximum": 5}, [5]),
        ({"type": "date"}, []),
        ({"type": "range", "minimum": 0, "maximum": 9}, [[0, 0], [0, 9], [9, 9]]),
        ({"type": "boolean"}, [False, True]),
        ({"type": "text"}, []),
        ({"type": "table", "min_rows": 1}, []),
        ({"type": "table"}, [[]]),
    ],
)
def test_bounds_are_those_of_the_type(field, values):
    assert bound_values(Field(key="x", label="X", **field)) == values


def test_requirements_that_are_not_installed_are_refused_by_name(check):
    found = {
        "numpy": None,
        "numpy>=1": None,
        "numpy<1": "is installed here as",
        "nothing-of-this-name": "no packages are installed for models here",
        "not a requirement!": "no requirement",
        "numpy @ https://example.com/x.whl": "names an address",
        "nothing-of-this-name; python_version < '3'": None,
    }
    for text, words in found.items():
        failures = of(check(requirements=[text]), "Requirements", Level.FAIL)
        assert [words in f.found for f in failures] == ([True] if words else []), text


@pytest.mark.parametrize("tier", [Tier.C, Tier.D])
def test_where_this_host_cannot_confine_nothing_is_run_unless_a_setting_trusts_it(checker, tier, monkeypatch):
    files = {"manifest.json": json.dumps({"name": "P", "inputs": N}).encode(), "function.py": GOOD.encode()}
    monkeypatch.setattr(checker.sandbox, "tier", tier)
    monkeypatch.setattr(checker.sandbox, "run", lambda *_: pytest.fail("it was run"))
    [failure] = of(check_model(checker, files), "Confinement")
    assert (failure.level, "TONTINE_TRUST_MODELS" in failure.hint) == (Level.FAIL, True)
    monkeypatch.undo()
    monkeypatch.setattr(checker.sandbox, "tier", tier)
    checker.trust = True
    results = check_model(checker, files)
    assert of(results, "Confinement")[0].level is Level.WARNING
    assert not is_refused(results)


def test_a_check_that_is_ended_from_outside_blames_nothing_on_the_model(checker):
    files = {"manifest.json": json.dumps({"name": "P", "inputs": N}).encode(), "function.py": GOOD.encode()}

    def end(result):
        if result.check == "Import":
            checker.cancel.request("worker stopped")

    results = check_model(checker, files, end)
    assert [r.check for r in results][-1] == "Import"
    assert not is_refused(results)


@pytest.mark.parametrize("name", ["mortality", "pricer"])
def test_the_folders_of_the_mclavier_marketplace_pass(checker, name):
    results = check_model(checker, read_folder(ROOT / "tests" / "models" / "mclavier" / name))
    assert not [r for r in results if r.level is Level.FAIL]


@pytest.mark.skipif(not HOSTILE.is_dir(), reason="the hostile models are not here")
@pytest.mark.slow
@pytest.mark.timeout(900)
def test_hostile_models_end_in_results_and_leave_the_checker_usable(checker, check):
    for folder in sorted(HOSTILE.iterdir()):
        if (folder / "function.py").is_file():
            results = check_model(checker, read_folder(folder))
            assert results, folder.name
    assert not is_refused(check())
