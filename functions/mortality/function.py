"""Survival and life expectancy of one life, with and without a shock to mortality.

Chosen: whole years of age, every year's probability of death multiplied by one shock, an answer at once.
Left out: improvement over time (see the forecast model), fractional ages, select mortality.
"""

import math

import life_tables
import numpy as np

LAW, OWN = "gompertz", "own"
FEW = 0.01  # share of lives at the last age from which on life expectancy is visibly too short


def run(inputs):
    """Return survival, deaths and life expectancy for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the table is not in the archive or does not cover the age.
    """
    age, last, shock = int(inputs["age"]), int(inputs["max_age"]), inputs["shock_rate"] / 100
    law = inputs["basis"] == LAW
    if law:
        ages = np.arange(age, last)
        name, q = "Gompertz's law", life_tables.gompertz(ages, a=inputs["gompertz_a"], b=inputs["gompertz_b"])
    elif inputs["basis"] == OWN:
        name, q = "Own life table", life_tables.from_own(inputs["own_table"], inputs["own_kind"], age, last)
    else:
        number = inputs["archive_number"] if inputs["basis"] == "archive" else life_tables.NAMED[inputs["basis"]]
        name, q = life_tables.from_table(number, age, last)
    last = age + len(q)
    ages = np.arange(age, last)
    shocked = shock_probabilities(q, shock, cap=life_tables.LAW_CAP if law else 1.0)
    base, stressed = survival(q), survival(shocked)
    before, after = curtate_expectation(base), curtate_expectation(stressed)
    summary = {
        "Life expectancy, shocked": after,
        "Life expectancy, no shock": before,
        "Years of life lost": before - after,
        "Complete expectation of life, shocked": after + half_years(stressed)[0],
        "Complete expectation of life, no shock": before + half_years(base)[0],
        "Probability of death in a year, no shock": float(q[0]),
        "Probability of death in a year, shocked": float(shocked[0]),
    }
    median, warnings = median_age(age, stressed), []
    if median is not None:
        summary["Median age at death, shocked"] = median
    if law:
        summary["Doubling time of mortality"] = math.log(2) / inputs["gompertz_b"]
    if base[-1] > FEW:
        warnings.append(
            f"{base[-1]:.1%} ({stressed[-1]:.1%} with the shock) are alive at the last age, {last}: life expectancy is "
            "too short by what they would still live. Raise the last age."
        )
    return {
        "summary": summary,
        "series": [
            {"name": "No shock", "x": [*ages.tolist(), last], "y": base.tolist()},
            {"name": f"Shock of {100 * shock:g} %", "x": [*ages.tolist(), last], "y": stressed.tolist()},
        ],
        "table": rows(age, q, shocked, base, stressed),
        "tables": {
            "Sums of survival": [
                {"measure": "Curtate life expectancy, S(1) + S(2) + ...", "no_shock": before, "shocked": after},
                {
                    "measure": "As MCLAVIER's demo reports it, S(0) included",
                    "no_shock": before + 1,
                    "shocked": after + 1,
                },
            ]
        },
        "charts": charts(age, q, shocked, base, stressed, shock),
        "notes": f"{name}, ages {age} to {last}. The shock multiplies every year's probability of death, "
        f"up to {life_tables.LAW_CAP if law else 1:g}.",
        "warnings": warnings,
    }


def shock_probabilities(q, shock, *, cap):
    """Return min(cap, q (1 + shock)), shape of `q`."""
    return np.minimum(q * (1 + shock), cap)


def survival(q):
    """Return the probability of being alive after 0 to n years: S(0) = 1, S(t) = S(t-1) (1 - q), shape (n + 1,)."""
    return np.concatenate(([1.0], np.cumprod(1 - q)))


def curtate_expectation(lives):
    """Return the expected whole years still to live, S(1) + S(2) + ...

    Source: Dickson, Hardy and Waters, Actuarial Mathematics for Life Contingent Risks, 3rd ed., section 2.6.2.
    """
    return float(lives[1:].sum())


def expectations(lives):
    """Return the curtate expectation of those alive at each age, a list of n + 1; None where nobody is alive.

    e(x + t) = (S(t+1) + S(t+2) + ...) / S(t)

    Source: Dickson, Hardy and Waters, Actuarial Mathematics for Life Contingent Risks, 3rd ed., section 2.6.2.
    """
    ahead = np.append(np.cumsum(lives[:0:-1])[::-1], 0.0)
    return [float(a / alive) if alive > 0 else None for a, alive in zip(ahead, lives, strict=True)]


def half_years(lives):
    """Return what the complete expectation has beyond the curtate one at each age, shape (n + 1,).

    Half a year for each who dies: (1 - S(n) / S(t)) / 2. Those alive at the last age have not died yet.

    Source: Dickson, Hardy and Waters, Actuarial Mathematics for Life Contingent Risks, 3rd ed., section 2.6.2, with
    deaths spread evenly over each year.
    """
    return 0.5 * (1 - np.divide(lives[-1], lives, out=np.zeros_like(lives), where=lives > 0))


def median_age(age, lives):
    """Return the age at which half are dead, with deaths spread evenly over the year, or None beyond the last age."""
    below = int(np.argmax(lives <= 0.5))
    if lives[below] > 0.5:
        return None
    return float(age + below - 1 + (lives[below - 1] - 0.5) / (lives[below - 1] - lives[below]))


def rows(age, q, shocked, base, stressed):
    """Return one row per age: probabilities, survival, deaths in the year and expectation of those alive."""
    expected, expected_shocked = expectations(base), expectations(stressed)
    halves, halves_shocked = half_years(base), half_years(stressed)
    found = []
    for t in range(len(base)):
        dies = t < len(q)
        found.append(
            {
                "age": age + t,
                "t": t,
                "q": float(q[t]) if dies else None,
                "q_shocked": float(shocked[t]) if dies else None,
                "survival": float(base[t]),
                "survival_shocked": float(stressed[t]),
                "deaths": float(base[t] - base[t + 1]) if dies else None,
                "deaths_shocked": float(stressed[t] - stressed[t + 1]) if dies else None,
                "expectation_shocked": expected_shocked[t],
                "expectation": expected[t],
                "complete_shocked": None if expected_shocked[t] is None else expected_shocked[t] + halves_shocked[t],
                "complete": None if expected[t] is None else expected[t] + halves[t],
            }
        )
    return found


def charts(age, q, shocked, base, stressed, shock):
    """Return the charts of deaths by age and of the probability of death on a log scale."""
    ages, name = list(range(age, age + len(q))), f"Shock of {100 * shock:g} %"
    return [
        {
            "kind": "line",
            "title": "Deaths by age",
            "x_label": "Age (years)",
            "y_label": "Deaths (% of lives at the start)",
            "data": {
                "x": ages,
                "series": [
                    {"name": "No shock", "y": (-100 * np.diff(base)).tolist()},
                    {"name": name, "y": (-100 * np.diff(stressed)).tolist()},
                ],
            },
        },
        {
            "kind": "line",
            "title": "Probability of death by age",
            "x_label": "Age (years)",
            "y_label": "Probability of death in a year",
            "y_scale": "log",
            "data": {
                "x": ages,
                "series": [
                    {"name": "No shock", "y": q.tolist()},
                    {"name": name, "y": shocked.tolist()},
                ],
            },
        },
    ]
