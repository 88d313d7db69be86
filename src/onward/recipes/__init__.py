"""Complete AI systems built on onward, each an ordinary job to run, read and copy."""
