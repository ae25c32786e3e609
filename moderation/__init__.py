"""Decide what may be drawn, and say why: policy, rules, classifiers, verdicts."""
