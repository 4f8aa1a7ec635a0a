"""The review desk: what people of each holder look at before it is published (class B).

Iterative sums leave by themselves under a permit (class A); tables, curves, models and pages wait
here until two people of each holder, blind to each other, have approved every file of them.
"""
