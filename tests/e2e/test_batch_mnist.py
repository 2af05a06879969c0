"""The known model over the known pictures, as files: exactly as many digits right as anywhere else."""

import gzip
import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image

from daybreak.cli.main import main
from daybreak.testing import packages

MNIST = Path(__file__).parents[3] / "shared" / "data" / "mnist"
RIGHT = 9_891

pytestmark = pytest.mark.skipif(not MNIST.is_dir(), reason="the MNIST test images are not at ../shared/data/mnist")


def png(pixels):
    held = io.BytesIO()
    Image.fromarray(pixels).save(held, "PNG", compress_level=0)
    return held.getvalue()


@pytest.fixture(scope="module")
def mnist(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mnist")
    pictures = np.frombuffer(
        gzip.decompress((MNIST / "t10k-images-idx3-ubyte.gz").read_bytes())[16:], np.uint8
    ).reshape(-1, 28, 28)
    digits = np.frombuffer(gzip.decompress((MNIST / "t10k-labels-idx1-ubyte.gz").read_bytes())[8:], np.uint8)
    packages.mnist(folder / "model", MNIST / "mnist.onnx")
    files = [png(picture) for picture in pictures]
    pq.write_table(pa.table({"image": files, "digit": digits}), folder / "pictures.parquet")
    (folder / "pictures").mkdir()
    for place, data in enumerate(files[:300]):
        (folder / "pictures" / f"{place:05d}.png").write_bytes(data)
    return folder, digits


def batch(capsys, *words):
    with pytest.raises(SystemExit) as ended:
        main(["batch", *map(str, words), "--json"])
    assert ended.value.code == 0
    return json.loads(capsys.readouterr().out)


def test_pictures_in_a_table(mnist, tmp_path, capsys):
    folder, _ = mnist
    told = batch(capsys, folder / "model", folder / "pictures.parquet", "-o", tmp_path / "out", "--keep", "true=digit")
    assert (told["rows"], told["rejected"]) == (10_000, 0)
    rows = pa.concat_tables([pq.read_table(part) for part in sorted((tmp_path / "out").glob("*.parquet"))]).to_pydict()
    assert sum(int(label) == digit for label, digit in zip(rows["digit"], rows["true"], strict=True)) == RIGHT


def test_a_folder_of_pictures(mnist, tmp_path, capsys):
    folder, digits = mnist
    told = batch(capsys, folder / "model", folder / "pictures", "-o", tmp_path / "out", "--format", "jsonl")
    lines = [json.loads(line) for line in (tmp_path / "out" / "part-00000-00000.jsonl").read_text().splitlines()]
    assert told["rows"] == len(lines) == 300
    right = sum(line["prediction"]["digit"]["label"] == str(digits[line["row"]]) for line in lines)
    assert right == 297, "as many as the model gets right of the first 300, asked without files"
    assert lines[7]["file"].endswith("pictures/00007.png")
