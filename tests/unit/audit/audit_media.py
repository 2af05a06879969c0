"""Pictures and sounds for tests: frames of them, and copies that were changed as people and programs change them."""

import gzip
import hashlib
import io
from pathlib import Path

import numpy as np
import pyarrow as pa

from daybreak.audit.about import About, Column
from daybreak.audit.frame import Frame, Part

DATA = Path(__file__).resolve().parents[4] / "shared/data"


def content_part(values, digests=None, names=None):
    """`values`: (n, ...); rows of zeros bytes are no missing ones."""
    flat = pa.FixedSizeListArray.from_arrays(pa.array(np.ascontiguousarray(values).reshape(-1)), values[0].size)
    columns = {"@content": flat}
    if digests is not None:
        columns["@digest"] = pa.array(digests, pa.binary(16))
    if names is not None:
        columns["@name"] = pa.array(names)
    return Part(pa.table(columns), np.arange(len(values)), len(values))


def content_frame(train, test, *, digested=True, names=(None, None), seed=0):
    """Pictures (uint8) or grids of energies (float32) of both sides, with digests of their bytes."""
    kind = "image" if train.dtype == np.uint8 else "audio"
    shape = train.shape[1:] if kind == "audio" or train.ndim == 4 else (*train.shape[1:], 1)
    columns = [Column("@content", kind, "content", shape)]
    columns += [Column("@digest", "digest", "content")] if digested else []
    sides = [
        content_part(values, [hashlib.md5(row.tobytes()).digest() for row in values] if digested else None, of)
        for values, of in zip((train, test), names, strict=True)
    ]
    return Frame(About(tuple(columns)), *sides, None, seed)


def changed(picture, kind, chance):
    """A copy of a picture (height, width[, 3]) of bytes."""
    from PIL import Image

    side = picture.shape[0]
    if kind == "shift":
        most = 1 if side < 16 else 2
        down, right = [(a, b) for a in range(-most, most + 1) for b in range(-most, most + 1) if a or b][
            chance.integers((2 * most + 1) ** 2 - 1)
        ]
        wide = np.pad(picture, ((most, most), (most, most)) + ((0, 0),) * (picture.ndim - 2))
        return wide[most - down : most - down + side, most - right : most - right + side]
    if kind == "jpeg":
        buffer = io.BytesIO()
        Image.fromarray(picture).save(buffer, "JPEG", quality=50)
        return np.asarray(Image.open(buffer))
    if kind == "rescale":
        small = Image.fromarray(picture).resize((side * 3 // 5,) * 2, Image.Resampling.BILINEAR)
        return np.asarray(small.resize((side, side), Image.Resampling.BICUBIC))
    if kind == "crop":
        off = side * 0.04
        return np.asarray(
            Image.fromarray(picture).resize((side, side), Image.Resampling.BICUBIC, (off, off, side - off, side - off))
        )
    values = {
        "exact": lambda: picture,
        "noise": lambda: picture + chance.normal(0, 12, picture.shape),
        "mirror": lambda: picture[:, ::-1],
        "flip": lambda: picture[::-1],
        "turn": lambda: np.rot90(picture),
        "contrast": lambda: picture * 0.6 + 30.0,
    }[kind]()
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def planted(train, test, kinds, each, seed):
    """Test with copies of train pictures in it, and where: row -> (kind, train row)."""
    chance = np.random.default_rng(seed)
    test, truth = test.copy(), {}
    rows = iter(chance.permutation(len(test)).tolist())
    for kind in kinds:
        for _ in range(each):
            row, source = next(rows), int(chance.integers(len(train)))
            test[row] = changed(train[source], kind, chance)
            truth[row] = (kind, source)
    return test, truth


def found(outcome, truth):
    """Kind -> share of planted copies that were found with their original; and how many hits were never planted."""
    hits = dict(zip(outcome.hits.test.tolist(), outcome.hits.train.tolist(), strict=True)) if outcome.hits else {}
    kinds = sorted({kind for kind, _ in truth.values()})
    shares = {}
    for kind in kinds:
        rows = [row for row, (one, _) in truth.items() if one == kind]
        shares[kind] = sum(hits.get(row) == truth[row][1] for row in rows) / len(rows)
    return shares, len(hits.keys() - truth.keys())


def digits():
    """1,797 handwritten digits of 8 x 8 from scikit-learn, as bytes."""
    from sklearn.datasets import load_digits

    return np.round(load_digits().images * 15.9375).astype(np.uint8)


def mnist():
    """10,000 handwritten digits of 28 x 28, or None where they are absent."""
    file = DATA / "mnist/t10k-images-idx3-ubyte.gz"
    return (
        np.frombuffer(gzip.decompress(file.read_bytes()), np.uint8, offset=16).reshape(-1, 28, 28)
        if file.exists()
        else None
    )


def textures(count, seed, side=32):
    """Smooth random colour pictures of various grain."""
    from scipy.ndimage import gaussian_filter

    chance = np.random.default_rng(seed)
    out = np.empty((count, side, side, 3), np.uint8)
    for row in range(count):
        grain = np.exp(chance.uniform(np.log(0.7), np.log(4)))
        drawn = gaussian_filter(chance.normal(size=(side, side, 3)), (grain, grain, 0), mode="wrap")
        drawn += 2 * gaussian_filter(chance.normal(size=(side, side, 1)), (grain, grain, 0), mode="wrap")
        out[row] = (drawn - drawn.min()) / np.ptp(drawn) * chance.uniform(100, 255)
    return out


def photo_patches(side=32):
    """Patches of 24 pixels that do not overlap, of the two photographs that scikit-learn brings; without those of mere sky."""
    from PIL import Image
    from sklearn.datasets import load_sample_images

    out = []
    for photo in load_sample_images().images:
        for top in range(0, photo.shape[0] - 23, 24):
            for left in range(0, photo.shape[1] - 23, 24):
                patch = Image.fromarray(photo[top : top + 24, left : left + 24])
                out.append(np.asarray(patch.resize((side, side), Image.Resampling.BILINEAR)))
    patches = np.stack(out)
    return patches[patches.std(axis=(1, 2, 3)) > 15]
