"""`overlap.near.image`: planted copies are found, different pictures that look alike are not called copies."""

from dataclasses import replace

import numpy as np
import pyarrow as pa
import pytest
from audit_frames import frame_of
from audit_media import changed, content_frame, digits, found, mnist, photo_patches, planted, textures

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap import images

CHANGES = ("noise", "shift", "mirror", "flip", "turn", "contrast", "jpeg", "rescale", "crop")


def split(pictures, train, seed):
    order = np.random.default_rng(seed).permutation(len(pictures))
    return pictures[order[:train]], pictures[order[train:]]


@pytest.mark.parametrize("seed", range(3))
def test_copies_among_digits_of_8_by_8_are_found_and_others_are_not(seed):
    train, test = split(digits(), 1200, seed)
    assert images.near(content_frame(train, test, seed=seed)).hits is None

    test, truth = planted(train, test, ("noise", "shift", "mirror", "flip"), 12, seed)
    outcome = images.near(content_frame(train, test, seed=seed))

    shares, false = found(outcome, truth)
    assert outcome.findings[0].severity == "error"
    assert min(shares.values()) >= 0.6
    assert false <= 0.01 * len(test)


def test_clean_mnist_has_no_copies_and_planted_ones_are_found():
    pictures = mnist()
    if pictures is None:
        pytest.skip("MNIST's test pictures are not at ../shared/data/mnist")
    train, test = split(pictures, 6000, 0)
    assert images.near(content_frame(train, test)).status == "clean"

    test, truth = planted(train, test, ("noise", "shift", "mirror", "flip", "turn", "contrast", "jpeg"), 20, 0)
    shares, false = found(images.near(content_frame(train, test)), truth)

    assert min(shares.values()) >= 0.9
    assert false <= 0.002 * len(test)


@pytest.mark.parametrize("seed", range(2))
def test_copies_of_textures_in_colour_are_found(seed):
    train, test = textures(1000, 2 * seed), textures(400, 2 * seed + 1)
    assert images.near(content_frame(train, test, seed=seed)).status == "clean"

    test, truth = planted(train, test, CHANGES, 5, seed)
    shares, false = found(images.near(content_frame(train, test, seed=seed)), truth)

    assert sum(shares.values()) / len(shares) >= 0.8
    assert min(shares[kind] for kind in ("mirror", "flip", "turn", "contrast")) == 1
    assert false <= 0.01 * len(test)


def test_patches_of_photographs_are_told_apart_and_their_copies_found():
    train, test = split(photo_patches(), 400, 1)
    assert images.near(content_frame(train, test)).status == "clean"

    test, truth = planted(train, test, CHANGES, 5, 1)
    shares, false = found(images.near(content_frame(train, test)), truth)

    assert sum(shares.values()) / len(shares) >= 0.7
    assert false <= 1


def test_pictures_made_of_one_template_are_no_copies_of_each_other():
    chance = np.random.default_rng(0)
    common, own = textures(1, 9)[:1, ..., 0].astype(float), textures(800, 3)[..., 0].astype(float)
    pictures = np.clip(0.75 * common + 0.25 * own + chance.normal(0, 2, own.shape), 0, 255).astype(np.uint8)
    assert images.near(content_frame(pictures[:600], pictures[600:])).status == "clean"


def test_equal_pictures_are_left_to_the_exact_audit_unless_only_their_small_copies_are_equal():
    train, test = split(digits(), 1200, 0)
    test[:30] = train[:30]
    assert images.near(content_frame(train, test)).status == "clean"
    assert images.near(content_frame(train, test, digested=False)).status == "clean"

    frame = content_frame(train, test)
    other = pa.array([bytes([row % 251]) * 16 for row in range(len(test))], pa.binary(16))
    other_test = replace(frame.test, rows=frame.test.rows.set_column(1, "@digest", other))
    outcome = images.near(replace(frame, test=other_test))
    assert set(range(30)) <= set(outcome.hits.test.tolist())


def test_augmenting_before_the_split_is_told_as_copies_that_train_holds_as_often():
    chance = np.random.default_rng(0)
    bases = textures(250, 1)
    pictures = np.concatenate(
        [np.stack([changed(base, kind, chance) for base in bases]) for kind in ("exact", "mirror", "turn", "flip")]
    )
    train, test = split(pictures, 750, 0)
    finding = images.near(content_frame(train, test)).findings[0]
    assert finding.severity == "warning"
    assert finding.measured["test_rate"] > 0.9
    assert finding.measured["train_rate"] > 0.9


def test_pictures_of_one_shape_in_different_colours_are_no_copies():
    shapes = textures(500, 4)[..., :1] // 2
    red, blue = (
        np.concatenate([shapes if channel == at else 255 - shapes for channel in range(3)], axis=3) for at in (0, 2)
    )
    test = textures(200, 5)
    test[:20], test[20:30] = blue[:20], np.ascontiguousarray(red[100:110, :, ::-1])
    outcome = images.near(content_frame(red, test))
    assert set(outcome.hits.test.tolist()) == set(range(20, 30))


def test_pairs_say_how_the_copy_was_changed_and_name_files():
    train, test = split(digits(), 1200, 0)
    test[:10] = train[:10, :, ::-1]
    test[10:20] = np.pad(train[10:20], ((0, 0), (1, 0), (0, 0)))[:, :8]
    names = [[f"{side}/{row}.png" for row in range(len(part))] for side, part in (("train", train), ("test", test))]
    pairs = {
        pair.right.position: pair for pair in images.near(content_frame(train, test, names=names)).findings[0].pairs
    }
    assert {pairs[row].note for row in range(10) if row in pairs} == {"mirrored"}
    assert {pairs[row].note for row in range(10, 20) if row in pairs} == {"shifted by (1, 0)"}
    assert pairs[3].left.name == "train/3.png"
    assert pairs[3].right.name == "test/3.png"


def test_missing_pictures_and_pictures_of_one_shade_are_left_out_and_counted():
    train, test = split(digits(), 1200, 0)
    train[:7] = 99
    frame = content_frame(train, test)
    content = frame.test.rows["@content"].to_pylist()
    content[3] = None
    holed = frame.test.rows.set_column(0, "@content", pa.array(content, pa.list_(pa.uint8(), 64)))
    outcome = images.near(replace(frame, test=replace(frame.test, rows=holed)))
    assert outcome.status == "clean"
    assert outcome.measured["left_out"] == {"train": 7, "test": 1}


def test_the_same_sample_has_the_same_answer_each_time():
    train, test = split(digits(), 1200, 0)
    test, _ = planted(train, test, ("noise", "shift"), 10, 0)
    first, second = (images.near(content_frame(train, test)) for _ in range(2))
    assert first.findings == second.findings


def test_too_few_pictures_or_none_that_show_anything_are_not_applicable():
    with pytest.raises(NotApplicable, match="needs 20 train pictures"):
        images.near(content_frame(digits()[:10], digits()[10:30]))
    with pytest.raises(NotApplicable, match="of one shade"):
        images.near(content_frame(np.full((50, 8, 8), 7, np.uint8), digits()[:10]))
    with pytest.raises(NotApplicable, match="needs pictures"):
        images.near(content_frame(np.zeros((50, 24, 32), np.float32), np.zeros((5, 24, 32), np.float32)))


@pytest.mark.parametrize("seed", range(3))
def test_an_embedding_stands_in_for_pictures(seed):
    chance = np.random.default_rng(seed)
    kinds = chance.normal(size=(12, 64))  # samples of a class lie together
    train, test = (kinds[chance.integers(12, size=n)] + chance.normal(0, 0.6, (n, 64)) for n in (1500, 500))
    assert images.near(frame_of({"e": train}, {"e": test})).status == "clean"
    test[:30] = train[100:130] + chance.normal(0, 0.05, (30, 64))
    test[30:40] = train[200:210]
    outcome = images.near(frame_of({"e": train}, {"e": test}, seed=seed))
    assert outcome.findings[0].severity == "error"
    hits = set(outcome.hits.test.tolist())
    assert set(range(30)) <= hits
    assert not hits & set(range(30, 40))  # equal ones are the exact audit's
    assert len(hits) <= 32
