"""Chains: who was infected or exposed by whom, as a tree, a network and a timeline. Reading stands in `reading` and
`days`; everything else is pure."""
