"""Build logs: read from a version, and a template filled from its manifest."""

import json
import re
from datetime import date

from contract.actor import SYSTEM
from engine.models.build_logs import build_log_template, read_build_log
from engine.models.catalogue import find_app, find_version
from engine.models.register import register
from registry.model_files import read_folder
from tests.actors import ADA
from tests.engine.conftest import ROOT

CODE = "def run(inputs):\n    return {}\n"


def test_a_log_in_the_models_folder_is_that_of_its_current_version(context, add_model):
    slug = add_model(CODE)
    assert read_build_log(context, find_app(context, slug, actor=ADA), actor=ADA) is None
    add_model(CODE, files={"BUILD_LOG.md": "# How\n"})
    assert read_build_log(context, find_app(context, slug, actor=ADA), actor=ADA) == "# How\n"


def test_the_template_holds_name_source_inputs_and_the_manifests_core(context):
    files = read_folder(ROOT / "functions" / "mortality")
    register(context, "mortality", files, source={"kind": "local", "path": "mortality"}, actor=SYSTEM)
    app = find_app(context, "mortality", actor=ADA)
    manifest = find_version(context, app, actor=ADA).manifest
    template = build_log_template(app, manifest, registered=date(2026, 11, 26))
    assert template.startswith("# Mortality Simulator: build log\n\nRegistered: 2026-11-26\nSource: mortality\n")
    shown = json.loads(re.search(r"```json\n(.*?)\n```", template, re.DOTALL)[1])
    assert list(shown["inputs"]) == list(manifest.inputs)
    assert ", ".join(manifest.inputs) in template
