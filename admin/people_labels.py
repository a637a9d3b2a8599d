"""The words for what makes two people alike, and for the rows of a person's history."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _

from tracing.people.likeness import Degree, Sign

DEGREES: dict[int, Any] = {
    Degree.CERTAIN: _("almost certainly the same"),
    Degree.LIKELY: _("probably the same"),
    Degree.POSSIBLE: _("perhaps the same"),
    Degree.UNLIKELY: _("hardly the same"),
}
DEGREE_TONES: dict[int, str] = {Degree.CERTAIN: "good", Degree.LIKELY: "info", Degree.POSSIBLE: "warn"}
SIGNS: dict[str, Any] = {
    Sign.SAME_PHONE: _("the same telephone number; families share one"),
    Sign.OTHER_PHONE: _("another telephone number"),
    Sign.SAME_NAME: _("the same name"),
    Sign.OTHER_MARKS: _("the same name but for the diacritics"),
    Sign.OTHER_ORDER: _("the same name in another order"),
    Sign.INITIALS: _("one name is the initials of the other"),
    Sign.ONE_LETTER: _("the names differ by one letter"),
    Sign.SHORT_NAME: _("one name leaves out a word of the other"),
    Sign.OTHER_NAME: _("another name"),
    Sign.NO_NAME: _("one of them has no name yet"),
    Sign.SAME_YEAR: _("the same birth year"),
    Sign.NEAR_YEAR: _("the birth years are one apart"),
    Sign.OTHER_YEAR: _("another birth year"),
    Sign.NO_YEAR: _("a birth year is not known"),
    Sign.SAME_AREA: _("the same commune"),
    Sign.INSIDE_AREA: _("one area lies in the other"),
    Sign.OTHER_AREA: _("another commune"),
    Sign.OTHER_PROVINCE: _("another province"),
    Sign.SAME_SEX: _("the same sex"),
    Sign.OTHER_SEX: _("another sex"),
}
SEXES = {"male": _("male"), "female": _("female")}
# What was added to a person since a merge, by table.
ADDED: dict[str, Any] = {
    "call": _("calls"),
    "record": _("records"),
    "contact": _("contacts"),
    "disease_case": _("cases"),
    "appointment": _("appointments"),
    "target": _("places on call lists"),
    "lab_test": _("laboratory tests"),
    "dose": _("doses of vaccine"),
    "venue_visit": _("visits to places"),
    "queue_entry": _("places in the doctor queue"),
}
KINDS = {
    "contact": _("Contact"),
    "case": _("Case"),
    "call": _("Call"),
    "record": _("Record"),
    "appointment": _("Appointment"),
    "queue": _("Doctor queue"),
    "dose": _("Vaccine"),
    "test": _("Laboratory test"),
    "follow_up": _("Follow-up"),
    "place": _("Place"),
    "merge": _("Merged"),
    "undone": _("Merge undone"),
}
