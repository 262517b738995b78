"""Compare runs side by side: the page that a comparison's link leads to."""

from uuid import UUID

import streamlit as st

from contract.errors import ProblemsError
from engine.analysis.compare import compare_runs
from ui.analysis import compare_view
from ui.result.downloads import analysis_links
from ui.shell import cached, page_address, sitemap
from ui.shell.markup import code
from ui.shell.problems import show_problems
from ui.shell.session import current_actor

given, marked = st.query_params.get("runs", ""), st.query_params.get("baseline", "")
st.title("Compare runs", anchor=False)
try:
    ids = list(dict.fromkeys(UUID(text.strip()) for text in given.split(",") if text.strip()))
    asked = UUID(marked) if marked else None
    found = compare_runs(cached.context(), ids, asked, actor=current_actor())
except (ProblemsError, ValueError) as error:
    if isinstance(error, ProblemsError):
        show_problems(error)
    else:
        st.error(f"The link does not name runs: {code(given[:200])}. Tick runs in the history and press Compare.")
    st.page_link(sitemap.make_page("history"), label="Open the history")
    st.stop()

options = [str(one.run.id) for one in found.runs]
names = {str(one.run.id): f"{one.name} · {one.run.app_name}" for one in found.runs}
page_address.fill("compare", {"baseline": page_address.read_option(options, default=options[found.baseline])})
chosen = st.selectbox("Baseline", options, key="baseline", format_func=lambda option: names[option])
page_address.follow("compare", {"runs": ",".join(options), "baseline": chosen})
if chosen != options[found.baseline]:
    found = compare_runs(cached.context(), ids, UUID(chosen), actor=current_actor())
menu = st.popover("Export", icon=":material/download:", key="compare-export", on_change="rerun")
if menu.open:
    with menu:
        analysis_links("/api/compare/export", more={"runs": ",".join(options), "baseline": chosen})
compare_view.show_comparison(found)
