import gzip

import pytest
from opened_data import notes, opened, real, rows, types, write

from daybreak.base.errors import UsageError
from daybreak.readers.dialect import look


def test_adult_has_no_header_spaces_after_commas_and_a_blank_last_line():
    found = opened(train=real("adult/adult-train.csv"), test=real("adult/adult-test.csv"), target="-1", names=())
    assert found.about.rows == {"train": 32561, "test": 16281}
    assert types(found)["0"] == "integer"
    assert types(found)["3"] == "category"
    assert found.about.target.name == "14"
    assert found.about.task == "classification"
    assert rows(found)["1"][0].as_py() == "State-gov"
    assert found.notes == ()


def test_sms_is_read_with_all_rows_that_default_quoting_swallows():
    sms = real("sms/sms.tsv")
    found = opened(train=sms, test=sms, target="0")
    assert found.about.rows["train"] == 5574
    assert types(found) == {"0": "category", "1": "text"}
    assert notes(found)["input.quoting"].measured["rows_swallowed"] == 2


def test_sst2_and_wine_have_no_header():
    found = opened(
        train=real("sst2/train.tsv"), test=real("sst2/test.tsv"), validation=real("sst2/dev.tsv"), target="1"
    )
    assert found.about.rows == {"train": 6920, "test": 1821, "validation": 872}
    assert types(found)["0"] == "text"
    wine = opened(train=real("wine/winequality-red.csv"), test=real("wine/winequality-white.csv"), target="11")
    assert wine.about.rows == {"train": 1599, "test": 4898}
    assert {*types(wine).values()} == {"number", "integer"}


@pytest.mark.parametrize(
    ("first", "header"),
    [
        (["age,name", "3,ann", "4,bob"], True),
        (["3,ann", "4,bob", "5,cy"], False),
        (["text,label", "good film,pos", "bad film,neg"] + ["more film,pos"] * 5, True),
        (["ham,hello you", "spam,buy this", "ham,see you"] + ["ham,x"] * 5, False),
        ([",a,b", "0,1,2", "1,2,3"], True),
        (["0,1,2,y", "0.1,0.5,0.9,yes", "0.2,0.3,0.4,no"], True),
        (["0.5,1.5", "2.5,1.5"], False),
    ],
)
def test_whether_the_first_line_names_the_columns(tmp_path, first, header):
    write(tmp_path / "a.csv", *first)
    assert look(tmp_path / "a.csv").header is header


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_the_delimiter_is_seen(tmp_path, delimiter):
    lines = [delimiter.join(cells) for cells in (("a", "b", "c"), ("1,5", "x", "2"), ("2,5", "y", "3"))]
    if delimiter == ",":
        lines = ["a,b,c", "1,x,2", "2,y,3"]
    write(tmp_path / "a.csv", *lines)
    assert look(tmp_path / "a.csv").delimiter == delimiter


def test_quotes_that_enclose_commas_and_line_breaks_are_quotes(tmp_path):
    path = write(tmp_path / "a.csv", "text,y", '"one, two",1', '"over', 'two lines",0', '"with ""quotes"" inside",1')
    found = opened(train=path, test=path, target="y", text=("text",))
    assert rows(found)["text"].to_pylist() == ["one, two", "over\ntwo lines", 'with "quotes" inside']
    assert found.notes == ()


def test_a_stray_quote_is_a_character(tmp_path):
    path = write(tmp_path / "a.tsv", 'ham\t"hello there', "spam\tbuy now", 'ham\tthe end"', "ham\tso long")
    found = opened(train=path, test=path)
    assert rows(found)["1"].to_pylist() == ['"hello there', "buy now", 'the end"', "so long"]
    assert notes(found)["input.quoting"].measured == {"stray_lines": 1, "rows_swallowed": 2}


def test_rows_with_too_few_fields_are_left_out_and_counted(tmp_path):
    path = write(tmp_path / "a.csv", "a,b", "1,2", "3", "4,5", "6,7,8")
    found = opened(train=path, test=path)
    assert rows(found)["a"].to_pylist() == [1, 4]
    assert notes(found)["input.rows"].measured == {"rows_left_out": 2}


def test_a_byte_order_mark_another_encoding_and_compression(tmp_path):
    (tmp_path / "bom.csv").write_bytes("\ufeffname,y\nañb,1\nc,2\n".encode())
    (tmp_path / "old.csv").write_bytes("name,y\nañb,1\nc,2\n".encode("cp1252"))
    with gzip.open(tmp_path / "zip.csv.gz", "wt", encoding="utf-8") as file:
        file.write("name,y\nañb,1\nc,2\n")
    found = {name: opened(train=tmp_path / name, test=tmp_path / name) for name in ("bom.csv", "old.csv", "zip.csv.gz")}
    assert all(rows(each)["name"].to_pylist() == ["añb", "c"] for each in found.values())
    assert "input.encoding" in notes(found["old.csv"])
    assert found["bom.csv"].notes == ()


def test_names_for_a_table_without_a_header(tmp_path):
    path = write(tmp_path / "a.csv", "1,x", "2,y", "3,x")
    found = opened(train=path, test=path, names=("age", "kind"), target="kind")
    assert types(found) == {"age": "integer", "kind": "category"}
    with pytest.raises(UsageError, match="a name for each column, got 3 for 2"):
        opened(train=path, test=path, names=("a", "b", "c"))


def test_the_number_of_rows_that_a_data_frame_was_written_with_is_an_id(tmp_path):
    path = write(tmp_path / "a.csv", ",a", "0,5.5", "1,6.5", "2,7.5")
    assert opened(train=path, test=path).about.column("unnamed_0").purpose == "id"


@pytest.mark.parametrize(
    ("content", "says"),
    [(b"", "has at least one row"), (b"a,b\n", "train has none"), (b"\x89PNG\x00\x00\x01\x02", "zero bytes")],
)
def test_files_that_are_no_tables(tmp_path, content, says):
    (tmp_path / "a.csv").write_bytes(content)
    with pytest.raises(UsageError, match=says):
        opened(train=tmp_path / "a.csv", test=tmp_path / "a.csv")


def test_wine_as_it_is_given_out_by_its_authors(tmp_path):
    path = write(tmp_path / "a.csv", '"fixed acidity";"pH";"quality"', "7.4;3.51;5", "7.8;3.2;5", "11.2;3.16;6")
    assert types(opened(train=path, test=path)) == {"fixed acidity": "number", "pH": "number", "quality": "integer"}


def test_reviews_over_several_lines(tmp_path):
    lines = ["review,stars"]
    for i in range(30):
        lines += [f'"Good, but, well, {i}', "", 'not so good; really, ""not"" so, good",' + str(i % 5)]
    path = write(tmp_path / "a.csv", *lines)
    found = opened(train=path, test=path, target="stars")
    assert found.about.rows["train"] == 30
    assert types(found) == {"review": "text", "stars": "integer"}
    assert found.notes == ()


def test_a_text_file_is_one_text_a_line(tmp_path):
    path = write(
        tmp_path / "a.txt",
        "Well, this is one line, with commas.",
        "And this one has none.",
        "The third, too, has some.",
    )
    found = opened(train=path, test=path, text=("0",))
    assert rows(found)["0"].to_pylist()[1] == "And this one has none."
    table = write(tmp_path / "b.txt", "a,b", "1,x", "2,y")
    assert list(types(opened(train=table, test=table))) == ["a", "b"]


def test_missing_values_quotes_and_names_as_in_lists_of_passengers(tmp_path):
    path = write(
        tmp_path / "a.csv",
        "PassengerId,Survived,Name,Age,Cabin",
        '1,0,"Braund, Mr. Owen Harris",22,',
        '2,1,"Cumings, Mrs. John Bradley (Florence Briggs Thayer)",38,C85',
        '3,1,"Heikkinen, Miss. Laina",,',
        '4,1,"Futrelle, Mrs. Jacques ""Lily"" Heath",35.5,C123',
    )
    found = opened(train=path, test=path, target="Survived")
    assert types(found) | {"Name": ""} == {
        "PassengerId": "integer",
        "Survived": "integer",
        "Name": "",
        "Age": "number",
        "Cabin": "category",
    }
    assert rows(found)["Age"].null_count == 1
    assert rows(found)["Cabin"].to_pylist() == [None, "C85", None, "C123"]
    assert found.notes == ()


def test_a_delimiter_that_is_named(tmp_path):
    path = write(tmp_path / "a.data", "1 2 x", "3 4 y", "5 6 x")
    assert types(opened(train=path, test=path, delimiter="space")) == {"0": "integer", "1": "integer", "2": "category"}
    with pytest.raises(UsageError, match="a delimiter is one character"):
        opened(train=path, test=path, delimiter="||")


def test_columns_without_names_are_asked_for_by_number(tmp_path):
    path = write(tmp_path / "a.csv", "1,2", "3,4", "5,6")
    assert opened(train=path, test=path, target="-2").about.target.name == "0"
    with pytest.raises(UsageError, match=r"numbered from 0 to 1 \(-1 is the last\), or give --names"):
        opened(train=path, test=path, target="quality")


def test_numbers_with_a_comma_for_a_point(tmp_path):
    path = write(tmp_path / "a.csv", "a;b;c", "1,5;x,y;2", "2;y,z;3", "-3,25;x;4")
    found = opened(train=path, test=path)
    assert types(found) == {"a": "number", "b": "category", "c": "integer"}
    assert rows(found)["a"].to_pylist() == [1.5, 2.0, -3.25]


def test_comments_before_the_table_and_columns_of_one_name(tmp_path):
    path = write(tmp_path / "a.csv", "# measured in 2024", "# by us", "x,x,y", "1,2,3", "4,5,6", "7,8,9")
    found = opened(train=path, test=path)
    assert types(found) == {"x": "integer", "x_1": "integer", "y": "integer"}
    assert found.about.rows["train"] == 3
    spreadsheet = write(tmp_path / "b.csv", "sep=;", "x;y", "1;2", "3;4")
    assert types(opened(train=spreadsheet, test=spreadsheet)) == {"x": "integer", "y": "integer"}
