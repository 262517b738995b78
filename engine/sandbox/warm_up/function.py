"""The model that a spare child runs before it has one: a little of what results are made of, and no thread."""

from typing import Any

import numpy as np


def run(_inputs: dict[str, Any]) -> dict[str, Any]:
    """Return one of each."""
    years = np.arange(3.0)
    return {
        "summary": {"mean": years.mean(), "count": 3, "text": "none"},
        "series": [{"name": "line", "x": years, "y": years}],
        "tables": {"table": {"columns": ["year"], "rows": [[1.0]]}},
    }
