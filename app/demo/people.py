"""Names for a bank whose customers are Chinese or English. Pure: the same dice give the same people."""

from random import Random
from typing import NamedTuple

from pypinyin import Style, lazy_pinyin

# Surnames whose reading is the same as a surname and as a word, so that the Latin form is right.
SURNAMES = tuple(
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田"
    "任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
DOUBLE_SURNAMES = ("欧阳", "司马", "上官", "诸葛", "司徒")
GIVEN = tuple(
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红春梅建国志文斌鹏飞宇浩晨轩思雨欣怡佳慧琳雪婷颖嘉俊豪凯翔"
    "博睿泽天瑞雅诗涵梦瑶紫萱一诺梓辰若曦安琪子墨书航宁远清源海波立新晓光振东冬青云山松柏"
)
_ENGLISH_FIRST = """
Oliver Amelia George Isla Harry Ava Noah Emily Jack Sophia Leo Grace Oscar Freya Charlie Poppy Henry
Florence Theo Alice Arthur Rosie Lucas Daisy Thomas Ivy Edward Phoebe Max Evelyn James Sienna Alexander
Maya Joseph Nora Samuel Hannah Daniel Lucy Benjamin Eleanor Adam Chloe Isaac Abigail Elliot Zara Nathan
Beatrice Julian Clara Victor Helen Marcus Ruth Simon Diana Patrick Irene
"""
ENGLISH_FIRST = tuple(_ENGLISH_FIRST.split())
_ENGLISH_LAST = """
Smith Jones Taylor Brown Williams Wilson Johnson Davies Patel Robinson Wright Thompson Evans Walker
White Roberts Green Hall Wood Harris Martin Jackson Clarke Turner Hill Cooper Ward Moore Morris King
Watson Baker Harrison Bennett Carter Fisher Barnes Knight Webb Marshall Fraser O'Neill Grant Hughes Reid
Murray Sinclair Whitfield Ashworth Lindqvist Novak Rossi Fernandez Schneider Okafor Singh Tanaka Dubois
"""
ENGLISH_LAST = tuple(_ENGLISH_LAST.split())
CHINESE_SHARE = 0.72


class Person(NamedTuple):
    """A name as its bearer writes it, its Latin form where that differs, and the language they want."""

    name: str
    latin_name: str | None
    language: str


def chinese_person(dice: Random) -> Person:
    """Somebody with a Chinese name; the Latin form puts the surname first, as the passport does."""
    surname = dice.choice(DOUBLE_SURNAMES) if dice.random() < 0.01 else dice.choice(SURNAMES)
    given = "".join(dice.sample(GIVEN, 1 if dice.random() < 0.25 else 2))
    language = "en" if dice.random() < 0.03 else "zh"
    return Person(surname + given, f"{_latin(surname)} {_latin(given)}", language)


def english_person(dice: Random) -> Person:
    """Somebody with an English name; a few of them have learned Chinese and prefer it."""
    name = f"{dice.choice(ENGLISH_FIRST)} {dice.choice(ENGLISH_LAST)}"
    return Person(name, None, "zh" if dice.random() < 0.05 else "en")


def any_person(dice: Random) -> Person:
    """Somebody as they come through the bank's door."""
    return chinese_person(dice) if dice.random() < CHINESE_SHARE else english_person(dice)


def _latin(characters: str) -> str:
    return "".join(lazy_pinyin(characters, style=Style.NORMAL)).capitalize()
