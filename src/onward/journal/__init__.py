"""What is settled, and making it durable: checkpoints, what is in them, and reading them back."""
