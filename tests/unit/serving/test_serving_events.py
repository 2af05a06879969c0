"""Segments: what one process appends, another reads once and in order, whatever was torn off at the end."""

from hypothesis import given
from hypothesis import strategies as st

from daybreak.serving import events
from daybreak.serving.events import Feedback, Prediction, Reader, Writer


def prediction(number):
    return Prediction(f"id-{number}", float(number), "champion", 1, 0.001, "seven", 0.9)


@given(st.lists(st.integers(0, 20), max_size=8))
def test_each_record_is_told_once_however_often_one_looks(tmp_path_factory, batches):
    folder = tmp_path_factory.mktemp("events")
    writer, reader, told, number = Writer(folder, 0), Reader(folder), [], 0
    for size in batches:
        for _ in range(size):
            writer.add(prediction(number))
            number += 1
        writer.flush()
        told += reader.poll()

    assert told == [prediction(one) for one in range(number)]


def test_a_reader_goes_on_where_another_was(tmp_path):
    writer, first = Writer(tmp_path, 0), Reader(tmp_path)
    writer.add(prediction(0))
    writer.flush()
    assert list(first.poll()) == [prediction(0)]
    feedback = Feedback("id-0", 5.0, "champion", 1, "truth", truth="seven")
    writer.add(feedback)
    writer.close()

    assert list(Reader(tmp_path, first.offsets).poll()) == [feedback]


def test_a_record_that_a_kill_tore_is_left_out(tmp_path):
    killed = Writer(tmp_path, 0)
    killed.add(prediction(0))
    killed.add(prediction(1))
    killed.close()
    (segment,) = tmp_path.glob("*.events")
    segment.write_bytes(segment.read_bytes()[:-3])
    other = Writer(tmp_path, 1)
    other.add(prediction(2))
    other.close()

    assert list(Reader(tmp_path).poll()) == [prediction(0), prediction(2)]


def test_segments_end_and_are_swept_once_they_were_read(tmp_path, monkeypatch):
    monkeypatch.setattr(events, "LARGEST", 100)
    writer, reader = Writer(tmp_path, 0), Reader(tmp_path)
    for number in range(10):
        writer.add(prediction(number))
        writer.flush()
    writer.close()
    assert len(list(tmp_path.iterdir())) > 2
    assert events.sweep(tmp_path, 1e12, reader.offsets) == 0  # nobody read them yet

    assert len(list(reader.poll())) == 10
    assert events.sweep(tmp_path, 1e12, reader.offsets) > 2
    assert list(reader.poll()) == []
    assert reader.offsets == {}
