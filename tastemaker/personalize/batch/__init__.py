"""Batch jobs: many questions in files, answered in a child process on a copy of what the runtime API answers from."""
