"""Options and unit-linked guarantees: price, Greeks, early exercise, barriers, GMAB and GMDB.

Chosen: every engine that fits the contract is run, so that a closed form, a tree and a simulation stand side by
side; the input `engine` says which of them is the headline.
Left out: stochastic volatility, discrete dividends, path-dependent payoffs beyond a single barrier.
"""

import barrier
import black_scholes
import guarantees
import lsm
import numpy as np
import tree

STREAM_ABOVE = 2_000_000  # path-dates; below it a simulation is done before anybody could see a progress bar
MOST = 60_000_000  # path-dates of one run: about six seconds on one core
GRID = 61
FEW = 50  # paths that end in the money, below which their number alone leaves an error of 14 %
ALIKE = 0.005  # relative difference of tree and closed form beyond which the tree is too coarse
WATCHED = 5  # dates on which a barrier is watched, below which the correction for them is not to be relied on


def run(inputs):
    """Price the contract of `inputs` (keys as in manifest.json), yielding partial results while it simulates.

    Raises:
        ValueError: the barrier is on the wrong side of the spot, or the simulation is too large.
    """
    rates = {
        "r": inputs["rate"] / 100,
        "q": inputs["dividend_yield"] / 100,
        "sigma": inputs["volatility"] / 100,
    }
    if inputs["contract"] in {"gmab", "gmdb"}:
        yield guarantee_result(inputs, rates["r"], rates["sigma"])
    elif inputs["contract"] == "barrier":
        yield barrier_result(inputs, rates)
    else:
        yield from vanilla_results(inputs, rates)


def vanilla_results(inputs, rates):
    """Yield the results of a European, Bermudan or American option: closed form and tree, then simulation."""
    S, K, T = inputs["spot"], inputs["strike"], inputs["maturity"]
    sign = 1 if inputs["option_type"] == "call" else -1
    style, steps = inputs["exercise"], inputs["tree_steps"]
    dates = max(1, round(inputs["exercise_dates"] * T))
    simulated = style != "european" or inputs["engine"] == "monte_carlo"
    count = dates if style != "european" else 1
    if simulated and count * inputs["paths"] > MOST:
        raise ValueError(
            f"inputs.paths: {inputs['paths']:,} paths over {dates:,} exercise dates are more than 60 million steps. "
            "Take fewer paths or fewer exercise dates a year."
        )
    exercise = {"european": None, "american": 0, "bermudan": dates}[style]
    closed = float(black_scholes.price(S, K, sign=sign, T=T, **rates))
    walked = float(tree.price(S, K, sign=sign, T=T, steps=steps, exercise=exercise, **rates)[0])
    summary = {"European price": closed, "Tree price": walked}
    if style != "european":
        for label, kind, at in (("American price", "american", 0), ("Bermudan price", "bermudan", dates)):
            if style == kind:
                summary[label] = walked
            else:
                summary[label] = float(tree.price(S, K, sign=sign, T=T, steps=steps, exercise=at, **rates)[0])
        summary["Early exercise premium"] = walked - closed
    greeks, charts, table = greeks_and_charts(S, K, T, sign, exercise, steps, closed_form=style == "european", **rates)
    plain = walked if exercise is None else float(tree.price(S, K, sign=sign, T=T, steps=steps, **rates)[0])
    warnings = coarse_tree_warning(closed, plain, S)
    headline = closed if style == "european" and inputs["engine"] != "tree" else walked
    first = {
        "summary": {"Price": headline, **greeks, **summary},
        "charts": charts,
        "tables": {"Greeks": table},
        "warnings": warnings,
        "progress": 0.1,
        "message": "closed form and tree are done, simulating",
    }
    if not simulated:
        yield {**first, "progress": 1.0, "table": engine_rows(closed, walked, None, style), "notes": NOTES[style]}
        return
    stream = count * inputs["paths"] > STREAM_ABOVE
    if stream:
        yield first
    for done in lsm.price(S, K, T=T, sign=sign, dates=count, paths=inputs["paths"], seed=inputs["seed"], **rates):
        if not isinstance(done, lsm.Simulated):
            if stream and done % max(1, count // 20) == 0:
                yield {"progress": 0.1 + 0.9 * (1 - done / count), "message": f"date {count - done} of {count}"}
            continue
        found = done
    value, error = found.value, found.error
    if style == "american":
        value = max(value, sign * (S - K))  # the simulated dates begin after today
    if found.in_the_money < FEW:
        sure = "closed form" if style == "european" else "tree"
        warnings.append(
            f"Only {found.in_the_money:,} of {inputs['paths']:,} simulated paths end in the money: the simulated price "
            f"and its standard error are rough. Go by the {sure}, or take more paths."
        )
    summary |= {
        "Monte Carlo price": value,
        "Monte Carlo standard error": error,
        "European price by the same paths": found.european,
    }
    if inputs["engine"] == "monte_carlo":
        headline = value
    if style != "european":
        charts.append(boundary_chart(found.boundary))
    yield {
        "summary": {"Price": headline, **greeks, **summary},
        "charts": charts,
        "table": engine_rows(closed, walked, (value, error), style),
        "tables": {"Greeks": table},
        "warnings": warnings,
        "notes": NOTES[style],
        "progress": 1.0,
    }


def coarse_tree_warning(closed, walked, spot):
    """Return a warning in a list where a European price by the tree is too far from the closed form."""
    if abs(walked - closed) <= ALIKE * closed + 1e-6 * spot:
        return []
    warning = (
        f"The tree gives {walked:,.6g} for the European option, the closed form {closed:,.6g}: at this volatility and "
        "time its prices of early exercise are rough as well. Take more tree steps."
    )
    return [warning]


def engine_rows(closed, walked, simulated, style):
    """Return one row per engine that fits the contract, with its difference from the tree."""
    rows = [{"engine": "Leisen-Reimer tree", "price": walked, "difference": 0.0, "error": None}]
    if style == "european":
        rows.insert(0, {"engine": "Black-Scholes", "price": closed, "difference": closed - walked, "error": None})
    if simulated:
        value, error = simulated
        name = "Monte Carlo" if style == "european" else "Least-squares Monte Carlo"
        rows.append({"engine": name, "price": value, "difference": value - walked, "error": error})
    return rows


def greeks_and_charts(S, K, T, sign, exercise, steps, *, closed_form, r, q, sigma):
    """Return the Greeks at the spot, the charts over spot and time, and the table of Greeks.

    European Greeks are closed forms. For the others delta and gamma are those of the tree's own nodes, and the rest
    central differences on one batch of trees, by a tenth of the volatility but no more than a point, a hundredth of a
    point of rate and yield, and a day but no more than a hundredth of the time.
    """
    spots = np.linspace(0.5 * min(S, K), 1.5 * max(S, K), GRID)
    intrinsic = np.maximum(sign * (spots - K), 0)
    times = T * np.linspace(0.1, 1.0, 10)
    if closed_form:
        raw = {k: float(v) for k, v in black_scholes.greeks(S, K, r, q, sigma, T, sign).items()}
        values = black_scholes.price(spots, K, r, q, sigma, T, sign)
        slopes = black_scholes.greeks(spots, K, r, q, sigma, T, sign)["delta"]
        surface = black_scholes.price(spots[None, ::3], K, r, q, sigma, times[:, None], sign)
    else:
        _, delta, gamma = tree.slopes(S, K, r, q, sigma, T, sign, steps=steps, exercise=exercise)
        v, b, day = min(0.01, 0.1 * sigma), 0.0001, min(1 / 365, 0.01 * T)
        # Two columns a Greek: the volatility, the rate, the yield and the time moved up and down.
        moved = np.zeros((4, 8))
        for i, size in enumerate((v, b, b, day)):
            moved[i, 2 * i : 2 * i + 2] = size, -size
        p = tree.price(
            S, K, r + moved[1], q + moved[2], sigma + moved[0], T + moved[3], sign, steps=501, exercise=exercise
        )
        raw = {
            "delta": float(delta[0]),
            "gamma": float(gamma[0]),
            "vega": float((p[0] - p[1]) / (2 * v)),
            "theta": float((p[7] - p[6]) / (2 * day)),
            "rho": float((p[2] - p[3]) / (2 * b)),
            "yield_rho": float((p[4] - p[5]) / (2 * b)),
        }
        values, slopes, _ = tree.slopes(spots, K, r, q, sigma, T, sign, steps=201, exercise=exercise)
        surface = american_surface(spots[::3], times, K, r, q, sigma, sign, exercise)
    greeks, table = greek_figures(raw)
    charts = [
        spot_chart(spots, [("Value today", values), ("Payoff if exercised now", intrinsic)], "Value over the spot"),
        {
            "kind": "line",
            "title": "Delta over the spot",
            "x_label": "Spot (money)",
            "y_label": "Delta (money per money)",
            "data": {"x": spots.tolist(), "series": [{"name": "Delta", "y": slopes.tolist()}]},
        },
        {
            "kind": "surface",
            "title": "Value over spot and time to expiry",
            "x_label": "Spot (money)",
            "y_label": "Time to expiry (years)",
            "data": {"x": spots[::3].tolist(), "y": times.tolist(), "z": surface.tolist()},
        },
    ]
    return greeks, charts, table


def greek_figures(raw):
    """Return the Greeks of the summary, per point and day, and the table of all of them in both units.

    Args:
        raw: derivatives as in `black_scholes.greeks`, per 1.00 and per year.

    Source: Hull (2018), sections 19.4 to 19.10, who prints theta per year and per calendar day or trading day, and
    vega and rho per 1.00 and per point.
    """
    greeks = {
        "Delta": raw["delta"],
        "Gamma": raw["gamma"],
        "Vega": raw["vega"] / 100,
        "Theta": raw["theta"] / 365,
        "Rho": raw["rho"] / 100,
    }
    rows = [
        (name, raw[key], per, raw[key] / scale, per_scaled)
        for name, key, per, scale, per_scaled in GREEKS
        if key in raw
    ]
    return greeks, [dict(zip(("greek", "value", "per", "scaled", "per_scaled"), row, strict=True)) for row in rows]


GREEKS = (
    ("Delta", "delta", "1 of spot", 1, "1 of spot"),
    ("Gamma", "gamma", "1 of spot, twice", 1, "1 of spot, twice"),
    ("Vega", "vega", "1.00 of volatility", 100, "point of volatility"),
    ("Theta", "theta", "year", 365, "calendar day"),
    ("Theta, trading days", "theta", "year", 252, "trading day"),
    ("Rho", "rho", "1.00 of rate", 100, "point of rate"),
    ("Rho of the yield", "yield_rho", "1.00 of yield", 100, "point of yield"),
    ("Vanna", "vanna", "1 of spot and 1.00 of volatility", 100, "1 of spot and point of volatility"),
    ("Volga", "volga", "1.00 of volatility, twice", 10_000, "point of volatility, twice"),
)


def american_surface(spots, times, K, r, q, sigma, sign, exercise):
    """Return values over `times` (rows) and `spots` (columns) from trees of 101 steps, `exercise` as in the tree.

    American values are one batch; a Bermudan's dates thin out with its time, so each time is a batch.
    """
    if exercise == 0:
        x, y = np.meshgrid(spots, times)
        return tree.price(x.ravel(), K, r, q, sigma, y.ravel(), sign, steps=101, exercise=0).reshape(x.shape)
    counts = np.maximum(1, np.round(exercise * times / times[-1])).astype(int)
    rows = [
        tree.price(spots, K, r, q, sigma, t, sign, steps=101, exercise=int(n))
        for t, n in zip(times, counts, strict=True)
    ]
    return np.array(rows)


def barrier_result(inputs, rates):
    """Return the result of a knock-in or knock-out option on one barrier.

    Raises:
        ValueError: the option is knocked already.
    """
    S, K, H, T = (inputs[k] for k in ("spot", "strike", "barrier", "maturity"))
    sign = 1 if inputs["option_type"] == "call" else -1
    side, way = inputs["barrier_type"].split("_")
    up, knock_in = side == "up", way == "in"
    if (S >= H) if up else (S <= H):
        where = "above" if up else "below"
        raise ValueError(
            f"inputs.barrier: with a spot of {S:g} the option is knocked already at {H:g}. "
            f"Give an {side}-barrier {where} the spot, or the other type of barrier."
        )
    terms = {"up": up, "knock_in": knock_in}
    watched = inputs["watched"]
    q, sigma = rates["q"], rates["sigma"]

    def value(spot, watched=watched):
        return barrier.price(spot, K, H, inputs["rebate"], rates["r"], q, sigma, T, sign, watched=watched, **terms)

    def smooth(spot=S, r=rates["r"], q=q, vol=sigma, years=T):
        at = barrier.shifted_barrier(H, vol, up=up, watched=watched)
        return float(barrier.formula(spot, K, at, inputs["rebate"], r, q, vol, years, sign, **terms))

    base = float(value(S))
    h, v, b, day = 0.01 * S * sigma * np.sqrt(T), min(0.001, 0.1 * sigma), 1e-4, min(1 / 365, 0.01 * T)
    middle, above, below = smooth(), smooth(S + h), smooth(S - h)
    greeks, table = greek_figures(
        {
            "delta": (above - below) / (2 * h),
            "gamma": (above - 2 * middle + below) / h**2,
            "vega": (smooth(vol=sigma + v) - smooth(vol=sigma - v)) / (2 * v),
            "theta": (smooth(years=T - day) - smooth(years=T + day)) / (2 * day),
            "rho": (smooth(r=rates["r"] + b) - smooth(r=rates["r"] - b)) / (2 * b),
            "yield_rho": (smooth(q=q + b) - smooth(q=q - b)) / (2 * b),
        }
    )
    plain = float(black_scholes.price(S, K, T=T, sign=sign, **rates))
    low, high = (0.6 * min(S, K), H) if up else (H, 1.5 * max(S, K))
    spots = np.linspace(low, high, GRID)
    warnings = []
    if watched and watched * T < WATCHED:
        warnings.append(
            f"The barrier is watched on about {max(1, round(watched * T))} dates only: the correction for them, made "
            "for many dates, is rough here."
        )
    return {
        "summary": {
            "Price": base,
            **greeks,
            "European price": plain,
            "Continuously watched price": float(value(S, watched=0)),
            "Discount for the barrier": plain - base,
        },
        "table": table,
        "charts": [
            spot_chart(
                spots,
                [
                    ("Barrier option", value(spots)),
                    ("Plain option", black_scholes.price(spots, K, T=T, sign=sign, **rates)),
                ],
                "Value over the spot, up to the barrier",
            )
        ],
        "notes": NOTES["barrier"],
        "warnings": warnings,
    }


def guarantee_result(inputs, r, sigma):
    """Return the result of a guarantee at maturity (GMAB) or on death (GMDB)."""
    death = inputs["contract"] == "gmdb"
    premium, years = inputs["premium"], inputs["term"]
    level, roll_up = inputs["guarantee"] / 100, np.log1p(inputs["roll_up"] / 100)
    fee = inputs["guarantee_fee"] / 100
    decrements = {"multiple": inputs["mortality"] / 100, "lapse": -np.log1p(-inputs["lapse"] / 100)}
    in_force, died = guarantees.survival(inputs["age"], years, **decrements)
    args = {"premium": premium, "level": level, "roll_up": roll_up, "death": death}
    cost, charges = guarantees.value(fee=fee, r=r, sigma=sigma, in_force=in_force, died=died, **args)
    fair = guarantees.fair_fee(r=r, sigma=sigma, in_force=in_force, died=died, **args)
    summary = {
        "Price": float(cost.sum()),
        "Price as share of premium": float(cost.sum() / premium),
        "Value of charges": float(charges.sum()),
        "Charges less guarantee": float(charges.sum() - cost.sum()),
        "Fair charge": fair,
        "In force at the end": float(in_force[-1]),
        "Deaths": float(died.sum()),
    }
    warnings = []
    if fair is None:
        del summary["Fair charge"]
        warnings.append("No charge up to 15 % a year pays for this guarantee: shorten it or lower its level.")
    months = np.arange(1, died.size + 1)
    return {
        "summary": summary,
        "table": policy_year_rows(months, cost[:, 0], charges[:, 0], in_force, died),
        "charts": [
            {
                "kind": "bar",
                "title": "Guarantee and charges by year",
                "x_label": "Policy year",
                "y_label": "Present value (money)",
                "data": {
                    "x": np.unique((months + 11) // 12).tolist(),
                    "series": [
                        {"name": "Guarantee", "y": by_year(months, cost[:, 0])},
                        {"name": "Charges", "y": by_year(months, charges[:, 0])},
                    ],
                },
            },
            tornado(inputs, args, fee, r, sigma, decrements, float(cost.sum())),
        ],
        "notes": NOTES["gmdb" if death else "gmab"],
        "warnings": warnings,
    }


def tornado(inputs, args, fee, r, sigma, decrements, base):
    """Return the chart of the guarantee's value under one change at a time."""

    def at(rate=r, vol=sigma, multiple=decrements["multiple"], lapse=decrements["lapse"]):
        in_force, died = guarantees.survival(inputs["age"], inputs["term"], multiple, lapse)
        cost, _ = guarantees.value(fee=fee, r=rate, sigma=vol, in_force=in_force, died=died, **args)
        return float(cost.sum())

    bars = [
        ("Rate ±1 point", at(rate=r + 0.01), at(rate=r - 0.01)),
        ("Volatility ±5 points", at(vol=max(sigma - 0.05, 0.001)), at(vol=sigma + 0.05)),
        ("Mortality ±20 %", at(multiple=0.8 * decrements["multiple"]), at(multiple=1.2 * decrements["multiple"])),
        ("Lapse ±50 %", at(lapse=0.5 * decrements["lapse"]), at(lapse=1.5 * decrements["lapse"])),
    ]
    return {
        "kind": "tornado",
        "title": "What moves the guarantee's value",
        "x_label": "Value of the guarantee (money)",
        "y_label": "Change",
        "data": [{"label": n, "low": min(a, b), "high": max(a, b), "base": base} for n, a, b in bars],
    }


def policy_year_rows(months, cost, charges, in_force, died):
    """Return one row per policy year."""
    years = np.unique((months + 11) // 12)
    sums = [by_year(months, a) for a in (cost, charges, died)]
    return [
        {
            "year": int(y),
            "in_force": float(in_force[min(12 * (y - 1), in_force.size - 1)]),
            "deaths": d,
            "guarantee": c,
            "charges": f,
        }
        for y, c, f, d in zip(years, *sums, strict=True)
    ]


def by_year(months, amounts):
    """Return monthly `amounts` summed by policy year, as a list."""
    return np.bincount((months + 11) // 12, weights=amounts)[1:].tolist()


def boundary_chart(boundary):
    """Return the chart of spots at which the simulated holder exercises."""
    return {
        "kind": "line",
        "title": "Exercise boundary found by the simulation",
        "x_label": "Time from today (years)",
        "y_label": "Spot (money)",
        "data": {
            "x": [t for t, _ in boundary],
            "series": [{"name": "Spot at which exercise begins", "y": [s for _, s in boundary]}],
        },
    }


def spot_chart(x, lines, title):
    """Return a line chart of values over the spot."""
    return {
        "kind": "line",
        "title": title,
        "x_label": "Spot (money)",
        "y_label": "Value (money)",
        "data": {
            "x": x.tolist(),
            "series": [{"name": name, "y": np.asarray(y).tolist()} for name, y in lines],
        },
    }


NOTES = {
    "european": "Closed form of Black, Scholes and Merton; the tree beside it is a check on itself.",
    "american": "The tree is the price. The simulation exercises at the given dates only and by a fitted rule, so it "
    "lies a little below, and its error is sampling error alone.",
    "bermudan": "Exercise at equally spaced dates, expiry included. Tree dates are moved to the nearest step.",
    "barrier": "Closed form of Reiner and Rubinstein; a barrier watched at dates only is moved away from the spot "
    "by 0.5826 σ √Δt (Broadie, Glasserman and Kou).",
    "gmab": "A put on the fund, with the charge as dividend yield, for those still in force at the end.",
    "gmdb": "A strip of puts on the fund, one for each month, weighted with the deaths of that month.",
}
