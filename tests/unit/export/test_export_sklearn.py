"""scikit-learn as ONNX, pipelines whole; in Python where ONNX cannot, or answers otherwise."""

import gzip
import json
from collections import defaultdict
from shutil import copytree

import numpy as np
import pytest
from msgspec.structs import replace

pytest.importorskip("skl2onnx")
import skops.io
from scipy.sparse import csr_matrix
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_digits, load_iris
from sklearn.ensemble import GradientBoostingClassifier, HistGradientBoostingClassifier
from sklearn.feature_extraction.text import CountVectorizer, HashingVectorizer, TfidfTransformer, TfidfVectorizer
from sklearn.feature_selection import SelectKBest
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.neighbors import KNeighborsClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler
from sklearn.svm import LinearSVC

from daybreak.base.errors import UsageError
from daybreak.export.exporting import Exported, export
from daybreak.export.opening import loaded
from daybreak.export.options import Options
from daybreak.export.python.served import unsafe
from daybreak.export.samples import Samples
from daybreak.inference.loading import load
from daybreak.registry.package import Package, seal
from daybreak.signature import codec
from daybreak.signature.fields import Field, Output, Signature

CLAIM = [
    "win a FREE prize now, free free prize, call £1000",
    "free entry: win cash, text now",
    "urgent! claim your free prize",
] * 5
CHAT = ["are you coming home for dinner", "see you at the café, ok?", "I'll call you later, mum"] * 5
TEXTS, LABELS = CLAIM + CHAT, ["spam"] * len(CLAIM) + ["ham"] * len(CHAT)


@pytest.fixture(scope="module")
def digits():
    x, y = load_digits(return_X_y=True)
    return x[:1200], y[:1200], x[1200:], y[1200:]


@pytest.fixture(scope="module")
def linear(digits):
    return make_pipeline(StandardScaler(), LogisticRegression(max_iter=300)).fit(digits[0], digits[1])


def packaged(folder, exported: Exported):
    """The package, loaded as a server does."""
    made = Package("m", 1, 0.0, exported.signature, exported.runtime, exported.before, exported.after)
    seal(folder, made)
    return load(folder)


def test_a_pipeline_becomes_one_graph_that_answers_alike(digits, linear, tmp_path):
    *_, x, y = digits
    exported = export(linear, Samples(x, y), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.parity.disagreeing == 0
    assert exported.parity.largest < 1e-5
    assert exported.metrics["accuracy"] == pytest.approx(linear.score(x, y))
    assert (exported.framework, exported.runtime.kind) == ("scikit-learn", "onnx")
    model = packaged(tmp_path, exported)
    told = model.predict({"features": x[:5]})["prediction"]
    np.testing.assert_allclose(told, linear.predict_proba(x[:5]), atol=1e-5)


def test_what_lies_in_the_package_tells_of_the_comparison(digits, linear, tmp_path):
    *_, x, y = digits
    exported = export(linear, Samples(x, y, output="digit", names=("pixels",)), tmp_path)
    found = json.loads((tmp_path / "parity.json").read_text())
    assert (found["verdict"], found["metric"], found["rows"]) == ("passed", "accuracy", len(x))
    examples = [json.loads(line) for line in (tmp_path / "examples.jsonl").read_text().splitlines()]
    assert {example["prediction"]["digit"]["label"] for example in examples} == set("0123456789")
    assert all(example["targets"]["digit"] in "0123456789" for example in examples)
    rows = codec.make(exported.signature).decode(json.dumps([example["inputs"] for example in examples]).encode())
    assert len(rows) == len(examples)
    assert json.loads((tmp_path / "reference.json").read_text())["rows"] == len(x)


def test_rows_scaled_before_trees_go_in_as_float64(digits, tmp_path):
    """In float32 one of these rows falls on the other side of a threshold: ONNX is right only with doubles in front of the trees."""
    x, y, rows, right = digits
    model = make_pipeline(StandardScaler(), GradientBoostingClassifier(n_estimators=5, random_state=0)).fit(x, y)
    exported = export(model, Samples(rows, right), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.parity.largest < 1e-5
    assert exported.limits[0].startswith("ONNX was tried and answers otherwise")


def test_named_columns_of_words_and_numbers_are_inputs_of_their_own(tmp_path):
    pandas = pytest.importorskip("pandas")
    draws = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {"hours": draws.normal(40, 8, 300), "job": draws.choice(["clerk", "farmer", "smith"], 300)}
    )
    rich = np.where((frame.hours > 40) & (frame.job != "clerk"), "rich", "poor")
    columns = ColumnTransformer([("hours", StandardScaler(), ["hours"]), ("job", OneHotEncoder(), ["job"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, rich)
    exported = export(model, Samples(frame, rich, units={"hours": "hours a week"}), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    hours, job = exported.signature.inputs
    assert (hours.kind, hours.unit, job.kind, job.classes) == (
        "number",
        "hours a week",
        "category",
        ("clerk", "farmer", "smith"),
    )
    assert exported.signature.outputs[0].classes == ("poor", "rich")


@pytest.mark.parametrize("words", [[SimpleImputer(strategy="most_frequent"), OneHotEncoder()], [OneHotEncoder()]])
def test_missing_words_and_numbers_are_null(words, tmp_path):
    """A graph knows no null among strings: what was fitted on NaN asks for the empty text there."""
    pandas = pytest.importorskip("pandas")
    draws = np.random.default_rng(0)
    frame = pandas.DataFrame(
        {"hours": draws.normal(40, 8, 300), "job": draws.choice(["clerk", "farmer", "smith"], 300).astype(object)}
    )
    right = np.where((frame.hours > 40) & (frame.job != "clerk"), "rich", "poor")
    frame.loc[draws.random(300) < 0.1, "hours"] = np.nan
    frame.loc[draws.random(300) < 0.1, "job"] = np.nan
    numbers = make_pipeline(SimpleImputer(), StandardScaler())
    columns = ColumnTransformer([("hours", numbers, ["hours"]), ("job", make_pipeline(*words), ["job"])])
    model = make_pipeline(columns, LogisticRegression()).fit(frame, right)
    exported = export(model, Samples(frame, right), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.runtime.kind == "onnx"
    assert all(field.nullable for field in exported.signature.inputs)


@pytest.mark.parametrize(
    "vectorizer",
    [
        TfidfVectorizer(),
        TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True, strip_accents="unicode", stop_words="english"),
        CountVectorizer(analyzer="char_wb", ngram_range=(2, 4), binary=True),
        HashingVectorizer(n_features=512, ngram_range=(1, 2)),
        make_pipeline(
            HashingVectorizer(n_features=512, alternate_sign=False, norm=None), TfidfTransformer(sublinear_tf=True)
        ),
    ],
    ids=["words", "pairs", "characters", "hashed", "hashed-weights"],
)
def test_texts_are_counted_as_the_vectorizer_does(vectorizer, tmp_path):
    steps = [step for _, step in getattr(vectorizer, "steps", [("", vectorizer)])]
    model = make_pipeline(*steps, LogisticRegression()).fit(TEXTS, LABELS)
    exported = export(model, Samples(TEXTS, LABELS, names=("message",)), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.runtime.kind == "onnx"
    assert exported.before[0].name == "vectorize"
    assert exported.signature.inputs[0].kind == "text"


def test_a_classifier_without_probabilities_says_so(tmp_path):
    x, y = load_iris(return_X_y=True)
    names = ("sepal length", "sepal width", "petal length", "petal width")
    model = LinearSVC().fit(x, y)
    exported = export(model, Samples(x, y, names=names, classes=("setosa", "versicolor", "virginica")), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert "log_loss" not in exported.metrics
    assert "no probabilities" in exported.limits[0]
    assert [field.name for field in exported.signature.inputs] == list(names)


def test_numbers_are_told_with_their_metric(tmp_path):
    x, _ = load_iris(return_X_y=True)
    exported = export(Ridge().fit(x[:, :3], x[:, 3]), Samples(x[:, :3], x[:, 3]), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.parity.metric == "r2"
    assert exported.signature.outputs[0].kind == "number"


@pytest.fixture(scope="module")
def hashed(tmp_path_factory):
    """What ONNX cannot: hashed into 2^20 columns a row would be 4 MB."""
    folder = tmp_path_factory.mktemp("hashed")
    model = make_pipeline(HashingVectorizer(), LogisticRegression()).fit(TEXTS, LABELS)
    return folder, export(model, Samples(TEXTS, LABELS), folder)


def test_what_onnx_cannot_is_served_in_python_and_said(hashed):
    folder, exported = hashed
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.runtime.kind == "python"
    assert any(need.startswith("scikit-learn==") for need in exported.runtime.requirements)
    assert any("served in Python" in limit for limit in exported.limits)
    assert any("at most" in limit for limit in exported.limits)
    assert not (folder / "assets" / "vectorizer.json").exists()


WATCHED = """
import sys
import numpy as np
import served_estimator

def load(folder):
    predict = served_estimator.load(folder)

    def watched(feeds):
        (scores,) = predict(feeds).values()
        assert scores.ndim == 2
        return {"torch": np.full(len(scores), "torch" in sys.modules), "skops": np.full(len(scores), "skops.io" in sys.modules)}
    return watched
"""


def test_the_worker_of_a_kept_estimator_never_imports_torch(hashed, tmp_path):
    """Which costs 180 MB and a second of a start, and skops would by a walk through scikit-learn's adapters."""
    pytest.importorskip("torch")
    kept, exported = hashed
    copytree(kept, tmp_path, dirs_exist_ok=True)
    (tmp_path / "code" / "watched.py").write_text(WATCHED)
    outputs = tuple(Output(name, "number") for name in ("torch", "skops"))
    signature = Signature(exported.signature.inputs, outputs)
    seal(tmp_path, Package("m", 1, 0.0, signature, replace(exported.runtime, function="watched:load"), exported.before))
    made, model = codec.make(signature), load(tmp_path)
    try:
        told = model.predict(made.columns(made.take([{signature.inputs[0].name: text} for text in TEXTS[:3]])))
    finally:
        model.close()
    assert (told["torch"].any(), told["skops"].all()) == (False, True)


def test_a_pickle_is_refused_with_what_to_do(tmp_path):
    file = tmp_path / "model.pkl"
    file.write_bytes(b"\x80\x04.")
    with pytest.raises(UsageError, match=r"skops\.io\.dump"):
        export(file, Samples(np.zeros((4, 2))), tmp_path / "package")


def commanding(command):
    """A pipeline whose steps, each from a known library, hand a text to eval as soon as it is asked anything."""
    code = f"[__import__('os').system({command!r})] and ['a']"
    counter = CountVectorizer(vocabulary={"a": 0}, tokenizer=eval, token_pattern=None, lowercase=False)
    filled = FunctionTransformer(np.full_like, kw_args={"fill_value": code, "dtype": "O"})
    fitted = LogisticRegression().fit([[0], [1]], [0, 1])
    return make_pipeline(filled, FunctionTransformer(np.ravel), counter, fitted)


def test_a_file_that_would_run_a_command_is_refused(tmp_path):
    file = tmp_path / "model.skops"
    skops.io.dump(commanding(f"touch {tmp_path / 'ran'}"), file)
    with pytest.raises(UsageError, match=r"names builtins\.eval, .*no functions"):
        export(file, Samples(np.zeros((8, 2)), [0, 1] * 4), tmp_path / "package")
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("called", [np.save, np.memmap, csr_matrix.tolil, exec, defaultdict, gzip.GzipFile])
def test_a_file_brings_nothing_to_call(called, tmp_path):
    """Functions, classes that open files, methods: whatever its name promises."""
    file = tmp_path / "model.skops"
    skops.io.dump(FunctionTransformer(called), file)
    with pytest.raises(UsageError, match="no functions"):
        loaded(file)


def test_a_class_that_a_library_merely_imports_is_not_its_own():
    refused = [
        "sklearn.pipeline.Bunch.get",
        "sklearn.pipeline.islice",
        "sklearn.datasets._openml.GzipFile",
        "sklearn.nowhere.Tree",
    ]
    assert unsafe(["sklearn.tree._tree.Tree", *refused]) == refused


@pytest.mark.parametrize(
    "model",
    [
        make_pipeline(SelectKBest(k=2), KNeighborsClassifier()),
        GradientBoostingClassifier(n_estimators=2),
        HistGradientBoostingClassifier(max_iter=2),
        MLPClassifier((4,), max_iter=2),
    ],
    ids=lambda model: type(model[-1] if hasattr(model, "steps") else model).__name__,
)
@pytest.mark.filterwarnings("ignore:Stochastic Optimizer")
def test_a_file_of_scikit_learns_own_is_built(model, tmp_path):
    x, y = load_iris(return_X_y=True)
    file = tmp_path / "model.skops"
    skops.io.dump(model.fit(x, y), file)
    np.testing.assert_array_equal(loaded(file).predict(x), model.predict(x))


def test_wrong_samples_are_told(linear, digits, tmp_path):
    *_, x, y = digits
    with pytest.raises(UsageError, match="one right answer a row, got 10 for 597 rows"):
        export(linear, Samples(x, y[:10]), tmp_path)
    with pytest.raises(UsageError, match="names each of the model's 10 classes"):
        export(linear, Samples(x, y, classes=("a", "b")), tmp_path)
    with pytest.raises(UsageError, match="got a sparse matrix: ship the pipeline with its vectorizer"):
        export(linear, Samples(csr_matrix(x), y), tmp_path)
    with pytest.raises(UsageError, match="two or more batch sizes"):
        export(linear, Samples(x, y), tmp_path, options=Options(batches=(1,)))


def test_answers_of_the_original_may_be_given(linear, digits, tmp_path):
    """As labels, which say nothing of scores: decisions alone are compared."""
    *_, x, y = digits
    exported = export(linear, Samples(x, y, answers=linear.predict(x)), tmp_path)
    assert exported.parity.verdict == "passed", exported.parity.why
    assert exported.parity.largest == 0


def test_decisions_are_made_by_the_declared_threshold(tmp_path):
    """The original was asked for a yes from 0.2 on, which is what the package tells, too."""
    x, y = load_iris(return_X_y=True)
    model = LogisticRegression().fit(x[50:, :1], y[50:])
    yes = model.predict_proba(x[50:, :1])[:, 1] >= 0.2
    assert (yes != (model.predict(x[50:, :1]) == 2)).sum() > 10
    told = Output("species", "label", classes=("versicolor", "virginica"), threshold=0.2)
    signature = Signature((Field("length", "number"),), (told,))
    samples = Samples({"length": x[50:, 0]}, y[50:] - 1, answers=yes.astype(int))
    assert export(model, samples, tmp_path, signature=signature).parity.verdict == "passed"
