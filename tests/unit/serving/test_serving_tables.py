"""CSV bodies: what is no table of the inputs is refused in words."""

import pytest

from daybreak.base.errors import BadRow
from daybreak.serving.tables import decoded_csv
from daybreak.signature.codec import Codec
from daybreak.signature.fields import Field, Output, Signature

CODEC = Codec(
    Signature(
        (Field("age", "number"), Field("pixels", "tensor", shape=(2,), optional=True)), (Output("price", "number"),)
    )
)


def test_a_line_is_a_row():
    rows = decoded_csv(CODEC, b'age,pixels\r\n7,"[1, 2]"\r\n')
    columns = CODEC.columns(rows)
    assert (columns["age"].tolist(), columns["pixels"].tolist()) == ([7.0], [[1.0, 2.0]])


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b"age,age\n7,8\n", "a name stands twice in age, age"),
        (b"age,pixels\n7," + b"[" * 80_000 + b"\n", "'pixels' is not"),
        (b"age\n7,8\n", "as many cells as the header"),
    ],
)
def test_what_is_no_table_of_the_inputs_is_refused(body, why):
    with pytest.raises(BadRow, match=why) as caught:
        decoded_csv(CODEC, body)
    assert caught.value.code == "bad_csv"
