"""A result as an analyst reads it: summary, series, tables, charts, notes, media, files and warnings.

Chosen: the database keeps what the model returned, and this pure view gives every accepted shape one form, so that
pages, exports and the API cannot read it differently. What is not in an accepted shape is kept and shown under
"More" with a warning, as the MCLAVIER Marketplace accepts any JSON.
Left out: drawing, and the conversion of Python values, which the sandbox's child has done.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from contract.errors import ResultError
from contract.gateway import USAGE
from contract.media import Media, MediaKind, read_media
from contract.problems import Problem

_SPECIAL = ("fan", "heatmap", "histogram", "waterfall", "tornado", "surface", "triangle")
KINDS = (*_SPECIAL, "pie", "box", "bar", "line", "scatter")
SCALES = ("linear", "log")
SERIES_KINDS = ("line", "area", "band", "bar", "scatter", "step")
KNOWN = ("summary", "series", "columns", "table", "tables", "charts", "notes", "files", "warnings", *MediaKind, USAGE)
PART = "$part"


@dataclass(frozen=True, slots=True)
class Metric:
    """One summary figure. `currency`, here and below, says that the unit follows the analyst's currency."""

    label: str
    value: Any
    unit: str | None = None
    format: str | None = None
    delta: Any = None
    help: str | None = None
    currency: bool = False


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table: its key in the data and how it is headed and written."""

    key: str
    label: str
    unit: str | None = None
    format: str | None = None
    currency: bool = False

    @property
    def title(self) -> str:
        """The label with its unit."""
        return f"{self.label} ({self.unit})" if self.unit else self.label


@dataclass(frozen=True, slots=True)
class Table:
    """A table in column form. Where `part` is set, `data` is only its head and the rest is stored apart."""

    name: str
    columns: tuple[Column, ...]
    data: Mapping[str, Sequence[Any]]
    rows: int
    part: str | None = None


@dataclass(frozen=True, slots=True)
class Series:
    """Points of one line, in the order given. Where `part` is set, the points are stored apart."""

    name: str
    x: Sequence[Any]
    y: Sequence[Any]
    lower: Sequence[Any] | None = None
    upper: Sequence[Any] | None = None
    kind: str = "line"
    axis: str | None = None
    unit: str | None = None
    rows: int = 0
    part: str | None = None
    currency: bool = False


@dataclass(frozen=True, slots=True)
class Chart:
    """A chart by kind and data, or a finished Plotly figure."""

    kind: str
    title: str
    data: Any
    x_label: str | None = None
    y_label: str | None = None
    unit: str | None = None
    figure: Mapping[str, Any] | None = None
    x_scale: str = "linear"
    y_scale: str = "linear"
    currency: bool = False


@dataclass(frozen=True, slots=True)
class Result:
    """Everything a run shows. Each part keeps the order in which the model gave it."""

    summary: tuple[Metric, ...] = ()
    series: tuple[Series, ...] = ()
    tables: tuple[Table, ...] = ()
    charts: tuple[Chart, ...] = ()
    notes: str | None = None
    files: Mapping[str, Any] = field(default_factory=dict)
    media: tuple[Media, ...] = ()
    warnings: tuple[str, ...] = ()
    extras: Mapping[str, Any] = field(default_factory=dict)
    outputs: Mapping[str, Any] = field(default_factory=dict)

    @property
    def empty(self) -> bool:
        """Whether there is nothing to show."""
        shown = (self.summary, self.series, self.tables, self.charts, self.notes, self.files, self.media, self.extras)
        return not any(shown)

    def table(self, name: str) -> Table:
        """Return the table called `name`.

        Raises:
            KeyError: there is none.
        """
        for table in self.tables:
            if table.name == name:
                return table
        raise KeyError(name)


def require_object(raw: Any) -> dict[str, Any]:
    """Return what a model returned, as a result may be stored.

    Raises:
        ResultError: it is not an object. Anything else is shown as well as it can be.
    """
    if not isinstance(raw, Mapping):
        found = f"the model returned {type(raw).__name__}, not a dictionary"
        raise ResultError([Problem("result", found, "Return {'summary': ..., 'table': ...}.")])
    return {str(key): value for key, value in raw.items()}


def parse_result(raw: Mapping[str, Any], outputs: Mapping[str, Any] | None = None) -> Result:
    """Return the readable form of `raw`, a result as stored.

    Args:
        raw: the dictionary the model returned, large tables and series replaced by references.
        outputs: the manifest's declarations of units, formats and labels.
    """
    reader = _Reader(outputs or {})
    summary = reader.summary(raw.get("summary"))
    series = reader.all_series(raw.get("series"))
    tables = reader.all_tables(raw)
    charts = reader.charts(raw.get("charts"))
    notes = raw.get("notes")
    if isinstance(notes, list) and all(isinstance(n, str) for n in notes):
        notes = "\n\n".join(notes)
    if notes is not None and not isinstance(notes, str):
        reader.misfit("notes", notes, "text")
        notes = None
    files = raw.get("files")
    if files is not None and not isinstance(files, Mapping):
        reader.misfit("files", files, "{name: path}")
        files = None
    warnings = raw.get("warnings")
    warnings = [warnings] if isinstance(warnings, str) else warnings
    if warnings is not None and not isinstance(warnings, list):
        reader.misfit("warnings", warnings, "a list of texts")
        warnings = None
    unknown = {key: value for key, value in raw.items() if key not in KNOWN}
    return Result(
        summary=summary,
        series=series,
        tables=tables,
        charts=charts,
        notes=notes,
        files=files or {},
        media=reader.media(raw),
        warnings=(*map(str, warnings or ()), *reader.warnings),
        extras={**unknown, **reader.extras},
        outputs=outputs or {},
    )


def not_finite(nulls: Mapping[str, Any]) -> tuple[int, list[str]]:
    """Return how many values were not finite, and the paths known, from `{count, where}` or `{path: n}`."""
    if isinstance(nulls.get("count"), int):
        paths = next((v for v in nulls.values() if isinstance(v, list | tuple)), [])
        return nulls["count"], [str(p) for p in paths]
    counts = {str(k): v if isinstance(v, int) else 1 for k, v in nulls.items()}
    return sum(counts.values()), list(counts)


class _Reader:
    """Reads each key of a result; what does not fit goes to `extras` with a warning."""

    def __init__(self, outputs: Mapping[str, Any]) -> None:
        self.outputs = outputs
        self.extras: dict[str, Any] = {}
        self.warnings: list[str] = []

    def declared(self, section: str, key: str) -> Mapping[str, Any]:
        found = self.outputs.get(section)
        if not isinstance(found, Mapping):
            return {}
        item = found.get(key)
        if item is None:  # a label that holds an age or a year is declared by a pattern: Value after * years
            name = next((name for name in found if "*" in name and _matches_wildcards(name, key)), "")
            item = _with_wildcard(name, key, found[name]) if name else None
        return item if isinstance(item, Mapping) else {}

    def misfit(self, where: str, value: Any, words: str) -> None:
        self.extras[where] = value
        self.warnings.append(f"{where} is not {words}: it is shown under More as the model returned it.")

    def scale(self, where: str, value: Any) -> str:
        if value not in {None, *SCALES}:
            self.warnings.append(f"{where} is {value!r}, not {' or '.join(SCALES)}: the axis is linear.")
        return value if value in SCALES else "linear"

    def media(self, raw: Mapping[str, Any]) -> tuple[Media, ...]:
        found: list[Media] = []
        for kind in MediaKind:
            if raw.get(kind) is None:
                continue
            items = read_media(kind, raw[kind])
            if items is None:
                self.misfit(kind, raw[kind], "a list of {title, file or base64, alt}")
            found += items or ()
        return tuple(found)

    def summary(self, raw: Any) -> tuple[Metric, ...]:
        if raw is None:
            return ()
        if isinstance(raw, list) and all(isinstance(m, Mapping) and "label" in m for m in raw):
            raw = {str(m["label"]): m for m in raw}
        if not isinstance(raw, Mapping):
            self.misfit("summary", raw, "an object {label: value}")
            return ()
        metrics = []
        for label, item in raw.items():
            given = item if isinstance(item, Mapping) and "value" in item else {"value": item}
            if isinstance(given["value"], Mapping | list):
                self.misfit(f"summary.{label}", item, "a number or a text")
                continue
            both = {**self.declared("summary", str(label)), **{k: v for k, v in given.items() if v is not None}}
            metrics.append(
                Metric(
                    str(both.get("label", label)),
                    given["value"],
                    _as_text(both.get("unit")),
                    _as_text(both.get("format")),
                    both.get("delta"),
                    _as_text(both.get("help")),
                    currency=both.get("currency") is True,
                )
            )
        return tuple(metrics)

    def all_series(self, raw: Any) -> tuple[Series, ...]:
        if raw is None or raw in ([], {}):
            return ()
        named: list[tuple[str, Any]]
        if isinstance(raw, Mapping) and PART not in raw and not _has_columns(raw):
            named = [(str(name), item) for name, item in raw.items()]
        elif isinstance(raw, list) and all(isinstance(s, Mapping) and _holds_lists(s) for s in raw):
            named = [(str(s.get("name", f"Series {i}")), s) for i, s in enumerate(raw, 1)]
        else:
            named = [("Series", raw)]
        found = []
        for name, item in named:
            one = self.one_series(name, item)
            if one is None:
                self.misfit("series" if len(named) == 1 else f"series.{name}", item, "points {x, y}")
            else:
                found.append(one)
        return tuple(found)

    def one_series(self, name: str, raw: Any) -> Series | None:
        declared = self.declared("charts", name)
        part, rows, extra = None, 0, {}
        if isinstance(raw, list):
            if not all(isinstance(p, Mapping) and "x" in p and "y" in p for p in raw):
                return None
            keys = [k for k in ("x", "y", "lower", "upper") if any(k in p for p in raw)]
            columns = {k: [p.get(k) for p in raw] for k in keys}
        elif isinstance(raw, Mapping):
            extra = dict(raw)
            if PART in raw:
                part, rows = str(raw[PART]), int(raw["rows"])
                columns = {k: list(v) for k, v in raw["head"].items()}
            elif _has_columns(raw):
                columns = {k: raw[k] for k in ("x", "y", "lower", "upper") if isinstance(raw.get(k), list)}
            else:
                return None
        else:
            return None
        if "x" not in columns or not (("y" in columns) or ("lower" in columns and "upper" in columns)):
            return None
        if "y" not in columns:
            columns["y"] = [None] * len(columns["x"])
        if len({len(c) for c in columns.values()}) != 1:
            return None
        both = {**declared, **{k: v for k, v in extra.items() if v is not None}}
        kind = both.get("kind")
        return Series(
            str(both.get("label", name)),
            columns["x"],
            columns["y"],
            columns.get("lower"),
            columns.get("upper"),
            kind if kind in SERIES_KINDS else "line",
            _as_text(both.get("axis")),
            _as_text(both.get("unit")),
            rows or len(columns["x"]),
            part,
            currency=both.get("currency") is True,
        )

    def all_tables(self, raw: Mapping[str, Any]) -> tuple[Table, ...]:
        found = []
        labels = raw.get("columns")
        if labels is not None and not (isinstance(labels, list) and all(isinstance(c, str) for c in labels)):
            self.misfit("columns", labels, "a list of labels")
            labels = None
        if raw.get("table") is not None:
            table = self.one_table("Table", raw["table"], labels)
            if table is None:
                self.misfit("table", raw["table"], "rows or columns of values")
            else:
                found.append(table)
        tables = raw.get("tables")
        if isinstance(tables, Mapping):
            for name, item in tables.items():
                table = self.one_table(str(name), item, None)
                if table is None:
                    self.misfit(f"tables.{name}", item, "rows or columns of values")
                else:
                    found.append(table)
        elif tables is not None:
            self.misfit("tables", tables, "an object {name: table}")
        return tuple(found)

    def one_table(self, name: str, raw: Any, labels: Sequence[str] | None) -> Table | None:
        part, rows, data = None, None, None
        if isinstance(raw, Mapping) and PART in raw:
            part, rows, data = str(raw[PART]), int(raw["rows"]), dict(raw["head"])
        elif isinstance(raw, Mapping):
            if all(isinstance(c, list) for c in raw.values()) and len({len(c) for c in raw.values()}) <= 1:
                data = {str(k): v for k, v in raw.items()}
        elif isinstance(raw, list) and all(isinstance(r, Mapping) for r in raw):
            keys = list(dict.fromkeys(str(k) for r in raw for k in r))
            data = {key: [r.get(key) for r in raw] for key in keys}
        elif isinstance(raw, list) and all(isinstance(r, list) for r in raw):
            width = max((len(r) for r in raw), default=0)
            keys = [str(c) for c in labels or ()][:width]
            keys += [f"Column {i + 1}" for i in range(len(keys), width)]
            data = {k: [r[i] if i < len(r) else None for r in raw] for i, k in enumerate(keys)}
        if data is None:
            return None
        columns = []
        for i, key in enumerate(data):
            declared = self.declared("columns", key)
            label = labels[i] if labels and i < len(labels) else declared.get("label", key)
            unit, format_ = _as_text(declared.get("unit")), _as_text(declared.get("format"))
            columns.append(Column(key, str(label), unit, format_, currency=declared.get("currency") is True))
        count = len(next(iter(data.values()), [])) if rows is None else rows
        return Table(name, tuple(columns), data, count, part)

    def charts(self, raw: Any) -> tuple[Chart, ...]:
        if raw is None:
            return ()
        if isinstance(raw, Mapping):
            if "kind" in raw or "data" in raw:
                raw = [raw]
            else:
                raw = [{"title": str(t), **c} if isinstance(c, Mapping) else c for t, c in raw.items()]
        found = []
        for i, item in enumerate(raw if isinstance(raw, list) else [raw]):
            if isinstance(item, Mapping) and item.get("kind") in KINDS and item.get("data") is not None:
                title = str(item.get("title") or item["kind"].capitalize())
                both = {**self.declared("charts", title), **{k: v for k, v in item.items() if v is not None}}
                found.append(
                    Chart(
                        item["kind"],
                        str(both.get("title") or title),
                        item["data"],
                        _as_text(both.get("x_label")),
                        _as_text(both.get("y_label")),
                        _as_text(both.get("unit")),
                        x_scale=self.scale(f"charts.{title}.x_scale", both.get("x_scale")),
                        y_scale=self.scale(f"charts.{title}.y_scale", both.get("y_scale")),
                        currency=both.get("currency") is True,
                    )
                )
            elif isinstance(item, Mapping) and isinstance(item.get("data"), list) and "kind" not in item:
                found.append(Chart("figure", str(item.get("title", "")), None, figure=item))
            else:
                self.misfit(f"charts[{i}]", item, f"a chart of kind {', '.join(KINDS)} or a Plotly figure")
        return tuple(found)


def _matches_wildcards(pattern: str, text: str) -> bool:
    """Say whether `text` is `pattern` with something, or nothing, for each `*`; the time grows with their lengths."""
    first, *middle, last = pattern.split("*")
    if len(text) < len(first) + len(last) or not (text.startswith(first) and text.endswith(last)):
        return False
    at, end = len(first), len(text) - len(last)
    for part in middle:  # the leftmost place leaves the most to the parts that follow
        found = text.find(part, at, end)
        if found < 0:
            return False
        at = found + len(part)
    return True


def _with_wildcard(pattern: str, text: str, item: Any) -> Any:
    """Return a declaration with what stands for the `*` of its name in place of the `*` of its label."""
    first, star, last = pattern.partition("*")
    if not star or "*" in last or not isinstance(item, Mapping) or not isinstance(item.get("label"), str):
        return item
    return {**item, "label": item["label"].replace("*", text[len(first) : len(text) - len(last)])}


def _holds_lists(item: Mapping[str, Any]) -> bool:
    return PART in item or _has_columns(item)


def _has_columns(item: Mapping[str, Any]) -> bool:
    return isinstance(item.get("x"), list) and any(isinstance(item.get(k), list) for k in ("y", "lower"))


def _as_text(value: Any) -> str | None:
    return None if value is None else str(value)
