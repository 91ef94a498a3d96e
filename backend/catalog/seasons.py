"""Months and seasons, as the fairs of India go by them."""

from __future__ import annotations

from typing import Final

MONTHS: Final = (
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
)

MONTH_ALIASES: Final = {month[:3]: month for month in MONTHS} | {"sept": "September"}

# Feasts, which move from year to year, and the months in which they fall.
FEASTS: Final = {
    "Diwali": ("October", "November"),
    "Navratri": ("September", "October"),
    "Christmas": ("December",),
    "Holi": ("March",),
}

SEASONS: Final = {
    "winter": ("November", "December", "January", "February"),
    "spring": ("February", "March"),
    "summer": ("April", "May", "June"),
    "monsoon": ("June", "July", "August", "September"),
    "autumn": ("September", "October", "November"),
    **FEASTS,
}

SEASON_ALIASES: Final = {
    "cold season": "winter",
    "hot season": "summer",
    "rainy season": "monsoon",
    "rain": "monsoon",
    "deepavali": "Diwali",
    "dipawali": "Diwali",
    "durga puja": "Navratri",
}
