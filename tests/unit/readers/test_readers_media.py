import io
import wave
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from opened_data import notes, opened, real, rows, types, write
from PIL import Image

from daybreak.base.errors import UsageError


def noise(seed, shape=(80, 100, 3)):
    return np.random.default_rng(seed).integers(0, 256, shape).astype(np.uint8)


def save(pixels, path, **options):
    path.parent.mkdir(parents=True, exist_ok=True)
    (pixels if isinstance(pixels, Image.Image) else Image.fromarray(pixels)).save(path, **options)


def tone(path, samples, rate=8000, width=2, channels=1):
    path.parent.mkdir(parents=True, exist_ok=True)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(samples)


@pytest.fixture
def pets(tmp_path):
    for side, count in (("train", 4), ("test", 2)):
        for label in ("cat", "dog"):
            for i in range(count):
                save(noise(hash((side, label, i)) % 1000), tmp_path / side / label / f"{i}.png")
    return tmp_path


def test_folders_by_class_within_train_and_test(pets):
    found = opened(data=pets)
    assert found.about.rows == {"train": 8, "test": 4}
    assert (found.about.target.name, found.about.classes) == ("label", ("cat", "dog"))
    assert found.about.column("@content").shape == (32, 32, 3)
    assert types(found)["@digest"] == "digest"
    table = rows(found)
    assert table["@name"].to_pylist()[:2] == ["cat/0.png", "cat/1.png"]
    assert table["@meta.width"].to_pylist() == [100] * 8
    shown = found.sides["test"].show(0)
    assert shown["@content"].startswith("data:image/png;base64,")
    assert shown["label"] == "cat"


def test_one_picture_saved_in_many_ways_has_one_digest(tmp_path):
    gray = noise(1, (40, 50))
    turned = Image.fromarray(np.rot90(gray, 1))
    exif = Image.Exif()
    exif[0x0112] = 6  # turn it by 90 degrees to see it
    save(gray, tmp_path / "a_gray.png")
    save(np.repeat(gray[..., None], 3, 2), tmp_path / "b_rgb.png")
    save(Image.fromarray(gray).convert("P"), tmp_path / "c_palette.png")
    save(np.dstack([gray, gray, gray, np.full_like(gray, 255)]), tmp_path / "d_alpha.tif")
    save(gray.astype(np.uint16) * 257, tmp_path / "e_deep.png")
    save(turned, tmp_path / "f_turned.png", exif=exif)
    save(gray, tmp_path / "g_other.bmp")
    save(noise(2, (40, 50)), tmp_path / "z_different.png")
    digests = rows(opened(train=tmp_path, test=tmp_path))["@digest"].to_pylist()
    assert len({*digests[:7]}) == 1
    assert digests[7] != digests[0]


def test_small_pictures_of_one_size_are_kept_as_they_are(tmp_path):
    for i in range(3):
        save(noise(i, (28, 28)), tmp_path / f"{i}.png")
    found = opened(train=tmp_path, test=tmp_path)
    assert found.about.column("@content").shape == (28, 28, 1)
    assert rows(found)["@content"][0].as_py() == noise(0, (28, 28)).ravel().tolist()


def test_broken_pictures_are_listed_left_out_and_counted(pets):
    (pets / "train/cat/8.png").write_bytes(b"no picture")
    (pets / "train/cat/9.png").write_bytes((pets / "train/cat/1.png").read_bytes()[:3000])
    found = opened(data=pets)
    assert found.about.rows["train"] == 8
    note = notes(found)["input.unreadable"]
    assert note.measured == {"left_out": 2, "of": 10}
    assert note.files == ("cat/8.png", "cat/9.png")


def test_nothing_but_broken_pictures(tmp_path):
    (tmp_path / "a.png").write_bytes(b"x")
    with pytest.raises(UsageError, match="none of the 1 pictures"):
        opened(train=tmp_path, test=tmp_path)


def test_labels_and_patients_from_a_table_beside_the_pictures(tmp_path):
    for i in range(4):
        save(noise(i), tmp_path / "scans" / f"scan{i}.png")
    write(
        tmp_path / "scans" / "labels.csv",
        "file,finding,patient",
        *(f"scan{i}.png,{'ab'[i % 2]},p{i // 2}" for i in range(4)),
    )
    split = write(tmp_path / "split.csv", "sample,split", *(f"scan{i},{'train' if i else 'test'}" for i in range(4)))
    found = opened(data=tmp_path / "scans", split_by=split, target="finding", group=("patient",))
    assert rows(found)["patient"].to_pylist() == ["p0", "p1", "p1"]
    assert found.about.classes == ("a", "b")


def test_a_table_that_names_pictures(tmp_path):
    for i in range(4):
        save(noise(i), tmp_path / "images" / f"{i}.png")
    train = write(tmp_path / "train.csv", "path,y", *(f"images/{i}.png,{i % 2}" for i in range(3)))
    test = write(tmp_path / "test.csv", "path,y", "images/3.png,1", "images/9.png,0")
    found = opened(train=train, test=test, target="y")
    assert types(found)["@content"] == "image"
    assert found.about.rows == {"train": 3, "test": 1}
    assert notes(found)["input.unreadable"].files == ("images/9.png",)


def test_pictures_within_parquet(tmp_path):
    def packed(seed):
        buffer = io.BytesIO()
        Image.fromarray(noise(seed)).save(buffer, "PNG")
        return {"bytes": buffer.getvalue(), "path": f"{seed}.png"}

    for side, seeds in (("train", [1, 2]), ("test", [2])):
        pq.write_table(pa.table({"image": [packed(s) for s in seeds], "label": seeds}), tmp_path / f"{side}.parquet")
    found = opened(data=tmp_path, target="label")
    assert rows(found)["@digest"][1] == rows(found, "test")["@digest"][0]
    assert found.sides["train"].show(1)["@content"].startswith("data:image/png")


def test_deep_pictures_are_scaled_by_their_set(tmp_path):
    for i, top in enumerate((900, 4000)):  # 12 bits in 16
        save((np.arange(80 * 100).reshape(80, 100) % top).astype(np.uint16), tmp_path / f"{i}.png")
    contents = rows(opened(train=tmp_path, test=tmp_path))["@content"].to_pylist()
    assert max(contents[0]) < 64
    assert 100 < max(contents[1]) < 256


def test_spoken_digits_with_the_official_split(tmp_path):
    recordings = real("fsdd/recordings")
    names = sorted(path.name for path in Path(recordings).iterdir())
    lines = [f"{name},{'test' if int(name[:-4].split('_')[2]) < 5 else 'train'}" for name in names]
    split = write(tmp_path / "split.csv", "sample,split", *lines)
    found = opened(data=recordings, split_by=split, target="@name.0", group=("@name.1",))
    assert found.about.rows == {"train": 2700, "test": 300}
    assert len(found.about.classes) == 10
    table = rows(found)
    assert {*table["@name.1"].to_pylist()} == {"george", "jackson", "lucas", "nicolas", "theo", "yweweler"}
    assert types(found)["@name.2"] == "integer"
    assert min(table["@meta.duration"].to_pylist()) > 0.14
    assert max(table["@meta.duration"].to_pylist()) < 2.3
    assert len({*table["@digest"].to_pylist(), *rows(found, "test")["@digest"].to_pylist()}) == 3000
    shown = found.sides["test"].show(0)
    assert shown["@content"].startswith("data:image/png")
    assert shown["@sound"].startswith("data:audio/wav")


def test_one_recording_in_many_forms_has_one_digest(tmp_path):
    soundfile = pytest.importorskip("soundfile")
    values = (np.sin(np.arange(8000) / 9) * 12000).astype("<i2")
    deep = np.zeros((8000, 3), np.uint8)
    deep[:, 1:] = values.view(np.uint8).reshape(-1, 2)
    tone(tmp_path / "a.wav", values.tobytes())
    tone(tmp_path / "b_24.wav", deep.tobytes(), width=3)
    tone(tmp_path / "c_32.wav", (values.astype("<i4") * 65536).tobytes(), width=4)
    tone(tmp_path / "d_stereo.wav", np.repeat(values, 2).tobytes(), channels=2)
    soundfile.write(tmp_path / "e.flac", values, 8000)
    soundfile.write(tmp_path / "f_float.wav", values / 32768, 8000, subtype="FLOAT")
    tone(tmp_path / "z.wav", (values // 2).tobytes())
    table = rows(opened(train=tmp_path, test=tmp_path))
    digests = table["@digest"].to_pylist()
    assert len({*digests[:6]}) == 1
    assert digests[6] != digests[0]
    assert table["@meta.loudness"].to_pylist()[0] - table["@meta.loudness"].to_pylist()[6] == pytest.approx(
        6.02, abs=0.01
    )


def test_energies_stand_in_the_band_of_a_tone_at_any_sample_rate(tmp_path):
    for rate in (8000, 16000, 44100):
        values = np.sin(2 * np.pi * 1000 * np.arange(rate) / rate) * 16000
        tone(tmp_path / f"{rate}.wav", values.astype("<i2").tobytes(), rate=rate)
    found = opened(train=tmp_path, test=tmp_path)
    frames, bands = found.about.column("@content").shape
    energies = np.array(rows(found)["@content"].to_pylist()).reshape(3, frames, bands)
    assert len({*energies.mean(axis=1).argmax(axis=1).tolist()}) == 1


def test_silence_is_measured_and_broken_recordings_are_left_out(tmp_path):
    loud = (np.sin(np.arange(4000)) * 9000).astype("<i2")
    quiet = np.zeros(2000, "<i2")
    tone(tmp_path / "a.wav", np.concatenate([quiet, loud, quiet, quiet]).tobytes())
    (tmp_path / "b.wav").write_bytes((tmp_path / "a.wav").read_bytes()[:900])
    (tmp_path / "c.wav").write_bytes(b"RIFF")
    (tmp_path / "d.wav").write_bytes(b"")
    tone(tmp_path / "e.wav", b"")
    found = opened(train=tmp_path, test=tmp_path)
    table = rows(found)
    assert table["@meta.silence_start"][0].as_py() == pytest.approx(0.25, abs=0.01)
    assert table["@meta.silence_end"][0].as_py() == pytest.approx(0.5, abs=0.01)
    assert notes(found)["input.unreadable"].measured == {"left_out": 4, "of": 5}


def test_texts_that_are_files(tmp_path):
    write(tmp_path / "pos" / "1.txt", "A film", "to see.")
    write(tmp_path / "pos" / "2.txt", "A  film to see.")
    write(tmp_path / "neg" / "1.txt", "A film to miss.")
    (tmp_path / "neg" / "2.txt").write_bytes("Vilo\u00e9 d\u00e9".encode("cp1252"))
    found = opened(train=tmp_path, test=tmp_path)
    table = rows(found)
    assert types(found)["@content"] == "text"
    assert table["@content"][1].as_py() == "Viloé dé"
    assert table["@digest"][2] == table["@digest"][3]


def test_a_folder_with_nothing_to_read(tmp_path):
    write(tmp_path / "a.xyz", "1")
    with pytest.raises(UsageError, match=r"holds 1 \.xyz"):
        opened(train=tmp_path, test=tmp_path)


def test_twenty_thousand_files_are_listed_in_order_and_few_are_objects_at_a_time(tmp_path):
    from daybreak.readers.walking import walk

    for folder in range(20):
        (tmp_path / f"{folder:02}").mkdir()
        for i in range(1000):
            (tmp_path / f"{folder:02}" / f"{i}.png").touch()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / ".hidden" / "x.png").touch()
    files = walk(tmp_path)
    names = files.names.to_pylist()
    assert len(files) == 20_000
    assert names == sorted(names)
    assert files.extensions == {".png": 20_000}
    assert files.names.nbytes < 20_000 * 16


def test_a_recording_whose_length_was_not_known_when_it_was_written(tmp_path):
    """As programs write to a pipe: the header announces 2**32 - 1 bytes."""
    tone(tmp_path / "a.wav", (np.sin(np.arange(4000)) * 9000).astype("<i2").tobytes())
    data = bytearray((tmp_path / "a.wav").read_bytes())
    data[4:8] = data[40:44] = b"\xff\xff\xff\xff"
    (tmp_path / "b.wav").write_bytes(data)
    table = rows(opened(train=tmp_path, test=tmp_path))
    assert table["@digest"].to_pylist()[0] == table["@digest"].to_pylist()[1]


def test_a_damaged_header_asks_for_no_gigabytes(tmp_path):
    tone(tmp_path / "a.wav", b"\0\1" * 400)
    tone(tmp_path / "b.wav", b"\0\1" * 400, rate=2**30)
    found = opened(train=tmp_path, test=tmp_path)
    assert "1,073,741,824 samples a second" in notes(found)["input.unreadable"].what


def test_labels_in_a_table_beside_a_folder_of_its_name(tmp_path):
    """As competitions give out data: train/, train.csv, test/, test.csv."""
    for side, count in (("train", 4), ("test", 2)):
        for i in range(count):
            save(noise(i + 10 * count), tmp_path / side / f"{side}{i}.jpg")
        write(tmp_path / f"{side}.csv", "id,breed", *(f"{side}{i},{'ab'[i % 2]}" for i in range(count)))
    found = opened(data=tmp_path, target="breed")
    assert found.about.rows == {"train": 4, "test": 2}
    assert found.about.classes == ("a", "b")
    assert types(found)["@content"] == "image"


def test_pictures_saved_by_hugging_face(tmp_path):
    def packed(seed):
        buffer = io.BytesIO()
        Image.fromarray(noise(seed)).save(buffer, "PNG")
        return {"bytes": buffer.getvalue(), "path": None}

    for side, seeds in (("train", [1, 2, 3]), ("test", [3])):
        folder = tmp_path / side
        folder.mkdir()
        table = pa.table(
            {"image": pa.array([packed(s) for s in seeds], pa.struct({"bytes": pa.binary(), "path": pa.string()}))}
        )
        with pa.OSFile(str(folder / "data.arrow"), "wb") as file, pa.ipc.new_stream(file, table.schema) as writer:
            writer.write_table(table)
        write(folder / "state.json", '{"_data_files": [{"filename": "data.arrow"}]}')
    write(tmp_path / "dataset_dict.json", '{"splits": ["train", "test"]}')
    found = opened(data=tmp_path)
    assert rows(found)["@digest"][2] == rows(found, "test")["@digest"][0]
    assert rows(found)["@name"].to_pylist() == ["row 0", "row 1", "row 2"]
