"""A contract on one life as yearly streams, its premiums by the equivalence principle, and its policy values.

Chosen: each stream is the value at a policy year's start of what falls in that year, so that premium and policy
value come from the same numbers and agree.
Left out: surrender values, profit sharing and asset shares.
"""

from dataclasses import dataclass

import life_values as lv
import numpy as np

LIFELONG = {"whole_life", "annuity", "deferred_annuity"}
DEATH = {"whole_life", "term", "endowment"}


@dataclass(frozen=True)
class Streams:
    """What falls in each policy year, valued at its start; all of shape (n,) over the years the contract can last.

    Attributes:
        benefits: claims, maturities and income that do not hang on the premium.
        refunds: death benefits per 1 a year of premium (return of premiums).
        premiums: premiums of 1 a year.
        percent: expenses per 1 a year of premium.
        expenses: expenses in money.
        discount: v^t tpx, shape (n + 1,).
        death_benefit: the sum payable on death in each year, the refund aside.
        maturity: the sum payable to those alive at the end of the term, 0 where nothing is.
    """

    benefits: np.ndarray
    refunds: np.ndarray
    premiums: np.ndarray
    percent: np.ndarray
    expenses: np.ndarray
    discount: np.ndarray
    death_benefit: np.ndarray
    maturity: float


def years_of(inputs):
    """Return for how many years the contract can last at most; None is for life."""
    return None if inputs["product"] in LIFELONG else inputs["term"]


def streams(inputs, q, basis):
    """Return the contract's streams for a life with one-year probabilities of death q, to the table's end."""
    n = years_of(inputs)
    n = len(q) if n is None else min(n, len(q))
    q = q[:n]
    m, amount, product = inputs["frequency"], inputs["amount"], inputs["product"]
    discount = lv.discounted_survival(q, basis)
    year = np.arange(n)
    deaths = lv.death_factors(q, basis, inputs["benefit_timing"], m)
    annuity = lv.annuity_factors(q, basis, m)
    paying = year < premium_years(inputs)
    deferral = inputs["deferral"] if product == "deferred_annuity" else 0
    death_benefit = np.full(n, amount if product in DEATH else 0.0)
    if product in DEATH:
        for step in sorted(inputs["benefit_steps"], key=lambda row: row["from_year"]):
            death_benefit[year + 1 >= step["from_year"]] = step["amount"]
    benefits = death_benefit * deaths
    matures = product in {"endowment", "pure_endowment"} and n == inputs["term"] and q[-1] < 1
    if matures:
        benefits[-1] += amount * basis.v * (1 - q[-1])
    if product in {"annuity", "temporary_annuity", "deferred_annuity"}:
        benefits = benefits + amount * annuity * (year >= deferral)
    refunding = product == "deferred_annuity" and inputs["refund"]
    paid = np.minimum(year + 1, premium_years(inputs))
    single = premium_years(inputs) == 1
    # A single premium is paid at once, whatever the frequency of later payments.
    premiums = paying * (np.ones(n) if single else annuity)
    first = year == 0
    charged = paying if inputs["expenses_while"] == "premiums" else np.ones(n, dtype=bool)
    later = charged & ~first
    per_mille = amount / 1000
    return Streams(
        benefits=benefits,
        refunds=deaths * paid * (year < deferral) if refunding else np.zeros(n),
        premiums=premiums,
        percent=premiums * np.where(first, inputs["first_percent"], inputs["renewal_percent"]) / 100,
        expenses=first * (inputs["first_fixed"] + inputs["first_per_mille"] * per_mille)
        + later * (inputs["renewal_fixed"] + inputs["renewal_per_mille"] * per_mille),
        discount=discount,
        death_benefit=death_benefit,
        maturity=float(amount) if matures else 0.0,
    )


def premium_years(inputs):
    """Return for how many years premiums are due: never longer than the contract, or than its deferral."""
    term = inputs["premium_term"]
    if inputs["product"] in {"annuity", "temporary_annuity"}:
        return 1
    if inputs["product"] == "deferred_annuity":
        return min(term, max(inputs["deferral"], 1))
    limit = years_of(inputs)
    return term if limit is None else min(term, limit)


def premiums(s):
    """Return the net and the gross premium a year by the equivalence principle.

    P (a - R) = B and G (a - R - e) = B + E, with a, R, e the values of premiums, refunds and percentage expenses
    per 1 a year, B that of the benefits and E that of the other expenses.

    Raises:
        ValueError: percentage expenses eat the whole premium.

    Source: AMLCR 3rd ed., sections 6.5 and 6.6.
    """
    value = {name: float(getattr(s, name) @ s.discount[:-1]) for name in STREAMS}
    net_room = value["premiums"] - value["refunds"]
    gross_room = net_room - value["percent"]
    if min(net_room, gross_room) <= 1e-9 * value["premiums"]:
        raise ValueError(
            "first_percent, renewal_percent: percentage expenses and refunds take the whole premium, so no premium "
            "is enough. Lower them."
        )
    return value["benefits"] / net_room, (value["benefits"] + value["expenses"]) / gross_room, value


def policy_values(s, premium, *, gross):
    """Return the prospective policy value at t = 0 to n, just before what is then due, shape (n + 1,).

    tV = value of benefits, refunds and (gross) expenses from t on, less that of premiums from t on; at the end of an
    endowment it is the sum that is then paid.

    Source: AMLCR 3rd ed., section 7.3.
    """
    flow = s.benefits + premium * (s.refunds - s.premiums)
    if gross:
        flow = flow + s.expenses + premium * s.percent
    values = lv.from_each(flow, s.discount)
    values[-1] += s.maturity
    return values


STREAMS = ("benefits", "refunds", "premiums", "percent", "expenses")
