"""Carriers: what connects us with the telephone network. One folder each; none imports another."""
