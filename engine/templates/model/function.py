"""New model: present value of a level annuity in arrears."""

import numpy as np


def run(inputs):
    """Return the present value of a payment at the end of each year.

    Sum of v**t for t = 1..n (Kellison 2009, section 3.2).
    """
    t = np.arange(1, inputs["years"] + 1)
    value = inputs["payment"] * (1 + inputs["rate"] / 100) ** -t.astype(float)
    return {
        "summary": {"Present value": float(value.sum())},
        "series": [{"name": "Discounted payment", "x": t, "y": value, "unit": "EUR"}],
        "table": {"year": t, "value": value},
    }
