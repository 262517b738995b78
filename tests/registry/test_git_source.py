"""Folders fetched from real repositories of a real server, and hostile ones refused, each for its own reason."""

import contextlib
import os
import subprocess
import sys
import threading
from base64 import b64encode
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from contract.errors import SourceError
from registry import git_source
from registry.git_address import GitAccess, check_address, identity
from registry.git_source import fetch, newest_commit
from tests.registry.git_server import FUNCTION, MANIFEST

pytestmark = pytest.mark.processes
FILES = {"manifest.json": MANIFEST, "function.py": FUNCTION}


@pytest.fixture
def access(git_server):
    return GitAccess(origins=(git_server.origin,))


def refused(url, **given):
    with pytest.raises(SourceError) as caught:
        fetch(url, **given)
    return caught.value.problems


def messages(problems):
    return " ".join(p.message for p in problems)


def test_the_default_branch_is_fetched_with_its_commit_and_its_plain_files_alone(
    git_server, repository, access, tmp_path
):
    made = repository()
    commit = made.commit({**FILES, "data/rates.csv": "a,b\n1,2\n", ".github/workflows/ci.yml": "on: push\n"})
    found = fetch(git_server.url(made), access=access, folder=tmp_path / "git")
    assert (found.commit, found.branch, found.subfolder) == (commit, "main", "")
    assert found.files == {
        "data/rates.csv": b"a,b\n1,2\n",
        "function.py": FUNCTION.encode(),
        "manifest.json": MANIFEST.encode(),
    }
    assert list((tmp_path / "git").iterdir()) == []  # nothing of the repository stays


def test_a_branch_a_tag_a_commit_and_a_subfolder_are_each_found(git_server, repository, access):
    made = repository()
    first = made.commit({"models/annuity/" + name: text for name, text in FILES.items()})
    made.git("tag", "-a", "v1", "-m", "first", first)
    second = made.commit({"lapse/" + name: text for name, text in FILES.items()}, branch="feature/lapse")
    url = git_server.url(made)
    assert fetch(url, ref="feature/lapse", subfolder="/lapse/", access=access).commit == second
    tagged = fetch(url, ref="v1", subfolder="models/annuity", access=access)
    assert (tagged.commit, tagged.branch, set(tagged.files)) == (first, "v1", set(FILES))
    by_commit = fetch(url, ref=first, subfolder="models/annuity", access=access)
    assert (by_commit.commit, by_commit.branch) == (first, None)
    assert newest_commit(url, ref="v1", access=access) == first
    assert newest_commit(url, access=access) == first


def test_what_is_not_there_is_named(git_server, repository, access):
    made = repository()
    url = git_server.url(made)
    assert "is empty" in messages(refused(url, access=access))
    commit = made.commit({"models/annuity/" + name: text for name, text in FILES.items()})
    [problem] = refused(url, access=access)
    assert (problem.where, "models/annuity" in problem.message) == ("subfolder", True)
    assert "no such folder" in messages(refused(url, subfolder="models/x", access=access))
    [problem] = refused(url, ref="nowhere", access=access)
    assert (problem.where, "no branch or tag 'nowhere'" in problem.message) == ("branch", True)
    assert "40 digits" in refused(url, ref=commit[:10], access=access)[0].hint
    assert "does not give this commit" in messages(refused(url, ref="1" * 40, access=access))
    assert "no repository" in messages(refused(f"{git_server.origin}/none.git", access=access))
    made.commit({"README.md": "x"}, branch="bare")
    assert [p.where for p in refused(url, ref="bare", access=access)] == ["manifest.json", "function.py"]


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("", "it is empty"),
        ("   ", "it is empty"),
        ("--upload-pack=touch proof", "spaces or control"),
        ("--upload-pack=id", "begins with a dash"),
        ("-c", "begins with a dash"),
        ("ext::sh -c id", "spaces or control"),
        ("ext::id", "names a program"),
        ("fd::3", "names a program"),
        ("git@github.com:a/b.git", "short form for ssh"),
        ("https://user:word@example.com/a", "user name or a password"),
        ("https://token@example.com/a", "user name or a password"),
        ("https://example.com", "no repository there"),
        ("https:///a/b", "names no host"),
        ("https://-oProxyCommand=id/x", "names no host"),
        ("ssh://-oProxyCommand=id/x", "names no host"),
        ("ssh://git@example.com/a", "ssh is allowed for hosts that an administrator named"),
        ("http://example.com/a", "http is allowed for hosts that an administrator named"),
        ("git://example.com/a", "begins with git://"),
        ("/etc", "has no scheme"),
        ("file:///etc", "folders of this machine"),
        ("https://127.0.0.1/a", "not on the public internet"),
        ("https://[::1]/a", "not on the public internet"),
        ("https://[::ffff:10.0.0.1]/a", "not on the public internet"),
        ("https://169.254.169.254/latest", "not on the public internet"),
        ("https://2130706433/a", "not on the public internet"),
        ("https://localhost/a", "not on the public internet"),
        ("https://example.com/a?x=1", "a query or a fragment"),
        ("https://example.com:99999/a", "cannot be read"),
        ("https://exa\nmple.com/a", "spaces or control"),
    ],
)
def test_an_address_that_may_not_be_fetched_is_refused_before_git_is_asked(url, words, monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", lambda *_, **__: pytest.fail("git was started"))
    [problem] = refused(url)
    assert (problem.where, words in problem.message) == ("repo_url", True), problem


@pytest.mark.parametrize(
    "ref", ["--upload-pack=id", "a b", "a..b", "a:b", "*", "a~1", "HEAD^", "a\nb", "/a", "a.lock", "@{1}"]
)
def test_a_branch_that_is_more_than_a_name_is_refused(git_server, repository, access, ref):
    made = repository()
    made.commit(FILES)
    [problem] = refused(git_server.url(made), ref=ref, access=access)
    assert problem.where == "branch"


@pytest.mark.parametrize("subfolder", ["../x", "a/../..", "-x", "a\\b", "a:b", "./a", "a\nb"])
def test_a_subfolder_that_leads_out_is_refused(git_server, access, subfolder):
    [problem] = refused(f"{git_server.origin}/any.git", subfolder=subfolder, access=access)
    assert problem.where == "subfolder"


def test_links_and_submodules_are_refused_by_name_and_nothing_is_followed(git_server, repository, access):
    made = repository()
    link = made.blob("/etc/passwd")
    made.commit(FILES, entries=[("120000", link, "data.csv"), ("160000", "1" * 40, "library")])
    found = refused(git_server.url(made), access=access)
    assert [(p.where, p.message) for p in found] == [
        ("'data.csv'", "it is a symbolic link"),
        ("'library'", "it is a submodule"),
    ]
    made.commit(
        {"x/" + name: text for name, text in FILES.items()}, entries=[("120000", made.blob("x"), "other")], branch="b"
    )
    assert set(fetch(git_server.url(made), ref="b", subfolder="x", access=access).files) == set(FILES)


def test_names_that_differ_in_case_or_accents_only_or_that_some_systems_cannot_hold_are_refused(
    git_server, repository, access
):
    made = repository()
    made.commit(
        {**FILES, "Rates.csv": "1", "rates.csv": "2", "caf\u00e9": "1", "cafe\u0301": "2", "con.txt": "x", "a\\b": "y"}
    )
    found = messages(refused(git_server.url(made), access=access))
    for words in ("in case or accents only", "Windows cannot hold", "backslash"):
        assert words in found
    assert found.count("in case or accents only") == 2


@pytest.mark.parametrize("name", ["..", ".git", "."])
def test_a_tree_that_git_would_not_write_is_refused(git_server, repository, access, name):
    made = repository()
    good = made.blob(FUNCTION)
    inner = made.raw_tree([("100644", "config", good)])
    made.commit_tree(
        made.raw_tree(sorted([("100644", "function.py", good), ("40000", name, inner)], key=lambda e: e[1]))
    )
    assert "damaged or dangerous" in messages(refused(git_server.url(made), access=access))


def test_a_blob_that_is_too_large_is_refused_by_name_without_being_fetched(git_server, repository, access, monkeypatch):
    monkeypatch.setattr(git_source, "MAX_BYTES", 100_000)
    made = repository()
    made.commit({**FILES, "data.bin": os.urandom(300_000)})
    [problem] = refused(git_server.url(made), access=access)
    assert (problem.where, problem.message.startswith("it is larger than")) == ("'data.bin'", True)
    made.git("config", "uploadpack.allowFilter", "false")  # a server that sends it all the same
    assert "MB" in messages(refused(git_server.url(made), access=access))


def test_too_many_files_and_a_repository_beyond_its_bounds_are_refused(git_server, repository, access, monkeypatch):
    made = repository()
    made.commit({**FILES, **{f"f{i}.csv": "1" for i in range(501)}})
    assert "more than 500 files" in messages(refused(git_server.url(made), access=access))
    monkeypatch.setattr(git_source, "MAX_ENTRIES", 100)
    assert "more than 100 files" in messages(refused(git_server.url(made), access=access))
    monkeypatch.setattr(git_source, "REPOSITORY_BYTES", 51_200)
    made.commit({**FILES, "noise.bin": os.urandom(400_000)})
    assert "larger than" in messages(refused(git_server.url(made), access=access))


def test_a_file_kept_in_lfs_is_refused(git_server, repository, access):
    made = repository()
    made.commit({**FILES, "big.csv": "version https://git-lfs.github.com/spec/v1\noid sha256:0\nsize 9\n"})
    [problem] = refused(git_server.url(made), access=access)
    assert (problem.where, "Git LFS" in problem.message) == ("'big.csv'", True)


def test_a_redirection_is_not_followed_wherever_it_leads(git_server, repository, access):
    made = repository()
    made.commit(FILES)
    git_server.redirects["/moved.git"] = git_server.url(made)
    try:
        assert "redirection" in messages(refused(f"{git_server.origin}/moved.git", access=access))
    finally:
        del git_server.redirects["/moved.git"]


def test_a_repository_of_plain_files_is_refused_and_no_other_host_that_it_names_is_asked(repository, git_server):
    made = repository()
    made.commit(FILES)
    made.git("update-server-info")
    (made.folder / "objects" / "info" / "http-alternates").write_text(f"{git_server.origin}/other.git/objects\n")
    handler = partial(SimpleHTTPRequestHandler, directory=str(git_server.root))
    files = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=files.serve_forever, daemon=True)
    thread.start()
    before = list(git_server.requests)
    try:
        origin = f"http://127.0.0.1:{files.server_address[1]}"
        found = messages(refused(f"{origin}/{made.name}.git", access=GitAccess(origins=(origin,))))
    finally:
        files.shutdown()
        files.server_close()
        thread.join()
    assert "plain files and not by a git server" in found
    assert git_server.requests == before


def test_a_private_repository_says_who_stores_its_token_and_a_wrong_one_is_not_shown(git_server, repository, access):
    made = repository()
    made.commit(FILES)
    git_server.authorizations[f"/{made.name}.git"] = "Basic " + b64encode(b"x-access-token:word").decode()
    [problem] = refused(git_server.url(made), access=access)
    assert "asks for a login" in problem.message
    assert "TONTINE_GIT_TOKENS" in problem.hint


def test_a_token_goes_to_its_host_in_the_environment_and_never_on_the_command_line(repository, monkeypatch):
    started = []

    class StartedError(Exception):
        pass

    def popen(command, **given):
        started.append((command, given["env"]))
        if "ls-remote" in command:
            raise StartedError
        return real(command, **given)

    real = subprocess.Popen
    monkeypatch.setattr(subprocess, "Popen", popen)
    monkeypatch.setattr("registry.git_address._resolve", lambda *_, **__: ("192.0.2.1",))
    with pytest.raises(StartedError):
        fetch("https://git.example.com/a/b", access=GitAccess(tokens={"git.example.com": "s3cret"}))
    command, environment = started[-1]
    assert "s3cret" not in " ".join(command)
    basic = b64encode(b"x-access-token:s3cret").decode()
    assert environment["GIT_CONFIG_VALUE_0"] == f"Authorization: Basic {basic}"
    assert environment["GIT_CONFIG_KEY_0"] == "http.https://git.example.com/.extraHeader"
    assert "http.curloptResolve=git.example.com:443:192.0.2.1" in command


def test_git_reads_nothing_from_the_servers_environment_or_home(git_server, repository, access, tmp_path, monkeypatch):
    made = repository()
    made.commit(FILES)
    proof = tmp_path / "proof"
    (tmp_path / ".gitconfig").write_text(
        f'[core]\n\tfsmonitor = "touch {proof}"\n[url "file:///etc"]\n\tinsteadOf = {git_server.origin}\n'
    )
    hook = tmp_path / "hooks" / "post-checkout"
    hook.parent.mkdir()
    hook.write_text(f"#!/bin/sh\ntouch {proof}\n")
    hook.chmod(0o755)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.hooksPath")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(hook.parent))
    monkeypatch.setenv("GIT_SSH_COMMAND", f"touch {proof}")
    monkeypatch.setenv("GIT_EXEC_PATH", str(tmp_path))
    assert set(fetch(git_server.url(made), access=access).files) == set(FILES)
    assert not proof.exists()


def test_a_server_that_never_answers_is_given_up(access, git_server, monkeypatch):
    import socket

    monkeypatch.setattr(git_source, "TIMEOUT", 0.5)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        origin = f"http://127.0.0.1:{silent.getsockname()[1]}"
        assert "did not arrive" in messages(refused(f"{origin}/a.git", access=GitAccess(origins=(origin,))))
    assert "does not answer" in messages(refused(f"{origin}/a.git", access=GitAccess(origins=(origin,))))


def test_folders_of_this_machine_are_allowed_below_the_named_one_only(repository, git_server, tmp_path):
    made = repository()
    made.commit(FILES)
    below = GitAccess(origins=(f"file://{git_server.root}",))
    assert set(fetch(f"file://{made.folder}", access=below).files) == set(FILES)
    assert "folders of this machine" in messages(refused(f"file://{git_server.root}/../../x", access=below))
    (Path(git_server.root) / "out").symlink_to(tmp_path)
    assert "folders of this machine" in messages(refused(f"file://{git_server.root}/out", access=below))
    (Path(git_server.root) / "out").unlink()
    assert "no such folder" in messages(refused(f"file://{git_server.root}/none.git", access=below))


def test_a_server_without_git_says_so(monkeypatch, git_server, access):
    monkeypatch.setattr(git_source.shutil, "which", lambda _name: None)
    assert "git is not installed" in messages(refused(f"{git_server.origin}/a.git", access=access))


def test_addresses_of_one_repository_are_told_to_be_the_same():
    same = {
        identity(u)
        for u in (
            "https://GitHub.com/a/b",
            "https://github.com/a/b.git/",
            "ssh://git@github.com/a/b.git",
            "https://github.com:443/a/b",
        )
    }
    assert len(same) == 1
    assert identity("https://github.com/a/c") not in same
    assert identity("https://github.com:8443/a/b") not in same


def test_an_origin_counts_for_its_scheme_host_and_port_alone(git_server):
    port = int(git_server.origin.rpartition(":")[2])
    access = GitAccess(origins=(git_server.origin,))
    assert check_address(f"{git_server.origin}/a", access).port == port
    for url in (f"http://127.0.0.1:{port + 1}/a", f"https://127.0.0.1:{port}/a", f"http://localhost:{port}/a"):
        with pytest.raises(SourceError):
            check_address(url, access)


def test_no_process_of_git_stays_behind(git_server, repository, access):
    import psutil

    made = repository()
    made.commit(FILES)
    fetch(git_server.url(made), access=access)
    left = []
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # one that has ended, though nobody has asked how yet
            left += [process] if "tontine-git-" in " ".join(process.cmdline()) else []
    assert not left, sys.argv
