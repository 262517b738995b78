"""A contract as what it pays by policy year, its premiums by the equivalence principle, and its policy values.

Chosen: what is paid (`Schedule`) is kept apart from how likely it is (`statuses`) and what it is worth (`Streams`), so
that premium, policy value, loss and profit come from the same numbers and agree.
Left out: surrender values, profit sharing and asset shares.
"""

from dataclasses import dataclass

import life_values as lv
import numpy as np

LIFELONG = {"whole_life", "annuity", "deferred_annuity"}
DEATH = {"whole_life", "term", "endowment"}
SURVIVAL = {"endowment", "pure_endowment"}
STREAMS = ("benefits", "refunds", "premiums", "percent", "expenses")
RESIDUE = 1e-12  # a policy value this small beside what it is the difference of is rounding


@dataclass(frozen=True)
class Schedule:
    """What the contract pays and costs by policy year while its status stands; arrays of shape (n,).

    Attributes:
        paying: 1 in years with a premium, 0 in others.
        single: whether the one premium is paid at once, whatever the frequency of other payments.
        death_benefit: the sum payable on death in each year, the refund aside.
        refund: the sum payable on death per 1 a year of premium (return of premiums).
        income: annuity of the year.
        percent: expenses as a share of the year's premium.
        start_expense: expenses at the year's start.
        initial_expense: of those of the first year, what is beyond those of a later year.
        initial_percent: of the first premium's share, what is beyond that of a later premium.
        end_expense: expenses at the end of each year begun, that of death included.
        death_expense: expenses of a claim on death in each year.
        maturity: the sum payable to those who reach the end of the term.
        maturity_expense: expenses of that payment.
        claim_share: expenses as a share of whatever is paid out.
    """

    paying: np.ndarray
    single: bool
    death_benefit: np.ndarray
    refund: np.ndarray
    income: np.ndarray
    percent: np.ndarray
    start_expense: np.ndarray
    initial_expense: float
    initial_percent: float
    end_expense: np.ndarray
    death_expense: np.ndarray
    maturity: float
    maturity_expense: float
    claim_share: float


@dataclass(frozen=True)
class Streams:
    """What falls in each policy year, valued at its start; all of shape (n,) over the years the contract can last.

    Attributes:
        benefits: claims, maturities and income that do not hang on the premium.
        refunds: death benefits per 1 a year of premium (return of premiums).
        premiums: premiums of 1 a year.
        percent: expenses per 1 a year of premium.
        expenses: expenses in money.
        discount: v^t and the probability of lasting t years, shape (n + 1,).
        maturity: the sum payable at the end of the term, 0 where nothing is.
        maturity_expense: what paying it costs.
    """

    benefits: np.ndarray
    refunds: np.ndarray
    premiums: np.ndarray
    percent: np.ndarray
    expenses: np.ndarray
    discount: np.ndarray
    maturity: float
    maturity_expense: float


def years_of(inputs):
    """Return for how many years the contract can last at most; None is for life."""
    return None if inputs["product"] in LIFELONG else inputs["term"]


def premium_years(inputs):
    """Return for how many years premiums are due: never longer than the contract, or than its deferral."""
    term = inputs["premium_term"]
    if inputs["product"] in {"annuity", "temporary_annuity"}:
        return 1
    if inputs["product"] == "deferred_annuity":
        return min(term, max(inputs["deferral"], 1))
    limit = years_of(inputs)
    return term if limit is None else min(term, limit)


def schedule(inputs, reach):
    """Return what the contract pays in each policy year.

    Args:
        inputs: as in manifest.json.
        reach: years to the end of the mortality table; a longer contract is cut there.
    """
    limit = years_of(inputs)
    n = reach if limit is None else min(limit, reach)
    year, product, amount = np.arange(n), inputs["product"], float(inputs["amount"])
    paying_years = premium_years(inputs)
    paying = (year < paying_years).astype(float)
    deferral = inputs["deferral"] if product == "deferred_annuity" else 0
    death_benefit = np.full(n, amount if product in DEATH else 0.0)
    if product in DEATH:
        for step in sorted(inputs["benefit_steps"], key=lambda row: row["from_year"]):
            death_benefit[year + 1 >= step["from_year"]] = step["amount"]
    pays_income = product in {"annuity", "temporary_annuity", "deferred_annuity"}
    refund = np.zeros(n)
    if product == "deferred_annuity" and inputs["refund"]:
        refund = np.where(year < deferral, refund_of_premiums(year, paying_years, inputs["refund_interest"] / 100), 0.0)
    first = year == 0
    charged = paying > 0 if inputs["expenses_while"] == "premiums" else np.ones(n, dtype=bool)
    later = charged & ~first
    per_mille = amount / 1000
    first_year = inputs["first_fixed"] + inputs["first_per_mille"] * per_mille
    later_years = inputs["renewal_fixed"] + inputs["renewal_per_mille"] * per_mille
    matures = product in SURVIVAL and n == inputs["term"]
    return Schedule(
        paying=paying,
        single=paying_years == 1,
        death_benefit=death_benefit,
        refund=refund,
        income=amount * (year >= deferral) if pays_income else np.zeros(n),
        percent=np.where(first, inputs["first_percent"], inputs["renewal_percent"]) / 100,
        start_expense=first * first_year + later * later_years,
        initial_expense=max(first_year - later_years, 0.0),
        initial_percent=max(inputs["first_percent"] - inputs["renewal_percent"], 0.0) / 100,
        end_expense=charged * float(inputs["year_end_fixed"]),
        death_expense=inputs["claim_fixed"] * ((death_benefit > 0) | (refund > 0)),
        maturity=amount if matures else 0.0,
        maturity_expense=float(inputs["claim_fixed"]) if matures else 0.0,
        claim_share=inputs["claim_percent"] / 100,
    )


def refund_of_premiums(year, paying_years, interest):
    """Return what is refunded on death in each year (from 0), per 1 a year of premium, at the year's end.

    Premiums of the years begun, each with interest to the end of the year of death.
    """
    paid, begun = np.minimum(year + 1, paying_years), year + 1
    if interest == 0:
        return paid.astype(float)
    growth = 1 + interest
    return (growth**paid - 1) / interest * growth * growth ** (begun - paid)


def streams(plan, status, basis, *, timing, m):
    """Return the plan's streams for a status that may outlast it, valued on a basis.

    Args:
        plan: the Schedule, of n years.
        status: what premiums and benefits hang on, of n years or more.
        basis: interest and fractional-age assumption.
        timing: when a benefit on death is paid, as `life_values.death_factors` has it.
        m: payments a year.
    """
    n = len(plan.paying)
    q, discount = status.q[:n], lv.discounted_survival(status, basis)[: n + 1]
    deaths = lv.death_factors(status, basis, timing, m)[:n]
    annuity = lv.annuity_factors(status, basis, m)[:n]
    # A single premium is paid at once, whatever the frequency of later payments.
    premiums = plan.paying * (1.0 if plan.single else annuity)
    reach_end = basis.v * (1 - q[-1])
    benefits = plan.death_benefit * deaths + plan.income * annuity
    benefits[-1] += plan.maturity * reach_end
    refunds = plan.refund * deaths
    expenses = plan.start_expense + basis.v * plan.end_expense + plan.death_expense * deaths
    expenses = expenses + plan.claim_share * benefits
    expenses[-1] += plan.maturity_expense * reach_end
    return Streams(
        benefits=benefits,
        refunds=refunds,
        premiums=premiums,
        percent=plan.percent * premiums + plan.claim_share * refunds,
        expenses=expenses,
        discount=discount,
        maturity=plan.maturity if q[-1] < 1 else 0.0,
        maturity_expense=plan.maturity_expense + plan.claim_share * plan.maturity if q[-1] < 1 else 0.0,
    )


def premiums(s):
    """Return the net and the gross premium a year by the equivalence principle.

    P (a - R) = B and G (a - R - e) = B + E, with a, R, e the values of premiums, refunds and percentage expenses
    per 1 a year, B that of the benefits and E that of the other expenses.

    Raises:
        ValueError: percentage expenses or refunds eat the whole premium.

    Source: AMLCR 3rd ed., sections 6.5 and 6.6.
    """
    value = {name: float(getattr(s, name) @ s.discount[:-1]) for name in STREAMS}
    net_room = value["premiums"] - value["refunds"]
    gross_room = net_room - value["percent"]
    if net_room <= 1e-9 * value["premiums"]:
        raise ValueError(
            "inputs.refund: refunds take the whole premium, so no premium is enough. Lower the interest on refunds or "
            "raise that of the basis."
        )
    if gross_room <= 1e-9 * value["premiums"]:
        raise ValueError(
            "inputs.first_percent: percentage expenses and refunds take the whole premium, so no premium is enough. "
            "Lower the percentages of the first or of later years."
        )
    return value["benefits"] / net_room, (value["benefits"] + value["expenses"]) / gross_room, value


def policy_values(s, premium, *, gross):
    """Return the prospective policy value at t = 0 to n, just before what is then due, shape (n + 1,).

    tV = value of benefits, refunds and (gross) expenses from t on, less that of premiums from t on; at the end of an
    endowment it is the sum that is then paid.

    Source: AMLCR 3rd ed., section 7.3.
    """
    values = _without_residue(_flow(s, premium, gross=gross), s.discount)
    values[-1] += s.maturity + (s.maturity_expense if gross else 0.0)
    return values


def policy_values_by_state(s, premium, chances, basis):
    """Return the policy value of a last survivor contract by who is alive, just before what is then due.

    V(both) = flow + v (p(x) p(y) V(both) + p(x) q(y) V(x) + q(x) p(y) V(y)), from the end of the contract back.

    Args:
        s: {"both", "first", "second"}: the contract's Streams while those are alive.
        premium: the premium a year.
        chances: one-year probabilities of death of the two lives, shape (n,) each.
        basis: of the policy values.

    Returns:
        {"both", "first", "second"}: shape (n + 1,) each, expenses included.

    Source: AMLCR 3rd ed., chapters 8 and 10: the recursion of policy values for several states.
    """
    flows = {state: _flow(streams_of, premium, gross=True) for state, streams_of in s.items()}
    values = _backward({state: flow for state, (flow, _) in flows.items()}, chances, basis)
    sizes = _backward({state: size for state, (_, size) in flows.items()}, chances, basis)
    for state, column in values.items():
        column[np.abs(column) <= RESIDUE * sizes[state]] = 0.0
        column[-1] += s["both"].maturity + s["both"].maturity_expense
    return values


def _backward(flow, chances, basis):
    """Return values at t = 0 to n of yearly flows of two lives by who is alive, shape (n + 1,) each."""
    x, y = chances
    n = len(flow["both"])
    both, first, second = (np.zeros(n + 1) for _ in range(3))
    for t in range(n - 1, -1, -1):
        alive_x, alive_y = 1 - x[t], 1 - y[t]
        first[t] = flow["first"][t] + basis.v * alive_x * first[t + 1]
        second[t] = flow["second"][t] + basis.v * alive_y * second[t + 1]
        ahead = alive_x * alive_y * both[t + 1] + alive_x * y[t] * first[t + 1] + x[t] * alive_y * second[t + 1]
        both[t] = flow["both"][t] + basis.v * ahead
    return {"both": both, "first": first, "second": second}


def full_preliminary_term(s):
    """Return the policy value by full preliminary term at t = 0 to n, shape (n + 1,), or None where there is none.

    The first year's premium pays for the first year's benefit alone; the later ones are the net premium of the same
    contract begun a year later: nothing is reserved at the end of the first year.

    Source: Bowers et al. (1997), chapter 16, modified reserve methods.
    """
    later = float(s.premiums[1:] @ s.discount[1:-1])
    if later <= 0:
        return None
    renewal = float(s.benefits[1:] @ s.discount[1:-1]) / later
    paid_in = renewal * s.premiums
    values = _without_residue((s.benefits - paid_in, s.benefits + paid_in), s.discount)
    values[0] = values[1] = 0.0
    values[-1] += s.maturity
    return values


def _without_residue(flow_and_size, discount):
    """Return the value at each t of a flow, 0 where it is no more than the rounding of what it is a difference of."""
    values, sizes = lv.from_each(np.stack(flow_and_size), discount)
    return np.where(np.abs(values) <= RESIDUE * sizes, 0.0, values)


def _flow(s, premium, *, gross):
    """Return outgo less premiums by year, and the sum of what that is the difference of, shape (n,) each."""
    paid_in, paid_out = premium * s.premiums, s.benefits + premium * s.refunds
    if gross:
        paid_out = paid_out + s.expenses + premium * s.percent
    return paid_out - paid_in, paid_out + paid_in
