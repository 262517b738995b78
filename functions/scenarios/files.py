"""Writes the scenarios to a Parquet or CSV file, block by block, in the order of the scenarios.

Chosen: one row a scenario and month, single precision, columns of one type each: pandas, polars, R's arrow, DuckDB,
Spark and Excel's Power Query read it as it is. Parquet's floats are split by byte before compression, which saves a
quarter.
Left out: other formats; a file beyond the largest that a run may write is refused before anything is simulated.
"""

import numpy as np

LARGEST = 240_000_000  # bytes: an installation lets a run write 256 MB unless it is set otherwise
BYTES = {"parquet": 3.3, "csv": 9.6}  # of a number, measured
MATURITIES = (1, 5, 10, 20, 30)
NAMES = {"parquet": "scenarios.parquet", "csv": "scenarios.csv"}


def columns(inputs):
    """Return the names of the columns of numbers that the inputs ask for, in a fixed order."""
    wanted = set(inputs["columns"])
    if inputs["inflation"] == "none":
        wanted -= {"price_index", "real_rate_10"}
    if inputs["equity"] != "heston":
        wanted -= {"volatility"}
    order = ["discount", "short_rate", *(f"rate_{m}" for m in MATURITIES), "equity", "equity_price", "volatility"]
    return [name for name in [*order, "price_index", "real_rate_10"] if name in wanted]


def months(inputs):
    """Return the steps that are written, ascending, and the months that they stand for."""
    per_year, wanted = inputs["steps_per_year"], {"steps": 12, "quarters": 4, "years": 1}[inputs["written"]]
    wanted = min(per_year, wanted)
    steps = np.arange(0, inputs["horizon"] * per_year + 1, per_year // wanted)
    return steps, steps * (12 // per_year)


def check(inputs, scenarios):
    """Return the rows of the file.

    Raises:
        ValueError: it would be larger than a run may write, or has no column.
    """
    names, (steps, _) = columns(inputs), months(inputs)
    if not names:
        raise ValueError("inputs.columns: nothing is left to write. Choose a column, or no file.")
    rows = scenarios * len(steps)
    size = rows * (len(names) * BYTES[inputs["file"]] + (0.1 if inputs["file"] == "parquet" else 8))
    if size > LARGEST:
        other = "Parquet, " if inputs["file"] == "csv" else ""
        raise ValueError(
            f"inputs.file: {rows:,} rows of {len(names)} columns take about {size / 1e6:,.0f} MB, and a file may have "
            f"{LARGEST / 1e6:,.0f}. Choose {other}fewer columns, quarters or years, or fewer scenarios."
        )
    return rows


class Derived:
    """What turns a block's paths into the columns of the file."""

    def __init__(self, market, simulation, inputs):
        """Work out the terms of the bonds at every date that is written."""
        self.market, self.names = market, columns(inputs)
        self.steps, self.months = months(inputs)
        t = simulation.times[self.steps]
        variance = market.rates.variance
        self.dividend = np.exp(-market.dividend * t)[:, None]
        at = market.nominal
        self.short = market.rates.curve.forward(t)
        self.short = self.short + np.array([market.factors.covariances(x)[1][np.ix_(at, at)].sum() for x in t])
        spread = variance(t) if any(name.startswith("rate_") for name in self.names) else None
        self.bonds = {}
        for m in MATURITIES:
            if f"rate_{m}" in self.names:
                curve = market.rates.curve.log_discount(t + m) - market.rates.curve.log_discount(t)
                a = curve + (variance(np.array([m]))[0] - variance(t + m) + spread) / 2
                self.bonds[f"rate_{m}"] = m, a, market.rates.bond_terms(0, m)[1]
        if "real_rate_10" in self.names:
            terms = [market.real_bond_terms(x, x + 10) for x in t]
            self.real = np.array([a for a, _ in terms]), terms[0][1]

    def __call__(self, paths, first):
        """Return columns by name, float32 of shape (scenarios, dates), raveled, with scenario and month before them."""
        count = paths["log_discount"].shape[1]
        found = {
            "scenario": np.repeat(np.arange(first + 1, first + count + 1, dtype=np.int32), len(self.steps)),
            "month": np.tile(self.months.astype(np.int16), count),
        }
        for name in self.names:
            found[name] = self._column(name, paths).T.astype(np.float32).ravel()
        return found

    def _column(self, name, rows):
        nominal = self.market.nominal
        if name == "discount":
            return np.exp(rows["log_discount"])
        if name == "short_rate":
            return self.short[:, None] + sum(rows[f"rate{i}"] for i in nominal)
        if name in self.bonds:
            maturity, a, b = self.bonds[name]
            return np.expm1((sum(b[i] * rows[f"rate{i}"] for i in nominal) - a[:, None]) / maturity)
        if name == "real_rate_10":
            return np.expm1((self.real[1] * rows["real"] - self.real[0][:, None]) / 10)
        if name == "price_index":
            return np.exp(rows["log_index"])
        if name == "volatility":
            return np.sqrt(rows["variance"])
        value = np.exp(rows["log_equity"])
        return value if name == "equity" else value * self.dividend


class Writer:
    """An open file of one kind, to which blocks are added."""

    def __init__(self, kind, names):
        """Open the file in the working directory."""
        # pyarrow takes a while to import, and only a run that writes needs it.
        import pyarrow as pa

        self.pa, self.path = pa, NAMES[kind]
        kinds = [("scenario", pa.int32()), ("month", pa.int16()), *((name, pa.float32()) for name in names)]
        self.schema = pa.schema(kinds)
        if kind == "parquet":
            import pyarrow.parquet as pq

            self.file = pq.ParquetWriter(
                self.path,
                self.schema,
                compression="zstd",
                use_dictionary=["scenario", "month"],
                use_byte_stream_split=list(names),
            )
        else:
            from pyarrow import csv

            self.file = csv.CSVWriter(self.path, self.schema, write_options=csv.WriteOptions(quoting_style="none"))

    def add(self, block):
        """Write one block of columns by name."""
        table = self.pa.table([self.pa.array(block[name]) for name in self.schema.names], schema=self.schema)
        self.file.write_table(table)

    def close(self):
        """End the file."""
        self.file.close()
