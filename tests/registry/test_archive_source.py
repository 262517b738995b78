"""Zip archives and uploaded folders: whole ones are taken, hostile ones refused before anything is inflated."""

import io
import stat
import zipfile
import zlib

import pytest

from contract.errors import SourceError
from registry import archive_source
from registry.archive_source import read_upload, read_zip
from tests.registry.git_server import FUNCTION, MANIFEST

FILES = {"manifest.json": MANIFEST, "function.py": FUNCTION}


def packed(files, *, entries=()):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name, content)
        for info, content in entries:
            archive.writestr(info, content)
    return buffer.getvalue()


def entry(name, mode=0):
    made = zipfile.ZipInfo("placeholder")
    made.filename = name
    made.external_attr = mode << 16
    return made


def refused(content, **given):
    with pytest.raises(SourceError) as caught:
        read_zip(content, **given)
    return " ".join(str(p) for p in caught.value.problems)


def test_a_folder_is_read_with_or_without_its_outer_folder_and_without_what_is_hidden():
    plain = {name: text.encode() for name, text in FILES.items()}
    assert read_zip(packed(FILES)) == plain
    outer = {f"models-main/{name}": text for name, text in FILES.items()}
    hidden = {"models-main/.git/config": "x", "models-main/__pycache__/a.pyc": "x"}
    assert read_zip(packed({**outer, **hidden})) == plain
    assert read_zip(packed({**FILES, "__MACOSX/._function.py": "x", ".DS_Store": "x"})) == plain


def test_a_subfolder_is_found_and_others_are_named_where_none_is_given():
    held = {f"models-main/{slug}/{name}": text for slug in ("lapse", "annuity") for name, text in FILES.items()}
    assert set(read_zip(packed(held), subfolder="lapse")) == set(FILES)
    assert "annuity, lapse" in refused(packed(held))
    assert "no folder 'x'" in refused(packed(held), subfolder="x")
    assert "function.py: it is missing" in refused(packed({"manifest.json": MANIFEST}))


@pytest.mark.parametrize("name", ["../evil.py", "/etc/cron.d/x", "a/../../x", "..\\evil.py", "C:/x.py", "a\\b"])
def test_a_name_that_leads_out_is_refused(name):
    assert "not a name inside" in refused(packed(FILES, entries=[(entry(name), "x")]))


def test_links_devices_and_files_of_one_name_are_refused():
    link = entry("data.csv", stat.S_IFLNK | 0o777)
    fifo = entry("pipe", stat.S_IFIFO | 0o644)
    found = refused(packed(FILES, entries=[(link, "/etc/passwd"), (fifo, "")]))
    assert "symbolic link" in found
    assert "no plain file" in found
    with pytest.warns(UserWarning, match="Duplicate"):
        twice = packed(FILES, entries=[(entry("function.py"), "x")])
    assert "more than once" in refused(twice)
    assert "in case or accents only" in refused(packed({**FILES, "Data.csv": "1", "data.CSV": "2"}))
    assert "a file and a folder" in refused(packed({**FILES, "a": "1", "a/b": "2"}))


def test_a_bomb_is_refused_after_the_bytes_it_may_inflate_to_whatever_it_says_of_its_size(monkeypatch):
    read = []
    real = zlib.decompressobj

    def counted(*arguments):
        made = real(*arguments)

        class Counted:
            def decompress(self, *given):
                out = made.decompress(*given)
                read.append(len(out))
                return out

            def __getattr__(self, name):
                return getattr(made, name)

        return Counted()

    monkeypatch.setattr(zipfile.zlib, "decompressobj", counted)
    bomb = packed({**FILES, "a.csv": b"0" * 200_000_000})
    assert len(bomb) < 1_000_000
    assert "inflates to more than 50 MB" in refused(bomb)
    assert sum(read) < 60_000_000
    small = bomb.replace((200_000_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    with pytest.raises(SourceError):
        read_zip(small)


def test_a_damaged_an_encrypted_and_a_foreign_file_are_refused(monkeypatch):
    assert "not a zip file" in refused(b"hello")
    whole = packed(FILES)
    assert refused(whole[: len(whole) // 2])
    damaged = bytearray(whole)
    damaged[45] ^= 0xFF
    assert refused(bytes(damaged))
    locked = bytearray(whole)
    at = whole.index(b"PK\x01\x02")
    locked[at + 8] |= 1
    assert "encrypted" in refused(bytes(locked))
    monkeypatch.setattr(archive_source, "ARCHIVE_BYTES", 10)
    assert "larger than" in refused(whole)


def test_too_many_files_are_refused():
    assert "more than 500 files" in refused(packed({**FILES, **{f"f{i}": "" for i in range(500)}}))


def test_an_uploaded_folder_is_held_to_the_same():
    uploaded = [(f"annuity/{name}", text.encode()) for name, text in FILES.items()]
    assert set(read_upload([*uploaded, ("annuity/.git/config", b"x")])) == set(FILES)
    for more, words in ((("annuity/../x", b""), "not a name inside"), (("annuity/FUNCTION.py", b""), "in case")):
        with pytest.raises(SourceError, match=words):
            read_upload([*uploaded, more])
    with pytest.raises(SourceError, match="missing"):
        read_upload(uploaded[:1])
