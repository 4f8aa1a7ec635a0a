"""Attacks on the gate, as an adverse coordinator or peer would make them, with questions alone.

They run in the tests, with and without the check that stops them, and in `transat site dry-run`,
where a holder sees what they recover from its own data through its own gate before it signs.
"""
