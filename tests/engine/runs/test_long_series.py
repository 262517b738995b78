"""Long series of stored results, read whole."""

from contract.actor import Actor
from contract.run import Status
from engine.runs.export import export_columns
from engine.runs.submit import submit
from storage import runs

LONG = """
def run(inputs):
    n = 1500
    series = [{"name": "Reserve", "x": list(range(n)), "y": [float(value)] * n} for value in (1, 2)]
    return {"series": series}
"""


def rows_of(exported):
    return [
        dict(zip(batch, row, strict=True)) for batch in exported.batches for row in zip(*batch.values(), strict=True)
    ]


def test_two_long_series_of_one_name_are_both_there_after_they_were_stored(context, add_model, run_now):
    run = submit(context, add_model(LONG), {}, actor=Actor("ada"))
    run_now(run)
    found = export_columns(context, run.id, "Reserve", actor=Actor("ada"))
    rows = rows_of(found)
    keys = [c.key for c in found.columns if c.label == "Reserve"]
    assert len(rows) == 1500
    assert rows[0] | rows[-1] == {"x": 1499, keys[0]: 1.0, keys[1]: 2.0}


def test_a_long_series_that_an_earlier_release_stored_under_its_name_is_still_read(context, add_model):
    run = submit(context, add_model(LONG), {}, actor=Actor("ada"))
    columns = {"x": list(range(1_500)), "y": [i / 2 for i in range(1_500)]}
    head = {key: values[:200] for key, values in columns.items()}
    reference = {"name": "Reserve", "$part": "series.Reserve", "rows": 1_500, "columns": ["x", "y"], "head": head}
    with context.database.begin() as conn:
        runs.claim_run(conn, run.id, "w")
        runs.finish_run(
            conn,
            run.id,
            1,
            status=Status.SUCCESS,
            doc={"series": [reference]},
            parts={"series.Reserve": columns},
        )
    assert rows_of(export_columns(context, run.id, "Reserve", actor=Actor("ada")))[-1] == {"x": 1_499, "y": 749.5}
