"""The general measurement model of IFRS 17: fulfilment cash flows, contractual service margin and loss by year.

Chosen: years; premiums at their start, claims at their end; estimates revised at a year's end. Fulfilment cash flows
stand at current rates, the margin accretes and absorbs changes at the rates of initial recognition (B72). The
whole release of the risk adjustment is insurance service, none of it finance (81).
Reinsurance held is measured as the mirror of the reinsurer's contract: the same steps without a floor at zero, what the
underlying group's losses recover taken to income.
Left out: the variable fee and the premium allocation approach, investment components, claims incurred but not paid,
derecognition.

Source: IFRS 17 Insurance Contracts (IASB, as amended 2020), paragraphs 32 to 52, B36 to B119B.
"""

from dataclasses import dataclass

import numpy as np

TINY = 1e-9
RESIDUE = 1e-12  # of the amounts in a sum: a difference no larger is what rounding left of 0


@dataclass
class Estimates:
    """What is expected of each year, shape (n,) each; changed in place by revisions."""

    premiums: np.ndarray  # at the start of the year
    claims: np.ndarray  # at its end, directly attributable expenses included
    margin: np.ndarray  # release of the risk adjustment
    units: np.ndarray  # coverage units provided

    def copy(self):
        """Return the same estimates, apart."""
        return Estimates(self.premiums.copy(), self.claims.copy(), self.margin.copy(), self.units.copy())


def present_value(amounts, rates, start, *, at_start):
    """Return the value at the end of year `start` of amounts of the later years.

    Args:
        amounts: by year, shape (n,).
        rates: one-year forward rates by year, shape (n,).
        start: years that have passed, 0 to n.
        at_start: True for amounts at the start of each year, False at its end.
    """
    growth = np.cumprod(1 + rates[start:])
    if at_start:
        growth = growth / (1 + rates[start:])
    return float((amounts[start:] / growth).sum())


def initial(estimates, rates, acquisition, recovered=None):
    """Return the state at initial recognition (32, 38, 47): present values, risk adjustment, margin or loss.

    Args:
        estimates: what is expected.
        rates: one-year forward rates by year, shape (n,).
        acquisition: insurance acquisition cash flows, paid at the start.
        recovered: for reinsurance held, what is recovered of the underlying group's loss at initial recognition: the
            margin then takes net cost and net gain alike (65), and that income too (66A). None for contracts issued.
    """
    outflows = present_value(estimates.claims, rates, 0, at_start=False) + acquisition
    inflows = present_value(estimates.premiums, rates, 0, at_start=True)
    adjustment = float(estimates.margin.sum())
    fulfilment = cleared(outflows - inflows + adjustment, outflows + inflows + adjustment)
    margin, loss = (max(0.0, -fulfilment), max(0.0, fulfilment))
    if recovered is not None:
        margin, loss = recovered - fulfilment, recovered
    return {
        "year": 0,
        "pv_outflows": outflows,
        "pv_inflows": inflows,
        "risk_adjustment": adjustment,
        "fulfilment": fulfilment,
        "csm": margin,
        "loss": loss,
        "loss_component": loss,
        "total": loss,
    }


def cleared(value, size):
    """Return `value`, or 0 where it is no more than the rounding of a sum of amounts of `size`."""
    return 0.0 if abs(value) <= RESIDUE * size else value


def years(estimates, locked, current, *, paid, revisions, acquisition, recovered=None):
    """Return the state at initial recognition and one row for each year.

    Args:
        estimates: at initial recognition.
        locked: forward rates of initial recognition by year, shape (n,).
        current: end of year -> forward rates by year that hold from then, shape (n,).
        paid: year -> claims paid, where they differ from the expected ones.
        revisions: end of year -> list of (year, column, amount) with a column of Estimates.
        acquisition: insurance acquisition cash flows, paid at the start.
        recovered: for reinsurance held, year -> what is recovered of the underlying group's loss of that year, negative
            for a reversal; the year 0 is initial recognition. None for contracts issued.

    Returns:
        Dictionaries, the first of `initial`, the others with every step of the year; amounts that raise the
        liability are positive in the steps of present value and margin, income is positive in the service result.
    """
    here = estimates.copy()
    rates = locked
    state = initial(here, locked, acquisition, None if recovered is None else recovered.get(0, 0.0))
    rows = [state]
    csm, component = state["csm"], state["loss_component"]
    amortised = acquisition / here.claims.size  # B125: by the passage of time, in revenue and in expenses alike
    total = state["total"]
    for t in range(1, here.claims.size + 1):
        opening = _value(here, rates, t - 1)
        premium, claims, released = (float(a[t - 1]) for a in (here.premiums, here.claims, here.margin))
        # Acquisition cash flows are part of the value at recognition and are paid at once, as the first premium is.
        finance_value = (opening + premium) * rates[t - 1]
        adjustment_open = float(here.margin[t - 1 :].sum())
        finance_margin = csm * locked[t - 1]
        component, allocated = _allocate(component, here, rates, t, adjustment_open, released)
        before_locked, before_current = _value(here, locked, t), _value(here, rates, t)
        before_adjustment = float(here.margin[t:].sum())
        for year, column, amount in revisions.get(t, ()):
            getattr(here, column)[year - 1] = amount
        change = _value(here, locked, t) - before_locked
        change_adjustment = float(here.margin[t:].sum()) - before_adjustment
        size = float(here.claims[t:].sum() + here.premiums[t:].sum() + here.margin[t:].sum()) + abs(csm)
        whole = cleared(change + change_adjustment, size)
        if recovered is None:
            absorbed, loss, reversal = _absorb(csm + finance_margin, component, whole, size)
        else:
            income = recovered.get(t, 0.0)  # 66(c): the rest of the change adjusts the margin
            absorbed, loss, reversal = income - whole, max(income, 0.0), min(max(-income, 0.0), component)
            absorbed += max(-income, 0.0) - reversal  # no more is reversed than is left of the component
        component += loss - reversal
        carried = csm + finance_margin + absorbed
        units_now, units_later = float(here.units[t - 1]), float(here.units[t:].sum())
        share = units_now / (units_now + units_later) if units_now + units_later > 0 else float(t == here.units.size)
        release = carried * share
        rates = current.get(t, rates)
        closing = _value(here, rates, t)
        # What the change of rates does, and what revisions are worth at current rates beyond locked-in ones (B97).
        finance_rates = closing - before_current - change
        actual = paid.get(t, claims)
        experience = claims - actual
        service = release + released + experience - loss + reversal
        row = {
            "year": t,
            "pv_outflows": present_value(here.claims, rates, t, at_start=False),
            "pv_inflows": present_value(here.premiums, rates, t, at_start=True),
            "risk_adjustment": float(here.margin[t:].sum()),
            "csm": carried - release,
            "loss_component": component,
            "csm_opening": csm,
            "finance_csm": finance_margin,
            "csm_change": absorbed,
            "csm_release": release,
            "finance_pv": finance_value,
            "finance_rates": finance_rates,
            "finance": finance_value + finance_margin + finance_rates,
            "ra_release": released,
            "ra_change": change_adjustment,
            "pv_change": change,
            "experience": experience,
            "loss": loss,
            "reversal": reversal,
            "premiums": premium,
            "claims": actual,
            "revenue": claims + released + release - allocated + amortised,
            "expenses": actual + loss - reversal - allocated + amortised,
            "service_result": service,
        }
        row["fulfilment"] = row["pv_outflows"] - row["pv_inflows"] + row["risk_adjustment"]
        row["total"] = row["fulfilment"] + row["csm"]
        row["profit"] = service - row["finance"]
        row["opening"] = total
        csm, total = row["csm"], row["total"]
        rows.append(row)
    return rows


def _value(estimates, rates, start):
    """Return the present value of outflows less inflows of the years after `start`."""
    return present_value(estimates.claims, rates, start, at_start=False) - present_value(
        estimates.premiums, rates, start, at_start=True
    )


def _allocate(component, estimates, rates, t, adjustment, released):
    """Return the loss component at the end of year `t`, and what of the year's service it bore (50(a), 51, 52).

    The component keeps its share of the present value of outflows and the risk adjustment, so it ends with them.
    """
    if component <= TINY:
        return 0.0, 0.0
    outflows = present_value(estimates.claims, rates, t - 1, at_start=False)
    base = outflows + adjustment
    share = component / base if base > TINY else 0.0
    borne = share * (float(estimates.claims[t - 1]) + released)
    left = share * (outflows * (1 + rates[t - 1]) + adjustment) - borne
    if t == estimates.claims.size or left <= TINY:
        left = 0.0
    return left, borne


def _absorb(margin, component, change, size):
    """Return what the margin takes of a change in fulfilment cash flows, the loss beyond it, and loss reversed.

    `size` is that of the amounts behind the change, for its rounding.

    An increase beyond the margin is a loss (44(c)(i), 48); a decrease first reverses the loss component (50(b)).
    """
    if change > 0:
        taken = margin if cleared(change - margin, size) == 0 else min(margin, change)
        return -taken, cleared(change - taken, size), 0.0
    reversed_ = min(component, -change)
    return -change - reversed_, 0.0, reversed_
