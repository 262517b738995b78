"""The standard formula from its modules up: their correlation, operational risk, minimum capital, risk margin.

Chosen: correlation of the modules in the order of MODULES; every function works on plain numbers.
Left out: the modules themselves, ring-fenced funds, and the linear formula of the minimum.
"""

import numpy as np

MODULES = ("market", "default", "life", "health", "nonlife")
# Directive 2009/138/EC, Annex IV, point 1.
BASIC = np.array(
    [
        [1, 0.25, 0.25, 0.25, 0.25],
        [0.25, 1, 0.25, 0.25, 0.5],
        [0.25, 0.25, 1, 0.25, 0],
        [0.25, 0.25, 0.25, 1, 0],
        [0.25, 0.5, 0, 0, 1],
    ]
)
FLOOR, CAP = 0.25, 0.45  # of the SCR, for the minimum: Article 248(2)
OPERATIONAL_CAP = 0.30  # of the basic requirement: Article 204(1)
LIFE_PREMIUM, NONLIFE_PREMIUM, GROWTH = 0.04, 0.03, 1.2  # Article 204(3)
LIFE_PROVISION, NONLIFE_PROVISION = 0.0045, 0.03  # Article 204(4)
UNIT_EXPENSE = 0.25  # Article 204(1)
COST = {"2015/35": 0.06, "2027": 0.0475}  # Article 39
TAPER = {"2015/35": (1.0, 1.0), "2027": (0.96, 0.5)}  # factor a year and its floor: Article 37(1) from 2027


def operational(basic, premiums, before, provisions, unit_expenses):
    """Return the requirement for operational risk; arguments as in `operational_parts`."""
    return operational_parts(basic, premiums, before, provisions, unit_expenses)["required"]


def operational_parts(basic, premiums, before, provisions, unit_expenses):
    """Return the requirement for operational risk and the charges it is made of.

    min(30 % BSCR, max(premiums', provisions')) + 25 % of the expenses of unit-linked business; premiums beyond 120 %
    of those of the year before count twice.

    Args:
        basic: basic solvency capital requirement.
        premiums: earned in the last 12 months, (life without unit-linked, non-life).
        before: the same in the 12 months before those.
        provisions: technical provisions without risk margin, (life without unit-linked, non-life).
        unit_expenses: of the last 12 months.

    Returns:
        Amounts by name: `premium`, `growth` and `provision`, each (life, non-life); `by_premiums`, `by_provisions`,
        `cap`, `unit_linked` and `required`.

    Source: Delegated Regulation (EU) 2015/35, Article 204.
    """
    factors = (LIFE_PREMIUM, NONLIFE_PREMIUM)
    premium = [f * now for f, now in zip(factors, premiums, strict=True)]
    growth = [f * max(0.0, now - GROWTH * then) for f, now, then in zip(factors, premiums, before, strict=True)]
    provision = [LIFE_PROVISION * max(0.0, provisions[0]), NONLIFE_PROVISION * max(0.0, provisions[1])]
    by_premiums, by_provisions, cap = sum(premium) + sum(growth), sum(provision), OPERATIONAL_CAP * basic
    return {
        "premium": premium,
        "growth": growth,
        "provision": provision,
        "by_premiums": by_premiums,
        "by_provisions": by_provisions,
        "cap": cap,
        "unit_linked": UNIT_EXPENSE * unit_expenses,
        "required": min(cap, max(by_premiums, by_provisions)) + UNIT_EXPENSE * unit_expenses,
    }


def minimum_requirement(linear, required, floor):
    """Return the minimum capital requirement: `linear` within 25 % and 45 % of the SCR, at least the absolute floor.

    Source: Delegated Regulation (EU) 2015/35, Article 248.
    """
    return max(min(max(linear, FLOOR * required), CAP * required), floor)


def risk_margin(years, required, rates, cost, taper, floor):
    """Return the part of the risk margin from each year, shape (n,).

    c · max(λ^t, floor) · SCR(t) / (1 + r(t+1))^(t+1)

    Args:
        years: t from now, shape (n,).
        required: SCR(t) of the reference undertaking, shape (n,).
        rates: annual basic rates r(t+1) as fractions, shape (n,).
        cost: cost of capital c as a fraction.
        taper: λ, by which the requirement counts less from year to year; 1 for no taper.
        floor: least factor of the taper.

    Source: Delegated Regulation (EU) 2015/35, Articles 37 and 39; as amended by (EU) 2026/269.
    """
    return cost * np.maximum(taper**years, floor) * required * (1 + rates) ** -(years + 1)


def run_off(start, driver):
    """Return SCR(t) = SCR(0) · driver(t) / driver(0), shape (n,).

    Args:
        start: SCR(0) of the reference undertaking.
        driver: best estimate at t = 0, 1, ..., shape (n,), the first above 0.

    Source: EIOPA (2014), Guidelines on the valuation of technical provisions, EIOPA-BoS-14/166, Technical Annex IV,
    method 2.
    """
    return start * driver / driver[0]
