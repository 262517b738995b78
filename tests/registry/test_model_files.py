"""A model's folder as files: read within bounds, hashed, packed, unpacked and installed, whatever is in it."""

import io
import os
import stat
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contract.errors import ManifestError
from registry import model_files

FILES = {"manifest.json": b"{}", "function.py": b"def run(i):\n    return {}\n", "data/rates.csv": b"a\n1\n"}


def folder_of(tmp_path, files):
    folder = tmp_path / "model"
    for name, content in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return folder


def archive_of(*entries, **options):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", **options) as archive:
        for name, content in entries:
            archive.writestr(name, content)
    return buffer.getvalue()


def words(action):
    with pytest.raises(ManifestError) as caught:
        action()
    return str(caught.value)


def test_a_folder_is_read_without_links_hidden_files_and_caches(tmp_path):
    outside = tmp_path / "secret.txt"
    outside.write_text("secret")
    extra = {".git/config": b"x", "__pycache__/a.pyc": b"x", "venv/lib.py": b"x", "a.pyc": b"x", ".env": b"x"}
    folder = folder_of(tmp_path, {**FILES, **extra})
    (folder / "link.txt").symlink_to(outside)
    (folder / "linked").symlink_to(tmp_path)
    assert model_files.read_folder(folder) == FILES


def test_a_folder_without_its_two_files_is_refused_by_name(tmp_path):
    said = words(lambda: model_files.read_folder(folder_of(tmp_path, {"README.md": b"x"})))
    assert said == "model/manifest.json: it is missing. Add the file.\nmodel/function.py: it is missing. Add the file."


def test_a_folder_of_too_many_files_or_bytes_is_refused(tmp_path, monkeypatch):
    folder = folder_of(tmp_path, FILES)
    monkeypatch.setattr(model_files, "MAX_FILES", 2)
    assert "more than 2 files" in words(lambda: model_files.read_folder(folder))
    monkeypatch.setattr(model_files, "MAX_FILES", 3)
    monkeypatch.setattr(model_files, "MAX_BYTES", 10)
    assert "more than 3 files or 0 MB" in words(lambda: model_files.read_folder(folder))


@pytest.mark.skipif(os.name == "nt", reason="names of files are text there")
def test_a_file_whose_name_is_not_utf_8_is_refused(tmp_path):
    folder = folder_of(tmp_path, FILES)
    (folder / os.fsdecode(b"rates\xff.csv")).write_bytes(b"x")
    assert "the name is not UTF-8. Rename the file." in words(lambda: model_files.read_folder(folder))


@given(st.dictionaries(st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5})?\.csv", fullmatch=True), st.binary(max_size=40)))
def test_what_is_packed_comes_back_and_equal_files_give_equal_archives(files):
    assert model_files.unpack(model_files.pack(files)) == files
    backwards = dict(reversed(files.items()))
    assert model_files.pack(backwards) == model_files.pack(files)
    assert model_files.content_hash(backwards) == model_files.content_hash(files)


def test_the_hash_tells_names_from_contents():
    hashes = [{"a": b"bc"}, {"ab": b"c"}, {"a": b"b", "c": b""}, {"a": b"", "bc": b""}, {}]
    assert len({model_files.content_hash(files) for files in hashes}) == len(hashes)


@pytest.mark.parametrize("name", ["../evil", "/etc/passwd", "a/../../evil", "a\\..\\evil", ".."])
def test_an_archive_that_names_a_file_outside_the_folder_is_refused(name, tmp_path):
    assert "not a name inside the folder" in words(lambda: model_files.unpack(archive_of((name, b"x"))))
    assert "not a name inside the folder" in words(lambda: model_files.install({name: b"x"}, tmp_path / "v" / "target"))
    assert not (tmp_path / "evil").exists()
    assert list((tmp_path / "v").iterdir()) == [tmp_path / "v" / ".lock"]


def test_an_archive_that_inflates_beyond_the_limit_is_stopped_while_it_inflates(monkeypatch):
    monkeypatch.setattr(model_files, "MAX_BYTES", 1_000_000)
    bomb = archive_of(("a", b"0" * 700_000), ("b", b"0" * 700_000), compression=zipfile.ZIP_DEFLATED)
    assert len(bomb) < 10_000
    assert "inflates to more than 1 MB" in words(lambda: model_files.unpack(bomb))


def test_an_archive_of_too_many_files_is_refused(monkeypatch):
    monkeypatch.setattr(model_files, "MAX_FILES", 2)
    assert "more than 2 files" in words(lambda: model_files.unpack(archive_of(*((f"f{i}", b"") for i in range(3)))))


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_an_archive_that_holds_a_name_twice_is_refused():
    assert "more than once" in words(lambda: model_files.unpack(archive_of(("a", b"1"), ("a", b"2"))))


def test_what_is_not_a_whole_zip_file_is_refused():
    good = archive_of(("a", b"x" * 5_000), compression=zipfile.ZIP_DEFLATED)
    for broken in (b"", b"PK", good[:-30], good[:40] + b"\xff" * 10 + good[50:]):
        assert "not a zip file that can be read" in words(lambda broken=broken: model_files.unpack(broken))


def test_an_archive_with_a_password_is_refused():
    entry = bytearray(archive_of(("a", b"x")))
    entry[6] |= 1  # the flag of the local entry
    entry[entry.index(b"PK\x01\x02") + 8] |= 1  # and of the directory's
    assert "not a zip file that can be read" in words(lambda: model_files.unpack(bytes(entry)))


def test_an_installed_folder_holds_the_files_readable_for_all_and_writable_for_none(tmp_path):
    target = tmp_path / "versions" / "abc"
    model_files.install(FILES, target)
    assert model_files.read_folder(target) == FILES
    assert {stat.S_IMODE(p.stat().st_mode) for p in target.rglob("*") if p.is_file()} == {0o444}
    assert {stat.S_IMODE(p.stat().st_mode) for p in (target, target / "data")} == {0o755}


def test_an_install_that_fails_leaves_nothing_behind(tmp_path):
    target = tmp_path / "versions" / "abc"
    said = words(lambda: model_files.install({**FILES, "data": b"x", "data/more.csv": b"x"}, target))
    assert "the name of a file and of a folder" in said
    assert [p.name for p in target.parent.iterdir()] == [".lock"]


def test_a_folder_that_is_installed_already_is_left_as_it_is(tmp_path):
    target = tmp_path / "versions" / "abc"
    model_files.install(FILES, target)
    model_files.install({"other": b"x"}, target)
    assert model_files.read_folder(target) == FILES


def test_installs_of_one_version_at_once_give_one_whole_folder(tmp_path):
    target = tmp_path / "versions" / "abc"
    files = {f"f{i}.csv": bytes(1_000) for i in range(50)} | FILES
    start = threading.Barrier(8)

    def install(_number):
        start.wait()
        model_files.install(files, target)
        return model_files.read_folder(target)

    with ThreadPoolExecutor(8) as pool:
        assert all(found == files for found in pool.map(install, range(8)))
    assert sorted(p.name for p in target.parent.iterdir()) == [".lock", "abc"]
