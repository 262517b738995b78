"""EIOPA's curves: regenerated, compared, read from a workbook, and refused where there is none."""

import io
import zipfile

import numpy as np
import pytest

from tests.models.calling import Model

HALF_A_DECIMAL = 5.01e-6  # published rates have five decimals


@pytest.fixture(scope="module")
def model():
    return Model("eiopa_rfr")


def workbook(rates, code="EUR_30_06_2030_SWP_LLP_20_EXT_40_UFR_3.30", sheet="RFR_spot_no_VA"):
    """Write a workbook laid out as EIOPA's, of one currency."""
    texts = ["Main menu", "Euro", code, "alpha"]
    rows = [
        '<row r="2"><c r="B2" t="s"><v>0</v></c><c r="C2" s="4" t="s"><v>1</v></c></row>',
        '<row r="3"><c r="A3" s="2"/><c r="C3" t="s"><v>2</v></c></row>',
        '<row r="8"><c r="B8" t="s"><v>3</v></c><c r="C8"><v>0.1</v></c></row>',
    ]
    rows += [
        f'<row r="{10 + t}"><c r="B{10 + t}"><v>{t}</v></c><c r="C{10 + t}" s="1"><v>{r!r}</v></c></row>'
        for t, r in enumerate(rates, start=1)
    ]
    parts = {
        "xl/workbook.xml": f'<workbook><sheets><sheet name="{sheet}" sheetId="4" r:id="rId3"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships><Relationship Target="worksheets/sheet3.xml" Id="rId3"/>'
        "</Relationships>",
        "xl/sharedStrings.xml": "<sst>" + "".join(f"<si><t>{x}</t></si>" for x in texts) + "</sst>",
        "xl/worksheets/sheet3.xml": f"<worksheet><sheetData>{''.join(rows)}</sheetData></worksheet>",
    }
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name, text in parts.items():
            archive.writestr(name, text)
    return made.getvalue()


def without(book, part):
    """Return a workbook that lacks one part."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as given, zipfile.ZipFile(made, "w") as archive:
        for name in set(given.namelist()) - {part}:
            archive.writestr(name, given.read(name))
    return made.getvalue()


def damaged(book):
    """Return a workbook whose parts are compressed and then cut to pieces."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(book)) as given, zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in given.namelist():
            archive.writestr(name, given.read(name))
    content = bytearray(made.getvalue())
    start = content.index(b"xl/workbook.xml") + len(b"xl/workbook.xml")
    content[start : start + 20] = b"\xff" * 20
    return bytes(content)


def test_every_published_rate_of_the_euro_comes_out_of_the_weights(model):
    dates, rates, *_ = model.publications.euro()
    published_dates, published = model.publications.spot("EUR", "none")
    assert len(published_dates) == 9
    for day, curve in zip(published_dates, published, strict=True):
        assert np.abs(rates[dates.index(day)] - curve).max() < HALF_A_DECIMAL, day


def test_published_adjustments_come_out_of_an_adjustment_of_ones_own(model):
    dates, rates, ufr, _ = model.publications.euro()
    for day, curve in zip(*model.publications.spot("EUR", "published"), strict=True):
        i = dates.index(day)
        spread = round(float(np.median((curve - rates[i])[:20])), 4)
        found, _ = model.function.with_adjustment(rates[i], ufr[i], spread)
        assert np.abs(found - curve).max() < HALF_A_DECIMAL, day


def test_the_stored_months_follow_each_other_without_a_gap(model):
    dates, rates, *_ = model.publications.euro()
    months = [12 * int(d[:4]) + int(d[5:7]) for d in dates]
    assert np.diff(months).tolist() == [1] * 134
    assert np.isfinite(rates).all()


def test_the_change_is_the_difference_of_two_curves(model):
    there, back = (
        model.run(date=a, compare_with=b) for a, b in (("2022-06-30", "2021-06-30"), ("2021-06-30", "2022-06-30"))
    )
    assert [r["change"] for r in there["table"]] == pytest.approx([-r["change"] for r in back["table"]], rel=1e-12)
    row = there["table"][9]
    assert row["change"] == pytest.approx(1e4 * (row["zero"] - row["compared"]), rel=1e-12)


def test_a_day_between_two_publications_gets_the_earlier_and_says_so(model):
    found = model.run(date="2023-08-30")
    assert found["summary"]["Publication"] == "2023-07-31"
    assert "For 2023-08-30 the publication of 2023-07-31" in found["notes"]


@pytest.mark.parametrize("day", ["20230831", "2023-W35-4", "2023-08-31"])
def test_a_day_is_the_same_in_every_iso_form(model, day):
    found = model.function.run(model.manifest.defaults | {"date": day, "compare_with": "20230731"})
    assert found["summary"]["Publication"] == "2023-08-31"
    assert found["summary"]["Compared with"] == "2023-07-31"


def test_a_newer_publication_is_read_from_its_workbook_or_its_zip(model, tmp_path):
    rates = [round(0.02 + t / 10_000, 5) for t in range(150)]
    book = tmp_path / "EIOPA_RFR_20300630_Term_Structures.xlsx"
    book.write_bytes(workbook(rates))
    month = tmp_path / "EIOPA_RFR_20300630.zip"
    with zipfile.ZipFile(month, "w") as archive:
        archive.writestr("EIOPA_RFR_20300630_Term_Structures.xlsx", workbook(rates))
    for path in (book, month):
        day, found = model.publications.from_file(path, "EUR", "none")
        assert day == "2030-06-30"
        assert found.tolist() == rates
    inputs = model.manifest.defaults | {"source": "uploaded", "publication": str(book)}
    assert model.function.run(inputs)["summary"]["Publication"] == "2030-06-30"


def test_an_upload_that_is_not_asked_for_is_not_read_and_the_result_says_so(model):
    found = model.function.run(model.manifest.defaults | {"publication": "/nowhere"})
    assert found["summary"]["Publication"] == "2026-02-28"
    assert "not read" in found["warnings"][0]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"year,rate", "no workbook"),
        (workbook([0.02] * 150, sheet="Rates"), "no sheet RFR_spot_no_VA"),
        (workbook([0.02] * 150, code="SE_30_06_2030_SWP"), "no column for EUR"),
        (workbook([0.02] * 149), "no rate for 150 years"),
        (workbook([0.02] * 149 + ["n/a"]), r"holds \"'n/a'\" at 150 years, which is no rate"),
        (workbook([0.02] * 149 + [float("nan")]), "holds 'nan' at 150 years"),
        (workbook([3.2] * 150), "holds '3.2' at 1 years"),
        (without(workbook([0.02] * 150), "xl/worksheets/sheet3.xml"), "does not hold it"),
        (damaged(workbook([0.02] * 150)), "no workbook"),
    ],
)
def test_a_file_that_is_not_eiopas_is_refused_with_a_reason(model, tmp_path, content, words):
    (tmp_path / "file").write_bytes(content)
    with pytest.raises(ValueError, match=words):
        model.publications.from_file(tmp_path / "file", "EUR", "none")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"currency": "JPY", "date": "2022-01-31"}, "Give a day from 2022-12-31"),
        ({"adjustment": "published", "date": "2021-01-31"}, "with volatility adjustment"),
        ({"currency": "GBP", "adjustment": "own"}, "Choose EUR"),
        ({"source": "uploaded"}, "there is no file"),
        ({"source": "fetched", "adjustment": "own"}, "Take a stored publication"),
        ({"source": "fetched", "address": "http://www.eiopa.europa.eu/a.zip"}, "not an address at EIOPA"),
        ({"source": "fetched", "address": "https://www.eiopa.europa.eu.example.com/a.zip"}, "not an address at EIOPA"),
        ({"source": "fetched", "address": "https://www.eiopa.europa.eu:x/a.zip"}, "not an address at EIOPA"),
        ({"source": "fetched", "address": ""}, "not an address at EIOPA"),
    ],
)
def test_a_curve_that_is_not_stored_is_refused_with_a_reason(model, given, words):
    with pytest.raises(ValueError, match=words):
        model.run(**given)
