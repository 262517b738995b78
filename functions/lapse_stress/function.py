"""A closed block of policies under the lapse stresses of Solvency II's standard formula, and under one of one's own.

Chosen: one group of equal policies, one lapse rate or one for each policy year, deaths before lapses within a year, an
instant and permanent change of rates.
Left out: policies on which a lapse costs and others on which it earns in one block: run them one by one.
"""

import numpy as np

from actuarial.standard_formula import MASS_LAPSE, lapse_down, lapse_up

ROUNDING = 1e-12  # by which a product of percentages may exceed 1
NAMES = {"up": "Up", "down": "Down", "mass": "Mass", "own": "Own"}


def run(inputs):
    """Return policies in force, values and the capital requirement for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: rates by policy year are chosen and none is given.
    """
    years, rate = int(inputs["years"]), lapse_rates(inputs)
    multiplier, mass = inputs["multiplier"] / 100, MASS_LAPSE[inputs["business"]]
    q, start, margin = inputs["mortality"] / 100, inputs["initial"], inputs["margin"]
    stressed_rates = {
        "up": lapse_up(rate),
        "down": lapse_down(rate),
        "mass": rate,
        "own": own_rate(rate, multiplier),
    }
    rates = {"base": rate, **stressed_rates}
    force = {
        name: in_force(start * (1 - mass if name == "mass" else 1), q, stressed) for name, stressed in rates.items()
    }
    value = {name: present_value(lives, margin, inputs["interest"] / 100) for name, lives in force.items()}
    loss = {name: value["base"] - value[name] for name in NAMES}
    ruled = {name: loss[name] for name in ("up", "down", "mass")}
    biting = max(ruled, key=ruled.get)
    capital = max(ruled[biting], 0.0)
    warnings = []
    if rate.max() * multiplier > 1 + ROUNDING:
        warnings.append(
            f"The own stress, {100 * rate.max() * multiplier:g} %, is capped at 100 %: everybody lapses in a year."
        )
    summary = {
        "In force at the end, base": float(force["base"][-1]),
        "In force at the end, up": float(force["up"][-1]),
        "In force at the end, down": float(force["down"][-1]),
        "In force at the end, mass": float(force["mass"][-1]),
        "In force at the end, own stress": float(force["own"][-1]),
        "Value of margins, base": value["base"],
        "Capital requirement for lapse risk": capital,
        "Biting stress": NAMES[biting] if capital > 0 else "None",
        "Loss under own stress": loss["own"],
    }
    end = {name: float(lives[-1]) for name, lives in force.items()}
    if end["base"] > 0:
        summary["Own stress over base"] = end["own"] / end["base"]
        summary["Policies lost under own stress"] = end["base"] - end["own"]
    return {
        "summary": summary,
        "series": [
            {"name": label, "x": list(range(years + 1)), "y": force[name].tolist()}
            for name, label in (("base", "Base"), *NAMES.items())
        ],
        "table": [{"year": t, **{name: float(lives[t]) for name, lives in force.items()}} for t in range(years + 1)],
        "tables": {
            "Stresses": [
                {
                    "stress": label,
                    "rate": float(rates[name][0]),
                    "at_once": mass if name == "mass" else 0.0,
                    "end": end[name],
                    "persistency": end[name] / start if start > 0 else None,
                    "lost": end["base"] - end[name],
                    "value": value[name],
                    "loss": value["base"] - value[name],
                }
                for name, label in (("base", "Base"), *NAMES.items())
            ],
            "Stressed rates": [
                {
                    "group": row["group"],
                    "base": row["lapse"] / 100,
                    "up": float(lapse_up(row["lapse"] / 100)),
                    "down": float(lapse_down(row["lapse"] / 100)),
                    "own": float(own_rate(row["lapse"] / 100, multiplier)),
                }
                for row in inputs["rates"]
            ],
            "Lapse rates": [
                {"policy_year": t + 1, **{name: float(r[t]) for name, r in rates.items() if name != "mass"}}
                for t in range(years)
            ],
            "Mass lapse": [
                {"business": "All but group pension business", "mass": MASS_LAPSE["standard"]},
                {"business": "Group pension business", "mass": MASS_LAPSE["group_pension"]},
            ],
        },
        "charts": draw_charts(value, loss, capital),
        "notes": "Up: +50 %, at most 100 %. Down: -50 %, at most 20 points. Mass: "
        f"{mass:.0%} leave at once, the others as in the base. The requirement is the largest of the three losses, "
        "not below 0.",
        "warnings": warnings,
    }


def lapse_rates(inputs):
    """Return the base lapse rate of each policy year, shape (years,).

    A year that the table of rates by policy year leaves out has the rate of the year before it in the table; years
    before its first have the first.
    """
    years = int(inputs["years"])
    if inputs["pattern"] == "level":
        return np.full(years, inputs["lapse"] / 100)
    rows = sorted(inputs["lapse_by_year"], key=lambda row: row["year"])
    if not rows:
        raise ValueError("inputs.lapse_by_year: there is no lapse rate. Give at least that of year 1.")
    at = np.searchsorted([row["year"] for row in rows], np.arange(1, years + 1), side="right") - 1
    return np.array([row["lapse"] for row in rows], float)[np.maximum(at, 0)] / 100


def own_rate(rate, multiplier):
    """Return min(multiplier × rate, 1), shape of `rate`."""
    return np.minimum(np.multiply(rate, multiplier), 1.0)


def in_force(start, q, rates):
    """Return policies in force after 0, 1, ... n years, shape (n + 1,).

    N(t+1) = N(t) (1 - q) (1 - lapse(t)): those who did not die in the year may lapse at its end.

    Args:
        start: policies today.
        q: probability of death in a year.
        rates: lapse rate of each policy year, shape (n,).
    """
    return start * np.concatenate(([1.0], np.cumprod((1 - q) * (1 - rates))))


def present_value(lives, margin, interest):
    """Return the value today of `margin` for each policy in force at each year's end, after lapses."""
    t = np.arange(1, len(lives))
    return float(margin * (lives[1:] @ (1 + interest) ** -t.astype(float)))


def draw_charts(value, loss, capital):
    """Return the losses under each stress, and the way from the base value to that under the biting one."""
    return [
        {
            "kind": "bar",
            "title": "Loss of value by stress",
            "x_label": "Stress",
            "y_label": "Loss of the value of margins (currency)",
            "data": {"x": list(NAMES.values()), "series": [{"name": "Loss", "y": [loss[n] for n in NAMES]}]},
        },
        {
            "kind": "waterfall",
            "title": "Value of margins before and after the biting stress",
            "x_label": "Step",
            "y_label": "Value of margins (currency)",
            "data": [
                {"label": "Base", "value": value["base"], "kind": "total"},
                {"label": "Lapse risk", "value": -capital, "kind": "relative"},
                {"label": "After stress", "value": value["base"] - capital, "kind": "total"},
            ],
        },
    ]
