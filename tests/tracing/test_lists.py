"""Lists of contacts as they come: any spelling of the headers, any encoding, any delimiter, and every mistake named."""

from __future__ import annotations

import io
import unicodedata
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tracing.areas.gazetteer import Gazetteer
from tracing.areas.places import THANH_HOA, units_of
from tracing.lists.columns import NAMES, column_of
from tracing.lists.file import MAX_BYTES
from tracing.lists.messages import _TEXTS, RowError
from tracing.lists.sample import sample_contacts, sample_csv
from tracing.lists.sheet import ContactRow, Sheet, read_contacts
from tracing.people.names import plain, tidy

TODAY = date(2026, 11, 23)
PLACES = Gazetteer(units_of(THANH_HOA))
HEADER = (
    "Họ tên,Số điện thoại,Năm sinh,Giới tính,Mã xã,Ngày tiếp xúc,Nơi tiếp xúc,Mã ca bệnh (F0),Loại (F1/F2),Ngôn ngữ"
)
ROW = "Đỗ Thị Hường,0912 345 678,1984,Nữ,14755,20/11/2026,Chợ Vườn Hoa,BN00012,F1,vi"
HUONG = ContactRow(
    row=2,
    name="Đỗ Thị Hường",
    phone="+84912345678",
    birth_year=1984,
    sex="female",
    area="38.380.14755",
    exposed_on=date(2026, 11, 20),
    exposure_place="Chợ Vườn Hoa",
    source_case="BN00012",
    generation=1,
    language="vi",
)


def read(content: str | bytes) -> Sheet:
    data = content.encode() if isinstance(content, str) else content
    return read_contacts(io.BytesIO(data), PLACES, TODAY)


def one(header: str, row: str) -> ContactRow:
    sheet = read(f"{header}\n{row}\n")
    assert sheet.errors == []
    (only,) = sheet.rows
    return only


def mistake(header: str, row: str) -> RowError:
    sheet = read(f"{header}\n{row}\n")
    assert sheet.rows == []
    assert len(sheet.errors) == 1
    return sheet.errors[0]


@pytest.mark.capability("T11")
def test_a_list_as_a_health_station_writes_it() -> None:
    assert one(HEADER, ROW) == HUONG


@pytest.mark.capability("T11")
@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8-sig", b""),
        ("utf-16", b""),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("utf-16-be", b"\xfe\xff"),
    ],
)
@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("newline", ["\n", "\r\n", "\r"])
def test_every_encoding_delimiter_and_line_end_reads_the_same(
    encoding: str, mark: bytes, delimiter: str, newline: str
) -> None:
    text = f"{HEADER}\n{ROW}\n".replace(",", delimiter).replace("\n", newline)
    assert list(read(mark + text.encode(encoding)).rows) == [HUONG]


@pytest.mark.capability("T11")
def test_windows_1258_of_old_systems() -> None:
    """It writes accents behind the letters; a name reads the same however it was composed."""
    text = f"{HEADER}\n{ROW}\n"
    # The code page has â, ă, ê, ô, ơ, ư whole, and tone marks apart.
    pieces = []
    for letter in text:
        try:
            letter.encode("cp1258")
            pieces.append(letter)
        except UnicodeEncodeError:
            tones = "\u0300\u0301\u0303\u0309\u0323"
            parts = unicodedata.normalize("NFD", letter)
            base = unicodedata.normalize("NFC", "".join(part for part in parts if part not in tones))
            pieces.append(base + "".join(part for part in parts if part in tones))
    data = "".join(pieces).encode("cp1258")
    with pytest.raises(UnicodeDecodeError):
        data.decode()
    assert list(read(data).rows) == [HUONG]


def test_excels_own_hint_of_the_delimiter_is_no_row() -> None:
    sheet = read(f"sep=;\n{HEADER}\n{ROW}\n".replace(",", ";"))
    assert list(sheet.rows) == [HUONG]


@pytest.mark.parametrize(
    ("header", "column"),
    [
        ("Họ và tên", "name"),
        ("HỌ VÀ TÊN", "name"),
        ("ho va ten", "name"),
        ("ho_va_ten", "name"),
        ("  Họ   tên: ", "name"),
        (unicodedata.normalize("NFD", "Số điện thoại"), "phone"),
        ("SĐT", "phone"),
        ("Phone number", "phone"),
        ("Ngày, tháng, năm sinh", "birth"),
        ("Mã ca bệnh (F0)", "source_case"),
        ("F0", "source_case"),
        ("Loại (F1, F2)", "generation"),
        ("Xã/Phường", "area"),
        ("Ngày tiếp xúc (lần cuối)", "exposed_on"),
        ("STT", None),
        ("", None),
    ],
)
def test_headers_are_known_however_they_are_written(header: str, column: str | None) -> None:
    assert column_of(header) == column


def test_no_header_means_two_columns() -> None:
    written = [plain(header) for headers in NAMES.values() for header in headers]
    for header in set(written):
        assert len({column for column, headers in NAMES.items() if header in map(plain, headers)}) == 1


def test_columns_nobody_knows_are_said_and_passed_over() -> None:
    sheet = read(f"STT,{HEADER},Ghi chú\n1,{ROW},khẩn\n")
    assert list(sheet.rows) == [HUONG]
    assert sheet.ignored == ("STT", "Ghi chú")


@pytest.mark.parametrize(
    ("written", "phone"),
    [
        ("0912345678", "+84912345678"),
        ("912345678", "+84912345678"),  # the spreadsheet took the zero away
        ("84912345678", "+84912345678"),
        ("+84 (0)912-345-678", "+84912345678"),
        ("'0912345678", "+84912345678"),
        ("912345678.0", "+84912345678"),
        ("0912.345.678", "+84912345678"),
        ("0237 3850 115", "+842373850115"),
        ("+82 10-1234-5678", "+821012345678"),
    ],
)
def test_phone_numbers_as_people_write_them(written: str, phone: str) -> None:
    assert one("Họ tên,SĐT", f"An,{written}").phone == phone


@pytest.mark.parametrize(
    ("written", "day"),
    [
        ("20/11/2026", date(2026, 11, 20)),
        ("1/2/2026", date(2026, 2, 1)),  # the day comes first
        ("20-11-2026", date(2026, 11, 20)),
        ("20.11.2026", date(2026, 11, 20)),
        ("2026-11-20", date(2026, 11, 20)),
        ("2026-11-20 14:30:00", date(2026, 11, 20)),
        ("20/11/2026 14:30", date(2026, 11, 20)),
        ("23/11/2026", date(2026, 11, 23)),  # today
    ],
)
def test_dates_have_the_day_first(written: str, day: date) -> None:
    assert one("Họ tên,SĐT,Ngày tiếp xúc", f"An,0912345678,{written}").exposed_on == day


@pytest.mark.parametrize("written", ["1984", "15/03/1984", "1984-03-15", "1984.0", " 1984 "])
def test_a_birth_year_or_a_date_of_birth(written: str) -> None:
    assert one("Họ tên,SĐT,Năm sinh", f"An,0912345678,{written}").birth_year == 1984


@pytest.mark.parametrize(
    ("district", "commune", "area"),
    [
        ("", "14755", "38.380.14755"),
        ("", "Nam Ngạn", "38.380.14761"),
        ("", "ham rong", "2025.38.14758"),  # the new Hàm Rồng holds the old one: right whichever was meant
        ("", "P. Hàm Rồng", "2025.38.14758"),
        ("TP Thanh Hóa", "Phường Hàm Rồng", "38.380.14755"),  # who names a district writes in the old system
        ("TP Thanh Hóa", "Phường Hạc Thành", "2025.38.14797"),  # or mixes them
        ("Thành phố Thanh Hóa", "Phú Sơn", "38.380.14770"),  # there are several of this name
        ("380", "14758", "38.380.14758"),  # the code is Hàm Rồng's now
        ("", "2025.38.14758", "2025.38.14758"),
        ("", '"xã Hoằng Đông, huyện Hoằng Hóa, Thanh Hóa"', "38.399.15997"),
        ("TP Thanh Hoá", "", "38.380"),
        ("380", "14755", "38.380.14755"),
        ("", "", ""),
    ],
)
def test_communes_by_code_or_by_name(district: str, commune: str, area: str) -> None:
    assert one("Họ tên,SĐT,Huyện,Xã", f"An,0912345678,{district},{commune}").area == area


@pytest.mark.parametrize(
    ("province", "district", "commune", "area"),
    [
        ("Nghệ An", "Diễn Châu", "Diễn Kỷ", "40.425.17434"),
        ("Nghệ An", "", "Diễn Châu", "2025.40.17464"),  # a commune now
        ("40", "", "", "2025.40"),
        ("Bình Dương", "Dĩ An", "", "74.724"),
        ("TP HCM", "TP Thủ Đức", "Linh Trung", "79.769.26800"),
        ("Thanh Hóa", "", "14755", "38.380.14755"),
    ],
)
def test_a_province_that_the_list_names(province: str, district: str, commune: str, area: str) -> None:
    assert one("Họ tên,SĐT,Tỉnh,Huyện,Xã", f"An,0912345678,{province},{district},{commune}").area == area


def test_a_commune_of_another_province_is_not_taken_for_a_namesake_here() -> None:
    error = mistake("Họ tên,SĐT,Tỉnh,Xã", "An,0912345678,Nghệ An,Phường Hạc Thành")
    assert (error.column, error.key) == ("area", "area")
    error = mistake("Họ tên,SĐT,Tỉnh,Xã", "An,0912345678,Nghệ An,14755")
    assert (error.column, error.key) == ("area", "area")


def test_the_candidates_are_named_so_that_the_row_can_be_corrected() -> None:
    error = mistake("Họ tên,SĐT,Xã", "An,0912345678,14758")
    assert error.message() == "“14758” có thể là nhiều xã."
    assert "2025.38.14758 Phường Hàm Rồng, Tỉnh Thanh Hóa" in error.hint()
    assert "38.380.14758 Phường Đông Thọ, Thành phố Thanh Hóa, Tỉnh Thanh Hóa" in error.hint()
    assert "38.380.14758 Phường Đông Thọ" in error.hint("en")


@pytest.mark.parametrize(
    ("column", "value", "key"),
    [
        ("SĐT", "12345", "phone"),
        ("SĐT", "0912345678 / 0987654321", "phone"),
        ("SĐT", "9.12346E+08", "phone_exponent"),
        ("SĐT", "", "empty"),
        ("Họ tên", "", "empty"),
        ("Họ tên", "12345", "name"),
        ("Họ tên", "A" * 501, "too_long"),
        ("Ngày tiếp xúc", "31/02/2026", "date"),
        ("Ngày tiếp xúc", "11/25/2026", "date"),
        ("Ngày tiếp xúc", "20/11/26", "date_short_year"),
        ("Ngày tiếp xúc", "45992", "date_number"),
        ("Ngày tiếp xúc", "24/11/2026", "date_future"),
        ("Ngày tiếp xúc", "hôm qua", "date"),
        ("Năm sinh", "84", "birth"),
        ("Năm sinh", "1850", "birth"),
        ("Năm sinh", "198²", "birth"),  # a footnote of the spreadsheet
        ("Năm sinh", "2027", "birth"),
        ("Giới tính", "?", "sex"),
        ("Ngôn ngữ", "Klingon", "language"),
        ("Loại", "F0", "generation_case"),
        ("Loại", "gần", "generation"),
        ("Xã", "99999", "area"),
        ("Xã", "Atlantis", "area"),
        ("Xã", "Phú Sơn", "area_ambiguous"),
        ("Xã", "14758", "area_ambiguous"),  # Hàm Rồng now, Đông Thọ until June 2025, which was divided
        ("Huyện", "Atlantis", "district"),
        ("Tỉnh", "Atlantis", "province"),
    ],
)
@pytest.mark.capability("T11")
def test_every_mistake_is_named_by_row_and_column(column: str, value: str, key: str) -> None:
    cells = {"Họ tên": "An", "SĐT": "0912345678", "Năm sinh": "1984", column: value}
    found = mistake(",".join(cells), ",".join(cells.values()))
    assert (found.row, found.column, found.key) == (2, column_of(column), key)


def test_the_row_number_is_the_one_the_spreadsheet_shows() -> None:
    """An empty row counts, and a cell with a line break in it is one row."""
    sheet = read('Họ tên,SĐT,Địa chỉ\nAn,0912345678,"số 1\nphố Huế"\n\n,,\nBình,xấu,\n')
    assert [(error.row, error.column) for error in sheet.errors] == [(5, "phone")]


def test_all_mistakes_are_told_at_once_and_two_in_one_row_both() -> None:
    sheet = read("Họ tên,SĐT,Năm sinh\nAn,xấu,84\nBình,0912345678,1984\nChi,,1990\n")
    assert [(error.row, error.key) for error in sheet.errors] == [(2, "phone"), (2, "birth"), (4, "empty")]
    assert [row.name for row in sheet.rows] == ["Bình"]


def test_a_list_full_of_mistakes_stops_after_a_thousand() -> None:
    sheet = read("Họ tên,SĐT\n" + "An,xấu\n" * 5000)
    assert len(sheet.errors) == 1001
    assert sheet.errors[-1].key == "too_many_errors"


def test_a_comma_without_quotation_marks_is_noticed() -> None:
    assert mistake("Họ tên,SĐT,Địa chỉ", "An,0912345678,số 1,phố Huế").key == "extra_cells"
    assert one("Họ tên,SĐT,Địa chỉ", 'An,0912345678,"số 1, phố Huế",,').address == "số 1, phố Huế"


@pytest.mark.parametrize(
    ("content", "key"),
    [
        (b"", "file_empty"),
        (b"\n\n", "column_missing"),
        (b"Name,Phone\n", "file_empty"),
        (b"PK\x03\x04" + b"\0" * 100, "file_damaged"),
        (b"\xd0\xcf\x11\xe0" + b"\0" * 100, "file_spreadsheet"),
        (b"\x7fELF" + bytes(range(256)), "file_binary"),
        (b"Name,Phone\nAn\0h,0912345678\n", "file_binary"),
        (b"\xff\xfeN\0a\0m", "file_encoding"),
        (b'Name,Phone\n"An,0912345678\n', "quotes"),
        (b'Name,Phone\n"An"h,0912345678\n', "quotes"),
        (b"Name,Birth year\nAn,1984\n", "column_missing"),
        (b"An,0912345678\n", "column_missing"),
        (b"Name,Phone,Full name\nAn,0912345678,An\n", "column_twice"),
    ],
)
def test_what_is_no_list_is_refused_with_the_reason(content: bytes, key: str) -> None:
    sheet = read(content)
    assert key in {error.key for error in sheet.errors}
    assert not sheet.rows


def test_a_file_that_is_too_large_is_not_even_read() -> None:
    class Huge(io.BytesIO):
        def seek(self, offset: int, whence: int = 0) -> int:
            return MAX_BYTES + 1 if whence == io.SEEK_END else super().seek(offset, whence)

        def read(self, size: int | None = -1) -> bytes:
            raise AssertionError("read")

    assert [error.key for error in read_contacts(Huge(b"x"), PLACES, TODAY).errors] == ["file_too_big"]


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=300) | st.text(max_size=300).map(str.encode))
def test_no_file_whatsoever_breaks_the_reader(content: bytes) -> None:
    sheet = read(content)
    assert sheet.errors or sheet.rows


@settings(max_examples=300, deadline=None)
@given(st.lists(st.text(max_size=20), min_size=3, max_size=3))
def test_no_cell_whatsoever_breaks_the_reader(cells: list[str]) -> None:
    text = io.StringIO()
    text.write("Họ tên;SĐT;Ngày tiếp xúc\n")
    text.write(";".join('"' + cell.replace('"', '""') + '"' for cell in cells) + "\n")
    sheet = read(text.getvalue().encode("utf-8", "surrogatepass"))
    assert sheet.errors or sheet.rows


@pytest.mark.parametrize("key", sorted(_TEXTS))
def test_every_message_is_there_in_vietnamese_and_english_and_says_what_to_do(key: str) -> None:
    error = RowError(7, "phone", key, "x")
    vietnamese, english = error.message("vi"), error.message("en")
    assert vietnamese != english
    assert error.hint("vi").endswith((".", "…"))
    assert error.hint("en").endswith((".", "…"))
    assert "{" not in vietnamese + english
    assert (error.label("vi"), error.label("en")) == ("Số điện thoại", "Phone")


def test_what_stood_in_a_cell_is_not_in_the_log() -> None:
    assert "0912" not in repr(RowError(2, "phone", "phone", "0912x"))


def test_names_are_compared_without_diacritics_case_and_spaces() -> None:
    assert plain("Đỗ  Thị HƯỜNG") == plain("do thi huong") == "do thi huong"
    assert plain("김민준") == "김민준"
    assert tidy(" Lê\u200b \u00a0Thị\tHà ") == "Lê Thị Hà"


@pytest.mark.capability("T11")
def test_made_up_lists_read_back_as_they_were_made() -> None:
    contacts = sample_contacts(200, TODAY, seed=7)
    sheet = read(sample_csv(contacts))
    assert sheet.errors == []
    for made, row in zip(contacts, sheet.rows, strict=True):
        assert (row.name, row.phone, row.birth_year, row.sex) == (made.name, made.phone, made.birth_year, made.sex)
        assert (row.language, row.area, row.exposed_on) == (made.language, made.area, made.exposed_on)
        assert (row.source_case, row.generation) == (made.source_case, made.generation)
    assert {made.language for made in contacts} == {"vi", "en", "ko"}
    assert contacts == sample_contacts(200, TODAY, seed=7)
    assert contacts != sample_contacts(200, TODAY, seed=8)
