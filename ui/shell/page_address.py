"""The address of a page with filters: its widgets are filled from it and it follows them, so that it can be shared.

Chosen: a component replaces the query in the browser, as the form's does. Streamlit's own bound widgets take their
query keys out of the address of the next page: a model lost `app` on the way back from the history, and an input named
`q` its value on the way back from the catalogue.
Left out: the form's address, which is `ui.form.url_sync`.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Any

import streamlit as st

_SCRIPT = """
export default function ({ data }) {
  // A late call must not write one page's filters into another page's address.
  if (window.location.pathname.split("/").pop() !== data.page) return
  const old = new URLSearchParams(window.location.search)
  const next = new URLSearchParams()
  for (const [key, text] of old) {
    if (!data.keys.includes(key)) next.append(key, text)
  }
  for (const [key, text] of data.params) next.append(key, text)
  if (next.toString() === old.toString()) return
  const search = next.toString() ? "?" + next.toString() : ""
  window.history.replaceState(window.history.state, "", window.location.pathname + search + window.location.hash)
}
"""
_replace = st.components.v2.component("tontine_page_address", html="<span hidden></span>", js=_SCRIPT)

Read = Callable[[Sequence[str]], Any]


def fill(page: str, readers: Mapping[str, Read]) -> None:
    """Set the page's widgets from the address where the page is opened or its address is another one.

    Args:
        page: the page's path, empty for the first page.
        readers: by key of widget and query, what its texts in the address mean; called before the widgets are drawn.
    """
    place = f"address of /{page}"
    seen = {key: st.query_params.get_all(key) for key in readers}
    written = st.session_state.get(f"written {place}") or {}
    # What `follow` has written comes back with the next run, in which a widget may hold something newer.
    ours = seen == {key: written.get(key, []) for key in readers}
    known = seen == st.session_state.get(place) or ours
    if not known or any(key not in st.session_state for key in readers):
        for key, read in readers.items():
            st.session_state[key] = read(seen[key])
    st.session_state[place] = seen


def follow(page: str, values: Mapping[str, Any]) -> None:
    """Put the widgets' values into the browser's address; empty ones are left out."""
    st.session_state[f"written address of /{page}"] = {key: _texts(value) for key, value in values.items()}
    params = [[key, text] for key, value in values.items() for text in _texts(value)]
    _replace(data={"page": page, "keys": list(values), "params": params}, key=f"address-{page}", height=1)


def read_text(texts: Sequence[str]) -> str:
    """Return the last text."""
    return texts[-1] if texts else ""


def read_option(offered: Collection[str], default: str | None = None) -> Read:
    """Return a reader of one of the options."""
    return lambda texts: next((text for text in reversed(texts) if text in offered), default)


def read_options(offered: Collection[str]) -> Read:
    """Return a reader of several of the options."""
    return lambda texts: [text for text in dict.fromkeys(texts) if text in offered]


def read_days(texts: Sequence[str]) -> tuple[dt.date, ...]:
    """Return one or two days, the earlier one first; none where a text is no day."""
    try:
        return tuple(sorted(dt.date.fromisoformat(text) for text in texts[:2]))
    except ValueError:
        return ()


def _texts(value: Any) -> list[str]:
    if isinstance(value, list | tuple):
        return [text for item in value for text in _texts(item)]
    return [] if value in {None, ""} else [str(value)]
