"""The probability that a surplus of capital and premiums less claims falls below 0, ever or up to a horizon.

Chosen: closed forms wherever claims and waiting times have phases, bounds for other claims at Poisson times, and a
simulation up to the horizon for all of them.
Left out: interest, dividends, and dependence of claims on the time before them.
"""

import distributions
import general
import numpy as np
import phases
import simulation
from scipy.optimize import brentq

SHOWN = 8  # problems named in one message
TIMES = 40  # of the curve of ruin up to a time
FEW = 20  # ruined paths: fewer make a rough probability
CURVE = 60  # capitals of the chart
NO_COEFFICIENT = (
    "The claims have no adjustment coefficient: their tail is too heavy, so that Lundberg's bound does not exist and "
    "one large claim is the likeliest way to ruin."
)


def run(inputs):
    """Yield progress of the simulation, then the probabilities of ruin, the coefficient and its bounds.

    Raises:
        ValueError: a distribution does not fit, or the simulation would draw too many claims.
    """
    problems, warnings = [], []
    claim, gap = distributions.claims(inputs, problems), distributions.gaps(inputs, problems)
    if claim is not None and gap is not None and inputs["finite_time"]:
        drawn = simulation.work(gap.moment(1), inputs["horizon"], inputs["simulations"])
        if drawn > simulation.MOST_CLAIMS:
            problems.append(
                f"inputs.simulations: {inputs['simulations']:,} paths of {inputs['horizon']:g} time units draw about "
                f"{drawn:,.0f} claims, more than {simulation.MOST_CLAIMS:,}. Give fewer paths or a shorter horizon."
            )
    if problems:
        more = len(problems) - SHOWN
        raise ValueError("\n".join(problems[:SHOWN]) + (f"\nand {more} more." if more > 0 else ""))
    burden = claim.moment(1) / gap.moment(1)
    by_loading = inputs["premium_by"] == "loading"
    premium = burden * (1 + inputs["loading"] / 100) if by_loading else inputs["premium_rate"]
    safe = premium > burden * (1 + 1e-12)
    if not safe:
        warnings.append(
            f"The premium of {premium:,.6g} is no more than the expected claims of {burden:,.6g} a unit of time: ruin "
            "is certain at last, whatever the capital."
        )
    capitals = np.array(sorted({row["u"] for row in inputs["capitals"]} | {inputs["capital"]}), float)
    answer = Ruin(claim, gap, premium, inputs["arrivals"] == "exponential", safe=safe)
    if safe and answer.coefficient is None:
        warnings.append(NO_COEFFICIENT)
    if safe and not answer.known:
        warnings.append(
            "For these claims between arrivals that are not Poisson there is no closed form: the probability of ruin "
            "ever is left out. Lundberg's bound and the simulation are shown."
        )
    rows = answer.rows(capitals)
    finite, curve = [], None
    if inputs["finite_time"]:
        times = np.linspace(0, inputs["horizon"], TIMES + 1)[1:]
        losses, done, number = [], 0, inputs["simulations"]
        blocks = simulation.largest_losses(claim, gap, premium, times, number, np.random.default_rng(inputs["seed"]))
        for block in blocks:
            losses.append(block)
            done += len(block)
            yield {"progress": done / number, "message": f"{done:,} of {number:,} paths"}
        losses = np.concatenate(losses)
        exact = inputs["claims"] == inputs["arrivals"] == "exponential"
        for u in capitals:
            share = float((losses[:, -1] > u).mean())
            row = {"u": float(u), "horizon": inputs["horizon"], "simulated": share}
            row["standard_error"] = float(np.sqrt(share * (1 - share) / number))
            if exact:
                known = simulation.exponential_ruin(
                    inputs["claim_rate"], inputs["arrival_rate"], premium, float(u), inputs["horizon"]
                )
                row |= {} if known is None else {"exact": known}
            finite.append(row)
        if (losses[:, -1] > inputs["capital"]).sum() < FEW:
            warnings.append(
                f"Fewer than {FEW} of the {number:,} paths are ruined from the capital {inputs['capital']:g}: the "
                "simulated probability is rough. Simulate more paths."
            )
        curve = {"x": times.tolist(), "y": (losses > inputs["capital"]).mean(axis=0).tolist()}
    here = next(row for row in rows if row["u"] == inputs["capital"])
    summary = {
        "Expected claims": burden,
        "Premium": premium,
        "Safety loading": premium / burden - 1,
    }
    if answer.coefficient is not None:
        summary["Adjustment coefficient"] = answer.coefficient
    if here.get("psi") is not None:
        summary["Probability of ruin"] = here["psi"]
    if here.get("bound") is not None:
        summary["Lundberg's bound"] = here["bound"]
    if answer.constant is not None:
        summary["Cramér's constant"] = answer.constant
    if finite:
        summary["Probability of ruin up to the horizon"] = next(
            row["simulated"] for row in finite if row["u"] == inputs["capital"]
        )
    retained = _retained(inputs, claim, gap, premium, burden) if inputs["reinsurance"] == "proportional" else []
    yield {
        "summary": summary,
        "table": rows,
        "tables": {
            **({"Up to the horizon": finite} if finite else {}),
            **({"Retentions": retained} if retained else {}),
        },
        "charts": _charts(answer, capitals, curve, retained),
        "notes": _notes(answer),
        "warnings": warnings,
    }


class Ruin:
    """Ruin ever: adjustment coefficient, constant, and probabilities by capital.

    Attributes:
        coefficient: R, or None where there is none.
        constant: C of psi(u) ~ C exp(-R u), or None.
        known: whether psi has a closed form or bounds.
    """

    def __init__(self, claim, gap, premium, poisson, *, safe):
        self.claim, self.gap, self.premium, self.poisson, self.safe = claim, gap, premium, poisson, safe
        self.with_phases = isinstance(claim, phases.PhaseType)
        self.known = not safe or self.with_phases or poisson
        self.coefficient = adjustment_coefficient(claim, gap, premium) if safe else None
        self.start = phases.ladder(claim, gap.scaled(premium)) if safe and self.with_phases else None
        self.constant = self._constant()

    def _constant(self):
        if self.coefficient is None:
            return None
        if self.with_phases:
            return phases.cramer_constant(self.claim, self.start, self.coefficient)
        if not self.poisson:
            return None
        arrivals = 1 / self.gap.moment(1)
        slope = arrivals * self.claim.transform_slope(self.coefficient)
        return (self.premium - arrivals * self.claim.moment(1)) / (slope - self.premium)

    def probabilities(self, capitals):
        """Return psi and its bounds below and above, shape (n,) each; None where there is no closed form."""
        if not self.safe:
            ones = np.ones(len(capitals))
            return ones, ones, ones
        if self.with_phases:
            psi = phases.ruin_probability(self.claim, self.start, capitals)
            return psi, None, None
        if self.poisson:
            low, high = general.ruin_bounds(
                self.claim, self.claim.moment(1) / self.gap.moment(1) / self.premium, capitals
            )
            return (low + high) / 2, low, high
        return None, None, None

    def rows(self, capitals):
        """Return the table by capital."""
        psi, low, high = self.probabilities(capitals)
        rows = []
        for i, u in enumerate(capitals):
            row = {"u": float(u), "psi": None if psi is None else float(psi[i])}
            if low is not None and self.safe:
                row |= {"low": float(low[i]), "high": float(high[i])}
            if self.coefficient is not None:
                row["bound"] = float(np.exp(-self.coefficient * u))
                if self.constant is not None:
                    row["asymptote"] = float(self.constant * np.exp(-self.coefficient * u))
            vylder = self.de_vylder(u)
            if vylder is not None:
                row["de_vylder"] = vylder
            rows.append(row)
        return rows

    def de_vylder(self, u):
        """Return De Vylder's approximation, by exponential claims of the same first three moments, None without them.

        Source: De Vylder (1978), Scandinavian Actuarial Journal, p. 114.
        """
        moments = [self.claim.moment(k) for k in (1, 2, 3)]
        if not (self.safe and self.poisson and np.all(np.isfinite(moments))):
            return None
        first, second, third = moments
        arrivals = 1 / self.gap.moment(1)
        rate, number = 3 * second / third, 4.5 * arrivals * second**3 / third**2
        premium = self.premium - arrivals * first + number / rate
        return float(number / (rate * premium) * np.exp(-(rate - number / premium) * u))


def adjustment_coefficient(claim, gap, premium):
    """Return R above 0 with E[exp(R X)] E[exp(-R c W)] = 1, None where the claims have none.

    Args:
        claim: X, with `transform` and `least_rate`.
        gap: W, the time between two claims.
        premium: c per unit of time, above E[X] / E[W].

    Source: Asmussen and Albrecher (2010), Ruin Probabilities, chapters IV and VI.
    """
    if not claim.least_rate > 0:
        return None

    def excess(r):
        with np.errstate(over="ignore"):
            return np.log(claim.transform(r)) + np.log(gap.transform(-r * premium))

    # Convex, 0 at 0 and falling there: its other zero lies below the pole of the claims.
    scale = 1 / claim.moment(1)
    if np.isfinite(claim.least_rate):
        part = 0.5
        while excess(claim.least_rate * (1 - part)) <= 0:
            part /= 2
            if part < 1e-12:
                return None
        high = claim.least_rate * (1 - part)
    else:
        high = scale
        while excess(high) <= 0:
            high *= 2
    low = high
    while excess(low) > 0:
        low /= 2
        if low < 1e-14 * scale:
            return None
    return float(brentq(excess, low, high, xtol=1e-15 * scale, rtol=8.9e-16))


def _retained(inputs, claim, gap, premium, burden):
    """Return premium, loading and coefficient where a share of every claim is kept and the rest reinsured.

    The reinsurer asks its own loading on the claims it takes, so that the premium kept is c - (1 + l) (1 - a) E[S].
    """
    found = []
    for row in inputs["retentions"]:
        share = row["share"] / 100
        kept = premium - (1 + inputs["reinsurer_loading"] / 100) * (1 - share) * burden
        safe = kept > share * burden * (1 + 1e-12)
        # exp(r a X) is exp((r a) X), so that the coefficient of a X at c is 1/a that of X at c / a.
        inner = adjustment_coefficient(claim, gap, kept / share) if safe else None
        coefficient = None if inner is None else inner / share
        found.append(
            {
                "share": row["share"],
                "premium": kept,
                "loading": kept / (share * burden) - 1,
                "coefficient": coefficient,
                "bound": None if coefficient is None else float(np.exp(-coefficient * inputs["capital"])),
            }
        )
    return found


def _notes(answer):
    if not answer.safe:
        return "The premium does not exceed the expected claims."
    if answer.with_phases:
        return "The probability of ruin is exact: claims and waiting times have phases."
    if answer.poisson:
        return (
            f"The probability of ruin lies between claims rounded down and up to {general.POINTS:,} steps; the middle "
            "of the two is shown."
        )
    return "There is no closed form for these claims and arrivals."


def _charts(answer, capitals, curve, retained):
    charts = []
    top = float(capitals[-1]) or 10 * answer.claim.moment(1)
    at = np.linspace(0, top, CURVE)
    rows = answer.rows(at)
    series = [
        {"name": name, "y": [row.get(key) for row in rows]}
        for key, name in (("psi", "Probability of ruin"), ("bound", "Lundberg's bound"), ("de_vylder", "De Vylder"))
        if rows[0].get(key) is not None
    ]
    if series:
        charts.append(
            {
                "kind": "line",
                "title": "Ruin by capital",
                "x_label": "Capital (currency)",
                "y_label": "Probability",
                "y_scale": "log",
                "data": {"x": at.tolist(), "series": series},
            }
        )
    if curve:
        charts.append(
            {
                "kind": "line",
                "title": "Ruin up to a time",
                "x_label": "Time (units of time)",
                "y_label": "Probability",
                "data": {"x": curve["x"], "series": [{"name": "Simulated", "y": curve["y"]}]},
            }
        )
    kept = [row for row in retained if row["coefficient"] is not None]
    if kept:
        charts.append(
            {
                "kind": "line",
                "title": "Adjustment coefficient by retention",
                "x_label": "Share kept (%)",
                "y_label": "Coefficient (per currency)",
                "data": {
                    "x": [row["share"] for row in kept],
                    "series": [{"name": "Coefficient", "y": [row["coefficient"] for row in kept]}],
                },
            }
        )
    return charts
