"""Values of numpy and Python that JSON has no type for, converted without losing their shape or their names."""

from typing import NamedTuple

import numpy as np
import pandas as pd
import pytest

from engine.sandbox.convert import BadValueError, Converter


class Point(NamedTuple):
    x: object
    y: object


class Reserve(NamedTuple):
    origin: int
    amount: float


@pytest.mark.parametrize("unit", ["D", "s", "us", "ns"])
@pytest.mark.parametrize("shape", [(4,), (2, 2), (2, 1, 2), (1, 4)])
def test_an_array_of_dates_keeps_its_shape(unit, shape):
    days = ["2026-01-02", "2026-01-03", "NaT", "2026-01-05"]
    found = Converter().convert(np.array(days, dtype=f"datetime64[{unit}]").reshape(shape))
    texts = np.array([None if d == "NaT" else f"{d}T00:00:00" for d in days], dtype=object)
    assert found == texts.reshape(shape).tolist()


def test_one_date_or_duration_in_nanoseconds_is_no_count_of_them():
    assert Converter().convert(np.datetime64("2026-01-02T03:04", "ns")) == "2026-01-02T03:04:00"
    assert Converter().convert(np.datetime64("2026-01-02")) == "2026-01-02"
    assert Converter().convert(np.timedelta64(1_500_000_000, "ns")) == 1.5
    assert Converter().convert(np.array([[1, 2]], dtype="timedelta64[D]")) == [[86_400.0, 172_800.0]]
    assert Converter().convert(np.array([1, 2], dtype="timedelta64[ns]") * 10**9) == [1.0, 2.0]


def test_a_duration_in_months_is_refused_with_its_place():
    with pytest.raises(BadValueError, match="no length in seconds") as caught:
        Converter().convert({"a": np.array([1], dtype="timedelta64[M]")})
    assert caught.value.path == "a[0]"


def test_a_date_beyond_pythons_years_is_still_a_date():
    assert Converter().convert(np.array(["20000-01-01"], dtype="datetime64[D]"))[0].startswith("20000-01-01")


def test_named_tuples_are_read_by_field():
    found = Converter().convert({"table": [Reserve(2001, 5.5), Reserve(2002, float("nan"))], "point": Point(1, (2, 3))})
    assert found == {
        "table": [{"origin": 2001, "amount": 5.5}, {"origin": 2002, "amount": None}],
        "point": {"x": 1, "y": [2, 3]},
    }


def test_a_value_in_a_named_tuple_is_counted_and_named_by_its_field():
    converter = Converter()
    converter.convert({"table": [Reserve(2001, float("inf"))]})
    assert (converter.nulls, converter.places) == (1, ["table[0].amount"])


def test_rows_of_a_frame_taken_as_tuples_keep_their_columns():
    frame = pd.DataFrame({"age": [60, 61], "sex": ["f", "m"]})
    assert Converter().convert(list(frame.itertuples(index=False))) == [
        {"age": 60, "sex": "f"},
        {"age": 61, "sex": "m"},
    ]


def test_records_of_numpy_are_read_by_field():
    records = np.array([(60, 0.5), (61, np.nan)], dtype=[("age", "i4"), ("qx", "f8")])
    converter = Converter()
    assert converter.convert({"t": records}) == {"t": [{"age": 60, "qx": 0.5}, {"age": 61, "qx": None}]}
    assert converter.places == ["t[1].qx"]
    assert converter.convert(records[0]) == {"age": 60, "qx": 0.5}


def test_a_plain_tuple_stays_a_list():
    assert Converter().convert((1, (2, 3))) == [1, [2, 3]]
