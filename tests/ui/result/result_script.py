"""A page with a result of every kind, for AppTest and for the browser."""

from dataclasses import replace
from uuid import UUID

import streamlit as st

from tests.charting import gallery
from ui.result import results

st.set_page_config(page_title="Result", layout="wide")
case = st.query_params.get("case", "all")
result = gallery.RESULT
if case == "long":
    result = replace(result, charts=(), series=(gallery.LONG,))
run = replace(gallery.RUN, id=UUID(int=7)) if case == "another-run" else gallery.RUN
if case == "partial":
    result = replace(result, charts=result.charts[:3])
    results.show_result(result, run=gallery.RUN, partial=True)
elif case == "media":
    results.show_result(gallery.WITH_MEDIA, run=gallery.RUN)
elif case == "media-partial":
    results.show_result(gallery.WITH_MEDIA, run=gallery.RUN, partial=True)
elif case == "bare":
    results.show_result(replace(result, charts=()))
else:
    st.title("Chain ladder", anchor=False)
    results.show_result(
        result,
        run=run,
        find_rows=gallery.find_rows,
        points=lambda _: gallery.path_points(),
        nulls={"count": 3, "where": ["table[3].reserve", "summary.Not a number"]},
    )
    with st.expander("Inputs and provenance", expanded=True):
        results.provenance(gallery.RUN, gallery.MANIFEST)
