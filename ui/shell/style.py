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
/* A date is typed into the box beside the calendar: the calendar's own field misreads other orders than its own. */
[class*="st-key-date-"] [data-testid="stDateInputFieldsScroller"],
[class*="st-key-date-"] [data-testid="stDateInputField"] button[aria-label^="Clear"] { display: none; }
[class*="st-key-date-"] [data-testid="stDateInputField"] { justify-content: center; }
/* The number format is set in the header, beside the navigation. */
.st-key-number-format-menu { position: fixed; top: 0.65rem; right: 3.5rem; z-index: 999991; width: auto; }
@media (max-width: 640px) {
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; }
  [class*="st-key-wide-"] { overflow-x: auto; }
  [class*="st-key-wide-"] > * { min-width: 46rem; }
}
</style>
"""


def apply_style() -> None:
    """Add the style sheet to the page."""
    st.html(STYLE_SHEET)
