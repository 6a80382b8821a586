"""Other people's engines for jobs that survive a crash, doing the same work."""
