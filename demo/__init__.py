"""Demonstrations: real data through a real server, judged by somebody else."""
