"""The report of every model's starting result, read back from its PDF."""

import datetime as dt
import uuid

import pytest

from charting import number_formats
from contract import inputs as contract_inputs
from contract.currency import result_in
from contract.number_format import NumberFormat
from contract.result import parse_result
from contract.run import Run, Status
from engine.report.document import ReportOptions, make_document
from engine.report.pdf import typeset
from engine.runs.follow import Snapshot
from tests.engine.report import reading
from tests.models.test_conventions import CHECKED, MODELS
from tests.models.test_conventions import run as run_model

NOW = dt.datetime(2026, 11, 26, 9, 30, tzinfo=dt.UTC)
GERMAN = NumberFormat.from_languages("de-DE")
OPTIONS = ReportOptions(GERMAN, "EUR", base_url="https://tontine.example")
VERSION = "0123456789abcdef" * 4
COMMIT = "fedcba98" * 5


def stored(name, outcome):
    manifest = CHECKED[name].manifest
    return Run(
        uuid.uuid4(),
        1,
        name,
        manifest.name,
        VERSION,
        outcome.status,
        contract_inputs.validate(manifest, {}),
        4711,
        "ada",
        NOW,
        NOW,
        NOW + dt.timedelta(seconds=1.25),
        worker="host-7",
        environment={"python": "3.11.7", "numpy": "2.4.6"},
        git_commit=COMMIT,
    )


@pytest.mark.slow
@pytest.mark.parametrize("name", MODELS)
def test_the_report_of_the_starting_result_says_and_draws_everything(name, sandbox):
    outcome = run_model(sandbox, name, {})
    assert outcome.status is Status.SUCCESS, outcome.reason
    manifest = CHECKED[name].manifest
    run = stored(name, outcome)
    document = make_document(
        Snapshot(run, outcome.result),
        manifest,
        OPTIONS,
        read_rows=lambda table, _rows: table.data,
        read_series=lambda series: series,
        printed_by="grace",
    )
    reader = reading.open_pdf(typeset(document))
    text = reading.whole_text(reader)
    dense = reading.dense(text)
    result = result_in(parse_result(outcome.result, manifest.outputs), "EUR")

    assert manifest.name in text
    with number_formats.written_in(GERMAN):
        for metric in result.summary:
            assert reading.dense(number_formats.card_label(metric.label, metric.unit)) in dense, metric.label
            written = number_formats.format_number(metric.value, metric.format, metric.unit)
            assert reading.dense(written) in dense, metric.label
    charts = document.values["charts"]
    assert len(charts) == len(result.charts) + bool(result.series)
    assert len(document.drawings) == len(charts)
    assert not [c for c in charts if c["error"]]
    titles = [reading.dense(t) for t in reading.outline_titles(reader)]
    assert {reading.dense(chart["title"]) for chart in charts} <= set(titles)
    for table in result.tables:
        assert reading.dense(table.name) in dense
        for column in table.columns:
            assert reading.dense(column.title) in dense or reading.dense(column.title.split()[0]) in dense
    for field in (manifest.inputs[key] for key in run.inputs):
        assert reading.dense(field.label) in dense, field.label
    assert "The model's starting values." in text
    for fact in (VERSION, COMMIT, str(run.id), "4711", "ada", "grace", "host-7", "numpy2.4.6", "3.11.7"):
        assert reading.dense(fact) in dense, fact
    assert f"Page 1 of {len(reader.pages)}" in text
    assert f"Page {len(reader.pages)} of {len(reader.pages)}" in text
    assert f"https://tontine.example/run?id={run.id}" in reading.links(reader)
    assert reading.strokes(reader) > 20 * len(charts)  # vectors
    assert reading.pictures(reader) <= 2 * sum(chart.kind == "heatmap" for chart in result.charts)  # cells, colour bar
    assert reader.metadata.title == f"{manifest.name}: run {run.id}"
