"""Run-off triangles: the object that the form and the API give, or a bundled file, as arrays of cumulative amounts.

Chosen: every origin is known from its first development to its latest, as the over-dispersed Poisson model needs it;
amounts are cumulative inside. Increments are added in decimal arithmetic, so that amounts in cents that cancel give 0
and no residue of binary fractions.
Left out: what every triangle is checked for before a run (text, holes, rows that reach too far), and triangles that
lack their first calendar years.
"""

import csv
from dataclasses import dataclass
from decimal import Decimal
from itertools import accumulate, pairwise
from pathlib import Path

import numpy as np

SHOWN = 10  # problems named in one message
RESIDUE = 1e-12  # of the row's largest amount: a negative cumulative amount no larger is what rounding left of 0
MONTHS = {"year": 12, "half-year": 6, "quarter": 3, "month": 1}


@dataclass(frozen=True)
class Triangle:
    """Cumulative amounts of m origin periods over n development periods.

    Attributes:
        origins: labels of the origin periods.
        values: shape (m, n), NaN where not yet observed.
        latest: column of the last observed amount of each row, shape (m,).
        premium: of each origin period, shape (m,), NaN where not given. Methods that use it check its sign.
        heads: of the n columns as given: 1, 2, 3, or ages in months.
        head_unit: what the heads count, "year", "half-year", "quarter" or "month".
        grain: lengths of the periods, {"origin": ..., "development": ...}, in the same words.
    """

    origins: list
    values: np.ndarray
    latest: np.ndarray
    premium: np.ndarray
    heads: list
    head_unit: str
    grain: dict

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
        """Amounts of each development period alone, shape (m, n), NaN where not observed."""
        return np.diff(self.values, axis=1, prepend=0.0)

    @property
    def months(self):
        """Months of an origin and of a development period; None where the two differ."""
        lengths = {MONTHS[length] for length in self.grain.values()}
        return lengths.pop() if len(lengths) == 1 else None

    def named(self, column):
        """Return a column in words, "year 3" or "month 36"."""
        return f"{self.head_unit} {self.heads[column]}"


def bundled(name):
    """Return a bundled triangle in the form of the input."""
    with (Path(__file__).parent / f"{name}.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    heads = [key for key in rows[0] if key not in {"origin", "premium"}]
    measures = {"amount": [[float(row[key]) if row[key] else None for key in heads] for row in rows]}
    if "premium" in rows[0]:
        measures["premium"] = [[float(row["premium"])] for row in rows]
    return {
        "origins": [row["origin"] for row in rows],
        "developments": [int(key.removeprefix("d")) for key in heads],
        "measures": measures,
        "grain": {"origin": "year", "development": "year"},
        "cumulative": True,
    }


def read(given, *, key="triangle", measure="amount", positive=False):
    """Return the triangle of a measure in the object that an input holds.

    Args:
        given: `{origins, developments, measures: {name: amounts}, grain, cumulative}`, oldest origin first; None where
            no amount is known.
        key: the input's, for problems.
        measure: which of the measures.
        positive: whether every cumulative amount must be above 0, and not only the latest ones.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    where, amounts = f"inputs.{key}.measures.{measure}", given["measures"][measure]
    latest = np.array([max((j for j, v in enumerate(line) if v is not None), default=-1) for line in amounts])
    heads = given["developments"][: max(latest) + 1]
    problems = [f"{where}[{i}]: the row holds no amount. Fill it or delete it." for i in np.flatnonzero(latest < 0)]
    problems += [
        f"{where}[{i}][{j}]: the cell is empty before a filled one. Give the amount."
        for i, last in enumerate(latest)
        for j in range(last)
        if amounts[i][j] is None
    ]
    if len({b - a for a, b in pairwise(heads)}) > 1:
        problems.append(
            f"inputs.{key}.developments: {', '.join(map(str, heads[:6]))}{', ...' if len(heads) > 6 else ''} are "
            "not equally far apart. Give a column for each period, or put periods together."
        )
    if len(amounts) < 3 or len(heads) < 3:
        problems.append(f"inputs.{key}: it has fewer than 3 origins or developments. Give at least 3 of each.")
    if problems:
        _refuse(problems)
    values = np.array([cumulative(line[: len(heads)], incremental=not given["cumulative"]) for line in amounts])
    step, grain = heads[1] - heads[0], given["grain"]
    premium = given["measures"].get("premium") or [[None]] * len(values)
    found = Triangle(
        list(given["origins"]),
        values,
        latest,
        np.array([np.nan if p is None else p for (p,) in premium], float),
        heads,
        "month" if step % MONTHS[grain["development"]] == 0 else grain["development"],
        grain,
    )
    for i, line in enumerate(values):
        low = (line <= 0) if positive else (line < 0)
        if line[latest[i]] == 0:
            low[latest[i]] = True  # an origin without any amount has no level to develop
        problems += [
            f"{where}[{i}][{j}]: the cumulative amount {line[j]:,.10g} is not above 0. Give more than 0."
            for j in np.flatnonzero(low)
        ]
    if not problems:
        linked = latest[:, None] > np.arange(len(heads) - 1)
        problems += [
            f"inputs.{key}: in development {found.named(k)} no amount above 0 has a next one to develop into. "
            "Give one, or leave the column out."
            for k in np.flatnonzero(np.where(linked, values[:, :-1], 0).sum(axis=0) <= 0)
        ]
    if problems:
        _refuse(problems)
    return found


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
