"""`overlap.near.audio`: recordings that were cut, made louder or recoded are found; others by the same speaker are not."""

import io
import re

import numpy as np
import pytest
from audit_media import DATA, content_frame, found

from daybreak.audit.outcome import NotApplicable
from daybreak.audit.overlap import audio
from daybreak.readers.sounds import log_mel, pooled, read_sound

RATE = 8000


def energies(samples):
    return pooled(log_mel(np.asarray(samples, np.float32), RATE))


def spoken(seed):
    """Half a second of gliding tones with pauses: no speech, but as varied."""
    chance = np.random.default_rng(seed)
    parts = []
    for _ in range(chance.integers(4, 8)):
        length = int(chance.integers(400, 1200))
        glide = np.linspace(*chance.uniform(150, 1200, 2), length)
        tone = sum(np.sin(2 * np.pi * np.cumsum(glide) * harmonic / RATE) / harmonic for harmonic in (1, 2, 3))
        parts += [tone * np.hanning(length) * chance.uniform(0.2, 1), np.zeros(chance.integers(0, 300))]
    sound = np.concatenate(parts)
    return sound + chance.normal(0, 0.002, len(sound))


def changed(sound, kind, chance):
    length = len(sound)
    if kind == "cut":
        return sound[int(length * chance.uniform(0, 0.12)) : length - int(length * chance.uniform(0.02, 0.12))]
    if kind == "recoded":
        soundfile = pytest.importorskip("soundfile")
        buffer = io.BytesIO()
        soundfile.write(buffer, np.clip(sound, -1, 1), RATE, format="OGG")
        buffer.seek(0)
        return soundfile.read(buffer)[0]
    loud = np.sqrt(np.mean(np.square(sound)))
    return {
        "gain": lambda: sound * chance.uniform(0.1, 0.9),
        "noise": lambda: sound + chance.normal(0, loud / 20, length),
        "8 bits": lambda: np.round(sound * 127) / 127,
    }[kind]()


def planted(train, test, of_train, kinds, each, seed):
    chance = np.random.default_rng(seed)
    test, truth = test.copy(), {}
    rows = iter(chance.permutation(len(test)).tolist())
    for kind in kinds:
        for _ in range(each):
            row, source = next(rows), int(chance.integers(len(train)))
            test[row] = energies(changed(of_train[source], kind, chance))
            truth[row] = (kind, source)
    return test, truth


@pytest.fixture(scope="module")
def sounds():
    made = [spoken(seed) for seed in range(500)]
    return made, np.stack([energies(sound) for sound in made])


@pytest.fixture(scope="module")
def digits():
    """Half of the recordings: the first 25 takes of each of ten digits by six speakers, of which the official test set has five."""
    folder = DATA / "fsdd/recordings"
    if not folder.exists():
        pytest.skip("spoken digits are not at ../shared/data/fsdd")
    files = {file: int(file.stem.split("_")[2]) for file in sorted(folder.glob("*.wav"))}
    files = {file: take for file, take in files.items() if take < 25}
    read = [read_sound(file.read_bytes()).samples[:, 0] for file in files]
    takes = np.array(list(files.values()))
    return read, np.stack([energies(samples) for samples in read]), takes


@pytest.mark.parametrize("seed", range(2))
def test_changed_copies_are_found_and_other_sounds_are_not(sounds, seed):
    made, grids = sounds
    order = np.random.default_rng(seed).permutation(len(made))
    train, test = grids[order[:380]], grids[order[380:]]
    assert audio.near(content_frame(train, test, seed=seed)).status == "clean"

    test, truth = planted(
        train, test, [made[i] for i in order[:380]], ("cut", "gain", "noise", "8 bits", "recoded"), 6, seed
    )
    outcome = audio.near(content_frame(train, test, seed=seed))

    shares, false = found(outcome, truth)
    assert outcome.findings[0].severity == "error"
    assert min(shares.values()) >= 0.8
    assert false <= 1


def test_spoken_digits_hold_no_copies_however_they_are_split(digits):
    _, grids, takes = digits
    official = audio.near(content_frame(grids[takes >= 5], grids[takes < 5]))
    assert official.status == "clean"
    order = np.random.default_rng(1).permutation(len(grids))
    assert audio.near(content_frame(grids[order[:1200]], grids[order[1200:]])).status == "clean"


def test_copies_of_spoken_digits_are_found(digits):
    read, grids, takes = digits
    of_train = [samples for samples, take in zip(read, takes, strict=True) if take >= 5]
    test, truth = planted(grids[takes >= 5], grids[takes < 5], of_train, ("cut", "gain", "noise", "recoded"), 12, 0)
    shares, false = found(audio.near(content_frame(grids[takes >= 5], test)), truth)
    assert min(shares["gain"], shares["noise"], shares["recoded"]) >= 0.9
    assert shares["cut"] >= 0.6
    assert false <= 0.01 * len(test)


def test_a_pair_says_which_part_was_cut_out(sounds):
    made, grids = sounds
    test = grids[380:].copy()
    for row in range(10):
        test[row] = energies(made[row][: int(len(made[row]) * 0.84)])
    pairs = audio.near(content_frame(grids[:380], test)).findings[0].pairs
    assert len(pairs) >= 6
    told = re.compile(r"cut: about 8[048]% of the train recording, from [0-4]% on")
    assert all(told.fullmatch(pair.note) for pair in pairs)


def test_equal_recordings_are_left_to_the_exact_audit(sounds):
    _, grids = sounds
    test = grids[380:].copy()
    test[:20] = grids[:20]
    assert audio.near(content_frame(grids[:380], test)).status == "clean"
    assert audio.near(content_frame(grids[:380], test, digested=False)).status == "clean"


def test_silence_is_no_copy_of_silence(sounds):
    _, grids = sounds
    train, test = grids[:380].copy(), grids[380:].copy()
    train[:40], test[:40] = -12, -12
    outcome = audio.near(content_frame(train, test, digested=False))
    assert outcome.status == "clean"
    assert outcome.measured["left_out"] == {"train": 40, "test": 40}


def test_too_few_recordings_are_not_applicable(sounds):
    _, grids = sounds
    with pytest.raises(NotApplicable, match="needs 20 train recordings"):
        audio.near(content_frame(grids[:10], grids[10:]))
    with pytest.raises(NotApplicable, match="needs recordings"):
        audio.near(content_frame(np.zeros((50, 8, 8), np.uint8), np.zeros((5, 8, 8), np.uint8)))
