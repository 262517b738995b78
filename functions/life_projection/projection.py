"""Monthly projection of cells: in force, deaths, lapses, and the present value of each cash flow per policy.

Chosen: lifelib's order of events. At each month's start premiums, expenses and commissions of those in force;
deaths and, of the survivors, lapses in the month, both valued at its start; at the term's end a maturity benefit.
Flows depend on the age at entry and the month since entry, discount factors on the month from now: so every value
of a term is one matrix product, (ages x months) by (months x months in force), however many cells there are.
Left out: partial surrenders, reinstatement, premiums other than monthly.
"""

from dataclasses import dataclass

import numpy as np
from assumptions import MONTHS, monthly

# Each total by month: which flow per policy in force at entry, and which weight of the cells.
FLOWS = {
    "in_force": ("alive", "count"),
    "deaths": ("died", "count"),
    "lapses": ("lapsed", "count"),
    "premiums": ("alive", "premium"),
    "claims": ("died", "amount"),
    "first_premiums": ("first", "premium"),
    "surrenders": ("paid_in", "premium"),
    "income": ("alive", "amount"),
}
# Each present value: which flow, and whether it grows with maintenance expenses.
VALUES = {
    "in_force": ("alive", False),
    "deaths": ("died", False),
    "first_year": ("first", False),
    "surrenders": ("paid_in", False),
    "maintenance": ("alive", True),
}


@dataclass(frozen=True)
class Projection:
    """Present values per policy of a cell, each of shape (c,), and totals by month, each of shape (t,).

    Attributes:
        values: of 1 a month while in force (`in_force`), of 1 on death (`deaths`), of 1 a month in the first
        policy
            year (`first_year`), of the number of months since entry on lapse (`surrenders`), of `maintenance` and
            `acquisition` expenses, and of 1 at the end of the term (`maturity`).
        flows: by the names of FLOWS, with `maturities` and `expenses`; empty where no weights were given.
    """

    values: dict
    flows: dict


def project(cells, assumed, *, weights=None):
    """Project the cells under `assumed`.

    Args:
        cells: age, term (years) and months in force of each cell, shape (c,).
        assumed: the Assumptions.
        weights: {"count", "amount", "premium"}: totals over the policies of each cell, shape (c,).

    Returns:
        The Projection.

    Source: lifelib, BasicTerm_S: pols_if, pols_death, pols_lapse, disc_factors.
    """
    horizon = int(cells.term.max()) * MONTHS
    ages, row = np.unique(cells.age, return_inverse=True)
    discount, upkeep = assumed.discount(horizon + 1), assumed.inflated(horizon)
    paths = Paths(ages, assumed, horizon)
    stays = 1 - assumed.mass_lapse
    values = {name: np.zeros(len(cells.age)) for name in (*VALUES, "maturity", "acquisition")}
    flows = {name: np.zeros(horizon + 1) for name in (*FLOWS, "maturities", "expenses")} if weights else {}
    for months in np.unique(cells.term) * MONTHS:
        at = np.flatnonzero(cells.term * MONTHS == months)
        begun, column = np.unique(cells.months[at], return_inverse=True)
        since = np.arange(months)[:, None] - begun[None, :]
        for name, (flow, grows) in VALUES.items():
            factor = discount[:-1] * upkeep if grows else discount[:-1]
            kernel = np.where(since >= 0, factor[np.maximum(since, 0)], 0.0)
            values[name][at] = stays * paths.valued(flow, kernel, since, begun)[row[at], column]
        # A mass lapse pays the months already paid in; acquisition is paid before anybody leaves.
        values["surrenders"][at] += assumed.mass_lapse * begun[column]
        ending = stays * paths.reaching(months, begun)[row[at], column]
        values["maturity"][at] = discount[months - begun[column]] * ending
        values["acquisition"][at] = assumed.acquisition * (begun[column] == 0)
        if weights:
            held = {name: stays * w[at] for name, w in weights.items()}
            _add_flows(flows, paths, held, row[at], begun, column, months)
            np.add.at(flows["maturities"], months - begun[column], weights["amount"][at] * ending)
            flows["expenses"][0] += values["acquisition"][at] @ weights["count"][at]
    if weights:
        flows["expenses"][:-1] += upkeep * flows["in_force"][:-1]
    return Projection(values, flows)


class Paths:
    """What happens by month since entry to one policy of each age at entry: arrays of shape (ages, months)."""

    def __init__(self, ages, assumed, horizon):
        yearly = assumed.yearly_deaths(ages, horizon)
        lapse = assumed.monthly_lapses(horizon)
        q = monthly(yearly)
        self.survival = _running((1 - q) * (1 - lapse))
        self.flows = _flows(self.survival, q, lapse)
        self.worse = None
        if assumed.catastrophe:
            worse = monthly(np.minimum(yearly + assumed.catastrophe, 1))
            self.worse = _running((1 - worse) * (1 - lapse))
            self.worse_flows = _flows(self.worse, worse, lapse)

    def valued(self, flow, kernel, since, begun):
        """Return sums over months since entry of `flow` times `kernel`, per policy in force now.

        Args:
            flow: its name.
            kernel: weights by month since entry and months in force now, shape (months, b).
            since: months from now, in the same shape; negative in the past.
            begun: months in force now, shape (b,).

        Returns:
            Shape (ages, b); 0 where nobody is in force at that month.
        """
        months = len(kernel)
        plain = self.flows[flow][:, :months]
        if self.worse is None:
            return _per(plain @ kernel, self.survival[:, begun])
        # A catastrophe lasts for the first twelve months from now; later flows follow from those who are left.
        early = self.worse_flows[flow][:, :months] @ np.where(since < MONTHS, kernel, 0.0)
        late = plain @ np.where(since >= MONTHS, kernel, 0.0)
        after = np.minimum(begun + MONTHS, self.survival.shape[1] - 1)
        left = _per(self.worse[:, after], self.worse[:, begun])
        return _per(early, self.worse[:, begun]) + left * _per(late, self.survival[:, after])

    def reaching(self, months, begun):
        """Return the probability of reaching month `months`, shape (ages, b), given in force at `begun`, (b,)."""
        if self.worse is None:
            return _per(self.survival[:, [months]], self.survival[:, begun])
        after = np.minimum(begun + MONTHS, months)
        left = _per(self.worse[:, after], self.worse[:, begun])
        return left * _per(self.survival[:, [months]], self.survival[:, after])


def _add_flows(flows, paths, weights, row, begun, column, months):
    """Add the flows by month from now of one term's cells: each in-force month shifts its flows by itself."""
    grids = {}
    shape = (len(paths.survival), len(begun))
    for name, weight in weights.items():
        total = np.zeros(shape)
        np.add.at(total, (row, column), weight)
        grids[name] = _per(total, paths.survival[:, begun])
    for name, (flow, weight) in FLOWS.items():
        by_start = grids[weight].T @ paths.flows[flow][:, :months]
        for start, line in zip(begun, by_start, strict=True):
            flows[name][: months - start] += line[start:]


def _flows(survival, q, lapse):
    alive = survival[:, :-1]
    died = alive * q
    lapsed = (alive - died) * lapse
    month = np.arange(alive.shape[1])
    return {
        "alive": alive,
        "died": died,
        "lapsed": lapsed,
        "first": alive * (month < MONTHS),
        "paid_in": lapsed * (month + 1),
    }


def _running(stay):
    return np.concatenate((np.ones((len(stay), 1)), np.cumprod(stay, axis=1)), axis=1)


def _per(total, number):
    """Return `total` per head of `number`, 0 where there is nobody."""
    shape = np.broadcast_shapes(total.shape, number.shape)
    return np.divide(total, number, out=np.zeros(shape), where=np.broadcast_to(number > 0, shape))
