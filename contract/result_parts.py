"""Large tables and series of a result are stored apart, in parts; a small reference stays in their place.

Chosen: a reference keeps the number of rows, the columns and the first rows; a page opens without the rest.
Left out: the encoding of a part, which is storage's.
"""

from collections.abc import Mapping
from typing import Any

from contract.result import PART

MAX_INLINE_ROWS = 1_000
MAX_INLINE_CELLS = 10_000
PREVIEW_ROWS = 200

Columns = dict[str, list[Any]]


def extract_large(raw: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Columns]]:
    """Return the result with references in it, and the columns that each reference stands for.

    The names of parts are the paths of what they hold: `table`, `tables.By year`, `series.2` for the second series,
    because two series may have one name. A reader takes the name from the reference: results stored by earlier
    releases have the series' own names in theirs.
    """
    parts: dict[str, Columns] = {}
    doc = dict(raw)
    if "table" in doc:
        doc["table"] = _extract_table("table", doc["table"], parts)
    if isinstance(doc.get("tables"), Mapping):
        doc["tables"] = {k: _extract_table(f"tables.{k}", v, parts) for k, v in doc["tables"].items()}
    series = doc.get("series")
    if isinstance(series, list) and series and all(_is_columns(s) for s in series):
        doc["series"] = [_extract_series(f"series.{i}", s, parts) for i, s in enumerate(series, start=1)]
    elif isinstance(series, Mapping) and not _is_columns(series):
        doc["series"] = {
            k: _extract_series(f"series.{i}", v, parts) for i, (k, v) in enumerate(series.items(), start=1)
        }
    elif series:
        doc["series"] = _extract_series("series", series, parts)
    return doc, parts


def _extract_table(name: str, raw: Any, parts: dict[str, Columns]) -> Any:
    if isinstance(raw, list) and raw and all(isinstance(r, Mapping) for r in raw):
        keys = list(dict.fromkeys(str(k) for r in raw for k in r))
        if _is_large(len(raw), len(keys)):
            return _part_reference(name, {k: [r.get(k) for r in raw] for k in keys}, parts)
    elif isinstance(raw, Mapping) and raw and all(isinstance(c, list) for c in raw.values()):
        lengths = {len(c) for c in raw.values()}
        if len(lengths) == 1 and _is_large(lengths.pop(), len(raw)):
            return _part_reference(name, {str(k): list(v) for k, v in raw.items()}, parts)
    return raw


def _extract_series(name: str, raw: Any, parts: dict[str, Columns]) -> Any:
    if isinstance(raw, list) and len(raw) > MAX_INLINE_ROWS and all(isinstance(p, Mapping) and "x" in p for p in raw):
        keys = [k for k in ("x", "y", "lower", "upper") if any(k in p for p in raw)]
        return _part_reference(name, {k: [p.get(k) for p in raw] for k in keys}, parts)
    if _is_columns(raw) and len(raw["x"]) > MAX_INLINE_ROWS:
        keys = [k for k in ("x", "y", "lower", "upper") if isinstance(raw.get(k), list)]
        if len({len(raw[k]) for k in keys}) == 1:
            rest = {k: v for k, v in raw.items() if k not in keys}
            return {**rest, **_part_reference(name, {k: raw[k] for k in keys}, parts)}
    return raw


def _part_reference(name: str, columns: Columns, parts: dict[str, Columns]) -> dict[str, Any]:
    parts[name] = columns
    rows = len(next(iter(columns.values())))
    return {
        PART: name,
        "rows": rows,
        "columns": list(columns),
        "head": {k: v[:PREVIEW_ROWS] for k, v in columns.items()},
    }


def _is_large(rows: int, columns: int) -> bool:
    return rows > MAX_INLINE_ROWS or rows * columns > MAX_INLINE_CELLS


def _is_columns(item: Any) -> bool:
    return isinstance(item, Mapping) and isinstance(item.get("x"), list)
