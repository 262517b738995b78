"""The shared library in a run: it is found, it gives way to a model's own module, and nothing a run does changes it."""

import ast
from pathlib import Path

import pytest

import actuarial
from actuarial import standard_formula
from contract.run import Status
from engine.sandbox.supervisor import Sandbox
from engine.sandbox.tiers import Tier, probe

pytestmark = pytest.mark.processes

ROOT = Path(actuarial.__file__).resolve().parents[1]
LIBRARY = ROOT / "actuarial"
MODULES = sorted(path.stem for path in LIBRARY.glob("*.py") if path.stem != "__init__")
as_tier_a = pytest.mark.skipif(probe() is not Tier.A, reason="this host has no Landlock")

VALUE = """
from actuarial import smith_wilson, standard_formula
def run(inputs):
    total, share = standard_formula.aggregate([3, 4], [[1, 0], [0, 1]])
    return {"summary": {"total": total}, "where": smith_wilson.__file__}
"""


def test_a_run_finds_the_library(run):
    found = run(VALUE)
    assert found.status is Status.SUCCESS, found.reason
    assert found.result["summary"] == {"total": 5.0}
    assert found.result["where"] == str(LIBRARY / "smith_wilson.py")


@pytest.mark.parametrize("tier", [Tier.C, Tier.D])
def test_a_run_finds_the_library_in_the_weaker_tiers(run, tier, tmp_path):
    weaker = Sandbox(tmp_path / "scratch", tier=tier)
    weaker.start()
    try:
        found = run(VALUE, using=weaker)
        assert found.result["summary"] == {"total": 5.0}, found.reason
    finally:
        weaker.close()


def test_the_version_is_among_the_packages_that_a_run_records(handle):
    assert handle.packages["actuarial"] == actuarial.__version__


def test_every_module_is_loaded_before_the_fork():
    tree = ast.parse((ROOT / "engine" / "sandbox" / "zygote.py").read_text())
    texts = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    loaded = {name for text in texts for name in text.split() if name.startswith("actuarial.")}
    assert loaded == {f"actuarial.{name}" for name in MODULES}


@pytest.mark.parametrize("imports", ["import numpy", "import pandas, scipy"])
@pytest.mark.parametrize("own", ["actuarial.py", "actuarial/__init__.py"])
def test_a_models_own_module_of_the_name_comes_first(run, imports, own):
    code = f"{imports}\nimport actuarial\ndef run(inputs):\n    return {{'mine': actuarial.MINE}}\n"
    found = run(code, beside={own: "MINE = 'own'\n"})
    assert found.result == {"mine": "own"}, found.reason


def test_other_rooms_of_the_checkout_cannot_be_imported(run):
    found = run(
        """
        import importlib
        def run(inputs):
            import actuarial
            found = []
            for name in ("settings", "contract", "storage", "engine.authorization", "functions"):
                try:
                    importlib.import_module(name)
                    found.append(name)
                except ImportError:
                    pass
            return {"found": found}
        """
    )
    assert found.status is Status.SUCCESS, found.reason
    assert found.result["found"] == []


@as_tier_a
def test_of_the_checkout_the_library_alone_can_be_read(run):
    code = """
    import os
    def run(inputs):
        here = {}
        for path in inputs["paths"]:
            try:
                os.listdir(path) if os.path.isdir(path) else open(path).close()
                here[path] = "read"
            except OSError:
                here[path] = "denied"
        return {"here": here}
    """
    closed = [str(ROOT), *(str(ROOT / name) for name in ("settings.py", "contract", "storage", "functions", "engine"))]
    found = run(code, {"paths": [*closed, str(LIBRARY), str(LIBRARY / "layers.py")]})
    assert found.result["here"] == {
        **dict.fromkeys(closed, "denied"),
        str(LIBRARY): "read",
        str(LIBRARY / "layers.py"): "read",
    }


def test_what_a_run_changes_in_memory_is_its_own(run):
    changed = run(
        """
        import actuarial
        from actuarial import standard_formula
        def run(inputs):
            standard_formula.LIFE_CORRELATION[:] = 0
            standard_formula.aggregate = lambda *_: (0.0, None)
            actuarial.__version__ = "changed"
            return {"total": standard_formula.aggregate([3, 4], None)[0]}
        """
    )
    assert changed.result["total"] == 0
    after = run(
        """
        import actuarial
        from actuarial import standard_formula
        def run(inputs):
            total, _ = standard_formula.aggregate([3, 4], [[1, 0], [0, 1]])
            return {"total": total, "sum": float(standard_formula.LIFE_CORRELATION.sum()), "version": actuarial.__version__}
        """
    )
    expected = float(standard_formula.LIFE_CORRELATION.sum())
    assert after.result == {"total": 5.0, "sum": expected, "version": actuarial.__version__}
