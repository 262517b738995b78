"""Run-off triangles: the object that the form and the API give, or a bundled file, as arrays of cumulative amounts.

Chosen: amounts are cumulative inside. Increments are added in decimal arithmetic, so that amounts in cents that cancel
give 0 and no residue of binary fractions.
Left out: what every triangle is checked for before a run (text, holes, rows that reach too far), and estimating what
was lost.
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
BUNDLED = ("taylor_ashe", "raa", "mortgage", "abc", "uk_motor", "merz_wuthrich")


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

    def named(self, column):
        """Return a column in words, "year 3" or "month 36"; those beyond the last are counted on."""
        return f"{self.head_unit} {self.head(column)}"

    def head(self, column):
        """Return the head of a column; those beyond the last are counted on."""
        beyond = column - len(self.heads) + 1
        return self.heads[column] if beyond <= 0 else self.heads[-1] + beyond * (self.heads[-1] - self.heads[-2])


def choose(inputs, warnings=None):
    """Return the triangle that the inputs ask for.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    if inputs["data"] == "own":
        return read(inputs["triangle"], warnings=warnings)
    return read(bundled(inputs["data"]))


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


def read(given, *, warnings=None):
    """Return the triangle in the object that the input holds.

    Args:
        given: `{origins, developments, measures: {amount, premium?}, grain, cumulative}`, oldest origin first; None
            where no amount is known.
        warnings: a list that gets a sentence where cumulative amounts fall.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    where, amounts, problems = "inputs.triangle.measures.amount", given["measures"]["amount"], []
    latest = [max((j for j, v in enumerate(line) if v is not None), default=-1) for line in amounts]
    problems += [
        f"{where}[{i}][{last}]: increments must start with the first development. Give the amounts before this one."
        for i, (line, last) in enumerate(zip(amounts, latest, strict=True))
        if not given["cumulative"] and line[0] is None
    ]
    heads = given["developments"][: max(latest) + 1]
    if len({b - a for a, b in pairwise(heads)}) > 1:
        problems.append(
            f"inputs.triangle.developments: {', '.join(map(str, heads[:6]))}{', ...' if len(heads) > 6 else ''} are "
            "not equally far apart. Give a column for each period, or put periods together."
        )
    if len(heads) < 2:
        problems.append("inputs.triangle: only one development holds amounts. Give at least 2.")
    if problems:
        _refuse(problems)
    values = np.array([cumulative(line[: len(heads)], incremental=not given["cumulative"]) for line in amounts])
    for i, line in enumerate(values):
        problems += [
            f"{where}[{i}][{j}]: the cumulative amount {line[j]:,.10g} is below 0. Give 0 or more."
            for j in np.flatnonzero(line < 0)
        ]
    if problems:
        _refuse(problems)
    premium = given["measures"].get("premium") or [[None]] * len(values)
    step, grain = heads[1] - heads[0], given["grain"]
    found = Triangle(
        list(given["origins"]),
        values,
        np.array(latest),
        np.array([np.nan if p is None else p for (p,) in premium], float),
        heads,
        "month" if step % MONTHS[grain["development"]] == 0 else grain["development"],
        grain,
    )
    if warnings is not None:
        warnings += _falls(found)
    return found


def _falls(triangle):
    """Return a sentence where cumulative amounts fall, which payments rarely do."""
    cells = np.argwhere(np.diff(triangle.values, axis=1) < 0)
    if not len(cells):
        return []
    named = [f"{triangle.origins[i]} in development {triangle.named(j + 1)}" for i, j in cells[:3]]
    more = f" and {len(cells) - 3:,} more" if len(cells) > 3 else ""
    return [f"Cumulative amounts fall: {', '.join(named)}{more}. That is usual for incurred claims; check payments."]


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
