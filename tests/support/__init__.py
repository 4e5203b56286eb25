"""What the integration tests and the benchmark share: the server as a process, its protocol, its metrics."""
