"""The PDF of an analysis of many runs: of a comparison, and of a group of every kind.

Chosen: the pages of a run's report, with the analysis's facts, charts and tables in place of the result's.
Left out: what the analysis says, which is `engine.export.analysis_content`.
"""

from datetime import UTC, datetime
from typing import Any

from charting import number_formats
from contract.actor import Actor
from engine.authorization import Action, require
from engine.export.analysis_content import AnalysisContent, NamedTable
from engine.report.charts import drawing_turn, font_files
from engine.report.document import (
    MOST_CELLS,
    MOST_COLUMNS,
    CellBudget,
    Document,
    ReportOptions,
    draw_charts,
    input_lines,
    input_tables,
    printable,
    printed_line,
    rows_note,
    short_text,
)
from engine.report.markdown import parse_markdown
from engine.report.pdf import Pdf, typeset
from engine.report.tables import make_parts

LONG = 1_000  # letters of a note that are printed


def analysis_pdf(content: AnalysisContent, options: ReportOptions, *, actor: Actor) -> Pdf:
    """Return an analysis as PDF.

    Raises:
        BusyError: as many reports as may wait are waiting.
    """
    require(actor, Action.READ_RUNS)
    with drawing_turn(), number_formats.written_in(options.number_format):
        return Pdf(f"{content.stem}.pdf", typeset(_document(content, options, actor)))


def _document(content: AnalysisContent, options: ReportOptions, actor: Actor) -> Document:
    charts, drawings = draw_charts(content.charts, font_files(), "Its page")
    budget, manifest = CellBudget(MOST_CELLS), content.manifest
    first = content.inputs[0] if content.inputs else {}
    whose = "the baseline" if content.kind == "Comparison" else "the first run"
    words, tone = content.status
    # The main table has a row for each run and is the longest: it stands behind those that read it.
    tables = content.tables if content.kind == "Comparison" else (*content.tables[1:], *content.tables[:1])
    values: dict[str, Any] = {
        "report": content.kind,
        "reference": content.reference,
        "opens": "Open it in Tontine",
        "page": "Its page: ",
        "changed_title": "",
        "inputs_title": f"Inputs of {whose}",
        "no_inputs": f"There are none of {whose}.",
        "provenance_title": "Versions",
        "title": short_text(content.title),
        "category": short_text(content.kind),
        "description": short_text(manifest.description, 700),
        "author": short_text(content.user),
        "status": {"words": words, "tone": tone},
        "facts": [[key, short_text(text)] for key, text in content.facts.items()],
        "link": f"{options.base_url.rstrip('/')}{content.link}",
        "printed": printed_line(actor.name, datetime.now(UTC), options),
        "headline": [],
        "reason": "",
        "problems": [],
        "traceback": "",
        "log": "",
        "warnings": [],
        "changed": [],
        "unchanged": "",
        "summary": [],
        "charts": charts,
        "images": [],
        "tables": [_table(table, options, budget) for table in tables],
        "notes": parse_markdown("\n".join(f"- {short_text(note, LONG)}" for note in content.notes)),
        "inputs": input_lines(first, manifest.inputs),
        "input_tables": input_tables(first, manifest.inputs, options.rows, budget),
        "provenance": [["Analysis", content.reference], ["Model", manifest.name]],
        "packages": "",
        "references": [
            [short_text(r.title, 500), r.url or "", short_text(r.note or "", 500)] for r in manifest.references
        ],
        "elsewhere": "",
    }
    return Document(printable(values), drawings)


def _table(table: NamedTable, options: ReportOptions, budget: CellBudget) -> dict[str, Any]:
    columns = table.columns[:MOST_COLUMNS]
    shown = budget.take(min(table.rows, options.rows), len(columns))
    note = rows_note(shown, table.rows, "the workbook has")
    if len(columns) < len(table.columns):
        note += f" The first {len(columns)} of {len(table.columns)} columns."
    return {"name": short_text(table.name), "parts": make_parts(columns, table.data, shown), "note": note, "link": ""}
