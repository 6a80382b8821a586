"""Other durable job engines doing the same work."""
