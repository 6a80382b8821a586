"""Benchmarks of the service, each figure beside a baseline without it: `python -m benchmarks`."""
