"""The kill test: real processes, killed at any moment, lose nothing and leave nothing
stale. By hand: `python -m tests.kill SEED…`
"""
