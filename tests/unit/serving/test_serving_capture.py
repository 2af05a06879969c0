"""Which requests are kept is told by their ids; what is kept is what the plain route would take."""

import base64
import io

import numpy as np
import pytest
import soundfile

from daybreak.serving.capture import LARGEST, bounded, chosen, rows_of
from daybreak.serving.ids import Ids
from daybreak.signature.codec import make
from daybreak.signature.columns import objects
from daybreak.signature.fields import Field, Output, Signature

IDS = Ids(b"k" * 32)
GIVEN = [IDS.issue("champion", 1, float(place)) for place in range(4_000)]


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_about_the_share_that_is_wanted_is_kept(share):
    kept = sum(chosen(one, share) for one in GIVEN)
    assert abs(kept / len(GIVEN) - share) < 0.03


def test_a_larger_share_keeps_what_a_smaller_one_keeps():
    few = {one for one in GIVEN if chosen(one, 0.1)}
    assert few < {one for one in GIVEN if chosen(one, 0.2)}


def test_rows_can_be_asked_again():
    signature = Signature(
        (
            Field("age", "number", nullable=True),
            Field("word", "category", optional=True),
            Field("pixels", "tensor", shape=(2, 2)),
            Field("image", "image", shape=(3, 4, 3)),
            Field("sound", "audio", rate=8_000),
        ),
        (Output("y", "number"),),
    )
    picture = np.arange(36, dtype=np.uint8).reshape(3, 4, 3)
    sound = np.linspace(-0.5, 0.5, 80, dtype=np.float32)
    columns = {
        "age": np.array([1.5, np.nan], np.float32),
        "word": objects(["a", None]),
        "pixels": np.ones((2, 2, 2), np.float32),
        "image": objects([picture, picture]),
        "sound": objects([sound, sound]),
    }
    rows = rows_of(signature, columns)
    assert (rows[1]["age"], rows[1]["word"], rows[0]["pixels"]) == (None, None, [[1, 1], [1, 1]])
    assert soundfile.info(io.BytesIO(base64.b64decode(rows[0]["sound"]))).samplerate == 8_000
    codec = make(signature)
    again = codec.columns(codec.take(rows))
    assert (again["image"][0] == picture).all()
    assert again["sound"][1] == pytest.approx(sound)
    assert [{*row} for row in rows_of(signature, {"age": columns["age"]})] == [{"age"}, {"age"}]


def test_what_is_too_large_is_told_and_left_out():
    assert bounded([{"x": "a" * LARGEST}]) == b'{"left_out":%d}' % (LARGEST + 10)
