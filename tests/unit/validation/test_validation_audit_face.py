"""The way in from Python: `daybreak.audit.run` and `daybreak.audit.code`."""

import daybreak.audit


def test_code_can_be_asked_more_than_once(tmp_path):
    """The name is also that of the package that reads code, which the first call imports."""
    script = tmp_path / "train.py"
    script.write_text(
        "import pandas as pd\n"
        "from sklearn.preprocessing import StandardScaler\n"
        "from sklearn.model_selection import train_test_split\n"
        'X = pd.read_csv("a.csv")\n'
        "X = StandardScaler().fit_transform(X)\n"
        "a, b = train_test_split(X)\n"
    )
    first, second = (daybreak.audit.code([script]) for _ in range(2))
    assert [one.rule for one in first.findings] == ["code.fit_before_split"]
    assert first.findings == second.findings


def test_a_side_given_twice_is_told(tmp_path):
    (tmp_path / "a.csv").write_text("x,y\n" + "".join(f"{i},{i % 2}\n" for i in range(50)))
    report = daybreak.audit.run(tmp_path / "a.csv", tmp_path / "a.csv", target="y", only=["overlap.exact"])
    assert "input.same" in {one.rule for one in report.findings}
    assert report.exit_status == 1
