"""What is wrong with a list and what to do about it, in Vietnamese and English."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from tracing.lists.columns import LABELS

# key -> language -> (what is wrong, what to do); `{value}` is what stands in the cell, `{among}` what it may
# mean.
_TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "empty": {
        "vi": ("Ô này để trống.", "Điền vào ô này."),
        "en": ("This cell is empty.", "Fill it in."),
    },
    "too_long": {
        "vi": ("Ô này dài quá 500 ký tự.", "Rút ngắn lại, hoặc kiểm tra xem có thiếu dấu ngoặc kép không."),
        "en": ("This cell is longer than 500 characters.", "Shorten it, or look for a missing quotation mark."),
    },
    "name": {
        "vi": ("“{value}” không phải là họ tên.", "Viết họ tên bằng chữ."),
        "en": ("“{value}” is not a name.", "Write the name in letters."),
    },
    "phone": {
        "vi": ("“{value}” không phải là số điện thoại.", "Viết một số, ví dụ 0912345678 hoặc +84912345678."),
        "en": ("“{value}” is not a phone number.", "Write one number, such as 0912345678 or +84912345678."),
    },
    "phone_exponent": {
        "vi": (
            "“{value}”: Excel đã làm tròn số điện thoại này.",
            "Định dạng cột là Văn bản (Text), nhập lại số rồi lưu lại tệp.",
        ),
        "en": (
            "“{value}”: the spreadsheet has rounded this phone number.",
            "Format the column as Text, type the number again, and save the file.",
        ),
    },
    "date": {
        "vi": ("“{value}” không phải là ngày.", "Viết ngày/tháng/năm, ví dụ 23/11/2026."),
        "en": ("“{value}” is not a date.", "Write day/month/year, such as 23/11/2026."),
    },
    "date_short_year": {
        "vi": ("Năm trong “{value}” chỉ có hai chữ số.", "Viết đủ bốn chữ số của năm, ví dụ 23/11/2026."),
        "en": ("The year in “{value}” has only two digits.", "Write all four digits, such as 23/11/2026."),
    },
    "date_number": {
        "vi": ("“{value}” là một con số, không phải ngày.", "Định dạng cột là Ngày (Date) rồi lưu lại tệp."),
        "en": ("“{value}” is a number, not a date.", "Format the column as Date and save the file again."),
    },
    "date_future": {
        "vi": ("Ngày “{value}” chưa tới.", "Kiểm tra lại ngày và tháng; ngày viết trước tháng."),
        "en": ("The date “{value}” lies in the future.", "Check day and month; the day comes first."),
    },
    "birth": {
        "vi": ("“{value}” không phải là năm sinh.", "Viết năm bốn chữ số, ví dụ 1985, hoặc ngày sinh 15/03/1985."),
        "en": ("“{value}” is not a birth year.", "Write a year such as 1985, or a date such as 15/03/1985."),
    },
    "sex": {
        "vi": ("“{value}” không phải là giới tính.", "Viết Nam, Nữ hoặc Khác."),
        "en": ("“{value}” is not a sex.", "Write Nam, Nữ or Khác (male, female, other)."),
    },
    "language": {
        "vi": ("Không có ngôn ngữ “{value}”.", "Viết vi (Việt), en (Anh) hoặc ko (Hàn)."),
        "en": ("There is no language “{value}”.", "Write vi, en or ko."),
    },
    "generation": {
        "vi": ("“{value}” không phải là loại tiếp xúc.", "Viết F1, F2, …"),
        "en": ("“{value}” is not a type of contact.", "Write F1, F2, …"),
    },
    "generation_case": {
        "vi": ("F0 là ca bệnh, không phải người tiếp xúc.", "Xóa dòng này khỏi danh sách người tiếp xúc."),
        "en": ("F0 is a case, not a contact.", "Take this row out of the list of contacts."),
    },
    "case_discarded": {
        "vi": (
            "“{value}” không phải là ca bệnh nữa, nên không ai là người tiếp xúc của ca này.",
            "Kiểm tra lại số ca, hoặc bỏ dòng này.",
        ),
        "en": (
            "“{value}” is not a case any more, so nobody is its contact.",
            "Check the number of the case, or take the row out.",
        ),
    },
    "case_self": {
        "vi": ("Người này chính là ca bệnh “{value}”.", "Ghi ca bệnh khác, hoặc bỏ dòng này."),
        "en": ("This person is the case “{value}”.", "Write another case, or take the row out."),
    },
    "area": {
        "vi": ("Không có xã “{value}”.", "Viết mã xã, ví dụ 14755, hoặc tên đầy đủ."),
        "en": ("There is no commune “{value}”.", "Write its code, such as 14755, or its full name."),
    },
    "area_ambiguous": {
        "vi": ("“{value}” có thể là nhiều xã.", "Viết mã đầy đủ hoặc thêm cột Huyện: {among}."),
        "en": (
            "“{value}” may be several communes.",
            "Write the whole code, or add the district: {among}.",
        ),
    },
    "district": {
        "vi": ("Không có huyện “{value}”.", "Viết mã huyện, ví dụ 380, hoặc tên đầy đủ."),
        "en": ("There is no district “{value}”.", "Write its code, such as 380, or its full name."),
    },
    "district_ambiguous": {
        "vi": ("“{value}” có thể là nhiều huyện.", "Viết mã đầy đủ, hoặc thêm cột Tỉnh: {among}."),
        "en": (
            "“{value}” may be several districts.",
            "Write the whole code, or add the province: {among}.",
        ),
    },
    "province": {
        "vi": ("Không có tỉnh “{value}”.", "Viết mã tỉnh, ví dụ 38, hoặc tên đầy đủ."),
        "en": ("There is no province “{value}”.", "Write its code, such as 38, or its full name."),
    },
    "province_ambiguous": {
        "vi": ("“{value}” có thể là nhiều tỉnh.", "Viết mã đầy đủ: {among}."),
        "en": ("“{value}” may be several provinces.", "Write the whole code: {among}."),
    },
    "outside": {
        "vi": ("Người này ở ngoài địa bàn của bạn.", "Bỏ dòng này, hoặc nhờ đồng nghiệp của địa bàn đó."),
        "en": ("This person lives outside your area.", "Take the row out, or ask a colleague of that area."),
    },
    "column_missing": {
        "vi": ("Danh sách thiếu cột này.", "Thêm cột vào dòng đầu tiên, ví dụ: Họ tên, Số điện thoại, Năm sinh."),
        "en": ("The list has no such column.", "Add it to the first row, such as: Name, Phone, Birth year."),
    },
    "column_twice": {
        "vi": ("Có hai cột cùng nghĩa “{value}”.", "Xóa bớt một cột."),
        "en": ("Two columns mean the same: “{value}”.", "Remove one of them."),
    },
    "file_empty": {
        "vi": ("Tệp không có dòng nào.", "Kiểm tra xem đã chọn đúng tệp chưa."),
        "en": ("The file holds no rows.", "See whether this is the right file."),
    },
    "file_too_big": {
        "vi": ("Tệp lớn hơn 64 MB.", "Chia danh sách thành nhiều tệp."),
        "en": ("The file is larger than 64 MB.", "Divide the list into several files."),
    },
    "too_many_rows": {
        "vi": ("Danh sách dài hơn 200.000 dòng.", "Chia danh sách thành nhiều tệp."),
        "en": ("The list is longer than 200,000 rows.", "Divide it into several files."),
    },
    "file_spreadsheet": {
        "vi": (
            "Đây là tệp Excel đời cũ (.xls) hoặc tệp có mật khẩu.",
            "Trong Excel, bỏ mật khẩu, chọn Lưu dưới dạng (Save As) → Sổ làm việc Excel (.xlsx) rồi tải tệp đó lên.",
        ),
        "en": (
            "This is an old Excel file (.xls), or one with a password.",
            "In Excel remove the password, choose Save as → Excel Workbook (.xlsx), and bring that file.",
        ),
    },
    "file_damaged": {
        "vi": ("Không mở được tệp Excel này.", "Mở tệp bằng Excel, lưu lại thành .xlsx rồi tải lên lần nữa."),
        "en": ("This Excel file cannot be opened.", "Open it in Excel, save it as .xlsx again, and bring that file."),
    },
    "file_too_big_inside": {
        "vi": (
            "Tệp Excel này quá lớn khi mở ra.",
            "Xóa các trang tính và cột không cần, hoặc chia danh sách thành nhiều tệp.",
        ),
        "en": (
            "This Excel file is too large when it is opened.",
            "Remove sheets and columns that are not needed, or divide the list into several files.",
        ),
    },
    "cell_error": {
        "vi": ("Công thức trong ô này báo lỗi “{value}”.", "Xóa công thức và gõ giá trị vào ô."),
        "en": ("The formula of this cell says “{value}”.", "Remove the formula and type the value."),
    },
    "file_binary": {
        "vi": ("Đây không phải là tệp văn bản.", "Lưu danh sách thành CSV UTF-8."),
        "en": ("This is not a text file.", "Save the list as CSV UTF-8."),
    },
    "file_encoding": {
        "vi": ("Không đọc được bảng mã của tệp.", "Lưu danh sách thành CSV UTF-8."),
        "en": ("The file's character encoding cannot be read.", "Save the list as CSV UTF-8."),
    },
    "extra_cells": {
        "vi": ("Dòng này có nhiều ô hơn số cột.", "Đặt nội dung có dấu phẩy trong ngoặc kép."),
        "en": ("This row has more cells than there are columns.", "Put text that holds a comma into quotation marks."),
    },
    "quotes": {
        "vi": ("Dấu ngoặc kép ở dòng này sai hoặc không đóng.", "Sửa dấu ngoặc kép; các dòng sau chưa được đọc."),
        "en": (
            "A quotation mark in this row is wrong or not closed.",
            "Correct it; the rows behind it have not been read.",
        ),
    },
    "too_many_errors": {
        "vi": ("Có quá nhiều lỗi; các dòng sau chưa được kiểm tra.", "Sửa những lỗi trên rồi tải lên lại."),
        "en": (
            "There are too many errors; the rows behind have not been checked.",
            "Correct those above and try again.",
        ),
    },
}


@dataclass(frozen=True, slots=True)
class RowError:
    """One thing wrong in a list. `row` counts as the spreadsheet does: the header is row 1. `column` is ours, or ""
    for the whole row. `value` is shown to the person who brought the list, and never logged. `among` is what it may
    mean, when that is several areas."""

    row: int
    column: str
    key: str
    value: str = field(default="", repr=False)
    among: str = field(default="", repr=False)

    def message(self, language: str = "vi") -> str:
        """What is wrong."""
        return self._text(language)[0].replace("{value}", self.value)

    def hint(self, language: str = "vi") -> str:
        """What to do about it."""
        return self._text(language)[1].replace("{among}", self.among)

    def label(self, language: str = "vi") -> str:
        """The column as people call it."""
        return LABELS[self.column].get(language, LABELS[self.column]["en"]) if self.column else ""

    def _text(self, language: str) -> tuple[str, str]:
        texts = _TEXTS[self.key]
        return texts.get(language, texts["en"])
