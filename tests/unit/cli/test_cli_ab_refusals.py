"""What `daybreak ab` refuses, each in one sentence."""

import msgspec
import pytest

from daybreak.base.home import Home
from daybreak.cli.main import main
from daybreak.registry import package
from daybreak.serving import desired
from daybreak.serving.deployment import Deployment, Served
from daybreak.serving.experiment import NONE
from daybreak.testing.packages import mlp, mlp_columns


def ranged(record, *, strict):
    """As it is, but that training saw another range, beyond which nothing is taken where it is strict."""
    (field,) = record.signature.inputs
    other = msgspec.structs.replace(field, low=-5, strict=strict)
    signature = msgspec.structs.replace(record.signature, inputs=(other,))
    return msgspec.structs.replace(record, signature=signature)


@pytest.fixture(scope="module")
def shop(tmp_path_factory):
    """A folder with a package, and a home with a deployment that does not run."""
    folder = tmp_path_factory.mktemp("shop")
    mlp(folder / "v2", version=2)
    mlp(folder / "wider", features=65, version=3)
    mlp_columns(folder / "columns", version=4)
    for version, name in ((5, "strict"), (6, "ranged")):
        package.seal(folder / name, ranged(mlp(folder / name, version=version), strict=name == "strict"))
    desired.write(
        desired.folder_of(Home(folder / "home"), "shop"),
        Deployment("shop", (Served("champion", "mlp", 2, str(folder / "v2")),)),
    )
    return folder


def ab(*words):
    """Exit status of a command."""
    with pytest.raises(SystemExit) as ended:
        main(["ab", *words, "--home", "home"])
    return ended.value.code


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("status", "nobody"), 2, "there is no deployment nobody"),
        (("start", "shop"), 2, "needs a challenger or a shadow"),
        (("start", "shop", "./v2", "--weight", "1.5"), 2, "a weight is a share of all units, 0 to 1, got 1.5"),
        (
            ("start", "shop", "./v2", "--outcome", "clicks"),
            2,
            "an outcome is conversion, error, accuracy, rating, latency",
        ),
        (("start", "shop", "./v2", "--effect", "0"), 2, "more than 0, got 0"),
        (("start", "shop", "./v2", "--also", "rating=much"), 2, "KIND or KIND=EFFECT"),
        (("start", "shop", "./v2", "--unit", "cookie:id"), 2, "`header:NAME` or `field:NAME`"),
        (
            ("start", "shop", "./v2", "--unit", "field:customer"),
            2,
            "is an input of the model (features), got 'customer'",
        ),
        (("start", "shop", "./v2", "--ignore", "weather"), 2, "guards are errors, slow, drift"),
        (("start", "shop", "digits@production"), 2, "digits"),
        (("start", "shop", "./wider"), 2, "features: tensor 64 before, tensor 65 now"),
        (("start", "shop", "--shadow", "./columns"), 2, "age: none before, number now"),
        (
            ("start", "shop", "./strict"),
            2,
            "mlp 5 tells otherwise of its inputs than mlp 2 (features: type, strictness",
        ),
        (("ramp", "shop", "0.5"), 2, "shop"),
        (("stop", "shop"), 2, "shop"),
    ],
)
def test_what_cannot_be_is_told_in_one_sentence(shop, monkeypatch, capsys, words, code, said):
    monkeypatch.chdir(shop)
    with pytest.raises(SystemExit) as ended:
        main(["ab", *words, "--home", "home"])
    told = capsys.readouterr().err
    assert (ended.value.code, said in told, len(told.strip().splitlines())) == (code, True, 1), told


def test_a_challenger_whose_training_saw_another_range_is_compared(shop, monkeypatch):
    monkeypatch.chdir(shop)
    assert (ab("start", "shop", "./ranged"), ab("stop", "shop")) == (0, 0)


def test_a_test_of_a_deployment_that_does_not_run_waits_for_it(shop, monkeypatch, capsys):
    monkeypatch.chdir(shop)
    begun = ("start", "shop", "./v2", "./v2", "--shadow", "./v2", "--unit", "field:features")
    for words in (begun, ("ramp", "shop", "0.4", "--arm", "v2-2"), ("status", "shop"), ("stop", "shop")):
        with pytest.raises(SystemExit) as ended:
            main(["ab", *words, "--home", "home"])
        assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "challenger v2-2 (mlp 2) answers 40.00 % of units" in said
    assert "shadow     v2-3 (mlp 2) sees 100.00 % of units" in said
    assert "shop does not run; daybreak deployment start shop --home" in said
    assert "Too early to tell: too few outcomes for an interval" in said


def test_where_there_never_was_a_test_the_record_says_so(shop, monkeypatch, capsys):
    monkeypatch.chdir(shop)
    folder = desired.folder_of(Home(shop / "home"), "quiet")
    desired.write(folder, Deployment("quiet", (Served("champion", "mlp", 2, str(shop / "v2")),)))
    assert ab("status", "quiet", "--json") == 0
    assert msgspec.json.decode(capsys.readouterr().out) == msgspec.json.decode(NONE)
    assert ab("status", "quiet") == 0
    assert "quiet has no test: daybreak ab start quiet MODEL@VERSION" in capsys.readouterr().out


def test_a_challenger_of_the_champions_own_version_is_an_a_a_test(shop, monkeypatch, capsys):
    monkeypatch.chdir(shop)
    mlp(shop / "v3", version=3)
    folder = desired.folder_of(Home(shop / "home"), "twice")
    desired.write(folder, Deployment("twice", (Served("champion", "mlp", 2, str(shop / "v2")),)))
    assert ab("start", "twice", "./v2", "./v3", "--json") == 0
    assert msgspec.json.decode(capsys.readouterr().out)["a_a"] == ["v2"]
    assert ab("stop", "twice", "--json") == 0
    stopped = msgspec.json.decode(capsys.readouterr().out)["arms"]
    assert [(one["name"], one["role"], one["version"], one["weight"]) for one in stopped] == [
        ("champion", "champion", "2", 1.0),
        ("v2", "challenger", "2", 0.0),
        ("v3", "challenger", "3", 0.0),
    ]
    assert ab("start", "twice", "./v2") == 0
    assert "v2 is the champion's own version: an A/A test" in capsys.readouterr().out
