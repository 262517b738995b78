"""Names of files in a model's folder: those that no version can hold are refused before anything is written."""

import io
import os
import zipfile

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


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
def test_an_archive_that_holds_a_name_twice_is_refused():
    assert "more than once" in words(lambda: model_files.unpack(archive_of(("a", b"1"), ("a", b"2"))))


def test_an_install_that_fails_leaves_nothing_behind(tmp_path):
    target = tmp_path / "versions" / "abc"
    said = words(lambda: model_files.install({**FILES, "data": b"x", "data/more.csv": b"x"}, target))
    assert "the name of a file and of a folder" in said
    assert [p.name for p in target.parent.iterdir()] == [".lock"]
