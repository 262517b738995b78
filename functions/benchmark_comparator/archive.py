"""Published life tables by number, from the archive of the Society of Actuaries that the package pymort installs.

Left out: select periods; a table that has one is read as its ultimate part.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np

NAMED = {
    "am92": 2513,
    "af92": 2514,
    "iam2012_male": 2581,
    "iam2012_female": 2582,
    "iam2012_period_male": 2585,
    "iam2012_period_female": 2586,
    "gam83_male": 826,
    "gam83_female": 825,
}


@dataclass(frozen=True)
class Benchmark:
    """One-year probabilities of death `q` from age `start` on, shape (n,)."""

    name: str
    number: int
    start: int
    q: np.ndarray

    @property
    def end(self):
        """The last age with a probability."""
        return self.start + len(self.q) - 1

    def at(self, age):
        """Return the probability of death at `age`, or None outside the table."""
        return float(self.q[age - self.start]) if self.start <= age <= self.end else None


def read(number):
    """Return table `number` of the archive.

    Raises:
        ValueError: the archive has no such table, or it holds no probabilities of death by age alone.
    """
    # The package's own reader imports pandas and warns with its current release; the files are plain XML, and
    # parsing one takes about a millisecond.
    package = Path(find_spec("pymort").submodule_search_locations[0])
    source = package / "table_xml" / f"t{int(number)}.xml"
    if not source.is_file():
        raise ValueError(f"the archive has no table {number}. Look it up at mort.soa.org.")
    found = ET.parse(source).getroot()  # noqa: S314 - a file of an installed package, not a stranger's
    for part in reversed(found.findall("Table")):
        axes = [axis.findtext("AxisName", "").strip().lower() for axis in part.findall("MetaData/AxisDef")]
        cells = [(int(y.get("t")), float(y.text)) for y in part.findall("Values/Axis/Y") if y.text]
        if axes != ["age"] or len(cells) < 2:
            continue
        ages, rates = (np.array(column) for column in zip(*cells, strict=True))
        if np.all(np.diff(ages) == 1) and np.all((rates >= 0) & (rates <= 1)) and rates.any():
            name = found.findtext("ContentClassification/TableName", "").strip()
            return Benchmark(name, int(number), int(ages[0]), rates)
    raise ValueError(
        f"table {number} of the archive holds no one-year probabilities by age alone. Choose an aggregate or ultimate "
        "mortality table."
    )


def values(table, age, interest):
    """Return annuity-due, whole life insurance and curtate expectation of a life aged `age`; 1 beyond the table's end.

    ä = Σ v^k kp, A = 1 - d ä with d = i / (1 + i), e = Σ kp from 1.

    Args:
        table: a Benchmark that covers `age`.
        age: in years.
        interest: i, per year.

    Source: Dickson, Hardy and Waters, Actuarial Mathematics for Life Contingent Risks, 3rd ed., sections 2.6.2, 4.4.3
    and 5.4.1.
    """
    lives = np.concatenate(([1.0], np.cumprod(1 - table.q[age - table.start :])))
    lives[-1] = 0.0  # nobody outlives the table
    annuity = float(lives @ (1 + interest) ** -np.arange(len(lives)))
    return annuity, 1 - interest / (1 + interest) * annuity, float(lives[1:].sum())
