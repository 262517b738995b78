"""A model is registered on a page: fetched, checked, seen as it will be, published, updated and rolled back."""

import uuid

import pytest

from engine.models import lifecycle
from engine.models.catalogue import find_app
from engine.models.registration import list_registrations, publish, register_from_git
from engine.models.run_checks import run_checks
from engine.runs.submit import submit
from registry.git_address import GitAccess
from tests.actors import ADA
from tests.registry.conftest import git_server, repository
from tests.registry.git_server import FUNCTION, MANIFEST

__all__ = ["git_server", "repository"]
pytestmark = pytest.mark.processes
FILES = {"manifest.json": MANIFEST, "function.py": FUNCTION}
BETTER = FUNCTION.replace("inputs['n']", "10 * inputs['n']")


@pytest.fixture
def made(context, git_server, repository):
    object.__setattr__(context, "git", GitAccess(origins=(git_server.origin,)))
    found = repository()
    found.commit(FILES)
    return found


@pytest.fixture
def published(context, worker_context, git_server, made):
    def go():
        started = register_from_git(context, git_server.url(made), actor=ADA, slug="annuity")
        run_checks(worker_context, started.id)
        return publish(context, started.id, actor=ADA)

    return go


def words(app):
    kinds = ("markdown", "caption", "error", "warning", "success", "info", "subheader")
    return " ".join(str(item.value) for kind in kinds for item in getattr(app, kind))


def test_a_model_is_fetched_checked_previewed_and_published(visit, context, worker_context, git_server, made):
    app = visit("register")
    app.text_input(key="repo-url").input(git_server.url(made))
    app.button(key="fetch").click().run()
    assert not app.exception
    assert "Checking" in words(app) or "No workers online" in words(app)
    [started] = list_registrations(context, actor=ADA)
    run_checks(worker_context, started.id)
    app = visit("register", registration=str(started.id))
    said = words(app)
    assert "10 passed" in said
    assert "Import" in said
    assert "Annuity" in said
    assert "A new model" in said
    app.button(key="publish").click().run()
    assert not app.exception
    assert [a.slug for a in (find_app(context, started.slug, actor=ADA),)] == [started.slug]
    assert app.title[0].value == "Annuity"


def test_what_cannot_be_fetched_is_said_in_place_and_what_was_typed_is_kept(visit, context):
    app = visit("register")
    app.button(key="fetch").click().run()
    assert "It is empty" in words(app)
    app.text_input(key="repo-url").input("https://127.0.0.1/x")
    app.button(key="fetch").click().run()
    assert "not on the public internet" in words(app)
    assert app.text_input(key="repo-url").value == "https://127.0.0.1/x"
    assert list_registrations(context, actor=ADA) == []


def test_a_refused_model_shows_what_to_do_and_cannot_be_published(visit, context, worker_context, git_server, made):
    made.commit({**FILES, "function.py": "def run(inputs):\n    return {'a': 1 / 0}\n"})
    started = register_from_git(context, git_server.url(made), actor=ADA)
    run_checks(worker_context, started.id)
    app = visit("register", registration=str(started.id))
    said = words(app)
    assert "1 failed" in said
    assert "ZeroDivisionError" in said
    assert "What to do" in said
    assert [b.key for b in app.button if b.key == "publish"] == []
    assert "refused" in " ".join(str(link.proto.label) for link in visit("register").get("page_link"))
    app.button(key="discard").click().run()
    assert list_registrations(context, actor=ADA) == []


def test_a_link_that_names_no_registration_says_so(visit):
    for given in ("none", str(uuid.uuid4())):
        assert "registration" in words(visit("register", registration=given))


def open_versions(visit, **query):
    app = visit("model", app="annuity", **query)
    app.session_state["panel"] = "Versions"
    app.run()
    assert not app.exception, app.exception
    return app


def test_the_models_page_lists_versions_with_source_and_differences_and_rolls_back(visit, context, published, made):
    first = published()
    made.commit({**FILES, "function.py": BETTER, "manifest.json": MANIFEST.replace('"default": 1', '"default": 2')})
    second = published()
    app = open_versions(visit)
    frame = app.dataframe[-1].value
    assert list(frame["Version"]) == [second.current_version[:12], first.current_version[:12]]
    assert list(frame["By"]) == ["ada", "ada"]
    assert app.code[-1].value == BETTER.rstrip()
    app.segmented_control(key="annuity:view").set_value("Differences").run()
    assert "input `n`: default 1 to 2" in words(app).replace("\\", "")
    assert "+    return {'summary': {'Value': 10 * inputs['n']}}" in app.code[-1].value or any(
        "10 * inputs" in c.value for c in app.code
    )
    app.selectbox(key="annuity:version").set_value(first.current_version).run()
    app.button(key="make-current").click().run()
    assert not app.exception
    assert find_app(context, "annuity", actor=ADA).current_version == first.current_version


def test_an_update_is_found_and_goes_to_its_checks(visit, context, published, made):
    published()
    app = open_versions(visit)
    app.button(key="find-update").click().run()
    assert "nothing newer" in words(app)
    made.commit({**FILES, "function.py": BETTER})
    app.button(key="find-update").click().run()
    assert "Update available" in words(app)
    app.button(key="update").click().run()
    assert not app.exception
    [started] = list_registrations(context, actor=ADA)
    assert started.app_id == find_app(context, "annuity", actor=ADA).id


def test_a_model_is_hidden_and_archived_and_says_so(visit, context, published):
    published()
    app = open_versions(visit)
    app.button(key="hide").click().run()
    assert "not listed in the catalogue" in words(visit("model", app="annuity"))
    app = open_versions(visit)
    app.button(key="archive").click().run()
    assert find_app(context, "annuity", actor=ADA).archived
    assert "Annuity: archived" in [link.proto.label for link in visit("register").get("page_link")]
    app = visit("model", app="annuity")
    assert "takes no runs" in words(app)
    app.button(key="run").click().run()
    assert "archived and takes no runs" in words(app)


def test_a_run_and_a_form_of_an_older_version_say_so(visit, context, published, made, run_now):
    first = published()
    run = submit(context, "annuity", {"n": 1}, actor=ADA)
    assert "not the current one" not in words(visit("model", app="annuity"))
    assert "Run with version" not in words(visit("run", id=str(run.id)))
    made.commit({**FILES, "function.py": BETTER})
    second = published()
    run_now(run)
    app = visit("run", id=str(run.id))
    app.session_state["annuity-source"] = True
    app.run()
    assert FUNCTION.rstrip() in [block.value for block in app.code]  # the run's version, and not the newer one
    assert f"Run with version `{first.current_version[:12]}`" in words(visit("run", id=str(run.id)))
    said = words(visit("model", app="annuity", version=first.current_version[:12]))
    assert "not the current one" in said
    assert lifecycle.list_versions(context, second, actor=ADA)[0].hash == second.current_version


NASTY = ":red[x] **b** ![p](https://e.example/p.png) <b> $y$ `c`"


def test_texts_of_a_strangers_model_are_shown_as_they_are(visit, context, worker_context, git_server, made):
    manifest = MANIFEST.replace('"Annuity"', f'"{NASTY}", "version": "{NASTY}", "{NASTY}": 1')
    made.commit(
        {**FILES, "manifest.json": manifest, "function.py": f"def run(inputs):\n    raise ValueError({NASTY!r})\n"}
    )
    refused = register_from_git(context, git_server.url(made), actor=ADA)
    run_checks(worker_context, refused.id)
    pages = [visit("register", registration=str(refused.id))]
    assert NASTY not in words(pages[0])
    made.commit({**FILES, "manifest.json": manifest})
    started = register_from_git(context, git_server.url(made), actor=ADA, slug="annuity")
    run_checks(worker_context, started.id)
    publish(context, started.id, actor=ADA)
    pages += [open_versions(visit), visit("register")]
    for app in pages:
        for item in (*app.markdown, *app.caption, *app.subheader, *app.title):
            text = str(item.value)
            for active in (":red[x]", "**b**", "![p]", " $y$ "):
                assert active not in text, text
