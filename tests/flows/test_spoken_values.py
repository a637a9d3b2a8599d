"""How values are said aloud, held against tables that people wrote down and against rules of each language."""

from __future__ import annotations

from datetime import date, time, timedelta
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from flows.engine.languages import english, korean, vietnamese
from flows.engine.spoken import SAY_AS, speak

LANGUAGES = ("vi", "en", "ko")

# What school books and style guides list, one for one; not made by a rule.
VIETNAMESE = {
    0: "không", 1: "một", 4: "bốn", 5: "năm", 10: "mười", 11: "mười một", 14: "mười bốn", 15: "mười lăm",
    19: "mười chín", 20: "hai mươi", 21: "hai mươi mốt", 24: "hai mươi tư", 25: "hai mươi lăm", 31: "ba mươi mốt",
    44: "bốn mươi tư", 55: "năm mươi lăm", 100: "một trăm", 101: "một trăm linh một", 104: "một trăm linh tư",
    105: "một trăm linh năm", 110: "một trăm mười", 115: "một trăm mười lăm", 121: "một trăm hai mươi mốt",
    555: "năm trăm năm mươi lăm", 1000: "một nghìn", 1005: "một nghìn không trăm linh năm",
    1015: "một nghìn không trăm mười lăm", 1984: "một nghìn chín trăm tám mươi tư",
    2026: "hai nghìn không trăm hai mươi sáu", 10_000: "mười nghìn", 21_000: "hai mươi mốt nghìn",
    100_000: "một trăm nghìn", 1_000_000: "một triệu", 1_500_000: "một triệu năm trăm nghìn",
    3_600_000_000: "ba tỷ sáu trăm triệu",
}  # fmt: skip
ENGLISH = {
    0: "zero", 11: "eleven", 12: "twelve", 13: "thirteen", 15: "fifteen", 18: "eighteen", 20: "twenty",
    21: "twenty-one", 40: "forty", 80: "eighty", 100: "one hundred", 105: "one hundred and five",
    999: "nine hundred and ninety-nine", 1000: "one thousand", 1005: "one thousand and five",
    1100: "one thousand one hundred", 2026: "two thousand and twenty-six", 100_000: "one hundred thousand",
    1_000_001: "one million and one",
}  # fmt: skip
KOREAN = {
    0: "영", 1: "일", 10: "십", 11: "십일", 16: "십육", 20: "이십", 21: "이십일", 100: "백", 105: "백오", 111: "백십일",
    1000: "천", 1005: "천오", 1984: "천구백팔십사", 2026: "이천이십육", 10_000: "만", 11_000: "만 천",
    16_000: "만 육천", 20_000: "이만", 100_000: "십만", 110_000: "십일만", 1_000_000: "백만", 10_000_000: "천만",
    100_000_000: "일억", 100_010_000: "일억 일만",
}  # fmt: skip
CARDINALS = {"vi": vietnamese.cardinal, "en": english.cardinal, "ko": korean.cardinal}


@pytest.mark.parametrize(("language", "table"), [("vi", VIETNAMESE), ("en", ENGLISH), ("ko", KOREAN)])
def test_numbers_are_said_as_the_books_say(language: str, table: dict[int, str]) -> None:
    assert {n: speak(n, "number", language) for n in table} == table


@pytest.mark.capability("F8")
@pytest.mark.parametrize(
    ("value", "say_as", "language", "words"),
    [
        ("2026-08-15", "date", "vi", "ngày mười lăm tháng tám"),
        ("2026-09-01", "date", "vi", "ngày mùng một tháng chín"),
        ("2026-04-10", "date", "vi", "ngày mùng mười tháng tư"),
        ("2026-12-11", "date", "vi", "ngày mười một tháng mười hai"),
        ("2026-08-15", "date", "en", "the fifteenth of August"),
        ("2026-02-01", "date", "en", "the first of February"),
        ("2026-03-22", "date", "en", "the twenty-second of March"),
        ("2026-05-30", "date", "en", "the thirtieth of May"),
        ("2026-08-15", "date", "ko", "팔월 십오일"),
        ("2026-06-06", "date", "ko", "유월 육일"),
        ("2026-10-20", "date", "ko", "시월 이십일"),
        ("1984-08-05", "full_date", "vi", "ngày mùng năm tháng tám năm một nghìn chín trăm tám mươi tư"),
        ("1984-08-05", "full_date", "en", "the fifth of August, nineteen eighty-four"),
        ("2005-08-05", "full_date", "en", "the fifth of August, two thousand and five"),
        ("2026-08-05", "full_date", "en", "the fifth of August, twenty twenty-six"),
        ("1900-01-01", "full_date", "en", "the first of January, nineteen hundred"),
        ("1984-06-05", "full_date", "ko", "천구백팔십사년 유월 오일"),
        ("2026-08-15T14:30:00+07:00", "time", "vi", "mười bốn giờ ba mươi"),
        ("08:00", "time", "vi", "tám giờ"),
        ("08:05", "time", "vi", "tám giờ năm phút"),
        ("21:15", "time", "vi", "hai mươi mốt giờ mười lăm"),
        ("14:30", "time", "en", "two thirty in the afternoon"),
        ("08:05", "time", "en", "eight oh five in the morning"),
        ("20:00", "time", "en", "eight o'clock in the evening"),
        ("00:00", "time", "en", "twelve midnight"),
        ("12:00", "time", "en", "twelve noon"),
        ("14:30", "time", "ko", "오후 두 시 삼십 분"),
        ("09:00", "time", "ko", "오전 아홉 시"),
        ("23:20", "time", "ko", "오후 열한 시 이십 분"),
        ("12:00", "time", "ko", "낮 열두 시"),
        ("00:30", "time", "ko", "밤 열두 시 삼십 분"),
        ("1990", "digits", "vi", "một chín chín không"),
        ("105", "digits", "en", "one zero five"),
        ("105", "digits", "ko", "일 공 오"),
        ("KT402917", "digits", "vi", "ca tê, bốn không hai, chín một bảy"),
        ("KT402917", "digits", "ko", "케이 티, 사 공 이, 구 일 칠"),
        ("EO25", "digits", "ko", "알파벳 이 알파벳 오, 이 오"),
        ("12-34 AB", "digits", "en", "one two, three four, A B"),
        ("1234567", "digits", "en", "one two three, four five six seven"),
        ("+84912345678", "phone", "vi", "không chín một hai, ba bốn năm, sáu bảy tám"),
        ("+842373850115", "phone", "vi", "không hai ba bảy, ba tám năm, không một một năm"),
        ("+842438462222", "phone", "en", "zero two four, three eight four six, two two two two"),
        ("19009095", "phone", "vi", "một chín không không, chín không chín năm"),
        ("115", "phone", "ko", "일 일 오"),
        ("+821012345678", "phone", "en", "plus eight two one, zero one two, three four five, six seven eight"),
        (37.5, "number", "vi", "ba mươi bảy phẩy năm"),
        (37.05, "number", "vi", "ba mươi bảy phẩy không năm"),
        (37.0, "number", "en", "thirty-seven"),
        (-3.5, "number", "en", "minus three point five"),
        (37.5, "number", "ko", "삼십칠 점 오"),
        ("37.50", "number", "ko", "삼십칠 점 오 영"),
        ("NGUYỄN VĂN AN (con)", "name", "vi", "Nguyễn Văn An"),
        ("lê thị hoa", "name", "vi", "Lê Thị Hoa"),
        ("Trần H'Linh", "name", "vi", "Trần H'Linh"),
        ("김민수", "name", "ko", "김민수"),
        ({"vi": "mai", "en": "tomorrow"}, "language", "en", "tomorrow"),
        ({"vi": "mai"}, "language", "en", ""),
        ("mai", "language", "vi", "mai"),
        (True, "", "vi", "có"),
        (False, "", "ko", "아니요"),
        (None, "date", "vi", ""),
        ("Lê Thị Hoa", "", "vi", "Lê Thị Hoa"),
        ("soon", "date", "vi", "soon"),
        ("soon", "time", "vi", "soon"),
        ("many", "number", "vi", "many"),
        ([], "date", "vi", ""),
        ({"from": "2026-11-23", "until": "2026-11-24"}, "date", "vi", ""),
        ("1", "digits", "fr", "one"),
    ],
)
def test_a_value_is_said_as_people_say_it(value: object, say_as: str, language: str, words: str) -> None:
    assert speak(value, say_as, language) == words


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_numbers_sound_alike(language: str) -> None:
    numbers = [*range(12_000), *range(99_000, 111_000), *range(999_000, 1_002_000)]
    assert len({CARDINALS[language](n) for n in numbers}) == len(numbers)


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_two_days_of_a_year_and_no_two_minutes_of_a_day_sound_alike(language: str) -> None:
    days = [date(2028, 1, 1) + timedelta(days=n) for n in range(366)]
    assert len({speak(day.isoformat(), "date", language) for day in days}) == 366
    minutes = [time(n // 60, n % 60).isoformat("minutes") for n in range(1440)]
    assert len({speak(minute, "time", language) for minute in minutes}) == 1440


@given(st.integers(1, 10**12 - 1))
def test_vietnamese_ones_change_their_words_by_place(n: int) -> None:
    said = vietnamese.cardinal(n).split()
    pairs = set(pairwise(said))
    assert not pairs & {("mươi", "một"), ("mươi", "năm"), ("mươi", "bốn"), ("mười", "năm"), ("linh", "bốn")}
    assert not pairs & {("mười", "mốt"), ("mười", "tư"), ("linh", "lăm"), ("linh", "mốt"), ("một", "mươi")}
    assert said[0] != "linh"


@given(st.integers(1, 10**12 - 1))
def test_korean_never_says_a_one_before_ten_hundred_and_thousand(n: int) -> None:
    said = korean.cardinal(n)
    assert not any(wrong in said for wrong in ("일십", "일백", "일천", "공", "영"))


@given(st.integers(0, 10**14), st.sampled_from(LANGUAGES))
def test_a_spoken_value_has_no_digits_left(n: int, language: str) -> None:
    for kind in ("number", "digits", "phone"):
        assert not any(sign.isdecimal() for sign in speak(str(n), kind, language))


@given(
    st.one_of(st.none(), st.booleans(), st.integers(), st.floats(), st.text(), st.lists(st.text())),
    st.sampled_from([*SAY_AS, "", "unknown"]),
    st.sampled_from([*LANGUAGES, "fr"]),
)
def test_nothing_makes_it_fail(value: Any, say_as: str, language: str) -> None:
    assert isinstance(speak(value, say_as, language), str)


@given(st.text("0123456789", min_size=1, max_size=20), st.sampled_from(["digits", "phone"]))
def test_reading_in_groups_loses_no_digit(digits: str, say_as: str) -> None:
    said = speak(digits, say_as, "en").replace(",", "").split()
    assert [english.DIGITS.index(word) for word in said] == [int(digit) for digit in digits]
