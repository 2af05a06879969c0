"""Segments: what one process appends, another reads once and in order, whatever was torn off at the end."""

import contextlib
import os

import pytest
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


def test_a_swept_segment_that_its_writer_still_has_open_is_followed_by_another(tmp_path):
    writer, reader = Writer(tmp_path, 0), Reader(tmp_path)
    writer.add(prediction(0))
    writer.flush()
    assert list(reader.poll()) == [prediction(0)]
    assert events.sweep(tmp_path, 1e12, reader.offsets) == 1
    writer.add(prediction(1))
    writer.flush()
    assert list(reader.poll()) == [prediction(1)]


@pytest.mark.parametrize("held", [b"", b"{}"])
def test_a_segment_stays_until_every_reader_has_read_it(tmp_path, held):
    writer, reader = Writer(tmp_path, 0), Reader(tmp_path)
    writer.add(prediction(0))
    writer.close()
    list(reader.poll())
    events.hold(tmp_path, "other", {})
    (tmp_path / f"other{events.HELD}").write_bytes(held)
    assert events.sweep(tmp_path, 1e12, reader.offsets) == 0
    events.hold(tmp_path, "other", reader.offsets)
    assert events.sweep(tmp_path, 1e12, reader.offsets) == 1
    events.hold(tmp_path, "other", None)
    assert list(tmp_path.iterdir()) == []


class Disk:
    """Takes so many bytes, then none, in place of `os.write`."""

    def __init__(self):
        self.room, self.write = 0, os.write

    def __call__(self, file, data):
        if not self.room:
            raise OSError(28, "No space left on device")
        written = self.write(file, data[: self.room])
        self.room -= written
        return written


@pytest.fixture
def disk(monkeypatch):
    full = Disk()
    monkeypatch.setattr(events.os, "write", full)
    return full


@given(rooms=st.lists(st.integers(0, 90), max_size=25), largest=st.integers(1, 200), most=st.integers(300, 800))
def test_a_full_disk_costs_the_oldest_records_and_tears_none(tmp_path_factory, rooms, largest, most):
    folder, full = tmp_path_factory.mktemp("events"), Disk()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(events.os, "write", full)
        patch.setattr(events, "LARGEST", largest)
        patch.setattr(events, "MOST", most)
        writer = Writer(folder, 0)
        for number, room in enumerate(rooms):
            writer.add(prediction(number))
            full.room = room
            with contextlib.suppress(OSError):
                writer.flush()
        full.room = 1 << 20
        writer.close()
    told = sorted(Reader(folder).poll(), key=lambda event: event.at)
    assert len(told) + writer.dropped == len(rooms)
    assert not told or told[-1] == prediction(len(rooms) - 1)


def test_what_waits_for_a_full_disk_is_bounded_and_what_is_dropped_is_logged(tmp_path, monkeypatch, disk, caplog):
    monkeypatch.setattr(events, "MOST", 1_000)
    writer = Writer(tmp_path, 0)
    for number in range(100):
        writer.add(prediction(number))
        with pytest.raises(OSError, match="No space left"):
            writer.flush()
    disk.room = 1 << 20
    writer.close()
    told = list(Reader(tmp_path).poll())
    assert told == [prediction(number) for number in range(writer.dropped, 100)]
    assert 10 < len(told) < 30
    assert "the oldest are dropped" in caplog.text


def test_a_segment_that_could_not_be_begun_is_begun_later(tmp_path):
    folder = tmp_path / "events"
    writer = Writer(folder, 0)
    folder.rmdir()
    writer.add(prediction(0))
    for _ in range(2):
        with pytest.raises(FileNotFoundError):
            writer.flush()
    folder.mkdir()
    writer.close()
    assert list(Reader(folder).poll()) == [prediction(0)]
