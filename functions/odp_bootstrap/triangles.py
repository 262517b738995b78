"""Run-off triangles, read from a typed table or a bundled file and checked cell by cell.

Chosen: every origin year is known from its first development year to its latest, as the over-dispersed Poisson model
needs it; amounts are cumulative inside.
Left out: triangles that lack their first calendar years.
"""

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

SHOWN = 10  # problems named in one message
LONGEST = 40  # development columns of the table


@dataclass(frozen=True)
class Triangle:
    """Cumulative amounts of m origin years over n development years.

    Attributes:
        origins: names of the origin years.
        values: shape (m, n), NaN where not yet observed.
        latest: column of the last observed amount of each row, shape (m,).
        premium: of each origin year, shape (m,), NaN where not given.
    """

    origins: list
    values: np.ndarray
    latest: np.ndarray
    premium: np.ndarray

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


def read(rows, *, incremental=False, where="triangle"):
    """Return the triangle in rows of `origin`, `premium`, `d1`, `d2`, ...; empty rows are left out.

    Args:
        rows: as the table holds them, oldest origin year first.
        incremental: whether a cell holds the year's own amount.
        where: the input's key, for problems.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    problems, kept = [], []
    for i, row in enumerate(rows):
        cells = [row.get(f"d{j + 1}") for j in range(LONGEST)]
        filled = [j for j, v in enumerate(cells) if v is not None]
        if not filled:
            if row.get("origin") or row.get("premium") is not None:
                problems.append(f"inputs.{where}[{i}]: the row holds no amount. Fill it or delete it.")
            continue
        problems += [
            f"inputs.{where}[{i}].d{j + 1}: the cell is empty before a filled one. Give the amount."
            for j in range(filled[-1])
            if cells[j] is None
        ]
        if row.get("premium") is not None and row["premium"] <= 0:
            problems.append(f"inputs.{where}[{i}].premium: {row['premium']:g} is not above 0. Give more, or none.")
        kept.append((i, row, cells, filled[-1]))
    for (_, _, _, above), (i, _, _, last) in pairwise(kept):
        if last > above:
            problems.append(
                f"inputs.{where}[{i}]: it reaches development year {last + 1}, the row above only {above + 1}. "
                "Put the oldest origin year first and shift the row."
            )
    if len(kept) < 3 or max((last for *_, last in kept), default=0) < 2:
        problems.append(f"inputs.{where}: it has fewer than 3 rows or columns. Give at least 3 of each.")
    if not problems:
        n = max(last for *_, last in kept) + 1
        values = np.array([[np.nan if v is None else v for v in cells[:n]] for _, _, cells, _ in kept], float)
        if incremental:
            values = np.cumsum(values, axis=1)
        problems += [
            f"inputs.{where}[{kept[i][0]}].d{j + 1}: the cumulative amount {values[i, j]:,.10g} is not above 0. "
            "Give more than 0."
            for i, j in np.argwhere(values <= 0).tolist()
        ]
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    return Triangle(
        [str(row.get("origin") or i + 1) for i, row, *_ in kept],
        values,
        np.array([last for *_, last in kept]),
        np.array([np.nan if row.get("premium") is None else row["premium"] for _, row, *_ in kept], float),
    )


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
