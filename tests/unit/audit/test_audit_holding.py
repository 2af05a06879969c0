"""Models that contain their data are pointed out, by name or description."""

import pytest

from daybreak.audit.holding import holds, model_holds_data


@pytest.mark.parametrize(
    ("described", "kind"),
    [
        ("KNeighborsClassifier(n_neighbors=3)", "nearest neighbours"),
        ("sklearn.gaussian_process.GaussianProcessRegressor", "a Gaussian process"),
        ("gpytorch.models.ExactGP", "a Gaussian process"),
        ("SVC(C=2.0)", "a support vector machine"),
        ("SVC(kernel='linear')", "a support vector machine (linear)"),
        ("NuSVR", "a support vector machine"),
        ("KernelRidge(alpha=1)", "a kernel method"),
        ("RBFNetwork", "a radial basis function network"),
        ("TabPFNClassifier", "an in-context model"),
    ],
)
def test_models_that_keep_their_rows_are_known(described, kind):
    assert holds(described)[0] == kind


@pytest.mark.parametrize(
    "described",
    ["LinearSVC()", "RandomForestClassifier", "torch.nn.Linear", "LogisticRegression(C=1)", "XGBClassifier", "KMeans"],
)
def test_models_that_keep_weights_are_not(described):
    assert holds(described) is None


def test_a_pipeline_is_looked_at_part_by_part():
    outcome = model_holds_data(["StandardScaler()", "KNeighborsClassifier()"])
    assert [(f.severity, f.subject) for f in outcome.findings] == [("info", "KNeighborsClassifier")]
    assert model_holds_data(["StandardScaler()", "Ridge()"]).status == "clean"


def test_one_model_is_told_once_however_often_the_code_names_it():
    calls = [
        "neighbors.KNeighborsClassifier()",
        "neighbors.KNeighborsClassifier(3).fit()",
        "cross_val_score(estimator=SVC(C=2))",
    ]
    assert [f.subject for f in model_holds_data(calls).findings] == ["SVC", "KNeighborsClassifier"]
