"""Published life tables by number, from the archive of the Society of Actuaries that the package pymort installs.

Chosen: the package's files are read, not its reader: it imports pandas and warns with its current release, and parsing
one of its plain XML files takes about a millisecond.
Left out: select periods; a table that has one is read as its ultimate part.

Source: Society of Actuaries, Mortality and Other Rate Tables, mort.soa.org.
"""

from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree as ET

import numpy as np


class NoTableError(Exception):
    """The archive has no table of this number."""


class NoRatesError(Exception):
    """The table holds no one-year probabilities of death by age alone."""


@dataclass(frozen=True)
class SoaTable:
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
        NoTableError: the archive has no such table.
        NoRatesError: it holds no probabilities of death by age alone.
    """
    package = Path(find_spec("pymort").submodule_search_locations[0])
    source = package / "table_xml" / f"t{int(number)}.xml"
    if not source.is_file():
        raise NoTableError(number)
    found = ET.parse(source).getroot()  # noqa: S314 - a file of an installed package, not a stranger's
    for part in reversed(found.findall("Table")):
        axes = [axis.findtext("AxisName", "").strip().lower() for axis in part.findall("MetaData/AxisDef")]
        cells = [(int(y.get("t")), float(y.text)) for y in part.findall("Values/Axis/Y") if y.text]
        if axes != ["age"] or len(cells) < 2:
            continue
        ages, rates = (np.array(column) for column in zip(*cells, strict=True))
        if np.all(np.diff(ages) == 1) and np.all((rates >= 0) & (rates <= 1)) and rates.any():
            name = found.findtext("ContentClassification/TableName", "").strip()
            return SoaTable(name, int(number), int(ages[0]), rates)
    raise NoRatesError(number)
