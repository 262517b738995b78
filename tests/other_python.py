"""Another Python than the one that runs the tests, with the standard set, for tests that run models on it.

Looked for where uv looks and among pyenv's versions. `TONTINE_TEST_PYTHON` names one, such as 3.12; the newest without it.
"""

import os
from functools import lru_cache
from pathlib import Path

import pytest

from contract.errors import RequirementsError
from engine.sandbox.job import Runtime
from registry.interpreters import Interpreters, host_python
from registry.overlays import OverlayStore
from registry.package_index import PackageIndex

ENVIRONMENT = {
    **os.environ,
    "PATH": os.pathsep.join(
        [*map(str, sorted(Path.home().glob(".pyenv/versions/3.*/bin"))), os.environ.get("PATH", os.defpath)]
    ),
}


@lru_cache(maxsize=1)
def other_python():
    """Return the version of another Python that is installed here, such as 3.12; None where there is none."""
    found = dict.fromkeys(one.python for one in Interpreters(ENVIRONMENT).list_all() if one.python != host_python())
    wanted = os.environ.get("TONTINE_TEST_PYTHON")
    return next((python for python in found if wanted in {None, python}), None)


def need_other_python():
    """Return the version of another Python, or skip the test."""
    python = other_python()
    if python is None:
        pytest.skip("uv finds no other Python from 3.11 on here; install one with uv python install")
    return python


def shared_store(tmp_path_factory):
    """Return the overlays that all tests of this run share, so that the standard set is installed once."""
    base = tmp_path_factory.getbasetemp()
    root = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    return OverlayStore(root / "other-python", PackageIndex((), ENVIRONMENT))


@lru_cache(maxsize=1)
def resolve_once(store):
    """Return the lock of a model that asks for the other Python and nothing else; skip where no index answers."""
    try:
        return store.resolve([], need_other_python())
    except RequirementsError as error:
        if "cannot be asked" in str(error):
            pytest.skip(f"the package index that this machine is set to cannot be asked: {error}")
        raise


def to_runtime(opened):
    """Return what the sandbox is given of packages that were opened."""
    return Runtime(opened.interpreter.python, opened.interpreter.executable, opened.libraries)
