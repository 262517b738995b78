"""The address bar follows the form, so that copying it shares the form.

Chosen: a component without a face that replaces the inputs in the browser's address. `st.query_params` would
push a history entry for every move of a slider, and a bound widget drops defaults and values that do not fit. The
page's own keys (`app`, `version`, `run`, ...) are left as the browser has them.
Left out: what the server believes the address to be. Streamlit keeps reporting the address as it last saw it, so
a page that writes `st.query_params` itself writes all of it: `st.query_params.from_dict({**draft.query, ...})`.
"""

from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

import streamlit as st

from ui.form.links import PAGE_KEYS, STREAMLIT_KEYS

_SCRIPT = """
export default function ({ data, setTriggerValue }) {
  const place = () => window.location.pathname + window.location.search
  const old = new URLSearchParams(window.location.search)
  // A late call must not write one model's inputs into another page's address.
  if (data.app && old.get("app") !== data.app) return
  // The address is as we left it, but the sheet behind it is another: the server was started again.
  const left = window.tontineAddress
  window.tontineAddress = { sheet: data.sheet, place: place() }
  if (left && left.sheet !== data.sheet && left.place === place()) {
    setTriggerValue("lost", window.location.search.slice(1))
    return
  }
  const next = new URLSearchParams()
  for (const [key, text] of old) {
    if (data.keep.includes(key)) next.append(key, text)
  }
  for (const [key, text] of data.inputs) next.set(key, text)
  const search = "?" + next.toString()
  if (next.toString() === old.toString()) return
  window.history.replaceState(window.history.state, "", window.location.pathname + search + window.location.hash)
  window.tontineAddress.place = place()
}
"""
_replace = st.components.v2.component("tontine_address", html="<span hidden></span>", js=_SCRIPT)


def sync(
    inputs: Mapping[str, str],
    *,
    app: str | None,
    state: str,
    recover: Callable[[dict[str, str]], None],
    key: str,
) -> None:
    """Put `inputs`, query keys and texts, into the browser's address in place of those that stand there.

    `sheet` names the working copy the inputs come from. When an open page meets another one under an
    address nobody touched, the server has forgotten the copy: `recover` is then called with the query
    as the browser still has it.
    """

    def lost() -> None:
        search = st.session_state[key].lost
        if isinstance(search, str):
            recover(dict(parse_qsl(search, keep_blank_values=True)))

    _replace(
        data={
            "inputs": [[k, text] for k, text in inputs.items()],
            "app": app,
            "sheet": state,
            "keep": sorted(PAGE_KEYS | STREAMLIT_KEYS),
        },
        key=key,
        height=1,
        on_lost_change=lost,
    )
