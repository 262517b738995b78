"""Excess of loss layers priced from the tail, and from the losses seen.

Chosen: the tail above the threshold, the losses themselves below it, so that a layer may start under the threshold
where losses were given.
Left out: reinstatements and annual limits (see the model of aggregate losses), and loadings.
"""

import numpy as np
from tails import NODES, WEIGHTS


def price(tail, frequency, row, losses, years):
    """Return what one layer costs a year.

    E = frequency x integral of survival over the layer; for a Poisson number of losses the standard deviation is
    sqrt(frequency E[Y^2]).

    Args:
        tail: the Tail; None where only the losses count.
        frequency: exceedances of the threshold a year.
        row: attachment and limit.
        losses: all losses, or None where the parameters were given.
        years: of observation.

    Returns:
        {column: value} for the table of layers.

    Raises:
        ValueError: the layer starts below the threshold and no losses were given.

    Source: McNeil (1997), section 5; closed form of the generalised Pareto integral.
    """
    attachment, limit = row["attachment"], row["limit"]
    top = attachment + limit
    if tail is None:
        return {"attachment": attachment, "limit": limit} | _burnt(attachment, limit, losses, years)
    if attachment < tail.threshold and losses is None:
        raise ValueError(
            f"inputs.layers: the attachment {attachment:g} lies below the threshold {tail.threshold:g}, where the "
            "parameters say nothing. Attach at or above the threshold."
        )
    start = max(attachment, tail.threshold)
    above = frequency * tail.area(start, top) if top > start else 0.0
    second = frequency * _second_moment(tail, attachment, start, top) if top > start else 0.0
    hits = frequency * float(tail.survival(start))
    below = 0.0
    if attachment < tail.threshold:
        within = np.clip(losses, attachment, min(top, tail.threshold)) - attachment
        below = float(within.sum() / years)
        # Losses above the threshold have used up the lower part of the layer already.
        second += float((within**2).sum() / years)
        hits = float((losses > attachment).sum() / years)
    found = {
        "attachment": attachment,
        "limit": limit,
        "claims": hits,
        "expected_loss": below + above,
        "rate_on_line": (below + above) / limit,
        "deviation": float(np.sqrt(max(second, 0.0))),
        "return_period": 1 / hits if hits > 0 else None,
    }
    return found | (_burnt(attachment, limit, losses, years) if losses is not None else {})


def _burnt(attachment, limit, losses, years):
    """Return the cost a year of the losses seen, and how many reached the layer."""
    burnt = float(np.clip(losses - attachment, 0, limit).sum() / years)
    return {"burning_cost": burnt, "losses_seen": int((losses > attachment).sum())}


def _second_moment(tail, attachment, start, top):
    """Return E[Y^2] per exceedance gained between `start` and `top`: 2 times the integral of (x - a) survival."""
    # Nodes on a log scale of the distance from the threshold: the tail is steep near it.
    shift = tail.beta
    a, b = np.log(start - tail.threshold + shift), np.log(top - tail.threshold + shift)
    z = (b - a) / 2 * NODES + (a + b) / 2
    x = np.exp(z) - shift + tail.threshold
    return float(2 * (b - a) / 2 * (WEIGHTS * (x - attachment) * tail.survival(x) * np.exp(z)).sum())
