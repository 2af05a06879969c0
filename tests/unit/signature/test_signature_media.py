"""Pictures and recordings as rows hold them, and what is refused before it is unpacked."""

import base64
import io
import json
import zlib

import numpy as np
import pytest
import soundfile
from PIL import Image

from daybreak.base.errors import BadRow
from daybreak.signature.codec import make
from daybreak.signature.fields import Field, Output, Signature
from daybreak.signature.media import read, resampled

GREY = Field("image", "image", shape=(28, 28, 1))
COLOUR = Field("image", "image", shape=(None, None, 3))
SOUND = Field("sound", "audio", rate=8000)


def png(pixels, kind="PNG", **told):
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, kind, **told)
    return held.getvalue()


def wav(samples, rate=8000):
    held = io.BytesIO()
    soundfile.write(held, samples, rate, format="WAV")
    return held.getvalue()


def decoded(field, data, head=""):
    codec = make(Signature((field,), (Output("answer", "label", classes=("a", "b")),)))
    return codec.columns(codec.decode(json.dumps({field.name: head + base64.b64encode(data).decode()}).encode()))[
        field.name
    ][0]


def test_a_picture_comes_in_the_fields_channels():
    pixels = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert (decoded(COLOUR, png(pixels)) == pixels).all()
    assert decoded(GREY, png(pixels), "data:image/png;base64,").shape == (2, 2, 1)
    assert decoded(COLOUR, png(pixels[:, :, 0])).shape == (2, 2, 3)


def test_sixteen_bit_grey_keeps_its_range():
    assert decoded(GREY, png(np.array([[0, 65535]], np.uint16)))[0, :, 0].tolist() == [0, 255]


def test_a_picture_is_turned_as_its_exif_says():
    turned = Image.Exif()
    turned[0x0112] = 6
    assert decoded(GREY, png(np.zeros((2, 5), np.uint8), "JPEG", exif=turned)).shape == (5, 2, 1)


@pytest.mark.parametrize(
    "data", [b"", b"GIF89a", png(np.arange(900, dtype=np.uint8).reshape(30, 30) * 7 % 251)[:120], b"\x89PNG\r\n\x1a\n"]
)
def test_what_is_no_whole_picture_is_refused(data):
    with pytest.raises(BadRow, match="'image' is no whole PNG") as caught:
        decoded(GREY, data)
    assert (caught.value.code, caught.value.where) == ("bad_media", "image")


def test_a_small_file_that_would_unpack_to_a_huge_picture_is_refused():
    def chunk(kind, body):
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    for side in (6_000, 12_000, 60_000):
        head = chunk(b"IHDR", side.to_bytes(4, "big") * 2 + b"\x08\x00\x00\x00\x00")
        with pytest.raises(BadRow) as caught:
            decoded(
                GREY, b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
            )
        assert caught.value.code == "bad_media"


@pytest.mark.parametrize("text", ["no base64!", "data:image/png,abc", "abc"])
def test_text_that_is_no_base64_is_refused(text):
    codec = make(Signature((GREY,), (Output("answer", "label", classes=("a", "b")),)))
    with pytest.raises(BadRow) as caught:
        codec.decode(json.dumps([{"image": text}]).encode())
    assert (caught.value.code, caught.value.row) == ("bad_media", 0)


def test_a_recording_is_mono_at_the_fields_rate():
    tone = np.sin(np.arange(4410) / 44100 * 2 * np.pi * 440).astype(np.float32)
    held = read(SOUND, wav(np.stack([tone, tone], axis=1) * 0.5, 44100))
    wanted = 0.5 * np.sin(np.arange(800) / 8000 * 2 * np.pi * 440)
    assert held.dtype == np.float32
    assert np.abs(held - wanted)[20:-20].max() < 0.01


def test_a_tone_that_the_new_rate_cannot_carry_is_left_out():
    high = np.sin(np.arange(4800) / 48000 * 2 * np.pi * 6000).astype(np.float32)
    assert np.abs(resampled(high, 48000, 8000)).max() < 1e-3


def test_a_small_file_whose_header_says_a_low_rate_is_refused():
    with pytest.raises(BadRow, match="4,000 samples at 1 Hz are 32,000,000 at the field's 8,000 Hz") as caught:
        read(SOUND, wav(np.ones(4_000, np.float32), 1))
    assert (caught.value.code, caught.value.where) == ("bad_media", "sound")


@pytest.mark.parametrize("data", [b"", b"RIFF", wav(np.zeros(0, np.float32)), wav(np.zeros(9))[:30]])
def test_what_is_no_recording_is_refused(data):
    with pytest.raises(BadRow) as caught:
        read(SOUND, data)
    assert caught.value.code == "bad_media"


def encoded(format: str) -> bytes:  # noqa: A002
    held = io.BytesIO()
    soundfile.write(held, np.sin(np.arange(4000) / 9).astype(np.float32) / 2, 8000, format=format)
    return held.getvalue()


@pytest.mark.parametrize("format", ["WAV", "FLAC"])
@pytest.mark.parametrize("share", [0.2, 0.9])
def test_a_recording_that_was_cut_off_is_refused(format, share):  # noqa: A002
    whole = encoded(format)
    assert len(read(SOUND, whole)) == 4000
    with pytest.raises(BadRow, match=r"whole") as told:
        read(SOUND, whole[: int(len(whole) * share)])
    assert told.value.code == "bad_media"


@pytest.mark.parametrize("size", [0xFFFFFFFF, 0x7FFFFFFF])
def test_a_recorder_that_streams_does_not_know_the_end_of_its_wav(size):
    whole = encoded("WAV")
    at = whole.index(b"data") + 4
    assert len(read(SOUND, whole[:at] + size.to_bytes(4, "little") + whole[at + 4 :])) == 4000
