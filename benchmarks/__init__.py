"""What onward costs, measured: `make bench` runs `benchmarks.run`."""
