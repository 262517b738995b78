"""The paste and upload box of a triangle: what was read is shown as a heat map before it replaces anything.

Left out: reading, which is `contract.triangle_text`.
"""

from collections.abc import Mapping
from typing import Any

import streamlit as st

from contract import clipboard
from contract.period_label import GRAINS
from contract.table_file import MAX_BYTES
from contract.triangle import developing, merged
from contract.triangle_text import Layout, ParsedTriangle
from ui.form.inputs import grid, triangle
from ui.form.inputs.binding import InputBinding, show_note

MAX_SHOWN = 12  # problems of a text
AS_FOUND = "as found"


def layouts(binding: InputBinding) -> tuple[Layout, Layout]:
    """Return the forms of a text, that in which the triangle was last pasted or loaded first."""
    first: Layout = st.session_state.get(f"{binding.key}.layout", "wide")
    return first, "long" if first == "wide" else "wide"


def draw_paste_box(binding: InputBinding, held: Mapping[str, Any], measure: str) -> None:
    """Draw the box.

    Args:
        binding: of the input.
        held: the triangle that is shown.
        measure: that the grid shows; amounts belong to it where a text does not say.
    """
    field = binding.field
    text_key, file_key = f"{binding.key}.paste", f"{binding.key}.pasted"
    with st.popover("Paste or upload", icon=":material/content_paste:", type="tertiary", width="content"):
        st.text_area(
            "Cells copied from a spreadsheet, or CSV",
            key=text_key,
            height=140,
            placeholder="origin\t12\t24\t36\n2019\t100\t150\t160\n\nor: origin, development or valuation date, amount",
        )
        upload = st.file_uploader(
            "Or a CSV or Excel file",
            type=["csv", "txt", "tsv", "xlsx", "xlsm"],
            key=file_key,
            max_upload_size=MAX_BYTES // 1_000_000,
        )
        form = st.segmented_control(
            "Its amounts are",
            triangle.FORMS,
            default=triangle.FORMS[0 if held["cumulative"] else 1],
            required=True,
            key=f"{binding.key}.paste.form",
        )
        grain = _choose_grain(binding)
        source = upload.getvalue() if upload is not None else st.session_state.get(text_key) or ""
        if not source.strip():
            return
        parsed = _parse(binding, source, cumulative=form != triangle.FORMS[1], measure=measure, grain=grain)
        _report(parsed)

        def use() -> None:
            assert parsed.value is not None
            value, left_out = merged(field, binding.value, parsed.value)
            lost = f"Left out, because origins or developments differ: {', '.join(left_out)}" if left_out else ""
            binding.set_value(value, note=lost)
            st.session_state[f"{binding.key}.layout"] = parsed.layout
            st.session_state[text_key] = ""

        st.button(
            "Replace the triangle",
            key=f"{binding.key}.use",
            type="primary",
            disabled=bool(parsed.problems) or parsed.value is None,
            on_click=use,
        )
        _preview(binding, parsed, measure)


def _choose_grain(binding: InputBinding) -> dict[str, str]:
    """Return the lengths of period that were chosen for what is read; those left as found are not in it."""
    chosen = {}
    with st.container(horizontal=True, gap="small"):
        for part, label in (("origin", "Origins by"), ("development", "Developments by")):
            options = [AS_FOUND, *(grain for grain in GRAINS if grain in binding.field.grains)]
            found = st.selectbox(label, options, key=f"{binding.key}.paste.{part}", format_func=str.capitalize)
            if found != AS_FOUND:
                chosen[part] = found
    return chosen


def _parse(
    binding: InputBinding, source: str | bytes, *, cumulative: bool, measure: str, grain: Mapping[str, str]
) -> ParsedTriangle:
    """Return what was read, read once for each text and choice."""
    place = f"{binding.key}.read"
    given = (source, binding.number_format, cumulative, measure, dict(grain))
    known = st.session_state.get(place)
    if known is None or known[0] != given:
        found = clipboard.read_triangle(
            binding.field, source, binding.number_format, cumulative=cumulative, measure=measure, grain=grain
        )
        known = st.session_state[place] = given, found
    parsed: ParsedTriangle = known[1]
    return parsed


def _report(parsed: ParsedTriangle) -> None:
    """Show what was read, or what is wrong with it."""
    for problem in parsed.problems[:MAX_SHOWN]:
        show_note("error", "red", f"{problem.where}: {problem.message}. {problem.hint}")
    if len(parsed.problems) > MAX_SHOWN:
        show_note("error", "red", f"and {len(parsed.problems) - MAX_SHOWN:,} more cells that do not fit.")
    if parsed.notes:
        show_note("info", "blue", grid.notes_text(parsed.notes))
    if parsed.problems:
        return
    if parsed.value is None:
        show_note("error", "red", "It has no amounts.")
    else:
        st.caption(f"{triangle.size_text(parsed.value)}. Every cell fits.")


def _preview(binding: InputBinding, parsed: ParsedTriangle, measure: str) -> None:
    """Show what was read as a heat map, where the cells that could not be read are empty."""
    if parsed.value is None:
        return
    read = [key for key in developing(binding.field) if key in parsed.value["measures"]]
    shown = measure if measure in read else read[0]
    triangle.show_heat_map(binding.field, parsed.value, shown, key=f"{binding.key}.preview")
