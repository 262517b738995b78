"""The versions of a model: who registered which and when, their source, what is different, and which one is current.

Chosen: one version is looked at, the current one first, and compared with another; a button makes it the current one.
Everything is behind a tab that is worked out when it is opened.
Left out: deleting. Versions and runs stay.
"""

from collections.abc import Sequence

import pandas as pd
import streamlit as st

from contract.app import App, Version
from contract.errors import ProblemsError
from contract.package_lock import list_labels
from engine.authorization import Action, owns
from engine.models import lifecycle
from engine.models.catalogue import find_app
from engine.models.registration import register_from_git
from ui.model import source_view
from ui.model.version_notice import SHORT, version_label
from ui.shell import cached, sitemap
from ui.shell.formatting import timestamp
from ui.shell.markup import code, escape, web_link
from ui.shell.problems import show_problems
from ui.shell.session import current_actor, may
from ui.shell.time_zone import session_zone


def show_versions(app: App, shown: Version) -> None:
    """Show the model's versions, beginning with the one whose form is open."""
    context, actor = cached.context(), current_actor()
    app = find_app(context, app.id, actor=actor)
    _show_origin(app)
    found = lifecycle.list_versions(context, app, actor=actor)
    st.dataframe(_to_dataframe(found, app), hide_index=True, column_config=_column_config())
    by_hash = {version.hash: version for version in found}
    hashes = list(by_hash)
    looked_at = st.selectbox(
        "Version",
        hashes,
        index=hashes.index(shown.hash) if shown.hash in by_hash else 0,
        format_func=lambda h: version_label(by_hash[h], app),
        key=f"{app.slug}:version",
    )
    version = by_hash[looked_at or hashes[0]]
    _show_actions(app, version)
    if facts := _package_facts(version):
        st.caption(escape(facts))
    view = st.segmented_control(
        "Show", ["Source", "Differences"], default="Source", required=True, key=f"{app.slug}:view",
        label_visibility="collapsed",
    )  # fmt: skip
    if view == "Differences":
        _show_differences(app, version, by_hash)
    else:
        source_view.show_source(app, version.hash, key=app.slug)


def _package_facts(version: Version) -> str:
    """Return the Python that a version asks for and the packages that it has of its own; empty without either."""
    lock = version.lock
    if lock is None:
        return ""
    python = f"Python {lock.python}" if version.manifest.get("python") else ""
    packages = f"Packages: {list_labels(lock.packages)}" if lock.packages else ""
    return " · ".join(part for part in (python, packages) if part)


def _show_origin(app: App) -> None:
    source = app.source
    parts = [f"Registered first by {escape(app.owner or 'Tontine')}"]
    if source.get("url"):
        parts.append(f"from {web_link(str(source['url']), str(source['url']))}")
        parts += [
            f"{word} {code(str(source[key]))}"
            for key, word in (("branch", "branch"), ("subfolder", "folder"))
            if source.get(key)
        ]
    elif source.get("kind") in {"local", "folder"}:
        parts.append(f"from the folder {code(str(source.get('path')))}")
    st.caption(" · ".join(parts))


def _to_dataframe(found: Sequence[Version], app: App) -> pd.DataFrame:
    return pd.DataFrame(
        {
            "Current": ["current" if v.hash == app.current_version else "" for v in found],
            "Version": [v.hash[:SHORT] for v in found],
            "Label": [v.label or "" for v in found],
            "Commit": [(v.git_commit or "")[:SHORT] for v in found],
            "Registered": [timestamp(v.created_at, session_zone()) for v in found],
            "By": [v.created_by or "" for v in found],
        }
    )


def _column_config() -> dict[str, object]:
    return {"Current": st.column_config.TextColumn("", width="small")}


def _show_actions(app: App, version: Version) -> None:
    context, actor = cached.context(), current_actor()
    if version.hash != app.current_version and may(Action.RUN_MODELS) and not app.archived:
        st.page_link(
            sitemap.make_page("sweep"),
            label="Upgrade impact",
            icon=":material/difference:",
            query_params={"app": app.slug, "upgrade": version.hash},
            help="Replay the last runs on this version and see what would change, before making it current",
        )
    if not owns(actor, app.owner) or not may(Action.MANAGE_MODELS):
        st.caption(f"{escape(app.owner or 'An administrator')} and administrators may change it.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        current = version.hash == app.current_version
        if st.button(
            "Make current",
            icon=":material/history:",
            disabled=current,
            key="make-current",
            help="The next runs use this version; earlier ones keep theirs",
        ):
            lifecycle.set_current_version(context, app, version.hash, actor=actor)
            _reload(app)
        if app.source.get("branch") and st.button("Check for updates", icon=":material/sync:", key="find-update"):
            _find_update(app)
        hidden = "Show in the catalogue" if app.hidden else "Hide"
        if st.button(hidden, icon=":material/visibility_off:", key="hide", help="A hidden model runs by its address"):
            lifecycle.set_hidden(context, app, hidden=not app.hidden, actor=actor)
            _reload(app)
        archive = "Restore" if app.archived else "Archive"
        if st.button(archive, icon=":material/archive:", key="archive", help="An archived model takes no runs"):
            lifecycle.set_archived(context, app, archived=not app.archived, actor=actor)
            _reload(app)
    _show_update(app)


def _find_update(app: App) -> None:
    try:
        found = lifecycle.find_update(cached.context(), app, actor=current_actor())
    except ProblemsError as error:
        show_problems(error)
        return
    st.session_state[f"{app.slug}:update"] = found


def _show_update(app: App) -> None:
    """Show what the repository held when it was last asked, with a button that registers it."""
    found = st.session_state.get(f"{app.slug}:update")
    if found is None:
        return
    branch = code(str(app.source.get("branch")))
    if not found.available:
        st.caption(f":material/check: The branch {branch} has nothing newer.")
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        st.markdown(f"Update available: the branch {branch} is at commit {code(found.commit[:SHORT])}.")
        if st.button("Check and update", type="primary", icon=":material/upgrade:", key="update"):
            source = app.source
            try:
                with st.spinner("Fetching the model"):
                    started = register_from_git(
                        cached.context(),
                        str(source["url"]),
                        branch=source.get("branch"),
                        subfolder=source.get("subfolder"),
                        actor=current_actor(),
                    )
            except ProblemsError as error:
                show_problems(error)
                return
            del st.session_state[f"{app.slug}:update"]
            st.switch_page(sitemap.make_page("register"), query_params={"registration": str(started.id)})


def _show_differences(app: App, version: Version, by_hash: dict[str, Version]) -> None:
    others = [h for h in by_hash if h != version.hash]
    if not others:
        st.caption("There is one version only.")
        return
    at = list(by_hash).index(version.hash)
    other = st.selectbox(
        "Compared with",
        others,
        index=min(at, len(others) - 1),
        format_func=lambda h: version_label(by_hash[h], app),
        key=f"{app.slug}:other:{version.hash[:SHORT]}",
    )
    old, new = sorted((by_hash[other or others[0]], version), key=lambda v: v.created_at)
    found = lifecycle.compare_versions(cached.context(), app, old.hash, new.hash, actor=current_actor())
    st.caption(f"From {code(old.hash[:SHORT])} to {code(new.hash[:SHORT])}")
    for title, texts in (("Manifest", found.manifest), ("Cases", found.cases)):
        if texts:
            st.markdown(f"**{title}**\n\n" + "\n".join(f"- {_in_words(text)}" for text in texts))
    for file in found.files:
        st.markdown(f"**{escape(file.name)}** {file.status}")
        if file.lines:
            st.code(file.text, language="diff")


def _in_words(text: str) -> str:
    """Return a sentence whose names in backquotes are code and whose rest is literal."""
    parts = text.split("`")
    return "".join(code(part) if i % 2 else _escape_inside(part) for i, part in enumerate(parts))


def _escape_inside(text: str) -> str:
    """Return literal text that stands between others: the spaces at its ends stay."""
    before, after = text[:1].isspace(), text[-1:].isspace()
    return f"{' ' if before else ''}{escape(text)}{' ' if after else ''}"


def _reload(app: App) -> None:
    """Draw the page anew, at the model's current version."""
    cached.forget_catalogue()
    if "version" in st.query_params:
        del st.query_params["version"]
    st.session_state.pop(f"{app.slug}:version", None)
    st.rerun()
