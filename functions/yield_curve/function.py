"""A yield curve from market quotes: bootstrap, Nelson-Siegel, Svensson or Smith-Wilson, out to 150 years.

Chosen: every method gives discount factors and forward rates at any time; zero and one-year forward rates, the
quotes repriced and a bond are read off them in the same way.
Left out: several curves at once (discounting apart from forwarding), day counts, calendars.
"""

import bootstrap
import instruments
import nelson_siegel
import numpy as np
import readings
from readings import zero

from actuarial import smith_wilson

BASIS_POINT = 1e-4
SHORT = 30  # years drawn by quarters
EXACT = 1e-8  # % of a price, below which an error is rounding
EXACTLY = "The curve gives every quote's price to rounding, so their errors are not drawn."
DOUBTFUL_CONDITION = 100.0  # of the scaled loadings; beyond 30 regressors are commonly called collinear
OFFSETTING = 3.0  # times the largest zero rate, above which betas are said to offset each other
LARGEST = 1e9  # a discount factor beyond it is no longer a rate but a mistake


def run(inputs):
    """Build the curve of `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the quotes are too few, contradict each other, or do not suit the method.
    """
    notes, warnings = [], []
    quotes = read_quotes(inputs, notes, warnings)
    curve, summary = METHODS[inputs["method"]](inputs, quotes, notes, warnings)
    if inputs["volatility_adjustment"] and inputs["method"] != "smith_wilson":
        curve = readings.Raised(curve, inputs["volatility_adjustment"] * BASIS_POINT)
    how = inputs["compounding"]
    years = np.arange(1.0, inputs["horizon"] + 1)
    targets = np.array([row["maturity"] for row in inputs["targets"]])
    spans = forward_spans(inputs)
    bond_end = inputs["bond_maturity"] if inputs["value_bond"] else 0.0
    longest = max(years[-1], *targets, *(end for _, end in spans), *(q.maturity for q in quotes), bond_end)
    require_positive_discounts(curve, np.arange(0, longest + 1, 0.25), inputs)
    discount = curve.discount(years)
    summary |= {
        f"Zero rate, {t} year{'s' * (t > 1)}": float(zero(curve, t, how)) for t in (1, 10, 20, 30, 60) if t <= years[-1]
    }
    if inputs["value_bond"]:
        summary |= readings.bond(curve, inputs, notes)
    result = {
        "summary": summary,
        "table": readings.yearly(curve, years, how, inputs["valuation_date"]),
        "tables": {},
        "series": rate_series(curve, quotes, inputs),
        "charts": [
            {
                "kind": "line",
                "title": "Discount factors",
                "x_label": "Time (years)",
                "y_label": "Value today of 1",
                "data": {"x": [0.0, *years.tolist()], "series": [{"name": "Discount", "y": [1.0, *discount.tolist()]}]},
            }
        ],
        "notes": "\n\n".join(notes),
        "warnings": warnings,
    }
    if quotes:
        rows = result["tables"]["Quotes"] = readings.repriced(curve, quotes, how)
        if max(abs(r["error"]) for r in rows) > EXACT:
            result["charts"].append(errors_chart(rows))
        else:
            result["notes"] = "\n\n".join(filter(None, [result["notes"], EXACTLY]))
    if targets.size:
        at = targets
        result["tables"]["Chosen maturities"] = [
            {"maturity": t, "zero": z, "instantaneous": f, "discount": d}
            for t, z, f, d in zip(
                at.tolist(),
                zero(curve, at, how).tolist(),
                curve.forward(at).tolist(),
                curve.discount(at).tolist(),
                strict=True,
            )
        ]
    if spans:
        result["tables"]["Forward rates"] = readings.forwards(curve, spans, how)
    return result


def forward_spans(inputs):
    """Return (start, end) in years of the forward rates asked for.

    Raises:
        ValueError: with every row that does not end after its start.
    """
    problems = [
        f"inputs.forwards[{i}].end: {row['end']:,.12g} years is not after the start at {row['start']:,.12g} years. "
        "Give a later end."
        for i, row in enumerate(inputs["forwards"])
        if row["end"] - row["start"] <= instruments.SLACK
    ]
    if problems:
        raise ValueError("\n".join(problems))
    return [(row["start"], row["end"]) for row in inputs["forwards"]]


def require_positive_discounts(curve, t, inputs):
    """Raise ValueError where a discount factor of `curve` at `t` years is no positive number.

    The message names the input the curve was made of, which the form shows: quotes, weights or parameters.
    """
    with np.errstate(all="ignore"):
        factors = curve.discount(t)
    wrong = ~(np.isfinite(factors) & (factors > 0) & (factors < LARGEST))
    if wrong.any():
        key, what = curve_source(inputs)
        raise ValueError(
            f"inputs.{key}: the curve's discount factor at {t[wrong][0]:g} years is {factors[wrong][0]:.3g}, which no "
            f"market would pay. Check the {what}, lower the horizon or choose another method."
        )


def curve_source(inputs):
    """Return the key of the input the curve is made of, and the word for it."""
    if inputs["method"] in {"nelson_siegel", "svensson"} and inputs["parameters"] == "given":
        return "beta0", "parameters"
    return ("published_weights", "weights") if inputs["quotes_are"] == "qb" else ("quotes", "quotes")


def read_quotes(inputs, notes, warnings):
    """Return the instruments the method uses; a fit of zero rates also takes one at time 0, which has no price."""
    if inputs["method"] in {"nelson_siegel", "svensson"} and inputs["parameters"] == "given":
        return []
    if inputs["quotes_are"] == "qb":
        if inputs["method"] != "smith_wilson":
            raise ValueError(
                "inputs.quotes_are: published weights Qb belong to Smith-Wilson. Choose that method or other quotes."
            )
        return []
    rows = inputs["quotes"]
    if inputs["method"] in {"nelson_siegel", "svensson"} and inputs["quotes_are"] == "zero":
        rows = [r for r in rows if r["maturity"] > 0]
    often = instruments.PER_YEAR[inputs["frequency"]]
    quotes = instruments.read(
        rows, inputs["quotes_are"], often, inputs["compounding"], inputs["credit_adjustment"] * BASIS_POINT
    )
    if inputs["method"] == "smith_wilson":
        last = inputs["last_liquid_point"]
        used = [q for q in quotes if q.maturity <= last + instruments.SLACK]
        if quotes and not used:
            raise ValueError(f"inputs.quotes: none is at or before the last liquid point, {last:,.12g} years. Add one.")
        if len(used) < len(quotes):
            notes.append(
                f"{len(quotes) - len(used)} quotes beyond the last liquid point of {last:,.12g} years are left out."
            )
        elif used and used[-1].maturity < last - instruments.SLACK:
            warnings.append(
                f"The last quote is at {used[-1].maturity:,.12g} years, before the last liquid point of {last:,.12g} "
                "years: the curve leaves the market from there."
            )
        quotes = used
    if not quotes:
        raise ValueError("inputs.quotes: there is no quote. Give at least one.")
    return quotes


def bootstrapped_curve(inputs, quotes, notes, _warnings):
    """Return the bootstrapped curve and its summary."""
    notes.append("Beyond the last quote the last forward rate goes on.")
    curve = bootstrap.build(quotes, inputs["interpolation"] == "linear_zero")
    return curve, {"Last quote": quotes[-1].maturity}


def parametric_curve(inputs, quotes, notes, warnings):
    """Return the curve of Nelson and Siegel or Svensson and its summary."""
    humps = 2 if inputs["method"] == "svensson" else 1
    how, choice = inputs["compounding"], inputs["parameters"]
    given = given_taus(inputs)[:humps]
    labels = ["Beta 0 (level)", "Beta 1 (slope)", "Beta 2 (curvature)", "Beta 3 (second curvature)"][: 2 + humps]
    if humps == 2 and choice != "fit" and given[0] == given[1]:
        key = "peak2" if inputs["decay_given_as"] == "peak" else "tau2"
        raise ValueError(f"inputs.{key}: it equals the first, so the two humps are one. Give another time of decay.")
    if choice == "given":
        betas = np.array([inputs[f"beta{i}"] for i in range(2 + humps)]) / 100
        curve, fit = nelson_siegel.Curve(betas, given, how), {}
    else:
        t, target = zero_rates(inputs, quotes)
        wanted = 2 + humps + (humps if choice == "fit" else 0)
        if t.size < wanted:
            raise ValueError(f"inputs.quotes: {t.size} quotes cannot fit {wanted} parameters. Give at least {wanted}.")
        fitted = nelson_siegel.find if choice == "fit" else nelson_siegel.fit
        curve = fitted(t, target, humps if choice == "fit" else given, how)
        warn_of_doubtful_fit(curve, t, target, choice, warnings)
        errors = curve.zero(t) - target
        fit = {
            "Sum of squared errors": float(errors @ errors),
            "Largest error": float(np.abs(errors).max() / BASIS_POINT),
        }
        if inputs["quotes_are"] != "zero":
            notes.append("The parameters are fitted to the zero rates of the bootstrap, each quote weighing the same.")
    if (curve.zero(np.arange(inputs["horizon"] + 1.0)) <= -0.99).any():
        if choice == "given":
            raise ValueError("inputs.beta1: these parameters give zero rates below -99 %. Lower the betas.")
        raise ValueError(
            f"inputs.quotes: the {wanted} parameters fitted to {t.size} quotes give zero rates below -99 % within the "
            f"horizon of {inputs['horizon']} years. Add quotes at other maturities or choose another method."
        )
    if quotes and inputs["horizon"] > 2 * quotes[-1].maturity:
        notes.append(
            f"Beyond the last quote at {quotes[-1].maturity:g} years nothing holds the curve but its formula: "
            "long rates may be far from reason."
        )
    taus = {f"Tau {i + 1}": float(tau) for i, tau in enumerate(curve.taus)}
    decay = {"Curvature peaks at": nelson_siegel.PEAK * taus["Tau 1"], "Decay, 1 over tau 1": 1 / taus["Tau 1"]}
    return curve, {**dict(zip(labels, curve.betas.tolist(), strict=True)), **taus, **decay, **fit}


def warn_of_doubtful_fit(curve, t, target, choice, warnings):
    """Warn where the quotes tell the parameters apart badly, or a time of decay lies at the end of its search."""
    condition = float(nelson_siegel.conditions(nelson_siegel.loadings(t, curve.taus)))
    # Quotes on a straight line leave the slope and hump at 0, however alike their loadings are: that is no danger.
    if condition > DOUBTFUL_CONDITION and np.abs(curve.betas).max() > OFFSETTING * np.abs(target).max():
        warnings.append(
            f"The quotes tell the parameters apart badly (condition number {condition:,.0f}): betas up to "
            f"{100 * np.abs(curve.betas).max():,.3g} % offset each other, and small changes of the quotes move them "
            "far. Between the quotes the curve holds; beyond them it may not."
        )
    ends = (nelson_siegel.SHORTEST, nelson_siegel.LONGEST)
    at_end = [f"tau {i + 1}" for i, tau in enumerate(curve.taus) if np.isclose(tau, ends, rtol=1e-3).any()]
    if choice == "fit" and at_end and np.abs(curve.betas[1:]).max() > BASIS_POINT:
        warnings.append(
            f"The fit holds {' and '.join(at_end)} at the end of the search, {ends[0]:g} to {ends[1]:g} years: the "
            "quotes do not determine it."
        )


def given_taus(inputs):
    """Return both times of decay in years, given as such or by the maturities at which their humps peak."""
    if inputs["decay_given_as"] == "peak":
        return np.array([inputs["peak1"], inputs["peak2"]]) / nelson_siegel.PEAK
    return np.array([inputs["tau1"], inputs["tau2"]])


def zero_rates(inputs, quotes):
    """Return years and zero rates to fit: those quoted (time 0 included), or those of the bootstrap."""
    how = inputs["compounding"]
    if inputs["quotes_are"] == "zero":
        rows = sorted(inputs["quotes"], key=lambda r: r["maturity"])
        rates = np.array([r["rate"] for r in rows]) / 100 - inputs["credit_adjustment"] * BASIS_POINT
        return np.array([r["maturity"] for r in rows]), rates
    curve = bootstrap.build(quotes, linear_zero=False)
    at = np.array([q.maturity for q in quotes])
    return at, zero(curve, at, how)


def smith_wilson_curve(inputs, quotes, notes, _warnings):
    """Return the curve of Smith and Wilson and its summary.

    A volatility adjustment is added to the annual zero rates at whole years up to the last liquid point, and the
    curve calibrated to those again (EIOPA's documentation, section 13).
    """
    omega = float(np.log1p(inputs["ultimate_forward_rate"] / 100))
    tolerance = inputs["convergence_tolerance"] * BASIS_POINT
    if quotes:
        times, flows = instruments.matrix(quotes)
        prices = np.array([q.price for q in quotes])
        liquid = quotes[-1].maturity
        point = liquid + inputs["convergence_period"]
        curve = calibrate_curve(inputs, times, flows, prices, omega, point, tolerance)
    else:
        rows = sorted(inputs["published_weights"], key=lambda r: r["maturity"])
        times = np.array([r["maturity"] for r in rows])
        if not rows or (np.diff(times) <= 0).any():
            raise ValueError("inputs.published_weights: give at least one row, and each maturity once.")
        curve = smith_wilson.Curve(omega, inputs["alpha"], times, np.array([r["qb"] for r in rows]))
        liquid = times[-1]
        point = liquid + inputs["convergence_period"]
    if inputs["volatility_adjustment"]:
        at = np.arange(1.0, np.floor(liquid + instruments.SLACK) + 1)
        if not at.size:
            raise ValueError("inputs.volatility_adjustment: it needs a quote of a year or more. Set it to 0.")
        require_positive_discounts(curve, at, inputs)
        raised = curve.discount(at) ** (-1 / at) + inputs["volatility_adjustment"] * BASIS_POINT
        curve = calibrate_curve(inputs, at, np.eye(at.size), raised**-at, omega, point, tolerance)
        notes.append(
            "The volatility adjustment is added up to the last liquid point, then the curve is extrapolated again."
        )
    gap = curve.gap(point)
    if gap > tolerance * 1.0001:
        notes.append(
            f"With this alpha the forward rate is {gap / BASIS_POINT:.3g} bp from the ultimate one at the convergence "
            "point, beyond the tolerance."
        )
    return curve, {
        "Alpha": float(curve.alpha),
        "Last liquid point": float(liquid),
        "Convergence point": float(point),
        "Distance from ultimate forward rate": gap / BASIS_POINT,
    }


def calibrate_curve(inputs, times, flows, prices, omega, point, tolerance):
    """Return the curve through the prices, alpha given or found."""

    def at(alpha):
        return smith_wilson.calibrate(flows, times, prices, omega, alpha)

    try:
        if inputs["alpha_choice"] == "given":
            return at(inputs["alpha"])
        return at(smith_wilson.find_alpha(at, point, tolerance))
    except smith_wilson.NoCurveError:
        key, what = curve_source(inputs)
        raise ValueError(
            f"inputs.{key}: two {what} are all but the same instrument, so no curve is determined by them. "
            "Take one of each pair of neighbouring maturities out, or raise alpha."
        ) from None
    except smith_wilson.NoAlphaError:
        raise ValueError(
            "inputs.alpha_choice: no alpha up to 1 brings the forward rate to the ultimate forward rate in time. "
            "Lengthen the convergence period, raise the tolerance, or give alpha yourself."
        ) from None


def rate_series(curve, quotes, inputs):
    """Return zero and forward rates as series, with the zero rates at the quotes' maturities."""
    how, last = inputs["compounding"], inputs["horizon"]
    fine = np.arange(0, min(SHORT, last) + 0.25, 0.25)
    t = np.concatenate([fine, np.arange(fine[-1] + 1, last + 1)])
    forward = instruments.to_rate(curve.forward(t), 1.0, how)
    found = [
        {"name": "Zero rate", "x": t.tolist(), "y": (100 * zero(curve, t, how)).tolist(), "unit": "%"},
        {"name": "Forward rate", "x": t.tolist(), "y": (100 * forward).tolist(), "unit": "%"},
    ]
    if quotes and inputs["quotes_are"] == "zero":
        rows = sorted(inputs["quotes"], key=lambda r: r["maturity"])
        x, y = [r["maturity"] for r in rows], [r["rate"] for r in rows]
        found.append({"name": "Quoted zero rate", "x": x, "y": y, "kind": "scatter", "unit": "%"})
    return found


def errors_chart(rows):
    """Return the chart of what the curve misses of each quote's price."""
    return {
        "kind": "bar",
        "title": "Quotes repriced by the curve",
        "x_label": "Maturity (years)",
        "y_label": "Model price less market price (%)",
        "data": {"x": [r["maturity"] for r in rows], "series": [{"name": "Error", "y": [r["error"] for r in rows]}]},
    }


METHODS = {
    "bootstrap": bootstrapped_curve,
    "nelson_siegel": parametric_curve,
    "svensson": parametric_curve,
    "smith_wilson": smith_wilson_curve,
}
