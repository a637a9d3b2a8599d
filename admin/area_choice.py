"""The area that a form gives to a user or a doctor."""

from __future__ import annotations

from flask import request

from admin.current import uow, viewer
from core.areas import Area, holds
from core.errors import UserError


def chosen_area(present: str | None = None) -> str:
    """The area of the form. Nobody gives away more than their own, nor what does not exist; what somebody has already
    (`present`) may stay."""
    area = request.form.get("area")
    if area is None:
        raise UserError("No area is chosen.", "Choose one, or the whole department.")
    if area == present:
        return area
    if not holds(viewer().area, area):
        raise UserError("This area is not yours to give.", "Choose an area within your own.")
    if area and uow().session.get(Area, area) is None:
        raise UserError("There is no such area.", "Choose one of the list.")
    return area
