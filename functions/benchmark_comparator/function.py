"""An internal mortality rate against published tables: ratios, and flags where it leaves the tolerance.

Chosen: a lookup at one age, with values of annuity and insurance beside it, and at as many further ages as wanted.
Left out: credibility of the internal rate (see credibility) and improvement between the tables' years and today.
"""

import math

import archive

SHORT = 40  # characters of a table's name on a chart


def run(inputs):
    """Return rates, ratios, flags and present values for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: no table is chosen, a table is not in the archive, or none covers the age.
    """
    age, internal, tolerance = int(inputs["age"]), inputs["internal_q"] / 1000, inputs["tolerance"] / 100
    tables = chosen_tables(inputs)
    points = rates_by_age(inputs["internal_rates"], age, internal)
    interest, warnings, table = inputs["interest"] / 100, [], []
    for name, found in tables.items():
        q = found.at(age)
        if q is None:
            warnings.append(f"{name} covers ages {found.start} to {found.end}, not {age}: it is left out at this age.")
            continue
        annuity, insurance, expectation = archive.values(found, age, interest)
        table.append(
            {
                "table": name,
                "number": found.number,
                "q": q,
                **compare(internal, q, tolerance),
                "annuity_due": annuity,
                "whole_life": insurance,
                "expectation": expectation,
            }
        )
    if not table:
        raise ValueError(f"inputs.age: none of the chosen tables covers age {age}. Choose another age or table.")
    rates = [
        {"table": name, "age": at, "q": found.at(at), **compare(own, found.at(at), tolerance)}
        for at, own in points
        for name, found in tables.items()
        if found.at(at) is not None
    ]
    within = [row["table"] for row in table if row["flag"] == "within"]
    compared = [row for row in table if row["ratio"] is not None]
    summary = {
        "Internal probability of death": internal,
        "Benchmarks within tolerance": len(within),
        "Benchmarks compared": len(compared),
    }
    if compared:
        closest = min(compared, key=lambda row: abs(row["ratio"] - 1))
        summary |= {
            "Closest benchmark": closest["table"],
            "Internal over closest": closest["ratio"],
            "Internal over mean of benchmarks": internal * len(compared) / sum(row["q"] for row in compared),
        }
    if compared and not within:
        warnings.append(f"No benchmark is within {100 * tolerance:g} % of the internal rate at age {age}.")
    return {
        "summary": summary,
        "table": table,
        "tables": {"Rates by age": rates} if rates else {},
        "charts": draw_charts(table, rates, age, internal, tolerance),
        "notes": f"Ratio = internal over benchmark; within: {100 * (1 - tolerance):g} to {100 * (1 + tolerance):g} %. "
        "Annuity-due, whole life insurance and life expectancy are the benchmark's own.",
        "warnings": warnings,
    }


def chosen_tables(inputs):
    """Return the chosen tables by name.

    Raises:
        ValueError: none is chosen, one is not in the archive, or one has two names, each by row.
    """
    found, named, problems = {}, {}, []
    wanted = [("tables", archive.NAMED[key], None) for key in inputs["tables"]]
    wanted += [(f"archive[{i}].number", row["number"], row.get("label")) for i, row in enumerate(inputs["archive"])]
    for where, number, given_name in wanted:
        label = given_name
        try:
            table = archive.read(number)
        except ValueError as error:
            problems.append(f"inputs.{where}: {error}")
            continue
        # A table counts once, however often it is chosen: counted again it would weigh double in the mean.
        known = next((name for name, other in found.items() if other.number == table.number), None)
        if known is not None and label is not None and named.get(table.number, label) != label:
            problems.append(
                f"inputs.{where}: table {number} is named {named[table.number]!r} in an earlier row. Give it one name."
            )
            continue
        if known is not None:
            found.pop(known)
            label = label or named.get(table.number)
        if label is not None:
            named[table.number] = label
        name = label or table.name
        if name in found:
            name = f"{name} (SOA {table.number})"
        found[name] = table
    if not found and not problems:
        problems.append("inputs.tables: no benchmark is chosen. Choose one, or give the number of one.")
    if problems:
        raise ValueError("\n".join(problems[:10]))
    return found


def rates_by_age(rows, age, internal):
    """Return pairs of age and internal rate (None where only the benchmarks are wanted), the main age first.

    Raises:
        ValueError: an age is given twice.
    """
    found, problems = {age: internal}, []
    for i, row in enumerate(rows):
        at, own = int(row["age"]), row.get("q")
        if at == age and own is not None and not math.isclose(own, internal, rel_tol=1e-9):
            problems.append(
                f"inputs.internal_rates[{i}].q: {own:,.12g} at age {at}, whose internal rate is {internal:,.12g} "
                "above. Give one rate for each age."
            )
        elif at in found and at != age:
            problems.append(f"inputs.internal_rates[{i}].age: {at} is duplicated. Give each age once.")
        found.setdefault(at, own)
    if problems:
        raise ValueError("\n".join(problems[:10]))
    return list(found.items())


def compare(internal, q, tolerance):
    """Return ratio, difference and flag ("within", "above", "below" or "") of an internal rate against `q`.

    The ends of the tolerance belong to it, as far as rounding of the quotient can tell.
    """
    if internal is None or not q:
        return {"internal_q": internal, "ratio": None, "difference": None, "flag": ""}
    ratio = internal / q
    far = "above" if ratio > 1 else "below"
    flag = "within" if abs(ratio - 1) <= tolerance + 1e-12 else far
    return {"internal_q": internal, "ratio": ratio, "difference": internal - q, "flag": flag}


def draw_charts(table, rates, age, internal, tolerance):
    """Return bars of the benchmarks with their tolerance beside the internal rate, and ratios over the ages."""
    names = [row["table"] if len(row["table"]) <= SHORT else row["table"][: SHORT - 1] + "…" for row in table]
    q = [1000 * row["q"] for row in table]
    found = [
        {
            "kind": "bar",
            "title": f"Probability of death at {age}: benchmarks with tolerance, and internal",
            "x_label": "Life table",
            "y_label": "Probability of death (per mille)",
            "data": {
                "x": names,
                "series": [
                    {
                        "name": f"Benchmark ± {100 * tolerance:g} %",
                        "y": q,
                        "lower": [v * (1 - tolerance) for v in q],
                        "upper": [v * (1 + tolerance) for v in q],
                    },
                    {"name": "Internal", "y": [1000 * internal] * len(names)},
                ],
            },
        },
    ]
    ages = sorted({row["age"] for row in rates if row["ratio"] is not None})
    if len(ages) > 1:
        lines = []
        for name in dict.fromkeys(row["table"] for row in rates):
            ratio = {row["age"]: row["ratio"] for row in rates if row["table"] == name}
            lines.append({"name": name, "y": [100 * ratio[a] if ratio.get(a) is not None else None for a in ages]})
        found.append(
            {
                "kind": "line",
                "title": "Internal over benchmark by age",
                "x_label": "Age (years)",
                "y_label": "Internal over benchmark (%)",
                "data": {"x": ages, "series": lines},
            }
        )
    return found
