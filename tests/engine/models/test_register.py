"""Folders become models, and models whose folder is gone leave the catalogue until it returns."""

import json
import shutil

import pytest

from contract.actor import SYSTEM
from engine.models.catalogue import find_app, list_models
from engine.models.register import register, register_folders
from engine.runs.follow import snapshot
from engine.runs.submit import submit
from registry.model_files import read_folder
from tests.actors import ADA

CODE = "def run(inputs):\n    return {'summary': {'n': 1}}\n"


@pytest.fixture
def root(tmp_path):
    for slug in ("alpha", "beta"):
        write(tmp_path / "functions" / slug)
    return tmp_path / "functions"


def write(folder, **manifest):
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "manifest.json").write_text(json.dumps({"name": folder.name, "inputs": {}, **manifest}))
    (folder / "function.py").write_text(CODE)


def slugs(context):
    return [app.slug for app in list_models(context, actor=ADA)]


def test_a_model_whose_folder_is_removed_leaves_the_catalogue_and_its_runs_stay(context, root):
    assert register_folders(context, root, actor=SYSTEM) == {}
    run = submit(context, "beta", {}, actor=ADA)
    shutil.rmtree(root / "beta")
    register_folders(context, root, actor=SYSTEM)
    assert slugs(context) == ["alpha"]
    assert snapshot(context, run.id, actor=ADA).run.app_slug == "beta"
    assert find_app(context, "beta", actor=ADA).slug == "beta"


def test_it_comes_back_when_its_folder_does_unchanged_or_changed(context, root):
    for manifest in ({}, {"description": "changed"}):
        register_folders(context, root, actor=SYSTEM)
        shutil.rmtree(root / "beta")
        register_folders(context, root, actor=SYSTEM)
        assert slugs(context) == ["alpha"]
        write(root / "beta", **manifest)
        register_folders(context, root, actor=SYSTEM)
        assert slugs(context) == ["alpha", "beta"]


def test_a_folder_that_cannot_be_registered_any_more_keeps_its_last_version(context, root):
    register_folders(context, root, actor=SYSTEM)
    (root / "beta" / "manifest.json").write_text("{")
    assert set(register_folders(context, root, actor=SYSTEM)) == {"beta"}
    assert slugs(context) == ["alpha", "beta"]


def test_models_from_elsewhere_and_a_root_that_is_not_there_change_nothing(context, root):
    register(context, "far", read_folder(root / "beta"), source={"kind": "git", "url": "x"}, actor=SYSTEM)
    register_folders(context, root, actor=SYSTEM)
    assert set(register_folders(context, root / "none", actor=SYSTEM)) == {str(root / "none")}
    assert set(slugs(context)) == {"alpha", "beta", "far"}
