"""Thresholds measured on recordings, not guessed: `traceline models calibrate`. No call uses this package."""
