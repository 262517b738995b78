"""Every published value in the reference files that lie beside the project is reproduced, in the sandbox."""

from pathlib import Path

import pytest

from tests.models.reference import Runner, adapter, compare, compare_file

FOLDER = Path(__file__).resolve().parents[3] / "shared" / "reference"
FILES = [p for p in sorted(FOLDER.glob("*.json")) if not p.stem.startswith("data_") and adapter(p.stem)]


@pytest.fixture(scope="session")
def runner(sandbox):
    return Runner(sandbox)


@pytest.mark.skipif(not FILES, reason="the reference files do not lie beside the project")
@pytest.mark.parametrize("path", FILES, ids=lambda p: p.stem)
def test_every_published_value_is_reproduced(path, runner):
    found = compare_file(path, runner)
    assert found
    assert [f"{c.case} {c.path}: published {c.expected!r}, ours {c.found!r}" for c in found if not c.good] == []


def test_a_value_beyond_tolerance_or_missing_is_a_miss():
    case = {"id": "c", "expect": {"a": 1.0, "b": [1, 2], "note": "x"}, "rtol": 0.01}
    found = {c.path: c.good for c in compare(case, {"a": 1.02, "b": [1]})}
    assert found == {"a": False, "b.0": True, "b.1": False}
