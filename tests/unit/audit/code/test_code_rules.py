"""What is told of a leak: the rule, both lines, how sure, and the right order."""

from textwrap import dedent

import pytest

from daybreak.audit.code.analysis import analyse

HEAD = """
import numpy as np
import pandas as pd
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.preprocessing import LabelEncoder, OneHotEncoder, StandardScaler
df = pd.read_csv("data.csv")
X, y = df.drop(columns="y"), df["y"]
"""


def told(code, head=HEAD):
    return analyse({"train.py": head + dedent(code)})


def rules(code, head=HEAD):
    return [(finding.rule, finding.severity) for finding in told(code, head)]


def test_a_finding_names_both_lines_and_shows_the_right_order():
    (finding,) = told("""
        X = StandardScaler().fit_transform(X)
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        LogisticRegression().fit(X_train, y_train).score(X_test, y_test)
    """)
    assert finding.rule == "code.fit_before_split"
    assert finding.severity == "warning"  # reading alone proves nothing
    leak, split = finding.places
    assert (leak.file, leak.line, leak.says) == ("train.py", 10, "learns from all rows")
    assert leak.text == "X = StandardScaler().fit_transform(X)"
    assert (split.line, split.says) == (11, "splits them")
    assert finding.what == (
        "StandardScaler is fitted on all rows (train.py line 10) before they are split into train and test (train.py line 11)."
    )
    assert "make_pipeline(StandardScaler(), estimator)" in finding.advice


def test_many_lines_before_one_split_are_one_finding():
    (finding,) = told("""
        X["a"] = X["a"].fillna(X["a"].mean())
        X["b"] = X["b"].fillna(X["b"].median())
        X["c"] = (X["c"] - X["c"].min()) / (X["c"].max() - X["c"].min())
        X_train, X_test, y_train, y_test = train_test_split(X, y)
    """)
    assert finding.rule == "code.statistics_before_split"
    assert finding.measured["lines"] >= 3
    assert [place.line for place in finding.places][:2] == [10, 13]


def test_a_category_list_is_information_only():
    code = """
        X = OneHotEncoder().fit_transform(X)
        X_train, X_test, y_train, y_test = train_test_split(X, y)
    """
    assert rules(code) == [("code.vocabulary_before_split", "info")]


def test_encoding_the_target_is_no_leak():
    assert (
        rules("""
        y = LabelEncoder().fit_transform(y)
        df["y"] = LabelEncoder().fit_transform(df["y"])
        X_train, X_test, y_train, y_test = train_test_split(df.drop(columns="y"), df["y"])
    """)
        == []
    )


def test_a_column_that_is_dropped_again_leaks_nothing():
    assert (
        rules("""
        df["z"] = (df["age"] - df["age"].mean()) / df["age"].std()
        df["z"].hist()
        X_train, X_test, y_train, y_test = train_test_split(df[["age", "income"]], df["y"])
    """)
        == []
    )


def test_scaling_the_training_part_before_its_own_split_is_mild():
    code = """
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        scaler = StandardScaler()
        X_train, X_test = scaler.fit_transform(X_train), scaler.transform(X_test)
        X_fit, X_val, y_fit, y_val = train_test_split(X_train, y_train)
        LogisticRegression().fit(X_fit, y_fit).score(X_test, y_test)
    """
    assert rules(code) == [("code.fit_before_split", "info")]


def test_fitting_on_all_rows_for_use_after_the_score_is_right():
    assert (
        rules("""
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        model = LogisticRegression().fit(X_train, y_train)
        print(model.score(X_test, y_test))
        model.fit(X, y)
    """)
        == []
    )


def test_one_scaler_fitted_anew_on_each_part():
    code = """
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        scaler = StandardScaler()
        model = LogisticRegression().fit(scaler.fit_transform(X_train), y_train)
        model.score(scaler.fit_transform(X_test), y_test)
    """
    assert rules(code) == [("code.fit_on_test", "warning")]


@pytest.mark.parametrize("best", ["max(scores)", "max(scores, key=float)", "scores[int(np.argmax(scores))]"])
def test_the_best_of_several_test_scores_is_a_choice(best):
    code = f"""
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        scores = []
        for c in (0.1, 1, 10):
            model = LogisticRegression(C=c).fit(X_train, y_train)
            scores.append(model.score(X_test, y_test))
        best_score = {best}
    """
    assert rules(code) == [("code.test_in_selection", "warning")]


def test_the_limits_of_a_drawing_are_no_choice():
    assert (
        rules("""
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        scores = [LogisticRegression(C=c).fit(X_train, y_train).score(X_test, y_test) for c in (0.1, 1, 10)]
        axis.set_ylim(min(scores), max(scores))
    """)
        == []
    )


def test_a_test_set_that_was_kept_back_redeems_the_choice():
    assert (
        rules("""
        X_rest, X_final, y_rest, y_final = train_test_split(X, y)
        X_train, X_test, y_train, y_test = train_test_split(X_rest, y_rest)
        best = None
        for c in (0.1, 1, 10):
            model = LogisticRegression(C=c).fit(X_train, y_train)
            score = model.score(X_test, y_test)
            if best is None or score > best:
                best, kept = score, model
        print("final test", accuracy_score(y_final, kept.predict(X_final)))
    """)
        == []
    )


def test_the_same_file_read_twice_holds_the_same_rows():
    code = """
        scaler = StandardScaler().fit(pd.read_csv("data.csv").drop(columns="y"))
        X_train, X_test, y_train, y_test = train_test_split(X, y)
        model = LogisticRegression().fit(scaler.transform(X_train), y_train)
        model.score(scaler.transform(X_test), y_test)
    """
    assert rules(code) == [("code.fit_before_split", "warning")]


def test_a_training_score_that_is_called_so_is_no_test():
    assert (
        rules("""
        model = LogisticRegression().fit(X, y)
        print("training accuracy", model.score(X, y))
    """)
        == []
    )
    assert rules("""
        model = LogisticRegression().fit(X, y)
        print("accuracy", model.score(X, y))
    """) == [("code.no_test_data", "warning")]


def test_rows_flow_across_files_and_classes():
    files = {
        "pkg/steps.py": dedent("""
            from sklearn.preprocessing import StandardScaler
            class Base:
                def __init__(self):
                    self.scaler = StandardScaler()
            class Steps(Base):
                def apply(self, rows):
                    return self.scaler.fit_transform(rows)
        """),
        "pkg/train.py": HEAD
        + dedent("""
            from .steps import Steps
            def main():
                parts = train_test_split(Steps().apply(X), y)
                LogisticRegression().fit(parts[0], parts[2]).score(parts[1], parts[3])
            main()
        """),
    }
    (finding,) = analyse(files)
    assert finding.rule == "code.fit_before_split"
    assert [(place.file, place.line) for place in finding.places] == [("pkg/steps.py", 8), ("pkg/train.py", 12)]


def test_files_that_do_not_import_each_other_know_nothing_of_each_other():
    split = HEAD + "X_train, X_test, y_train, y_test = train_test_split(X, y)\n"
    alone = HEAD + "print(LogisticRegression().fit(X, y).score(X, y))\n"
    assert [finding.rule for finding in analyse({"a.py": split, "b.py": alone})] == ["code.no_test_data"]


def test_code_nested_without_end_is_read_as_far_as_it_goes():
    deep = "x = " + "+".join(["x"] * 400)
    assert analyse({"deep.py": deep}) == ()
    assert analyse({"calls.py": "def f(x):\n    return g(x)\ndef g(x):\n    return f(x)\nf(1)\n"}) == ()


def test_a_file_that_is_not_python_is_refused():
    with pytest.raises(SyntaxError):
        analyse({"old.py": "print 'python 2'"})
