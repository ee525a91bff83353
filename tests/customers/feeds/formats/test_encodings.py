"""The encoding of a file is told where that is sure, and asked for where it is not."""

import pytest

from app.customers.feeds.formats.encodings import EncodingUntold, encoding_of, named_encoding

CHINESE = "客户编号,姓名,电话\n1001,王小明,上海市浦东新区世纪大道\n1002,李丽,北京市朝阳区建国路\n"
TRADITIONAL = "客戶編號,姓名\n1001,陳大文,臺北市中正區重慶南路\n1002,林美玲,新北市板橋區\n"
JAPANESE = "顧客番号,氏名\n1001,山田太郎,東京都千代田区丸の内\n1002,佐藤花子,カタカナ\n"
KOREAN = "고객번호,이름,주소\n1001,김철수,서울특별시 강남구 테헤란로\n1002,이영희,부산광역시 해운대구\n"
RUSSIAN = "номер,имя,адрес\n1001,Иванов Пётр,Москва ул Ленина\n1002,Сидорова Анна,Казань\n"
GERMAN = "Nummer;Name\n1001;Jürgen Müller;Größe\n1002;Änne Österreich;Straße;Köln;Düsseldorf;Fürth;Hühnerstraße\n"


@pytest.mark.parametrize("text", [CHINESE, TRADITIONAL, JAPANESE, KOREAN, RUSSIAN, GERMAN, "a,b\n1,2\n", "é"])
def test_utf8_is_told(text: str) -> None:
    assert encoding_of(text.encode(), whole=True) == "utf-8"


@pytest.mark.parametrize("encoding", ["gbk", "gb18030", "gb2312"])
def test_chinese_in_gbk_is_told(encoding: str) -> None:
    assert encoding_of(CHINESE.encode(encoding), whole=True) == "gb18030"


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        (TRADITIONAL, "big5"),
        (JAPANESE, "shift_jis"),
        (JAPANESE, "euc-jp"),
        (KOREAN, "euc-kr"),
        ("田中\n鈴木\n高橋\n渡辺\n伊藤\n山本\n中村\n小林\n", "euc-jp"),
        ("박지성\n김연아\n이순신\n세종대왕\n손흥민\n", "euc-kr"),
        (RUSSIAN, "cp1251"),
        (RUSSIAN, "koi8-r"),
        (RUSSIAN, "iso8859-5"),
        (GERMAN, "latin-1"),
        ("姓名\n王", "gbk"),
    ],
)
def test_nothing_else_is_taken_for_it(text: str, encoding: str) -> None:
    with pytest.raises(EncodingUntold, match="--encoding"):
        encoding_of(text.encode(encoding), whole=True)


def test_a_sample_may_end_within_a_character() -> None:
    for encoding, told in (("utf-8", "utf-8"), ("gbk", "gb18030")):
        assert encoding_of(CHINESE.rstrip().encode(encoding)[:-1], whole=False) == told


def test_utf16_without_a_mark_is_named_as_a_guess() -> None:
    with pytest.raises(EncodingUntold, match="may be utf-16-le without a mark"):
        encoding_of("id,name\n1,2\n".encode("utf-16-le"), whole=True)
    with pytest.raises(EncodingUntold, match="may be utf-16-be without a mark"):
        encoding_of("id,name\n1,2\n".encode("utf-16-be"), whole=True)


def test_utf8_with_some_broken_bytes_stays_utf8() -> None:
    assert encoding_of(CHINESE.encode() * 3 + b"\xff\xfe", whole=True) == "utf-8"


@pytest.mark.parametrize(
    ("given", "told"), [("GBK", "gb18030"), ("utf8", "utf-8-sig"), ("latin1", "iso8859-1"), ("windows-1252", "cp1252")]
)
def test_a_named_encoding(given: str, told: str) -> None:
    assert named_encoding(given) == told


@pytest.mark.parametrize("given", ["utf-9", "", "rot13", "zlib", "gb18031", "\x00"])
def test_a_name_of_no_encoding(given: str) -> None:
    with pytest.raises(EncodingUntold, match="accepted: "):
        named_encoding(given)
