"""What pages import is kept out of the garbage collector's reach, once for each import."""

import gc
import sys
import types

import pytest

from ui.shell import collector


@pytest.fixture(autouse=True)
def thawed(monkeypatch):
    monkeypatch.setattr(collector, "_seen", 0)
    yield
    gc.unfreeze()


def test_what_is_imported_is_frozen_and_nothing_is_done_until_the_next_import(monkeypatch):
    collector.freeze_new_modules()
    frozen = gc.get_freeze_count()
    assert frozen > 0
    gc.unfreeze()
    collector.freeze_new_modules()
    assert gc.get_freeze_count() == 0
    monkeypatch.setitem(sys.modules, "tontine_test_module", types.ModuleType("tontine_test_module"))
    collector.freeze_new_modules()
    assert gc.get_freeze_count() > 0
