"""Tests of given counts of exceptions, without a portfolio: Kupiec, Christoffersen and Basel's traffic light.

Chosen: a row may give the days and exceptions, the four transitions between days with and without exceptions, or both.
Left out: tests of expected shortfall.
"""

import backtest

TRANSITIONS = ("n00", "n01", "n10", "n11")
LEVEL = 0.05  # below which a p-value is called a rejection


def result(inputs):
    """Return the tests of every row of `inputs["counts"]`.

    Raises:
        ValueError: naming every cell that does not fit.
    """
    rows, problems = [], []
    for i, given in enumerate(inputs["counts"]):
        row = tests_of_row(given, i, 1 - inputs["confidence"] / 100, problems)
        if row:
            rows.append(row)
    if problems:
        raise ValueError("\n".join(problems))
    if not rows:
        raise ValueError(
            "inputs.counts: the table is empty. Give the days and the exceptions of one backtest at least."
        )
    first = rows[0]
    summary = {"Exceptions": first["exceptions"], "Days tested": first["days"], "Zone": first["zone"]}
    summary |= {"Kupiec LR": first["kupiec"], "Kupiec p-value": first["kupiec_p"]}
    if "independence" in first:
        summary |= {"Christoffersen LR": first["independence"], "Christoffersen p-value": first["independence_p"]}
        summary |= {
            "Conditional coverage LR": first["conditional"],
            "Conditional coverage p-value": first["conditional_p"],
        }
    summary["Rejected at 5 %"] = sum(row["kupiec_p"] < LEVEL for row in rows)
    return {
        "summary": summary,
        "table": rows,
        "charts": [
            {
                "kind": "bar",
                "title": "Exceptions observed and expected",
                "x_label": "Backtest",
                "y_label": "Exceptions (days)",
                "data": {
                    "x": [row["label"] for row in rows],
                    "series": [
                        {"name": "Observed", "y": [row["exceptions"] for row in rows]},
                        {"name": "Expected", "y": [row["expected"] for row in rows]},
                    ],
                },
            }
        ],
        "notes": "The summary is the first row's. Kupiec: share of exceptions; Christoffersen: independence from one "
        "day to the next; conditional coverage: both at once. A p-value below 5 % speaks against the forecasts.",
    }


def tests_of_row(given, i, rate, problems):
    """Return the row of tests of one backtest, or None after adding what is wrong with it to `problems`."""
    counted = [given.get(key) for key in TRANSITIONS]
    missing = [key for key, value in zip(TRANSITIONS, counted, strict=True) if value is None]
    where = f"inputs.counts[{i}]"
    transitions = None
    if not missing:
        transitions = ((counted[0], counted[1]), (counted[2], counted[3]))
    elif len(missing) < len(TRANSITIONS):
        problems.append(f"{where}.{missing[0]}: the cell is empty. Give all four transitions, or none.")
        return None
    days, exceptions = given.get("days"), given.get("exceptions")
    if transitions and days is None and exceptions is None:
        # The first day has no day before it: the tests of both kinds then rest on the same days.
        days, exceptions = sum(counted), counted[1] + counted[3]
    if days is None or exceptions is None:
        key = "days" if days is None else "exceptions"
        problems.append(f"{where}.{key}: the cell is empty. Give days and exceptions, or the four transitions.")
        return None
    if days < 1 or exceptions > days:
        problems.append(f"{where}.exceptions: {exceptions} exceptions in {days} days. Give at most one a day.")
        return None
    if transitions and not days - 1 <= sum(counted) <= days:
        problems.append(f"{where}.n00: the transitions add up to {sum(counted)} for {days} days. Give {days - 1}.")
        return None
    if given.get("probability") is not None:
        rate = given["probability"] / 100
    label = given.get("label") or f"Backtest {i + 1}"
    row = {"label": label, "days": days, "probability": 100 * rate}
    return row | backtest.exception_tests(exceptions, days, rate, transitions)
