import asyncio
import math
import random

MONTHS = 25
START = 100.0


async def run(inputs: dict) -> dict:
    n = int(inputs["n_assets"])
    mu, sigma = inputs["drift"] / 100, inputs["volatility"] / 100
    prices = [START] * n
    series = [{"x": 0, "y": START}]
    dt = 1 / 12
    for month in range(1, MONTHS):
        prices = [p * math.exp((mu - sigma**2 / 2) * dt + sigma * math.sqrt(dt) * random.gauss(0, 1)) for p in prices]
        series.append({"x": month, "y": sum(prices) / n})
        if month % 6 == 0:
            await asyncio.sleep(0.01)
    final = series[-1]["y"]
    return {
        "summary": {
            "Portfolio value": f"${final:,.2f}",
            "Return": f"{final / START - 1:.1%}",
            "Sharpe": round((mu - 0.02) / sigma, 2),
        },
        "series": series,
        "columns": ["Asset", "Final price", "Return"],
        "table": [
            {"id": f"Asset {i + 1}", "price": f"${p:,.2f}", "ret": f"{p / START - 1:.1%}"} for i, p in enumerate(prices)
        ],
    }
