"""Clean data and data with one fault, by seed: what tests and benchmarks count alarms on."""

from functools import cache

import numpy as np
from audit_frames import frame_of, rows_at, split_at_random


def people(rng, rows):
    """A table as a census has: numbers, skewed numbers, categories, missing values, a noisy target."""
    age = rng.normal(40, 12, rows)
    hours = np.round(rng.gamma(9, 4, rows))
    income = np.exp(rng.normal(10, 1, rows))
    sex = rng.choice(["Female", "Male"], rows, p=[0.4, 0.6])
    work = rng.choice([f"occupation {i}" for i in range(14)], rows, p=rng.dirichlet(np.full(14, 2.0)))
    town = np.array([f"town {i}" for i in range(300)])[np.minimum(rng.zipf(1.6, rows) - 1, 299)]
    score = 0.04 * (age - 40) + 0.5 * (sex == "Male") + 0.6 * np.log(income) - 6 + rng.logistic(0, 1, rows)
    age[rng.random(rows) < 0.05] = np.nan
    target = np.where(score > 0, "yes", "no")
    return {"age": age, "hours": hours, "income": income, "sex": sex, "work": work, "town": town, "target": target}


def census(seed, rows=3000, share=0.25):
    """`people`, split at random."""
    train, test = split_at_random(people(np.random.default_rng(seed), rows), share, seed)
    return frame_of(train, test, target="target", seed=seed)


def regression(seed, rows=1500):
    """Correlated numbers with heavy tails and a number to be predicted."""
    rng = np.random.default_rng(seed)
    x = rng.standard_t(3, (rows, 8)) @ rng.normal(size=(8, 8))
    data = {f"x{i}": x[:, i] for i in range(8)}
    data["y"] = x[:, 0] + np.sin(x[:, 1]) + rng.standard_t(4, rows)
    train, test = split_at_random(data, 0.3, seed)
    return frame_of(train, test, target="y", seed=seed)


def twins(seed, rows=2000):
    """Few values a column: many rows are equal by nature."""
    rng = np.random.default_rng(seed)
    data = {name: rng.integers(0, 4, rows) for name in "abcd"}
    data["target"] = ((data["a"] + data["b"] + rng.integers(0, 3, rows)) > 4).astype(int)
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="target", seed=seed)


def coded(seed, rows=2000):
    """Columns with the names of groups that tell nothing, and a running number."""
    rng = np.random.default_rng(seed)
    data = people(rng, rows)
    data["customer_id"] = rng.integers(0, 400, rows)
    data["ticket"] = np.array([f"T{i:04d}" for i in rng.integers(0, 300, rows)])
    data["row"] = np.arange(rows)
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="target", seed=seed)


@cache
def _digits():
    from sklearn.datasets import load_digits

    return load_digits(return_X_y=True)


def digits(seed):
    """Handwritten digits as pictures, split at random (the file is in the order of writing)."""
    x, y = _digits()
    shuffled = np.random.default_rng(seed).permutation(len(y))
    data = {"@content": (x[shuffled] * 15.9).astype(np.uint8).reshape(-1, 8, 8, 1), "label": y[shuffled]}
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="label", content="@content", seed=seed)


def pictures(rng, rows, classes=3):
    """Pictures of noise with a blob whose place is the class; and what is known about their files."""
    label = rng.integers(0, classes, rows)
    x = rng.normal(100, 25, (rows, 16, 16, 1))
    for i, place in enumerate(label):
        x[i, 2 + 5 * place : 5 + 5 * place, 5:9] += 70
    return {
        "@name": np.array([f"{'abc'[k]}/{i:05d}.png" for i, k in enumerate(label)]),
        "@content": np.clip(x, 0, 255).astype(np.uint8),
        "@meta.bytes": rng.normal(2000, 100, rows).astype(int),
        "@meta.width": rng.choice([64, 128], rows),
        "label": np.array(list("abc"))[label],
    }


def photographs(seed, rows=1200):
    """`pictures` in folders named by the label."""
    train, test = split_at_random(pictures(np.random.default_rng(seed), rows), 0.25, seed)
    return frame_of(train, test, target="label", content="@content", seed=seed)


WORDS = np.array([f"w{i}" for i in range(2000)])


def sentences(rng, rows, favourites=None):
    """Texts of words by Zipf's law; two words per class are its own. `favourites`: a word in five is one of these."""
    label = rng.integers(0, 2, rows)
    texts = []
    for k in label:
        words = list(WORDS[np.minimum(rng.zipf(1.3, rng.integers(5, 25)) - 1, 1999)])
        if favourites is not None:
            words = [w if rng.random() > 0.2 else rng.choice(favourites) for w in words]
        if rng.random() < 0.7:
            words.append(f"mark{k}")
        texts.append(" ".join(words))
    return {"text": np.array(texts), "label": np.array(["ham", "spam"])[label]}


def messages(seed, rows=1500):
    """`sentences`, split at random."""
    train, test = split_at_random(sentences(np.random.default_rng(seed), rows), 0.25, seed)
    return frame_of(train, test, target="label", types={"text": "text"}, seed=seed)


def patients_apart(seed):
    """Several rows a patient, who differ; split by patient, as is right."""
    data = rows_of_patients(np.random.default_rng(seed))
    held = data["patient_id"] >= 90
    return frame_of(rows_at(data, ~held), rows_at(data, held), target="ill", seed=seed)


def later(seed):
    """A time that was declared, split by it; nothing drifts."""
    data = people(np.random.default_rng(seed), 2000)
    data["when"] = np.datetime64("2020-01-01T00", "s") + np.arange(2000) * np.timedelta64(3600, "s")
    return frame_of(
        rows_at(data, slice(0, 1500)), rows_at(data, slice(1500, None)), target="target", time="when", seed=seed
    )


CLEAN = {
    "census": census,
    "census, 60 test rows": lambda seed: census(seed, 400, 0.15),
    "census, test larger": lambda seed: census(seed, 4000, 0.75),
    "numbers, heavy tails": regression,
    "twins by nature": twins,
    "ids that tell nothing": coded,
    "handwritten digits": digits,
    "pictures in folders": photographs,
    "messages": messages,
    "split by patient": patients_apart,
    "split by time": later,
}


def rows_of_patients(rng, many=120, each=8, known=True):
    """Rows of patients: their own mean in each feature, and their own illness."""
    patient = np.repeat(np.arange(many), each)
    x = rng.normal(size=(many, 6))[patient] + rng.normal(0, 0.7, (many * each, 6))
    ill = (rng.random(many) < 0.4)[patient]
    data = {f"x{i}": x[:, i] for i in range(6)} | {"ill": np.where(ill, "yes", "no")}
    return data | ({"patient_id": patient} if known else {})


def patients(seed):
    """Rows of patients, split at random."""
    train, test = split_at_random(rows_of_patients(np.random.default_rng(seed)), 0.25, seed)
    return frame_of(train, test, target="ill", seed=seed)


def patients_unnamed(seed):
    """The same without their ids, in the order of the file."""
    train, test = split_at_random(rows_of_patients(np.random.default_rng(seed), many=250, known=False), 0.25, seed)
    return frame_of(train, test, target="ill", seed=seed)


def patients_with_codes(seed):
    """Ids of another name that look like codes."""
    data = rows_of_patients(np.random.default_rng(seed))
    data["subj"] = np.array([f"S-{i:03d}" for i in data.pop("patient_id")])
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="ill", seed=seed)


def scenes(seed):
    """Pictures of scenes with a light of their own, told by their names alone."""
    rng = np.random.default_rng(seed)
    data = pictures(rng, 800)
    scene = rng.integers(0, 40, 800)
    light = rng.normal(0, 40, 40)[scene][:, None, None, None]
    data["@content"] = np.clip(data["@content"] + light, 0, 255).astype(np.uint8)
    data["@name"] = np.array([f"scene{s:02d}_{i:04d}.png" for i, s in enumerate(scene)])
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="label", content="@content", seed=seed)


def shuffled_forecast(seed):
    """A forecast's rows, split at random."""
    rng = np.random.default_rng(seed)
    when = np.datetime64("2020-01-01", "D") + np.arange(900)
    data = {
        "when": when.astype("datetime64[s]"),
        "x": rng.normal(size=900).cumsum(),
        "y": rng.normal(size=900).cumsum(),
    }
    train, test = split_at_random(data, 0.2, seed)
    return frame_of(train, test, target="y", task="forecast", declared_task=True, time="when", seed=seed)


def moved(seed, by=0.5):
    """One number of test is larger by half a standard deviation."""
    train, test = split_at_random(people(np.random.default_rng(seed), 3000), 0.25, seed)
    return frame_of(train, test | {"age": test["age"] + by * 12}, target="target", seed=seed)


def other_mix(seed):
    """Test has other occupations."""
    train, test = split_at_random(people(np.random.default_rng(seed), 3000), 0.25, seed)
    work = np.where(np.arange(len(test["work"])) % 4 == 0, "occupation 0", test["work"])
    return frame_of(train, test | {"work": work}, target="target", seed=seed)


def missing(seed):
    """A third of test's ages is missing."""
    train, test = split_at_random(people(np.random.default_rng(seed), 3000), 0.25, seed)
    age = np.where(np.arange(len(test["age"])) % 3 == 0, np.nan, test["age"])
    return frame_of(train, test | {"age": age}, target="target", seed=seed)


def new_towns(seed):
    """A tenth of test comes from towns that train does not know."""
    train, test = split_at_random(people(np.random.default_rng(seed), 3000), 0.25, seed)
    town = np.where(np.arange(len(test["town"])) % 10 == 0, "elsewhere", test["town"])
    return frame_of(train, test | {"town": town}, target="target", seed=seed)


def brighter(seed):
    """Test's pictures were taken with more light."""
    train, test = split_at_random(pictures(np.random.default_rng(seed), 1200), 0.25, seed)
    light = np.clip(test["@content"].astype(int) + 4, 0, 255).astype(np.uint8)
    return frame_of(train, test | {"@content": light}, target="label", content="@content", seed=seed)


def other_topic(seed):
    """A fifth of the words of test's messages are of one topic."""
    rng = np.random.default_rng(seed)
    train, test = sentences(rng, 1000), sentences(rng, 400, favourites=WORDS[200:240])
    return frame_of(train, test, target="label", types={"text": "text"}, seed=seed)


def sizes_tell(seed):
    """One class's files are larger."""
    rng = np.random.default_rng(seed)
    data = pictures(rng, 1000)
    data["@meta.bytes"] = data["@meta.bytes"] + 200 * (data["label"] == "a")
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="label", content="@content", seed=seed)


def sites_tell(seed):
    """Most of one class's files come from one site, which their names tell."""
    rng = np.random.default_rng(seed)
    data = pictures(rng, 1000)
    site = np.where((data["label"] == "a") & (rng.random(1000) < 0.8), "north", "south")
    data["@name"] = np.array([f"{site[i]}_{i:04d}.png" for i in range(1000)])
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="label", content="@content", seed=seed)


def order_tells(seed):
    """Classes were collected one after the other, mostly."""
    rng = np.random.default_rng(seed)
    data = people(rng, 2000)
    late = np.arange(2000) > rng.integers(600, 1400)
    data["target"] = np.where(late ^ (rng.random(2000) < 0.15), "yes", "no")
    train, test = split_at_random(data, 0.25, seed)
    return frame_of(train, test, target="target", seed=seed)


def copies(seed):
    """Half of test are copies of train rows."""
    train, test = split_at_random(people(np.random.default_rng(seed), 3000), 0.25, seed)
    half = len(test["target"]) // 2
    test = {name: np.concatenate([train[name][:half], test[name][half:]]) for name in test}
    return frame_of(train, test, target="target", seed=seed)


def easy_test(seed):
    """Only rows far from the border between the classes were kept for test."""
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(3000, 5))
    margin = x[:, 0] + x[:, 1]
    data = {f"x{i}": x[:, i] for i in range(5)} | {"y": np.where(margin + rng.logistic(0, 0.5, 3000) > 0, "a", "b")}
    test = (np.abs(margin) > 1) & (rng.random(3000) < 0.4)
    return frame_of(rows_at(data, ~test), rows_at(data, test), target="y", seed=seed)


PLANTED = {
    "patients, split at random": ("groups", patients),
    "patients without ids, neighbours in the file": ("groups", patients_unnamed),
    "patients by codes": ("groups", patients_with_codes),
    "scenes by file names": ("groups", scenes),
    "forecast, shuffled": ("time", shuffled_forecast),
    "a number moved by 0.5 sd": ("shift", moved),
    "a category's mix": ("shift", other_mix),
    "missing values": ("shift", missing),
    "new values": ("shift", new_towns),
    "brighter pictures": ("shift", brighter),
    "another topic": ("shift", other_topic),
    "file sizes tell the class": ("shortcuts", sizes_tell),
    "sites in names tell the class": ("shortcuts", sites_tell),
    "order tells the class": ("shortcuts", order_tells),
    "half of test copied from train": ("test_better", copies),
    "easy rows for test": ("test_better", easy_test),
}
