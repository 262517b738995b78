"""The liability for remaining coverage under the premium allocation approach, and its loss component.

Chosen: premiums and acquisition cash flows are exchanged at a period's start; revenue is recognised at its end, in
proportion to the weights of the periods. With a financing component the liability accretes at the rate of initial
recognition, and the revenue for a unit of weight is the one at which the liability ends at 0.
Left out: investment components, and premiums that change after initial recognition.

Source: IFRS 17 Insurance Contracts (IASB, as amended 2020), paragraphs 53 to 59, 66A, 66B, 69 to 70A, B125 to B127.
"""

from dataclasses import dataclass

import claims
import numpy as np

RESIDUE = 1e-12  # of the amounts in a sum: a difference no larger is what rounding left of 0


@dataclass(frozen=True)
class Group:
    """What is expected of a group of contracts, by period, shape (n,) each.

    Attributes:
        lengths: of the periods, in years.
        weights: for the allocation of premiums.
        coverage: for the allocation of acquisition cash flows, by the passage of time.
        premiums: received at the start of each period.
        acquisition: acquisition cash flows paid at the start of each period.
        deferred: whether they are part of the liability, or an expense when paid (59(a)).
        rate: yearly, of the financing component, locked in at initial recognition; 0 without one.
    """

    lengths: np.ndarray
    weights: np.ndarray
    coverage: np.ndarray
    premiums: np.ndarray
    acquisition: np.ndarray
    deferred: bool
    rate: float


def allocated(amounts, weights, lengths, rate):
    """Return what is recognised at the end of each period of `amounts` at the starts, so that nothing is left over.

    With a rate of 0 it is the sum of the amounts in proportion to the weights (B126); with another one the present
    values of both are equal, and the sum exceeds that of the amounts by the interest.
    """
    ends = np.cumsum(lengths)
    starts = ends - lengths
    worth = float((amounts / (1 + rate) ** starts).sum())
    return weights * worth / float((weights / (1 + rate) ** ends).sum())


def roll_coverage(group):
    """Return the liability for remaining coverage without its loss component, a dictionary for each period (55)."""
    revenue = allocated(group.premiums, group.weights, group.lengths, group.rate)
    cost = group.acquisition if group.deferred else np.zeros(len(group.acquisition))
    amortised = allocated(cost, group.coverage, group.lengths, group.rate)
    rows, carried = [], 0.0
    size = float(np.abs(group.premiums).sum() + np.abs(group.acquisition).sum())
    for t in range(len(group.lengths)):
        opening = carried
        funded = opening + group.premiums[t] - cost[t]
        interest = funded * ((1 + group.rate) ** group.lengths[t] - 1)
        carried = funded + interest + amortised[t] - revenue[t]
        carried = 0.0 if abs(carried) <= RESIDUE * size else carried
        rows.append(
            {
                "opening": opening,
                "premiums": group.premiums[t],
                "acquisition": cost[t],
                "amortised": amortised[t],
                "expensed": 0.0 if group.deferred else group.acquisition[t],
                "interest": interest,
                "revenue": revenue[t],
                "closing": carried,
            }
        )
    return rows


def fulfilment(group, expected, at, *, pattern, margin, rate, funded):
    """Return the fulfilment cash flows that relate to the coverage after period `at` (57(b)), and their claims' value.

    Args:
        group: the group.
        expected: claims still expected to be incurred, by period, shape (n,).
        at: a period; 0 is initial recognition.
        pattern: of payments, from the end of the period in which claims are incurred.
        margin: risk adjustment, as a share of the present value.
        rate: yearly discount rate; 0 where claims are not discounted.
        funded: whether the next period's premiums and acquisition cash flows have been exchanged.
    """
    n = len(group.lengths)
    ends = np.cumsum(group.lengths) - (np.cumsum(group.lengths)[at - 1] if at else 0.0)
    worth = 0.0
    for s in range(at, n):
        if expected[s]:
            later = ends[s] + np.concatenate(([0.0], claims.times(group.lengths, s + 1, len(pattern) - 1)))
            worth += expected[s] * float((pattern / (1 + rate) ** later).sum())
    first = at + (1 if funded else 0)
    starts = ends - group.lengths
    flows = group.premiums - (group.acquisition if group.deferred else 0.0)
    coming = float((flows[first:] / (1 + rate) ** starts[first:]).sum())
    return worth * (1 + margin) - coming, worth


def loss_components(group, coverage, expected_at, *, pattern, margin, rates, tested):
    """Return the loss component at initial recognition and at each period's end, shape (n + 1,).

    It is what the fulfilment cash flows of the remaining coverage exceed its liability by, measured anew each time (57,
    58). At initial recognition the first premium and acquisition cash flows count as exchanged.

    Args:
        group: the group.
        coverage: rows of `roll_coverage`.
        expected_at: a function of a period -> claims expected by period, as estimated at its end.
        pattern: of payments.
        margin: risk adjustment, as a share of the present value.
        rates: yearly discount rates at initial recognition and at each period's end, shape (n + 1,).
        tested: whether at the end of each period, or at initial recognition alone.

    Returns:
        (components, fulfilment cash flows), shape (n + 1,) each.
    """
    n = len(group.lengths)
    component, flows = np.zeros(n + 1), np.zeros(n + 1)
    first = coverage[0]
    for t in range(n + 1):
        carried = first["premiums"] - first["acquisition"] if t == 0 else coverage[t - 1]["closing"]
        flows[t], worth = fulfilment(
            group, expected_at(t), t, pattern=pattern, margin=margin, rate=rates[t], funded=t == 0
        )
        excess = flows[t] - carried
        size = abs(carried) + worth * (1 + margin) + float(np.abs(group.premiums).sum())
        component[t] = max(excess, 0.0) if excess > RESIDUE * size else 0.0
        if t and not tested and component[0] == 0:
            component[t] = 0.0
    return component, flows
