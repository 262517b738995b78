"""Do the scenarios give back today's prices? Martingale tests, and options simulated against their closed forms.

Chosen: every gap beside its standard error, which for antithetic scenarios is that of the pairs' means. Options of
every kind are quoted as volatilities as well, the way markets do.
Left out: a test of all gaps together: those of neighbouring years come from the same paths.
"""

import market as markets
import numpy as np
import rates

ROLLED = 10  # years to maturity of the bond that is bought and sold before it ends
ON_GRID = 1e-6  # of a step


class Scenarios:
    """What was simulated, by name and date, in double precision.

    Attributes:
        market: the Market.
        simulation: the finished Simulation.
    """

    def __init__(self, market, simulation):
        """Keep both."""
        self.market, self.simulation = market, simulation
        self.row = {int(step): i for i, step in enumerate(simulation.keep)}
        self.per_year = round(1 / simulation.step)

    def at(self, name, t):
        """Return the values of a variable at `t` years, shape (scenarios,), None where that date is not kept."""
        step = t * self.per_year
        row = self.row.get(round(step)) if abs(step - round(step)) < ON_GRID else None
        return None if row is None else self.simulation.kept[name][row].astype(np.float64)

    def bond(self, t, maturity):
        """Return nominal bond prices P(t, T), shape (scenarios,)."""
        a, b = self.market.rates.bond_terms(t, maturity)
        return np.exp(a - sum(b[i] * self.at(f"rate{i}", t) for i in self.market.nominal))

    def rate(self, t, maturity):
        """Return zero rates of `maturity` years at `t`, annually compounded, shape (scenarios,)."""
        return self.bond(t, t + maturity) ** (-1 / maturity) - 1

    def swap_value(self, t, tenor, strike):
        """Return what a swap that pays `strike` is worth at `t`, shape (scenarios,)."""
        value = 1.0
        for i in range(1, tenor + 1):
            value = value - self.bond(t, t + i) * (strike + (i == tenor))
        return value

    def mean(self, values):
        """Return mean and its standard error."""
        if self.simulation.antithetic:
            values = values.reshape(-1, 2).mean(axis=1)
        return float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values)))


def row(price, simulated, error):
    """Return the columns that every test shares: today's price, mean, standard error, and the gap in both."""
    gap = simulated - price
    # Values that do not vary have an error of rounding alone.
    score = gap / error if error > 1e-7 * abs(price) else 0.0
    return {
        "price": price,
        "simulated": simulated,
        "error": error,
        "gap": gap / price if price else None,
        "score": score,
    }


def martingales(scenarios, horizon):
    """Return one row a year and asset: discounted means against today's prices.

    Assets: 1 paid at that year; a bond with `ROLLED` more years to run, sold at that year; equity with dividends
    reinvested; and, with inflation, 1 of the price index paid at that year, worth a real bond today.

    Source: EIOPA, Guidelines on the valuation of technical provisions, EIOPA-BoS-14/166, guidelines 55 to 60.
    """
    market, found = scenarios.market, []
    for t in range(1, horizon + 1):
        log_discount = scenarios.at("log_discount", t)
        discount = np.exp(log_discount)
        today = np.exp(market.rates.curve.log_discount(np.array([t, t + ROLLED], float)))
        tests = [
            ("Bond", float(today[0]), discount),
            (f"Bond of {ROLLED} more years", float(today[1]), discount * scenarios.bond(t, t + ROLLED)),
            ("Equity", 1.0, np.exp(log_discount + scenarios.at("log_equity", t))),
        ]
        if market.real is not None:
            real = float(np.exp(market.real.log_discount(np.array([t], float)))[0])
            tests.append(("Price index", real, np.exp(log_discount + scenarios.at("log_index", t))))
        found += [{"asset": name, "year": t, **row(price, *scenarios.mean(v))} for name, price, v in tests]
    return found


def swaptions(scenarios, rows):
    """Return one row a swaption: closed form, simulation and market, as prices and normal volatilities in bp."""
    made, found = scenarios.market.rates, []
    for given in rows:
        expiry, tenor = given["expiry"], int(given["tenor"])
        strike, forward = markets.strike(made, given)
        _, annuity = made.forward_swap(expiry, tenor)
        price = made.swaption(expiry, tenor, strike)
        one = {
            "option": f"{expiry:g} x {tenor}",
            "expiry": expiry,
            "tenor": tenor,
            "strike": strike,
            "forward": forward,
        }
        one["closed"] = price
        vol = rates.normal_volatility(price, forward, strike, annuity, expiry)
        one["closed_volatility"] = None if vol is None else 1e4 * vol
        one["market_volatility"] = given.get("volatility")
        discount = scenarios.at("log_discount", expiry)
        if discount is not None:
            values = np.exp(discount) * np.maximum(scenarios.swap_value(expiry, tenor, strike), 0)
            one |= _simulated(scenarios, values, price)
            for key, shift in (("volatility", 0), ("low", -2), ("high", 2)):
                vol = rates.normal_volatility(one["simulated"] + shift * one["error"], forward, strike, annuity, expiry)
                one[key] = None if vol is None else 1e4 * vol
        found.append(one)
    return found


def bond_options(scenarios, rows):
    """Return one row an option on a zero-coupon bond: closed form and simulation, per 100 of the bond's face."""
    found = []
    for given in rows:
        expiry, maturity, strike = given["expiry"], given["maturity"], given["strike"] / 100
        sign = 1 if given["kind"] == "call" else -1
        price = 100 * scenarios.market.rates.bond_option(expiry, maturity, strike, sign)
        one = {"option": f"{given['kind']} {expiry:g} on {maturity:g}", "expiry": expiry, "maturity": maturity}
        one |= {"strike": given["strike"], "closed": price}
        discount = scenarios.at("log_discount", expiry)
        if discount is not None:
            values = 100 * np.exp(discount) * np.maximum(sign * (scenarios.bond(expiry, maturity) - strike), 0)
            one |= _simulated(scenarios, values, price)
        found.append(one)
    return found


def equity_options(scenarios, rows):
    """Return one row an equity option, per 100 of today's equity: closed form, simulation, and Black volatilities."""
    market, found = scenarios.market, []
    for given in rows:
        t, strike, sign = given["expiry"], given["strike"] / 100, 1 if given["kind"] == "call" else -1
        price, forward, bond = market.equity_option(t, strike, sign)
        one = {"option": f"{given['kind']} {t:g} y, {given['strike']:g}", "expiry": t, "strike": given["strike"]}
        one["closed"] = 100 * price
        vol = rates.black_volatility(price, forward, strike, bond, t, sign)
        one["closed_volatility"] = vol
        discount = scenarios.at("log_discount", t)
        if discount is not None:
            spot = np.exp(scenarios.at("log_equity", t) - market.dividend * t)
            values = 100 * np.exp(discount) * np.maximum(sign * (spot - strike), 0)
            one |= _simulated(scenarios, values, 100 * price)
            for key, shift in (("volatility", 0), ("low", -2), ("high", 2)):
                value = (one["simulated"] + shift * one["error"]) / 100
                one[key] = rates.black_volatility(value, forward, strike, bond, t, sign)
        found.append(one)
    return found


def inflation_options(scenarios, rows):
    """Return one row a zero-coupon inflation cap or floor, per 100 of notional: closed form and simulation."""
    market, found = scenarios.market, []
    for given in rows:
        t, rate, sign = given["expiry"], given["strike"] / 100, 1 if given["kind"] == "cap" else -1
        price, strike, forward, bond = market.inflation_option(t, rate, sign)
        one = {"option": f"{given['kind']} {t:g} y, {given['strike']:g} %", "expiry": t, "strike": given["strike"]}
        one |= {"forward": forward, "closed": 100 * price}
        one["closed_volatility"] = rates.black_volatility(price, forward, strike, bond, t, sign)
        discount = scenarios.at("log_discount", t)
        if discount is not None:
            values = 100 * np.exp(discount) * np.maximum(sign * (np.exp(scenarios.at("log_index", t)) - strike), 0)
            one |= _simulated(scenarios, values, 100 * price)
        found.append(one)
    return found


def _simulated(scenarios, values, price):
    mean, error = scenarios.mean(values)
    shared = row(price, mean, error)
    # An option so far out of the money that no scenario pays has no error to measure a gap by.
    return {key: shared[key] for key in ("simulated", "error", "score")}
