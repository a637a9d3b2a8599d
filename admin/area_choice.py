"""The area that a form gives to a user or a doctor."""

from __future__ import annotations

from flask import request

from admin.current import viewer
from core.areas import holds
from core.errors import UserError


def chosen_area() -> str:
    """The area of the form. Nobody gives away more than their own."""
    area = request.form.get("area", "").strip()
    if not holds(viewer().area, area):
        raise UserError("This area is not yours to give.", "Choose an area within your own.")
    return area
