"""EIOPA's risk-free interest rates: a month's curve, its difference from another, and rates since 2014.

Chosen: the publication at or before the chosen day. The euro goes back to the end of 2014 without volatility
adjustment, or with one that the analyst gives; other currencies and published adjustments to the end of 2022.
Left out: curves of single countries, the adjustments' calculation; the rules of extrapolation from 2027.
"""

import datetime as dt

import fetching
import numpy as np
import publications
from publications import YEARS

from actuarial import smith_wilson

BASIS_POINT = 1e-4
LIQUID, CONVERGED = 20, 60.0  # years: last liquid point and convergence point of the euro
TOLERANCE = 1e-4
HISTORY = (1, 2, 3, 5, 7, 10, 15, 20, 25, 30, 40, 50, 60)


def run(inputs):
    """Return the curves of `inputs` (keys as in manifest.json).

    Raises:
        ValueError: there is no publication of that currency, adjustment and day, the file is none of EIOPA's, or EIOPA
            is not reached.
    """
    notes, warnings = [], []
    dates, rates, ufr, alpha = stored_publications(inputs)
    if inputs["source"] == "stored":
        if inputs.get("publication"):
            warnings.append("The uploaded file is not read: the publication asked for is a stored one.")
        found = publication_up_to(inputs["date"], "date", dates, rates, inputs, notes)
    else:
        found = read_newer(inputs, notes)
    other = publication_up_to(inputs["compare_with"], "compare_with", dates, rates, inputs, notes)
    if inputs["adjustment"] == "own":
        for one in (found, other):
            i = dates.index(one["date"])
            one["rates"], one["alpha"] = with_adjustment(one["rates"], ufr[i], inputs["own_adjustment"] * BASIS_POINT)
    n = inputs["horizon"]
    change = (found["rates"] - other["rates"]) / BASIS_POINT
    summary = {"Publication": found["date"], "Compared with": other["date"]}
    for t in (1, 10, 20, 30, 60):
        summary[f"Zero rate, {t} year{'s' * (t > 1)}"] = float(found["rates"][t - 1])
    largest = int(np.argmax(np.abs(change[:n])))
    summary |= {
        "Mean change": float(change[:n].mean()),
        "Largest change": float(change[largest]),
        "Largest change at": int(YEARS[largest]),
    }
    if ufr is not None and found["date"] in dates:
        i = dates.index(found["date"])
        summary |= {"Ultimate forward rate": float(ufr[i]), "Alpha": float(found.get("alpha", alpha[i]))}
    tables = {"Rates over time": rates_over_time(dates, rates)}
    if ufr is not None:
        tables["Parameters over time"] = [
            {"date": d, "ufr": u, "alpha": a} for d, u, a in zip(dates, ufr.tolist(), alpha.tolist(), strict=True)
        ]
    return {
        "summary": summary,
        "table": yearly_rows(found["rates"], other["rates"], n),
        "tables": tables,
        "charts": [
            curves_chart(found, other, n),
            change_chart(change, n),
            history_chart(dates, rates, inputs["maturities"]),
            history_map(dates, rates),
        ],
        "notes": "\n\n".join([*notes, SOURCE]),
        "warnings": warnings,
    }


def read_newer(inputs, notes):
    """Return the curve of a publication that is uploaded or fetched.

    Raises:
        ValueError: there is no file, it is none of EIOPA's, or EIOPA is not reached.
    """
    if inputs["adjustment"] == "own":
        raise ValueError(
            "inputs.adjustment: an adjustment of your own needs a stored curve. Take a stored publication."
        )
    path = inputs.get("publication")
    if inputs["source"] == "fetched":
        path = fetching.fetch(inputs["address"])
    elif not path:
        raise ValueError(
            "inputs.publication: there is no file. Upload EIOPA's monthly zip, or its Term_Structures.xlsx."
        )
    date, rates = publications.from_file(path, inputs["currency"], inputs["adjustment"])
    whence = "EIOPA's site" if inputs["source"] == "fetched" else "the file"
    notes.append(f"The curve of {date} is read from {whence}.")
    return {"date": date, "rates": rates}


def stored_publications(inputs):
    """Return dates, rates, and for the euro its parameters, of the stored publications that fit the inputs.

    Raises:
        ValueError: an adjustment of one's own for another currency than the euro.
    """
    if inputs["currency"] == "EUR" and inputs["adjustment"] in {"none", "own"}:
        return publications.euro()
    if inputs["adjustment"] == "own":
        raise ValueError(
            f"inputs.adjustment: an adjustment of your own needs the curve's parameters, stored for EUR and not for "
            f"{inputs['currency']}. Choose EUR, or none or the published one."
        )
    return *publications.spot(inputs["currency"], inputs["adjustment"]), None, None


def publication_up_to(day, key, dates, rates, inputs, notes):
    """Return the publication at or before `day`, saying so where it is an earlier one.

    Raises:
        ValueError: the first one is later.
    """
    # 20230831 and 2023-W35-4 are ISO dates as well, which do not sort as text among the others.
    day = dt.date.fromisoformat(day).isoformat()
    earlier = [i for i, d in enumerate(dates) if d <= day]
    if not earlier:
        adjusted = {"none": "without", "published": "with", "own": "with"}[inputs["adjustment"]]
        raise ValueError(
            f"inputs.{key}: {day} is before the first stored curve for {inputs['currency']} {adjusted} volatility "
            f"adjustment. Give a day from {dates[0]}."
        )
    i = earlier[-1]
    if dates[i] != day:
        notes.append(f"For {day} the publication of {dates[i]} is taken, the last one stored up to that day.")
    return {"date": dates[i], "rates": rates[i]}


def with_adjustment(rates, ufr, spread):
    """Return a curve's rates with `spread` added up to the last liquid point and extrapolated again, and its alpha.

    Raises:
        ValueError: the raised curve cannot be extrapolated.

    Source: EIOPA's technical documentation, sections 7 and 13. The published curves with the adjustment come out to
    half their last decimal in this way.
    """
    u = YEARS[:LIQUID]
    prices = (1 + rates[:LIQUID] + spread) ** -u

    def calibrated(alpha):
        return smith_wilson.calibrate(np.eye(LIQUID), u, prices, np.log1p(ufr), alpha)

    try:
        alpha = smith_wilson.find_alpha(calibrated, CONVERGED, TOLERANCE)
    except (smith_wilson.NoAlphaError, smith_wilson.NoCurveError):
        raise ValueError(
            f"inputs.own_adjustment: with {spread / BASIS_POINT:g} bp no alpha up to 1 brings the forward rate to the "
            f"ultimate one at {CONVERGED:g} years. Give an adjustment nearer to 0."
        ) from None
    return calibrated(alpha).discount(YEARS) ** (-1 / YEARS) - 1, alpha


def yearly_rows(rates, others, n):
    """Return one row a year of both curves: zero rates, change, and forward rate and discount factor of the first."""
    depth = YEARS * np.log1p(rates)
    forward = np.expm1(np.diff(depth, prepend=0))
    columns = (rates, others, (rates - others) / BASIS_POINT, forward, np.exp(-depth))
    return [
        {"year": t + 1, "zero": z, "compared": o, "change": c, "forward": f, "discount": d}
        for t, (z, o, c, f, d) in enumerate(zip(*(x[:n].tolist() for x in columns), strict=True))
    ]


def rates_over_time(dates, rates):
    """Return one row a publication with the zero rates of some maturities."""
    at_years = [t - 1 for t in HISTORY]
    return [
        {"date": d, **{f"y{t}": r for t, r in zip(HISTORY, row[at_years].tolist(), strict=True)}}
        for d, row in zip(dates, rates, strict=True)
    ]


def curves_chart(found, other, n):
    """Return the chart of both curves."""
    return {
        "kind": "line",
        "title": "Risk-free zero rates",
        "x_label": "Maturity (years)",
        "y_label": "Zero rate (% a year)",
        "data": {
            "x": YEARS[:n].tolist(),
            "series": [{"name": one["date"], "y": (100 * one["rates"][:n]).tolist()} for one in (found, other)],
        },
    }


def change_chart(change, n):
    """Return the chart of the change by maturity."""
    return {
        "kind": "bar",
        "title": "Change between the two dates",
        "x_label": "Maturity (years)",
        "y_label": "Change (bp)",
        "data": {"x": YEARS[:n].tolist(), "series": [{"name": "Change", "y": change[:n].tolist()}]},
    }


def history_chart(dates, rates, maturities):
    """Return the chart of the chosen maturities' rates over time."""
    return {
        "kind": "line",
        "title": "Rates over time",
        "x_label": "Publication",
        "y_label": "Zero rate (% a year)",
        "data": {
            "x": dates,
            "series": [{"name": f"{t} year{'s' * (t > 1)}", "y": (100 * rates[:, t - 1]).tolist()} for t in maturities],
        },
    }


def history_map(dates, rates):
    """Return the heat map of rates by date and maturity."""
    return {
        "kind": "heatmap",
        "title": "Curves over time",
        "x_label": "Publication",
        "y_label": "Maturity (years)",
        "unit": "%",
        "data": {"x": dates, "y": list(HISTORY), "z": [(100 * rates[:, t - 1]).tolist() for t in HISTORY]},
    }


SOURCE = (
    "Source: EIOPA, risk-free interest rate term structures. Rates of the euro without adjustment are regenerated from "
    "the published ultimate forward rate, alpha and weights; others are the published rates, of five decimals."
)
