"""EIOPA's publications: those stored beside this file, and a newer one read from EIOPA's own file.

Chosen: for the euro the published weights Qb, which give every rate unrounded; for other currencies, and with the
volatility adjustment, the published spot rates of five decimals. A workbook is read as the zip of XML it is.
Left out: fetching, which is `fetching`, and countries' own adjustments.
"""

import csv
import io
import re
import zipfile
import zlib
from pathlib import Path

import numpy as np

from actuarial import smith_wilson

HERE = Path(__file__).parent
YEARS = np.arange(1.0, 151)
SHEETS = {"none": "RFR_spot_no_VA", "published": "RFR_spot_with_VA"}
CODES = {"EUR": ("EUR",), "GBP": ("UK", "GB"), "USD": ("US",), "CHF": ("CH",), "JPY": ("JP",)}
LARGEST = 60_000_000  # bytes of a part of the workbook; the real ones have 6 million


def euro():
    """Return dates, rates by date and year, and parameters of the stored curves of the euro.

    Returns:
        ISO dates, n of them; annual zero rates, shape (n, 150); ultimate forward rates as annual fractions and
        alphas, shape (n,) each.
    """
    with (HERE / "euro.csv").open(encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    ufr = np.array([float(r["ufr"]) for r in rows]) / 100
    alpha = np.array([float(r["alpha"]) for r in rows])
    u = np.arange(1.0, 21)
    weights = np.array([[float(r[f"qb{int(k)}"]) for k in u] for r in rows])
    rates = np.empty((len(rows), YEARS.size))
    for i, (w, a) in enumerate(zip(np.log1p(ufr), alpha, strict=True)):
        rates[i] = smith_wilson.Curve(w, a, u, weights[i]).discount(YEARS) ** (-1 / YEARS) - 1
    return [r["date"] for r in rows], rates, ufr, alpha


def spot(currency, adjustment):
    """Return ISO dates and annual zero rates, shape (n, 150), of the stored spot curves of a currency."""
    flag = "1" if adjustment == "published" else "0"
    with (HERE / "spot.csv").open(encoding="utf-8") as lines:
        rows = [r for r in csv.DictReader(lines) if r["currency"] == currency and r["with_va"] == flag]
    return [r["date"] for r in rows], np.array([[float(r[f"y{int(t)}"]) for t in YEARS] for r in rows])


def from_file(path, currency, adjustment):
    """Return date and annual zero rates, shape (150,), of EIOPA's file of a month.

    Args:
        path: the workbook ..._Term_Structures.xlsx, or the monthly zip that holds it; its path or an open file.
        currency: as in the input of that name.
        adjustment: "none" or "published".

    Raises:
        ValueError: it is no such file, or lacks the sheet, the currency or a maturity.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            inner = [n for n in archive.namelist() if n.lower().endswith("term_structures.xlsx")]
            if not inner:
                return _from_workbook(archive, currency, adjustment)
            with zipfile.ZipFile(io.BytesIO(_part(archive, inner[0]))) as workbook:
                return _from_workbook(workbook, currency, adjustment)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError):
        # The last two: an unknown compression, and a zip under a password.
        raise ValueError(
            "inputs.publication: the file is no workbook. Give EIOPA's monthly zip, or its Term_Structures.xlsx."
        ) from None


def _from_workbook(archive, currency, adjustment):
    rows = _sheet(archive, SHEETS[adjustment])
    codes = CODES[currency]
    for row in rows:
        for column, value in row.items():
            code = re.match(r"([A-Z]+)_(\d{1,2})_(\d{1,2})_(\d{4})_", str(value))
            if code and code[1] in codes:
                date = f"{code[4]}-{int(code[3]):02d}-{int(code[2]):02d}"
                return date, _column(rows, column)
    raise ValueError(f"inputs.publication: the sheet {SHEETS[adjustment]} has no column for {currency}.")


def _column(rows, column):
    """Return the rates of a column by the maturities in column B.

    Raises:
        ValueError: a cell holds no rate, or a maturity is missing.
    """
    found = {}
    for row in rows:
        label = str(row.get("B", ""))
        if re.fullmatch(r"\d{1,3}(\.0+)?", label) and column in row:
            found[int(float(label))] = _rate(row[column], column, label)
    missing = [int(t) for t in YEARS if int(t) not in found]
    if missing:
        raise ValueError(
            f"inputs.publication: column {column} has no rate for {missing[0]} years, of {len(missing)} missing."
        )
    return np.array([found[int(t)] for t in YEARS])


def _rate(text, column, label):
    """Return the rate in a cell: a number above -100 %, however the file is made."""
    try:
        rate = float(text)
    except ValueError:
        rate = np.nan
    if not -1 < rate < 1:  # false for NaN as well
        raise ValueError(
            f"inputs.publication: column {column} holds {text[:40]!r} at {label} years, which is no rate as a "
            "fraction. Give EIOPA's file as it was published."
        )
    return rate


def _sheet(archive, name):
    """Return the rows of a sheet as {column letters: text or number as text}."""
    names = set(archive.namelist())
    if not {"xl/workbook.xml", "xl/_rels/workbook.xml.rels"} <= names:
        raise ValueError(
            "inputs.publication: the file is no workbook. Give EIOPA's monthly zip, or its Term_Structures.xlsx."
        )
    sheets = {_attribute(tag, "name"): _attribute(tag, "r:id") for tag in _tags(archive, "xl/workbook.xml", "sheet")}
    if name not in sheets:
        raise ValueError(f"inputs.publication: the workbook has no sheet {name}. Give EIOPA's Term_Structures.xlsx.")
    targets = {
        _attribute(tag, "Id"): _attribute(tag, "Target")
        for tag in _tags(archive, "xl/_rels/workbook.xml.rels", "Relationship")
    }
    texts = []
    if "xl/sharedStrings.xml" in names:
        items = re.findall(r"<si>(.*?)</si>", _text(archive, "xl/sharedStrings.xml"), re.DOTALL)
        texts = ["".join(re.findall(r"<t[^>]*>([^<]*)</t>", item)) for item in items]
    part = "xl/" + targets.get(sheets[name], "").removeprefix("/xl/")
    if part not in names:
        raise ValueError(
            f"inputs.publication: the workbook names the sheet {name} and does not hold it. "
            "Download EIOPA's file again."
        )
    body = _text(archive, part)
    return [dict(_cells(row, texts)) for row in re.findall(r"<row [^>]*>(.*?)</row>", body, re.DOTALL)]


def _cells(row, texts):
    """Yield column letters and value of each filled cell of a row."""
    for attributes, inside in re.findall(r"<c ([^>]*?)(?:/>|>(.*?)</c>)", row, re.DOTALL):
        value = re.search(r"<v>([^<]*)</v>", inside) or re.search(r"<t[^>]*>([^<]*)</t>", inside)
        if value:
            shared = 't="s"' in attributes
            letters = re.match(r"[A-Z]+", _attribute(attributes, "r"))[0]
            yield letters, texts[int(value[1])] if shared else value[1]


def _tags(archive, part, name):
    return re.findall(rf"<{name} [^>]*>", _text(archive, part))


def _attribute(tag, name):
    found = re.search(rf'(?:^|\s){name}="([^"]*)"', tag)
    return found[1] if found else ""


def _text(archive, part):
    return _part(archive, part).decode("utf-8", errors="replace")


def _part(archive, name):
    if archive.getinfo(name).file_size > LARGEST:
        raise ValueError(f"inputs.publication: {name} is larger than {LARGEST // 1_000_000} MB unpacked.")
    return archive.read(name)
