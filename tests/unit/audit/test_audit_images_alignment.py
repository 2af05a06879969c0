"""Laying one picture on another: the pose that was applied is the pose that is found, and descriptors do not see it."""

import numpy as np
import pytest
from audit_media import textures

from daybreak.audit.overlap import alignment
from daybreak.audit.overlap.alignment import Pose, align, poses, told
from daybreak.audit.overlap.projection import nearest, unit
from daybreak.audit.overlap.spectrum import Spectrum


def moved(picture, down, right):
    wide = np.pad(picture, 2)
    return wide[2 - down : 2 - down + picture.shape[0], 2 - right : 2 - right + picture.shape[1]]


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda x: x, ""),
        (lambda x: x[:, ::-1], "mirrored"),
        (lambda x: x[::-1], "mirrored top to bottom"),
        (np.rot90, "turned by 90°"),
        (lambda x: np.rot90(x, 2), "turned by 180°"),
        (lambda x: np.rot90(x, 3), "turned by 270°"),
        (lambda x: np.rot90(x[:, ::-1]), "mirrored, turned by 90°"),
        (lambda x: moved(x, 1, 0), "shifted by (1, 0)"),
        (lambda x: moved(x, -2, 1), "shifted by (-2, 1)"),
        (lambda x: moved(x, 1, 2)[:, ::-1], "shifted by (1, 2), mirrored"),
        (lambda x: np.clip(x * 0.5 + 40, 0, 255).astype(np.uint8), ""),
    ],
)
@pytest.mark.parametrize("side", [20, 32])
def test_what_was_done_to_a_picture_is_told(change, says, side):
    originals = textures(6, 3, side)[..., 0]
    copies = np.stack([change(picture) for picture in originals])
    aligned = align(copies, originals, np.arange(6)[:, None])
    assert aligned.agreement.min() > 0.98
    assert {told(poses(side, side)[one]) for one in aligned.pose[:, 0]} == {says}


def test_a_picture_agrees_with_itself_and_little_with_others():
    pictures = textures(40, 1)[..., 0]
    candidates = np.stack([np.arange(40), (np.arange(40) + 1) % 40], axis=1)
    agreement = align(pictures, pictures, candidates).agreement
    assert np.allclose(agreement[:, 0], 1, atol=1e-4)
    assert agreement[:, 1].max() < 0.95


def test_oblong_pictures_are_not_turned_by_a_quarter():
    assert {pose.quarter_turns for pose in poses(20, 30)} == {0, 2}
    assert {pose.quarter_turns for pose in poses(20, 20)} == {0, 1, 2, 3}


def test_small_pictures_are_shifted_by_one_pixel_at_most():
    assert {abs(pose.down) for pose in poses(8, 8)} == {0, 1}
    assert {abs(pose.down) for pose in poses(28, 28)} == {0, 1, 2}


def test_every_finds_the_partner_in_any_pose():
    pictures = textures(60, 2, 8)[..., 0]
    found = alignment.every(np.ascontiguousarray(pictures[:, ::-1]), pictures)
    assert found.points[:, 0].tolist() == list(range(60))
    alone = alignment.every(pictures, pictures, np.arange(60))
    assert not (alone.points[:, :5] == np.arange(60)[:, None]).any()


def test_colours_are_compared_in_the_pose_that_grey_was():
    picture = textures(1, 5)[0]
    assert alignment.colours(picture[:, ::-1], picture, Pose(0, mirrored=True)) == pytest.approx(1, abs=1e-4)
    assert alignment.colours(picture[:, ::-1, ::-1], picture, Pose(0, mirrored=True)) < 0.95


def test_descriptors_are_the_same_whatever_the_turn():
    pictures = textures(200, 6)[..., 0]
    spectrum = Spectrum(pictures)
    for change in (lambda x: x[:, ::-1], lambda x: x[:, :, ::-1], lambda x: np.rot90(x, 1, (1, 2))):
        described = spectrum.describe(np.ascontiguousarray(change(pictures)))
        assert np.einsum("ij,ij->i", described, spectrum.points).min() > 0.999


def test_the_best_of_each_block_are_the_best_of_all():
    chance = np.random.default_rng(0)
    points, queries = (unit(chance.normal(size=(n, 12)).astype(np.float32)) for n in (500, 30))
    found = nearest(queries, points, blocks=7)
    assert found.points[:, 0].tolist() == (queries @ points.T).argmax(axis=1).tolist()
    assert (np.diff(found.similarity, axis=1) <= 0).all()
    assert (np.sort(found.points % 7, axis=1) == np.arange(7)).all()


def test_a_point_is_not_its_own_neighbour_and_the_best_of_several_poses_counts():
    chance = np.random.default_rng(1)
    points = unit(chance.normal(size=(300, 8)).astype(np.float32))
    rows = np.arange(0, 300, 3)
    assert not (nearest(points[rows], points, rows).points == rows[:, None]).any()
    both = nearest(np.stack([-points[rows], points[rows]]), points)
    assert both.points[:, 0].tolist() == rows.tolist()
