"""What `daybreak model register` says to do next."""

import numpy as np
import pytest
import skops.io
from sklearn.linear_model import LogisticRegression

from daybreak.cli.main import main
from daybreak.testing import packages


@pytest.fixture
def register(tmp_path, capsys):
    packages.mlp(tmp_path / "made", 4, 8, 3)

    def run(*words):
        with pytest.raises(SystemExit) as ended:
            main(["model", "register", str(tmp_path / "made" / "model.onnx"), "--home", str(tmp_path / "home"), *words])
        return ended.value.code, " ".join(capsys.readouterr().out.split())

    return run


def test_without_samples_it_asks_for_some_and_promises_no_alias(register):
    code, told = register("--name", "mlp")
    assert (code, "parity not run" in told) == (1, True)
    assert "--name mlp --samples ROWS.csv" in told
    assert "model alias" not in told


def test_with_samples_an_alias_comes_next(register, tmp_path):
    np.save(tmp_path / "rows.npy", np.random.default_rng(0).normal(size=(8, 4)).astype("f4"))
    code, told = register("--name", "mlp", "--samples", str(tmp_path / "rows.npy"))
    assert (code, "daybreak model alias mlp@1 staging" in told) == (0, True)


def test_rows_with_their_answers_but_no_target_are_told_in_one_sentence(tmp_path, capsys):
    inputs = np.random.default_rng(0).normal(size=(20, 3))
    skops.io.dump(LogisticRegression().fit(inputs, inputs[:, 0] > 0), tmp_path / "first.skops")
    rows = "\n".join(f"{a},{b},{c},{int(a > 0)}" for a, b, c in inputs)
    (tmp_path / "rows.csv").write_text(f"a,b,c,bought\n{rows}\n")
    more = ("--samples", str(tmp_path / "rows.csv"))
    with pytest.raises(SystemExit) as ended:
        main(
            ["model", "register", str(tmp_path / "first.skops"), "--name", "x", "--home", str(tmp_path / "home"), *more]
        )
    told = " ".join(capsys.readouterr().err.split())
    assert ended.value.code == 2, told
    assert (
        "rows.csv has 4 columns, the model refuses them (ValueError: X has 4 features, but LogisticRegression" in told
    )
    assert "--target names the column of answers" in told
    assert "Traceback" not in told
