"""Downloads read batch by batch, and a slow one holds no connection."""

import itertools
import uuid

from contract.run_search import Filter
from engine.runs import search
from engine.runs.export import export_columns, export_runs
from engine.runs.submit import submit
from tests.actors import ADA

LONG = "def run(inputs):\n    return {'table': {'i': list(range(150_000))}}\n"
ECHO = "def run(inputs):\n    return {'summary': {'n': 1}}\n"
MORE_THAN_THERE_ARE = 45  # connections for reading that one process makes at most: 30


def test_slow_downloads_of_a_table_hold_no_connection(context, add_model, run_now):
    run = submit(context, add_model(LONG), {}, actor=ADA)
    run_now(run)
    slow = [export_columns(context, run.id, actor=ADA).batches for _ in range(MORE_THAN_THERE_ARE)]
    for batches in slow:
        assert len(next(batches)["i"]) == 65_536
    assert [len(batch["i"]) for batch in slow[0]] == [65_536, 150_000 - 2 * 65_536]


def test_slow_downloads_of_the_list_of_runs_hold_no_connection_and_miss_none(context, add_model):
    slug = add_model(ECHO)
    ids = [str(submit(context, slug, {"n": n}, actor=ADA).id) for n in range(7)]
    slow = [search.iter_runs(context, Filter(), actor=ADA, batch=3) for _ in range(MORE_THAN_THERE_ARE)]
    assert all(len(next(batches)) == 3 for batches in slow)
    later = submit(context, slug, {"n": 8}, actor=ADA)  # a newer run does not shift the pages of a download under way
    rest = list(itertools.chain.from_iterable(slow[0]))
    assert [str(run.id) for run in rest] == ids[3::-1]
    exported = export_runs(context, Filter(app=slug), actor=ADA)
    assert [i for batch in exported.batches for i in batch["run_id"]] == [str(later.id), *ids[::-1]]


def test_nothing_found_is_no_batch(context):
    assert list(search.iter_runs(context, Filter(batch=uuid.uuid4()), actor=ADA)) == []
