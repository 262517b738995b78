"""The few rules of style that the theme has no setting for.

Chosen: one short style sheet on Streamlit's own test ids and `st-key-` classes.
Left out: colours and fonts, which are the theme's.
"""

import streamlit as st

STYLE_SHEET = """
<style>
/* Figures line up in columns and cards. */
[data-testid="stTable"] td, [data-testid="stMetricValue"] { font-variant-numeric: tabular-nums; }
.tontine-summary dl { padding: 0; display: grid; gap: 0.6rem; margin: 0 0 0.6rem !important;
  font-variant-numeric: tabular-nums; }
.tontine-headline { grid-template-columns: repeat(auto-fit, minmax(min(13rem, 100%), 1fr)); }
.tontine-cards { grid-template-columns: repeat(auto-fill, minmax(10.5rem, 1fr)); }
.tontine-summary dl > div { display: flex; flex-direction: column; justify-content: space-between; min-width: 0;
  padding: 0.5rem 0.75rem 0.55rem; border: 1px solid color-mix(in srgb, currentColor 16%, transparent);
  border-radius: 6px; }
.tontine-headline > div { border-left: 3px solid #38949C !important; }
.tontine-summary dt { font-size: 0.85rem; font-weight: 400; line-height: 1.3; overflow-wrap: anywhere;
  color: color-mix(in srgb, currentColor 78%, transparent); }
.tontine-summary dd { margin: 0; line-height: 1.35; overflow-wrap: anywhere; }
.tontine-value { font-size: 1.1rem; font-weight: 600; }
.tontine-headline .tontine-value { font-size: 1.75rem; }
.tontine-delta { font-size: 0.85rem; color: color-mix(in srgb, currentColor 78%, transparent); }
.tontine-help { position: relative; display: inline-block; width: 1.05em; height: 1.05em; line-height: 1.05em;
  border: 1px solid currentColor; border-radius: 50%; text-align: center; font-size: 0.8em; cursor: help; }
.tontine-help::before { content: "?"; }
.tontine-help > span { display: none; position: absolute; z-index: 100; left: 50%; top: 1.6em; width: max-content;
  max-width: min(17rem, 70vw); transform: translateX(-50%); padding: 0.4rem 0.6rem; border-radius: 6px;
  font-size: 0.85rem; line-height: 1.4; text-align: left; background: #1B2430; color: #FFFFFF;
  border: 1px solid #5B6770; }
.tontine-help:hover > span, .tontine-help:focus > span { display: block; }
/* Streamlit's small print has a contrast of 4.2 to 1 on white, and white text one of 3.6 on the dark theme's main
   colour, which has to be light enough for text of its own. */
[data-testid="stCaptionContainer"] { opacity: 0.8; }
[data-testid="stBaseButton-primary"]:not(:disabled) { background-color: #2A757C; border-color: #2A757C;
  color: #FFFFFF; }
[data-testid="stBaseButton-primary"]:not(:disabled):hover { background-color: #1F6A71; border-color: #1F6A71; }
[data-testid="stBaseButton-primary"] kbd { opacity: 0.95; }
/* Images, audio and video of a result, side by side where there is room. */
.tontine-media { display: grid; gap: 1rem; grid-template-columns: repeat(auto-fit, minmax(min(20rem, 100%), 1fr)); }
.tontine-media figure { margin: 0; min-width: 0; }
.tontine-media :is(img, video) { display: block; max-width: 100%; width: auto; height: auto; max-height: 75vh;
  border-radius: 6px; background: color-mix(in srgb, currentColor 8%, transparent); }
.tontine-media audio { width: 100%; }
.tontine-media figcaption a { color: light-dark(#1F6A71, #7CC6CD); }
.tontine-media figcaption { display: flex; flex-direction: column; gap: 0.15rem; margin-top: 0.4rem;
  overflow-wrap: anywhere; }
/* The result before stays in sight while the next one is on its way. */
[data-tontine-stale] { opacity: 0.45; transition: opacity 0.2s 0.1s; }
[class*="st-key-run-head"] { min-height: 2.9rem; }
[data-testid="stMainBlockContainer"] { padding-top: 4.5rem; padding-bottom: 4rem; max-width: 96rem; }
/* Streamlit keeps a replaced element until the script has ended: a box must not stand there twice meanwhile. */
[class*="st-key-"][class*="-cell"] [data-retained="true"] { display: none; }
/* Run stays in reach above a long form; Streamlit wraps it in a box of its own height, which is what sticks. */
.st-key-runbar { padding: 0.4rem 0; background: light-dark(#FFFFFF, #10151C); }
@media (min-width: 641px) {
  [data-testid="stLayoutWrapper"]:has(> .st-key-runbar) { position: sticky; top: 3.75rem; z-index: 90; }
}
/* A script that is stopped half way leaves half a page; none here runs longer than a moment. */
[data-testid="stStatusWidget"] button { display: none; }
/* A date is typed into the box beside the calendar: the calendar's own field misreads other orders than its own. */
[class*="st-key-date-"] [data-testid="stDateInputFieldsScroller"],
[class*="st-key-date-"] [data-testid="stDateInputField"] button[aria-label^="Clear"] { display: none; }
[class*="st-key-date-"] [data-testid="stDateInputField"] { justify-content: center; }
/* Highlighted code: Streamlit's colours have a contrast of 2 to 4 on the light ground; half of the text's colour in
   each brings it above 4.5 in both themes. */
[data-testid="stCode"] code .token { color: inherit; }
[data-testid="stCode"] code .token:is(.punctuation, .comment) { color: color-mix(in srgb, #808495 50%, currentColor); }
[data-testid="stCode"] code .token:is(.operator, .deleted, .deleted-sign) {
  color: color-mix(in srgb, #FF4B4B 55%, currentColor); }
[data-testid="stCode"] code .token:is(.number, .boolean) { color: color-mix(in srgb, #803DF5 60%, currentColor); }
[data-testid="stCode"] code .token:is(.keyword, .property, .coord) {
  color: color-mix(in srgb, #1C83E1 60%, currentColor); }
[data-testid="stCode"] code .token:is(.string, .triple-quoted-string, .inserted, .inserted-sign) {
  color: color-mix(in srgb, #09AB3B 55%, currentColor); }
[data-testid="stCode"] code .token:is(.function, .decorator, .builtin) {
  color: color-mix(in srgb, #ED6F13 50%, currentColor); }
[data-testid="stCode"] code .linenumber { color: color-mix(in srgb, #808495 50%, currentColor) !important; }
/* The number format is set in the header, beside the navigation. */
.st-key-number-format-menu { position: fixed; top: 0.65rem; right: 3.5rem; z-index: 999991; width: auto; }
/* The currency of amounts is set in the header, beside the navigation. */
.st-key-currency-menu { position: fixed; top: 0.65rem; right: 11rem; z-index: 999991; width: auto; }
/* What waits or runs is counted in the header, beside the navigation. */
.st-key-live-runs { position: fixed; top: 0.9rem; right: 17.5rem; z-index: 999991; width: auto; }
/* Who has signed in is in the header, beside the navigation. */
.st-key-account-menu { position: fixed; top: 0.65rem; right: 23rem; z-index: 999991; width: auto; }
SECOND_ROW
@media (max-width: 640px) {
  .st-key-group-figure { min-width: 100%; }
  [data-testid="stMainBlockContainer"] { padding-left: 1rem; padding-right: 1rem; }
  .tontine-cards { grid-template-columns: 1fr 1fr; }
  .tontine-help > span { left: auto; right: -1rem; transform: none; }
}
</style>
"""
# Where the navigation of an administrator leaves no room beside it: the header has a second row, under which the page
# scrolls away as under the first.
SECOND_ROW = """
@media (max-width: WIDTH) {
  SCOPE .st-key-account-menu { top: 3.6rem; right: 13rem; }
  SCOPE .st-key-live-runs { top: 3.85rem; right: 7.5rem; }
  SCOPE .st-key-currency-menu { top: 3.6rem; right: 1rem; }
  SCOPE [data-testid="stHeader"] { box-shadow: 0 2.6rem 0 light-dark(#FFFFFF, #10151C); }
  SCOPE [data-testid="stLayoutWrapper"]:has(> .st-key-runbar) { top: 6.1rem; }
}"""
NARROW = {  # px, by what else takes room
    '[data-testid="stApp"]': 1350,
    '[data-testid="stApp"]:has(.st-key-account-menu)': 1440,
    '[data-testid="stApp"]:has([data-testid="stSidebar"][data-collapsed="false"])': 1660,
}


def apply_style() -> None:
    """Add the style sheet to the page."""
    rows = (SECOND_ROW.replace("SCOPE", scope).replace("WIDTH", f"{px}px") for scope, px in NARROW.items())
    st.html(STYLE_SHEET.replace("SECOND_ROW", "".join(rows)))
