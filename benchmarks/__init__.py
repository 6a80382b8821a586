"""How fast the service is, each figure beside what can be had without it: `python -m benchmarks`."""
