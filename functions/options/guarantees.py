"""Guarantees of unit-linked contracts priced as options on the fund: GMAB and GMDB.

Chosen: one single premium in one fund that follows geometric Brownian motion, a guarantee charge taken
continuously from the fund, deaths and lapses independent of the fund, months as the step, mortality by Makeham's
law with the parameters of Dickson, Hardy and Waters' standard ultimate model.
Left out: resets, ratchets, partial withdrawals, policyholders who lapse when the guarantee is worth little.
"""

import black_scholes
import numpy as np

A, B, C = 0.00022, 2.7e-6, 1.124  # Dickson, Hardy and Waters (2020), section 4.3
FEES = np.linspace(0.0, 0.15, 301)  # charges a year searched for the fair one


def survival(age, years, multiple, lapse):
    """Return shares still in force at the ends of months, shape (months + 1,), with the share of deaths.

    Args:
        age: exact age at issue, years.
        years: term.
        multiple: of Makeham's force of mortality, 1 for the table itself.
        lapse: force of lapse a year.

    Returns:
        In force at months 0..n, shape (n + 1,); deaths in months 1..n, shape (n,), both as shares of
        policies sold; and in force of lives alone at month n.

    Source: Dickson, Hardy and Waters (2020), eq. 2.26 (Makeham) and section 8.6 (two decrements).
    """
    months = max(1, round(12 * years))
    t = np.arange(months + 1) / 12
    hazard = multiple * (A * t + B / np.log(C) * C**age * (C**t - 1))
    total = hazard + lapse * t
    in_force = np.exp(-total)
    step = np.diff(total)
    died = in_force[:-1] * -np.expm1(-step) * np.diff(hazard) / np.where(step > 0, step, 1.0)
    return in_force, died


def value(premium, level, roll_up, fee, r, sigma, in_force, died, *, death):
    """Return the guarantee's value by month of payment and the value of the charges.

    The guarantee pays the shortfall of the fund below premium * level * e^(roll_up t): a put with
    the charge as dividend yield, weighted with the share of policies that are paid.

    Args:
        premium: single premium, money.
        level: guaranteed share of the premium, 1 for all of it.
        roll_up: continuous growth of the guarantee a year.
        fee: continuous charge a year, scalar or shape (k,).
        r: risk-free rate a year, continuously compounded.
        sigma: volatility of the fund a year.
        in_force: shares in force, shape (n + 1,).
        died: shares that die in each month, shape (n,), paid at its end.
        death: True pays deaths at the ends of months (GMDB), False survivors at the end (GMAB).

    Returns:
        Guarantee by month, shape (n, k), and charges by month, shape (n, k); present values in money.

    Source: Hardy (2003), Investment Guarantees, section 6.3 to 6.5; Dickson, Hardy and Waters (2020),
    section 17.3 (GMMB) and 17.4 (GMDB).
    """
    fee = np.atleast_1d(np.asarray(fee, float))
    n = died.size
    t = (np.arange(1, n + 1) / 12)[:, None]
    paid = died.copy() if death else np.zeros(n)
    if not death:
        paid[-1] = in_force[-1]
    puts = black_scholes.price(premium, premium * level * np.exp(roll_up * t), r, fee, sigma, t, -1)
    kept = np.exp(-fee * t)
    before = np.exp(-fee * (t - 1 / 12))
    average = 0.5 * (in_force[:-1] + in_force[1:])[:, None]
    return paid[:, None] * puts, premium * average * (before - kept)


def fair_fee(premium, level, roll_up, r, sigma, in_force, died, *, death):
    """Return the lowest charge a year whose value is that of the guarantee, or None up to 15 %.

    Three passes over a grid, each over the cell in which the balance changes sign: no root finder
    sees the whole curve at once, and the lowest root is the one that matters.
    """
    grid = FEES
    for _ in range(3):
        guarantee, charges = value(premium, level, roll_up, grid, r, sigma, in_force, died, death=death)
        balance = charges.sum(axis=0) - guarantee.sum(axis=0)
        ahead = np.flatnonzero(balance >= 0)
        if not ahead.size:
            return None
        k = int(ahead[0])
        if k == 0:
            return float(grid[0])
        grid = np.linspace(grid[k - 1], grid[k], 101)
    return float(grid[0] + grid[-1]) / 2
