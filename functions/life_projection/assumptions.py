"""Assumptions by month: mortality by age and duration, lapses, expenses, discount factors, and their stresses.

Chosen: yearly rates r become monthly ones as 1 - (1 - r)^(1/12); a stress is another set of assumptions, so that
every run of the projection is the same code.
Left out: assumptions that change with calendar year, except for the catastrophe of the first twelve months.
"""

import csv
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from actuarial import mortality_laws, soa_tables

MAKEHAM_SULT = (0.00022, 2.7e-6, 1.124)  # AMLCR 3rd ed., Appendix D
MONTHS = 12


@dataclass(frozen=True)
class Assumptions:
    """What the projection assumes.

    Attributes:
        first_age: age of the mortality table's first row.
        mortality: one-year probabilities of death by age (rows) and policy year 1, 2, ... (columns); the last
            column holds for all later years, shape (a, s).
        lapse: yearly lapse rates by policy year, the last for all later years, shape (k,).
        acquisition: money per policy at entry.
        maintenance: money per policy and year.
        inflation: of maintenance expenses, yearly, as a fraction.
        spot: yearly spot rates by year of payment, as fractions, the last for all later years, shape (y,).
        catastrophe: added to yearly mortality in the first twelve months.
        mass_lapse: share of policies that leave at the start.
    """

    first_age: int
    mortality: np.ndarray
    lapse: np.ndarray
    acquisition: float
    maintenance: float
    inflation: float
    spot: np.ndarray
    catastrophe: float = 0.0
    mass_lapse: float = 0.0

    @property
    def last_age(self):
        """The mortality table's last age."""
        return self.first_age + len(self.mortality) - 1

    def yearly_deaths(self, ages, months):
        """Return yearly probabilities of death, shape (ages, months): by entry age and month since entry."""
        year = np.arange(months) // MONTHS
        attained = ages[:, None] + year[None, :] - self.first_age
        q = self.mortality[np.minimum(attained, len(self.mortality) - 1), np.minimum(year, self.mortality.shape[1] - 1)]
        return np.where(attained < len(self.mortality), q, 1.0)

    def monthly_lapses(self, months):
        """Return monthly lapse rates by month since entry, shape (months,)."""
        year = np.minimum(np.arange(months) // MONTHS, len(self.lapse) - 1)
        return monthly(self.lapse[year])

    def discount(self, months):
        """Return discount factors by month from now, shape (months,): (1 + spot of that year)^(-t/12)."""
        t = np.arange(months)
        rate = self.spot[np.minimum(t // MONTHS, len(self.spot) - 1)]
        return (1 + rate) ** (-t / MONTHS)

    def inflated(self, months):
        """Return maintenance expenses a month by month from now, shape (months,)."""
        return self.maintenance / MONTHS * (1 + self.inflation) ** (np.arange(months) / MONTHS)


def monthly(rate):
    """Return the monthly rate that a yearly rate of decrement implies."""
    return 1 - (1 - rate) ** (1 / MONTHS)


def pricing(inputs):
    """Return the assumptions of the tables, before any multiplier: premiums are set on them.

    Raises:
        ValueError: with every problem of the typed tables.
    """
    problems = []
    first_age, mortality = _mortality(inputs, problems)
    lapse = _by_year(inputs["lapses"], "lapses", "rate", problems)
    spot = _by_year(inputs["curve"], "curve", "rate", problems)
    if np.any((lapse < 0) | (lapse > 1)):
        problems.append("inputs.lapses: a rate is outside 0 to 100 %. Give rates in that range.")
    if np.any(spot <= -1):
        problems.append("inputs.curve: a rate is -100 % or less. Give rates above it.")
    if problems:
        raise ValueError("\n".join(problems[:20]))
    return Assumptions(
        first_age,
        mortality,
        lapse,
        inputs["acquisition"],
        inputs["maintenance"],
        inputs["inflation"] / 100,
        spot,
    )


def best_estimate(base, inputs):
    """Return the assumptions after the multipliers: cash flows are projected on them."""
    return replace(
        base,
        mortality=np.minimum(base.mortality * inputs["mortality_multiplier"] / 100, 1),
        lapse=np.minimum(base.lapse * inputs["lapse_multiplier"] / 100, 1),
        acquisition=base.acquisition * inputs["expense_multiplier"] / 100,
        maintenance=base.maintenance * inputs["expense_multiplier"] / 100,
    )


def _mortality(inputs, problems):
    choice = inputs["mortality"]
    if choice == "lifelib":
        with (Path(__file__).parent / "lifelib_mortality.csv").open(newline="") as file:
            rows = [[float(cell) for cell in row] for row in list(csv.reader(file))[1:]]
        return int(rows[0][0]), np.array(rows)[:, 1:]
    if choice == "SULT":
        a, b, c = MAKEHAM_SULT
        return 0, mortality_laws.makeham(np.arange(131), a=a, b=b, c=c)[:, None]
    if choice == "archive":
        return _archived(inputs["archive_number"], problems)
    return _typed(inputs["own_mortality"], problems)


def _typed(rows, problems):
    rows = sorted(rows, key=lambda row: row["age"])
    if not rows:
        problems.append("inputs.own_mortality: it has no row. Paste ages and yearly probabilities of death.")
        return 0, np.ones((1, 1))
    for i, row in enumerate(rows):
        if row["age"] != rows[0]["age"] + i:
            problems.append(
                f"inputs.own_mortality: age {row['age']} is out of order. Give every age once, without gaps."
            )
            break
    columns = [key for key in (f"duration_{k}" for k in range(6)) if any(r.get(key) is not None for r in rows)]
    table = np.array([[np.nan if r.get(key) is None else r[key] for key in columns] for r in rows], dtype=float)
    if columns != [f"duration_{k}" for k in range(len(columns))] or not columns or np.isnan(table).any():
        problems.append("inputs.own_mortality: a cell is empty. Fill the columns from the left, each for all ages.")
    elif np.any((table < 0) | (table > 1)):
        problems.append("inputs.own_mortality: a probability is outside 0 to 1. Give probabilities as fractions.")
    return int(rows[0]["age"]), np.nan_to_num(table) if columns else np.ones((1, 1))


def _archived(number, problems):
    try:
        found = soa_tables.read(number)
    except (soa_tables.NoTableError, soa_tables.NoRatesError):
        found = None
    if found is not None:
        return found.start, found.q[:, None]
    problems.append(
        f"inputs.archive_number: the SOA archive holds no one-year mortality by age under {number}. "
        "Look an aggregate or ultimate table up at mort.soa.org."
    )
    return 0, np.ones((1, 1))


def _by_year(rows, where, key, problems):
    rows = sorted(rows, key=lambda row: row["year"])
    if [row["year"] for row in rows] != list(range(1, len(rows) + 1)) or not rows:
        problems.append(f"inputs.{where}: the years do not run 1, 2, 3, ... without gaps. Give each year once, from 1.")
        return np.zeros(1)
    return np.array([row[key] for row in rows], dtype=float) / 100
