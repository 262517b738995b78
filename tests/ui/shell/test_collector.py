"""What pages import is kept out of the garbage collector's reach, once for each import."""

import gc
import sys
import threading
import types
import weakref

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


class Node:
    """Something that only the garbage collector can free."""

    def __init__(self):
        self.itself = self


def test_a_server_that_works_is_collected_and_a_stopped_collector_ends():
    freed = threading.Event()
    node = Node()
    weakref.finalize(node, freed.set)
    for _ in range(3):
        gc.collect()  # old by now, so that no collection of new objects finds it
    del node
    before = gc.get_stats()[2]["collections"]
    collector_thread = collector.Collector(period=0.01)
    collector_thread.start()
    held = [[] for _ in range(20_000)]  # collections of new objects
    try:
        assert freed.wait(60), len(held)
    finally:
        collector_thread.stop()
    assert gc.get_stats()[2]["collections"] > before
    assert "collector" not in [thread.name for thread in threading.enumerate()]
