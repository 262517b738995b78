import asyncio
import math

A, B = 0.00009, 0.091
LAST_AGE = 100


async def run(inputs: dict) -> dict:
    age = int(inputs["age"])
    shock = float(inputs["shock_rate"]) / 100
    await asyncio.sleep(0.05)
    series, table, alive = [], [], 1.0
    expectation = 0.0
    for x in range(age, LAST_AGE + 1):
        q = min(0.99, A * math.exp(B * x) * (1 + shock))
        series.append({"x": x, "y": alive})
        expectation += alive
        if (x - age) % 5 == 0:
            table.append({"a": x, "s": f"{alive:.2%}", "q": f"{q:.4%}"})
        alive *= 1 - q
        await asyncio.sleep(0)
    return {
        "summary": {
            "Life expectancy": f"{expectation:.2f} years",
            "Shock": f"{inputs['shock_rate']}%",
            "Survival to 65": f"{next((p['y'] for p in series if p['x'] == 65), 0):.2%}",
        },
        "series": series,
        "columns": ["Age", "Survival probability", "Annual mortality"],
        "table": table,
    }
