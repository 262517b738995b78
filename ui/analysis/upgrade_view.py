"""An upgrade impact: how many results stay, how a figure's differences are spread, and each run beside its replay.

Left out: the measuring, which is `engine.analysis.impact`.
"""

from collections.abc import Sequence
from uuid import UUID

import pandas as pd
import streamlit as st

from contract.manifest import Manifest
from contract.result import Metric
from contract.run_group import GroupPoint, RunGroup
from engine.analysis.impact import Impact, Outcome, Replayed, impact_histogram, measure_impact, original_points
from ui.analysis.chart import show_chart
from ui.analysis.figure_choice import choose_figure
from ui.analysis.points_table import figure_column, show_failures
from ui.shell import cached, sitemap
from ui.shell.markup import code, escape
from ui.shell.session import current_actor

SHORT = 12  # characters of a version that are shown
AMOUNT, PERCENT = "Amount", "Percent"
OUTCOME_WORDS = {
    Outcome.IDENTICAL: "Identical",
    Outcome.DIFFERENT: "Different",
    Outcome.FAILED: "Without a result",
    Outcome.WAITING: "Waiting",
    Outcome.HIDDEN: "Not for you to read",
}


def show_upgrade(group: RunGroup, points: Sequence[GroupPoint], manifest: Manifest) -> None:
    """Show an upgrade impact as far as it has come."""
    context, actor = cached.context(), current_actor()
    versions = list(dict.fromkeys(group.definition["versions"]))
    before = ", ".join(code(version[:SHORT]) for version in versions[:3])
    more = f" and {len(versions) - 3} more" if len(versions) > 3 else ""
    st.caption(f"Runs of version {before}{more}, replayed on version {code(group.version[:SHORT])}")
    with st.container(horizontal=True, vertical_alignment="bottom"):
        originals = original_points(context, group, points, actor=actor)
        chosen = choose_figure([*originals, *points], manifest)
        shown = st.segmented_control("Differences", [AMOUNT, PERCENT], default=AMOUNT, key="impact-as", required=True)
    label, metric = chosen or ("", Metric("", None))
    impact = measure_impact(context, group, points, label, actor=actor)
    _show_counts(impact, group)
    if chosen is not None:
        _show_figure(impact, metric, relative=shown == PERCENT)
    show_failures(points)
    _show_replays(impact, metric)
    _show_misfits(group)


def _show_counts(impact: Impact, group: RunGroup) -> None:
    outcomes, misfits = impact.outcomes, len(group.definition["misfits"])
    parts = {words: outcomes[outcome] for outcome, words in OUTCOME_WORDS.items()}
    parts["Do not fit"] = misfits
    always = {OUTCOME_WORDS[o] for o in (Outcome.IDENTICAL, Outcome.DIFFERENT, Outcome.FAILED)}
    with st.container(horizontal=True, key="impact-counts"):
        for words, count in parts.items():
            if count or words in always:
                st.metric(words, f"{count:,}", border=True, width="stretch")
    ended = sum(outcomes[o] for o in (Outcome.IDENTICAL, Outcome.DIFFERENT))
    st.caption(
        f"Of {group.total + misfits:,} runs; {ended:,} have a result on this version. "
        "Identical means every value of the result: summary, series, tables and charts."
    )


def _show_figure(impact: Impact, metric: Metric, *, relative: bool) -> None:
    parts = [f"{impact.equal:,} equal", f"{impact.changed:,} different"]
    parts += [f"{impact.rounded:,} different by rounding alone"] if impact.rounded else []
    parts += [f"{impact.missing:,} without it"] if impact.missing else []
    st.markdown(f"**{escape(metric.label)}**: {', '.join(parts)}")
    chart = impact_histogram(impact, metric.label, metric.unit, relative=relative)
    if chart is not None:
        show_chart(chart, key="impact", wide=True)
    if impact.quantiles and (impact.changed or impact.rounded):
        unit = f" ({metric.unit})" if metric.unit else ""
        amounts = [q.difference for q in impact.quantiles]
        table = {
            "Quantile": [_quantile_name(q.share) for q in impact.quantiles],
            f"Difference{unit}": amounts,
            "Difference in percent": [None if q.relative is None else 100 * q.relative for q in impact.quantiles],
        }
        config = {f"Difference{unit}": _difference_column(metric, amounts), "Difference in percent": _percent_column()}
        st.dataframe(pd.DataFrame(table), hide_index=True, column_config=config, placeholder="–")


def _show_replays(impact: Impact, metric: Metric) -> None:
    st.markdown("**Runs**, the largest difference first")
    rows = impact.replays
    table = pd.DataFrame(
        {
            "Run": [str(r.run_id)[-8:] for r in rows],
            "Version": [r.version[:SHORT] for r in rows],
            "Result": [OUTCOME_WORDS[r.outcome] for r in rows],
            "Before": [r.before for r in rows],
            "After": [r.after for r in rows],
            "Difference": [r.difference for r in rows],
            "Percent": [None if r.relative is None else 100 * r.relative for r in rows],
        }
    )
    written = figure_column(metric, [v for r in rows for v in (r.before, r.after)])
    differences = _difference_column(metric, [r.difference for r in rows])
    event = st.dataframe(
        table,
        key="impact-runs",
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        column_config={"Before": written, "After": written, "Difference": differences, "Percent": _percent_column()},
        placeholder="–",
    )
    st.caption("Choose a row to compare the run with its replay.")
    chosen = event["selection"]["rows"] if event else []
    if chosen:
        _open(rows[chosen[0]])


def _open(replay: Replayed) -> None:
    """Lead to the comparison of a run with its replay; to the replay, which says why, where it has no result."""
    if replay.outcome in {Outcome.IDENTICAL, Outcome.DIFFERENT}:
        runs = {"runs": f"{replay.run_id},{replay.replay_id}", "baseline": str(replay.run_id)}
        st.switch_page(sitemap.make_page("compare"), query_params=runs)
    shown = replay.replay_id if replay.outcome is not Outcome.WAITING else replay.run_id
    st.switch_page(sitemap.make_page("run"), query_params={"id": str(shown)})


def _show_misfits(group: RunGroup) -> None:
    misfits = group.definition["misfits"]
    if not misfits:
        return
    count = "1 run does" if len(misfits) == 1 else f"{len(misfits):,} runs do"
    with st.expander(f"{count} not fit this version"):
        table = pd.DataFrame({"Run": [one["run"][-8:] for one in misfits], "Why": [one["reason"] for one in misfits]})
        event = st.dataframe(
            table, key="impact-misfits", hide_index=True, on_select="rerun", selection_mode="single-row"
        )
        chosen = event["selection"]["rows"] if event else []
        if chosen:
            st.switch_page(sitemap.make_page("run"), query_params={"id": str(UUID(misfits[chosen[0]]["run"]))})


def _quantile_name(share: float) -> str:
    return {0.0: "Smallest", 0.5: "Median", 1.0: "Largest"}.get(share, f"{share:.0%}")


def _difference_column(metric: Metric, values: Sequence[float | None]) -> object:
    """Return how differences are written: a declared format where its places show them, their own size otherwise."""
    given = [abs(v) for v in values if v]
    fits = metric.format is not None and all(v >= 1 for v in given)
    return figure_column(metric if fits else Metric(metric.label, None), values)


def _percent_column() -> object:
    return st.column_config.NumberColumn(format="%.4g %%")
