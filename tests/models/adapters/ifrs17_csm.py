"""Cases of ifrs17_csm.json as runs of `csm`.

A case gives its contracts, or says in words which example of the standard it goes on with ("as ie2a, year 3"): those
are the presets of the model. The standard prints whole currency units, so figures that are all whole are read off a
run whose summary is printed likewise, and those under `exact` off an unrounded one.

What a case gives for later years (claims paid, new estimates) may be one amount, a list from the first year, or an
amount for each year by its number; an amount alone belongs to the year at whose end the estimates are revised.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path

MODELS = ("csm",)
PRESETS = Path(__file__).parents[3] / "functions" / "csm" / "cases.json"
SUMMARY = {
    "pv_outflows": "Present value of outflows",
    "ra": "Risk adjustment",
    "fcf": "Fulfilment cash flows",
    "csm": "CSM",
    "loss": "Loss",
    "loss_component": "Loss component",
    "loss_reversed": "Loss reversed",
    "total": "Total liability",
    "finance_pv": "Finance on present value",
    "finance_csm": "Finance on CSM",
    "csm_release": "CSM released",
    "ra_release": "Risk adjustment released",
    "revenue": "Insurance revenue",
    "insurance_revenue": "Insurance revenue",
    "service_result": "Insurance service result",
    "profit": "Profit",
    "pv_premiums": "Present value of premiums",
    "pv_recoveries": "Present value of recoveries",
    "reinsurance_asset": "Reinsurance asset",
    "asset": "Reinsurance asset",
    "loss_recovered": "Loss recovered",
    "income": "Loss recovered",
    "loss_recovery_component": "Loss-recovery component",
}
MOVED = {"csm_opening", "csm_change", "reversal"}  # of the roll-forward
CONTRACTS = {"issued": "issued", "reinsurance_held": "reinsurance_held", "held": "reinsurance_held"}
REVISED = {
    "claims": ("revised_future", "revised_outflows", "revised_claims"),
    "ra_release": ("revised_ra", "revised_ra_release"),
    "coverage_units": ("revised_units", "revised_coverage_units"),
    "premiums": ("revised_premiums",),
}
AMOUNT, PERCENT = 6, 8  # decimals that the form takes


def runs(case, folder):
    """Return the run of this case as printed, and the unrounded one."""
    del folder
    inputs = _inputs(case)
    return [("csm", inputs | {"rounding": "units"}), ("csm", inputs)]


def measured(case, results):
    """Return the figures of the reporting year."""
    expect = dict(case["expect"])
    exact = expect.pop("exact", None)
    numbers = [v for v in expect.values() if isinstance(v, int | float) and not isinstance(v, bool)]
    year = _inputs(case)["year"]
    printed = all(float(v).is_integer() for v in numbers)
    read = _read(expect, results[0 if printed else 1], year, whole=printed)
    return read if exact is None else read | {"exact": _read(exact, results[1], year, whole=False)}


def _read(expect, result, year, *, whole):
    """Return the expected figures from one run; roll-forward and balance in whole units where `whole`."""
    summary = result["summary"]
    found = {key: summary[label] for key, label in SUMMARY.items() if label in summary} | {"year": year}
    if "Experience" in summary:
        found["experience"] = -summary["Experience"]  # cases count claims paid less expected
    if "Onerous" in summary:
        found["onerous"] = summary["Onerous"] == "yes"
    row = result["table"][year]
    tables = {"pv_inflows": row["pv_inflows"] if "pv_inflows" in row else row["pv_recoveries"]}
    if year:
        moved = result["tables"]["Roll-forward of the CSM"][year - 1]
        tables |= {key: moved[key] for key in MOVED if key in moved}
        tables["finance"] = result["tables"]["Change of the liability"][year - 1]["finance"]
    found |= {key: float(round(value)) if whole else value for key, value in tables.items()}
    return {key: found[key] for key in expect if key in found}


def _inputs(case):
    """Return the inputs that case and model share."""
    given = case["inputs"]
    year = case["expect"].get("exact", case["expect"]).get("year", 0)
    if isinstance(given, str):
        told = re.search(r"year\s*(\d+)", given)
        return _preset(given) | {"year": int(told[1] if told else year)}
    claims = _first(given, "outflows", "claims", "recoveries")
    claims = claims if isinstance(claims, list) else [claims]
    n, year = len(claims), int(given.get("year", year))
    release = _by_year(_first(given, "ra_release"), n)
    columns = {
        "claims": claims,
        "ra_release": release,
        "coverage_units": _by_year(_first(given, "coverage_units", "units"), n),
        "premiums": _by_year(_first(given, "premiums", "further_premiums"), n),
        "rate": [None] * n,
    }
    rate = given.get("rate", 0)
    if isinstance(rate, list):
        columns["rate"], rate = [round(100 * r, PERCENT) for r in rate], 0
    inputs = {
        "contracts": _contracts(given),
        "year": year,
        "premium": round(given.get("premium", 0), AMOUNT),
        "acquisition_costs": round(_first(given, "acquisition", "acquisition_costs") or 0, AMOUNT),
        "risk_adjustment": round(_first(given, "ra", "risk_adjustment") or 0, AMOUNT),
        "rate": round(100 * rate, PERCENT),
        "expected": [{"year": i + 1, **{key: column[i] for key, column in columns.items()}} for i in range(n)],
        "current_rates": _current_rates(given, year),
    }
    inputs |= _happened(given, inputs, release, n)
    if inputs["contracts"] == "reinsurance_held":
        inputs |= _underlying(given, year)
    return inputs


def _happened(given, inputs, release, n):
    """Return claims paid and revisions, made at the end of the reporting year or of the last year before a new estimate."""
    told = {column: _first(given, *names) for column, names in REVISED.items()}
    explicit = given.get("revisions", [])
    end = _first(given, "revision_year", "revised_at")
    if end is None:
        named = [
            int(key)
            for value in told.values()
            if isinstance(value, Mapping)
            for key, item in value.items()
            if not isinstance(item, Mapping)
        ]
        end = min([inputs["year"], *(y - 1 for y in named)])
    rows = {}
    for column, value in told.items():
        for after, target, amount in _revised(column, value, end, release, n):
            rows.setdefault((after, target), {})[column] = amount
    for r in explicit:
        after = r.get("end_of_year", r.get("year"))
        target = r.get("for_year", after + 1)
        row = rows.setdefault((after, target), {})
        row |= {"claims": r.get("claims", r.get("outflow")), "ra_release": r.get("ra_release", r.get("ra"))}
        row |= {key: r[key] for key in ("coverage_units", "premiums") if key in r}
    paid = _first(given, "actual_claims", "actual", "paid")
    pairs = paid.items() if isinstance(paid, Mapping) else [(end or inputs["year"], paid)]
    if isinstance(paid, list):
        pairs = enumerate(paid, start=1)
    if isinstance(paid, Mapping):
        paid.read_all()
    return {
        "paid": sorted(
            ({"year": int(year), "claims": claims} for year, claims in pairs if claims is not None),
            key=lambda row: row["year"],
        ),
        "revisions": [
            {"end_of_year": after, "for_year": target, **row} for (after, target), row in sorted(rows.items())
        ],
    }


def _revised(column, value, end, release, n):
    """Yield (end of year, year, amount) for the new estimates of one column."""
    if value is None:
        return
    if isinstance(value, Mapping):
        value.read_all()
        for key, item in value.items():
            if isinstance(item, Mapping):
                yield from ((int(key), int(year), amount) for year, amount in item.items())
            else:
                yield end, int(key), item
    elif isinstance(value, list):
        yield from ((end, n - len(value) + 1 + i, amount) for i, amount in enumerate(value) if amount is not None)
    elif column == "ra_release":
        # One amount is the whole risk adjustment that is left: released as it was planned to be.
        weights = [1.0 if w is None else w for w in release[end:]]
        yield from ((end, end + 1 + i, value * w / sum(weights)) for i, w in enumerate(weights))
    elif end == n - 1:
        yield end, n, value
    else:
        raise LookupError(f"one amount for years {end + 1} to {n} is not known: {column}")


def _contracts(given):
    """Return whether contracts are issued or reinsurance is held."""
    told = _first(given, "contracts", "type")
    if given.get("reinsurance_held") or given.get("reinsurance"):
        return "reinsurance_held"
    if told is None:
        return "reinsurance_held" if "recoveries" in given else "issued"
    if str(told).lower() not in CONTRACTS:
        raise LookupError(f"contracts {told!r} are not one of {', '.join(CONTRACTS)}")
    return CONTRACTS[str(told).lower()]


def _underlying(given, year):
    """Return the share recovered and the underlying group's losses; one amount is that of the reporting year."""
    share = _first(given, "share", "recovered_share", "quota_share")
    losses = _first(given, "underlying_loss", "underlying_losses")
    if isinstance(losses, Mapping):
        losses.read_all()
        losses = {int(key): amount for key, amount in losses.items()}
    elif losses is not None:
        losses = {year: losses}
    found = {"underlying_losses": [{"end_of_year": y, "loss": v} for y, v in sorted((losses or {}).items())]}
    return found if share is None else found | {"recovered_share": round(100 * share, PERCENT)}


def _current_rates(given, year):
    """Return the rates that replace the locked-in ones; one rate is that of the end of the reporting year."""
    rates = _first(given, "current_rate", "current_rates")
    if rates is None:
        return []
    if isinstance(rates, Mapping):
        rates.read_all()
        pairs = sorted((int(key), rate) for key, rate in rates.items())
    else:
        pairs = list(enumerate(rates, start=1)) if isinstance(rates, list) else [(max(year, 1), rates)]
    return [{"end_of_year": y, "rate": round(100 * rate, PERCENT)} for y, rate in pairs if rate is not None]


def _by_year(value, n):
    """Return a column of the expectations: a list, one amount for each year, or amounts by the year's number."""
    if isinstance(value, Mapping):
        value.read_all()
        found = {int(key): item for key, item in value.items()}
        return [found.get(i + 1) for i in range(n)]
    return value if isinstance(value, list) else [value] * n


def _first(given, *names):
    """Return the first input of these names that a case gives, or None."""
    return next((given[name] for name in names if name in given), None)


def _preset(words):
    """Return the inputs of the example of the standard that `words` name."""
    example = re.search(r"ie\s*(\d+\s*[ab]?)", words.lower())
    name = example and example[1].replace(" ", "").upper()
    presets = json.loads(PRESETS.read_text(encoding="utf-8"))
    found = [p["inputs"] for p in presets if name and re.search(rf"Example {name}\b", p["name"])]
    if not found:
        raise LookupError(f"{words!r} names no example that is among the presets")
    return dict(found[0])
