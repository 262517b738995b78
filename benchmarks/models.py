"""Compare the large and the stochastic models with a straightforward implementation: `python -m benchmarks.models`.

Each case is computed by the model's core (the computation alone), by the whole model (from inputs to summary, tables
and charts, in this process), by the obvious code written here, and by a library of the same purpose where one is
installed in `.bench/`. They run alternately, and medians are compared. Each also returns a figure, which shows that
they agree. The floor is what no method of the same kind can do without: its random numbers alone, in as many threads,
or the reading of what it has to read; the best round of both makes the ratio, and so does their processor time.
Chosen: slow code computes a part of the case, and its time is scaled up; the output says by how much. Figures
of simulations differ by chance, that of the 200 policies of lifelib's sample by the selection.
Left out: the sandbox and the queue, which `benchmarks.sandbox` and `benchmarks.engine` measure.
"""

import contextlib
import math
import os
import statistics
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from contract import inputs as contract_inputs
from tests.models.calling import Model

PEERS = Path(__file__).resolve().parents[1] / ".bench" / "bin" / "python"
ROUNDS = 3
POLICIES, MONTHS, SAMPLE = 100_000, 480, 200
POINTS, FEW_POINTS = 2**16, 2**11
PATHS, STEPS, ASSETS, CUBE = 100_000, 120, 10, 25_000
RESAMPLES, LOOPED = 10_000, 300
SCENARIOS, YEARS = 10_000, 60

# A library's program prepares, then computes the case for each line read and prints seconds (scaled) and figure.
SERVE = """
import sys, time, warnings
warnings.simplefilter("ignore")
{prepare}
print("ready", flush=True)
for _ in sys.stdin:
    begun = time.perf_counter()
    figure = work()
    print((time.perf_counter() - begun) * {scale}, figure, flush=True)
"""
QUANTLIB_PATHS = """
import math
import QuantLib as ql
ql.Settings.instance().evaluationDate = today = ql.Date(1, 1, 2026)
def flat(rate):
    return ql.YieldTermStructureHandle(ql.FlatForward(today, rate, ql.Actual365Fixed()))
vol = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, ql.Actual365Fixed()))
spot = ql.QuoteHandle(ql.SimpleQuote(100 / 10))
one = ql.BlackScholesMertonProcess(spot, flat(0.0), flat(0.07), vol)
rho = ql.Matrix(10, 10, 0.3)
for i in range(10):
    rho[i][i] = 1.0
array = ql.StochasticProcessArray([one] * 10, rho)
times = [10 * (i + 1) / 120 for i in range(120)]
def work():
    uniform = ql.UniformRandomSequenceGenerator(1200, ql.UniformRandomGenerator(1))
    paths = ql.GaussianMultiPathGenerator(array, times, ql.GaussianRandomSequenceGenerator(uniform))
    total = 0.0
    for _ in range(2000):
        path = paths.next().value()
        total += sum(path[i].back() for i in range(10))
    return total / 2000
"""
QUANTLIB_AMERICAN = """
import QuantLib as ql
ql.Settings.instance().evaluationDate = today = ql.Date(1, 1, 2026)
def flat(rate):
    return ql.YieldTermStructureHandle(ql.FlatForward(today, rate, ql.Actual365Fixed()))
vol = ql.BlackVolTermStructureHandle(ql.BlackConstantVol(today, ql.NullCalendar(), 0.2, ql.Actual365Fixed()))
spot = ql.QuoteHandle(ql.SimpleQuote(36.0))
process = ql.BlackScholesMertonProcess(spot, flat(0.0), flat(0.06), vol)
def work():
    option = ql.VanillaOption(ql.PlainVanillaPayoff(ql.Option.Put, 40.0), ql.AmericanExercise(today, today + 365))
    option.setPricingEngine(
        ql.MCAmericanEngine(process, "PseudoRandom", timeSteps=50, antitheticVariate=True, polynomOrder=3,
                            requiredSamples=50_000, nCalibrationSamples=4096, seed=1)
    )
    return option.NPV()
"""
QUANTLIB_RATES = """
import math
import QuantLib as ql
ql.Settings.instance().evaluationDate = today = ql.Date(1, 1, 2026)
curve = ql.YieldTermStructureHandle(ql.FlatForward(today, 0.03, ql.Actual365Fixed()))
process = ql.HullWhiteProcess(curve, 0.03, 0.008)
def work():
    uniform = ql.UniformRandomSequenceGenerator(720, ql.UniformRandomGenerator(1))
    paths = ql.GaussianPathGenerator(process, 60.0, 720, ql.GaussianRandomSequenceGenerator(uniform), False)
    total = 0.0
    for _ in range(500):
        path = paths.next().value()
        total += math.exp(-sum(path[i] for i in range(720)) / 12)
    return total / 500
"""
CHAINLADDER = """
import chainladder as cl
triangle = cl.load_sample("genins")
def work():
    drawn = cl.BootstrapODPSample(n_sims=10_000, random_state=1).fit_transform(triangle)
    return float(cl.Chainladder().fit(drawn).ibnr_.sum("origin").mean())
"""
LIFELIB = """
from pathlib import Path
import lifelib, modelx
source = Path(lifelib.__file__).parent / "libraries" / "basiclife" / "BasicTerm_M"
model = modelx.read_model(str(source))
def work():
    model.Projection.clear_all()
    return float(model.Projection.pv_net_cf().sum())
"""


@dataclass(frozen=True)
class Case:
    """A computation and its implementations, each a function that returns a figure.

    Attributes:
        name: what is computed.
        core: the model's computation alone.
        whole: the model from inputs to result.
        plain: the obvious code, or None.
        scale: by how much the time of the obvious code is scaled up.
        peer: (library, its program, by how much its time is scaled up), or None.
        floor: (what it is, a function that does it and returns nothing), or None.
    """

    name: str
    core: object
    whole: object
    plain: object
    scale: float = 1.0
    peer: tuple | None = None
    floor: tuple | None = None


class Peer:
    """A library's program in an environment of its own, run once per call."""

    def __init__(self, program, scale):
        """Start it; raises LookupError where the library is not installed or fails."""
        if not PEERS.is_file():
            raise LookupError("there is no .bench environment")
        self.process = subprocess.Popen(
            [str(PEERS), "-c", SERVE.format(prepare=program, scale=scale)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert self.process.stdin is not None
        assert self.process.stdout is not None
        self.stdin, self.stdout = self.process.stdin, self.process.stdout
        if self.stdout.readline().strip() != "ready":
            why = (self.process.communicate()[1].strip() or "it ended").splitlines()[-1]
            raise LookupError(why)
        self.work()

    def work(self):
        """Return seconds and figure of one run."""
        self.stdin.write("go\n")
        self.stdin.flush()
        answer = self.stdout.readline().split()
        if len(answer) != 2:
            why = (self.process.communicate()[1].strip() or "it ended").splitlines()[-1]
            raise LookupError(why)
        return float(answer[0]), float(answer[1])

    def close(self):
        """End the program."""
        self.process.communicate()


def timed(work, scale=1.0):
    begun = time.perf_counter()
    figure = work()
    return (time.perf_counter() - begun) * scale, figure


def normals(shape, pieces, *, dtype=np.float32):
    """Return a function that draws standard normals of one shape again and again, on every core."""

    def piece(stream):
        rng, draws = np.random.Generator(np.random.SFC64(stream)), np.empty(shape[1:], dtype)
        for _ in range(shape[0]):
            rng.standard_normal(dtype=dtype, out=draws)

    def work():
        with ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
            list(pool.map(piece, np.random.SeedSequence(1).spawn(pieces)))
        return 0.0

    return work


def whole(model, inputs, label):
    """Return a function that runs a model and returns the summary value whose name begins with `label`."""

    def work():
        summary = {}
        for part in model.function.run(dict(inputs)):
            summary.update(part.get("summary", {}))
        return next(value for key, value in summary.items() if key.startswith(label))

    return work


def portfolio_paths():
    model = Model("pricer")
    given = {"portfolio": "equal", "n_assets": ASSETS, "drift": 7, "volatility": 20, "correlation": 30, "years": 10}
    given |= {"steps_per_year": 12, "paths": PATHS, "sampling": "antithetic", "strategy": "hold", "initial": 100}
    inputs = contract_inputs.validate(model.manifest, given)
    on_hold = model.holdings.read(inputs)

    def core():
        simulation = model.paths.Simulation(
            on_hold, years=10, steps=STEPS, paths=PATHS, sampling="antithetic", rebalanced=False, seed=1
        )
        for _ in simulation.blocks():
            pass
        return 100 * float(simulation.values[-1].mean(dtype=np.float64))

    def cube():
        rng, dt = np.random.default_rng(1), 10 / STEPS
        root = np.linalg.cholesky(np.full((ASSETS, ASSETS), 0.3) + 0.7 * np.eye(ASSETS))
        shocks = rng.standard_normal((CUBE, STEPS, ASSETS)) @ root.T
        prices = np.exp(np.cumsum((0.07 - 0.2**2 / 2) * dt + 0.2 * math.sqrt(dt) * shocks, axis=1))
        return 100 * float(prices.mean(axis=2)[:, -1].mean())

    name = f"GBM {PATHS:,} paths x {STEPS} months x {ASSETS} assets, rho 0.3"
    work = whole(model, inputs, "Mean value")
    width = model.paths.CACHE // ASSETS
    floor = (f"{PATHS * STEPS * ASSETS // 2:,} normals", normals((STEPS, ASSETS, width), round(PATHS / 2 / width)))
    return Case(name, core, work, cube, PATHS / CUBE, ("QuantLib", QUANTLIB_PATHS, PATHS / 2000), floor)


def resampled_triangle():
    model = Model("odp_bootstrap")
    given = {"method": "bootstrap", "simulations": RESAMPLES, "data": "taylor_ashe"}
    inputs = contract_inputs.validate(model.manifest, given)
    triangle = model.triangles.read(model.triangles.bundled("taylor_ashe"))

    def core():
        fit, raw, freedom, phi = model.odp.residuals(triangle)
        drawn = model.odp.pool(triangle, raw, freedom, keep_zero=True)
        given = {"simulations": RESAMPLES, "process": "gamma", "seed": 1}
        blocks = model.odp.bootstrap(triangle, fit, drawn, phi, **given)
        return float(np.concatenate([future.sum(axis=0) for _, future in blocks]).mean())

    fit, raw, freedom, phi = model.odp.residuals(triangle)
    pool, fitted, n = model.odp.pool(triangle, raw, freedom, keep_zero=True).tolist(), fit.tolist(), len(fit)

    def loop():
        rng, totals = np.random.default_rng(1), []
        for _ in range(LOOPED):
            rows = []
            for i in range(n):
                paid, row = 0.0, []
                for j in range(n - i):
                    paid += fitted[i][j] + pool[int(rng.integers(len(pool)))] * math.sqrt(abs(fitted[i][j]))
                    row.append(paid)
                rows.append(row)
            total = 0.0
            latest = [row[-1] for row in rows]
            for k in range(n - 1):
                factor = sum(r[k + 1] for r in rows[: n - 1 - k]) / sum(r[k] for r in rows[: n - 1 - k])
                for i in range(n - 1 - k, n):
                    mean = latest[i] * (factor - 1)
                    latest[i] += mean
                    total += math.copysign(phi * rng.standard_gamma(abs(mean) / phi), mean)
            totals.append(total)
        return statistics.fmean(totals)

    work = whole(model, inputs, "Mean reserve")
    peer = ("chainladder", CHAINLADDER, 1)
    past, size = int(triangle.known.sum()), np.abs(fit[~triangle.known])[:, None] / phi

    def draws():
        rng = np.random.Generator(np.random.SFC64(1))
        for _ in range(5):
            rng.integers(past, size=(past, RESAMPLES // 5))
            rng.standard_gamma(np.broadcast_to(size, (len(size), RESAMPLES // 5)))
        return 0.0

    floor = (f"{past * RESAMPLES:,} cells and {len(size) * RESAMPLES:,} gamma variables", draws)
    name = f"ODP bootstrap, {RESAMPLES:,} resamples of 10 x 10"
    return Case(name, core, work, loop, RESAMPLES / LOOPED, peer, floor)


def projected_policies(sample):
    """Return the case of lifelib's sample of 10,000 policies, or of 100,000 policies over 480 months."""
    model = Model("life_projection")
    inputs = contract_inputs.validate(model.manifest, {"portfolio": "lifelib", "policies": 10_000, "stresses": []})
    if not sample:
        rows = [
            {"age": 20 + i % 40, "term": 40, "months": 0, "sum_assured": 100_000 + 10_000 * (i // 40 % 5)}
            for i in range(POLICIES)
        ]
        inputs |= {"portfolio": "own", "points": rows}
    policies = model.portfolio.choose(inputs)
    priced = model.assumptions.pricing(inputs)
    assumed = model.assumptions.best_estimate(priced, inputs)
    premium = model.function.premiums(inputs, policies, priced)

    def core():
        cells = model.portfolio.cells(policies)
        weights = {
            "count": cells.totals(policies.count),
            "amount": cells.totals(policies.count * policies.amount),
            "premium": cells.totals(policies.count * premium),
        }
        found = model.projection.project(cells, assumed, weights=weights).values
        return -float(model.function.liability(model.function.present_values(inputs, found, weights)).sum())

    scale = len(policies) / SAMPLE
    horizon = int(policies.term.max()) * 12
    discount, upkeep = assumed.discount(horizon + 1).tolist(), assumed.inflated(horizon).tolist()
    table, first = assumed.mortality.tolist(), assumed.first_age

    def loop():
        total = 0.0
        columns = (c[:SAMPLE].tolist() for c in (policies.age, policies.term, policies.amount, premium))
        for age, term, amount, paid in zip(*columns, strict=True):
            alive, value = 1.0, -assumed.acquisition
            for t in range(term * 12):
                row, year = table[min(age + t // 12 - first, len(table) - 1)], t // 12
                q = 1 - (1 - row[min(year, len(row) - 1)]) ** (1 / 12)
                w = 1 - (1 - assumed.lapse[min(year, len(assumed.lapse) - 1)]) ** (1 / 12)
                flow = alive * (paid - upkeep[t] - q * amount)
                if year == 0:
                    flow -= alive * paid * inputs["commission"] / 100
                value += discount[t] * flow
                alive *= (1 - q) * (1 - w)
            total += value
        return total * scale

    work = whole(model, inputs, "Present value of net cash flows")
    months = np.ones(int(policies.term.sum()) * 12)
    floor = ("reading a number of each policy and month", lambda: float(months.sum()))
    if sample:
        name = "lifelib's basic term, 10,000 policies x up to 240 months"
        return Case(name, core, work, loop, scale, ("lifelib", LIFELIB, 1), floor)
    return Case(f"life {POLICIES:,} policies x {MONTHS} months", core, work, loop, scale, None, floor)


def american_put():
    model = Model("options")
    S, K, r, sigma, T, dates, paths = 36.0, 40.0, 0.06, 0.2, 1.0, 50, 100_000
    given = {"contract": "vanilla", "option_type": "put", "exercise": "american", "spot": S, "strike": K}
    given |= {"maturity": T, "rate": 6, "dividend_yield": 0, "volatility": 20, "exercise_dates": dates, "paths": paths}
    inputs = contract_inputs.validate(model.manifest, given | {"seed": 1})

    def core():
        *_, last = model.lsm.price(S, K, r, 0.0, sigma, T, -1, dates=dates, paths=paths, seed=1)
        return last[0]

    def textbook():
        dt = T / dates
        z = np.random.default_rng(1).standard_normal((dates, paths))
        spot = S * np.exp(np.cumsum((r - sigma**2 / 2) * dt + sigma * math.sqrt(dt) * z, axis=0))
        cash = np.maximum(K - spot[-1], 0)
        for t in range(dates - 2, -1, -1):
            cash *= math.exp(-r * dt)
            inside = spot[t] < K
            now = K - spot[t, inside]
            going_on = np.polyval(np.polyfit(spot[t, inside], cash[inside], 3), spot[t, inside])
            cash[inside] = np.where(now > going_on, now, cash[inside])
        return math.exp(-r * dt) * float(cash.mean())

    work = whole(model, inputs, "Monte Carlo price")
    floor = (f"{paths * dates // 2:,} normals", normals((dates, paths // 2), 1, dtype=np.float64))
    peer = ("QuantLib", QUANTLIB_AMERICAN, 1)
    return Case(f"LSM {paths:,} paths x {dates} dates", core, work, textbook, 1, peer, floor)


def aggregate():
    model = Model("aggregate_loss")
    lam, step = 20.0, 100.0
    severity = model.severity.lognormal(7.0, 1.2)
    given = {"frequency": "poisson", "lam": lam, "severity": "lognormal", "mu": 7.0, "sigma": 1.2, "method": "fft"}
    given |= {"points_log2": 16, "grid": "given", "step": step}
    inputs = contract_inputs.validate(model.manifest, given)
    count = model.frequency.choose(inputs)
    pmf = model.severity.discretised(severity, step, POINTS, inputs["discretisation"])
    short, level = pmf[:FEW_POINTS].tolist(), inputs["levels"][-1]["level"] / 100

    def core():
        return step * int(np.searchsorted(np.cumsum(model.aggregate.by_fft(count, pmf, POINTS)), level))

    def recursion():
        g = [math.exp(lam * (short[0] - 1))]
        for s in range(1, FEW_POINTS):
            g.append(lam / s * sum(j * short[j] * g[s - j] for j in range(1, s + 1)))
        return step * int(np.searchsorted(np.cumsum(g), level))

    work = whole(model, inputs, "VaR")
    line = np.ones(2 * POINTS)
    floor = (f"two transforms of {2 * POINTS:,} numbers", lambda: float(np.fft.irfft(np.fft.rfft(line))[0]))
    return Case("aggregate loss on 2^16 points", core, work, recursion, (POINTS / FEW_POINTS) ** 2, None, floor)


def economic_scenarios():
    """Return the case of rates, real rates, equity and price index, simulated and tested, not written."""
    model = Model("scenarios")
    flat = [{"year": 1, "rate": 3}, {"year": 100, "rate": 3}]
    given = {"scenarios": SCENARIOS, "horizon": YEARS, "file": "none"}
    given |= {"curve": "own", "compounding": "continuous", "rates": flat}
    inputs = contract_inputs.validate(model.manifest, given)
    market, steps = model.market.read(inputs, [], []), YEARS * 12

    def core():
        keep = range(0, steps + 1, 12)
        laid = {"years": YEARS, "per_year": 12, "scenarios": SCENARIOS, "antithetic": True, "seed": 1, "keep": keep}
        simulation = model.simulation.Simulation(market, **laid)
        for _ in simulation.blocks():
            pass
        return float(np.median(np.exp(simulation.kept["log_equity"][-1])))

    def euler():
        rng, dt, few = np.random.default_rng(1), 1 / 12, SCENARIOS // 10
        rho = np.eye(4)
        rho[0, 1] = rho[1, 0] = 0.85
        rho[0, 2] = rho[2, 0] = rho[1, 2] = rho[2, 1] = 0.1
        mixed = np.linalg.cholesky(rho)
        rate, real, equity, index, bank = (np.empty((steps + 1, few)) for _ in range(5))
        rate[0], real[0], equity[0], index[0], bank[0] = 0.03, 0.01, 1, 1, 1
        for i in range(steps):
            z = mixed @ rng.standard_normal((4, few)) * math.sqrt(dt)
            spread = (1 - math.exp(-2 * 0.03 * i * dt)) / (2 * 0.03) * 0.008**2
            rate[i + 1] = rate[i] + (0.03 * (0.03 - rate[i]) + spread) * dt + 0.008 * z[0]
            real[i + 1] = real[i] + 0.03 * (0.01 - real[i]) * dt + 0.007 * z[1]
            equity[i + 1] = equity[i] * np.exp((rate[i] - 0.18**2 / 2) * dt + 0.18 * z[2])
            index[i + 1] = index[i] * np.exp((rate[i] - real[i] - 0.01**2 / 2) * dt + 0.01 * z[3])
            bank[i + 1] = bank[i] * np.exp(rate[i] * dt)
        return float(np.median(equity[-1]))

    drawn = len(market.factors.names) + len(market.factors.k)
    width = model.simulation.WIDTH
    floor = (
        f"{drawn * steps * SCENARIOS // 2:,} normals",
        normals((1, drawn, steps * width), SCENARIOS // 2 // width, dtype=np.float64),
    )
    work = whole(model, inputs, "Median equity")
    name = f"economic scenarios, {SCENARIOS:,} x {YEARS} years monthly"
    peer = ("QuantLib (rates alone)", QUANTLIB_RATES, SCENARIOS / 500)
    return Case(name, core, work, euler, 10, peer, floor)


CASES = (
    portfolio_paths,
    resampled_triangle,
    lambda: projected_policies(sample=False),
    lambda: projected_policies(sample=True),
    american_put,
    aggregate,
    economic_scenarios,
)


def compare(case):
    """Run the implementations of a case alternately; print medians, ratios and figures."""
    implementations = {
        "core": lambda: timed(case.core),
        "whole": lambda: timed(case.whole),
        "plain": lambda: timed(case.plain, case.scale),
    }
    if case.floor:
        implementations["floor"] = lambda: timed(case.floor[1])
    peer = None
    if case.peer:
        library, program, scale = case.peer
        try:
            peer = Peer(program, scale)
            implementations[library] = peer.work
        except LookupError as error:
            print(f"  {library} left out: {error}")
    seconds: dict[str, list[float]] = {name: [] for name in implementations}
    processor: dict[str, list[float]] = {name: [] for name in implementations}
    figures: dict[str, float] = {}
    for number in range(ROUNDS + 1):
        for name, work in implementations.items():
            begun = time.process_time()
            spent, figures[name] = work()
            if number:  # the first round is a warm-up
                seconds[name].append(spent)
                processor[name].append(time.process_time() - begun)
    if peer:
        peer.close()
    middle = {name: statistics.median(values) for name, values in seconds.items()}
    print(case.name)
    for name, value in middle.items():
        best = min(seconds[name]) * 1000
        line = f"  {name:<12} {value * 1000:>12,.2f} ms (best {best:,.2f})"
        if name in {"core", "whole"}:
            if case.floor:
                wall, spent = (min(kind[name]) / min(kind["floor"]) for kind in (seconds, processor))
                line += f", {wall:,.2f} x floor, {spent:,.2f} x its processor time"
        elif name == "floor":
            print(f"{line}: {case.floor[0]}")
            continue
        else:
            line += f", {value / middle['core']:,.1f} x core, {value / middle['whole']:,.1f} x whole"
        part = case.scale if name == "plain" else case.peer[2] if case.peer and name == case.peer[0] else 1
        scaled = f", a {part:,.0f}th computed and scaled" if part > 1 else ""
        print(f"{line}; figure {figures[name]:.6g}{scaled}")


def main():
    """Compare every case, with the machine's load before and after."""
    print("load average", *(f"{x:.1f}" for x in os.getloadavg()), f"on {os.cpu_count()} cores; medians of {ROUNDS}")
    # Models may write files.
    with tempfile.TemporaryDirectory() as scratch, contextlib.chdir(scratch):
        for make in CASES:
            compare(make())
    print("load average", *(f"{x:.1f}" for x in os.getloadavg()))


if __name__ == "__main__":
    # One thread of the numerical libraries, as in a run: models share their work among the cores themselves. The
    # libraries read it when they are loaded, so the program starts again.
    if os.environ.get("OPENBLAS_NUM_THREADS") != "1":
        os.environ["OPENBLAS_NUM_THREADS"] = "1"
        os.execv(sys.executable, [sys.executable, "-m", "benchmarks.models"])
    main()
