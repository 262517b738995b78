"""Catastrophe excess of loss: exceedance curves from an event or year loss table, and layers with reinstatements.

Chosen: the curve of the largest event in closed form, that of the total by FFT, Panjer's recursion or simulation;
layers exactly, and simulated beside it. The simulation also gives intervals and what is left after the layers.
Left out: several perils with their own numbers of events, and inuring between layers.
"""

import csv
from contextlib import nullcontext
from pathlib import Path

import events
import numpy as np
import report
import treaty
import years
from curves import Curves, Largest, Sample

from actuarial import compound, counts
from actuarial.severities import discretised, discretised_mean

MOST_EVENTS_A_YEAR = 10_000
MOST_WRITTEN = 500_000
FILE = "year_loss_table.csv"
PANJER_POINTS = 2**13
SETTLED = 1e-4  # relative change of a layer's payment
NEXT_TO_NOTHING = 1e-12


def run(inputs):
    """Yield progress of the simulation, then curves, layers and tables.

    Raises:
        ValueError: a table does not fit, with every problem.
    """
    treaties = read_layers(inputs)
    if inputs["source"] == "ylt":
        yield from from_years(inputs, treaties)
    else:
        yield from from_events(inputs, treaties)


def read_layers(inputs):
    """Return the layers, with their own rates of reinstatements.

    Raises:
        ValueError: a rate is of a layer or a reinstatement that is not there.
    """
    problems, rates = [], [{} for _ in inputs["layers"]]
    for i, row in enumerate(inputs["reinstatement_rates"]):
        where, k = f"inputs.reinstatement_rates[{i}]", row["layer"]
        if k > len(rates):
            problems.append(f"{where}.layer: there is no layer {k}. Give the number of a row, 1 to {len(rates)}.")
            continue
        most = inputs["layers"][k - 1].get("reinstatements")
        if most is not None and row["reinstatement"] > most:
            problems.append(f"{where}.reinstatement: layer {k} has {most}. Raise them, or remove the row.")
        rates[k - 1][row["reinstatement"]] = row["rate"]
    if problems:
        raise ValueError("\n".join(problems))
    return [treaty.Treaty(row, own) for row, own in zip(inputs["layers"], rates, strict=True)]


def from_events(inputs, treaties):
    """Yield the result for an event loss table."""
    names, losses = events.read(
        inputs["events"],
        probabilities=inputs["rates_are"] == "probabilities",
        secondary=inputs["secondary"] == "beta",
    )
    number, warnings = inputs["simulations"], []
    problems = []
    if losses.frequency > MOST_EVENTS_A_YEAR:
        problems.append(
            f"inputs.events: {losses.frequency:,.0f} events a year are more than {MOST_EVENTS_A_YEAR:,}. Give rates of "
            "catastrophes alone."
        )
    elif number * losses.frequency > years.MOST_EVENTS:
        problems.append(
            f"inputs.simulations: {number:,} years of {losses.frequency:,.4g} events are more than "
            f"{years.MOST_EVENTS:,} events. Simulate fewer years."
        )
    elif inputs["write_years"] and number * losses.frequency > MOST_WRITTEN:
        problems.append(
            f"inputs.write_years: {number:,} years of {losses.frequency:,.4g} events are more than the "
            f"{MOST_WRITTEN:,} events that a file may have. Simulate fewer years, or do not write them."
        )
    if problems:
        raise ValueError("\n".join(problems))
    count_of = number_of_events(inputs, losses.frequency)
    priced = []
    for one in treaties:
        found, change = one.measured(count_of, losses, inputs["season"])
        if change > SETTLED:
            warnings.append(f"{one.name}: its recovery is known to about {change:.1%} only.")
        priced.append(report.layer_row(one, found, inputs))
    sample = Sample(
        treaties, [row["premium"] / one.share if one.share else 0.0 for one, row in zip(treaties, priced, strict=True)]
    )
    rng, done = np.random.default_rng(inputs["seed"]), 0
    with Path(FILE).open("w", newline="", encoding="utf-8") if inputs["write_years"] else nullcontext() as stream:
        if stream:
            csv.writer(stream).writerow(["year", "day", "event", "loss"])
        for block in years.simulated(losses, count_of(1.0), number, inputs["season"], rng):
            sample.add(block)
            if stream:
                csv.writer(stream).writerows(written_rows(block, names))
            done += block.years
            yield {"progress": done / number, "message": f"{done:,} of {number:,} years"}
    total, step = annual_total(inputs, losses, count_of(1.0), sample)
    count = count_of(1.0)
    means = Largest(losses.without_uncertainty(), count) if losses.varies.any() else None
    curves = Curves(Largest(losses, count), total, sample, means)
    periods, rough = report.return_periods(inputs, curves)
    warnings += rough + report.grid_warnings(total, step, periods)
    for row, (mean, error) in zip(priced, sample.layers(), strict=True):
        row |= {"simulated": mean, "standard_error": error}
    warnings += report.layer_warnings(treaties, priced)
    mean, variance = losses.frequency * losses.mean, annual_variance(count, losses)
    yield {
        "summary": report.summary(inputs, curves, mean, np.sqrt(variance), losses.frequency, priced),
        "table": periods,
        "tables": {
            "Layers": priced,
            "Events": report.event_rows(names, losses, curves),
            **report.points_table(inputs, curves),
        },
        "charts": [
            report.curve_chart(inputs, curves),
            *report.layer_charts(treaties, priced),
            report.events_chart(names, losses),
        ],
        "notes": report.notes(inputs, losses, step, number),
        "warnings": warnings,
        **({"files": {FILE: FILE}} if inputs["write_years"] else {}),
    }


def from_years(inputs, treaties):
    """Yield the result for a year loss table."""
    number = inputs["number_of_years"]
    problems = [
        f"inputs.years: {one.name} is reinstated pro rata as to time, and an event has no day. Give each its day."
        for one in treaties
        if one.by_time and any(row.get("day") is None for row in inputs["years"])
    ]
    if not inputs["years"]:
        problems.append("inputs.years: it has no row. Paste years and losses.")
    if problems:
        raise ValueError("\n".join(problems))
    block = years.given(inputs["years"], number)
    priced, warnings = [], []
    for one in treaties:
        paid, cost = one.applied(block)
        annual, hit = block.by_year(paid), block.largest(paid)
        found = {
            "expected": float(annual.mean()),
            "deviation": float(annual.std(ddof=1)) if number > 1 else None,
            "cost": float(block.by_year(cost).mean()),
            "any_loss": float((hit > 0).mean()),
            "full_event": float((block.largest(block.loss) >= one.row["attachment"] + one.limit).mean()),
            "exhausted": float((annual >= one.cap * (1 - NEXT_TO_NOTHING)).mean()) if np.isfinite(one.cap) else 0.0,
        }
        priced.append(report.layer_row(one, found, inputs))
    sample = Sample(
        treaties, [row["premium"] / one.share if one.share else 0.0 for one, row in zip(treaties, priced, strict=True)]
    )
    sample.add(block)
    curves = Curves(sample.years("largest"), sample.years("gross"), sample)
    periods, rough = report.return_periods(inputs, curves)
    gross = curves.years["gross"].x
    names = [(row.get("event") or "").strip() or f"Row {i + 1}" for i, row in enumerate(inputs["years"])]
    deviation = float(gross.std(ddof=1)) if number > 1 else 0.0
    yield {
        "summary": report.summary(inputs, curves, float(gross.mean()), deviation, len(block.loss) / number, priced),
        "table": periods,
        "tables": {
            "Layers": priced,
            **report.points_table(inputs, curves),
            "Recoveries": report.recovery_rows(inputs, names, treaties, priced, block),
        },
        "charts": [report.curve_chart(inputs, curves), *report.layer_charts(treaties, priced)],
        "notes": f"{number:,} years given, {len(block.loss):,} events. Curves and layers are those of these years.",
        "warnings": warnings + rough + report.layer_warnings(treaties, priced),
    }


def number_of_events(inputs, frequency):
    """Return a function of a share of the year that gives the number of events in it.

    A negative binomial number is a Poisson number with a gamma-distributed rate, so that in a share u of the year its
    variance is 1 + u (d - 1) times its mean.
    """
    ratio = inputs["dispersion"]
    if inputs["frequency"] == "poisson" or ratio <= 1:
        return lambda share: counts.poisson(frequency * share)
    shape = frequency / (ratio - 1)
    return lambda share: counts.negative_binomial(shape, 1 / (1 + share * (ratio - 1)))


def annual_variance(count, losses):
    """Return the variance of a year's total."""
    return count.mean * losses.variance + count.variance * losses.mean**2


def annual_total(inputs, losses, count, sample):
    """Return the distribution of a year's total and the step of its grid, None where it is simulated.

    Raises:
        ValueError: the recursion cannot start.
    """
    if inputs["method"] == "simulation":
        return sample.years("gross"), None
    length = 2 ** inputs["points_log2"]
    if inputs["method"] == "panjer":
        length = min(length, PANJER_POINTS)
    step = compound.automatic_step(count, losses, length)
    pmf = discretised(losses, step, length, "unbiased")
    method = {"fft": compound.by_fft, "panjer": compound.by_panjer}[inputs["method"]]
    try:
        found = method(count, pmf, length)
    except compound.CompoundError as error:
        raise ValueError(f"inputs.method: {error}") from None
    return compound.on_steps(found, step, count.mean * discretised_mean(losses, pmf, step)), step


def written_rows(block, names):
    """Yield year, day, event and loss of a block of simulated years."""
    day = np.minimum(np.floor(block.when * years.DAYS).astype(int) + 1, years.DAYS)
    for year, on, which, loss in zip(block.first + block.year + 1, day, block.which, block.loss, strict=True):
        yield int(year), int(on), names[which], f"{loss:.2f}"
