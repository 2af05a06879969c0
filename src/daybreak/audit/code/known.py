"""What the libraries' names mean: which classes learn what from the rows they are fitted on, which functions split, score, choose.

By the last part of the name, so that renamed modules, old and new versions and star imports are met alike.
"""

import re

from daybreak.audit.code.values import TaintKind


def _set(text: str) -> frozenset[str]:
    return frozenset(text.split())


STATELESS = _set(
    "Normalizer HashingVectorizer FeatureHasher FunctionTransformer PolynomialFeatures Binarizer RBFSampler SkewedChi2Sampler "
    "GaussianRandomProjection SparseRandomProjection AdditiveChi2Sampler PatchExtractor HashingEncoder LabelBinarizer "
    "MultiLabelBinarizer PolynomialCountSketch DatetimeFeatures CyclicalFeatures MathFeatures RelativeFeatures LagFeatures DropFeatures "
    "DropConstantFeatures LogTransformer TransformedTargetRegressor ToTensor Cleaner"
)
VOCABULARY = _set(
    "LabelEncoder OneHotEncoder OrdinalEncoder BinaryEncoder BaseNEncoder DictVectorizer StringLookup IntegerLookup"
)
SELECTORS = _set(
    "SelectKBest SelectPercentile SelectFpr SelectFdr SelectFwe GenericUnivariateSelect RFE RFECV SelectFromModel VarianceThreshold "
    "SequentialFeatureSelector BorutaPy Boruta SequentialFeatureSelection ExhaustiveFeatureSelector DropCorrelatedFeatures"
)
SELECTION_FUNCTIONS = _set(
    "mutual_info_classif mutual_info_regression f_classif f_regression chi2 r_regression f_oneway ttest_ind mannwhitneyu kruskal ks_2samp "
    "ranksums pointbiserialr kendalltau chi2_contingency spearmanr pearsonr"
)
TARGET_ENCODERS = _set(
    "TargetEncoder LeaveOneOutEncoder CatBoostEncoder JamesSteinEncoder MEstimateEncoder WOEEncoder GLMMEncoder QuantileEncoder "
    "SummaryEncoder MeanEncoder"
)
_SAMPLER = re.compile(
    r"(SMOTE|SMOTEN|SMOTENC|SMOTEENN|SMOTETomek|ADASYN|Sampler|TomekLinks|NearMiss|ClusterCentroids|NearestNeighbours|"
    r"NeighbourhoodCleaningRule|OneSidedSelection|InstanceHardnessThreshold|AllKNN)$"
)
_NOT_SAMPLER = re.compile(
    r"(RBF|Chi2|Nystroem|WeightedRandom|SubsetRandom|Sequential|Distributed|Batch|^Random)Sampler$"
)
FIT_FUNCTIONS = _set(
    "scale minmax_scale maxabs_scale robust_scale quantile_transform power_transform zscore boxcox yeojohnson"
)
_MODEL = re.compile(
    r"(Classifier|Regressor|Regression|SVC|SVR|Ridge|Lasso|ElasticNet|NB|Perceptron|RidgeCV|LassoCV|ElasticNetCV|RegressionCV|"
    r"LinearDiscriminantAnalysis|QuadraticDiscriminantAnalysis|CatBoost|Sequential|Model|XGBRanker|LGBMRanker|Lars|LassoLars|Ranker)$"
)
FOLDS = _set(
    "KFold StratifiedKFold GroupKFold RepeatedKFold RepeatedStratifiedKFold ShuffleSplit StratifiedShuffleSplit GroupShuffleSplit "
    "LeaveOneOut LeavePOut LeaveOneGroupOut LeavePGroupsOut PredefinedSplit StratifiedGroupKFold TimeSeriesSplit "
    "MultilabelStratifiedKFold MultilabelStratifiedShuffleSplit PurgedKFold"
)
TIME_FOLDS = _set("TimeSeriesSplit PredefinedSplit PurgedKFold")
GROUP_FOLDS = _set("GroupKFold GroupShuffleSplit LeaveOneGroupOut LeavePGroupsOut StratifiedGroupKFold")
CROSS_VALIDATIONS = _set("cross_val_score cross_validate cross_val_predict permutation_test_score")
CURVES = _set("learning_curve validation_curve")
SEARCHES = _set(
    "GridSearchCV RandomizedSearchCV HalvingGridSearchCV HalvingRandomSearchCV BayesSearchCV OptunaSearchCV TuneSearchCV "
    "TuneGridSearchCV EvolutionGridSearchCV"
)
PIPELINES = _set(
    "make_pipeline Pipeline ColumnTransformer make_column_transformer FeatureUnion make_union TransformedTargetRegressor"
)
STATISTICS = _set(
    "mean median mode std var min max quantile percentile skew kurt kurtosis corr cov corrwith describe sum nanmean nanmedian nanstd "
    "nanvar nanmin nanmax nanquantile nanpercentile amin amax average corrcoef value_counts mad sem var_mean std_mean aminmax ptp "
    "groupby_mean idxmax idxmin argmax argmin"
)
CHOICES = _set("argmax argmin idxmax idxmin nanargmax nanargmin max min amax amin nlargest nsmallest topk")
BINS = _set("qcut cut")
DRAWINGS = _set("TSNE UMAP MDS SpectralEmbedding LocallyLinearEmbedding Isomap PHATE")
CLUSTERS = re.compile(
    r"(KMeans|DBSCAN|Clustering|OPTICS|MeanShift|Birch|GaussianMixture|AffinityPropagation|KModes|KPrototypes)$"
)
METRIC = re.compile(
    r"(_score|_error|_loss|_accuracy|^accuracy|^auc$|^f1|^precision|^recall|_report$|confusion_matrix|^rmsl?e|^mae$|^mse$|^mape|^smape|"
    r"^r2|_auc$|_curve$|^kappa|^logloss|^log_loss|_coef$|^score|^metric)",
    re.IGNORECASE,
)
WINDOWS = _set("rolling expanding ewm shift diff pct_change rolling_mean rolling_std rolling_sum lag")
SEQUENCES = _set("TimeseriesGenerator timeseries_dataset_from_array sliding_window_view")
PRICES = (
    "yfinance",
    "pandas_datareader",
    "statsmodels.tsa",
    "fbprophet",
    "prophet",
    "pmdarima",
    "ccxt",
    "quandl",
    "alpha_vantage",
    "sktime",
)
STOPPING = re.compile(r"(EarlyStopping|ModelCheckpoint|early_stopping|early_stop|ReduceLROnPlateau|SaveBestModel)")
LEARNED = re.compile(
    r"^(feature_importances_|coef_|scores_|pvalues_|ranking_|support_|get_support|feature_importance|get_fscore|get_score)$"
)
PLAIN = _set(
    "len range arange trange print isinstance type id hash str repr format input int bool ord chr callable hasattr issubclass super"
)
PASSING = _set(
    "enumerate zip tqdm iter next list tuple reversed map filter set DataLoader batch prefetch cache shuffle iterrows "
    "itertuples items values to_list tolist as_completed cycle islice chain"
)
NO_DATA = (
    "os.",
    "pathlib.",
    "glob.",
    "shutil.",
    "argparse.",
    "sys.",
    "logging.",
    "time.",
    "datetime.",
    "re.",
    "plt.",
    "sns.",
)
READS = re.compile(
    r"^(read_|load_|fetch_|make_|loadtxt|genfromtxt|scan_|load$|download|open_dataset|from_csv|imread|open$|get_data)"
)


def kind_of(name: str) -> TaintKind | None:
    """What fitting an object of this class takes from its rows; None: nothing."""
    if name in STATELESS:
        return None
    if name in VOCABULARY:
        return "vocabulary"
    if name in SELECTORS:
        return "selection"
    if name in TARGET_ENCODERS:
        return "target_encoding"
    if is_sampler(name):
        return "resampling"
    return "fit"


def is_sampler(name: str) -> bool:
    """Whether objects of this class make up or drop rows to balance classes."""
    return bool(_SAMPLER.search(name)) and not _NOT_SAMPLER.search(name)


def is_model(name: str) -> bool:
    """Whether objects of this class are supervised models."""
    return bool(_MODEL.search(name)) or name in SEARCHES
