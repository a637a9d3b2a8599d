"""Venues: who was where when, and whom a case named."""
