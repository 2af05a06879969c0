"""Whatever stands in a file, reading it works or says why not: never a traceback."""

import io
import wave

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image

from daybreak.base.errors import UsageError
from daybreak.readers.media import Broken
from daybreak.readers.opening import open_sides
from daybreak.readers.pictures import Pictures
from daybreak.readers.request import Request
from daybreak.readers.sounds import Sounds

CELLS = st.sampled_from(
    [
        "",
        "1",
        "-2.5",
        "NA",
        "x",
        "true",
        "2024-01-01",
        '"',
        '"a,b"',
        "1e999",
        "007",
        "é",
        " a",
        "0x10",
        "[1]",
        "{}",
        "13/13/2024",
    ]
)
TABLES = st.lists(st.lists(CELLS, max_size=4).map(",".join), max_size=12).map("\n".join).map(str.encode)


def read_all(path):
    try:
        found = open_sides(Request(train=path, test=path))
        for side in found.sides.values():
            for batch in side.batches():
                batch.validate(full=True)
            side.show(0)
    except UsageError as error:
        assert str(error)  # noqa: PT017


@pytest.mark.parametrize(
    "name", ["a.csv", "a.tsv", "a.txt", "a.jsonl", "a.json", "a.npy", "a.npz", "a.parquet", "a.arrow", "a.csv.gz"]
)
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.one_of(st.binary(max_size=200), TABLES))
def test_files_of_anything(tmp_path, name, data):
    path = tmp_path / name
    path.write_bytes(data)
    read_all(path)


def picture():
    buffer = io.BytesIO()
    Image.fromarray(np.arange(300, dtype=np.uint8).reshape(10, 10, 3)).save(buffer, "PNG")
    return buffer.getvalue()


def recording():
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(8000)
        file.writeframes(bytes(range(200)) * 4)
    return buffer.getvalue()


@pytest.mark.parametrize(("decoder", "whole"), [(Pictures(), picture()), (Sounds(), recording())], ids=["png", "wav"])
@settings(max_examples=80, deadline=None)
@given(damage=st.lists(st.tuples(st.integers(0, 300), st.integers(0, 255)), max_size=6), cut=st.integers(0, 400))
def test_damaged_pictures_and_recordings_are_broken_or_read(decoder, whole, damage, cut):
    data = bytearray(whole[: max(0, len(whole) - cut)])
    for at, value in damage:
        if at < len(data):
            data[at] = value
    try:
        found = decoder.decode(bytes(data), "a")
    except Broken as error:
        assert str(error)  # noqa: PT017
    else:
        assert len(found["@digest"]) == 16
