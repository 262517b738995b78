"""What a model is, where its method comes from, and how well it reproduces what was published.

Chosen: the model's own README, its references, and the score of its reference cases with every miss.
Left out: the source, which is `ui.model.versions`.
"""

import pandas as pd
import streamlit as st

from contract.app import App, Version
from contract.cases import Case
from contract.manifest import Manifest
from ui.model import access_notice, version_notice
from ui.shell import cached
from ui.shell.formatting import timestamp
from ui.shell.markup import escape, safe_markdown, web_link
from ui.shell.time_zone import session_zone


def show_header(app: App, manifest: Manifest, version: Version) -> None:
    """Show the model's name, what it does, and its score in one line."""
    st.title(escape(app.name), anchor=False)
    if manifest.description:
        st.markdown(safe_markdown(manifest.description))
    with st.container(horizontal=True, gap="small"):
        if manifest.category:
            st.badge(escape(manifest.category), color="blue")
        checks = cached.case_results(app, version)
        if checks.get("total"):
            good = checks["reproduced"] == checks["total"]
            st.badge(
                f"reproduces {checks['reproduced']} of {checks['total']} published values",
                icon=":material/verified:" if good else ":material/rule:",
                color="green" if good else "orange",
            )
        for tag in manifest.tags[:5]:
            st.badge(escape(tag), color="gray")
    access_notice.show_access(app, manifest)
    version_notice.show_notice(app, version)


def show_about(app: App, manifest: Manifest, version: Version, cases: tuple[Case, ...]) -> None:
    """Show the README, the references, the reference cases and the version."""
    if version.readme:
        st.markdown(safe_markdown(version.readme))
    if manifest.references:
        st.subheader("References", anchor=False)
        for reference in manifest.references:
            note = f" – {escape(reference.note)}" if reference.note else ""
            st.markdown(f"- {web_link(reference.title, reference.url)}{note}")
    _show_cases(app, version, cases)
    _show_packages(version)
    st.caption(
        " · ".join(
            [
                escape(f"{app.slug}, version {manifest.version or version.hash[:12]}"),
                f"content hash {version.hash[:12]}",
                f"registered {timestamp(version.created_at, session_zone())}",
                *([f"runs on Python {escape(manifest.python)}"] if manifest.python else []),
                *([f"licence {escape(manifest.license)}"] if manifest.license else []),
                *([f"by {escape(', '.join(manifest.authors))}"] if manifest.authors else []),
                f"maintained by {escape(', '.join(manifest.maintainers) or app.owner or 'Tontine')}",
            ]
        )
    )


def _show_packages(version: Version) -> None:
    lock = version.lock
    packages = (*lock.packages, *lock.standard) if lock is not None else ()
    if lock is None or not packages:
        return
    st.subheader("Packages", anchor=False)
    st.dataframe(
        pd.DataFrame({"Package": [p.name for p in packages], "Version": [p.version for p in packages]}),
        hide_index=True,
        width="content",
        alt="Packages of the model",
    )
    beside = "with" if lock.standard else "beside"
    st.caption(
        f"Installed for this version {beside} what every model has, for Python {escape(lock.python)}. Each file "
        "is checked against the hash that it had when the model was registered."
    )


def _show_cases(app: App, version: Version, cases: tuple[Case, ...]) -> None:
    reference = [c for c in cases if c.expect]
    if not reference:
        return
    st.subheader("Reference cases", anchor=False)
    checks = cached.case_results(app, version)
    misses = checks.get("misses", [])
    missed: dict[str, int] = {}
    for miss in misses:
        missed[miss["case"]] = missed.get(miss["case"], 0) + 1
    st.dataframe(
        pd.DataFrame(
            {
                "Case": [c.name for c in reference],
                "Published values": [len(c.expect) for c in reference],
                "Reproduced": [len(c.expect) - missed.get(c.name, 0) if checks else None for c in reference],
                "Tolerance": [f"{c.rtol:g}" for c in reference],
                "Source": [c.source or "" for c in reference],
            }
        ),
        hide_index=True,
        column_config={"Source": st.column_config.TextColumn(width="large")},
    )
    if misses:
        st.warning(f"{len(misses)} published values are not reproduced:")
        st.dataframe(pd.DataFrame(misses), hide_index=True)
