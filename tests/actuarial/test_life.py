"""Mortality: printed values of the Standard Ultimate Survival Model and of AM92, and what the archive does not hold."""

import numpy as np
import pytest

from actuarial import mortality_laws, soa_tables

PRINTED = 5e-7  # six decimals


def test_makehams_law_gives_the_standard_ultimate_survival_model():
    """Dickson, Hardy and Waters, 3rd ed., Appendix D: q(x) of A = 0.00022, B = 2.7e-6, c = 1.124."""
    found = mortality_laws.makeham(np.array([20, 50, 65, 80]), a=0.00022, b=2.7e-6, c=1.124)
    assert found == pytest.approx([0.000250, 0.001209, 0.005915, 0.032658], abs=PRINTED)


def test_gompertz_and_a_constant_force_are_its_cases():
    ages = np.array([30, 60])
    force = np.log(1.1)
    assert mortality_laws.makeham(ages, a=0, b=1e-5, c=1.1) == pytest.approx(
        1 - np.exp(-1e-5 * 1.1**ages * 0.1 / force), rel=1e-12
    )
    assert mortality_laws.makeham(ages, a=0.001, b=0.002, c=1) == pytest.approx([1 - np.exp(-0.003)] * 2, rel=1e-12)


def test_am92_is_as_the_institute_prints_it():
    """IFoA (2002), Formulae and Tables for Examinations: AM92 ultimate."""
    table = soa_tables.read(2513)
    assert [table.at(age) for age in (30, 50, 65)] == pytest.approx([0.000590, 0.002508, 0.014243], abs=PRINTED)
    assert table.name.startswith("AM92")
    assert table.at(table.end + 1) is None
    assert table.at(table.start - 1) is None


def test_what_the_archive_does_not_hold_is_said():
    with pytest.raises(soa_tables.NoTableError):
        soa_tables.read(99_999)
    with pytest.raises(soa_tables.NoRatesError):
        soa_tables.read(2587)
