"""One figure of a result's summary, by its label, as a cell of a spreadsheet takes it.

Left out: units and formats: a cell has its own.
"""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from contract.errors import NotFoundError
from contract.problems import Problem
from contract.result import parse_result
from contract.wording import name_some


def find_figure(
    raw: Mapping[str, Any], outputs: Mapping[str, Any], label: str | None = None, headline: Sequence[str] = ()
) -> Any:
    """Return the value of the summary figure with this label; without one of the first headline figure, or the first.

    Args:
        raw: a result as stored.
        outputs: the manifest's declarations; a figure goes by the label that they give it, too.
        label: the figure's.
        headline: the labels of the figures that are shown large.

    Raises:
        NotFoundError: the result has no such figure, or none at all.
    """
    summary = {"summary": raw.get("summary")}
    figures = {metric.label: metric.value for metric in parse_result(summary).summary}
    named = {metric.label: metric.value for metric in parse_result(summary, outputs).summary}
    known = {**named, **figures}
    wanted = [label] if label else [*(name for name in headline if name in known), *figures]
    if not wanted or wanted[0] not in known:
        what = f"the result has no figure {label!r}" if label else "the result has no summary"
        hint = f"Choose one of {name_some(figures)}." if figures else "Read a table or series as CSV."
        raise NotFoundError([Problem("figure", what, hint)])
    return known[wanted[0]]


def figure_text(value: Any) -> str:
    """Return a figure as text: a number with a decimal point, all its digits and no separators; nothing for None."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
