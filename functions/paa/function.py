"""The premium allocation approach of IFRS 17 for one group of contracts, with reinsurance held, period by period.

Chosen: periods of any length, one row each; claims by the period in which they are incurred. The group is measured anew
at each period's end from what is known then.
Left out: see measurement.py and claims.py.
"""

import claims
import measurement
import numpy as np
import report

YEAR = 12  # months
MOST_PROBLEMS = 20


def run(inputs):
    """Return the measurement for `inputs` (keys as in manifest.json).

    Raises:
        ValueError: the tables do not fit each other, with every problem.
    """
    problems = []
    group, table = read_group(inputs, problems)
    pattern = read_pattern(inputs, problems)
    changes, payments = read_changes(inputs, len(group.lengths), problems)
    if inputs["period"] > len(group.lengths):
        problems.append(
            f"inputs.period: {inputs['period']} is beyond the last period, {len(group.lengths)}. Give one of them."
        )
    if problems:
        raise ValueError("\n".join(problems[:MOST_PROBLEMS]))
    measured = measure(inputs, group, table, pattern, changes, payments)
    held = reinsurance(inputs, group, measured) if inputs["reinsurance"] else None
    return report.result(inputs, group, measured, held, report.warnings_of(inputs, group, measured))


def read_group(inputs, problems):
    """Return what is expected of the group, and its rows, noting what does not fit."""
    rows = inputs["periods"]
    if [row["period"] for row in rows] != list(range(1, len(rows) + 1)):
        problems.append("inputs.periods.period: they do not run from 1 without a gap. Give each period once, in order.")

    def column(key, empty=0.0):
        return np.array([empty if row.get(key) is None else row[key] for row in rows], dtype=float)

    coverage, release = column("coverage"), column("release")
    by_release = inputs["revenue_by"] == "release"
    weights = release if by_release else coverage
    if coverage.sum() <= 0:
        problems.append("inputs.periods.coverage: it is 0 in every period. Give the coverage of each period.")
    elif by_release and release.sum() <= 0:
        problems.append(
            "inputs.periods.release: it is empty. Give the expected release of risk of each period, or allocate by the "
            "passage of time."
        )
    for i, row in enumerate(rows):
        if coverage[i] == 0 and (row["expected"] or 0) + (row.get("incurred") or 0) > 0:
            problems.append(
                f"inputs.periods[{i}].coverage: it is 0, and claims are incurred in the period. Give coverage, or put "
                "the claims where the coverage is."
            )
    covered = np.flatnonzero(weights)
    last = covered[-1] if len(covered) else len(rows)
    flows = column("premium") + column("acquisition")
    for i in np.flatnonzero(flows):
        if i > last:
            problems.append(
                f"inputs.periods[{i}].premium: it comes after the last coverage, in period {last + 1}. Put premiums "
                "and acquisition costs at the start of a period of coverage."
            )
    if column("premium").sum() <= 0:
        problems.append("inputs.periods.premium: there is none. Give the premiums expected.")
    lengths = column("months", YEAR) / YEAR
    rate = inputs["financing_rate"] / 100 if inputs["financing"] else 0.0
    deferred = inputs["acquisition_costs"] == "deferred"
    premiums, acquisition = column("premium"), column("acquisition")
    group = measurement.Group(lengths, weights, coverage, premiums, acquisition, deferred, rate)
    return group, rows


def read_pattern(inputs, problems):
    """Return the shares of claims paid 0, 1, 2, ... periods after they were incurred."""
    shares = np.array([row["share"] for row in inputs["pattern"]], dtype=float) / 100
    if abs(shares.sum() - 1) > 1e-6:
        problems.append(f"inputs.pattern: the shares sum to {100 * shares.sum():.6g} %. Make them sum to 100 %.")
        return np.ones(1)
    return shares / shares.sum()


def read_changes(inputs, n, problems):
    """Return new estimates and payments: {at the end of period: {for period: amount}} each."""
    found = {"revisions": {}, "payments": {}}
    for name, rows, key in (("revisions", inputs["revisions"], "claims"), ("payments", inputs["payments"], "amount")):
        for i, row in enumerate(rows):
            at, period = row["at"], row["for_period"]
            if max(at, period) > n:
                problems.append(f"inputs.{name}[{i}]: there is no period {max(at, period)}. Give periods 1 to {n}.")
            elif name == "payments" and period > at:
                problems.append(
                    f"inputs.payments[{i}]: claims of period {period} are not paid before, at the end of period {at}. "
                    "Correct one of the two."
                )
            elif name == "revisions" and period == at:
                problems.append(
                    f"inputs.revisions[{i}]: claims of period {at} are estimated at its end already, in the table of "
                    "periods. Change that, or give another period."
                )
            else:
                found[name].setdefault(at, {})[period] = float(row[key])
    return found["revisions"], found["payments"]


def measure(inputs, group, table, pattern, changes, payments):
    """Return every step of the measurement.

    Returns:
        Dictionary of `coverage` and `incurred` (rows by period), `components` and `flows` ((n + 1,)), `losses`.
    """
    n = len(group.lengths)
    flat = inputs["rate"] / 100
    given = [flat if row.get("rate") is None else row["rate"] / 100 for row in table]
    rates = np.array(given) if inputs["discounted"] else np.zeros(n)
    margin = inputs["risk_adjustment"] / 100
    expected = np.array([row["expected"] or 0.0 for row in table], dtype=float)
    seen = {0: expected}
    for t in range(1, n + 1):
        now = seen[t - 1].copy()
        for period, amount in changes.get(t, {}).items():
            if period > t:
                now[period - 1] = amount
        seen[t] = now

    def plan(t):
        incurred = table[t - 1].get("incurred")
        incurred = float(seen[t - 1][t - 1] if incurred is None else incurred)
        return incurred, {k: v for k, v in changes.get(t, {}).items() if k < t}, payments.get(t, {})

    terms = {
        "lengths": group.lengths,
        "rates": rates,
        "pattern": pattern,
        "margin": margin,
        "discounted": inputs["discounted"],
        "split": inputs["discounted"] and inputs["finance_in"] == "oci",
    }
    incurred, losses, overpaid = claims.roll(plan, terms)
    if overpaid:
        raise ValueError(
            "\n".join(
                f"inputs.payments: by the end of period {t} {paid:,.10g} of the claims of period {k} is paid, more "
                f"than their estimate, {estimate:,.10g}. Revise the estimate, or lower the payments."
                for k, (t, paid, estimate) in overpaid.items()
            )
        )
    coverage = measurement.roll_coverage(group)
    components, flows = measurement.loss_components(
        group,
        coverage,
        lambda t: seen[t],
        pattern=pattern,
        margin=inputs["risk_adjustment_coverage"] / 100,
        rates=np.concatenate(([flat if inputs["discounted"] else 0.0], rates)),
        tested=inputs["onerous_test"] == "every",
    )
    return {"coverage": coverage, "incurred": incurred, "components": components, "flows": flows, "losses": losses}


def reinsurance(inputs, group, measured):
    """Return the mirror of a reinsurance that recovers a share of every claim, a dictionary for each period.

    Premiums ceded, less the commission that does not depend on claims (86), are allocated as the group's own are. What
    is recovered of incurred claims is the share of them, less the reinsurer's expected non-performance (63); the
    loss-recovery component is the share of the group's loss component (66A, 66B, 70A).
    """
    share = inputs["recovered_share"] / 100
    sure = share * (1 - inputs["non_performance"] / 100)
    net = group.premiums * inputs["ceded_premium"] / 100 * (1 - inputs["commission"] / 100)
    ceded = measurement.Group(
        group.lengths, group.weights, group.coverage, net, np.zeros(len(net)), deferred=True, rate=group.rate
    )
    rows = []
    for t, (cover, incurred) in enumerate(zip(measurement.roll_coverage(ceded), measured["incurred"], strict=True)):
        before, after = measured["components"][t], measured["components"][t + 1]
        if t == 0:
            before = 0.0
        recovered = sure * (incurred["incurred"] + incurred["past"])
        adjustment = share * (incurred["margin_current"] + incurred["margin_past"])
        rows.append(
            {
                "coverage_opening": cover["opening"],
                "premiums": cover["premiums"],
                "interest": cover["interest"],
                "allocated": cover["revenue"],
                "coverage": cover["closing"],
                "recovery_component": share * after,
                "loss_recovered": share * (after - before),
                "recovered": recovered + adjustment,
                "finance": sure * incurred["finance"],
                "oci": sure * incurred["oci"],
                "received": sure * incurred["paid"],
                "incurred_value": sure * incurred["closing"],
                "incurred_margin": share * incurred["margin_closing"],
            }
        )
        row = rows[-1]
        row["asset"] = row["coverage"] + row["recovery_component"] + row["incurred_value"] + row["incurred_margin"]
        row["service"] = row["recovered"] + row["loss_recovered"] - row["allocated"]
    return rows
