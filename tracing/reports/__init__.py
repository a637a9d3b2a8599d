"""Reports: what each figure counts, how many there are by day, place and disease, and who they are.

Reads only. Must import nothing above `tracing`.
"""
