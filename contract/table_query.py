"""Which rows of a large table are asked for: those in which a text or a number is found, ordered by a column.

Chosen: one question for the page, the API and the CSV. A text is found inside cells of text, upper and lower case
alike. What reads as a number is found in cells of numbers that are equal to it at the decimals written.
Left out: finding them, which is `storage.part_query`.
"""

from dataclasses import dataclass
from decimal import Decimal

from contract.number_format import NumberFormat
from contract.number_reader import read_number
from contract.reading import Reading

MAX_SEARCH = 200


@dataclass(frozen=True, slots=True)
class TableQuery:
    """Rows of a table. Empty fields ask for all rows in the order of the model.

    Attributes:
        search: a text to find in any column.
        number: what `search` reads as, where it is a number.
        tolerance: by how much a cell may differ from `number`: half a unit of the last decimal written.
        sort: the key of a column to order by; empty cells come last either way.
        descending: the largest first.
    """

    search: str = ""
    number: float | None = None
    tolerance: float = 0.0
    sort: str = ""
    descending: bool = False

    @property
    def everything(self) -> bool:
        """Whether all rows are asked for, in the order of the model."""
        return not (self.search or self.sort)


ALL_ROWS = TableQuery()


def read_table_query(search: str, number_format: NumberFormat, sort: str = "") -> TableQuery:
    """Return the question for what somebody wrote.

    Args:
        search: text; a number in `number_format`, such as 1,234.5, is looked for as a number as well.
        number_format: the session's, or that of the caller.
        sort: the key of a column, with - before it for the largest first.
    """
    key, descending = sort.removeprefix("-"), sort.startswith("-")
    text = search.strip()[:MAX_SEARCH]
    reading = read_number(text, number_format, arithmetic=False) if text else None
    if not isinstance(reading, Reading):
        return TableQuery(text, sort=key, descending=descending)
    exponent = Decimal(repr(reading.value)).normalize().as_tuple().exponent
    decimals = -exponent if isinstance(exponent, int) and exponent < 0 else 0
    return TableQuery(text, float(reading.value), 0.5 * 10.0**-decimals if decimals else 0.0, key, descending)
