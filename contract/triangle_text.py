"""Triangles that somebody pastes or loads: wide, with a column for each development, or long, with a row an amount.

Chosen: the heads decide. A column of developments or of valuation dates makes a text long; otherwise numbers in the
first line (1, 2, 3; 12, 24, 36; d1; Dev 12; 12 months) head the developments. Labels and heads stay as they came; ages
are counted only from valuation dates. All amounts are read as one block, so that one 12,5 decides for its neighbours.
Whatever does not fit is a problem with its line, and nothing is left aside without a word.
Left out: splitting a file into cells, which is `contract.table_file`; ranges and the shape, which `contract.clipboard`
has checked as before a run.
"""

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any, Literal

from contract.clean_text import quote
from contract.csv_export import restore_formula
from contract.date_reader import read_dates
from contract.errors import UnreadableError
from contract.fields import Field, is_whole
from contract.number_block import read_block
from contract.number_format import NumberFormat
from contract.period_label import GRAINS, Period, common_grain, grain_of, parse_period, period_name, spacing_grain
from contract.problems import Problem
from contract.reading import Reading
from contract.table_file import Cell, CellTable, read_file, read_text
from contract.table_rows import file_format, is_empty, plain_number, whole_or_float
from contract.triangle import developing, last_filled

Layout = Literal["wide", "long"]
Record = tuple[int, list[Cell]]

MAX_HEAD = 1_200  # from which on a number in the first line is an amount or a year and heads no development
_ORIGIN = {
    *("origin", "origin year", "origin period", "origin date", "origin quarter", "origin month", "year of origin"),
    *("accident year", "accident period", "accident quarter", "accident month", "accident date", "accyear", "ay"),
    *("underwriting year", "uw year", "uy", "policy year", "py", "report year", "loss date", "date of loss", "cohort"),
    *("occurrence year", "occurrence date", "loss year"),
}
_DEVELOPMENT = {
    *("development", "development year", "development period", "development quarter", "development month", "dev"),
    *("dev year", "dev period", "development lag", "lag", "age", "age in months", "months", "maturity", "devyear"),
}
_VALUATION = {
    *("valuation", "valuation date", "evaluation", "evaluation date", "as of", "as at", "calendar year"),
    *("calendar period", "payment date", "transaction date", "date of payment", "booking date", "valuation year"),
}
_AMOUNT = {"amount", "value", "amounts", "values", "claims", "loss", "losses"}
_MEASURE = {"measure", "type", "kind"}
_HEAD = re.compile(
    r"(?:d|dev(?:elopment)?|age|lag|year|yr|month|quarter|q|period)?(?: ?(?:year|period|quarter|month))?[ _.:-]*"
    r"(\d{1,5})(?:\.0*)?\s*(?:m|mo|mths?|months?|y|yrs?|years?|quarters?)?"
)


@dataclass(frozen=True, slots=True)
class ParsedTriangle:
    """A triangle, None where none could be read; what is wrong, how open texts were read, and in which form it came.

    `places` has the words for parts of the value in the text, by path: ("measures", "paid", 3, 5) is on line 12.
    """

    value: dict[str, Any] | None
    problems: list[Problem]
    notes: list[str] = field(default_factory=list)
    layout: Layout = "wide"
    places: Mapping[tuple[Any, ...], str] = field(default_factory=dict)


def parse_triangle(
    triangle: Field,
    source: str | bytes,
    number_format: NumberFormat,
    *,
    cumulative: bool = True,
    measure: str | None = None,
    grain: Mapping[str, str] | None = None,
) -> ParsedTriangle:
    """Return the triangle in `source`, and a problem for each line and cell that does not fit.

    Args:
        triangle: a field of type triangle.
        source: cells copied out of a spreadsheet, CSV, or the content of a CSV or Excel file.
        number_format: the session's.
        cumulative: what the amounts are; no text says it.
        measure: which one amounts belong to where the text does not say; the first that develops without it.
        grain: lengths of the origin and development periods, or one of them; what it lacks is told from labels, heads
            and dates.
    """
    try:
        names = _known_names(triangle)
        cells = read_text(source, names) if isinstance(source, str) else read_file(source, names)
    except UnreadableError as error:
        where = "the text" if isinstance(source, str) else "the file"
        return ParsedTriangle(None, [Problem(where, error.found, error.remedy)])
    reader = _Reader(triangle, cells, number_format, cumulative, measure or developing(triangle)[0], grain)
    found = reader.read()
    return replace(found, notes=[cells.remark, *found.notes]) if cells.remark else found


def _known_names(triangle: Field) -> set[str]:
    """Return what heads may say, for the separator to be told by: names, and small numbers with and without a d."""
    names = _ORIGIN | _DEVELOPMENT | _VALUATION | _AMOUNT | _MEASURE | set(_measure_names(triangle))
    return names | {f"{mark}{number}" for number in range(MAX_HEAD) for mark in ("", "d")}


def _measure_names(triangle: Field) -> dict[str, str]:
    names = {m.title.casefold(): k for k, m in triangle.measures.items()}
    names |= {m.label.casefold(): k for k, m in triangle.measures.items()}
    return names | {k.casefold(): k for k in triangle.measures}


def _text(cell: Cell) -> str:
    """Return a cell as a label: 2019 for the number 2019.0 of a workbook, the day for a date at midnight."""
    if isinstance(cell, dt.datetime) and cell.time() == dt.time():
        cell = cell.date()
    if isinstance(cell, dt.date):
        return cell.isoformat()
    if cell is None:
        return ""
    return str(int(cell)) if is_whole(cell) else restore_formula(str(cell)).strip()


def _head_number(cell: Cell) -> int | None:
    """Return the development that a head names, or None."""
    match = _HEAD.fullmatch(" ".join(_text(cell).casefold().split()))
    return int(match[1]) if match and int(match[1]) < MAX_HEAD else None


class _Reader:
    """Reads one text; problems and notes are collected on the way."""

    def __init__(
        self,
        triangle: Field,
        cells: CellTable,
        number_format: NumberFormat,
        cumulative: bool,
        measure: str,
        grain: Mapping[str, str] | None,
    ) -> None:
        self.triangle, self.number_format, self.cumulative = triangle, number_format, cumulative
        self.measure, self.given_grain, self.separator = measure, dict(grain or {}), cells.separator
        self.records = cells.records
        self.names = _measure_names(triangle)
        self.problems: list[Problem] = []
        self.notes: list[str] = []
        self.head_words: dict[int, str] = {}
        self.places: dict[tuple[Any, ...], str] = {}  # the words for a part of the value, by its path

    def read(self) -> ParsedTriangle:
        if not self.records:
            return ParsedTriangle(None, [])
        roles = [self._role(cell) for cell in self.records[0][1]]
        layout: Layout = "long" if {"development", "valuation"} & set(roles) else "wide"
        value = self._long(roles) if layout == "long" else self._wide(roles)
        return ParsedTriangle(value, self.problems, list(dict.fromkeys(self.notes)), layout, self.places)

    def _role(self, cell: Cell) -> str:
        """Return what a head says its column holds: a word, `=key` for a measure, `#n` for a development."""
        text = " ".join(_text(cell).casefold().split())
        for role, known in (
            ("origin", _ORIGIN),
            ("development", _DEVELOPMENT),
            ("valuation", _VALUATION),
            ("measure", _MEASURE),
        ):
            if text in known:
                return role
        if text in self.names:
            return f"={self.names[text]}"
        if text in _AMOUNT:
            return f"={self.measure}"
        number = _head_number(cell)
        if number is not None:
            return f"#{number}"
        return "?" if text else ""

    # A column for each development.

    def _wide(self, roles: list[str]) -> dict[str, Any] | None:
        line, first = self.records[0]
        body = self.records[1:]
        heads = [int(role[1:]) for role in roles if role.startswith("#")]
        corner = _is_corner(first[0]) and not roles[0].startswith("#")
        amounts = any(role == "?" and _is_numeric(_text(cell)) for cell, role in zip(first, roles, strict=True))
        if not heads or amounts or (not corner and not _are_heads(heads)):
            roles, body = self._without_heads()
        elif not corner and body and max(len(_trimmed(r)) for _, r in body) == len(heads) + 1:
            roles = ["origin", *roles]  # heads were copied without the corner above the labels
        elif corner and "origin" not in roles and roles[0] in {"", "?"}:
            roles = ["origin", *roles[1:]]
        for cell, role in zip(first, roles, strict=False):
            if role == "?":
                found = f"the triangle has no column {quote(_text(cell))}"
                hint = "Leave it out; head developments 1, 2, 3 or 12, 24, 36."
                self.problems.append(Problem(f"line {line}", found, hint))
        heads = [int(role[1:]) for role in roles if role.startswith("#")]
        words = [_text(cell) for cell in first if _head_number(cell) is not None] if body is not self.records else []
        self.head_words = dict(zip(heads, words, strict=False))
        for before, number in pairwise(heads):
            if number <= before:
                found = f"the development {number} comes after {before}"
                hint = "Give each development once, in increasing order."
                self.problems.append(Problem(f"line {line}", found, hint))
                return None
        return self._rows(roles, heads, body)

    def _without_heads(self) -> tuple[list[str], list[Record]]:
        """Return the roles of columns of a text without heads, whose first column may hold labels."""
        body = self.records
        width = max(len(_trimmed(line)) for _, line in body)
        labels = [_text(line[0]) if line else "" for _, line in body]
        periods = [parse_period(label) for label in labels]
        named = all(p is not None for p in periods) or any(label and not _is_numeric(label) for label in labels)
        if named and width > 1:
            return ["origin", *(f"#{j + 1}" for j in range(width - 1))], body
        return [f"#{j + 1}" for j in range(width)], body

    def _rows(self, roles: Sequence[str], heads: list[int], body: Sequence[Record]) -> dict[str, Any] | None:
        amounts = [j for j, role in enumerate(roles) if role.startswith("#")]
        single = {role[1:]: j for j, role in enumerate(roles) if role.startswith("=")}
        for name in [k for k in single if not self.triangle.measures[k].per_origin]:
            found = f"{self.triangle.measures[name].label} develops and has one column"
            self.problems.append(Problem(f"line {self.records[0][0]}", found, "Give a column for each development."))
            del single[name]
        origin = next((j for j, role in enumerate(roles) if role == "origin"), None)
        which = next((j for j, role in enumerate(roles) if role == "measure"), None)
        rows: list[tuple[int, str, str, list[Cell]]] = []
        for line, cells in body:
            padded = cells + [None] * (len(roles) - len(cells))
            spare = [c for c in cells[len(roles) :] if not is_empty(c)]
            spare += [c for c, role in zip(padded, roles, strict=False) if not role and not is_empty(c)]
            if spare:
                found = f"{quote(_text(spare[0]))} is in a column without a head"
                self.problems.append(Problem(f"line {line}", found, "Head its column, or leave it out."))
            key: str | None = self._measure_named(line, padded[which]) if which is not None else self.measure
            if key is not None:
                label = _text(padded[origin]) if origin is not None else ""
                rows.append((line, key, label or str(len(rows) + 1), padded))
        measures = [key for key in self.triangle.measures if any(key == k for _, k, _, _ in rows)] or [self.measure]
        origins = list(dict.fromkeys(label for _, _, label, _ in rows))
        value = self._value(origins, heads, [m for m in measures if not self.triangle.measures[m].per_origin])
        place = {label: i for i, label in enumerate(origins)}
        seen: dict[tuple[str, str], int] = {}
        block, targets = [], []
        for line, key, label, cells in rows:
            if (key, label) in seen:
                found = f"{label} repeats line {seen[key, label]}"
                self.problems.append(Problem(f"line {line}", found, "Give one row for each origin."))
                continue
            seen[key, label] = line
            i = place[label]
            self.places[("origins", i)] = f"line {line}"
            if self.triangle.measures[key].per_origin:
                block.append([cells[amounts[0]]])
                targets.append((line, [(key, i, 0, "1")]))
                continue
            own = [(key, i, j, self.head_words.get(heads[j], str(heads[j]))) for j in range(len(heads))]
            own += [(k, i, 0, self.triangle.measures[k].label) for k in single]
            block.append([cells[j] for j in amounts] + [cells[j] for j in single.values()])
            targets.append((line, own))
        self._fill(value, block, targets)
        return value

    # A row for each amount.

    def _long(self, roles: list[str]) -> dict[str, Any] | None:
        top, first = self.records[0]
        for cell, role in zip(first, roles, strict=True):
            if role == "?" or role.startswith("#"):
                found = f"the triangle has no column {quote(_text(cell))}"
                hint = "Use origin, development or valuation date, and amount."
                self.problems.append(Problem(f"line {top}", found, f"{hint} Leave other columns out."))
        lacking = [] if "origin" in roles else ["origin"]
        columns = [(j, role[1:]) for j, role in enumerate(roles) if role.startswith("=")]
        lacking += [] if columns else ["amount"]
        for name in lacking:
            found = f"the column {name!r} is missing"
            self.problems.append(Problem(f"line {top}", found, f"Add a column headed {name}."))
        if self.problems:
            return None
        which = roles.index("measure") if "measure" in roles else None
        body = [(line, cells + [None] * (len(roles) - len(cells))) for line, cells in self.records[1:]]
        labels, starts = self._long_origins([(line, cells[roles.index("origin")]) for line, cells in body])
        if "development" in roles:
            numbers = self._long_developments([(line, cells[roles.index("development")]) for line, cells in body])
            grain = self._grain(labels, numbers)
        else:
            column = [(line, cells[roles.index("valuation")]) for line, cells in body]
            numbers, grain = self._long_ages(labels, starts, column)
        kept = [i for i in range(len(body)) if labels[i] is not None and numbers[i] is not None]
        order = {label: starts[i] for i, label in enumerate(labels) if label is not None}
        origins = list(order)
        if all(start is not None for start in order.values()):
            origins.sort(key=lambda label: order[label] or 0)
        developments = sorted({numbers[i] for i in kept})
        if not origins or not developments:
            return None
        if "valuation" in roles and not self.cumulative:
            # Payments that stand on the last diagonal show how far the oldest origin is known.
            step, begun = GRAINS[grain["development"]], [starts[i] for i in kept]
            reach = max(starts[i] + numbers[i] for i in kept) - min(begun)
            developments = list(range(step, max(developments[-1], reach) + 1, step))
        keys: list[str | None] = [None] * len(body)
        for i in kept:
            line, cells = body[i]
            keys[i] = self._measure_named(line, cells[which]) if which is not None else ""
        measures = {k for _, k in columns} if which is None else {k for k in keys if k}
        developed = [m for m in developing(self.triangle) if m in measures] or [self.measure]
        value = {**self._value(origins, developments, developed), "grain": dict(grain)}
        place = {label: i for i, label in enumerate(origins)}
        column_of = {number: j for j, number in enumerate(developments)}
        block, targets = [], []
        for i in kept:
            if keys[i] is None:
                continue
            line, cells = body[i]
            own = [(keys[i] or key, place[labels[i]], column_of[numbers[i]], self._head(j)) for j, key in columns]
            own = [(k, r, 0 if self.triangle.measures[k].per_origin else c, head) for k, r, c, head in own]
            self.places.setdefault(("origins", place[labels[i]]), f"line {line}")
            block.append([cells[j] for j, _ in columns])
            targets.append((line, own))
        self._fill(value, block, targets)
        if "valuation" in roles and not self.cumulative:
            self._fill_unpaid(value, developed)
        return value

    def _head(self, column: int) -> str:
        return _text(self.records[0][1][column])

    def _long_origins(self, cells: Sequence[tuple[int, Cell]]) -> tuple[list[Any], list[Any]]:
        """Return the label of each row and the first month of its period, None where it has none.

        Days are put into periods of the grain; other labels stay as they are.
        """
        labels: list[Any] = [_text(cell) or None for _, cell in cells]
        for (line, _), label in zip(cells, labels, strict=True):
            if label is None:
                self.problems.append(Problem(f"line {line}", "the origin is empty", "Give its label or date."))
        unknown = [i for i, label in enumerate(labels) if label and parse_period(label) is None]
        days = read_dates([[labels[i]] for i in unknown], self.number_format)
        if unknown and all(isinstance(line[0], Reading) for line in days):
            for i, (day,) in zip(unknown, days, strict=True):
                assert isinstance(day, Reading)
                labels[i] = day.value
        periods = [parse_period(label) if label else None for label in labels]
        known = [p for p in periods if p is not None]
        if known and all(p is not None for p, label in zip(periods, labels, strict=True) if label):
            if any(p.months == 0 for p in known):
                grain = self.given_grain.get("origin") or self._grain_of_days(labels, known)
                length = GRAINS[grain]
                labels = [None if p is None else period_name(p.start, length) for p in periods]
                periods = [None if label is None else parse_period(label) for label in labels]
            return labels, [None if p is None else p.start for p in periods]
        return labels, [None] * len(labels)

    def _grain_of_days(self, labels: Sequence[Any], periods: Sequence[Period]) -> str:
        """Return the grain of origins given as days: how far apart first or last days lie; a year for any days."""
        days = [dt.date.fromisoformat(label[:10]) for label in labels if label]
        ends = all(day.day == 1 for day in days) or all((day + dt.timedelta(1)).day == 1 for day in days)
        found = spacing_grain(p.start for p in periods) if ends else "year"
        return found if found in self.triangle.grains else self.triangle.grains[0]

    def _long_developments(self, cells: Sequence[tuple[int, Cell]]) -> list[Any]:
        found = []
        for line, cell in cells:
            number = _head_number(cell)
            if number is None:
                words = f"{quote(_text(cell))} is not a development" if _text(cell) else "the development is empty"
                self.problems.append(Problem(f"line {line}", words, "Give 1, 2, 3 or ages in months."))
            found.append(number)
        return found

    def _long_ages(
        self, labels: Sequence[Any], starts: Sequence[Any], cells: Sequence[tuple[int, Cell]]
    ) -> tuple[list[Any], Mapping[str, str]]:
        """Return the age in months at which each row's amount was known, and the grain that the ages show."""
        ends = self._valuation_months(cells)
        found: list[Any] = []
        for label, start, end, (line, _) in zip(labels, starts, ends, cells, strict=True):
            found.append(None)
            if label is None or end is None:
                continue
            if start is None:
                words = f"{quote(label)} is no period of the calendar, so that no age can be counted from it"
                self.problems.append(Problem(f"line {line}", words, "Give a year, quarter, month or date."))
            elif end <= start:
                words = f"the valuation is before the origin {label}"
                self.problems.append(Problem(f"line {line}", words, "Check both dates."))
            else:
                found[-1] = end - start
        known = [age for age in found if age is not None]
        origin = self._grain([label for label in labels if label], [])["origin"]
        step = self.given_grain.get("development") or spacing_grain([0, *known])
        if "development" not in self.given_grain and not self.cumulative and step == "month":
            step = origin  # payments on any day of the year say nothing of the period that is wanted
        length = GRAINS[step]
        return [None if age is None else -(-age // length) * length for age in found], {
            "origin": origin,
            "development": step,
        }

    def _valuation_months(self, cells: Sequence[tuple[int, Cell]]) -> list[Any]:
        """Return the month after that of each valuation: a year, quarter or month counts to its end."""
        periods = [parse_period(_text(cell)) if _text(cell) else None for _, cell in cells]
        unknown = [i for i, (_, cell) in enumerate(cells) if periods[i] is None and _text(cell)]
        days = read_dates(
            [[_text(cells[i][1])] for i in unknown],
            self.number_format,
            place=lambda row, _: f"line {cells[unknown[row]][0]}",
        )
        found: list[Any] = [None if p is None else p.start + max(p.months, 1) for p in periods]
        for i, (day,) in zip(unknown, days, strict=True):
            if isinstance(day, Problem):
                self.problems.append(day)
            elif day is not None:
                year, month, _ = map(int, day.value.split("-"))
                found[i] = 12 * year + month
                self.notes += [day.note] if day.note else []
        for line, cell in cells:
            if not _text(cell):
                self.problems.append(Problem(f"line {line}", "the valuation date is empty", "Give it as YYYY-MM-DD."))
        return found

    def _fill_unpaid(self, value: dict[str, Any], measures: Sequence[str]) -> None:
        """Write 0 where no payment stands before the last one that any origin shows at that date."""
        step, count = GRAINS[value["grain"]["development"]], 0
        starts = [parse_period(label) for label in value["origins"]]
        reach = [
            (p.start if p else 0) + step * (last_filled(line) + 1)
            for key in measures
            for p, line in zip(starts, value["measures"][key], strict=True)
        ]
        latest = max(reach, default=0)
        for key in measures:
            for p, line in zip(starts, value["measures"][key], strict=True):
                seen = -(-(latest - (p.start if p else 0)) // step)
                for j in range(min(seen, len(line))):
                    if line[j] is None:
                        line[j], count = 0.0, count + 1
        if count:
            self.notes.append(f"{count:,} periods without a payment hold 0")

    # What both forms share.

    def _value(self, origins: list[str], developments: list[int], measures: Sequence[str]) -> dict[str, Any]:
        return {
            "origins": origins,
            "developments": developments,
            "measures": {key: [[None] * len(developments) for _ in origins] for key in measures},
            "grain": dict(self._grain(origins, developments)),
            "cumulative": self.cumulative,
        }

    def _grain(self, labels: Sequence[Any], developments: Sequence[Any]) -> Mapping[str, str]:
        allowed = self.triangle.grains
        origin = common_grain(dict.fromkeys(label for label in labels if label)) or allowed[0]
        origin = origin if origin in allowed else allowed[0]
        known = sorted({d for d in developments if d is not None})
        apart = {b - a for a, b in pairwise(known)}
        development = origin
        if known and apart and min(apart) > 1 and len(apart) == 1:
            (length,) = apart
            if length < GRAINS[origin] and length in GRAINS.values() and grain_of(length) in allowed:
                development = grain_of(length)
        return {"origin": origin, "development": development, **self.given_grain}

    def _measure_named(self, line: int, cell: Cell) -> str | None:
        key = self.names.get(_text(cell).casefold())
        if key is None:
            words = ", ".join(m.label for m in self.triangle.measures.values())
            found = f"{quote(_text(cell))} is not a measure" if _text(cell) else "the measure is empty"
            self.problems.append(Problem(f"line {line}", found, f"Use {words}."))
        return key

    def _fill(self, value: dict[str, Any], block: list[list[Cell]], targets: Sequence[tuple[int, list[Any]]]) -> None:
        """Read the amounts as one block and put each where it belongs."""
        measures = self.triangle.measures
        plain: list[list[str | float | None]] = []
        for cells, (line, own) in zip(block, targets, strict=True):
            plain.append([])
            for cell, (key, _, _, head) in zip(cells, own, strict=True):
                try:
                    plain[-1].append(plain_number(cell, measures[key]))
                except UnreadableError as error:
                    self.problems.append(Problem(_cell(line, head), error.found, error.remedy))
                    plain[-1].append(None)
        texts = (cell for line in plain for cell in line if isinstance(cell, str))
        unit = next((m.unit for m in measures.values() if m.unit), "") or ""
        read = read_block(
            plain,
            file_format(self.separator, texts, self.number_format),
            units=[unit] * max(map(len, plain), default=0),
            place=lambda row, column: _cell(targets[row][0], targets[row][1][column][3]),
        )
        filled: dict[tuple[str, int, int], int] = {}
        added = 0
        for readings, (line, own) in zip(read, targets, strict=True):
            for found, (key, i, j, head) in zip(readings, own, strict=True):
                where = _cell(line, head)
                self.places.setdefault(("measures", key, i, j), where)
                if isinstance(found, Problem):
                    self.problems.append(found)
                if found is None or isinstance(found, Problem):
                    continue
                amount = whole_or_float(measures[key], found.value)
                self.notes += [found.note] if found.note else []
                height = len(value["origins"])
                matrix = value["measures"].setdefault(key, [[None] for _ in range(height)])
                before = filled.setdefault((key, i, j), line)
                if before == line or (measures[key].per_origin and matrix[i][j] == amount):
                    matrix[i][j] = amount
                elif measures[key].per_origin or self.cumulative:
                    words = f"line {before} has another amount for the same origin" + (
                        "" if measures[key].per_origin else " and development"
                    )
                    self.problems.append(Problem(where, words, "Give it once."))
                else:
                    matrix[i][j] = _sum(matrix[i][j], amount)
                    added += 1
        if added:
            self.notes.append(f"{added:,} amounts were added to another one of the same origin and development")


def _are_heads(numbers: Sequence[int]) -> bool:
    """Say whether numbers without a corner head developments rather than being amounts: they lie equally apart."""
    apart = {b - a for a, b in pairwise(numbers)}
    return len(apart) <= 1 and all(a > 0 for a in apart) and (numbers[0] <= max(apart, default=1) or numbers[0] < 13)


def _is_corner(cell: Cell) -> bool:
    """Say whether the first cell can stand above labels: it is empty or a word, and no label itself."""
    text = _text(cell)
    return not text or (not _is_numeric(text) and parse_period(text) is None)


def _trimmed(cells: Sequence[Cell]) -> Sequence[Cell]:
    last = max((j for j, cell in enumerate(cells) if not is_empty(cell)), default=-1)
    return cells[: last + 1]


def _is_numeric(text: str) -> bool:
    return not re.search(r"[^\W\d_]", text.replace("e", "").replace("E", ""))


def _sum(one: float, other: float) -> float:
    return float(Decimal(repr(one)) + Decimal(repr(other)))


def _cell(line: int, head: str) -> str:
    return f"line {line}, column {head!r}"
