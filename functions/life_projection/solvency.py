"""The life underwriting stresses of Solvency II and their aggregation.

Chosen: each stress hits only the cells whose best estimate it raises, as the Regulation asks of policies; lapse
takes the worst of its three; capital is the rise of the best estimate, without the loss-absorbing capacity of
provisions.
Left out: disability-morbidity and revision: the products here carry neither.
"""

from dataclasses import replace

import numpy as np

from actuarial import standard_formula

MODULES = ("mortality", "longevity", "disability", "lapse", "expense", "revision", "catastrophe")  # as they are shown
STRESSES = {
    "mortality": ("mortality", "Mortality +15 %", "Art. 137"),
    "longevity": ("longevity", "Longevity -20 %", "Art. 138"),
    "lapse_up": ("lapse", "Lapse up +50 %", "Art. 142(2)"),
    "lapse_down": ("lapse", "Lapse down -50 %", "Art. 142(3)"),
    "lapse_mass": ("lapse", "Mass lapse 40 %", "Art. 142(6)"),
    "expense": ("expense", "Expenses +10 %, inflation +1 point", "Art. 140"),
    "catastrophe": ("catastrophe", "Mortality +0.15 points for a year", "Art. 143"),
}


def stressed(assumed, name):
    """Return the assumptions under stress `name` of STRESSES.

    Source: Delegated Regulation (EU) 2015/35, Articles 137, 138, 140, 142 and 143.
    """
    match name:
        case "mortality":
            return replace(assumed, mortality=np.minimum(assumed.mortality * 1.15, 1))
        case "longevity":
            return replace(assumed, mortality=assumed.mortality * 0.8)
        case "lapse_up":
            return replace(assumed, lapse=standard_formula.lapse_up(assumed.lapse))
        case "lapse_down":
            return replace(assumed, lapse=standard_formula.lapse_down(assumed.lapse))
        case "lapse_mass":
            return replace(assumed, mass_lapse=standard_formula.MASS_LAPSE["standard"])
        case "expense":
            # Of the expenses taken into account in the provisions: those still to come, so not acquisition.
            return replace(assumed, maintenance=assumed.maintenance * 1.1, inflation=assumed.inflation + 0.01)
        case _:
            return replace(assumed, catastrophe=0.0015)


def requirement(base, under_stress):
    """Return the capital of one stress: the rise of the best estimate over the cells where it rises."""
    return float(np.maximum(under_stress - base, 0).sum())


def aggregate(capital):
    """Return the capital of each module and the SCR for life underwriting risk.

    SCR = sqrt(sum over i, j of Corr(i, j) SCR(i) SCR(j))

    Args:
        capital: {stress: capital}.

    Source: Delegated Regulation (EU) 2015/35, Article 136.
    """
    modules = dict.fromkeys(MODULES, 0.0)
    for name, amount in capital.items():
        module = STRESSES[name][0]
        modules[module] = max(modules[module], amount)
    amounts = [modules[name] for name in standard_formula.LIFE]
    total, _ = standard_formula.aggregate(amounts, standard_formula.LIFE_CORRELATION)
    return modules, total
