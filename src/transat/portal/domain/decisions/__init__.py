"""Decisions: the committee's ranking and what both envelopes can pay."""
