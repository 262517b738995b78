"""Amounts in the analyst's currency: units and labels that name no currency get the one that the analyst works in.

Chosen: a unit that is the word currency or money, alone or within a rate (`currency a year`, `log of currency`), and
any unit whose declaration says `currency: true`; where the analyst has named no currency, the word is left out. Amounts
are never converted: models compute in whatever currency their inputs are in.
Left out: exchange rates, and words within sentences.
"""

import re
from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any, TypeVar

from contract.fields import Field
from contract.manifest import Manifest
from contract.result import Chart, Column, Metric, Result, Series

Part = TypeVar("Part", Metric, Column, Series, Chart)
MAX_LETTERS = 12
UNNAMED = re.compile(r"(?P<before>(?:log|per unit) of )?(?:currency|money)(?P<after>(?: (?:a|an|per)\b|/).*)?")
BRACKETS = re.compile(r"\s*\(([^()]*)\)")
_NAME = re.compile(rf"[^\W_][\w .]{{0,{MAX_LETTERS - 1}}}|[$€£¥₹₩₣₽₺]")
LABEL_KEYS = ("label", "title", "x_label", "y_label")


def parse_currency(text: str | None) -> str:
    """Return the name of a currency as typed, such as `EUR`, `EUR m` or `€`; empty where it is none."""
    name = " ".join((text or "").split())
    return name if _NAME.fullmatch(name) else ""


def unit_in(unit: str | None, currency: str, *, follows: bool = False) -> str | None:
    """Return a unit in the analyst's currency, None where nothing of it is left.

    Args:
        unit: as declared.
        currency: its name, empty where the analyst has named none.
        follows: whether the declaration says that the unit is the analyst's currency, whatever it is called.
    """
    found = UNNAMED.fullmatch(unit) if unit else None
    if found is None:
        return (currency or unit) if follows else unit
    before, after = found["before"] or "", found["after"] or ""
    if currency:
        return before + currency + after
    return " ".join((before.removesuffix(" of ") + after).replace("/", "per ").split()) or None


def label_in(label: str, currency: str) -> str:
    """Return a label whose unit in brackets is in the analyst's currency: `Loss (currency)` as `Loss (EUR)`."""

    def changed(match: re.Match[str]) -> str:
        if UNNAMED.fullmatch(match[1]) is None:
            return match[0]
        unit = unit_in(match[1], currency)
        return f" ({unit})" if unit else ""

    return BRACKETS.sub(changed, label).strip() or label


def manifest_in(manifest: Manifest, currency: str) -> Manifest:
    """Return the manifest with the units of its inputs and outputs in the analyst's currency."""
    return replace(
        manifest,
        inputs={key: _field_in(field, currency) for key, field in manifest.inputs.items()},
        outputs=_outputs_in(manifest.outputs, currency),
    )


def result_in(result: Result, currency: str) -> Result:
    """Return the result with its units and labels in the analyst's currency; its values stay as they are."""
    return replace(
        result,
        summary=tuple(_part_in(metric, currency) for metric in result.summary),
        series=tuple(_part_in(series, currency) for series in result.series),
        tables=tuple(
            replace(table, columns=tuple(_part_in(column, currency) for column in table.columns))
            for table in result.tables
        ),
        charts=tuple(_part_in(chart, currency) for chart in result.charts),
        outputs=_outputs_in(result.outputs, currency),
    )


def column_in(column: Column, currency: str) -> Column:
    """Return a column whose head is in the analyst's currency."""
    return _part_in(column, currency)


def _field_in(field: Field, currency: str) -> Field:
    return replace(
        field,
        label=label_in(field.label, currency),
        unit=unit_in(field.unit, currency, follows=_follows(field)),
        columns={key: _field_in(column, currency) for key, column in field.columns.items()},
        measures={key: _field_in(measure, currency) for key, measure in field.measures.items()},
    )


def _part_in(part: Part, currency: str) -> Part:
    changes: dict[str, Any] = {"unit": unit_in(part.unit, currency, follows=_follows(part))}
    for key in {item.name for item in fields(part)}.intersection(LABEL_KEYS):
        text = getattr(part, key)
        changes[key] = label_in(text, currency) if isinstance(text, str) else text
    return replace(part, **changes)


def _follows(part: Any) -> bool:
    return getattr(part, "currency", False) is True


def _outputs_in(value: Any, currency: str) -> Any:
    """Return declarations of outputs with their units and labels changed, however deep they are."""
    if isinstance(value, list):
        return [_outputs_in(item, currency) for item in value]
    if not isinstance(value, Mapping):
        return value
    found = {key: _outputs_in(item, currency) for key, item in value.items()}
    if isinstance(value.get("unit"), str):
        found["unit"] = unit_in(value["unit"], currency, follows=value.get("currency") is True)
    for key in LABEL_KEYS:
        if isinstance(value.get(key), str):
            found[key] = label_in(value[key], currency)
    return found
