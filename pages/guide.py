"""The documentation, as it lies in docs/."""

import streamlit as st

from ui.shell import guide, page_address

chapters = guide.chapters()
names = [c.name for c in chapters]
readers = guide.address_readers()
page_address.fill("guide", {"chapter": page_address.read_option(names, names[0]), **readers})
with st.sidebar:
    name = st.radio(
        "Guide",
        names,
        format_func=lambda n: next(c.title for c in chapters if c.name == n),
        key="chapter",
    )
shown = guide.show_chapter(next(c for c in chapters if c.name == name))
guide.show_neighbours(chapters, name)
filters = {key: shown.get(key) for key in readers}
page_address.follow("guide", {"chapter": name if name != names[0] else None, **filters})
