"""The charts of a priced contract: policy values, premium, survival, and profit where it is tested.

Chosen: pure functions from figures to the charts of a result.
Left out: the figures themselves.
"""

import numpy as np


def contract_charts(values, survival, who, premium_parts, gross):
    """Return the charts of every contract.

    Args:
        values: {name of a line: policy values, shape (n + 1,)}.
        survival: of the status, shape (k + 1,).
        who: the lives in words, "a life of 40".
        premium_parts: {part: money a year} that add up to the gross premium.
        gross: the gross premium a year.
    """
    years = list(range(len(next(iter(values.values())))))
    ages = list(range(len(survival) - 1))
    return [
        {
            "kind": "line",
            "title": "Policy values",
            "x_label": "Years since issue",
            "y_label": "Policy value per policy in force (currency)",
            "data": {"x": years, "series": [{"name": k, "y": v.tolist()} for k, v in values.items()]},
        },
        {
            "kind": "waterfall",
            "title": "From net to gross premium",
            "x_label": "Part of the premium",
            "y_label": "Premium a year (currency)",
            "data": [
                *(
                    {"label": k, "value": v, "kind": "relative"}
                    for k, v in premium_parts.items()
                    if k == "Benefits" or abs(v) > 1e-9 * gross
                ),
                {"label": "Gross premium", "value": gross, "kind": "total"},
            ],
        },
        {
            "kind": "line",
            "title": "Survival",
            "x_label": who["axis"],
            "y_label": f"Probability for {who['words']}",
            "data": {
                "x": [who["from"] + t for t in ages],
                "series": [{"name": who["lasting"], "y": survival[:-1].tolist()}],
            },
        },
        {
            "kind": "bar",
            "title": who["ending_title"],
            "x_label": who["ending_axis"],
            "y_label": f"Probability for {who['words']}",
            "data": {
                "x": [who["from"] + t for t in ages],
                "series": [{"name": who["ending"], "y": (-np.diff(survival)).tolist()}],
            },
        },
    ]


def profit_charts(test, partial):
    """Return the charts of the profit signature and of its discounted sum."""
    years = test["t"].tolist()
    return [
        {
            "kind": "bar",
            "title": "Profit signature",
            "x_label": "Policy year",
            "y_label": "Profit per policy issued (currency)",
            "data": {"x": years, "series": [{"name": "Profit", "y": test["signature"].tolist()}]},
        },
        {
            "kind": "line",
            "title": "Discounted profit so far",
            "x_label": "Policy year",
            "y_label": "Present value at issue (currency)",
            "data": {"x": years, "series": [{"name": "At the risk discount rate", "y": partial.tolist()}]},
        },
    ]
