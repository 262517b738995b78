"""Run-off triangles, read from a typed table or a bundled file and checked cell by cell.

Chosen: every origin year is known from its first development year to its latest, as the over-dispersed Poisson model
needs it; amounts are cumulative inside. Columns headed by age (12, 24, 36) are read in their order. Increments are
added in decimal arithmetic, so that amounts in cents that cancel give 0 and no residue of binary fractions.
Left out: triangles that lack their first calendar years.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

SHOWN = 10  # problems named in one message
LONGEST = 40  # development columns of the table
RESIDUE = 1e-12  # of the row's largest amount: a negative cumulative amount no larger is what rounding left of 0


@dataclass(frozen=True)
class Triangle:
    """Cumulative amounts of m origin years over n development years.

    Attributes:
        origins: names of the origin years.
        values: shape (m, n), NaN where not yet observed.
        latest: column of the last observed amount of each row, shape (m,).
        premium: of each origin year as typed, shape (m,), NaN where not given. Methods that use it check its sign.
        rows: index of each origin year's row in the table, shape (m,), for messages.
        spacing: how far apart the columns' heads are, 1 where they number the development years.
    """

    origins: list
    values: np.ndarray
    latest: np.ndarray
    premium: np.ndarray
    rows: np.ndarray
    spacing: int = 1

    @property
    def diagonal(self):
        """The last observed amount of each row, shape (m,)."""
        return self.values[np.arange(len(self.origins)), self.latest]

    @property
    def known(self):
        """Where amounts are observed, shape (m, n)."""
        return np.arange(self.values.shape[1]) <= self.latest[:, None]

    @property
    def increments(self):
        """Amounts of each development year alone, shape (m, n), NaN where not observed."""
        return np.diff(self.values, axis=1, prepend=0.0)


def bundled(name):
    """Return the rows of a bundled triangle, as the table would hold them."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{k: v if k == "origin" else float(v) if v else None for k, v in row.items()} for row in rows]


def read(rows, *, incremental=False, where="triangle", positive=False, warnings=None):
    """Return the triangle in rows of `origin`, `premium`, `d1`, `d2`, ...; empty rows are left out.

    Args:
        rows: as the table holds them, oldest origin year first.
        incremental: whether a cell holds the year's own amount.
        where: the input's key, for problems.
        positive: whether every cumulative amount must be above 0, and not only the latest ones.
        warnings: a list that gets a sentence where columns are headed by age.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    problems, kept = [], []
    columns = development_columns(rows, problems, warnings, where)
    for i, row in enumerate(rows):
        cells = [row.get(f"d{number}") for number in columns]
        filled = [j for j, v in enumerate(cells) if v is not None]
        if not filled:
            if row.get("origin") or row.get("premium") is not None:
                problems.append(f"inputs.{where}[{i}]: the row holds no amount. Fill it or delete it.")
            continue
        problems += [
            f"inputs.{where}[{i}].d{columns[j]}: the cell is empty before a filled one. Give the amount."
            for j in range(filled[-1])
            if cells[j] is None
        ]
        kept.append((i, row, cells, filled[-1]))
    for (_, _, _, above), (i, _, _, last) in pairwise(kept):
        if last > above:
            problems.append(
                f"inputs.{where}[{i}].d{columns[last]}: the row reaches further than the one above. "
                "Put the oldest origin year first, and shift the row."
            )
    if len(kept) < 3 or max((last for *_, last in kept), default=0) < 2:
        problems.append(f"inputs.{where}: it has fewer than 3 rows or columns. Give at least 3 of each.")
    if problems:
        _refuse(problems)
    n, latest = max(last for *_, last in kept) + 1, np.array([last for *_, last in kept])
    values = np.array([cumulative(cells[:n], incremental=incremental) for _, _, cells, _ in kept])
    for (i, *_), line, last in zip(kept, values, latest, strict=True):
        low = (line <= 0) if positive else (line < 0)
        if line[last] == 0:
            low[last] = True  # a year without any amount has no level to develop
        problems += [
            f"inputs.{where}[{i}].d{columns[j]}: the cumulative amount {line[j]:,.10g} is not above 0. "
            "Give more than 0."
            for j in np.flatnonzero(low)
        ]
    if not problems:
        linked = latest[:, None] > np.arange(n - 1)
        problems += [
            f"inputs.{where}: in development year {k + 1} no amount above 0 has a next year to develop into. "
            "Give one, or leave the column out."
            for k in np.flatnonzero(np.where(linked, values[:, :-1], 0).sum(axis=0) <= 0)
        ]
    if problems:
        _refuse(problems)
    return Triangle(
        [str(row.get("origin") or i + 1) for i, row, *_ in kept],
        values,
        latest,
        np.array([np.nan if row.get("premium") is None else row["premium"] for _, row, *_ in kept], float),
        np.array([i for i, *_ in kept]),
        columns[1] - columns[0],
    )


def development_columns(rows, problems, warnings, where):
    """Return the numbers of the table's columns that hold the development years, in order.

    A triangle pasted under the heads 12, 24, 36 fills every twelfth column: the heads are ages in months then. Other
    columns that are empty in every row, between filled ones, are added to `problems`.
    """
    filled = [j for j in range(1, LONGEST + 1) if any(row.get(f"d{j}") is not None for row in rows)]
    if not filled or filled == list(range(filled[0], filled[-1] + 1)):
        return list(range(1, LONGEST + 1))
    step, named = filled[0], ", ".join(map(str, filled[:6])) + (", ..." if len(filled) > 6 else "")
    if step > 1 and filled == [step * (k + 1) for k in range(len(filled))]:
        if warnings is not None:
            warnings.append(
                f"The column heads in use are {named}: they are read as ages, so that {step} is the first "
                f"development year and {2 * step} the second."
            )
        return filled
    problems.append(
        f"inputs.{where}: only the columns {named} hold amounts, those between are empty in every row. Head them "
        "1, 2, 3 and so on, one for each development year."
    )
    return filled


def cumulative(cells, *, incremental):
    """Return a row's cumulative amounts, NaN for empty cells, shape (n,).

    Increments are added as the decimals that were typed: 1200.30 - 1000.10 - 200.20 is 0. In cumulative amounts, such a
    residue may have been typed or pasted already; where it is negative, it is taken as 0.
    """
    if incremental:
        typed = list(accumulate(Decimal(repr(float(v))) for v in cells if v is not None))
        values = np.array([float(v) for v in typed] + [np.nan] * (len(cells) - len(typed)))
    else:
        values = np.array([np.nan if v is None else v for v in cells], float)
    floor = -RESIDUE * np.nanmax(np.abs(values))
    return np.where((values < 0) & (values >= floor), 0.0, values)


def _refuse(problems):
    more = len(problems) - SHOWN
    raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))


def factors(triangle):
    """Return volume-weighted development factors, shape (n - 1,).

    f_k = Σ C_{i,k+1} / Σ C_{i,k} over the rows that know both.

    Source: Mack (1993), ASTIN Bulletin 23(2), p. 215.
    """
    both = triangle.known[:, 1:]
    above = np.where(both, triangle.values[:, 1:], 0).sum(axis=0)
    return above / np.where(both, triangle.values[:, :-1], 0).sum(axis=0)


def fitted(triangle):
    """Return the increments that the chain ladder fits to every cell, past and future, shape (m, n).

    Backwards from the last diagonal by the factors, forwards beyond it: the maximum likelihood fit of the
    over-dispersed Poisson model with origin and development effects.

    Source: Renshaw and Verrall (1998), British Actuarial Journal 4(4); England and Verrall (1999), appendix 1.
    """
    growth = np.concatenate(([1.0], np.cumprod(factors(triangle))))
    level = triangle.diagonal / growth[triangle.latest]
    return level[:, None] * np.diff(growth, prepend=0.0)
