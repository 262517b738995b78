"""European equity options where rates move as well: in closed form for Black-Scholes, by a transform for Heston.

Chosen: the forward's distribution under the forward measure, where the random rates add to the variance.
Left out: a smile that depends on time; dividends other than a yield.
"""

import numpy as np
from factors import decay
from scipy.special import gammaln, hyp1f1, ndtr

PANELS = 96  # nodes of the transform's quadrature in every doubling of its argument
SMALL = 1e-14
NODES, WEIGHTS = np.polynomial.legendre.leggauss(PANELS)
PATH_NODES, PATH_WEIGHTS = np.polynomial.legendre.leggauss(40)


def black(forward, strike, variance, sign):
    """Return E[(sign (F - K))+] for a lognormal F with this mean and variance of its logarithm; shapes broadcast."""
    size = np.sqrt(variance)
    if size <= 0:
        return max(sign * (forward - strike), 0.0)
    d = np.log(forward / strike) / size + size / 2
    return float(sign * (forward * ndtr(sign * d) - strike * ndtr(sign * (d - size))))


class BlackScholes:
    """Equity with one volatility: d ln S = (r - q - sigma^2 / 2) dt + sigma dW."""

    exact = True

    def __init__(self, sigma):
        """Keep the volatility a year."""
        self.sigma = sigma

    def option(self, forward, strike, rate_variance, cross, t, sign):
        """Return the undiscounted value of an option at `t` years.

        Args:
            forward: of the equity, S e^(-qt) / P(0, t).
            strike: above 0.
            rate_variance: variance of the integral of the rates' factors.
            cross: their covariance with the Brownian motion of the equity.
            t: years, above 0.
            sign: 1 for a call, -1 for a put.

        Source: Merton (1973), Bell J. Economics 4; Brigo and Mercurio (2006), appendix B.
        """
        return black(forward, strike, rate_variance + self.sigma**2 * t + 2 * self.sigma * cross, sign)


class Heston:
    """Equity with a variance of its own: dv = kappa (theta - v) dt + xi sqrt(v) dW_v, rho between dW_v and the equity.

    The variance is independent of the rates. Where the equity is not, their covariance is that of the mean of sqrt(v),
    which makes the transform an approximation (H1-HW of Grzelak and Oosterlee 2011).
    """

    def __init__(self, start, theta, kappa, xi, rho, rates=None, correlations=None):
        """Keep the variances v(0) and theta, speed, volatility of variance and correlation.

        Args:
            start: v(0), above 0.
            theta: long-run variance, above 0.
            kappa: speed a year, above 0.
            xi: volatility of the variance, above 0.
            rho: correlation of equity and variance.
            rates: the Rates, and
            correlations: of their Brownian motions with that of the equity, shape of rates.a.
        """
        self.start, self.theta, self.kappa, self.xi, self.rho = start, theta, kappa, xi, rho
        self.rates, self.correlations = rates, correlations
        self.exact = correlations is None or not np.any(correlations)

    def mean_root(self, t):
        """Return E[sqrt(v(t))] in the shape of `t`, years above 0.

        v(t) is c times a noncentral chi-square with d degrees of freedom and noncentrality l.

        Source: Grzelak and Oosterlee (2011), On the Heston model with stochastic interest rates, SIAM J. Financial
        Mathematics 2, lemma 3.1 and, for a large noncentrality, equation 3.18.
        """
        fall = np.exp(-self.kappa * t)
        c = self.xi**2 * (1 - fall) / (4 * self.kappa)
        d = 4 * self.kappa * self.theta / self.xi**2
        far = self.start * fall / c
        rough = c * (far - 1) + c * d + c * d / (2 * (d + far))
        use = (far < 300) & (d < 300)
        exact = np.exp(gammaln((1 + d) / 2) - gammaln(d / 2)) * hyp1f1(-0.5, d / 2, -np.where(use, far, 1) / 2)
        return np.where(use, np.sqrt(2 * c) * exact, np.sqrt(np.maximum(rough, 0)))

    def characteristic(self, u, t):
        """Return E[exp(i u ln(S(t) / F))] without the rates' part, for complex `u` in its shape.

        Source: Heston (1993), Review of Financial Studies 6, in the form of Albrecher, Mayer, Schoutens and Tistaert
        (2007), Wilmott Magazine, which has no jumps of the logarithm.
        """
        kappa, xi, iu = self.kappa, self.xi, 1j * u
        b = kappa - self.rho * xi * iu
        d = np.sqrt(b**2 + xi**2 * (iu + u * u))
        g = (b - d) / (b + d)
        fall = np.exp(-d * t)
        level = kappa * self.theta / xi**2 * ((b - d) * t - 2 * np.log((1 - g * fall) / (1 - g)))
        return np.exp(level + self.start * (b - d) / xi**2 * (1 - fall) / (1 - g * fall))

    def option(self, forward, strike, rate_variance, cross, t, sign):  # noqa: ARG002 - the interface of BlackScholes
        """Return the undiscounted value of an option at `t` years; arguments as in `BlackScholes.option`.

        The difference from Black's price at the same variance is integrated, which leaves little to cut off.

        Source: Lewis (2000), Option Valuation under Stochastic Volatility, section 2.2.
        """
        extra = rate_variance
        if not self.exact:
            s = t * (PATH_NODES + 1) / 2
            bonds = self.rates.s[:, None] * decay(self.rates.a[:, None], t - s)
            weight = PATH_WEIGHTS * t / 2 * self.mean_root(s)
            extra += 2 * float(self.correlations @ (bonds @ weight))
        extra = max(extra, 0.0)
        fall = -np.expm1(-self.kappa * t) / self.kappa
        total = self.theta * t + (self.start - self.theta) * fall + extra
        k = np.log(forward / strike)
        lower, top = 0.0, 1.0
        value = 0.0
        while True:
            u = lower + (top - lower) * (NODES + 1) / 2
            shifted = u - 0.5j
            joint = np.exp(-extra / 2 * (u * u + 0.25))
            mine = self.characteristic(shifted, t) * joint
            plain = np.exp(-total / 2 * (u * u + 0.25))
            value += float(((np.exp(1j * u * k) * (plain - mine)).real / (u * u + 0.25)) @ WEIGHTS) * (top - lower) / 2
            if max(abs(mine[-1]), abs(plain[-1])) < SMALL or top > 1e5:
                break
            lower, top = top, 2 * top
        call = black(forward, strike, total, 1) + np.sqrt(forward * strike) * value / np.pi
        return max(float(call if sign > 0 else call - forward + strike), 0.0)
