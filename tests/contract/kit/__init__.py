"""Runs the contract cases: what `run.py` is made of."""
