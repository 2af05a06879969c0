"""SARIF 2.1.0: the parts that its schema requires and that code hosts read. The whole schema was run over it by hand."""

import json

from daybreak.audit.outcome import Finding, Place
from daybreak.validation.code_files import audit_code
from daybreak.validation.sarif import sarif


def finding(**more):
    base = {
        "rule": "code.fit_before_split",
        "severity": "warning",
        "what": "StandardScaler is fitted on all rows.",
        "sure": "high",
        "matters": "Too good. Much.",
        "advice": "Split first.",
        "places": (
            Place("a dir/train.py", 3, 5, "learns", "x = 1"),
            Place("n.ipynb cell 2", 7, 1, "splits", "split()"),
        ),
        "fingerprint": "ab" * 32,
    }
    return Finding(**(base | more))


def test_a_finding_is_a_result_with_its_rule_and_both_places():
    log = sarif([finding()])
    assert log["version"] == "2.1.0"
    (run,) = log["runs"]
    assert run["tool"]["driver"]["name"] == "daybreak"
    (rule,) = run["tool"]["driver"]["rules"]
    assert rule["id"] == "code.fit_before_split"
    assert rule["help"]["text"] == "Split first."
    (result,) = run["results"]
    assert (result["ruleId"], result["ruleIndex"], result["level"]) == ("code.fit_before_split", 0, "warning")
    assert result["message"]["text"].startswith("StandardScaler")
    where = result["locations"][0]["physicalLocation"]
    assert where["artifactLocation"]["uri"] == "a%20dir/train.py"
    assert where["region"] == {"startLine": 3, "startColumn": 5, "snippet": {"text": "x = 1"}}
    assert result["partialFingerprints"] == {"daybreak/v1": "ab" * 32}


def test_a_notebook_is_named_as_a_file_and_its_cell_in_words():
    (result,) = sarif([finding()])["runs"][0]["results"]
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"] == "n.ipynb"
    assert related["message"]["text"] == "cell 2, line 7: splits"


def test_levels_and_rules_are_told_once():
    log = sarif([finding(), finding(severity="info"), finding(severity="error", rule="code.test_in_fit")])
    run = log["runs"][0]
    assert [result["level"] for result in run["results"]] == ["warning", "note", "error"]
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["code.fit_before_split", "code.test_in_fit"]


def test_findings_in_data_have_no_place_in_it():
    assert sarif([finding(places=())])["runs"][0]["results"] == []


def test_a_report_of_code_becomes_json(tmp_path):
    (tmp_path / "a.py").write_text("x = 1\n")
    log = json.loads(json.dumps(sarif(audit_code([tmp_path / "a.py"]))))
    assert log["runs"][0]["results"] == []
