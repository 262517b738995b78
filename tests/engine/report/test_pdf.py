"""The verb that makes a run's PDF, on a real database, and what hostile texts do to it: nothing."""

import base64
import threading
import uuid
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from contract import manifest
from contract.errors import BusyError, InputError, NotFoundError, NotReadyError
from contract.number_format import NumberFormat
from contract.result import Column
from contract.run import Run, Status
from engine.report import charts, pdf
from engine.report.document import ReportOptions, make_document, zone_named
from engine.report.pdf import run_pdf
from engine.report.tables import WIDTH, column_texts, make_parts
from engine.runs.follow import Snapshot
from engine.runs.results import read_result_file
from engine.runs.submit import submit
from tests.actors import ADA
from tests.engine.report import reading
from tests.media_files import picture, sound

GERMAN = NumberFormat.from_languages("de-DE")
ARABIC, HEBREW, EMOJI = "مرحبا بالعالم", "שלום עולם", "Loss 😀 ratio"
WORD = "W" * 400


@pytest.fixture
def report(context, add_model, run_now):
    """Run a model and return its PDF, opened, and its run's id."""

    def make(code, inputs=None, options=None, values=None, **manifest):
        run = submit(context, add_model(code, inputs, **manifest), values or {}, actor=ADA)
        run_now(run)
        return reading.open_pdf(run_pdf(context, run.id, options, actor=ADA).content), run.id

    return make


def test_a_run_that_goes_on_has_no_report_yet(context, add_model):
    run = submit(context, add_model("def run(inputs):\n    return {}\n"), {}, actor=ADA)
    with pytest.raises(NotReadyError, match="has not ended"):
        run_pdf(context, run.id, actor=ADA)


def test_a_run_that_is_not_there_has_none(context):
    with pytest.raises(NotFoundError):
        run_pdf(context, uuid.uuid4(), actor=ADA)


def test_a_failed_run_says_why_and_where(report):
    code = "def run(inputs):\n    print('half way')\n    yield {'summary': {'Reached': 5}}\n    raise ValueError('the curve ends at 40 years')\n"
    reader, _ = report(code)
    text = reading.whole_text(reader)
    assert "Failed" in text
    assert "the curve ends at 40 years" in text
    assert "Where in the model it failed" in text
    assert "function.py" in text
    assert "half way" in text
    assert "Reached" in text


def test_inputs_that_differ_are_listed_with_what_they_started_from(report):
    inputs = {
        "age": {"type": "number", "label": "Age", "unit": "years", "default": 45, "max": 120},
        "day": {"type": "date", "label": "Valuation date", "default": "2026-12-31"},
        "lapse": {"type": "number", "label": "Lapse", "default": 0.5, "step": 0.125, "max": 1},
    }
    code = "def run(inputs):\n    return {'summary': {'n': 1}}\n"
    values = {"age": 61, "day": "2027-01-31"}
    reader, _ = report(code, inputs, ReportOptions(GERMAN), values)
    text = reading.whole_text(reader)
    assert "Age 61 years 45 years" in text
    assert "Valuation date 31.01.2027 31.12.2026" in text
    assert "Lapse 0,5" in text


def test_numbers_times_and_amounts_are_written_as_asked_for(report):
    code = (
        "def run(inputs):\n"
        "    return {'summary': {'Reserve': {'value': 1234567.5, 'unit': 'currency', 'format': ',.2f'}},\n"
        "            'table': [{'Amount': 9876.5}, {'Amount': 12.25}]}\n"
    )
    options = ReportOptions(GERMAN, "CHF", ZoneInfo("Asia/Tokyo"))
    text = reading.whole_text(report(code, options=options)[0])
    assert "1.234.567,50 CHF" in text
    assert "9.876,50" in text
    assert "JST" in text
    assert "UTC" not in text
    assert "1,234" not in text


def test_of_a_table_of_100_000_rows_the_first_are_printed_and_the_rest_is_named(report, context):
    code = "def run(inputs):\n    return {'tables': {'Policies': {'number': list(range(100_000)), 'sum': [0.5] * 100_000}}}\n"
    reader, run_id = report(code, options=ReportOptions(base_url="https://tontine.example"))
    text = reading.whole_text(reader)
    assert "The first 100 of 100,000 rows; the run's CSV has them all." in text
    assert " 99 " in text
    assert f"https://tontine.example/api/runs/{run_id}/export/csv?table=Policies" in reading.links(reader)
    assert len(reader.pages) < 6
    longer = reading.open_pdf(run_pdf(context, run_id, ReportOptions(rows=250), actor=ADA).content)
    assert "The first 250 of 100,000 rows" in reading.whole_text(longer)
    none = reading.open_pdf(run_pdf(context, run_id, ReportOptions(rows=0), actor=ADA).content)
    assert "The first 0 of 100,000 rows" in reading.whole_text(none)


def test_a_long_series_is_read_whole_and_says_how_much_of_it_is_drawn(report):
    code = "def run(inputs):\n    return {'series': {'Path': {'x': list(range(60_000)), 'y': [i % 97 for i in range(60_000)]}}}\n"
    assert "Drawn with about 2,000 of 60,000 points." in reading.whole_text(report(code)[0])


def test_markup_in_any_text_is_shown_and_not_obeyed(report):
    evil = '#panic() *b* _i_ $x$ `c` <script>alert(1)</script> [a](b) @ref <label> // /* \\ " \' = #read("/etc/passwd")'
    code = f"""
EVIL = {evil!r}
def run(inputs):
    return {{
        'summary': {{EVIL: EVIL}}, 'warnings': [EVIL],
        'tables': {{EVIL: {{EVIL: [EVIL]}}}},
        'charts': [{{'kind': 'bar', 'title': EVIL, 'data': {{'x': [EVIL], 'y': [1]}}, 'x_label': EVIL, 'unit': EVIL}}],
    }}
"""
    reader, _ = report(code, name=evil, description=evil)
    dense = reading.dense(reading.whole_text(reader))
    assert dense.count(reading.dense("#panic() *b* _i_ $x$")) >= 6
    assert dense.count(reading.dense('#read("/etc/passwd")')) >= 4
    assert "root:" not in dense


def test_long_words_every_script_and_control_characters_are_set_within_the_page(report):
    hostile = f"{WORD} {ARABIC} {HEBREW} {EMOJI} 漢字 \u202egnp.exe \x00\x07 a\u0301"
    code = f"""
TEXT = {hostile!r}
def run(inputs):
    return {{'summary': {{TEXT: 1.5, 'b': TEXT}}, 'notes': TEXT, 'warnings': [TEXT], 'table': [{{TEXT: TEXT}}],
            'charts': [{{'kind': 'line', 'title': TEXT, 'data': {{'x': [TEXT, 'b'], 'y': [1, 2]}}}}]}}
"""
    reader, _ = report(code)
    dense = reading.dense(reading.whole_text(reader))
    assert dense.count("W" * 40) >= 4
    assert "שלום" in dense or "םולש" in dense
    assert "\u202e" not in dense
    for page in reader.pages:
        right = float(page.mediabox.right)
        ends = []
        page.extract_text(
            visitor_text=lambda text, _cm, tm, _font, _size, ends=ends: ends.append(tm[4]) if text.strip() else None
        )
        assert all(0 <= x <= right for x in ends)


def test_notes_are_set_as_the_page_shows_them_and_fetch_nothing(report):
    notes = (
        "# Method\n\nA **bold** and *slanted* `code` [paper](https://example.org/p) ![picture](https://evil.example/x.png)\n\n"
        "- one\n- two\n\n1. first\n\n> said\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n```\nline\n```\n\n[bad](javascript:alert(1)) <b>raw</b>"
    )
    reader, _ = report(f"def run(inputs):\n    return {{'notes': {notes!r}}}\n")
    text = reading.whole_text(reader)
    assert "A bold and slanted code paper picture" in text
    assert "<b>raw</b>" in text
    found = reading.links(reader)
    assert "https://example.org/p" in found
    assert not [link for link in found if "evil" in link or link.startswith("javascript")]


def test_values_that_are_not_finite_files_and_what_else_a_model_returned_are_named(report):
    code = (
        "def run(inputs):\n"
        "    open('figures.csv', 'w').write('a')\n"
        "    return {'summary': {'x': float('nan')}, 'files': {'figures.csv': 'figures.csv'}, 'own': {'k': 1}}\n"
    )
    text = reading.whole_text(report(code)[0])
    assert "1 value was not finite and is empty: summary.x" in text
    assert "Files of the run: figures.csv." in text
    assert "Shown on its page only: own." in text


def test_a_chart_that_cannot_be_drawn_costs_the_report_no_more_than_itself(report):
    code = (
        "def run(inputs):\n"
        "    sankey = {'type': 'sankey', 'node': {'label': ['a']}, 'link': {'source': [0], 'target': [0], 'value': [1]}}\n"
        "    return {'charts': [{'kind': 'line', 'title': 'Bad', 'data': {'x': [1], 'y': ['no']}},\n"
        "                       {'title': 'Flows', 'data': [sankey], 'layout': {}},\n"
        "                       {'kind': 'line', 'title': 'Good', 'data': {'x': [1, 2], 'y': [1, 2]}}]}\n"
    )
    text = reading.whole_text(report(code)[0])
    assert "It cannot be drawn" in text
    assert "Not drawn in print: sankey" in text
    assert "Good" in text


@pytest.mark.processes  # matplotlib asks fc-list for the host's fonts the first time it is used
@pytest.mark.slow
def test_a_result_of_very_many_parts_is_bounded_and_what_is_left_out_is_counted():
    wide = {f"c{j}": [j] * 2_000 for j in range(300)}
    result = {
        "tables": {f"t{i}": wide for i in range(50)},
        "warnings": [f"w{i}" for i in range(1_000)],
        "summary": {f"s{i}": i for i in range(1_000)},
        "charts": [{"kind": "bar", "title": f"chart {i}", "data": {"x": ["a"], "y": [i]}} for i in range(70)],
    }
    now = datetime.now(UTC)
    run = Run(uuid.uuid4(), 1, "probe", "Probe", "a" * 64, Status.SUCCESS, {}, 1, "ada", now, now, now)
    values = make_document(
        Snapshot(run, result),
        manifest.parse({"name": "Probe", "inputs": {}}),
        ReportOptions(rows=2_000),
        read_rows=lambda table, _rows: table.data,
        read_series=lambda series: series,
    ).values
    first, second = values["tables"][:2]
    note = "The first 666 of 2,000 rows; the run's CSV has them all. The first 60 of 300 columns."
    assert first["note"] == note
    assert second["note"].startswith("The first 0 of 2,000 rows")
    assert sum(len(row) for table in values["tables"] for part in table["parts"] for row in part["rows"]) < 60_000
    assert values["tables"][-1]["note"] == "and 10 more tables"
    assert values["warnings"][-1] == "and 800 more warnings"
    assert len(values["charts"]) == 60
    assert values["elsewhere"] == "Not printed: 10 more charts. Not printed: 700 more figures of the summary."


def test_reports_wait_for_each_other_and_beyond_a_few_are_refused(context, add_model, run_now, monkeypatch):
    run = submit(context, add_model("def run(inputs):\n    return {'summary': {'n': 1}}\n"), {}, actor=ADA)
    run_now(run)
    started, go_on = threading.Event(), threading.Event()
    real = pdf.typeset

    def held(document):
        started.set()
        assert go_on.wait(60)
        return real(document)

    monkeypatch.setattr(pdf, "typeset", held)
    with ThreadPoolExecutor(charts.WAITING + 1) as pool:
        asked = [pool.submit(run_pdf, context, run.id, actor=ADA) for _ in range(charts.WAITING + 1)]
        assert started.wait(60)
        refused = next(as_completed(asked))
        with pytest.raises(BusyError, match="Ask again in a moment"):
            refused.result()
        go_on.set()
        assert sum(one.exception() is None for one in asked) == charts.WAITING


def test_a_reused_run_is_printed_with_the_result_it_reused(context, add_model, run_now):
    slug = add_model("def run(inputs):\n    return {'table': {'n': list(range(50_000))}}\n", deterministic=True)
    run_now(submit(context, slug, {}, actor=ADA))
    again = submit(context, slug, {}, actor=ADA)
    assert again.reused_from is not None
    text = reading.whole_text(reading.open_pdf(run_pdf(context, again.id, actor=ADA).content))
    assert "The first 100 of 50,000 rows" in text
    assert "Reused from" in text


def test_a_wide_table_goes_on_below_with_its_first_column_again():
    columns = [Column(f"c{i}", f"Column number {i}") for i in range(40)]
    parts = make_parts(columns, {c.key: [123456.5] for c in columns}, 1)
    assert len(parts) > 1
    assert all(part["head"][0] == "Column number 0" for part in parts)
    assert all(sum(part["widths"]) <= WIDTH + 0.5 for part in parts)
    shown = [head for part in parts for head in part["head"][1:]]
    assert shown == [c.label for c in columns[1:]]


def test_a_long_narrow_table_stands_in_pieces_and_keeps_every_row():
    (part,) = make_parts([Column("n", "N")], {"n": list(range(90))}, 90)
    assert part["head"].count("N") > 1
    assert sorted(int(cell) for row in part["rows"] for cell in row if cell) == list(range(90))


@pytest.mark.parametrize(
    ("fmt", "values", "texts"),
    [
        (None, [0.5, 0.25, None], ["0.50", "0.25", "–"]),
        (None, [1, 2_000_000], ["1", "2,000,000"]),
        (None, [1999, 2026], ["1999", "2026"]),
        (".1%", [0.125], ["12.5%"]),
        (None, [True, None], ["Yes", "–"]),
        (None, ["a", 1], ["a", "1"]),
    ],
)
def test_a_column_is_written_alike(fmt, values, texts):
    assert column_texts(Column("c", "C", format=fmt), values)[0] == texts


def test_a_time_zone_that_does_not_exist_is_refused_in_words():
    assert zone_named("Europe/Berlin") == ZoneInfo("Europe/Berlin")
    for wrong in ("Mars/Phobos", "../etc/passwd", "", "\x00"):
        with pytest.raises(InputError, match="is not a time zone"):
            zone_named(wrong)


def test_images_are_printed_with_their_words_and_a_broken_one_costs_only_its_own_place(report, context):
    good = base64.b64encode(picture(size=(640, 480))).decode()
    broken = base64.b64encode(picture(size=(640, 480))[:60]).decode()
    wav = base64.b64encode(sound()).decode()
    code = f"""
def run(inputs):
    return {{
        'images': [
            {{'title': 'Loss map', 'alt': 'A map', 'caption': 'By *county*', 'base64': {good!r}}},
            {{'title': 'Half a file', 'base64': {broken!r}}},
        ],
        'audio': [{{'title': 'Reading', 'base64': {wav!r}}}],
    }}
"""
    reader, run_id = report(code)
    text = reading.whole_text(reader)
    assert "Loss map By *county*" in text
    assert "Half a file It cannot be read, and is not printed" in text
    assert "Audio and video on its page: Reading." in text
    assert sum(len(page.images) for page in reader.pages) == 1
    assert read_result_file(context, run_id, "audio/1.wav", actor=ADA) == sound()
