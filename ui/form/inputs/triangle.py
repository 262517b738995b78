"""Triangles: a grid of amounts by origin and development, cumulative or incremental, and the same as a heat map.

Chosen: what is shown is what the model gets. The switch turns the amounts over exactly and back to the very value that
was there before, so that somebody may type or paste in the form in which the figures are at hand. A grid shows one
measure; those with one amount for each origin stand beside every one of them.
Left out: reading whole triangles, which is `ui.form.inputs.triangle_paste`, and checks, which the form does.
"""

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

import charting
from contract.errors import ResultError
from contract.fields import Field, is_number
from contract.result import Chart
from contract.triangle import cannot_turn, developing, has_shape, heads_are_ages, last_filled, turned
from contract.triangle_csv import triangle_csv
from ui.form.inputs import grid, grid_edits, triangle_paste
from ui.form.inputs.binding import InputBinding, is_user_change, show_caption, show_note, sync_widget
from ui.form.inputs.grid_edits import Row
from ui.form.inputs.table import column_config, to_dataframe
from ui.form.inputs.triangle_rows import (
    ORIGIN,
    complete_row,
    from_rows,
    grid_table,
    refused_by_path,
    shown_triangle,
    to_rows,
    with_developments,
)
from ui.result.chart_view import draw_chart, show_charts

ROW_PIXELS, MOST_PIXELS = 35, 560
FORMS = ("Cumulative", "Incremental")
VIEWS = ("Grid", "Heat map")
MAX_DEVELOPMENTS = 1_200  # columns of the grid


def triangle_input(binding: InputBinding) -> None:
    """Draw the triangle with its switches, paste and download."""
    field = binding.field
    triangle = shown_triangle(field, binding.value)
    st.markdown(f":small[{binding.label}]", help=binding.help)
    with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
        reason = _draw_switch(binding, triangle)
        measure = _choose_measure(binding)
        view = st.segmented_control(
            "Shown as",
            VIEWS,
            default=VIEWS[0],
            required=True,
            key=f"{binding.key}.view",
            label_visibility="collapsed",
        )
    if reason:
        show_note("info", "gray", f"The switch is off: {reason}")
    if view == VIEWS[1]:
        show_heat_map(field, triangle, measure, key=f"{binding.key}.map.{measure}")
    else:
        _draw_grid(binding, triangle, measure)
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        show_caption(size_text(triangle))
        triangle_paste.draw_paste_box(binding, triangle, measure)
        _draw_periods(binding, triangle)
        _draw_downloads(binding)


def size_text(triangle: Mapping[str, Any]) -> str:
    """Return the size, the periods and the form of the amounts in words."""
    grain = triangle["grain"]
    by = grain["origin"] if grain["origin"] == grain["development"] else f"{grain['origin']} and {grain['development']}"
    form = FORMS[0] if triangle["cumulative"] else FORMS[1]
    origins, developments = len(triangle["origins"]), len(triangle["developments"])
    heads = ", ages in months" if heads_are_ages(triangle["developments"] or [1], grain) and by != "month" else ""
    return f"{_count(origins, 'origin')} by {_count(developments, 'development')}{heads}, by {by}, {form.lower()}"


def show_heat_map(field: Field, triangle: Mapping[str, Any], measure: str, *, key: str) -> None:
    """Draw a measure as cells that are darker the larger their amount."""
    heads = heads_are_ages(triangle["developments"] or [1], triangle["grain"])
    amounts = [[cell if is_number(cell) else None for cell in line] for line in triangle["measures"][measure]]
    if not any(cell is not None for line in amounts for cell in line):
        st.caption("There is no amount to show.")
        return
    form = FORMS[0] if triangle["cumulative"] else FORMS[1]
    chart = Chart(
        "triangle",
        f"{field.measures[measure].label}, {form.lower()}",
        {"rows": triangle["origins"], "columns": triangle["developments"], "values": amounts},
        f"Development {'month' if heads else triangle['grain']['development']}",
        f"Origin {triangle['grain']['origin']}",
        field.measures[measure].unit,
    )
    try:
        figure = charting.figure(chart)
    except ResultError as error:
        show_note("error", "red", str(error))
        return
    drawn = draw_chart(figure, key="triangle", alt=f"Heat map of {chart.title}", image_name=field.key, wide=True)
    show_charts([drawn], key=key)


def _draw_switch(binding: InputBinding, triangle: Mapping[str, Any]) -> str:
    """Draw the switch between cumulative and incremental; return why it is off, or an empty text."""
    place, shown = f"{binding.key}.turned", FORMS[0] if triangle["cumulative"] else FORMS[1]
    key = sync_widget(binding, f"{binding.key}.form", shown)
    measures = [name for name in developing(binding.field) if triangle["origins"]]
    reason = cannot_turn(triangle, measures)

    def turn() -> None:
        # A click on the chosen side clears it in the browser; the amounts stay.
        if not is_user_change(key, shown) or st.session_state[key] is None:
            return
        held = st.session_state.get(place)
        if held is not None and held[1] == binding.value:
            found = held[0]
        else:
            found = turned(binding.value, measures) if has_shape(binding.value) else {**triangle, "cumulative": False}
        st.session_state[place] = (binding.value, found)
        binding.set_value(found)

    st.segmented_control(
        "Amounts are",
        FORMS,
        default=shown,
        key=key,
        disabled=bool(reason),
        label_visibility="collapsed",
        help="Turns the amounts over: all to date, or those of each period alone",
        on_change=turn,
    )
    return reason


def _choose_measure(binding: InputBinding) -> str:
    """Return the measure that the grid shows."""
    names = developing(binding.field)
    if len(names) == 1:
        return names[0]
    chosen = st.segmented_control(
        "Measure",
        names,
        default=names[0],
        required=True,
        format_func=lambda name: binding.field.measures[name].title,
        key=f"{binding.key}.measure",
        label_visibility="collapsed",
    )
    return chosen or names[0]


def _draw_grid(binding: InputBinding, triangle: Mapping[str, Any], measure: str) -> None:
    field = binding.field
    name = f"grid.{measure}.{len(triangle['developments'])}"
    table = grid_table(field, triangle, measure)
    base, key = grid.grid_base(binding, name, to_rows(triangle))
    config = {k: column_config(c, binding.number_format) for k, c in table.columns.items()}
    config[ORIGIN] = st.column_config.TextColumn("Origin", pinned=True)
    st.data_editor(
        to_dataframe(table, base, binding.number_format),
        key=key,
        num_rows="dynamic",
        hide_index=True,
        column_config=config,
        height=min(MOST_PIXELS, ROW_PIXELS * (len(base) + 2) + 3),
        width="stretch",
        placeholder=" ",  # an empty cell shows nothing, and not the word None
        alt=f"Editable triangle of {field.measures[measure].label}",
        on_change=partial(_take_edits, binding, triangle, name, table, base, key),
    )


def _take_edits(
    binding: InputBinding, triangle: Mapping[str, Any], name: str, table: Field, base: list[Row], key: str
) -> None:
    """Take what was typed and pasted into the grid since its last change."""
    read = grid.read_edits(binding, name, table, base, key, partial(complete_row, binding.field, triangle))
    refused = grid_edits.remaining_refusals(binding.refused, read) | refused_by_path(binding.field, read.refused)
    binding.set_value(from_rows(binding.field, triangle, read.rows), note=grid.notes_text(read.notes), refused=refused)


def _draw_periods(binding: InputBinding, triangle: Mapping[str, Any]) -> None:
    """Draw what the triangle's shape is: lengths of period and the number of developments."""
    with st.popover("Periods", icon=":material/calendar_month:", type="tertiary"):
        _choose_grain(binding, triangle, "origin", "Origin period")
        _choose_grain(binding, triangle, "development", "Development period")
        _choose_developments(binding, triangle)


def _choose_grain(binding: InputBinding, triangle: Mapping[str, Any], part: str, label: str) -> None:
    field, grain = binding.field, triangle["grain"]
    names = [name.capitalize() for name in field.grains]
    shown = field.grains.index(grain[part]) if grain[part] in field.grains else None
    key = sync_widget(binding, f"{binding.key}.grain.{part}", shown)

    def choose() -> None:
        if is_user_change(key, shown) and (chosen := st.session_state[key]) is not None:
            value = from_rows(field, triangle, to_rows(triangle))
            binding.set_value({**value, "grain": {**grain, part: field.grains[chosen]}})

    st.selectbox(label, range(len(names)), index=shown, key=key, format_func=names.__getitem__, on_change=choose)


def _choose_developments(binding: InputBinding, triangle: Mapping[str, Any]) -> None:
    field, shown = binding.field, len(triangle["developments"])
    key = sync_widget(binding, f"{binding.key}.developments", shown)
    filled = [last_filled(line) + 1 for name in developing(field) for line in triangle["measures"][name]]

    def resize() -> None:
        if is_user_change(key, shown) and (count := st.session_state[key]):
            wide = with_developments(field, triangle, int(count))
            binding.set_value(from_rows(field, wide, to_rows(wide)))

    least = max([field.min_developments, *filled])
    st.number_input(
        "Developments",
        value=shown,
        min_value=min(least, shown),
        max_value=max(MAX_DEVELOPMENTS, shown),
        step=1,
        key=key,
        help="Columns of the grid. Empty ones at the end can be taken away.",
        on_change=resize,
    )


def _draw_downloads(binding: InputBinding) -> None:
    """Offer the triangle as CSV, in the form in which it was entered first."""
    field, value = binding.field, binding.value
    if not has_shape(value) or not value["origins"]:
        return
    first, other = triangle_paste.layouts(binding)
    ending = "" if value["cumulative"] else "-incremental"
    for layout, excel, label in (
        (first, False, "CSV"),
        (other, False, f"CSV, {other}"),
        (first, True, "CSV for Excel"),
    ):
        st.download_button(
            label,
            data=partial(triangle_csv, field, value, layout, binding.number_format if excel else None),
            file_name=f"{field.key}{ending}{'-long' if layout == 'long' else ''}{'-excel' if excel else ''}.csv",
            mime="text/csv",
            icon=":material/download:",
            key=f"{binding.key}.{'excel' if excel else layout}",
            type="tertiary",
            on_click="ignore",
        )


def _count(number: int, noun: str) -> str:
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
