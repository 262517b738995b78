"""A git host's token may be a secret that is stored."""

import pytest

from contract.errors import SourceError
from engine.models.registration import register_from_git
from engine.secrets.git_access import git_access
from engine.secrets.manage import set_secret
from registry.git_address import GitAccess
from tests.actors import ADA, ADMIN

TOKENS = {"git.example.com": "secret:GIT_TOKEN", "plain.example.com": "a-token"}


def test_a_token_that_names_a_secret_is_read_when_it_is_needed(context):
    object.__setattr__(context, "git", GitAccess(tokens=TOKENS))
    set_secret(context, "GIT_TOKEN", "first-token", actor=ADMIN)
    assert git_access(context, "https://git.example.com/a/b").tokens["git.example.com"] == "first-token"
    set_secret(context, "GIT_TOKEN", "second-token", actor=ADMIN)
    assert git_access(context, "https://GIT.example.com/a/b").tokens["git.example.com"] == "second-token"


def test_other_hosts_do_not_need_the_secret(context):
    object.__setattr__(context, "git", GitAccess(tokens=TOKENS))
    assert git_access(context, "https://plain.example.com/a/b").tokens["plain.example.com"] == "a-token"
    assert git_access(context, "https://elsewhere.example.com/a/b") is context.git
    assert git_access(context, "https://[broken/a/b") is context.git


def test_a_secret_without_a_value_refuses_the_fetch_with_what_to_do(context):
    object.__setattr__(context, "git", GitAccess(tokens=TOKENS))
    with pytest.raises(SourceError, match=r"GIT_TOKEN has no stored value\. An administrator sets it"):
        register_from_git(context, "https://git.example.com/a/b", actor=ADA)
