"""Files that the browser fetches beside the page: our chart module and the plotly.js of the installed wheel.

Chosen: the address holds a hash of the content, so that a browser keeps a file for ever and a new version has a new
address; what is worth it is compressed once, when it is first asked for.
Left out: the route that serves them, which is `app.py`'s. A page without that route (a test's script) still draws
everything but the charts.
"""

import gzip
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import plotly
import streamlit

PREFIX = "/assets"
FOLDER = Path(__file__).resolve().parents[1] / "assets"
JAVASCRIPT = "text/javascript; charset=utf-8"
FILES = {
    "plotly.min.js": (Path(plotly.__file__).parent / "package_data" / "plotly.min.js", JAVASCRIPT),
    "charts.js": (FOLDER / "charts.js", JAVASCRIPT),
    "live_runs.js": (FOLDER / "live_runs.js", JAVASCRIPT),
    "portfolio.js": (FOLDER / "portfolio.js", JAVASCRIPT),
    "run_links.js": (FOLDER / "run_links.js", JAVASCRIPT),
    "run_progress.js": (FOLDER / "run_progress.js", JAVASCRIPT),
}
HASH_LENGTH = 16
# What Streamlit's page would fetch one after the other, when the first element of each kind is there: its largest files
# by the beginnings of their names, and which pages need them.
SCRIPTS = Path(streamlit.__file__).parent / "static" / "static" / "js"
ON_EVERY_PAGE = ("Html", "ButtonGroup", "Selectbox")
WITH_RESULTS = ("BidiComponent", "Slider", "TextInput", "Checkbox", "DataFrame", "arrowFormatUtils")
RESULT_PAGES = ("/model", "/run", "/sweep", "/portfolio")
# What a component of ours is registered with: its module is fetched once and kept by the browser, and only these lines
# go with every message. `data.module` is its address; its `draw` is called at every change.
LOADER = """
export default (component) =>
  import(new URL(component.data.module, document.baseURI)).then(
    (module) => module.draw(component),
    () => { component.parentElement.dataset.missing = component.data.module },
  )
"""
COMPRESSION = 6  # gzip: 4.8 MB of plotly.js become 1.4 MB in a third of a second


@dataclass(frozen=True, slots=True)
class Asset:
    """A file as it is served."""

    content: bytes
    media_type: str
    digest: str


@cache
def load_asset(name: str) -> Asset:
    """Return the file called `name`.

    Raises:
        KeyError: there is none.
    """
    path, media_type = FILES[name]
    content = path.read_bytes()
    return Asset(content, media_type, hashlib.sha256(content).hexdigest()[:HASH_LENGTH])


@cache
def gzipped(name: str) -> bytes:
    """Return the file called `name`, compressed.

    Raises:
        KeyError: there is none.
    """
    return gzip.compress(load_asset(name).content, COMPRESSION, mtime=0)


@cache
def asset_url(name: str) -> str:
    """Return the address of the file called `name`, from the server's root."""
    return f"{PREFIX}/{load_asset(name).digest}/{name}"


def preload_links(path: str) -> str:
    """Return the Link header of the page at `path`: what its browser may fetch while Streamlit's own page starts."""
    return _links(results=path in RESULT_PAGES)


@cache
def _links(*, results: bool) -> str:
    names = (*ON_EVERY_PAGE, *(WITH_RESULTS if results else ()))
    links = [f"</static/js/{file.name}>; rel=modulepreload" for file in _scripts(names)]
    if results:
        links.append(f"<{asset_url('plotly.min.js')}>; rel=preload; as=script")
    return ", ".join(links)


def _scripts(names: Sequence[str]) -> list[Path]:
    """Return Streamlit's scripts of these names, each with the hash of its content; a name it no longer has is none."""
    return [file for name in names for file in sorted(SCRIPTS.glob(f"{name}.*.js"))]
