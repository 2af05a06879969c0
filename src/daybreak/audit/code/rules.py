"""What is said of each leak: to somebody who has never heard of leakage."""

from typing import NamedTuple

from daybreak.audit.outcome import Severity, Sureness


class Wording(NamedTuple):
    """Sentences of one rule. `{what}`, `{be}`, `{learn}`, `{at}` and `{split}` are filled in.

    `leaks`, `splits`: what happens at the two places.
    """

    what: str
    leaks: str
    splits: str
    matters: str
    advice: str
    sure: Sureness = "high"
    severity: Severity = "warning"


_SEEN = "The test rows have then had a say in what the model learns from, so its score is likely too good."
_PIPELINE = """Split first, then fit on the training rows alone:

    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model = make_pipeline({what}(), estimator)
    model.fit(X_train, y_train)
    model.score(X_test, y_test)"""

WORDINGS: dict[str, Wording] = {
    "fit_before_split": Wording(
        "{what} {be} fitted on all rows ({at}) before they are split into train and test ({split}).",
        "learns from all rows", "splits them", _SEEN, _PIPELINE,
    ),
    "statistics_before_split": Wording(
        "A statistic of all rows ({what}, {at}) is put into the data before it is split into train and test ({split}).",
        "computes a statistic over all rows", "splits them", _SEEN,
        """Split first, and compute the numbers on the training rows alone:

    train, test = train_test_split(df, random_state=0)
    mean, std = train[columns].mean(), train[columns].std()
    train[columns] = (train[columns] - mean) / std
    test[columns] = (test[columns] - mean) / std""",
    ),
    "selection_before_split": Wording(
        "Features are selected by all rows ({what}, {at}), those included that are held out later ({split}).",
        "selects features by all rows", "splits them",
        "Features that fit the test rows by chance are kept: the score can look good even where there is nothing to learn.",
        """Make the selection a step of the model, so that it sees training rows only:

    model = make_pipeline({what}(...), estimator)
    model.fit(X_train, y_train)        # or cross_val_score(model, X, y)
    model.score(X_test, y_test)""",
    ),
    "resampling_before_split": Wording(
        "Rows are made up or repeated ({what}, {at}) before the data is split ({split}).",
        "makes up or repeats rows", "splits them",
        "Copies and blends of one row stand on both sides of the split: the model is tested on what it has seen.",
        """Split first, and resample the training rows alone:

    X_train, X_test, y_train, y_test = train_test_split(X, y, stratify=y, random_state=0)
    X_train, y_train = SMOTE().fit_resample(X_train, y_train)
    # in cross-validation: imblearn.pipeline.make_pipeline(SMOTE(), estimator)""",
    ),
    "target_encoding_before_split": Wording(
        "Categories are replaced by means of the target over all rows ({what}, {at}) before the split ({split}).",
        "encodes by the target of all rows", "splits them",
        "The answers of the test rows are in the features: the score is likely far too good.",
        """Split first, and learn the encoding from the training rows, best as a step of the model:

    model = make_pipeline(TargetEncoder(), estimator)     # sklearn.preprocessing
    model.fit(X_train, y_train)
    model.score(X_test, y_test)""",
    ),
    "vocabulary_before_split": Wording(
        "{what} {learn} the categories of all rows ({at}) before they are split ({split}).",
        "learns the categories of all rows", "splits them",
        "Only the list of categories is known early; no number of the test rows is. It hides what happens when a new category comes.",
        """Fit it on the training rows, and say what becomes of an unknown category:

    encoder = OneHotEncoder(handle_unknown="ignore").fit(X_train)
    X_test = encoder.transform(X_test)""",
        sure="moderate", severity="info",
    ),
    "test_in_fit": Wording(
        "{what} {be} fitted on rows that hold the test rows ({at}), which are split off at {split}.",
        "learns from test rows, too", "parts them",
        "The model, or what prepares its rows, has seen the rows that it is tested on: its score is likely too good.",
        """Fit on the training rows alone; prepare the test rows with what was learned there:

    scaler = StandardScaler().fit(X_train)
    model.fit(scaler.transform(X_train), y_train)
    model.score(scaler.transform(X_test), y_test)""",
    ),
    "fit_on_test": Wording(
        "{what} {be} fitted on the test rows themselves ({at}), instead of on the training rows.",
        "learns from the test rows", "splits them off",
        "Test rows are then prepared by another measure than training rows, one that a single new row would not have: "
        "the score is not that of the model in use.",
        """Use what was fitted on the training rows:

    X_train = scaler.fit_transform(X_train)
    X_test = scaler.transform(X_test)        # not fit_transform""",
    ),
    "test_in_early_stopping": Wording(
        "The test rows decide when training ends or which state is kept ({at}), and are scored afterwards.",
        "stops, or keeps the best state, by the test rows", "splits them off",
        "The best of many moments was chosen by the test rows: their score is that of a choice, not of new data.",
        """Hold out a third part for this:

    X_train, X_val, y_train, y_val = train_test_split(X_train, y_train, random_state=0)
    model.fit(X_train, y_train, eval_set=[(X_val, y_val)])     # Keras: validation_data=(X_val, y_val)
    model.score(X_test, y_test)                                # once, at the end""",
    ),
    "test_in_selection": Wording(
        "Models or hyperparameters are chosen by the score on the test rows ({at}).",
        "chooses by the test score", "splits them off",
        "The best of several scores on the same rows is too good by chance alone; no untouched rows are left to tell.",
        """Choose by cross-validation or by a validation set, and score the test rows once:

    search = GridSearchCV(estimator, grid, cv=5).fit(X_train, y_train)
    print(search.score(X_test, y_test))""",
    ),
    "shuffled_series": Wording(
        "Rows that stand in the order of time ({split}) are split by chance ({at}).",
        "draws test rows by chance", "rows stand in the order of time here",
        "The model learns from days after those that it is tested on, and from their neighbours: it will not have them in use.",
        """Test on what comes after:

    X_train, X_test, y_train, y_test = train_test_split(X, y, shuffle=False)
    # in cross-validation: cv=TimeSeriesSplit(n_splits=5)""",
        sure="moderate",
    ),
    "no_test_data": Wording(
        "The only score ({at}) is computed on the rows that the model was fitted on ({split}); no rows are held out.",
        "scores the training rows", "fits on the same rows",
        "A model that has learned its rows by heart gets a perfect score here: it says nothing about new rows.",
        """Hold rows out, or cross-validate:

    X_train, X_test, y_train, y_test = train_test_split(X, y, random_state=0)
    model.fit(X_train, y_train)
    print(model.score(X_test, y_test))""",
        sure="moderate",
    ),
    "random_state_searched": Wording(
        "Random seeds are tried until the score is good ({at}).",
        "chooses a seed by its score", "splits",
        "The best of many seeds is luck with the split or the start: a new draw will not have it.",
        """Fix the seed before you look, or report the mean and spread over all seeds:

    scores = [fit_and_score(seed) for seed in range(10)]
    print(np.mean(scores), np.std(scores))""",
    ),
    "cross_val_after_fit": Wording(
        "{what} {learn} from all rows ({at}) before they are cross-validated ({split}).",
        "learns from all rows", "cross-validates them",
        "In every fold the held-out rows have had a say in how the data was prepared.",
        """Cross-validate the preparation together with the model:

    model = make_pipeline({what}(), estimator)
    cross_val_score(model, X, y, cv=5)""",
    ),
}  # fmt: skip
