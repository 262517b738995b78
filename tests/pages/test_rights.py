"""Who may open which page: made from the list of pages. A new page has to be added to `RIGHTS`."""

import dataclasses
import time

import pytest
from streamlit.testing.v1 import AppTest

from contract.actor import Actor, Role
from contract.run import Status, Visibility
from engine.authorization import LEAST_ROLE
from engine.people.rules import PeopleRules
from engine.processes import context as contexts
from engine.runs.annotate import add_note, add_tag, pin_baseline
from engine.runs.submit import submit
from storage import runs
from tests.engine.conftest import ROOT
from ui.shell.sitemap import PAGE_SPECS

RIGHTS = {
    "catalogue": Role.VIEWER,
    "history": Role.VIEWER,
    "sweep": Role.VIEWER,
    "portfolio": Role.ANALYST,
    "monitor": Role.VIEWER,
    "register": Role.AUTHOR,
    "explorer": Role.ADMINISTRATOR,
    "secrets": Role.ADMINISTRATOR,
    "people": Role.ADMINISTRATOR,
    "guide": Role.VIEWER,
    "model": Role.VIEWER,
    "run": Role.VIEWER,
    "compare": Role.VIEWER,
    "account": Role.VIEWER,
}
PAGES = [spec.name for spec in PAGE_SPECS]


def open_page(name):
    """Open a page as the frame does, and say which pages the navigation shows."""
    import streamlit as st

    from ui.shell import sign_in_screen, sitemap

    sign_in_screen.require_sign_in()
    pages = dict(zip([spec.name for spec in sitemap.PAGE_SPECS], sitemap.make_pages(), strict=True))
    st.text(" ".join(name for name, page in pages.items() if page.visibility == "visible"))
    st.navigation([pages[name]], position="hidden").run()


@pytest.fixture
def office(visit, context, monkeypatch, add_model):
    """An installation where people sign in; pages are opened by `office(name, who)`."""
    add_model("def run(inputs):\n    return {}\n")
    rules = PeopleRules(sign_in=True, role_claim="role", roles={str(r): r for r in Role})
    contexts.set_current(dataclasses.replace(context, people=rules, signed_in={}))
    monkeypatch.setattr("ui.shell.sign_in_screen.configured_providers", lambda: ("default",))

    def go(name, who, run=None, **claims):
        app = AppTest.from_function(open_page, kwargs={"name": name}, default_timeout=200)
        if name == "model":
            app.query_params["app"] = "probe"
        if run is not None:
            app.query_params["id"] = str(run)
        known = {"iss": "https://login.example", "sub": who, "name": who, "role": who, "iat": int(time.time()) - 1}
        app.user = {"is_logged_in": True, **known, **claims} if who else {"is_logged_in": False}
        app.run()
        assert not app.exception, app.exception
        return app

    return go


def texts(app):
    return " ".join(str(element.value) for element in (*app.title, *app.error, *app.markdown, *app.caption))


@pytest.mark.parametrize("name", PAGES)
def test_a_page_says_who_may_open_it(name):
    assert name in RIGHTS, f"{name} is new: add it to RIGHTS with the least role that may open it"
    spec = next(spec for spec in PAGE_SPECS if spec.name == name)
    assert LEAST_ROLE[spec.action] is RIGHTS[name]


def test_no_right_is_of_a_page_that_is_not_there_and_every_script_is_listed():
    assert set(RIGHTS) == set(PAGES) == {path.stem for path in (ROOT / "pages").glob("*.py")}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_is_for_those_who_have_the_right_and_nobody_else(office, name):
    spec = next(spec for spec in PAGE_SPECS if spec.name == name)
    nobody = office(name, None)
    assert [t.value for t in nobody.title] == ["Sign in"]
    for role in Role:
        app = office(name, str(role))
        shown = app.text[0].value.split()
        if role.includes(RIGHTS[name]):
            assert "You may not" not in texts(app), (role, texts(app))
            assert (name in shown) is not spec.hidden
        else:
            assert "You may not" in texts(app), role
            assert f"takes the role {RIGHTS[name]}" in texts(app)
            assert [t.value for t in app.title] == [spec.title]
            assert name not in shown


@pytest.mark.parametrize("name", [name for name, least in RIGHTS.items() if least is not Role.VIEWER])
def test_the_script_of_a_page_refuses_even_where_no_frame_does(office, name):
    app = AppTest.from_file(str(ROOT / "pages" / f"{name}.py"), default_timeout=200)
    app.user = {
        "is_logged_in": True,
        "iss": "i",
        "sub": "v",
        "name": "v",
        "role": "viewer",
        "iat": int(time.time()) - 1,
    }
    app.run()
    assert app.exception or "You may not" in texts(app)  # what an exception says is for the log
    assert not app.dataframe


def test_a_viewer_reads_what_is_said_of_a_run_and_is_offered_nothing_that_would_be_refused(office):
    context, owner = contexts.current(), Actor("owner")
    run = submit(context, "probe", {}, actor=owner, visibility=Visibility.PUBLIC)
    with context.database.begin() as conn:
        attempt = runs.claim_run(conn, run.id, "w").attempt
        runs.finish_run(conn, run.id, attempt, status=Status.SUCCESS, doc={"summary": {"a": 1}})
    add_tag(context, run.id, "q3", actor=owner)
    add_note(context, run.id, "checked", actor=owner)
    pin_baseline(context, run.id, actor=owner)
    viewers, analysts = (office("run", who, run=run.id) for who in ("viewer", "analyst"))
    for app, may in ((viewers, False), (analysts, True)):
        assert "checked" in texts(app)
        shown = {button.key: button.disabled for button in app.button}
        assert [shown["star-run"], shown["tag-0"]] == 2 * [not may]
        assert ("pin-run" in shown) is may
        assert ("note-text" in {area.key for area in app.text_area}) is may


@pytest.mark.parametrize(
    ("claims", "title"), [({"iat": 1}, "Sign in"), ({"iss": None}, "Sign in"), ({"is_logged_in": False}, "Sign in")]
)
def test_whose_sign_in_is_over_or_names_nobody_sees_the_screen(office, claims, title):
    assert [t.value for t in office("history", "viewer", **claims).title] == [title]
