"""What the gate checks, one file per check; each is pure and sees arrays of head counts only."""
