"""The provider's models are offered from the list that was read last."""

import pytest

from engine.gateway.model_list import list_models, read_models_again
from engine.runs.execute import execute
from tests.actors import ADA
from tests.engine.hosts import confined
from tests.gateway_installation import gateway, installation

__all__ = ["gateway", "installation"]
pytestmark = [pytest.mark.processes, confined]


def test_before_the_list_is_read_there_is_none_and_afterwards_it_is_there_with_its_prices(installation):
    assert list_models(installation.context, "ai_text", actor=ADA).words == {}
    run = read_models_again(installation.context, "ai_text", actor=ADA)
    execute(installation.worker, run.id)
    found = list_models(installation.context, "ai_text", actor=ADA)
    assert list(found.words) == ["demo/small", "demo/large", "demo/painter", "demo/director"]
    assert found.words["demo/small"] == "demo/small (1 USD a million tokens)"
    assert found.read_at is not None
    assert installation.gateway.asked("/chat/completions") == []


def test_the_list_of_one_model_is_not_anothers_and_a_list_that_failed_is_none(installation):
    installation.gateway.stop()
    run = read_models_again(installation.context, "ai_image", actor=ADA)
    execute(installation.worker, run.id)
    assert list_models(installation.context, "ai_image", actor=ADA).words == {}
