"""The summary of a result as cards: one to three headline figures large, the others in a compact grid.

Chosen: one block of HTML in place of a metric for each figure, so that a result of fourteen figures is one message and
one element; every text from a model is escaped. The look is in `ui.shell.style`.
Left out: how a number is written, which is `charting.number_formats`.
"""

from collections.abc import Sequence
from html import escape

import streamlit as st

from charting import number_formats
from contract.result import Metric


def show_cards(summary: Sequence[Metric], headline: Sequence[str] = ()) -> None:
    """Show summary figures; those whose labels are in `headline` stand first and large."""
    if summary:
        st.html(cards_html(summary, headline))


def cards_html(summary: Sequence[Metric], headline: Sequence[str] = ()) -> str:
    """Return the cards as HTML in which nothing of the model's is markup."""
    large = [m for label in headline for m in summary if m.label == label]
    small = [m for m in summary if m not in large]
    parts = []
    if large:
        parts.append(f'<dl class="tontine-headline">{"".join(map(_card, large))}</dl>')
    if small:
        parts.append(f'<dl class="tontine-cards">{"".join(map(_card, small))}</dl>')
    return f'<div class="tontine-summary">{"".join(parts)}</div>'


def _card(metric: Metric) -> str:
    label = escape(number_formats.card_label(metric.label, metric.unit).replace("\n", " "))
    value = escape(number_formats.format_number(metric.value, metric.format, metric.unit).replace("\n", " "))
    helped = ""
    if metric.help:
        # Reached by pointer, by finger and by keyboard; read out as part of the label.
        text = escape(" ".join(metric.help.split()))
        helped = f' <span class="tontine-help" tabindex="0" aria-label="{text}"><span>{text}</span></span>'
    delta = number_formats.format_delta(metric.delta, metric.format, metric.unit)
    changed = f'<dd class="tontine-delta">{escape(delta)}</dd>' if delta else ""
    return f'<div><dt>{label}{helped}</dt><dd class="tontine-value">{value}</dd>{changed}</div>'
