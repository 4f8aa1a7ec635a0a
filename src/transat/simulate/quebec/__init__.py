"""The virtual population written as a native Québec extract.

What a reader of these files must know, beyond the declared views of `transat.tables.quebec`:

- A cancelled claim is a second line with the same person, date, code and duration, whose quantity
  (pharmacy) or amount (medical services) is the negative of the first; both lines are void. A
  corrected claim is a cancelled one followed by a third line with another quantity, which stands.
- The same line twice (every column equal) is one event.
- Claims whose decision is not 'PAY' or 'PPY', pharmacy lines whose SMED_COD_SERV_1 is '1' or 'AD',
  and pharmacy lines whose duration is not positive (and that do not cancel another) are not events.
- The loss of a pregnancy is dated by the admission of its stay, or by the date of the claim.
- Emergency diagnoses are written in ICD-10-CA.
"""
