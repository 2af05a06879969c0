"""One table of codes: the code uses them all and no others, with their statuses, and the docs show it."""

import ast
from pathlib import Path

import grpc
import msgspec
import pytest

import daybreak
from daybreak.base.errors import BadRow
from daybreak.serving.problems import PROBLEMS, of_row, refuse

SOURCE = Path(daybreak.__file__).parent
DOCS = SOURCE.parents[1] / "docs/serving/errors.md"
BEGIN, END = "<!-- table: begin -->", "<!-- table: end -->"


def calls():
    """Name of what is called, its constant arguments, where it stands."""
    for room in ("serving", "signature", "inference"):
        for file in sorted((SOURCE / room).rglob("*.py")):
            for node in ast.walk(ast.parse(file.read_text())):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                    name = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                    constants = [one.value for one in node.args if isinstance(one, ast.Constant)]
                    yield name, constants, f"{file.relative_to(SOURCE)}:{node.lineno}"


def told():
    """Every code that is given as a constant, with its status where that is one too."""
    for name, constants, where in calls():
        words = [one for one in constants if isinstance(one, str)]
        if name in ("refuse", "BadRow") and words:
            yield words[0], None, where
        elif name == "Refusal" and words and isinstance(constants[0], int):
            yield words[0], constants[0], where
        elif name == "Refused" and words and words[-1] in PROBLEMS:
            yield words[-1], None, where
        elif name == "BadRows":
            yield (words[-1] if words else "bad_row"), None, where


def test_every_refusal_has_a_code_of_the_table_and_its_status():
    odd = [
        (code, status, where)
        for code, status, where in told()
        if code not in PROBLEMS or status not in (None, PROBLEMS[code].status)
    ]
    assert odd == []


def test_every_code_of_the_table_is_used():
    assert {*PROBLEMS} - {code for code, _, _ in told()} == set()


def test_statuses_of_grpc_are_its_own():
    assert {problem.grpc for problem in PROBLEMS.values()} <= {status.name for status in grpc.StatusCode}


def test_a_refusal_tells_code_sentence_and_place():
    refusal = of_row(BadRow("bad_type", "`age` is a number", 3, "age"))
    assert refusal.status == 400
    assert msgspec.json.decode(refusal.body) == {
        "error": "`age` is a number",
        "code": "bad_type",
        "where": "row 3, age",
    }


@pytest.mark.parametrize(
    ("code", "told"), [("token_missing", b'realm="daybreak"'), ("scope_missing", b"insufficient_scope")]
)
def test_who_lacks_a_token_is_told_how_to_ask(code, told):
    assert told in dict(refuse(code, "no").headers)[b"www-authenticate"]


def table():
    lines = ["| status | code | gRPC | what it means | what to do |", "|---|---|---|---|---|"]
    for code, problem in sorted(PROBLEMS.items(), key=lambda item: item[1].status):
        lines.append(f"| {problem.status} | `{code}` | {problem.grpc} | {problem.meaning} | {problem.remedy} |")
    return "\n".join(lines)


def test_the_docs_show_the_table():
    """To write it anew: python -c "from test_serving_problems import table; print(table())" in this folder."""
    shown = DOCS.read_text().partition(BEGIN)[2].partition(END)[0].strip()
    assert shown == table()
