import datetime as dt

import pytest

from contract import manifest
from contract.access import Access, Grant, GrantKind
from contract.errors import ManifestError, NotGrantedError


def grant(kind, name):
    return Grant(kind, name, "root", dt.datetime(2026, 1, 1, tzinfo=dt.UTC))


def made(**keys):
    return manifest.parse({"name": "Probe", **keys})


def test_hosts_are_compared_in_lower_case_without_the_last_dot_and_named_once():
    assert made(network=["WWW.Example.com.", "www.example.com", "localhost:8080"]).network == (
        "www.example.com",
        "localhost:8080",
    )


@pytest.mark.parametrize(
    "host",
    [
        "https://example.com",
        "example.com/path",
        "*.example.com",
        "example.com:0",
        "example.com:70000",
        "-a.com",
        "a..b",
        "",
        "a b",
    ],
)
def test_what_is_no_hosts_name_is_refused_with_how_to_write_it(host):
    with pytest.raises(ManifestError, match=r"network\[0\].*Write www\.example\.com"):
        made(network=[host])


@pytest.mark.parametrize("name", ["API KEY", "1KEY", "PATH", "HOME", "A=B", ""])
def test_what_is_no_name_for_a_secret_is_refused(name):
    with pytest.raises(ManifestError, match=r"secrets\[0\]"):
        made(secrets=[name])


def test_a_model_that_names_hosts_is_not_deterministic_whatever_it_says():
    assert made().deterministic
    assert not made(network=["example.com"]).deterministic
    insisting = made(network=["example.com"], deterministic=True)
    assert not insisting.deterministic
    assert any("manifest.deterministic is ignored" in w for w in insisting.warnings)


def test_only_what_is_both_named_and_granted_counts():
    given = [
        grant(GrantKind.HOST, "a.org"),
        grant(GrantKind.HOST, "old.org"),
        grant(GrantKind.SECRET, "KEY"),
        grant(GrantKind.SECRET, "b.org"),
    ]
    assert Access.from_grants(["a.org", "b.org"], ["KEY", "TOKEN"], given) == Access(
        hosts=("a.org",), hosts_missing=("b.org",), secrets=("KEY",), secrets_missing=("TOKEN",)
    )


def test_a_missing_secret_is_refused_with_the_command_that_grants_it():
    with pytest.raises(NotGrantedError, match="engine.commands.grants grant probe --secret TOKEN") as caught:
        Access(secrets_missing=("TOKEN", "KEY")).require_secrets("probe")
    assert [p.where for p in caught.value.problems] == ["secrets.TOKEN", "secrets.KEY"]
    Access(secrets=("TOKEN",), hosts_missing=("a.org",)).require_secrets("probe")
