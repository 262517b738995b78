"""Profit by policy year on an experience of its own, its net present value, margin, return and payback.

Chosen: each year's cash flows are valued at its start on the experience and carried to its end, so that the profit is
exact for yearly payments and fair for others. On the experience that the policy values assume, it is 0 in every year.
Left out: surrenders, tax and the cost of capital.
"""

import numpy as np
from scipy.optimize import brentq

LOWEST, HIGHEST = -0.5, 10.0  # where an internal rate of return is looked for


def emerging(s, status, earned, premium, values, initial):
    """Return the profit test by year as columns, shape (n + 1,) each: time 0 and policy years 1 to n.

    Profit of year t, per policy in force at its start:
    (V(t-1) + P - E)(1 + i) - claims - p V(t). At time 0: less the initial expenses and the reserve set up.

    Args:
        s: the contract's Streams on the experience.
        status: what it hangs on, on the experience.
        earned: the yearly rate earned, as a fraction.
        premium: the premium a year.
        values: reserves at t = 0 to n just before what is then due, shape (n + 1,); at 0 after the initial expenses.
        initial: expenses of the first year's start that fall at time 0, before the first premium.

    Source: AMLCR 3rd ed., chapter 13.
    """
    n = len(s.premiums)
    held = values.copy()
    held[n] = 0.0  # the sum at maturity is among the claims
    paid = premium * s.premiums
    expenses = s.expenses + premium * s.percent
    expenses[0] -= initial
    interest = earned * (held[:-1] + paid - expenses)
    claims = (s.benefits + premium * s.refunds) * (1 + earned)
    kept = (1 - status.q[:n]) * held[1:]
    profit = held[:-1] + paid - expenses + interest - claims - kept
    # What is a difference of large sums, and 0 but for their last digits, is 0.
    size = np.abs(held[:-1]) + paid + np.abs(expenses) + claims + np.abs(kept)
    profit[np.abs(profit) <= 1e-12 * size] = 0.0
    at_issue = -initial - float(held[0])
    signature = np.append(at_issue, profit * status.survival[:n])
    return {
        "t": np.arange(n + 1),
        "in_force": np.append(1.0, status.survival[:n]),
        "reserve_start": np.append(0.0, held[:-1]),
        "premium": np.append(0.0, paid),
        "expense": np.append(initial, expenses),
        "interest": np.append(0.0, interest),
        "claims": np.append(0.0, claims),
        "reserve_end": np.append(float(held[0]), kept),
        "profit": np.append(at_issue, profit),
        "signature": signature,
    }


def measures(test, rate):
    """Return what the profit signature comes to at a risk discount rate, and the discounted profit so far.

    Args:
        test: the columns of `emerging`.
        rate: yearly, as a fraction.

    Returns:
        ({label: number}, partial net present values, shape (n + 1,)). The return and the payback time are left out
        where there is none.

    Source: AMLCR 3rd ed., chapter 13.
    """
    signature = test["signature"]
    v = (1 + rate) ** -np.arange(len(signature), dtype=float)
    partial = np.cumsum(signature * v)
    premiums = float((test["premium"][1:] * test["in_force"][1:]) @ v[:-1])
    found = {"Net present value of profit": float(partial[-1])}
    if premiums > 0:
        found["Profit margin"] = float(partial[-1]) / premiums
    back = internal_rate(signature)
    if back is not None:
        found["Internal rate of return"] = back
    behind = np.flatnonzero(partial < 0)
    if len(behind) and behind[-1] + 1 < len(partial):
        found["Discounted payback period"] = float(behind[-1] + 1)
    return found, partial


def internal_rate(signature):
    """Return the yearly rate at which the signature is worth nothing, or None where it is not one rate alone."""
    signs = np.sign(signature[np.abs(signature) > 1e-12 * np.abs(signature).max(initial=0.0)])
    if np.count_nonzero(np.diff(signs)) != 1 or signs[0] > 0:
        return None
    years = np.arange(len(signature), dtype=float)

    def worth(rate):
        return float(signature @ (1 + rate) ** -years)

    if worth(HIGHEST) > 0 or max(worth(0.0), worth(LOWEST)) < 0:
        return None
    low = 0.0 if worth(0.0) > 0 else LOWEST
    return float(brentq(worth, low, HIGHEST, xtol=1e-12))
