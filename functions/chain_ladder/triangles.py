"""Run-off triangles: read from the typed table or from a bundled file, and checked cell by cell.

Chosen: rows are origin years and columns development years of equal length; amounts are cumulative inside.
Left out: triangles with holes between filled cells, and estimating what was lost.
"""

import csv
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import numpy as np

SHOWN = 10  # problems named in one message
LONGEST = 60  # development columns of the table
BUNDLED = ("taylor_ashe", "raa", "mortgage", "abc", "uk_motor", "merz_wuthrich")


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


def choose(inputs):
    """Return the triangle that the inputs ask for.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    if inputs["data"] == "own":
        return read(inputs["triangle"], incremental=inputs["amounts"] == "incremental")
    return read(bundled(inputs["data"]))


def bundled(name):
    """Return the rows of a bundled triangle, as the table would hold them."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return [{k: v if k == "origin" else float(v) if v else None for k, v in row.items()} for row in rows]


def read(rows, *, incremental=False):
    """Return the triangle typed as rows of `origin`, `premium`, `d1`, `d2`, ...; empty rows are left out.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    problems, kept = [], []
    for i, row in enumerate(rows):
        cells = [row.get(f"d{j + 1}") for j in range(LONGEST)]
        filled = [j for j, v in enumerate(cells) if v is not None]
        if not filled:
            if row.get("origin") or row.get("premium") is not None:
                problems.append(f"inputs.triangle[{i}]: the row holds no amount. Fill it or delete it.")
            continue
        first = filled[0]
        problems += [
            f"inputs.triangle[{i}].d{j + 1}: the cell is empty between filled ones. Give the amount."
            for j in range(first, filled[-1])
            if cells[j] is None
        ]
        if first and incremental:
            problems.append(f"inputs.triangle[{i}].d1: increments must start with the first year. Give the amount.")
        kept.append((i, row, cells, filled[-1]))
    if len(kept) < 2 or max((last for *_, last in kept), default=0) < 1:
        problems.append("inputs.triangle: it has fewer than 2 rows or columns. Give at least 2 of each.")
    for (_, _, _, above), (i, _, _, last) in pairwise(kept):
        if last > above:
            problems.append(
                f"inputs.triangle[{i}]: it reaches development year {last + 1}, the row above only {above + 1}. "
                "Put the oldest origin year first and shift the row."
            )
    if problems:
        _refuse(problems)
    n = max(last for *_, last in kept) + 1
    values = np.array([[np.nan if v is None else v for v in cells[:n]] for _, _, cells, _ in kept], float)
    if incremental:
        values = np.cumsum(values, axis=1)
    for (i, *_), line in zip(kept, values, strict=True):
        problems += [
            f"inputs.triangle[{i}].d{j + 1}: the cumulative amount {line[j]:,.10g} is below 0. Give 0 or more."
            for j in np.flatnonzero(line < 0)
        ]
        premium = rows[i].get("premium")
        if premium is not None and premium <= 0:
            problems.append(
                f"inputs.triangle[{i}].premium: {premium:,.10g} is not above 0. Give more, or leave it empty."
            )
    if problems:
        _refuse(problems)
    return Triangle(
        [str(row.get("origin") or i + 1) for i, row, *_ in kept],
        values,
        np.array([last for *_, last in kept]),
        np.array([np.nan if row.get("premium") is None else row["premium"] for _, row, *_ in kept], float),
    )


def _refuse(problems):
    more = len(problems) - SHOWN
    raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
