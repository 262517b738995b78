"""A run that is followed, when the server is so busy that all paints are sent to the browser together."""

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest
from streamlit.testing.v1 import AppTest, local_script_runner

from contract.run import Status
from engine.runs.follow import Snapshot
from tests.actors import ADA
from tests.ui.result import gallery
from ui.result import run_progress, run_view

GOING = replace(gallery.RUN, status=Status.RUNNING, finished_at=None)
ROWS = [{"year": 2001, "paid": 5.5}, {"year": 2002, "paid": 7.5}]


class Page:
    """Takes deltas as a browser does: a block keeps what is in it where one of its kind stood there before."""

    def __init__(self, messages):
        self.root = {"kind": "root", "children": [{"kind": "root", "children": []} for _ in range(4)]}
        for message in messages:
            if message.WhichOneof("type") == "delta":
                self.take(list(message.metadata.delta_path), message.delta)

    def take(self, path, delta):
        node = self.root
        for at in path[:-1]:
            assert node["children"] is not None, f"{path}: an element has nothing in it"
            assert at < len(node["children"]), f"{path}: the block around it is gone"
            node = node["children"][at]
        assert node["children"] is not None, f"{path}: an element has nothing in it"
        at = path[-1]
        assert at <= len(node["children"]), f"{path}: what stands before it is gone"
        before = node["children"][at] if at < len(node["children"]) else {"kind": None}
        if delta.WhichOneof("type") == "add_block":
            kind = delta.add_block.WhichOneof("type")
            made = {"kind": kind, "children": before["children"] if before["kind"] == kind else []}
        else:
            made = {"kind": delta.new_element.WhichOneof("type"), "children": None, "says": str(delta.new_element)}
        node["children"][at : at + 1] = [made]

    def says(self, node=None):
        node = node or self.root
        return node.get("says", "") + "".join(self.says(child) for child in node["children"] or ())


def going(seq, shown, log=""):
    return Snapshot(replace(GOING, seq=seq, progress=seq / 10), shown, log)


@pytest.fixture
def follow(monkeypatch):
    """Return what follows the given snapshots on a page and returns the page as the browser has it afterwards."""

    def run(*snapshots):
        sent = []
        parse = local_script_runner.parse_tree_from_messages
        monkeypatch.setattr(
            local_script_runner, "parse_tree_from_messages", lambda given: sent.append(list(given)) or parse(given)
        )
        monkeypatch.setattr(run_progress, "follow", lambda *_, **__: iter(snapshots))
        monkeypatch.setattr(run_progress, "wait_for_end", lambda *_, **__: snapshots[0])
        context = SimpleNamespace(context=lambda: None, run_manifest=lambda _run: gallery.MANIFEST)
        monkeypatch.setattr(run_progress, "cached", context)
        monkeypatch.setattr(run_view, "cached", context)
        for view in (run_progress, run_view):
            monkeypatch.setattr(view, "current_actor", lambda: ADA)
        at = AppTest.from_file(str(Path(__file__).with_name("live_script.py")), default_timeout=30)
        at.session_state["followed"] = snapshots
        at.run()
        assert not at.exception, [e.value for e in at.exception]
        return Page(sent[-1]).says()

    return run


def test_a_run_that_is_cancelled_amid_its_paints_leaves_a_whole_page(follow):
    shown = {"summary": {"Step": 54}}
    ended = replace(GOING, status=Status.CANCELLED, seq=4, reason="Cancelled after 5.7 s.")
    says = follow(
        going(1, {}), going(2, shown, "begun\n"), going(3, shown, "begun\n"), Snapshot(ended, shown, "begun\n")
    )
    assert "Cancelled after 5.7 s." in says
    assert "Step" in says
    assert "begun" in says
    assert "step 54" not in says


def test_a_result_that_takes_another_shape_from_paint_to_paint_is_shown_whole(follow):
    ended = replace(gallery.RUN, seq=6)
    last = {"summary": {"Total": 12.5}, "table": ROWS, "notes": "All is told."}
    says = follow(
        going(1, {"notes": "First a note."}),
        going(2, {"summary": {"Total": 1}, "notes": "Then a figure."}),
        going(3, {"table": ROWS}, "begun\n"),
        going(4, {"summary": {"Total": 3}, "table": ROWS, "notes": "Then all."}, "begun\n"),
        going(5, {"summary": {"Total": 9}, "notes": "Then less."}, "begun\n"),
        Snapshot(ended, last, "begun\n"),
    )
    assert "All is told." in says
    assert "12.5" in says
    assert "dataframe" in says
    assert "Then " not in says
    assert "First a note." not in says
