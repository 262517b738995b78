"""One figure of a result's summary, by its label, as a cell of a spreadsheet takes it.

Left out: units and formats: a cell has its own.
"""

import json
from collections.abc import Sequence
from typing import Any

from contract.errors import NotFoundError
from contract.problems import Problem
from contract.result import Metric, Result
from contract.wording import name_some


def find_figure(result: Result, label: str | None = None, headline: Sequence[str] = ()) -> Metric:
    """Return the summary figure with this label; without one the first headline figure, or the first of all.

    Raises:
        NotFoundError: the result has no such figure, or none at all.
    """
    figures = {metric.label: metric for metric in result.summary}
    wanted = [label] if label else [*(name for name in headline if name in figures), *figures]
    found = figures.get(wanted[0]) if wanted else None
    if found is None:
        what = f"the result has no figure {label!r}" if label else "the result has no summary"
        hint = f"Choose one of {name_some(list(figures))}." if figures else "Read a table or series as CSV."
        raise NotFoundError([Problem("figure", what, hint)])
    return found


def figure_text(value: Any) -> str:
    """Return a figure as text: a number with a decimal point, all its digits and no separators; nothing for None."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if value is None:
        return ""
    return value if isinstance(value, str) else json.dumps(value)
