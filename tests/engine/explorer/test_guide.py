"""The queries of the guide's page give what the page says."""

import re

from contract.run import Status
from engine.explorer.query import run_query
from engine.runs.submit import submit
from tests.actors import ADA, ADMIN
from tests.engine.conftest import ROOT

CODE = "def run(inputs):\n    if inputs['n'] > 2:\n        raise ValueError('too large')\n    return {'summary': {'n': inputs['n']}}\n"


def test_the_guides_queries_answer_its_questions(context, add_model, run_now):
    add_model(CODE, {"n": {"type": "number", "default": 0, "max": 9}})
    for n in (1, 2, 3, 4):
        run_now(submit(context, "probe", {"n": n}, actor=ADA))
    queries = re.findall(r"```sql\n(.*?)```", (ROOT / "docs" / "14-explorer.md").read_text(), re.DOTALL)
    failures, durations, averages = (run_query(context, sql, actor=ADMIN) for sql in queries)
    [row] = failures.rows
    assert (row[0], row[2]) == ("probe", 2)
    assert "too large" in row[1]
    assert [row[0] for row in durations.rows] == [1, 2]
    assert all(seconds >= 0 for _, seconds in durations.rows)
    assert [c.name for c in averages.columns] == ["version", "since", "average"]
    assert [row[2] for row in averages.rows] == [1.5]
    assert Status.TIMED_OUT in queries[0]
