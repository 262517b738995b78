"""The one figure that stands for a run in a list: the first headline that its model names, else the first number.

Chosen: written as on its card, with its label and unit.
Left out: the cards themselves.
"""

from collections.abc import Sequence
from typing import Any

from charting import number_formats
from contract.fields import is_number
from contract.manifest import Manifest
from contract.result import Metric, parse_result
from ui.shell.currency import result_in_currency


def headline_text(manifest: Manifest, summary: Any) -> str:
    """Return the headline figure of a result in words, empty where it has none.

    Args:
        manifest: of the run's version.
        summary: the result's summary as stored.
    """
    metrics = result_in_currency(parse_result({"summary": summary}, manifest.outputs)).summary
    metric = choose_headline(metrics, manifest.headline)
    if metric is None:
        return ""
    label = number_formats.card_label(metric.label, metric.unit)
    return f"{label} {number_formats.format_number(metric.value, metric.format, metric.unit)}"


def choose_headline(metrics: Sequence[Metric], named: Sequence[str] = ()) -> Metric | None:
    """Return the first of the figures that is named and there, else the first that is a number, else None."""
    for label in named:
        for metric in metrics:
            if metric.label == label:
                return metric
    return next((m for m in metrics if is_number(m.value)), None)
