"""Who and when, as typed data, and the executors that must agree on it."""
