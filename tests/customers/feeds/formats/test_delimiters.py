"""What stands between cells is told by the columns that are wanted."""

from pathlib import Path

import pytest

from app.customers.feeds.formats.delimiters import DelimiterUntold, delimiter_of, named_delimiter
from tests.customers.feeds.reads import read_text


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_it_is_told_by_the_wanted_columns(tmp_path: Path, delimiter: str) -> None:
    text = "id,name,phone\n1,A,\n".replace(",", delimiter)
    assert read_text(tmp_path, text).ids == ["1"]


def test_other_signs_in_the_cells_do_not_matter() -> None:
    assert delimiter_of(["id;name, first|last;x,y\n", "1;a,b,c;2\n"], {"id", "x,y"}) == ";"
    assert delimiter_of(['"id,1";"name"\n', "1;a\n"], {"id,1"}) == ";"


def test_a_file_of_one_column() -> None:
    assert delimiter_of(["id\n", "1\n"], {"id"}) == ","


def test_without_wanted_columns_it_is_what_makes_even_rows() -> None:
    assert delimiter_of(["a;b;c\n", "1;2;3,5\n", "4;5;6\n"], {"id"}) == ";"


def test_it_is_asked_for_where_it_cannot_be_told() -> None:
    with pytest.raises(DelimiterUntold, match="--delimiter"):
        delimiter_of(["a,b;c\n", "1,2;3\n"], {"id"})


def test_the_first_line_of_a_spreadsheet_may_tell_it(tmp_path: Path) -> None:
    read = read_text(tmp_path, "sep=^\r\nid^name^phone\r\n1^A^\r\n")
    assert list(read.records) == [2], "the line is none of the rows that a person sees"


def test_a_named_one(tmp_path: Path) -> None:
    assert read_text(tmp_path, "id~name~phone\n1~A~\n", delimiter="~").ids == ["1"]
    assert named_delimiter("tab") == "\t"
    for wrong in ("", "ab", '"', "\n", "\0"):
        with pytest.raises(DelimiterUntold, match="one character"):
            named_delimiter(wrong)
