"""What a model shows for a value of one of its inputs: its figures, its table, and how a painted page is told.

Used by the peer's server, which draws this, and by the benchmark, which waits for it: `python content.py` reads what
to run as JSON and prints, a line for each value, the summary's texts and the sum of every chart.
"""

import importlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

import charting  # noqa: E402
from charting import number_formats  # noqa: E402
from contract.result import parse_result  # noqa: E402


class Content:
    """A model with its starting inputs, run in this process."""

    def __init__(self, folder: Path, start: dict[str, Any], outputs: dict[str, Any], key: str) -> None:
        self.start, self.outputs, self.key = start, outputs, key
        sys.path.insert(0, str(folder))
        self.module = importlib.import_module("function")

    def show(self, value: Any) -> tuple[list[tuple[str, str]], list[Any], tuple[list[str], list[list[Any]]]]:
        """Return the summary in words, the figures, and the first table as headings and rows."""
        found = self.module.run({**self.start, self.key: value})
        if inspect.iscoroutine(found):
            try:
                found.send(None)
            except StopIteration as done:
                found = done.value
        result = parse_result(found, self.outputs)
        summary = [(m.label, number_formats.format_number(m.value, m.format, m.unit)) for m in result.summary]
        figures = [charting.series_figure(result.series, result.outputs)] if result.series else []
        figures += [charting.figure(chart) for chart in result.charts]
        if not result.tables:
            return summary, figures, ([], [])
        table = result.tables[0]
        columns = [table.data[c.key] for c in table.columns]
        return summary, figures, ([c.title for c in table.columns], [list(row) for row in zip(*columns, strict=True)])


def sums(figure: Any) -> float:
    """Return the sum of all numbers a chart draws upwards, as the benchmark adds them up in the browser."""
    total = 0.0
    for trace in json.loads(figure.to_json())["data"]:
        for part in ("y", "z"):
            for value in trace.get(part) or ():
                total += sum(v for v in (value if isinstance(value, list) else [value]) if isinstance(v, int | float))
    return total


if __name__ == "__main__":
    given = json.loads(sys.stdin.read())
    content = Content(Path(given["folder"]), given["start"], given["outputs"], given["key"])
    for wanted in given["values"]:
        words, figures, _ = content.show(wanted)
        print(
            json.dumps({"words": [text for _, text in words], "sums": [sums(figure) for figure in figures]}), flush=True
        )
