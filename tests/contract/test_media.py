"""Which content may be shown, and what a result says about its images, audio and video."""

import pytest

from contract.media import MediaKind, is_of_kind, media_items, media_type, read_media
from contract.result import parse_result
from tests.media_files import HTML, MP4, SVG, WEBM, picture, sound

STORED = {"file": "images/1.png", "type": "image/png", "size": 90, "width": 8, "height": 6, "sha256": "a" * 64}


@pytest.mark.parametrize("form", ["PNG", "JPEG", "GIF", "WEBP"])
def test_an_image_is_known_by_its_content(form):
    assert media_type(picture(form)) == f"image/{form.lower()}"


def test_sound_and_film_are_known_by_their_content():
    assert (media_type(sound()), media_type(MP4), media_type(WEBM)) == ("audio/wav", "video/mp4", "video/webm")


@pytest.mark.parametrize("content", [SVG, HTML, b"", b"text", b"%PDF-1.7", b"PK\x03\x04", b"\x7fELF"])
def test_what_could_run_or_is_nothing_to_look_at_has_no_type(content):
    assert media_type(content) is None


def test_a_type_belongs_to_one_key():
    assert is_of_kind(MediaKind.IMAGES, "image/png")
    assert not is_of_kind(MediaKind.VIDEO, "image/png")
    assert not is_of_kind(MediaKind.IMAGES, "image/svg+xml")
    assert not is_of_kind(MediaKind.IMAGES, None)


def test_items_come_as_a_list_as_one_or_by_title():
    assert media_items([{"file": "a.png"}, "b.png"]) == [{"file": "a.png"}, {"file": "b.png"}]
    assert media_items({"file": "a.png", "alt": "A"}) == [{"file": "a.png", "alt": "A"}]
    assert media_items({"Loss": "a.png", "Gain": {"base64": "eA=="}}) == [
        {"title": "Loss", "file": "a.png"},
        {"title": "Gain", "base64": "eA=="},
    ]
    assert media_items(5) is None
    assert media_items([5]) is None
    assert media_items({"Loss": 5}) is None


def test_a_stored_image_is_read_with_its_words_and_size():
    (one,) = read_media(
        MediaKind.IMAGES, [{"title": "Losses", "alt": "A falling line", "caption": "By year", **STORED}]
    )
    assert (one.title, one.alt, one.caption) == ("Losses", "A falling line", "By year")
    assert (one.file, one.type, one.width, one.height) == ("images/1.png", "image/png", 8, 6)


def test_without_words_the_title_stands_for_the_picture():
    (one,) = read_media(MediaKind.IMAGES, [STORED])
    assert (one.title, one.alt) == ("Image 1", "Image 1")


def test_what_a_model_says_about_the_type_counts_only_once_it_is_stored():
    (one,) = read_media(MediaKind.IMAGES, [{"file": "x.html", "type": "text/html", "sha256": "a"}])
    assert (one.file, one.type) == (None, None)
    (one,) = read_media(MediaKind.IMAGES, [{"file": "/etc/passwd", "type": "image/png"}])
    assert (one.file, one.type) == (None, None)


def test_a_result_with_media_is_not_empty_and_what_is_none_goes_under_more():
    result = parse_result({"images": [STORED], "audio": 5})
    assert [m.kind for m in result.media] == [MediaKind.IMAGES]
    assert not result.empty
    assert result.extras == {"audio": 5}
    assert any("audio is not a list of" in w for w in result.warnings)
