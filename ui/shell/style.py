"""The few rules of style that the theme has no setting for.

Chosen: one short style sheet on Streamlit's own test ids and `st-key-` classes.
Left out: colours and fonts, which are the theme's.
"""

import streamlit as st

STYLE_SHEET = """
<style>
/* Figures line up in columns and cards. */
[data-testid="stMetricValue"], [data-testid="stTable"] td { font-variant-numeric: tabular-nums; }
[data-testid="stMetricValue"] > div { white-space: normal; overflow-wrap: anywhere; }
[data-testid="stMetricLabel"] p { white-space: normal; overflow: visible; text-overflow: clip; }
[data-testid="stMetricLabel"], [data-testid="stMetricLabel"] > div { overflow: visible; }
[data-testid="stMainBlockContainer"] { padding-top: 4.5rem; padding-bottom: 4rem; max-width: 96rem; }
/* Run stays in reach above a long form. */
.st-key-runbar { position: sticky; top: 3.75rem; z-index: 90; padding: 0.4rem 0;
  background: var(--st-background-color); }
/* The currency of amounts is set in the header, beside the navigation. */
.st-key-currency-menu { position: fixed; top: 0.65rem; right: 11rem; z-index: 999991; width: auto; }
@media (max-width: 640px) {
  .st-key-currency-menu { top: 3.6rem; right: 1rem; }
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; }
  [class*="st-key-wide-"] { overflow-x: auto; }
  [class*="st-key-wide-"] > * { min-width: 46rem; }
}
</style>
"""


def apply_style() -> None:
    """Add the style sheet to the page."""
    st.html(STYLE_SHEET)
