"""What the report of a run says, part by part, as plain values that the template sets.

Chosen: the page's own readings (labels, formats, charts, differences), written with the reader's separators, currency
and time zone. Nothing is left out in silence: what is not printed is counted and named, with the link to all of it.
Left out: how it looks, which is `template.typ`.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from pathlib import Path
from typing import Any
from urllib.parse import quote
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import charting
from charting import number_formats
from charting.drawing import Drawing, draw_svg
from contract import readable
from contract.currency import manifest_in, result_in
from contract.errors import InputError, ProblemsError
from contract.fields import Field, is_number
from contract.manifest import Manifest
from contract.media import MediaKind
from contract.number_format import NumberFormat
from contract.problems import Problem
from contract.result import Column, Metric, Result, Table, not_finite, parse_result
from contract.run import Run, Status
from contract.sign_off import SignOff
from engine.report.charts import ReadSeries, ResultChart, chart_heading, result_charts, undrawn_kinds
from engine.report.differences import NOTHING, changed_inputs
from engine.report.images import ReadFile, printed_images
from engine.report.markdown import parse_markdown
from engine.report.provenance import PYTHON, input_rows, is_rows, provenance_rows, value_text
from engine.report.tables import make_parts
from engine.runs.follow import Snapshot

ROWS = 100
MOST_ROWS = 2_000
MOST_TABLES = 40
MOST_CELLS = 40_000  # of all tables together: setting them takes seconds and gigabytes beyond
MOST_COLUMNS = 60
MOST_CHARTS, MOST_FIGURES, MOST_WARNINGS = 60, 300, 200
MOST_LINES = 60  # of a traceback or log
SHORT, LONG = 300, 5_000  # letters of a name and of a text that are printed
UNBROKEN, PIECE = 24, 8  # letters of a word from which it may be broken, and of each piece
# Characters that turn the direction of writing for what follows them.
TURNING = dict.fromkeys((*range(0x202A, 0x202F), *range(0x2066, 0x206A)))
VERBATIM = {"file", "to", "link"}
IDENTIFIER = re.compile(r"(?:.{0,40} )?[0-9a-f-]{32,64}")  # is copied from the report, so nothing is put into it
STATUS = {
    Status.SUCCESS: ("Success", "good"),
    Status.FAILED: ("Failed", "bad"),
    Status.CANCELLED: ("Cancelled", "warn"),
    Status.TIMED_OUT: ("Timed out", "bad"),
}
RUN_WORDS = {
    "report": "Report of a run",
    "opens": "Open the run in Tontine",
    "page": "The run's page: ",
    "changed_title": "What distinguishes this run",
    "inputs_title": "All inputs",
    "no_inputs": "The run has no inputs.",
    "provenance_title": "Provenance",
}
ReadRows = Callable[[Table, int], Mapping[str, Sequence[Any]]]


@dataclass(frozen=True, slots=True)
class ReportOptions:
    """How a report is written.

    `rows` is how many rows of each table are printed, `base_url` what the server's links begin with, empty where it is
    not known; `currency` is the name of the currency that amounts without one are in.
    """

    number_format: NumberFormat = NumberFormat()
    currency: str = ""
    zone: tzinfo = UTC
    rows: int = ROWS
    base_url: str = ""


@dataclass(frozen=True, slots=True)
class Document:
    """The report's values, and its drawings by file name."""

    values: dict[str, Any]
    drawings: dict[str, bytes]


def make_document(
    now: Snapshot,
    manifest: Manifest,
    options: ReportOptions,
    *,
    read_rows: ReadRows,
    read_series: ReadSeries,
    read_file: ReadFile | None = None,
    fonts: Sequence[Path] = (),
    printed_by: str = "",
    signed_off: SignOff | None = None,
    printed_at: datetime | None = None,
) -> Document:
    """Return the report of an ended run.

    Args:
        now: the run with its result.
        manifest: of its version.
        options: how it is written.
        read_rows: returns the first rows of a table, wherever they are stored.
        read_series: returns a series with all its points.
        read_file: returns the content of a file of the run; without it no image is printed.
        fonts: font files of the report's typeface, for the charts.
        printed_by: who asks for it.
        signed_off: who signed the run off, if somebody has.
        printed_at: when; now where it is left out.
    """
    run = now.run
    manifest = manifest_in(manifest, options.currency)
    result = result_in(parse_result(now.shown, manifest.outputs), options.currency)
    with number_formats.written_in(options.number_format):
        charts, drawings = _charts(result, read_series, fonts)
        images = [m for m in result.media if m.kind is MediaKind.IMAGES]
        budget = CellBudget(MOST_CELLS)
        words, tone = STATUS.get(run.status, (str(run.status).capitalize(), "warn"))
        values = {
            "title": short_text(run.app_name),
            "category": short_text(manifest.category or ""),
            "description": short_text(manifest.description, 700),
            **RUN_WORDS,
            "reference": f"Run {run.id}",
            "author": short_text(run.user),
            "status": {"words": words, "tone": tone},
            "facts": [[k, short_text(v)] for k, v in _facts(run, manifest, options, signed_off).items()],
            "link": run_link(run, options),
            "printed": printed_line(printed_by, printed_at or datetime.now(UTC), options),
            "headline": [_metric(m) for m in _headline(result.summary, manifest.headline)],
            "reason": short_text(run.reason or "The run ended without a result.", LONG)
            if run.status is not Status.SUCCESS
            else "",
            "problems": [short_text(str(p), 1_000) for p in run.problems[:50]],
            "traceback": _last_lines(run.traceback or ""),
            "log": _last_lines(now.log) if run.status is not Status.SUCCESS else "",
            "warnings": [short_text(w, LONG) for w in _warnings(now, result)],
            "changed": [
                [short_text(c.label), short_text(c.value), short_text(c.before or "")]
                for c in changed_inputs(manifest, run.inputs)
            ],
            "unchanged": NOTHING,
            "summary": [_metric(m) for m in result.summary[:MOST_FIGURES]],
            "charts": charts,
            "images": printed_images(images, read_file, drawings),
            "tables": _tables(result.tables, run, read_rows, options, budget),
            "notes": parse_markdown(result.notes) if result.notes else [],
            "inputs": input_lines(run.inputs, manifest.inputs),
            "input_tables": input_tables(run.inputs, manifest.inputs, options.rows, budget),
            "provenance": [[k, short_text(v)] for k, v in _provenance(run, manifest, options).items()],
            "packages": ", ".join(f"{k} {v}" for k, v in run.environment.items() if k not in PYTHON),
            "references": [
                [short_text(r.title, 500), r.url or "", short_text(r.note or "", 500)] for r in manifest.references
            ],
            "elsewhere": _elsewhere(result),
        }
    return Document(printable(values), drawings)


def zone_named(name: str) -> tzinfo:
    """Return a time zone by its name in the IANA database.

    Raises:
        InputError: there is none of this name.
    """
    try:
        return UTC if name == "UTC" else ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):  # a name with a path in it, or of a folder
        found = f"{name[:80]!r} is not a time zone"
        raise InputError([Problem("zone", found, "Give one such as Europe/Berlin.")]) from None


def run_link(run: Run, options: ReportOptions) -> str:
    """Return the address of the run's page, whole where the server's is known."""
    return f"{options.base_url.rstrip('/')}/run?id={run.id}"


def _facts(run: Run, manifest: Manifest, options: ReportOptions, signed_off: SignOff | None) -> dict[str, str]:
    seconds = run.duration.total_seconds() if run.duration is not None else None
    label = f"{manifest.version} · " if manifest.version else ""
    found = {
        "Run": str(run.id),
        "Run by": run.user,
        "Finished": readable.timestamp(run.finished_at, options.zone) if run.finished_at else "",
        "Duration": _localised(readable.duration(seconds)) if seconds is not None else "",
        "Version": f"{label}{run.version[:12]}",
        "Seed": str(run.seed),
        "Currency of amounts": options.currency,
    }
    if signed_off is not None:
        found["Signed off by"] = f"{signed_off.by}, {readable.timestamp(signed_off.at, options.zone)}"
        found["Sign-off"] = signed_off.comment
    return {k: v for k, v in found.items() if v}


def _provenance(run: Run, manifest: Manifest, options: ReportOptions) -> dict[str, str]:
    """Return what the page shows, with hashes in full: nothing can be copied from behind a printed one."""
    rows = provenance_rows(run, manifest, zone=options.zone)
    label = f"{manifest.version} · " if manifest.version else ""
    rows["Version"] = f"{label}{run.version}"
    if run.git_commit:
        rows["Git commit"] = run.git_commit
    for key in ("Duration", "Processor time", "Peak memory"):
        if key in rows:
            rows[key] = _localised(rows[key])
    return rows


def printed_line(by: str, at: datetime, options: ReportOptions) -> str:
    """Return when and by whom a report is printed, in words."""
    return f"Printed {readable.timestamp(at, options.zone)}" + (f" by {short_text(by)}" if by else "")


def _headline(summary: Sequence[Metric], named: Sequence[str]) -> list[Metric]:
    large = [m for label in named for m in summary if m.label == label]
    return large or [m for m in summary if is_number(m.value)][:1]


def _metric(metric: Metric) -> dict[str, str]:
    return {
        "label": short_text(number_formats.card_label(metric.label, metric.unit)),
        "value": _unbroken(short_text(number_formats.format_number(metric.value, metric.format, metric.unit))),
        "delta": short_text(number_formats.format_delta(metric.delta, metric.format, metric.unit)),
    }


def _unbroken(text: str) -> str:
    """Return a figure with its unit on one line; a text of many words keeps its spaces."""
    return text.replace(" ", "\u00a0") if len(text) <= UNBROKEN else text


def _warnings(now: Snapshot, result: Result) -> list[str]:
    found = [*now.run.warnings, *result.warnings, *_nulls(now.nulls)]
    more = len(found) - MOST_WARNINGS
    return found if more <= 0 else [*found[:MOST_WARNINGS], f"and {number_formats.format_count(more)} more warnings"]


def _nulls(nulls: Mapping[str, Any]) -> list[str]:
    count, paths = not_finite(nulls)
    if not count:
        return []
    words = "1 value was not finite and is empty"
    if count > 1:
        words = f"{number_formats.format_count(count)} values were not finite and are empty"
    return [words + (f": {', '.join(paths[:5])}{' and more' if count > 5 else ''}." if paths else ".")]


def _charts(
    result: Result, read_series: ReadSeries, fonts: Sequence[Path]
) -> tuple[list[dict[str, str]], dict[str, bytes]]:
    return draw_charts(result_charts(result, read_series)[: MOST_CHARTS + bool(result.series)], fonts)


def draw_charts(
    charts: Sequence[ResultChart], fonts: Sequence[Path], where: str = "The run's page"
) -> tuple[list[dict[str, str]], dict[str, bytes]]:
    """Return each chart as the template takes it, and the drawings by file name; `where` has what is not drawn."""
    found: list[dict[str, str]] = []
    drawings: dict[str, bytes] = {}
    for chart in charts:
        try:
            figure = chart.figure()
            drawing = draw_svg(figure, fonts=fonts)
        except ProblemsError as error:
            reasons = "; ".join(str(p) for p in error.problems[:5])
            found.append(_chart(chart.title, error=f"It cannot be drawn. {reasons}"))
            continue
        name = f"chart-{len(found)}.svg" if drawing is not None else ""
        if drawing is not None:
            drawings[name] = drawing.content
        found.append(
            _chart(chart_heading(chart, figure), charting.print_note(figure), name, _missing(figure, drawing, where))
        )
    return found, drawings


def _chart(title: str, note: str = "", file: str = "", error: str = "") -> dict[str, str]:
    return {
        "title": short_text(title or "Chart"),
        "note": short_text(note, 500),
        "file": file,
        "error": short_text(error, 1_000),
    }


def _missing(figure: Any, drawing: Drawing | None, where: str) -> str:
    kinds = undrawn_kinds(figure, drawing)
    if drawing is not None and not kinds:
        return ""
    return f"Not drawn in print: {', '.join(kinds) or 'it has no data'}. {where} shows it."


def _tables(
    tables: Sequence[Table], run: Run, read_rows: ReadRows, options: ReportOptions, budget: "CellBudget"
) -> list[dict[str, Any]]:
    found = []
    for table in tables[:MOST_TABLES]:
        columns = table.columns[:MOST_COLUMNS]
        shown = budget.take(min(table.rows, options.rows), len(columns))
        base = options.base_url.rstrip("/")
        address = f"{base}/api/runs/{run.id}/export/csv?table={quote(table.name, safe='')}"
        found.append(
            {
                "name": short_text(table.name) if table.name != "Table" or len(tables) > 1 else "",
                "parts": make_parts(columns, read_rows(table, shown), shown),
                "note": rows_note(shown, table.rows) + _columns_note(len(columns), len(table.columns)),
                "link": address if base and (shown < table.rows or len(columns) < len(table.columns)) else "",
            }
        )
    if len(tables) > MOST_TABLES:
        found.append({"name": "", "parts": [], "note": f"and {len(tables) - MOST_TABLES} more tables", "link": ""})
    return found


def rows_note(shown: int, total: int, elsewhere: str = "the run's CSV has") -> str:
    """Return how many rows of a table are printed, and who has the others."""
    count = number_formats.format_count
    if not total:
        return "The table has no rows."
    if shown == total:
        return f"{count(total)} row{'' if total == 1 else 's'}"
    return f"The first {count(shown)} of {count(total)} rows; {elsewhere} them all."


def _columns_note(shown: int, total: int) -> str:
    return "" if shown == total else f" The first {shown} of {number_formats.format_count(total)} columns."


class CellBudget:
    """How many cells all tables of a report may have between them."""

    def __init__(self, cells: int) -> None:
        self.left = cells

    def take(self, rows: int, columns: int) -> int:
        """Return how many of the rows fit, and count them."""
        fitting = min(rows, self.left // max(1, columns))
        self.left -= fitting * columns
        return fitting


def input_lines(inputs: Mapping[str, Any], fields: Mapping[str, Field]) -> list[list[str]]:
    """Return each input as group, label, value and unit."""
    return [
        [short_text(r.get("Group", "")), short_text(r["Input"]), short_text(r["Value"], 1_000), short_text(r["Unit"])]
        for r in input_rows(inputs, fields)
    ]


def input_tables(
    inputs: Mapping[str, Any], fields: Mapping[str, Field], rows: int, budget: CellBudget
) -> list[dict[str, Any]]:
    """Return the tables among the inputs as the template takes them, at most `rows` rows of each."""
    found = []
    for key in [k for k in fields if k in inputs] + [k for k in inputs if k not in fields]:
        value = inputs[key]
        if not is_rows(value):
            continue
        field = fields.get(key)
        inner = field.columns if field is not None else {}
        # Columns that nobody filled are not printed: a triangle has room for sixty.
        keys = list(dict.fromkeys(k for row in value for k, cell in row.items() if cell is not None))
        total = len(keys)
        keys = keys[:MOST_COLUMNS]
        columns = [Column(k, inner[k].label if k in inner else k, inner[k].unit if k in inner else None) for k in keys]
        shown = budget.take(min(rows, len(value)), len(keys))
        data = {k: [_cell(row.get(k), inner.get(k)) for row in value[:shown]] for k in keys}
        found.append(
            {
                "name": short_text(field.label if field is not None else key),
                "parts": make_parts(columns, data, shown),
                "note": rows_note(shown, len(value), "the run's inputs have") + _columns_note(len(keys), total),
                "link": "",
            }
        )
    return found


def _cell(value: Any, field: Field | None) -> Any:
    return value if value is None or is_number(value) else value_text(value, field)


def _elsewhere(result: Result) -> str:
    """Return what the run has and the report does not."""
    parts = []
    others = [m.title for m in result.media if m.kind is not MediaKind.IMAGES]
    if others:
        parts.append(f"Audio and video on its page: {short_text(', '.join(others), 1_000)}.")
    if result.files:
        parts.append(f"Files of the run: {short_text(', '.join(result.files), 1_000)}.")
    if len(result.charts) > MOST_CHARTS:
        parts.append(f"Not printed: {number_formats.format_count(len(result.charts) - MOST_CHARTS)} more charts.")
    if len(result.summary) > MOST_FIGURES:
        more = number_formats.format_count(len(result.summary) - MOST_FIGURES)
        parts.append(f"Not printed: {more} more figures of the summary.")
    if result.extras:
        parts.append(f"Shown on its page only: {short_text(', '.join(result.extras), 1_000)}.")
    return " ".join(parts)


def _last_lines(text: str) -> str:
    lines = text.rstrip().splitlines()
    cut = [f"({number_formats.format_count(len(lines) - MOST_LINES)} lines before)"] if len(lines) > MOST_LINES else []
    return "\n".join([*cut, *(line[:400] for line in lines[-MOST_LINES:])])


def _localised(words: str) -> str:
    """Return a duration or size, which begins with its number, in the reader's decimal mark."""
    return number_formats.localise(words)


def short_text(text: str, letters: int = SHORT) -> str:
    """Return a text of at most so many letters."""
    return text if len(text) <= letters else text[: letters - 1].rstrip() + "…"


def printable(value: Any) -> Any:
    """Return texts without control characters, and with places to break in words that no line would hold.

    Marks that turn the direction of what follows go too: a reader would see other figures than the model gave.
    """
    if isinstance(value, Mapping):
        return {k: item if k in VERBATIM else printable(item) for k, item in value.items()}
    if isinstance(value, list):
        return [printable(item) for item in value]
    return _breakable(value) if isinstance(value, str) and not IDENTIFIER.fullmatch(value) else value


def _breakable(text: str) -> str:
    kept = "".join(c if c in "\n\t" or c.isprintable() or c in "\u200c\u200d" else " " for c in text.translate(TURNING))
    kept = kept.replace("\t", "    ")
    return " ".join(
        word if len(word) <= UNBROKEN else "\u200b".join(word[i : i + PIECE] for i in range(0, len(word), PIECE))
        for word in kept.split(" ")
    )
