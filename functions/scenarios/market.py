"""The whole model of one run: rates, equity, inflation and how they are correlated, read from the inputs.

Inflation is Jarrow and Yildirim's: real rates follow Hull and White's model, and the price index behaves like the
exchange rate between the nominal and the real economy, dI = I (n - r) dt + s_I I dW_I.
Left out: real-world drifts; everything is under the risk-neutral measure of the bank account.
"""

import curves
import equity
import numpy as np
import rates
from factors import Factors, decay

SINGULAR = -1e-9  # an eigenvalue below it is no rounding
WIDE, HOPELESS = 2.5, 8.0  # deviations of a logarithm beyond which a mean needs rare paths, or cannot be simulated
EDGE = 1e-3  # of the range of a parameter: a fit so close to its end has found none inside
PARAMETERS = ("rate_reversion", "rate_volatility", "second_reversion", "second_volatility", "factor_correlation")
PAIRS = (
    ("rate_equity", "rates", "equity"),
    ("rate_inflation", "rates", "inflation"),
    ("rate_real", "rates", "real"),
    ("equity_inflation", "equity", "inflation"),
    ("equity_real", "equity", "real"),
    ("inflation_real", "inflation", "real"),
)


class Market:
    """What is simulated.

    Attributes:
        rates: the Rates.
        real: the real curve, None without inflation.
        equity: a BlackScholes or Heston.
        dividend: yield of the equity a year, continuously compounded.
        index_volatility: of the price index, a year.
        factors: Factors: "rate0", perhaps "rate1", perhaps "real", then "equity" and perhaps "inflation". With
            stochastic volatility "equity" is the part of its Brownian motion that is independent of the variance.
        nominal: positions of the nominal factors.
    """

    def __init__(self, inputs, rates_model, real_curve):
        """Read the rest of the inputs.

        Raises:
            ValueError: the correlations do not fit together, or the horizon is too long for the volatilities.
        """
        self.rates, self.real, self.inputs = rates_model, real_curve, inputs
        self.nominal = list(range(len(rates_model.a)))
        inflation = real_curve is not None
        wanted = ["rates", "equity"] + (["inflation", "real"] if inflation else [])
        given = {(a, b): inputs[key] / 100 for key, a, b in PAIRS}
        heston = inputs["equity"] == "heston"
        leverage = inputs["leverage"] / 100 if heston else 0.0
        basic = np.array([[1.0 if a == b else given.get((a, b), given.get((b, a), 0)) for a in wanted] for b in wanted])
        at = {name: i for i, name in enumerate(wanted)}
        # What is left of the equity beside its variance carries all of its correlation with the others.
        own = np.sqrt(1 - leverage**2)
        basic[at["equity"]] /= own
        basic[:, at["equity"]] /= own
        basic[at["equity"], at["equity"]] = 1
        lowest = float(np.linalg.eigvalsh(basic)[0])
        if lowest < SINGULAR:
            keys = [key for key, a, b in PAIRS if a in at and b in at] + (["leverage"] if heston else [])
            raise ValueError(
                f"inputs.{', '.join(keys)}: no variables can be correlated like this: the matrix has the eigenvalue "
                f"{lowest:.3g}. Bring the correlations closer to 0."
            )
        a, s = rates_model.a, rates_model.s
        noise = s[0] ** 2 + (s[1] ** 2 + 2 * rates_model.rho * s[0] * s[1] if len(s) > 1 else 0)
        if len(s) == 1:
            share = np.ones(1)
        else:  # correlation of each factor's Brownian motion with that of the short rate
            share = (s + rates_model.rho * s[::-1]) / np.sqrt(noise) if noise > 0 else np.array([1.0, rates_model.rho])
        names = [f"rate{i}" for i in self.nominal] + (["real"] if inflation else []) + ["equity"]
        names += ["inflation"] if inflation else []
        rho = np.eye(len(names))
        for i, first in enumerate(names):
            for j, second in enumerate(names[:i]):
                if first.startswith("rate") and second.startswith("rate"):
                    value = rates_model.rho
                else:
                    one, two = ("rates" if n.startswith("rate") else n for n in (first, second))
                    value = basic[at[one], at[two]]
                    value *= share[int(second[-1])] if second.startswith("rate") else 1
                rho[i, j] = rho[j, i] = value
        k, sigma = list(a), list(s)
        if inflation:
            k.append(inputs["real_reversion"])
            sigma.append(inputs["real_volatility"] / 100)
        self.factors = Factors(names, np.array(k, float), np.array(sigma, float), rho)
        self.index_volatility = inputs["index_volatility"] / 100
        self.dividend = inputs["dividend_yield"] / 100
        self.leverage = leverage
        if heston:
            self.equity = equity.Heston(
                (inputs["start_volatility"] / 100) ** 2,
                (inputs["long_volatility"] / 100) ** 2,
                inputs["variance_speed"],
                inputs["variance_volatility"] / 100,
                leverage,
                rates_model,
                own * np.array([rho[names.index("equity"), i] for i in self.nominal]) * (s > 0),
            )
        else:
            self.equity = equity.BlackScholes(inputs["equity_volatility"] / 100)

    def log_deviations(self, t):
        """Return standard deviations of the logarithms of bank account, equity and price index at `t` years."""
        _, mixed, integrals = self.factors.covariances(t)
        bank = integrals[np.ix_(self.nominal, self.nominal)].sum()
        at = self.factors.index("equity")
        cross = mixed[at, self.nominal].sum()
        if isinstance(self.equity, equity.BlackScholes):
            sigma = self.equity.sigma
            stock = sigma**2 * t
        else:
            one = self.equity
            fall = -np.expm1(-one.kappa * t) / one.kappa
            stock = one.theta * t + (one.start - one.theta) * fall
            sigma = np.sqrt(stock / t)
        total = max(bank + stock + 2 * sigma * cross, stock)
        found = {"bank account": np.sqrt(bank), "equity": np.sqrt(total)}
        if self.real is not None:
            found["price index"] = np.sqrt(self.index_terms(t)[1])
        return found

    def check(self, horizon, warnings):
        """Warn, or refuse, where means over the horizon would need paths too rare to be drawn.

        Raises:
            ValueError: a logarithm's standard deviation is beyond `HOPELESS`.
        """
        for name, size in self.log_deviations(horizon).items():
            if not size < HOPELESS:
                raise ValueError(
                    f"inputs.horizon: at {horizon:g} years the logarithm of the {name} has a standard deviation of "
                    f"{size:.3g}, and no number of scenarios shows its mean. Shorten the horizon or lower the "
                    "volatilities."
                )
            if size > WIDE:
                warnings.append(
                    f"At the horizon the logarithm of the {name} has a standard deviation of {size:.2f}: its mean "
                    "rests on few scenarios, and standard errors understate how far it may be off."
                )

    def index_terms(self, t):
        """Return the forward of the price index per unit today, and the variance of its logarithm, at `t` years.

        Source: Brigo and Mercurio (2006), section 15.1 and equation 16.14.
        """
        _, mixed, integrals = self.factors.covariances(t)
        real, index = self.factors.index("real"), self.factors.index("inflation")
        n, s = self.nominal, self.index_volatility
        bank = integrals[np.ix_(n, n)].sum()
        variance = bank + integrals[real, real] + s**2 * t
        variance += 2 * s * mixed[index, n].sum() - 2 * s * mixed[index, real] - 2 * integrals[n, real].sum()
        curve = self.real.log_discount(np.array([t]))[0] - self.rates.curve.log_discount(np.array([t]))[0]
        return float(np.exp(curve)), float(max(variance, 0.0))

    def real_drift(self, t):
        """Return what the real factor's mean under the nominal measure is at `t` years, in its shape."""
        real, index = self.factors.index("real"), self.factors.index("inflation")
        pull = self.factors.rho[real, index] * self.factors.s[real] * self.index_volatility
        return -pull * decay(self.factors.k[real], t)

    def real_bond_terms(self, t, maturity):
        """Return A and B of P_r(t, T) = exp(A - B x) for the real factor x with its drift."""
        at = [self.factors.index("real")]
        known = self.real.log_discount(np.array([t, maturity]))
        spread = self.factors.integral_variance(np.array([maturity - t, maturity, t]), at)
        b = float(decay(self.factors.k[at[0]], maturity - t))
        return float(known[1] - known[0] + (spread[0] - spread[1] + spread[2]) / 2), b

    def equity_option(self, maturity, strike, sign):
        """Return today's value of a European option on 1 of equity (without its dividends), and its forward."""
        bond = float(np.exp(self.rates.curve.log_discount(np.array([maturity]))[0]))
        forward = float(np.exp(-self.dividend * maturity)) / bond
        _, mixed, integrals = self.factors.covariances(maturity)
        bank = float(integrals[np.ix_(self.nominal, self.nominal)].sum())
        cross = float(mixed[self.factors.index("equity"), self.nominal].sum())
        return bond * self.equity.option(forward, strike, bank, cross, maturity, sign), forward, bond

    def inflation_option(self, maturity, rate, sign):
        """Return today's value of (I(T)/I(0) - (1 + rate)^T)+, or its floor (sign -1), its strike, forward and bond."""
        bond = float(np.exp(self.rates.curve.log_discount(np.array([maturity]))[0]))
        forward, variance = self.index_terms(maturity)
        strike = (1 + rate) ** maturity
        return bond * equity.black(forward, strike, variance, sign), strike, forward, bond


def read(inputs, notes, warnings):
    """Return the Market of the inputs and, where the rates are fitted, the gaps to the quotes by row of the swaptions.

    Raises:
        ValueError: naming what does not fit.
    """
    curve = curves.read(inputs, notes, warnings)
    model = inputs["rate_model"]
    if model == "hull_white":
        start = [inputs["rate_reversion"], inputs["rate_volatility"] / 100]
    else:
        start = [
            inputs["rate_reversion"],
            inputs["rate_volatility"] / 100,
            inputs["second_reversion"],
            inputs["second_volatility"] / 100,
            inputs["factor_correlation"] / 100,
        ]
    made = rates.build(model, curve, start)
    if inputs["fit"]:
        made = _fitted(inputs, model, curve, start, made, warnings)
    real = curves.real(inputs, curve, warnings) if inputs["inflation"] == "jarrow_yildirim" else None
    found = Market(inputs, made, real)
    found.check(inputs["horizon"], warnings)
    return found


def strike(made, row):
    """Return a swaption's strike and its forward rate, for a row of the table."""
    forward, _ = made.forward_swap(row["expiry"], row["tenor"])
    return forward + (row.get("offset") or 0) / 1e4, forward


def _fitted(inputs, model, curve, start, made, warnings):
    rows = [row for row in inputs["swaptions"] if row.get("volatility")]
    least = len(start)
    if len(rows) < least:
        raise ValueError(
            f"inputs.swaptions: {len(rows)} market volatilities are not enough for {least} parameters. Give {least} or "
            "more, or do not fit."
        )
    quotes = [(row["expiry"], row["tenor"], strike(made, row)[0], row["volatility"] / 1e4) for row in rows]
    fitted, gaps = rates.fit(model, curve, quotes, start)
    share = np.abs(gaps) / np.array([q[3] for q in quotes])
    worst = int(np.argmax(share))
    if share[worst] > 0.1:
        row = rows[worst]
        warnings.append(
            f"The fitted volatility of {row['expiry']:g} x {row['tenor']} is {share[worst]:.0%} from its quote: the "
            "model has too few parameters for these quotes, or a quote is off."
        )
    stuck = [
        name
        for name, value, low, high in zip(PARAMETERS, fitted.parameters, *rates.BOUNDS[model], strict=False)
        if not low + EDGE * (high - low) < value < high - EDGE * (high - low)
    ]
    if stuck:
        warnings.append(
            f"The fit ended at a bound of {', '.join(stuck)}: the quotes do not determine it. Fit fewer factors, or "
            "more and longer quotes."
        )
    return fitted
