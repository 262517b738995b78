"""Life tables by name: one-year probabilities of death by age, ready for a contract's cash flows.

Chosen: SULT and the Illustrative Life Table come from their published Makeham parameters, so that no digits are
lost to rounding; tables of the SOA's archive are read from the files that the package pymort installs.
Left out: select periods. A table with a select period is read as its ultimate part.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from actuarial import mortality_laws, soa_tables

SULT = (0.00022, 2.7e-6, 1.124)  # AMLCR 3rd ed., Appendix D: the ultimate part of the standard select model
ILT = (0.0007, 0.00005, 10**0.04)  # Bowers et al. (1997), Appendix 2A: Makeham from age 13 up
ILT_START, ILT_RADIX_AGE, ILT_RADIX = 13, 20, 96_178.0048
MAKEHAM_RADIX_AGE, RADIX = 20, 100_000.0
LAST_AGE = 130
AM92 = 2513


@dataclass(frozen=True)
class LifeTable:
    """Probabilities of death `q` by age from `start` up, the last of them 1, and the lives l(x), both (n,)."""

    name: str
    start: int
    q: np.ndarray
    lives: np.ndarray

    @property
    def last(self):
        """The highest age at which a life can be alive, in years."""
        return self.start + len(self.q) - 1


def choose(inputs, *, where="archive_number"):
    """Return the table that the inputs ask for, its mortality multiplied.

    Args:
        inputs: as in manifest.json.
        where: the input that names the table's number in the archive.

    Raises:
        ValueError: the table is not in the archive, or the typed rows are not a table.
    """
    name = inputs["table"]
    if name == "SULT":
        table = makeham("Standard Ultimate Life Table", *SULT)
    elif name == "SOA_ILT":
        table = makeham("SOA Illustrative Life Table", *ILT, start=ILT_START, anchor=(ILT_RADIX_AGE, ILT_RADIX))
    elif name == "makeham":
        table = makeham("Makeham's law", inputs["makeham_a"], inputs["makeham_b"], inputs["makeham_c"])
    elif name == "AM92":
        table = archived(AM92)
    elif name == "archive":
        table = archived(inputs["archive_number"], where)
    else:
        table = typed(inputs["own_table"])
    multiplier = inputs["multiplier"] / 100
    if multiplier == 1:
        return table
    q = np.minimum(table.q * multiplier, 1.0)
    q[-1] = 1.0
    return LifeTable(f"{inputs['multiplier']:g} % of {table.name}", table.start, q, _lives(q, table.lives[0]))


def makeham(name, a, b, c, *, start=0, anchor=(MAKEHAM_RADIX_AGE, RADIX)):
    """Return the table of Makeham's law, force of mortality A + B c^x, up to age 130.

    p(x) = exp(-A - B c^x (c - 1) / ln c)

    Args:
        name: the table's name.
        a: the part of the force that age does not change, per year.
        b: the part at age 0 that grows, per year.
        c: its growth over one year of age, 1 or more.
        start: the first age, in years.
        anchor: an age and the number of lives there, which fixes the scale of l(x).

    Raises:
        ValueError: c is below 1, or nobody would ever die.

    Source: Makeham (1860); AMLCR 3rd ed., section 2.3.1.
    """
    problems = []
    if c < 1:
        problems.append(f"inputs.makeham_c: {c:g} is below 1, so mortality would fall with age. Give 1 or more.")
    if a + b <= 0:
        problems.append("inputs.makeham_a: A and B are both 0, so nobody would die. Give one of them above 0.")
    if problems:
        raise ValueError("\n".join(problems))
    ages = np.arange(start, LAST_AGE + 1)
    q = mortality_laws.makeham(ages, a=a, b=b, c=c)
    q[-1] = 1.0
    lives = _lives(q, 1.0)
    at, number = anchor
    return LifeTable(name, start, q, lives * number / lives[at - start])


def archived(number, where="table"):
    """Return table `number` of the SOA's archive (mort.soa.org), its ultimate part.

    Raises:
        ValueError: the archive has no such table, or it holds no one-year rates by age.
    """
    try:
        found = soa_tables.read(number)
    except soa_tables.NoTableError:
        raise ValueError(
            f"inputs.{where}: the SOA archive has no table {number}. Look the number up at mort.soa.org."
        ) from None
    except soa_tables.NoRatesError:
        raise ValueError(
            f"inputs.{where}: table {number} of the SOA archive holds no one-year probabilities by age alone. "
            "Choose an aggregate or ultimate mortality table."
        ) from None
    q = np.append(found.q, 1.0) if found.q[-1] < 1 else found.q
    return LifeTable(f"{found.name} (SOA {number})", found.start, q, _lives(q, RADIX))


def typed(rows):
    """Return the table typed or pasted as rows of `age` and `qx`.

    Raises:
        ValueError: with every row that is out of order or out of range.
    """
    if len(rows) < 2:
        raise ValueError("inputs.own_table: it has fewer than 2 rows. Paste an age and a probability of death per row.")
    rows = sorted(rows, key=lambda row: row["age"])
    problems = []
    for before, row in pairwise(rows):
        if row["age"] != before["age"] + 1:
            problems.append(
                f"inputs.own_table: age {row['age']} follows {before['age']}. Give every age once, without gaps."
            )
    problems += [
        f"inputs.own_table: qx {row['qx']:g} at age {row['age']} is outside 0 to 1. Give a probability."
        for row in rows
        if not 0 <= row["qx"] <= 1
    ]
    if problems:
        raise ValueError("\n".join(problems[:20]))
    q = np.array([row["qx"] for row in rows], dtype=float)
    if q[-1] < 1:
        q = np.append(q, 1.0)
    return LifeTable("Own table", int(rows[0]["age"]), q, _lives(q, RADIX))


def _lives(q, first):
    return first * np.concatenate(([1.0], np.cumprod(1 - q[:-1])))
